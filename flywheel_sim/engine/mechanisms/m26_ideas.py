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

h is times the share of its work that the owner gets done (m19), so that a product whose developers have no hours decays
for years at the rate by which the market moves on, without a step.

Neutral setting: ``enabled: false``: product quality stays as the scenario states it; so it does at decay 0 with value
or rate 0, where C21 vanishes.
"""

import numpy as np

from flywheel_sim.engine.jit import step
from flywheel_sim.engine.kernel_types import Par, State, Tables
from flywheel_sim.engine.mechanisms.m16_decisions import decide_together
from flywheel_sim.engine.portable_math import poisson64
from flywheel_sim.engine.random import IDEA, unit64, words
from flywheel_sim.engine.rows import Room, Rows
from flywheel_sim.scenario.columns import COL
from flywheel_sim.scenario.schema import ScenarioModel

__all__ = ["idea_rows", "step_product"]


@step
def step_product(par: Par, tables: Tables, state: State, run: int, week: int) -> None:
    """Draw the week's ideas and set the quality of the product in use."""
    firm, ideas, teams = state.run[run], par.ideas, par.size.teams
    weekly = state.weekly[firm.week0 + week]
    weekly[COL.product_quality] = firm.product_quality
    if not ideas.enabled:
        return
    active, able, takers = 0.0, 0.0, 0.0
    for i in range(teams):
        row = par.size.team0 + i
        if tables.team[row].takes_up:
            takers += 1.0
            able += state.magnitude[firm.team0 + i] * state.done[firm.team0 + i]
        for j in range(i):
            near = decide_together(par, tables.team, i, j) or tables.partner[row, j] > 0.0
            active += tables.overlap[row, j] * (1.0 if near else ideas.far)
    if active > 0.0 and ideas.rate > 0.0:
        mean = ideas.rate * active / ideas.reference_pairs
        weekly[COL.ideas] = float(poisson64(unit64(words(firm.seed, firm.replicate, 0, week, IDEA, 0)[0]), mean))
    weekly[COL.idea_pairs] = active
    weekly[COL.idea_uptake] = able / takers / (1.0 + weekly[COL.decision_weeks]) if takers > 0.0 else 0.0
    quality = firm.product_quality + firm.product_gain
    gain = ideas.value * weekly[COL.ideas] * weekly[COL.idea_uptake] / ideas.reference_uptake * (1.0 - quality)
    change = gain - ideas.decay * quality
    firm.product_gain += min(max(change, -quality), 1.0 - quality)
    firm.product_quality += firm.product_gain
    weekly[COL.product_quality] = firm.product_quality


def idea_rows(m: ScenarioModel, room: Room) -> Rows:
    """Return which teams take ideas up."""
    return {"team.takes_up": np.array([m.ideas.owner in ("", name) for name in m.teams], bool)}
