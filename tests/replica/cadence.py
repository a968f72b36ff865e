"""M17 Cadence: the group that meets, the calendar of events, reviews, and quarterly themes."""

import math
from typing import Any

from replica import luck
from replica.arithmetic import acos64, exp64, sincos64
from replica.culture import discipline_yield
from replica.world import Rules, World

__all__ = [
    "carried", "clears_blockers", "event_cost", "event_hours", "hold_meeting", "meets", "planning", "review_move",
    "same_theme",
]  # fmt: skip


def meets(p: Rules, t: int) -> bool:
    """Whether the group meets in week t (0-based)."""
    return bool(p.cadence.enabled and (t + 1) % p.cadence.interval_weeks == 0)


def falls_on(event: Any, t: int) -> bool:
    """Whether an event takes place in week t (0-based)."""
    return bool(t + 1 >= event.first and (t + 1 - event.first) % event.every == 0)


def events_of(p: Rules, t: int) -> list[tuple[Any, list[float]]]:
    """Events of the week with whom they invite, the group's meeting first."""
    return [(event, who) for event, who in zip(p.event, p.invited, strict=True) if falls_on(event, t)]


def depth(hours: float, scale: float) -> float:
    """1 - exp(-hours/scale); 1 at scale 0."""
    return 1.0 - exp64(-hours / scale) if scale > 0.0 else 1.0


def carried(p: Rules) -> float:
    """Share of what belongs together that the group has the hours to decide."""
    return depth(p.cadence.hours / p.cadence.interval_weeks, p.cadence.hours_scale)


def reached(p: Rules, event: Any, heads: float) -> float:
    """Share of its turn that a team makes: who was there, and how far they carry the word."""
    if p.cadence.relay_scale <= 0.0:
        return 1.0
    if heads <= 0.0:
        return 0.0
    there = min(event.heads, heads) / heads
    return float(there + (1.0 - there) * depth(p.cadence.relay_hours, p.cadence.relay_scale))


def clears_blockers(p: Rules, i: int, j: int, t: int) -> bool:
    """Whether two teams are both at something this week that settles blockers."""
    return any(event.clears and who[i] > 0.0 and who[j] > 0.0 for event, who in events_of(p, t))


def event_hours(p: Rules, k: int, heads: float, t: int) -> float:
    """Hours that a team of so many heads spends in this week's meetings."""
    hours = 0.0
    for event, who in events_of(p, t):
        if who[k] > 0.0 and heads > 0.0:
            there = min(event.heads, heads)
            hours += event.hours * there + p.cadence.relay_hours * (heads - there)
    return hours


def event_cost(p: Rules, t: int) -> float:
    """What this week's events cost beside hours."""
    cost = 0.0
    for event, _ in events_of(p, t):
        cost += event.cost
    return cost


def planning(p: Rules, t: int) -> bool:
    """Whether leadership may aim anew this week."""
    c = p.cadence
    return not c.enabled or c.plan_weeks == 0 or t % c.plan_weeks == 0


def same_theme(w: World, p: Rules, k: int, j: int, t: int) -> float:
    """1 where two teams can hear each other this week, else 0."""
    if not p.cadence.enabled or k == j:
        return 1.0
    if p.cadence.themes == "own":
        mine, other = (w.words(team, t // 13, luck.THEME)[0] & 3 for team in (k, j))
        return float(mine == other)
    if p.cadence.themes == "offset":
        mine, other = (math.floor((t - p.team[team].theme_offset) / 13) % 4 for team in (k, j))
        return float(mine == other)
    return 1.0


def review_move(c: Any, gaps: list[float], known: int) -> float:
    """What a review takes off a setting: hindsight, insight and foresight from the last distances to target."""
    total = c.hindsight + c.insight + c.foresight
    if known == 0 or total <= 0.0:
        return 0.0
    n = min(known, c.review_window)
    recent = [gaps[(known - 1 - i) % len(gaps)] for i in range(n)]
    mean = slope = spread = 0.0
    for gap in recent:
        mean += gap / n
    for i, gap in enumerate(recent):
        x = 0.5 * (n - 1) - i
        slope += x * gap
        spread += x * x
    if spread > 0.0:
        slope /= spread
    past = gaps[(known - 1 - c.review_lag) % len(gaps)] if known > c.review_lag else 0.0
    coming = recent[0] + c.review_lag * slope
    return float(c.review_gain * (c.hindsight * past + c.insight * mean + c.foresight * coming) / total)


def hold_meeting(w: World, p: Rules, t: int) -> None:
    """Those who meet turn towards their mean direction, to the share 1 - a of the angle."""
    for event, who in events_of(p, t):
        pull, mean, length = min(1.0, event.pull * discipline_yield(w, p)), [0.0] * p.d, 0.0
        pull *= depth(event.hours, p.cadence.hours_scale)
        members = [team for k, team in enumerate(w.teams) if who[k] > 0.0]
        for a in range(p.d):
            for team in members:
                mean[a] += team.direction[a]
            length += mean[a] * mean[a]
        length = math.sqrt(length)
        if length < 1e-12 or pull <= 0.0:
            continue
        for team in members:
            turn_to(team.direction, mean, length, pull * reached(p, event, team.heads))


def turn_to(u: list[float], mean: list[float], length: float, pull: float) -> None:
    """Turn a unit vector towards a mean of some length."""
    cosine = side = 0.0
    for a in range(len(u)):
        cosine += u[a] * mean[a] / length
    for a in range(len(u)):
        x = u[a] - cosine * mean[a] / length
        side += x * x
    side = math.sqrt(side)
    if side < 1e-12 or pull <= 0.0:
        return
    s, c = sincos64((1.0 - pull) * acos64(cosine))
    for a in range(len(u)):
        m = mean[a] / length
        u[a] = c * m + s * (u[a] - cosine * m) / side
