"""M19 Capacity, coordination, budget: from heads to hours to what a team can do."""

import math
from typing import Any

from replica.arithmetic import exp64, log64
from replica.cadence import carried, event_hours
from replica.culture import at_work, care_for_people, heads_at_work
from replica.journey import dot
from replica.world import Rules, Sums, World

__all__ = ["allot_hours", "keep_up", "staff", "volumes"]


def coordination_hours(w: World, p: Rules) -> float:
    """H = c sum over pairs of working groups [(1 - x) + x v_ij (1 - cos)/2]; who decides together is skipped."""
    c, hours = p.capacity, 0.0
    working = [team.heads * at_work(p, row, team) for row, team in zip(p.team, w.teams, strict=True)]
    groups = [math.ceil(heads / c.span) * min(1.0, heads) for heads in working]
    for i, n in enumerate(groups):
        hours += (1.0 - c.angle_share) * n * max(0.0, n - 1.0) / 2.0
        for j in range(i):
            apart = 1.0 - carried(p) if p.cadence.enabled and p.team[i].member and p.team[j].member else 1.0
            cosine = dot(w.teams[i].direction, w.teams[j].direction)
            weight = 1.0 if p.partner[i][j] > 0.0 else c.far_weight
            need = (1.0 - c.angle_share) + c.angle_share * weight * (1.0 - cosine) * 0.5
            hours += n * groups[j] * need * apart
    return float(c.pair_hours * hours)


def grown(w: World, what: str) -> float:
    """Log growth since the start of what headcounts follow; of issues, the last quarter against the first."""
    if what == "issues":
        then, now = raised(w.rows[:13]), raised(w.rows[-13:])
    else:
        column = {"revenue": "spend", "customers": "customers"}[what]
        then, now = w.initial[column], w.last[column]
    if then <= 0.0:
        return 0.0
    return log64(now / then) if now > 0.0 else -700.0


def raised(rows: list[dict[str, float]]) -> float:
    """Issues raised for the first time: contacts, less what self-service contained and what came back."""
    total = 0.0
    for row in rows:
        total += row["contacts"] - row["contained"] - row["repeat_contacts"] - row["abandoned"]
    return total


def share_done(load: float, n: float) -> float:
    """f(u) = (1 + u^n)^(-1/n)."""
    return exp64(-log64(1.0 + exp64(n * log64(min(load, 1e9)))) / n) if load > 0.0 else 1.0


def note_done(p: Rules, k: int, team: Any, waits: float) -> None:
    """Share of its work that a team gets done, over that of the base case; ``waits`` hours wait in its queues."""
    n = p.capacity.shortness
    team.done = 1.0
    if p.capacity.enabled and n > 0.0:
        team.done = 0.0
        if team.hours > 0.0:
            team.done = share_done((team.demand - waits) / team.hours, n) / share_done(p.team[k].load_reference, n)


def staff(w: World, p: Rules, t: int) -> None:
    """Every quarter finance plans by revenue, 15 % up or down at most; a quarter later the plan is in office."""
    c, quarter, care = p.capacity, t % 13 == 0 and t > 0, care_for_people(w, p)
    for row, written, team in zip(p.team, p.model.teams.values(), w.teams, strict=True):
        if not (c.enabled and c.staffing):  # who is there stays, and goes on learning
            green = (team.heads - team.able) * (1.0 - min(care / c.ramp_weeks, 1.0))
            team.planned = team.funded
            team.heads = min(max(row.headcount * team.funded, min(row.headcount, c.fewest_heads)), 1e9)
            team.able = max(0.0, team.heads - green)
            continue
        if quarter:
            team.funded = team.planned
            plan = exp64(row.scaling * grown(w, written.follows)) * team.budget
            lowest = team.funded * (1.0 - c.staffing_limit)
            team.planned = min(max(plan, lowest), team.funded * (1.0 + c.staffing_limit))
        team.heads = min(max(row.headcount * team.funded, min(row.headcount, c.fewest_heads)), 1e9)
        short = team.heads - team.able
        team.able += min(short * care / c.ramp_weeks, short) if short > 0.0 else short


def speed(w: World, p: Rules, k: int) -> float:
    """Volume per hour, from how much a team works along its own craft."""
    along = dot(w.teams[k].direction, p.craft[k][: p.d])
    return exp64(p.capacity.craft_speed * (along - p.capacity.craft_reference))


