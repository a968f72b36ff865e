r"""M19 Capacity and coordination.

Coordination takes hours in proportion to pairs of working groups (n_k = ceil(heads_k / span) of the heads at work, see
`m19_at_work`, and of less than one head as much of a group, so that a team that fades away is no step):

    H = c sum over pairs of groups [ (1 - x) + x v_ij (1 - u_i . u_j)/2 ],

v_ij = 1 where a handoff joins the teams, ``far_weight`` elsewhere; pairs in one team have angle 0; pairs that decide
together (both in a flywheel group) are skipped, as far as the group has the hours for it (M17).  x = 0 and v = 1 is
A22's n (n-1)/2.  Project managers, a share s of the heads (20 % at most), do no other work, are paid, and relieve the
rest with saturation:

    H <- H exp(-relief s) + s x heads x gross                      (booked as coordination, what they cost included).

Net hours per head are gross less coordination, meetings, reports, gaming and what other mechanisms take (firefighting,
rework, blockers, surveys), never below 0, and give

    mu_k = net/gross x skill x effort level        (magnitude per head; enters touchpoints)
    speed_k = exp(c_f (u_k . o_k - ref))           (a craft done alone is fast; enters volumes: silos have an advantage)
    overload_k = max(0, demand_k / (headcount x net x speed) - 1).

A queue (leads, sold customers, issues) gets the hours that the team's other work of last week leaves, a tenth at least.

Staffing: every quarter finance plans headcount as (x / x at the start)^scaling times what the teams started with, times
what executives' attention makes of it (m15), at most 15 % up or down, at least ``fewest_heads`` (or what the scenario
states, if less).  x is what the team ``follows``: the company's revenue, its customers, or the issues they raised in a
quarter (contacts without those of self-service and those that come back, so that a short team is not rewarded with
heads for what it left unsolved), over those of the first quarter.  A quarter later the plan is in office, and new heads
become able with a time constant of ``ramp_weeks``.

**Heads must work.**  Beside what touchpoints ask of it a team has standing work,

    W = standing_hours + hours_per_customer x customers + hours_per_head x heads at work + hours_per_lead x leads,

which is part of its demand; heads at work are those of `m19_at_work`.  Of all its work it gets done the share

    f(u) = (1 + u^n)^(-1/n) / f_ref,     u = (demand - waits) / hours there,     f = 0 without hours,

``waits`` the hours of its queues (leads, issues) beyond those they get this week: what waits is felt by who waits, and
takes no hours from the touches of others while it does. Were a backlog work of every week it lies there, each touch of
its team would fail, make issues, and no queue would ever end, whoever had left. Here

n ``shortness``, f_ref the same at ``load_reference``, so that f is 1 at the frozen base case, 1/u where hours are very
short, and saturates where there are more than enough: an n-norm between the work and the hours, concave in the hours.
What is left undone is felt where the team is needed: its touches in use and in onboarding go well f times as often
(m03, which then charges no overload beside), it is worth f times as much to touches it supports, ideas are taken up f
times as fast (m26), interest comes f times as often but for the ``organic`` share (m01), and where it
``looks_after_people`` new heads become able f times as fast and more people leave (m20).  Queues wait instead.

Laws of the whole: what is undone is felt while it is undone (1); hours are paid (2); all goes to 0 with the heads and
saturates above (3).

A team without heads has no hours: its queues get nothing, and it adds nothing to anybody's service.

Where ``staffing`` ends, a hiring freeze begins: who is there stays, who was planned does not come, and new heads go on
becoming able.

Neutral setting: ``shortness: 0``: f = 1, and no standing hours.  ``staffing: false`` from the start keeps headcounts as
the scenario states them; ``enabled: false``: net = gross, no overload, endless throughput, with heads or without.
``follows: revenue`` and ``fewest_heads: 1`` are the plan by revenue with one head at least.  Without project managers
(s = 0) and reports nothing is added.  C52 and C53 vanish at pair_hours = 0.
"""

import math

import numpy as np

