"""The order of events in a week: the page to read first, beside docs/odd.md."""

from flywheel_sim.engine.lowering import Program
from flywheel_sim.scenario.columns import NAMES
from flywheel_sim.scenario.schema import MECHANISMS
from replica.cadence import hold_meeting
from replica.capacity import allot_hours, keep_up, staff, volumes
from replica.causes import react, step_causes
from replica.channels import serve_channels
from replica.culture import step_culture
from replica.customers import customer_week
from replica.decisions import count_handoffs, decide, step_blockers, step_product, work_together
from replica.directions import (
    company_need,
    observe_alignment,
    refresh_belief,
    step_directions,
    step_needs,
)
from replica.incentives import effort
from replica.journey import handoff_survival, touch_success
from replica.leadership import step_leadership
from replica.market import open_market
from replica.measures import allocate_pay, post, read_week
from replica.prospects import prospect_week
from replica.ruin import close_company, closed_week
from replica.selling import step_selling
from replica.service import close_queue
from replica.start import populate
from replica.strategy import aim, learn
from replica.timeline import enter_epoch, pulse
from replica.word_of_mouth import count_voices, recount_voices
from replica.world import CUSTOMER, Rules, Sums, World

__all__ = ["LAST", "Replica"]

#: The last mechanism that is in the replica; a later one is refused by name, not left out in silence.
LAST = "M27"


class Replica:
    """A run of the replica.

    Parameters
    ----------
    program : lowered scenario; the first of its models is run.
    seed, replicate : key of its luck.
    """

    def __init__(self, program: Program, seed: int, replicate: int) -> None:
        self.rules = [Rules(program, e) for e in range(len(program.epochs))]
        self.calendar = [int(e) for e in program.calendar[0]]
        for number, block in MECHANISMS.items():
            if int(number[1:]) > int(LAST[1:]) and any(getattr(rules, block).enabled for rules in self.rules):
                raise NotImplementedError(f"the replica does not have {number} {block}")
        first = self.rules[self.calendar[0]]
        self.world = World(program, seed, replicate, self.calendar[0])
        populate(self.world, first)
        if first.market.network.kind != "complete":
            recount_voices(self.world, first)

    @property
    def horizon(self) -> int:
        """Weeks of the scenario."""
        return len(self.calendar)

    def step(self) -> None:
        """One week."""
        t = len(self.world.rows)
        if self.world.ruined:
            closed_week(self.world)
            return
        p = self.rules[self.calendar[t]]
        if p.number != self.world.rules.number:
            enter_epoch(self.world, p)
        company_week(self.world, p, t)
        customers_week(self.world, p, t)


def reset_levers(w: World, p: Rules) -> None:
    """Levers, by which mechanisms act on others, are neutral at the beginning of a week, and its row is empty."""
    for team in w.teams:
        team.taken, team.ability = 0.0, 1.0
    for point in w.touchpoints:
        point.shift = point.patched = point.touched = 0.0
    w.friction_factor = w.coupling_factor = w.issue_factor = w.issue_hours = w.funding = 1.0
    w.preempted = w.programme = w.upkeep = w.lead_added = w.culture_added = w.morale_added = 0.0
    w.gaming_prevented, w.map_accuracy, w.adherence = p.incentives.norms, p.sensing.accuracy, p.sensing.adherence
    w.product_quality = p.market.product_quality
    w.cases, w.row = {}, dict.fromkeys(NAMES, 0.0)


def company_week(w: World, p: Rules, t: int) -> None:
    """What the company does before customers live through the week."""
    reset_levers(w, p)
    pulse(w, p, t)
    count_voices(w, p)
    step_leadership(w, p, t)
    step_culture(w, p, t)
    serve_channels(w, p)
    step_needs(w, p, t)
    company_need(w, p)
    refresh_belief(w, p, t)
    aim(w, p, t)
    learn(w, p, t)
    effort(w, p)
    keep_up(w, p)
    work_together(w, p, t)
    step_directions(w, p, t)
    hold_meeting(w, p, t)
    react(w, p, t)
    decide(w, p, t)
    step_blockers(w, p, t)
    staff(w, p, t)
    allot_hours(w, p, t)
    observe_alignment(w, p)
    step_causes(w, p, t)
    step_product(w, p, t)
    touch_success(w, p)
    step_selling(w, p, t)
    open_market(w, p, t, handoff_survival(w, p))


def customers_week(w: World, p: Rules, t: int) -> None:
    """What customers live through, and what is read, paid and published of it."""
    total = Sums()
    for block in w.blocks:
        sums = Sums()
        for account in block:
            account.status_next = account.status
            if account.status in CUSTOMER:
                customer_week(w, p, account, t, sums)
            else:
                prospect_week(w, p, account, t, sums)
        for name, amount in sums.items():
            total.add(name, amount)
    close_queue(w, p, t, total)
    volumes(w, p, total)
    count_handoffs(w, p, total)
    row = read_week(w, p, t, total)
    post(w, p, t, total, row)
    allocate_pay(w, p)
    publish(w, p, t)
    if w.ruined:
        close_company(w, t)
    w.rows.append(row)


def publish(w: World, p: Rules, t: int) -> None:
    """The world sees the new statuses; referrers are thanked; friends see who left of its own will (M5)."""
    wom = p.word_of_mouth
    contagious = p.market.network.kind != "complete" and wom.enabled and wom.contagion != 1.0
    for account in w.accounts:
        was, is_now = account.status in CUSTOMER, account.status_next in CUSTOMER
        account.status = account.status_next
        if is_now and not was and account.referrer >= 0 and account.spells == 1:
            w.accounts[account.referrer].thanked = t + 1
        if was and not is_now and contagious and account.cause == "voluntary":
            for j in account.friends:
                if w.accounts[j].status_next in CUSTOMER:
                    w.accounts[j].exposure += type(w.accounts[j].exposure)(1.0)
