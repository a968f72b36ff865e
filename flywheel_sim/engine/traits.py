"""What an account keeps for life: its churn propensity and its fit, read from the scenario's quantile tables.

A third trait, the buying rate of customers without a contract, is read from its table when it is needed (M6).

When the timeline changes a distribution, every account keeps its rank and takes the new quantile: the same luck in a
changed world.
"""

from typing import Any

import numpy as np

from flywheel_sim.engine.jit import f32, f64, law, part
from flywheel_sim.engine.maths import log64
from flywheel_sim.engine.random import ENDOWMENT, unit64, words

__all__ = ["change_traits", "traits_of"]


@law
def quantile(table: Any, row: int, word: np.uint32) -> float:
    """Quantile of a word, by linear interpolation in a row of the table."""
    x = unit64(word) * (table.shape[1] - 1)
    k = int(x)
    return f64(table[row, k]) + (x - k) * (f64(table[row, k + 1]) - f64(table[row, k]))


@law
def traits_of(table: Any, row: int, w_churn: np.uint32, w_fit: np.uint32) -> tuple[np.float32, np.float32]:
    """Churn propensity as a hazard, -log(1 - theta), and fit."""
    leave = quantile(table, row, w_churn)
    return f32(min(-log64(max(1.0 - leave, 1e-13)), 30.0)), f32(quantile(table, row + 1, w_fit))


@part
def change_traits(tb: Any, st: Any, q: int, old: int, new: int) -> None:
    """Give all accounts of a run the traits of another pair of tables, if it differs."""
    r, same = st.run[q], True
    for row in range(2):
        for k in range(tb.traits.shape[1]):
            same = same and tb.traits[old + row, k] == tb.traits[new + row, k]
    if same:
        return
    for j in range(r.accounts):
        _, w_churn, w_fit, _ = words(r.seed, r.replicate, j, 0, ENDOWMENT, 0)
        st.propensity[r.account0 + j], st.fit[r.account0 + j] = traits_of(tb.traits, new, w_churn, w_fit)