from flywheel_sim.engine.choices import choice, codes
from flywheel_sim.engine.jit import inlined, step
from flywheel_sim.engine.kernel_types import Par, State, Sums, Tables
from flywheel_sim.engine.mechanisms.m03_journey import STAGE
from flywheel_sim.engine.mechanisms.m17_cadence import carried, event_hours
from flywheel_sim.engine.mechanisms.m19_at_work import at_work, heads_at_work
from flywheel_sim.engine.mechanisms.m20_culture import care_for_people
from flywheel_sim.engine.portable_math import exp64, log64
from flywheel_sim.engine.rows import Room, Rows
from flywheel_sim.engine.state import ACC
from flywheel_sim.scenario.blocks.m01_market import Funnel
from flywheel_sim.scenario.columns import COL
from flywheel_sim.scenario.schema import ScenarioModel, Team

__all__ = [
    "FOLLOWS",
    "KEPT",
    "ORDER",
    "allot_hours",
    "coordination_hours",
    "share_done",
    "speed",
    "staff",
    "staff_rows",
    "volumes",
]

ORDER = codes(Funnel, "order")  # in which leads are worked
KEPT = 0.1  # share of its hours a team keeps for each of its queues, however busy it is elsewhere
_MOST_HEADS = 1e9  # nobody can hire more; pairs of groups then still fit into an integer
FOLLOWS = codes(Team, "follows")


@inlined
def groups(heads: float, span: float) -> float:
    """Working groups of a team: whole ones, but of less than one head as much of one."""
    return math.ceil(heads / span) * min(1.0, heads)  # type: ignore[no-any-return]


@step
def coordination_hours(par: Par, tables: Tables, state: State, run: int) -> float:
    """H: hours a week the whole company spends on coordination."""
    firm, capacity, d, teams = state.run[run], par.capacity, par.size.axes, par.size.teams
    hours = 0.0
    for i in range(teams):
        a = tables.team[par.size.team0 + i]
        n = groups(state.heads[firm.team0 + i] * at_work(par, tables, state, run, i), capacity.span)
        hours += (1.0 - capacity.angle_share) * n * max(0.0, n - 1.0) / 2.0
        for j in range(i):
            b = tables.team[par.size.team0 + j]
            apart = 1.0 - carried(par) if par.cadence.enabled and a.member and b.member else 1.0
            if apart <= 0.0:
                continue
            cosine = 0.0
            for x in range(d):
                cosine += state.direction[firm.team0 + i, x] * state.direction[firm.team0 + j, x]
            weight = 1.0 if tables.partner[par.size.team0 + i, j] > 0.0 else capacity.far_weight
            need = (1.0 - capacity.angle_share) + capacity.angle_share * weight * (1.0 - cosine) * 0.5
            other = groups(state.heads[firm.team0 + j] * at_work(par, tables, state, run, j), capacity.span)
            hours += n * other * need * apart
    return capacity.pair_hours * hours


@inlined
def log_growth(then: float, now: float) -> float:
    """Log of now over then; 0 where there was nothing to begin with."""
    if then <= 0.0:
        return 0.0
    return log64(now / then) if now > 0.0 else -700.0


@inlined
def raised(state: State, first: int) -> float:
    """Issues that customers raised for the first time with somebody, in the quarter from row ``first`` on."""
    issues = 0.0
    for t in range(first, first + 13):
        week = state.weekly[t]
        issues += week[COL.contacts] - week[COL.contained] - week[COL.repeat_contacts] - week[COL.abandoned]
    return issues


