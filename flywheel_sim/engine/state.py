"""Everything that changes while runs advance: a structure of arrays over accounts, teams and runs.

The arrays of all runs of a batch lie end to end; the record of a run (:data:`RUN`) says where its rows start.  Accounts
come in blocks of :data:`BLOCK`, padded so that no block belongs to two runs.  ``status`` is what the world saw at the
end of last week; customers write ``status_next`` and the closing phase publishes it, so the order in which customers
are visited cannot matter.

Bytes per account: 102 for the columns below, 4 for its place in the network, 4 for each friend.
"""

from collections import namedtuple
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.engine.bundle import bundle, names
from flywheel_sim.scenario.columns import COL, N_COLUMNS

__all__ = [
    "ACC", "ADDED", "ADVOCATE", "AGES", "BLOCK", "BLOCKERS", "CAUSE", "CAUSES", "COMPETENCIES", "COUNTED", "DETRACTOR",
    "EXTERNAL", "FORMER", "FOUNDING", "GAPS", "HAND", "ISSUES", "ITEM", "LEAD", "MARKS", "NEUTRAL", "NOW", "OPEN",
    "PROSPECT", "RUN", "SERVERS", "SOLD", "SOUR", "STATUSES", "TALLY", "WORD", "State", "allocate",
]  # fmt: skip

#: Accounts in a block.
BLOCK = 1024
#: Ages, in weeks, by which open cases are counted; the last one holds all older ones.
AGES = 32
#: Surveys a touchpoint remembers its distance from target of.
GAPS = 8
#: Most competencies a programme can have (M20).
COMPETENCIES = 8
#: Issues one customer can have open in the event-timed queue, and servers the queue can have.
ISSUES, SERVERS = 8, 1000
#: Issues between teams that a run can have open (M18).
BLOCKERS = 512

PROSPECT, NEUTRAL, ADVOCATE, DETRACTOR, FORMER, SOUR, LEAD, SOLD = range(8)
#: Names of the statuses: a lead waits for sales, a sold customer for onboarding; a sour former customer still speaks
#: badly.
STATUSES = ("prospect", "neutral", "advocate", "detractor", "former", "sour", "lead", "sold")
#: Why a spell as a customer ended.
CAUSES = ("none", "voluntary", "involuntary", "removed", "ruined")
#: ``CAUSE.voluntary`` is its number.
CAUSE: Any = names(namedtuple("CAUSE", CAUSES)(*range(len(CAUSES))))  # type: ignore[misc]
#: How an account was won the first time: not yet, a customer from the start, by the market, by word of mouth, by the
#: timeline.  Every later spell is a win-back.
FOUNDING, EXTERNAL, WORD, ADDED = range(1, 5)

#: Sums over customers that are weekly columns as they stand: a sum has the name of its column.
COUNTED = (
    "prospects", "customers", "former", "advocates", "detractors", "blocked", "resting",
    "leads", "lapsed", "qualified", "proposals", "sold", "agreed", "agreed_lost", "sold_waiting",
    "new_customers", "referred_new", "won_back",
    "churned", "churned_involuntary", "renewals_due", "expansions", "spend", "expanded_spend", "churned_spend",
    "stayed", "stayed_spend", "touches", "defects", "handoffs_lost",
    "contacts", "contained", "handled", "repeat_contacts", "backlog", "waited", "abandoned", "self_service",
    "survey_answers", "called_back", "deals_turned_away", "lone_churned", "lone_deals", "purchases",
    "members", "member_churned", "rewards",
)  # fmt: skip
_SUMS = (
    *COUNTED,
    # columns that are means over customers, and lines of the ledger
    "relationship", "effort", "experience", "exposure", "revenue", "revenue_referred", "discounts", "billed",
    "touch_cost",
    # what other mechanisms read
    "changed", "leads_word", "served", "waiting", "chased", "signed", "onboarding", "new_issues",
    "referral_margin", "points", "asked", "promoters", "detractor_scores", "answers_up", "answers_down",
    "answers_satisfied",
    # M5: how many will have each status
    *(f"next_{name}" for name in STATUSES),
)  # fmt: skip
#: ``ACC.revenue`` is the index of a block's weekly sum.
ACC: Any = names(namedtuple("ACC", _SUMS)(*range(len(_SUMS))))  # type: ignore[misc]
names(COL)

