"""M12 Incentive schemes: effort towards what is paid, its level, gaming, and bonuses."""

import math

from flywheel_sim.reference.twin.arithmetic import exp64, log64
from flywheel_sim.reference.twin.world import Rules, World
from flywheel_sim.scenario.columns import NAMES

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
        team.gaming = max(0.0, p.team[k].gaming_pay) * (1.0 - min(w.norms, 1.0)) / inc.gaming_cost
        w.effort_level += (team.level - 1.0) / count
        w.gaming += team.gaming / count


def paid_gradient(w: World, p: Rules, k: int) -> list[float]:
    """What the team's measures reward: axes, its craft, its map, and its handoff partners' directions."""
    row, peers, size = p.team[k], [0.0] * p.d, 0.0
    if row.peer_pay != 0.0:
        for j, other in enumerate(w.teams):
            for a in range(p.d):
                peers[a] += p.partner[k][j] * other.direction[a]
        for x in peers:
            size += x * x
        size = math.sqrt(size)
    pull = []
    for a in range(p.d):
        x = p.pay_gradient[k][a] + row.craft_pay * p.craft[k][a] + row.map_pay * w.teams[k].belief[a]
        if size > 0.0:
            x += row.peer_pay * peers[a] / size
        pull.append(x)
    return pull


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


def payout(w: World, p: Rules) -> float:
    """Bonuses of the week from last week's columns: salary x bonus x score over target, the score within 0 and 2."""
    if not p.incentives.enabled:
        return 0.0
    paid = 0.0
    for k, team in enumerate(w.teams):
        row = p.team[k]
        if not row.paid:
            continue
        score = 0.0
        for bonus in p.bonus:
            if bonus.team == k:
                score += bonus.weight * (w.last[NAMES[bonus.column]] if bonus.column >= 0 else 1.0)
        paid += team.heads * row.salary / 52.0 * row.bonus * min(max(score, 0.0), 2.0)
    return paid
