"""M15 Strategy and change: the target, what executives attend to, and what change costs."""

import math

from replica.arithmetic import exp64, log64, sincos64
from replica.cadence import planning
from replica.world import Rules, World

__all__ = ["aim", "learn"]


def weighing(p: Rules) -> float:
    """x: weight on customer equity beyond the stated one, as far as executives plan beyond a quarter."""
    s = p.strategy
    return (s.attention - s.reference_attention) * max(0.0, 1.0 - 13.0 / s.planning_weeks) if s.enabled else 0.0


def aim(w: World, p: Rules, t: int) -> None:
    """Budgets every quarter; the target, whenever leadership plans."""
    s, x = p.strategy, weighing(p)
    w.attention = s.reference_attention + x
    if x == 0.0:
        for team in w.teams:
            team.budget = 1.0
    elif t % 13 == 0 and t > 0:
        share_out(w, p, x)
    if not planning(p, t):
        return
    w.target = [p.target[a] if s.enabled else 0.0 for a in range(p.d)]
    if any(w.target) or not s.enabled:
        return
    turn_from_need(w, p, s.angle * (1.0 - x / (1.0 - s.reference_attention)) if x > 0.0 else s.angle)
    if x < 0.0:
        turn_to_revenue(w, p, -x / s.reference_attention)


def share_out(w: World, p: Rules, x: float) -> None:
    """Planned payroll stays; sellers' part of it is exp(-budget_effect x) of what it was, nine tenths at most."""
    then, now = w.initial["spend"], w.last["spend"]
    growth = log64(now / then) if then > 0.0 and now > 0.0 else 0.0
    sellers = others = 0.0
    for row in p.team:
        wages = row.headcount * row.salary * exp64(row.scaling * growth)
        if row.sells:
            sellers += wages
        else:
            others += wages
    mine, rest = exp64(-p.strategy.budget_effect * x), 1.0
    if sellers > 0.0 and others > 0.0:
        mine = min(mine, max(1.0, 0.9 * (sellers + others) / sellers))
        rest = 1.0 - (mine - 1.0) * sellers / others
    else:
        mine = 1.0
    for row, team in zip(p.team, w.teams, strict=True):
        team.budget = mine if row.sells else rest


def turn_from_need(w: World, p: Rules, angle: float) -> None:
    """The need, turned by an angle (degrees) towards the axis it has least of."""
    need, axis = w.company_need, 0
    for a in range(p.d):
        if abs(need[a]) < abs(need[axis]) - 1e-12:
            axis = a
    sine, cosine = sincos64(angle * 0.017453292519943295)
    side = math.sqrt(max(1e-300, 1.0 - need[axis] * need[axis]))
    for a in range(p.d):
        e = ((1.0 if a == axis else 0.0) - need[axis] * need[a]) / side
        w.target[a] = cosine * need[a] + sine * e


def turn_to_revenue(w: World, p: Rules, share: float) -> None:
    """Blend the target with the sellers' mean craft."""
    craft, size = [0.0] * p.d, 0.0
    for a in range(p.d):
        for k, row in enumerate(p.team):
            craft[a] += row.sells * p.craft[k][a]
        size += craft[a] * craft[a]
    size = math.sqrt(size)
    if size < 1e-12:
        return
    length = 0.0
    for a in range(p.d):
        w.target[a] = (1.0 - share) * w.target[a] + share * craft[a] / size
        length += w.target[a] * w.target[a]
    for a in range(p.d):
        w.target[a] /= max(math.sqrt(length), 1e-12)


def learn(w: World, p: Rules, t: int) -> None:
    """Change costs log skill tau0 ln(1 + heads), relearned at a rate."""
    s = p.strategy
    for row, team in zip(p.team, w.teams, strict=True):
        if not s.enabled:
            team.unlearned = 0.0
            continue
        team.unlearned *= exp64(-1.0 / s.relearn_weeks)
        begins = t == 0 and not s.established and (row.paid or (row.member and p.cadence.enabled))
        if begins or row.changed:
            team.unlearned += s.transition * log64(1.0 + team.heads)