#: One run: its key, where its rows start, and the company's scalars.
RUN = np.dtype(
    [("seed", "u4"), ("replicate", "u4")]
    + [
        (name, "i8")
        for name in (
            "scenario", "epoch", "account0", "accounts", "block0", "blocks", "team0", "segment0", "success0", "week0",
            "log0", "life0", "ages", "edge0", "unit", "mark0", "item0", "item_room", "items", "server0",
            "mind0", "minds", "blocker0", "blockers", "tally0", "pair0",
            # M23: week at whose end the company was ruined; 0 never
            "ruined",
        )
    ]
    + [
        (name, "f8")
        for name in (
            "culture", "service_standard", "cash", "deferred", "value", "customers_before", "good_voices", "bad_voices",
            "need_length", "belief_cosine", "coordination_hours", "meeting_hours", "gross_hours", "service_capacity",
            "service_hours", "service_demand", "sales_capacity", "leads_before", "waiting_before", "wait_weeks",
            "added_billed", "violations", "signed_before", "chased_before", "sold_waiting", "onboarding_before",
            # levers
            "friction_factor", "coupling_factor", "issue_factor", "gaming_prevented", "map_accuracy", "adherence",
            "product_quality", "funding", "programme", "lead_added", "culture_added", "morale_added", "preempted",
            "issue_hours", "upkeep",
            # M9, M10
            "timing", "causes_begun",
            # M14
            "scores", "score_mean", "score_variance", "executive_belief", "outcome_seen", "watching", "survey_sd",
            # M20
            "norms", "project_fixes", "competencies", "service_orientation", "knowledge", "knowledge_before", "learned",
            # M21
            "leader_open", "leader_tenure_weeks", "leader_gap", "leader_out", "leader_kept", "leader_free",
            "leader_shown", "leader_perceived_roi",
            # M5: reviews
            "reviews_good", "reviews_bad", "rated_before",
            # M26, M27
            "product_gain", "win_odds", "discount",
        )
    ],
    align=True,
)  # fmt: skip

#: Columns of ``State.tally``, what an account has lived through since week 0, where that is counted: touches, those and
#: handled issues that failed, issues handled by people, hours taken, surveys answered, as a promoter, as a detractor;
#: and the hours taken this week.
TALLY: Any = namedtuple(
    "TALLY", ("touches", "failures", "contacts", "hours", "answers", "promoting", "detracting", "week")
)(*range(8))
#: Columns of ``State.marks``: what the event-timed queue and the customers tell each other: issues raised this week;
#: and of those handled last week all, not fixed, lost in a handoff, either of both; of the others given up, and whether
#: one waited the whole week.
MARKS: Any = namedtuple("MARKS", ("fresh", "handled", "unfixed", "lost", "bad", "given", "passed"))(*range(7))
#: Columns of ``State.items``, a heap of waiting issues by instant: instant of arrival in weeks, account, week in which
#: the issue first arose, key of its draws.
ITEM: Any = namedtuple("ITEM", ("instant", "account", "born", "key"))(*range(4))
#: Columns of ``State.hand``, what each server has in hand: busy until, account + 1 (0: nothing), wait, not fixed, lost.
HAND: Any = namedtuple("HAND", ("until", "account", "wait", "unfixed", "lost"))(*range(5))
#: Columns of ``State.blocker``: the two teams, number in its week, week of arrival, from when it can be solved, tries.
OPEN: Any = namedtuple("OPEN", ("pair", "number", "born", "ready", "attempt"))(*range(5))

