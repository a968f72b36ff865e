"""What an account keeps for life: its churn propensity and its fit, read from the scenario's quantile tables.

A third trait, the buying rate of customers without a contract, is read from its table when it is needed (M6).

When the timeline changes a distribution, every account keeps its rank and takes the new quantile: the same luck in a
changed world.
"""

from typing import Any

import numpy as np

from flywheel_sim.engine.jit import f32, f64, inlined, step
from flywheel_sim.engine.kinds import State, Tables
from flywheel_sim.engine.maths import log64
from flywheel_sim.engine.random import ENDOWMENT, unit64, words

__all__ = ["change_traits", "traits_of"]


@inlined
def quantile(table: Any, row: int, word: np.uint32) -> float:
    """Quantile of a word, by linear interpolation in a row of the table."""
    x = unit64(word) * (table.shape[1] - 1)
    k = int(x)
    return f64(table[row, k]) + (x - k) * (f64(table[row, k + 1]) - f64(table[row, k]))


@inlined
def traits_of(table: Any, row: int, w_churn: np.uint32, w_fit: np.uint32) -> tuple[np.float32, np.float32]:
    """Churn propensity as a hazard, -log(1 - theta), and fit."""
    leave = quantile(table, row, w_churn)
    return f32(min(-log64(max(1.0 - leave, 1e-13)), 30.0)), f32(quantile(table, row + 1, w_fit))


@step
def change_traits(tables: Tables, state: State, run: int, old: int, new: int) -> None:
    """Give all accounts of a run the traits of another pair of tables, if it differs."""
    firm, same = state.run[run], True
    for row in range(2):
        for k in range(tables.traits.shape[1]):
            same = same and tables.traits[old + row, k] == tables.traits[new + row, k]
    if same:
        return
    for j in range(firm.accounts):
        _, w_churn, w_fit, _ = words(firm.seed, firm.replicate, j, 0, ENDOWMENT, 0)
        state.propensity[firm.account0 + j], state.fit[firm.account0 + j] = traits_of(
            tables.traits, new, w_churn, w_fit
        )
