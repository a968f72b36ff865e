"""What there is: accounts, teams, touchpoints, the company's numbers."""

import math
from types import SimpleNamespace
from typing import Any

from flywheel_sim.engine.lowering import Program
from flywheel_sim.scenario.columns import NAMES
from replica import luck
from replica.arithmetic import F32, f32
from replica.luck import Key, words

__all__ = [
    "ADVOCATE", "BLOCK", "CUSTOMER", "DETRACTOR", "FORMER", "LEAD", "NEUTRAL", "PROSPECT", "SOLD", "SOUR", "Account",
    "Rules", "Sums", "Team", "Touchpoint", "World", "normalise",
]  # fmt: skip

PROSPECT, NEUTRAL, ADVOCATE, DETRACTOR = "prospect", "neutral", "advocate", "detractor"
FORMER, SOUR, LEAD, SOLD = "former", "sour", "lead", "sold"
CUSTOMER = (NEUTRAL, ADVOCATE, DETRACTOR)
#: Accounts are added up in blocks of so many, then the blocks: the order of a float's sum is part of its bits.
BLOCK = 1024


class Rules:
    """The scenario as it stands in one stretch of weeks: its blocks by name, and the rows of what it names.

    ``rules.market.price`` is what the file says; ``rules.craft[k]`` is team k's row of a table.  The tables are those
    of ``engine.lowering``, which turns names into rows and computes quantile tables; no kernel is involved.
    """

    def __init__(self, program: Program, epoch: int) -> None:
        self.number, self.model = epoch, program.epochs[epoch]
        record, tables = program.par[epoch], program.tables
        size, m = record["size"], self.model
        self.conversion_reference = float(record["conversion_reference"])
        self.contact_richness = float(record["contact_richness"])
        self.service_depth = float(record["service_depth"])
        self.d = len(m.axes)

        def rows(name: str, start: str, count: int) -> Any:
            table = getattr(tables, name)[int(size[start]) : int(size[start]) + count]
            if table.dtype.names:
                return [SimpleNamespace(**{n: row[n].item() for n in table.dtype.names}) for row in table]
            return table.tolist()

        teams, touchpoints = len(m.teams), len(m.journey.touchpoints)
        for name in (
            "team",
            "craft",
            "start",
            "field",
            "pay_gradient",
            "partner",
            "overlap",
            "coupled",
            "together",
            "hops",
        ):
            setattr(self, name, rows(name, "team0", teams))
        self.segment, self.need = (rows(name, "segment0", len(m.segments)) for name in ("segment", "need"))
        self.touch, self.offset, self.dependency = (
            rows(name, "touch0", touchpoints) for name in ("touch", "offset", "dependency")
        )
        for touch, written in zip(self.touch, m.journey.touchpoints.values(), strict=True):
            touch.stage = written.stage
        self.link = rows("link", "link0", len(m.handoffs.links))
        for link, handoff in zip(self.link, m.handoffs.links.values(), strict=True):
            link.when = handoff.when
        self.bonus, self.bonus_gradient = (
            rows(name, "bonus0", int(size["bonuses"])) for name in ("bonus", "bonus_gradient")
        )
        self.reading, self.pulse = (
            rows("reading", "reading0", int(size["readings"])),
            rows("pulse", "pulse0", int(size["pulses"])),
        )
        self.event, self.invited = (rows(name, "event0", int(size["events"])) for name in ("event", "invited"))
        self.issue = rows("issue", "issue0", int(size["issues"]))
        self.target = tables.target[epoch].tolist()
        self.competence = [x for x in tables.competence[epoch].tolist() if x >= 0.0]
        self.traits = tables.traits[int(size["trait0"]) : int(size["trait0"]) + 6]
        cells, n = int(size["cell0"]), len(m.segments)
        self.cell = [tables.cell[cells + j * n : cells + (j + 1) * n] for j in range(touchpoints)]

    def __getattr__(self, block: str) -> Any:
        if block.startswith("__") or block == "model":
            raise AttributeError(block)
        return getattr(self.model, block)

    @property
    def contract(self) -> str:
        """Kind of contract; ``weekly`` without any."""
        return self.contracts.kind if self.contracts.enabled else "weekly"


