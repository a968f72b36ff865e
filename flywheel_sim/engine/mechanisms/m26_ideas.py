r"""M26 Ideas and product.

The quality of the product is a stock: the market moves on, and ideas of teams that work together make up for it (C21),

    ideas ~ Poisson(rate A / A_ref),    A = sum over pairs of teams of overlap_ij f_ij,
    Q <- Q - decay Q + value x ideas x h/h_ref x (1 - Q),    h = mu / (1 + decision_weeks),

overlap_ij the hours two teams share times transparency (as in M11), f_ij = 1 for a pair in the flywheel group or with a
handoff, else ``far``; mu the magnitude per head of the ``owner`` (of all teams, on average, where none is named), who
takes the ideas up, the slower the longer decisions take (M16).  Q starts at ``market.product_quality``; whatever the
timeline does to that comes on top.  The law is linear in Q and ideas do not depend on it, so the mean of Q follows the
same recursion with the mean number of ideas: it rests at

    V/(V + decay),      V = value x rate x A/A_ref x h/h_ref.

The defaults rest at .7, where the base case is, with A and h at reference (frozen).

Neutral setting: ``enabled: false``: product quality stays as the scenario states it; so it does at decay 0 with value
or rate 0, where C21 vanishes.
"""

from typing import Any

from flywheel_sim.engine.jit import part
from flywheel_sim.engine.maths import poisson64
from flywheel_sim.engine.mechanisms.m16_decisions import decide_together
from flywheel_sim.engine.random import IDEA, unit64, words

__all__ = ["step_product"]


@part
def step_product(p: Any, tb: Any, st: Any, q: int, t: int) -> None:
    """Draw the week's ideas and set the quality of the product in use."""
    r, g, teams = st.run[q], p.ideas, p.size.teams
    r.ideas = r.idea_pairs = r.idea_uptake = 0.0
    if not g.enabled:
        return
    active, able, takers = 0.0, 0.0, 0.0
    for i in range(teams):
        row = p.size.team0 + i
        if tb.team[row].takes_up:
            takers += 1.0
            able += st.magnitude[r.team0 + i]
        for j in range(i):
            near = decide_together(p, tb.team, i, j) or tb.partner[row, j] > 0.0
            active += tb.overlap[row, j] * (1.0 if near else g.far)
    if active > 0.0 and g.rate > 0.0:
        mean = g.rate * active / g.reference_pairs
        r.ideas = float(poisson64(unit64(words(r.seed, r.replicate, 0, t, IDEA, 0)[0]), mean))
    r.idea_pairs = active
    r.idea_uptake = able / takers / (1.0 + r.decision_weeks) if takers > 0.0 else 0.0
    quality = r.product + r.product_gain
    gain = g.value * r.ideas * r.idea_uptake / g.reference_uptake * (1.0 - quality)
    change = gain - g.decay * quality
    r.product_gain += min(max(change, -quality), 1.0 - quality)
    r.product += r.product_gain