def allot_hours(w: World, p: Rules, t: int) -> None:
    """Net hours, and with them magnitude, overload, and what sales and service can work off."""
    c, heads = p.capacity, 0.0
    for team in w.teams:
        heads += team.heads
    w.gross_hours, w.coordination_hours, w.meeting_hours, w.overload = c.gross_hours, 0.0, 0.0, 0.0
    w.service_capacity, w.service_hours, w.sales_capacity = 1e300, 0.0, 1e300
    shared = 0.0
    if c.enabled and heads > 0.0:
        needed = coordination_hours(w, p) * exp64(-c.relief * c.project_managers)
        w.coordination_hours = min(needed + c.project_managers * heads * c.gross_hours, heads * c.gross_hours)
        shared = w.coordination_hours / heads
    for k, team in enumerate(w.teams):
        met = event_hours(p, k, team.heads, t)
        w.meeting_hours += met
        share, waits = 1.0, 0.0
        team.overload, team.hours = 0.0, 1e300
        if c.enabled and team.heads <= 0.0:
            share = team.hours = 0.0
            team.overload = 5.0 if team.demand > 0.0 else 0.0
            w.overload += team.overload / len(w.teams)
            close_queues(w, p, k)
        elif c.enabled:
            gamed = team.gaming * p.incentives.gaming_hours if p.incentives.enabled else 0.0
            away = (shared, met / team.heads, c.reporting_hours, gamed, team.taken / team.heads)
            net = c.gross_hours
            for hours in away:
                net -= hours
            net = max(0.0, net)
            share = net / c.gross_hours
            team.hours = team.able * net * speed(w, p, k) * exp64(-team.unlearned)
            team.overload = max(0.0, team.demand / team.hours - 1.0) if team.hours > 0.0 else 5.0
            team.overload = min(team.overload, 5.0)
            w.overload += team.overload / len(w.teams)
            waits = serve_queues(w, p, k)
        note_done(p, k, team, waits)
        team.magnitude = share * p.team[k].skill * team.ability * team.level * exp64(-team.unlearned)


def close_queues(w: World, p: Rules, k: int) -> None:
    """A team without anybody works nothing off."""
    for touch in p.touch:
        if touch.owner == k and touch.hours > 0.0 and touch.stage == "service":
            w.service_capacity = 0.0
        elif touch.owner == k and touch.hours > 0.0 and touch.stage == "sale":
            w.sales_capacity = 0.0


def serve_queues(w: World, p: Rules, k: int) -> float:
    """What a team can work off of leads and issues: the hours its other work leaves, a tenth at least.

    Returns the hours of both that are left to wait.
    """
    team, waits = w.teams[k], 0.0
    for touch, point in zip(p.touch, w.touchpoints, strict=True):
        if touch.owner != k or touch.hours <= 0.0:
            continue
        left = max(team.hours - (team.demand - point.asked), 0.1 * team.hours)
        if touch.stage in ("service", "sale"):
            waits += max(0.0, point.asked - left)
        if touch.stage == "service":
            hours = p.service.handling_hours if p.service.handling_hours > 0.0 else touch.hours
            w.service_hours = hours * (w.service_standard * w.issue_hours)
            w.service_capacity = left / w.service_hours
        elif touch.stage == "sale":
            w.sales_capacity = left / touch.hours
    return waits


def keep_up(w: World, p: Rules) -> None:
    """Hours of every head, and money, for what strengthens effects."""
    hours = 0.0
    if p.vectors.enabled:
        hours += p.vectors.transparency_hours * p.vectors.transparency
        if p.sensing.enabled:
            hours += p.vectors.map_hours * p.vectors.map_pull * p.sensing.sharing
    if p.incentives.enabled:
        hours += p.incentives.norms_hours * p.incentives.norms
    if p.leadership.enabled:
        hours += p.leadership.clarity_hours * p.leadership.clarity
    if p.handoffs.enabled:
        hours += p.handoffs.integration_hours * p.handoffs.integration
        w.upkeep += p.handoffs.integration_cost * p.handoffs.integration
        if p.channels.enabled and p.sensing.enabled:
            lift = p.channels.personalisation * p.handoffs.integration * p.sensing.sharing
            w.upkeep += p.channels.personalisation_cost * lift
    for team in w.teams:
        team.taken += hours * team.heads


def volumes(w: World, p: Rules, total: Sums) -> None:
    """Hours of work each team was asked for this week, and the queues that are left."""
    heads = heads_at_work(w, p)
    for row, team in zip(p.team, w.teams, strict=True):
        standing = row.standing_hours + row.hours_per_customer * total["customers"] + row.hours_per_head * heads
        team.demand = standing + row.hours_per_lead * total["leads"]
    w.leads_before, w.waiting_before = total["leads"], total["waiting"]
    w.chased_before = total["chased"]
    w.signed_before, w.sold_waiting = total["signed"], total["sold_waiting"]
    w.onboarding_before = total["onboarding"]
    for touch, point in zip(p.touch, w.touchpoints, strict=True):
        if touch.stage == "awareness":
            volume = total["leads"]
        elif touch.stage == "sale":
            volume = total["qualified"]
            if p.market.funnel.order == "any":
                volume += total["waiting"] * float(w.chain[0][0])
            volume += total["chased"] * p.contracts.follow_up
        elif touch.stage == "service":
            volume = w.service_demand * w.issue_hours
        else:
            volume = point.touched
        point.asked = volume * touch.hours
        w.teams[touch.owner].demand += volume * touch.hours
    owners = [touch.owner for touch in p.touch if touch.stage == "service"]
    if total["called_back"] > 0.0:
        w.teams[owners[0]].demand += total["called_back"] * p.sensing.closed_loop.hours
