r"""M19 Capacity and coordination.

Coordination takes hours in proportion to pairs of working groups (n_k = ceil(headcount_k / span)):

    H = c sum over pairs of groups [ (1 - x) + x v_ij (1 - u_i . u_j)/2 ],

v_ij = 1 where a handoff joins the teams, ``far_weight`` elsewhere; pairs in one team have angle 0; pairs that decide
together (both in a flywheel group) are skipped.  x = 0 and v = 1 is A22's n (n-1)/2.  Project managers, a share s of
the heads (20 % at most), do no other work, are paid, and relieve the rest with saturation:

    H <- H exp(-relief s) + s x heads x gross                      (booked as coordination, what they cost included).

Net hours per head are gross less coordination, meetings, reports, gaming and what other mechanisms take (firefighting,
rework, blockers, surveys), never below 0, and give

    mu_k = net/gross x skill x effort level        (magnitude per head; enters touchpoints)
    speed_k = exp(c_f (u_k . o_k - ref))           (a craft done alone is fast; enters volumes: silos have an advantage)
    overload_k = max(0, demand_k / (headcount x net x speed) - 1).

A queue (leads, sold customers, issues) gets the hours that the team's other work of last week leaves, a tenth at least.

Staffing: every quarter finance plans headcount as (revenue / revenue at the start)^scaling times what the teams
started with, times what executives' attention makes of it (m15), at most 15 % up or down, at least one head (or what
the scenario states, if less); a quarter later the plan is in office, and new heads become able with a time constant of
``ramp_weeks``.

Neutral setting: ``staffing: false`` keeps headcounts as the scenario states them; ``enabled: false``: net = gross, no
overload, endless throughput.  Without project managers (s = 0) and reports nothing is added.  C52 and C53 vanish at
pair_hours = 0.
"""

import math
from typing import Any

from flywheel_sim.engine.jit import law, part
from flywheel_sim.engine.maths import exp64, log64
from flywheel_sim.engine.mechanisms.m17_cadence import event_hours
from flywheel_sim.engine.state import ACC
from flywheel_sim.scenario.columns import COL

__all__ = ["KEPT", "allot_hours", "coordination_hours", "speed", "staff", "volumes"]

KEPT = 0.1  # share of its hours a team keeps for each of its queues, however busy it is elsewhere
_MOST_HEADS = 1e9  # nobody can hire more; pairs of groups then still fit into an integer
_AWARENESS, _SALE, _SERVICE = 0, 1, 4


@part
def coordination_hours(p: Any, tb: Any, st: Any, q: int) -> float:
    """H: hours a week the whole company spends on coordination."""
    r, c, d, teams = st.run[q], p.capacity, p.size.axes, p.size.teams
    hours = 0.0
    for i in range(teams):
        a = tb.team[p.size.team0 + i]
        n = math.ceil(st.heads[r.team0 + i] / c.span)
        hours += (1.0 - c.angle_share) * n * (n - 1) / 2.0
        for j in range(i):
            b = tb.team[p.size.team0 + j]
            if p.cadence.enabled and a.member and b.member:
                continue
            cosine = 0.0
            for x in range(d):
                cosine += st.direction[r.team0 + i, x] * st.direction[r.team0 + j, x]
            weight = 1.0 if tb.partner[p.size.team0 + i, j] > 0.0 else c.far_weight
            need = (1.0 - c.angle_share) + c.angle_share * weight * (1.0 - cosine) * 0.5
            hours += n * math.ceil(st.heads[r.team0 + j] / c.span) * need
    return c.pair_hours * hours


@part
def staff(p: Any, tb: Any, st: Any, q: int, t: int) -> None:
    """Set headcounts: what the scenario states times what finance has funded so far."""
    r, c = st.run[q], p.capacity
    growth = 0.0
    if t % 13 == 0 and t > 0:
        then, now = st.initial[q, COL.spend], st.weekly[r.week0 + t - 1, COL.spend]
        if then > 0.0:
            growth = log64(now / then) if now > 0.0 else -700.0
    for k in range(p.size.teams):
        row, stated = r.team0 + k, tb.team[p.size.team0 + k].headcount
        if c.enabled and c.staffing:
            if t % 13 == 0 and t > 0:
                st.funded[row] = st.planned[row]
                plan = exp64(tb.team[p.size.team0 + k].scaling * growth) * st.budget[row]
                lowest = st.funded[row] * (1.0 - c.staffing_limit)
                st.planned[row] = min(max(plan, lowest), st.funded[row] * (1.0 + c.staffing_limit))
            st.heads[row] = min(max(stated * st.funded[row], min(stated, 1.0)), _MOST_HEADS)
            short = st.heads[row] - st.able[row]
            st.able[row] += short / c.ramp_weeks if short > 0.0 else short
        else:
            st.heads[row] = st.able[row] = stated