#: What the customers of a run see this week; float32 because the laws of customers are.
NOW = np.dtype(
    [
        (name, "f4")
        for name in (
            "external", "word_rate", "per_lead", "win_back", "serve", "window_known", "lost_issue", "expansion",
            "cutoff", "margin", "fix", "wait_effort", "go_live", "serve_waiting", "lapse", "agreed_loss", "price_rise",
            # M9, M13
            "contained", "live", "tried", "calls_well",
        )
    ],
    align=True,
)  # fmt: skip


@bundle
class State(NamedTuple):
    """Arrays of a batch of runs; see the module docstring for their order."""

    run: NDArray[Any]  # key, row offsets and scalars of each run, by the names of RUN
    now: NDArray[Any]  # what customers of a run see this week, by the names of NOW
    # accounts
    status: NDArray[np.uint8]  # what the world saw of an account at the end of last week: see STATUSES
    status_next: NDArray[np.uint8]  # what happened to it this week; published at its end
    segment: NDArray[np.uint8]  # segment, for life
    fiscal: NDArray[np.uint8]  # week of the calendar year in which the fiscal year begins
    spells: NDArray[np.uint8]  # times it has been a customer, this one included
    cause: NDArray[np.uint8]  # why its last spell ended: see CAUSES
    source: NDArray[np.uint8]  # how its first spell was won: FOUNDING, EXTERNAL, WORD or ADDED; 0 never
    open: NDArray[np.uint8]  # issues in the open case
    deal: NDArray[np.uint8]  # how it was sold last: discount in percent, + 128 by a lone wolf (M27)
    start: NDArray[np.int16]  # week at whose end the spell began
    end: NDArray[np.int16]  # week at whose end its last spell ended
    blocked_until: NDArray[np.int16]  # first week in which a prospect may be a lead again after a bad message (M5)
    held_until: NDArray[np.int16]  # first week in which anything comes of it: of a prospect or a former customer a
    #                                lead (M1), of a sold account its signature (M6)
    since: NDArray[np.int16]  # week in which the open case began
    thanked: NDArray[np.int16]  # week in which it last brought a customer during this spell; 0 never
    exposure: NDArray[np.float32]  # fading count of friends who left
    points: NDArray[np.float32]  # of a member of the loyalty programme; -1 of other customers
    referrer: NDArray[np.int32]  # account that brought it to its first spell; -1 none; -2 word of mouth at large
    good: NDArray[np.int32]  # good voices heard, in units of 2^-unit
    bad: NDArray[np.int32]  # bad voices heard, in the same units
    relationship: NDArray[np.float32]  # share, 0..1 (M2)
    effort: NDArray[np.float32]  # fading sum of the weeks' shocks (M2)
    recent: NDArray[np.float32]  # recent experience, share (M2)
    pressed: NDArray[np.float32]  # fading count of touches in use, each by its depth (M2)
    history: NDArray[np.float32]  # slow memory of experience, of which expectation is made (M2)
    propensity: NDArray[np.float32]  # hazard of churn at reference, for life (M1)
    fit: NDArray[np.float32]  # fit of the product, for life (M5)
    talk: NDArray[np.float32]  # how much it talks, over the mean, for life (M5)
    issues: NDArray[np.float32]  # issues it has, over the mean, for life (M8)
    wanted: NDArray[np.float32]  # contact it wants, over the mean, for life (M2)
    bought: NDArray[np.uint8]  # times it has bought more in this spell (M7)
    spend: NDArray[np.float32]  # $/week at list price
    price: NDArray[np.float32]  # list price that holds for it, relative to the base case (M1)
    charged: NDArray[np.float32]  # price it is used to: the last it was charged, discount taken off (M1)
    revenue: NDArray[np.float32]  # $ it has paid since week 0
    cost: NDArray[np.float32]  # $ it has cost since week 0: winning, touches, service, rewards
    # network
    edge: NDArray[np.int32]  # per run accounts + 1 offsets into friend
    friend: NDArray[np.int32]  # neighbours in the network, account after account
    # event-timed queue (only of runs that have one)
    marks: NDArray[np.uint8]  # (accounts, MARKS)
    waited: NDArray[np.float32]  # weeks the issues handled last week had waited
    items: NDArray[np.float64]  # (ISSUES x accounts, ITEM)
    hand: NDArray[np.float64]  # (SERVERS, HAND)
    # what is counted for every account (only of runs that ask for it)
    tally: NDArray[np.float32]  # (accounts, TALLY)
    # blocks
    acc: NDArray[np.float64]  # (blocks, sums)
    touched: NDArray[np.float64]  # (blocks, 2 touchpoints): touches, failures
    cases: NDArray[np.float64]  # (blocks, AGES): issues in open cases by age
    counts: NDArray[np.int64]  # (blocks, statuses) as published
    # teams
    direction: NDArray[np.float64]  # (teams, axes) unit vector of what a team works towards (M11)
    drift: NDArray[np.float64]  # (teams, axes) this week's step of the direction before noise (M11)
    belief: NDArray[np.float64]  # (teams, axes) the experience map as a team knows it (M13)
    pay: NDArray[np.float64]  # (teams, axes) pull of pay, net of what gaming diverts (M12)
    pull: NDArray[np.float64]  # a decision of the team itself for the coming week
    decided: NDArray[np.uint8]  # 1 where the team itself decides the pull of the coming week
    magnitude: NDArray[np.float64]  # work per head, 1 at reference (M19)
    level: NDArray[np.float64]  # effort, 1 at reference (M12)
    gaming: NDArray[np.float64]  # effort spent on gaming (M12)
    scored: NDArray[np.float64]  # score of what a team is paid on, last week: 1 at target (M12)
    demand: NDArray[np.float64]  # hours asked for last week (M19)
    hours: NDArray[np.float64]  # of work it can do this week
    overload: NDArray[np.float64]  # demand above hours, ratio (M19)
    done: NDArray[np.float64]  # share of its work that a team gets done, 1 at the frozen base case (M19)
    heads: NDArray[np.float64]  # people in office
    able: NDArray[np.float64]  # heads past their ramp
    funded: NDArray[np.float64]  # headcount in office over the stated one
    planned: NDArray[np.float64]  # headcount decided on, over the stated one, until the next date of budgets (M19)
    unlearned: NDArray[np.float64]  # log skill lost to change and not yet relearned
    taken: NDArray[np.float64]  # lever: hours of the team's week that do not reach its work
    ability: NDArray[np.float64]  # lever: factor of the magnitude per head
    budget: NDArray[np.float64]  # factor of the planned headcount (M15)
    morale: NDArray[np.float64]  # difference of the morale to its reference (M20)
    green: NDArray[np.float64]  # share of heads hired for leavers and not yet able (M20)
    competence: NDArray[np.float64]  # (runs, COMPETENCIES): level of each competency (M20)
    mind: NDArray[np.int8]  # beliefs of the code and the people (M20), only of runs that learn practices
    made: NDArray[np.float64]  # (teams x teams): coupling that hours together have made of a pair (M16)
    passed: NDArray[np.float64]  # (teams x teams): hours the pair spent on handing over last week (M4)
    blocker: NDArray[np.float64]  # (BLOCKERS, OPEN): open issues between teams; of runs with two teams or more
    # segments and touchpoints
    need: NDArray[np.float64]  # (segments, axes) unit vector of what customers want (M13)
    company_need: NDArray[np.float64]  # (runs, axes)
    target: NDArray[np.float64]  # (runs, axes)
    known: NDArray[np.float64]  # (runs, axes): the need behind the experience map (M13)
    chain: NDArray[np.float32]  # (segments, 8): chances of a sale's stages and what bears on them, named in open_market
    touch_p: NDArray[np.float32]  # (touchpoints): touched this week
    fail_p: NDArray[np.float32]  # (touchpoints x segments): touched and failed
    asked: NDArray[np.float64]  # (touchpoints): hours asked for last week
    success: NDArray[np.float64]  # (touchpoints x segments)
    shift: NDArray[np.float64]  # lever (touchpoints): logit added to the success
    patched: NDArray[np.float64]  # lever (touchpoints): share of the hours for improving that hides symptoms
    visible: NDArray[np.float64]  # (touchpoints): root causes that show
    hidden: NDArray[np.float64]  # (touchpoints): root causes behind patches
    setting: NDArray[np.float64]  # (touchpoints): points off what customers want
    work: NDArray[np.float64]  # (touchpoints): hours of open projects
    gaps: NDArray[np.float64]  # (touchpoints, GAPS): score less target at the last surveys, a ring
    # records
    initial: NDArray[np.float64]  # (runs, columns) weekly columns as of week 0
    weekly: NDArray[np.float64]  # (weeks, columns) weekly columns, in the order of scenario/columns.py
    log: NDArray[np.float64]  # (weeks x teams, 1 + axes)
    need_log: NDArray[np.float64]  # (weeks, axes)
    life: NDArray[np.float64]  # (ages, 3)


