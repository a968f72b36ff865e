"""What an account keeps for life: its churn propensity and its fit, read from the scenario's quantile tables.

A third trait, the buying rate of customers without a contract, is read from its table when it is needed (M6).

When the timeline changes a distribution, every account keeps its rank and takes the new quantile: the same luck in a
changed world.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, gammainccinv, gammaincinv

from flywheel_sim.engine.jit import f32, f64, inlined, step
from flywheel_sim.engine.kinds import State, Tables
from flywheel_sim.engine.maths import log64
from flywheel_sim.engine.random import ENDOWMENT, unit64, words
from flywheel_sim.engine.rows import Room, Rows
from flywheel_sim.scenario.schema import ScenarioModel

__all__ = ["change_traits", "trait_rows", "traits_of"]

#: Points of a trait's quantile table.
QUANTILES = 4096


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


@lru_cache(maxsize=256)
def beta_quantiles(mean: float, dispersion: float) -> NDArray[np.float32]:
    """Return quantiles of a Beta with this mean and 1/(alpha+beta+1), even in probability, to interpolate."""
    if dispersion <= 0 or mean <= 0 or mean >= 1:
        return np.full(QUANTILES + 1, mean, np.float32)
    size = 1.0 / dispersion - 1.0
    p = np.linspace(0.0, 1.0, QUANTILES + 1)
    return np.asarray(betaincinv(mean * size, (1.0 - mean) * size, p), np.float32)


@lru_cache(maxsize=256)
def gamma_quantiles(shape: float, scale_weeks: float) -> NDArray[np.float32]:
    """Return quantiles of the buying rate, even in s = 1 - sqrt(1 - p): the long tail has points to interpolate.

    The last point stands for the largest p that a 32-bit word can mean.
    """
    above = (1.0 - np.linspace(0.0, 1.0, QUANTILES + 1)) ** 2
    above[-1] = 2.0**-33
    x = np.where(above > 0.5, gammaincinv(shape, 1.0 - above), gammainccinv(shape, above))
    return np.asarray(x / scale_weeks, np.float32)


def trait_rows(m: ScenarioModel, room: Room) -> Rows:
    """Return the quantiles of churn propensity, fit and buying rate, one row each."""
    churn, contracts = m.market.churn, m.contracts
    buying = np.zeros(QUANTILES + 1, np.float32)
    if contracts.enabled and contracts.kind == "non-contractual":
        buying = gamma_quantiles(contracts.purchase_shape, contracts.purchase_scale_weeks)
    traits = [
        beta_quantiles(churn.mean, churn.dispersion),
        beta_quantiles(m.market.fit_mean, m.market.fit_dispersion),
        buying,
    ]
    return {"traits": np.array(traits)}