class Account:
    """One account: who it is for life, and where it stands."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.status = self.status_next = PROSPECT
        self.segment = self.fiscal = 0
        self.friends: list[int] = []
        self.propensity: F32 = f32(0.0)
        self.fit: F32 = f32(0.0)
        self.talk = self.issues = self.wanted = f32(1.0)
        self.bought = 0
        # counted for the table of accounts (M24), and the hours of the week (M23)
        self.touches = self.failed = self.contacts = self.answers = self.promoting = self.detracting = 0
        self.hours = self.week_hours = f32(0.0)
        # its spell as a customer
        self.spells, self.start, self.end, self.cause = 0, 0, -1, "none"
        self.referrer = -1  # who brought it to its first spell: -1 nobody, -2 word of mouth of nobody in particular
        self.discount, self.lone = 0, False
        self.added = False  # to its first spell, by the timeline
        self.blocked_until, self.thanked = 0, 0
        self.held_until = 0  # before this week no lead (prospect, former customer), no signature (sold)
        self.open_issues, self.since = 0, 0
        self.relationship = self.effort = self.experience = self.history = self.pressed = f32(0.0)
        self.price = self.charged = f32(1.0)
        self.spend = self.revenue = self.cost = self.exposure = self.points = f32(0.0)
        # the event-timed queue's news of last week: issues raised; handled, of these unfixed, lost, either; their wait
        self.fresh = self.handled = self.unfixed = self.lost = self.bad = self.given = 0
        self.passed = False
        self.waited: F32 = f32(0.0)

    @property
    def once_customer(self) -> bool:
        """Whether it has been a customer before."""
        return self.spells > 0

    @property
    def referred(self) -> bool:
        """Whether word of mouth brought it to the spell it is in, or to its sale: never of those who come back."""
        return self.referrer != -1 and self.spells == (1 if self.status in CUSTOMER else 0)


class Team:
    """One team: where it looks, and what it can do."""

    def __init__(self, d: int) -> None:
        self.direction, self.belief, self.pay = [0.0] * d, [0.0] * d, [0.0] * d
        self.magnitude = self.level = self.heads = self.able = 0.0
        self.funded = self.planned = self.done = 1.0
        self.gaming = self.demand = self.hours = self.overload = self.unlearned = self.morale = self.green = 0.0
        self.budget = 0.0
        # levers of the week
        self.taken, self.ability = 0.0, 1.0


class Touchpoint:
    """One touchpoint: how it goes this week, in every segment, and what has piled up behind it."""

    def __init__(self, segments: int) -> None:
        self.happens: list[F32] = [f32(0.0)] * segments
        self.success = [0.0] * segments
        self.fails: list[F32] = [f32(0.0)] * segments
        self.asked = self.visible = self.hidden = self.setting = self.work = 0.0
        self.touched = 0.0
        self.gaps = [0.0] * 8
        # levers of the week
        self.shift = self.patched = 0.0


class Sums(dict[str, float]):
    """Sums of a week by name, in float64."""

    def add(self, name: str, amount: Any = 1.0) -> None:
        """Add a number; an ``np.float32`` is widened first."""
        self[name] = self.get(name, 0.0) + float(amount)

    def __missing__(self, name: str) -> float:
        return 0.0


class World:
    """Everything that changes in one run."""

    ruined = False  # whether the company has failed (M23)
    # money, scores, the market
    cash = deferred = value = added = added_billed = nps_survey = csat_survey = nps_taken = csat_taken = 0.0
    survey_sd = good_voices = bad_voices = leads_before = waiting_before = signed_before = sold_waiting = 0.0
    chased_before = reviews_good = reviews_bad = rated_before = good_reviews = 0.0
    onboarding_before = sales_delay_weeks = onboarding_wait_weeks = win_odds = discount = timing = 0.0
    # hours and service
    coordination_hours = meeting_hours = gross_hours = overload = sales_capacity = service_capacity = 0.0
    service_hours = service_demand = wait_weeks = service_standard = 0.0
    # where teams look
    alignment = alignment_weighted = customer_alignment = net_force = belief_cosine = friction = effort_level = 0.0
    gaming = attention = 0.0
    # levers of the week (engine/levers.py)
    friction_factor = coupling_factor = issue_factor = issue_hours = gaming_prevented = map_accuracy = 0.0
    adherence = product_quality = preempted = funding = programme = lead_added = culture_added = morale_added = 0.0
    # M10, M14
    causes = causes_hidden = firefighting = causes_begun = scores = score_mean = score_variance = activity = 0.0
    projects = effort_mismatch = executive_belief = belief_gap = outcome_seen = watching = 0.0
    # M16, M18, M26
    upkeep = coupling = together_hours = 0.0
    decision_weeks = rework_rate = misfit = decision_error = blockers_new = blockers_resolved = 0.0
    blockers_reopened = blockers_dropped = resolve_weeks = ideas = idea_pairs = idea_uptake = product_gain = 0.0
    # M20
    culture = norms = morale = project_fixes = competencies = service_orientation = knowledge = 0.0
    knowledge_before = learned = adherence_reported = 0.0
    # M21
    leader_open = leader_tenure_weeks = leader_gap = leader_out = leader_kept = leader_matured = 0.0
    leader_utilisation = leader_support = leader_free = leader_shown = leader_perceived_roi = 0.0

    def __init__(self, program: Program, seed: int, replicate: int, epoch: int) -> None:
        self.key: Key = (seed, replicate)
        self.rules = p = Rules(program, epoch)
        self.epoch, self.week = epoch, 0
        self.accounts = [Account(j) for j in range(p.market.accounts)]
        self.teams = [Team(p.d) for _ in p.team]
        self.touchpoints = [Touchpoint(len(p.segment)) for _ in p.touch]
        self.need = [list(row) for row in p.need]
        self.company_need, self.target, self.known = [0.0] * p.d, [0.0] * p.d, [0.0] * p.d
        #: per segment: qualify, propose, close, onboard, least fit accepted, promise, qualify of one that has waited,
        #: log-odds that the price adds
        self.chain: list[list[F32]] = [[f32(0.0)] * 8 for _ in p.segment]
        self.unit = 0
        self.competence = [0.0] * 8
        #: coupling that hours together have made of a pair of teams, and their hours of handing over last week
        self.made, self.passed = ([[0.0] * len(p.team) for _ in p.team] for _ in range(2))
        self.minds: list[list[int]] = []
        self.blockers: list[Any] = []
        self.issues: list[Any] = []
        self.servers: list[Any] = []
        self.initial = dict.fromkeys(NAMES, 0.0)
        self.rows: list[dict[str, float]] = []
        #: columns of this week; a number of the company with the name of a column goes there by itself
        self.row: dict[str, float] = {}
        #: what customers meet this week, in float32; set when the market opens and when the queue closes
        self.now = SimpleNamespace(cutoff=f32(0.0), margin=f32(0.0))
        self.cases: dict[int, float] = {}

    def words(self, agent: int, tick: int, block: int, k: int = 0) -> luck.Words:
        """Draw four words."""
        return words(self.key, agent, tick, block, k)

    @property
    def last(self) -> dict[str, float]:
        """Columns of the week before; before week 1 those of the start."""
        return self.rows[-1] if self.rows else self.initial

    @property
    def blocks(self) -> list[list[Account]]:
        """Accounts by blocks."""
        return [self.accounts[i : i + BLOCK] for i in range(0, len(self.accounts), BLOCK)]


def normalise(row: list[float]) -> float:
    """Scale a vector to length 1, if it has any; returns the length it had."""
    length = 0.0
    for x in row:
        length += x * x
    length = math.sqrt(length)
    if length > 0.0:
        for a in range(len(row)):
            row[a] /= length
    return length