#: Arrays of one number a team, and one a touchpoint and segment.
_OF_TEAMS = (
    "decided", "magnitude", "level", "gaming", "scored", "demand", "hours", "overload", "done", "heads", "able",
    "funded", "planned", "unlearned", "taken", "ability", "budget", "morale", "green",
)  # fmt: skip
_OF_TOUCHPOINTS = (
    "touch_p", "fail_p", "asked", "success", "shift", "patched", "visible", "hidden", "setting", "work",
)  # fmt: skip


def allocate(
    runs: int,
    accounts: NDArray[np.int64],
    sizes: Any,
    keep_teams: bool,
    friends: int,
    axes: int,
    touch: int,
    queued: NDArray[np.bool_],
    minds: NDArray[np.int64] | None = None,
    counted: NDArray[np.bool_] | None = None,
) -> State:
    """Allocate the arrays of a batch.

    Parameters
    ----------
    runs : number of runs.
    accounts : accounts of each run.
    sizes : records of :data:`~flywheel_sim.engine.layout.SIZES`, one per run.
    keep_teams : whether the weekly directions of the teams are kept.
    friends : total length of the adjacency lists.
    axes, touch : widest number of axes and of touchpoints in the batch.
    queued : which runs have an event-timed queue.
    minds : room for beliefs about practices in each run; none by default.
    counted : which runs count what every account lives through; none by default.
    """
    run = _lay_out(runs, accounts, sizes, keep_teams, queued, minds)
    tallies = np.zeros(runs, np.int64) if counted is None else np.where(counted, accounts, 0)
    run["tally0"] = np.where(tallies > 0, _starts(tallies), -1)
    shapes = _shapes(run, sizes, keep_teams, friends, axes, touch, queued)
    shapes["tally"] = (int(tallies.sum()), len(TALLY))
    n = int(run["blocks"].sum()) * BLOCK
    arrays: dict[str, Any] = {"run": run, "now": np.zeros(runs, NOW)}
    for name, annotation in State.__annotations__.items():
        if name not in arrays:
            item = annotation.__args__[-1]  # numpy before 2.5: dtype[uint8]; from 2.5 on: uint8
            dtype = getattr(item, "__args__", (item,))[0]
            arrays[name] = np.zeros(shapes.get(name, (n,)), dtype)
    return State(**arrays)