@step
def staff(par: Par, tables: Tables, state: State, run: int, week: int) -> None:
    """Set headcounts: what the scenario states times what finance has funded so far."""
    firm, capacity = state.run[run], par.capacity
    quarter = week % 13 == 0 and week > 0
    grown, care = np.zeros(3), care_for_people(par, tables, state, run)
    if quarter:
        last, before = firm.week0 + week - 1, state.initial[run]
        grown[FOLLOWS.revenue] = log_growth(before[COL.spend], state.weekly[last, COL.spend])
        grown[FOLLOWS.customers] = log_growth(before[COL.customers], state.weekly[last, COL.customers])
        grown[FOLLOWS.issues] = log_growth(raised(state, firm.week0), raised(state, last - 12))
    for k in range(par.size.teams):
        row, team = firm.team0 + k, tables.team[par.size.team0 + k]
        stated = team.headcount
        if capacity.enabled and capacity.staffing:
            if quarter:
                state.funded[row] = state.planned[row]
                plan = exp64(team.scaling * grown[team.follows]) * state.budget[row]
                lowest = state.funded[row] * (1.0 - capacity.staffing_limit)
                state.planned[row] = min(max(plan, lowest), state.funded[row] * (1.0 + capacity.staffing_limit))
            state.heads[row] = min(max(stated * state.funded[row], min(stated, capacity.fewest_heads)), _MOST_HEADS)
            short = state.heads[row] - state.able[row]
            state.able[row] += min(short * care / capacity.ramp_weeks, short) if short > 0.0 else short
        else:  # nobody comes or goes but by the scenario's word; who was not able yet goes on learning
            green = (state.heads[row] - state.able[row]) * (1.0 - min(care / capacity.ramp_weeks, 1.0))
            state.planned[row] = state.funded[row]
            state.heads[row] = min(max(stated * state.funded[row], min(stated, capacity.fewest_heads)), _MOST_HEADS)
            state.able[row] = max(0.0, state.heads[row] - green)


@inlined
def speed(par: Par, tables: Tables, state: State, row: int, tr: int) -> float:
    """Volume per hour relative to reference, from how much a team works along its own craft."""
    along = 0.0
    for a in range(par.size.axes):
        along += state.direction[row, a] * tables.craft[tr, a]
    return exp64(par.capacity.craft_speed * (along - par.capacity.craft_reference))


@inlined
def share_done(load: float, sharpness: float) -> float:
    """f(u): share of its work that a team gets done which needs u hours for each it has; 1 without a sharpness."""
    if sharpness <= 0.0 or load <= 0.0:
        return 1.0
    return exp64(-log64(1.0 + exp64(sharpness * log64(min(load, 1e9)))) / sharpness)  # type: ignore[no-any-return]


@inlined
def note_done(par: Par, state: State, row: int, reference: float, waits: float) -> None:
    """Set the share of its work that a team gets done, over that of the frozen base case.

    ``waits`` are the hours of its queues that get nothing this week.
    """
    sharpness = par.capacity.shortness
    if sharpness <= 0.0 or not par.capacity.enabled:
        state.done[row] = 1.0
    elif state.hours[row] <= 0.0:
        state.done[row] = 0.0
    else:
        load = (state.demand[row] - waits) / state.hours[row]
        state.done[row] = share_done(load, sharpness) / share_done(reference, sharpness)


