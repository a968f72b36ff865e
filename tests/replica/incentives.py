"""M12 Incentive schemes: effort towards what is paid, its level, gaming, and bonuses."""

import math
from typing import Any

from flywheel_sim.scenario.columns import NAMES
from replica.arithmetic import exp64, log64
from replica.world import Rules, World

__all__ = ["effort", "payout"]


def effort(w: World, p: Rules) -> None:
    """a_k = e_0 o_k + C^-1 (what is paid), cut to e_max; its length sets the level, gaming is an axis of its own."""
    inc, count = p.incentives, len(w.teams)
    w.effort_level, w.gaming = (1.0 if count else 0.0), 0.0
    for k, team in enumerate(w.teams):
        team.level, team.gaming = 1.0, 0.0
        if not inc.enabled:
            continue
        pull = paid_gradient(w, p, k)
        solve_cost(pull, inc.substitution)
        length = 0.0
        for a in range(p.d):
            pull[a] += inc.intrinsic * p.craft[k][a]
            length += pull[a] * pull[a]
        length = math.sqrt(length)
        cut = inc.max_effort / length if length > inc.max_effort else 1.0
        team.pay = [cut * x for x in pull]
        length *= cut
        if inc.effort_elasticity > 0.0:
            team.level = exp64(inc.effort_elasticity * log64(length / inc.effort_reference)) if length > 0.0 else 0.0
        team.gaming = max(0.0, p.team[k].gaming_pay) * (1.0 - min(w.gaming_prevented, 1.0)) / inc.gaming_cost
        w.effort_level += (team.level - 1.0) / count
        w.gaming += team.gaming / count


def paid_gradient(w: World, p: Rules, k: int) -> list[float]:
    """What the team's measures reward: axes, its craft, its map, and its handoff partners' directions."""
    row, size = p.team[k], 0.0
    if row.peer_pay != 0.0:
        peers, size = partners(w, p, k)
    pull = []
    for a in range(p.d):
        x = p.pay_gradient[k][a] + row.craft_pay * p.craft[k][a] + row.map_pay * w.teams[k].belief[a]
        if size > 0.0:
            x += row.peer_pay * peers[a] / size
        pull.append(x)
    return pull


def partners(w: World, p: Rules, k: int) -> tuple[list[float], float]:
    """Sum of the directions of the team's handoff partners, and its length."""
    peers, size = [0.0] * p.d, 0.0
    for j, other in enumerate(w.teams):
        for a in range(p.d):
            peers[a] += p.partner[k][j] * other.direction[a]
    for x in peers:
        size += x * x
    return peers, math.sqrt(size)


def solve_cost(v: list[float], substitution: float) -> None:
    """v <- C^-1 v, C with ones on the diagonal and ``substitution`` off it."""
    if substitution == 0.0:
        return
    total = 0.0
    for x in v:
        total += x
    shift = substitution * total / (1.0 + (len(v) - 1) * substitution)
    for a in range(len(v)):
        v[a] = (v[a] - shift) / (1.0 - substitution)


def payout(w: World, p: Rules, t: int) -> float:
    """Bonuses of the week: salary x bonus x the weighted mean of the scores of what each team is paid on."""
    paid = 0.0
    for k, team in enumerate(w.teams):
        row = p.team[k]
        if not p.incentives.enabled or not row.paid:
            continue
        mean = weight = 0.0
        for n, bonus in enumerate(p.bonus):
            if bonus.team == k:
                one = score(w, p, t, n)
                if one is not None:
                    mean += bonus.weight * one
                    weight += abs(bonus.weight)
        scored = min(max(mean / weight, 0.0), 2.0) if weight > 0.0 else 0.0
        paid += team.heads * row.salary / 52.0 * row.bonus * scored
    return paid


def score(w: World, p: Rules, t: int, n: int) -> float | None:
    """What one measure of a team comes to, 1 at target; none where nobody can score it."""
    bonus = p.bonus[n]
    traded = 0.0
    if bonus.columns > 0:
        mine = p.reading[bonus.first : bonus.first + bonus.columns]
        per = p.reading[bonus.first + bonus.columns : bonus.first + bonus.columns + bonus.per]
        weeks = w.rows[max(0, t - bonus.weeks) : t]
        below = taken_together(weeks, per) if per else float(len(weeks))
        if below == 0.0:
            return 1.0
        value = taken_together(weeks, mine) / below
    else:
        if bonus.peers != 0.0:
            if partners(w, p, bonus.team)[1] == 0.0:
                return None
            traded = p.incentives.collusion
        value = own_reading(w, p, n)
    done = value / bonus.target if bonus.lower == 0 else 2.0 - value / bonus.target
    return traded + (1.0 - traded) * min(max(done, 0.0), 2.0)


def taken_together(weeks: list[dict[str, float]], reading: list[Any]) -> float:
    """Sum of columns over weeks."""
    total = 0.0
    for week in weeks:
        for one in reading:
            total += one.weight * week[NAMES[one.column]]
    return total


def own_reading(w: World, p: Rules, n: int) -> float:
    """A measure without columns reads what its team's effort moves it by, as far as the team's hours go."""
    bonus, k, value = p.bonus[n], p.bonus[n].team, 0.0
    team = w.teams[k]
    peers, size = partners(w, p, k) if bonus.peers != 0.0 else ([], 0.0)
    for a in range(p.d):
        g = p.bonus_gradient[n][a] + bonus.craft * p.craft[k][a] + bonus.map * team.belief[a]
        if size > 0.0:
            g += bonus.peers * peers[a] / size
        value += g * team.pay[a]
    return value / (1.0 + team.overload)
