"""M27 Selling behaviour: how hard, to whom, with what promises, and when."""

from replica.arithmetic import exp64, f32, log64
from replica.world import Rules, World

__all__ = ["step_selling"]


def quota_push(p: Rules, t: int) -> float:
    """Log-odds by the calendar of quotas: a rush at a quarter's end, and a lull after it."""
    sell, week = p.selling, t % 13
    if week >= 13 - sell.spike_weeks:
        return float(sell.accelerator)
    return -sell.borrowed * sell.accelerator if week < sell.spike_weeks and t >= 13 else 0.0


def step_selling(w: World, p: Rules, t: int) -> None:
    """Odds and discount of the week; per segment the least fit that is accepted, and what is promised."""
    sell = p.selling
    w.win_odds, w.discount = 1.0, 0.0
    for chain in w.chain:
        chain[4] = chain[5] = f32(0.0)
    if not sell.enabled:
        return
    sellers = [w.teams[touch.owner] for touch in p.touch if touch.stage == "sale"]
    push, level = quota_push(p, t), 0.0
    if push > 0.0:
        w.discount = min(sell.discount * sell.accelerator, 1.0)
    for team in sellers:
        level += team.level
    if sellers and sell.effort_effect > 0.0:
        push += sell.effort_effect * log64(max(level / len(sellers), 1e-6))
    w.win_odds = exp64(push)
    for chain, need in zip(w.chain, w.need, strict=True):
        cosine = sell.reference_cosine
        if sellers:
            cosine = 0.0
            for team in sellers:
                for a in range(p.d):
                    cosine += team.direction[a] * need[a] / len(sellers)
            chain[5] = f32(sell.promise * (1.0 - cosine))
        least = sell.fit_minimum + sell.selectivity * (cosine - sell.reference_cosine)
        chain[4] = f32(min(max(least, 0.0), 1.0))