def _starts(lengths: Any) -> NDArray[np.int64]:
    return np.concatenate(([0], np.cumsum(lengths)[:-1])).astype(np.int64)


def _lay_out(
    runs: int,
    accounts: NDArray[np.int64],
    sizes: Any,
    keep_teams: bool,
    queued: NDArray[np.bool_],
    minds: NDArray[np.int64] | None,
) -> NDArray[Any]:
    """Return the records of the runs, with where the rows of each start."""
    run = np.zeros(runs, RUN)
    blocks = -(-accounts // BLOCK)
    run["accounts"], run["blocks"], run["block0"] = accounts, blocks, _starts(blocks)
    run["account0"] = _starts(blocks) * BLOCK
    run["team0"], run["segment0"] = _starts(sizes["teams"]), _starts(sizes["segments"])
    run["success0"] = _starts(sizes["touchpoints"] * sizes["segments"])
    run["week0"], run["edge0"] = _starts(sizes["horizon"]), _starts(accounts + 1)
    run["log0"] = _starts(sizes["horizon"] * sizes["teams"]) if keep_teams else -1
    run["ages"] = sizes["horizon"] + 2
    run["life0"], run["epoch"] = _starts(run["ages"]), -1
    marked = np.where(queued, accounts, 0)
    run["mark0"], run["item0"], run["item_room"] = _starts(marked), _starts(marked * ISSUES), marked * ISSUES
    run["server0"] = _starts(queued * SERVERS)
    run["minds"] = 0 if minds is None else minds
    run["mind0"] = _starts(run["minds"])
    run["blocker0"], run["pair0"] = _starts(_blocker_room(sizes)), _starts(_pairs(sizes))
    return run


def _pairs(sizes: Any) -> Any:
    """Return room for what is between each two teams."""
    return sizes["teams"] * sizes["teams"]


def _blocker_room(sizes: Any) -> NDArray[np.int64]:
    """Return room for issues between teams, also where M18 is off: a timeline or a fork may turn it on."""
    return np.where(sizes["teams"] > 1, BLOCKERS, 0)


def _shapes(
    run: NDArray[Any], sizes: Any, keep_teams: bool, friends: int, axes: int, touch: int, queued: NDArray[np.bool_]
) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the arrays that are not one number an account."""
    runs, b, edges = len(run), int(run["blocks"].sum()), int((run["accounts"] + 1).sum())
    teams, segments, weeks = (int(sizes[name].sum()) for name in ("teams", "segments", "horizon"))
    logs = int((sizes["horizon"] * sizes["teams"]).sum()) if keep_teams else 0
    cells = int((sizes["touchpoints"] * sizes["segments"]).sum())
    marked = int(run["accounts"][queued].sum())
    shapes: dict[str, tuple[int, ...]] = {
        "edge": (edges,), "friend": (friends,),
        "acc": (b, len(_SUMS)), "touched": (b, 2 * max(touch, 1)), "cases": (b, AGES), "counts": (b, len(STATUSES)),
        "competence": (runs, COMPETENCIES), "mind": (int(run["minds"].sum()),),
        "chain": (segments, 8), "need": (segments, axes), "gaps": (cells, GAPS),
        "initial": (runs, N_COLUMNS), "weekly": (weeks, N_COLUMNS),
        "marks": (marked, len(MARKS)), "waited": (marked,), "items": (marked * ISSUES, len(ITEM)),
        "hand": (int(queued.sum()) * SERVERS, len(HAND)), "blocker": (int(_blocker_room(sizes).sum()), len(OPEN)),
        "made": (int(_pairs(sizes).sum()),), "passed": (int(_pairs(sizes).sum()),),
        "need_log": (weeks if keep_teams else 0, axes), "log": (logs, 1 + axes), "life": (int(run["ages"].sum()), 3),
    }  # fmt: skip
    shapes |= dict.fromkeys(("company_need", "target", "known"), (runs, axes))
    shapes |= dict.fromkeys(("direction", "drift", "belief", "pay", "pull"), (teams, axes))
    shapes |= dict.fromkeys(_OF_TEAMS, (teams,))
    return shapes | dict.fromkeys(_OF_TOUCHPOINTS, (cells,))