@law
def speed(p: Any, tb: Any, st: Any, row: int, tr: int) -> float:
    """Volume per hour relative to reference, from how much a team works along its own craft."""
    along = 0.0
    for a in range(p.size.axes):
        along += st.direction[row, a] * tb.craft[tr, a]
    return exp64(p.capacity.craft_speed * (along - p.capacity.craft_reference))


@part
def allot_hours(p: Any, tb: Any, st: Any, q: int, t: int) -> None:
    """Set every team's magnitude and overload, and what sales and service can work off this week."""
    r, c, teams = st.run[q], p.capacity, p.size.teams
    heads = 0.0
    for k in range(teams):
        heads += st.heads[r.team0 + k]
    r.gross_hours, r.coordination_hours, r.meeting_hours, r.overload = c.gross_hours, 0.0, 0.0, 0.0
    r.service_capacity, r.service_hours, r.sales_capacity = 1e300, 0.0, 1e300
    shared = 0.0
    if c.enabled and heads > 0.0:
        needed = coordination_hours(p, tb, st, q) * exp64(-c.relief * c.project_managers)
        r.coordination_hours = min(needed + c.project_managers * heads * c.gross_hours, heads * c.gross_hours)
        shared = r.coordination_hours / heads
    for k in range(teams):
        row, tr = r.team0 + k, p.size.team0 + k
        team = tb.team[tr]
        mine = st.heads[row]
        met = event_hours(p, tb, k, mine, t)
        r.meeting_hours += met
        share = 1.0
        st.overload[row], st.hours[row] = 0.0, 1e300
        if c.enabled and mine > 0.0:
            gamed = st.gaming[row] * p.incentives.gaming_hours if p.incentives.enabled else 0.0
            net = max(0.0, c.gross_hours - shared - met / mine - c.reporting_hours - gamed - st.taken[row] / mine)
            share = net / c.gross_hours
            able = st.able[row] * net * speed(p, tb, st, row, tr) * exp64(-st.unlearned[row])
            st.hours[row] = able
            st.overload[row] = max(0.0, st.demand[row] / able - 1.0) if able > 0.0 else 5.0
            st.overload[row] = min(st.overload[row], 5.0)
            r.overload += st.overload[row] / teams
            for n in range(p.size.touchpoints):
                touch = tb.touch[p.size.touch0 + n]
                if touch.owner == k and touch.hours > 0.0:
                    hours = touch.hours
                    left = max(able - (st.demand[row] - st.asked[r.success0 + n]), KEPT * able)
                    if touch.stage == _SERVICE:
                        if p.service.handling_hours > 0.0:
                            hours = p.service.handling_hours
                        hours *= r.standard * r.issue_hours
                        r.service_capacity, r.service_hours = left / hours, hours
                    elif touch.stage == _SALE:
                        r.sales_capacity = left / hours
        st.magnitude[row] = share * team.skill * st.ability[row] * st.level[row] * exp64(-st.unlearned[row])


@part
def volumes(p: Any, tb: Any, st: Any, q: int, total: Any) -> None:
    """Hours of work each team was asked for this week: what overloads it next week."""
    r = st.run[q]
    for k in range(p.size.teams):
        st.demand[r.team0 + k] = 0.0
    r.leads_before, r.waiting_before = total[ACC.leads], total[ACC.waiting]
    r.signed_before, r.sold_waiting = total[ACC.signed], total[ACC.sold_waiting]
    r.onboarding_before = total[ACC.onboarding]
    for n in range(p.size.touchpoints):
        touch = tb.touch[p.size.touch0 + n]
        if touch.stage == _AWARENESS:
            volume = total[ACC.leads]
        elif touch.stage == _SALE:
            volume = total[ACC.qualified] + total[ACC.waiting] * st.chain[r.segment0, 0]
        elif touch.stage == _SERVICE:
            volume = r.service_demand * r.issue_hours
        else:
            volume = 0.0
            for b in range(r.block0, r.block0 + r.blocks):
                volume += st.touched[b, 2 * n]
        st.asked[r.success0 + n] = volume * touch.hours
        st.demand[r.team0 + touch.owner] += volume * touch.hours