@step
def allot_hours(par: Par, tables: Tables, state: State, run: int, week: int) -> None:
    """Set every team's magnitude and overload, and what sales and service can work off this week."""
    firm, capacity, teams = state.run[run], par.capacity, par.size.teams
    heads = 0.0
    for k in range(teams):
        heads += state.heads[firm.team0 + k]
    weekly = state.weekly[firm.week0 + week]
    firm.gross_hours, firm.coordination_hours, firm.meeting_hours = capacity.gross_hours, 0.0, 0.0
    firm.service_capacity, firm.service_hours, firm.sales_capacity = 1e300, 0.0, 1e300
    shared = 0.0
    if capacity.enabled and heads > 0.0:
        needed = coordination_hours(par, tables, state, run) * exp64(-capacity.relief * capacity.project_managers)
        firm.coordination_hours = min(
            needed + capacity.project_managers * heads * capacity.gross_hours, heads * capacity.gross_hours
        )
        shared = firm.coordination_hours / heads
    for k in range(teams):
        row, tr = firm.team0 + k, par.size.team0 + k
        team = tables.team[tr]
        mine = state.heads[row]
        met = event_hours(par, tables, k, mine, week)
        firm.meeting_hours += met
        share, waits = 1.0, 0.0
        state.overload[row], state.hours[row] = 0.0, 1e300
        if capacity.enabled and mine <= 0.0:
            share = state.hours[row] = 0.0
            state.overload[row] = 5.0 if state.demand[row] > 0.0 else 0.0
            weekly[COL.overload] += state.overload[row] / teams
            for n in range(par.size.touchpoints):
                touch = tables.touch[par.size.touch0 + n]
                if touch.owner == k and touch.hours > 0.0:
                    if touch.stage == STAGE.service:
                        firm.service_capacity = 0.0
                    elif touch.stage == STAGE.sale:
                        firm.sales_capacity = 0.0
        elif capacity.enabled:
            gamed = state.gaming[row] * par.incentives.gaming_hours if par.incentives.enabled else 0.0
            net = max(
                0.0,
                capacity.gross_hours - shared - met / mine - capacity.reporting_hours - gamed - state.taken[row] / mine,
            )
            share = net / capacity.gross_hours
            able = state.able[row] * net * speed(par, tables, state, row, tr) * exp64(-state.unlearned[row])
            state.hours[row] = able
            state.overload[row] = max(0.0, state.demand[row] / able - 1.0) if able > 0.0 else 5.0
            state.overload[row] = min(state.overload[row], 5.0)
            weekly[COL.overload] += state.overload[row] / teams
            for n in range(par.size.touchpoints):
                touch = tables.touch[par.size.touch0 + n]
                if touch.owner == k and touch.hours > 0.0:
                    hours = touch.hours
                    left = max(able - (state.demand[row] - state.asked[firm.success0 + n]), KEPT * able)
                    if touch.stage == STAGE.service or touch.stage == STAGE.sale:
                        waits += max(0.0, state.asked[firm.success0 + n] - left)
                    if touch.stage == STAGE.service:
                        if par.service.handling_hours > 0.0:
                            hours = par.service.handling_hours
                        hours *= firm.service_standard * firm.issue_hours
                        firm.service_capacity, firm.service_hours = left / hours, hours
                    elif touch.stage == STAGE.sale:
                        firm.sales_capacity = left / hours
        note_done(par, state, row, team.load_reference, waits)
        state.magnitude[row] = share * team.skill * state.ability[row] * state.level[row] * exp64(-state.unlearned[row])


@step
def volumes(par: Par, tables: Tables, state: State, run: int, total: Sums) -> None:
    """Hours of work each team was asked for this week: what overloads it next week."""
    firm, heads = state.run[run], heads_at_work(par, tables, state, run)
    for k in range(par.size.teams):
        team = tables.team[par.size.team0 + k]
        standing = team.standing_hours + team.hours_per_customer * total[ACC.customers] + team.hours_per_head * heads
        state.demand[firm.team0 + k] = standing + team.hours_per_lead * total[ACC.leads]
    firm.leads_before, firm.waiting_before = total[ACC.leads], total[ACC.waiting]
    firm.chased_before = total[ACC.chased]
    firm.signed_before, firm.sold_waiting = total[ACC.signed], total[ACC.sold_waiting]
    firm.onboarding_before = total[ACC.onboarding]
    for n in range(par.size.touchpoints):
        touch = tables.touch[par.size.touch0 + n]
        if touch.stage == STAGE.awareness:
            volume = total[ACC.leads]
        elif touch.stage == STAGE.sale:
            volume = total[ACC.qualified]
            if par.market.funnel.order == ORDER.any:
                volume += total[ACC.waiting] * state.chain[firm.segment0, 0]
            volume += total[ACC.chased] * par.contracts.follow_up
        elif touch.stage == STAGE.service:
            volume = firm.service_demand * firm.issue_hours
        else:
            volume = 0.0
            for b in range(firm.block0, firm.block0 + firm.blocks):
                volume += state.touched[b, 2 * n]
        state.asked[firm.success0 + n] = volume * touch.hours
        state.demand[firm.team0 + touch.owner] += volume * touch.hours


def staff_rows(m: ScenarioModel, room: Room) -> Rows:
    """Return the teams as the scenario states them."""
    names = (
        "headcount", "salary", "skill", "scaling", "front", "standing_hours", "hours_per_customer", "hours_per_head",
        "hours_per_lead", "load_reference", "looks_after_people",
    )  # fmt: skip
    rows = {f"team.{name}": np.array([getattr(team, name) for team in m.teams.values()]) for name in names}
    follows = Team.model_fields["follows"].annotation
    return rows | {"team.follows": np.array([choice(team.follows, follows) for team in m.teams.values()], np.int64)}
