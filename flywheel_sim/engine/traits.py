"""What an account keeps for life, read from the scenario's quantile tables.

Churn propensity and fit; the buying rate of customers without a contract, which is read when it is needed (M6); and
three factors with mean 1: how much an account talks (M5), how many issues it has (M8), how much contact it wants (M2).

When the timeline changes a distribution, every account keeps its rank and takes the new quantile: the same luck in a
changed world.
"""

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, gammainccinv, gammaincinv, ndtri

from flywheel_sim.engine.jit import f32, f64, inlined, step
from flywheel_sim.engine.kernel_types import State, Tables
from flywheel_sim.engine.portable_math import log64
from flywheel_sim.engine.random import ENDOWMENT, unit64, words
from flywheel_sim.engine.rows import Room, Rows
from flywheel_sim.scenario.schema import ScenarioModel

__all__ = ["TRAITS", "change_traits", "factor_quantiles", "give_factors", "trait_rows", "traits_of"]

#: Points of a trait's quantile table.
QUANTILES = 4096
#: Tables that are kept: some hundreds of worlds have five of their own each.
_KEPT = 1024
#: Rows of an epoch, in their order; the first two are even in the probability, the others in its tail.
TRAITS = ("churn propensity", "fit", "buying rate", "talk", "issues", "contacts wanted")
_TALK, _ISSUES, _WANTED, _ROWS = 3, 4, 5, 6


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


@inlined
def factor(table: Any, row: int, word: np.uint32) -> np.float32:
    """Factor of a word, from a table that is even in s = 1 - sqrt(1 - p)."""
    x = (1.0 - math.sqrt(1.0 - unit64(word))) * (table.shape[1] - 1)
    k = int(x)
    return f32(f64(table[row, k]) + (x - k) * (f64(table[row, k + 1]) - f64(table[row, k])))


@inlined
def give_factors(tables: Tables, state: State, i: int, row: int, seed: Any, replicate: Any, j: int) -> None:
    """Give account i (row in the batch), j in its run, its three factors."""
    w_talk, w_issues, w_wanted, _ = words(seed, replicate, j, 0, ENDOWMENT, 2)
    state.talk[i] = factor(tables.traits, row + _TALK, w_talk)
    state.issues[i] = factor(tables.traits, row + _ISSUES, w_issues)
    state.wanted[i] = factor(tables.traits, row + _WANTED, w_wanted)


@step
def change_traits(tables: Tables, state: State, run: int, old: int, new: int) -> None:
    """Give all accounts of a run the traits of another pair of tables, if it differs."""
    firm, same = state.run[run], True
    for row in range(_ROWS):
        for k in range(tables.traits.shape[1]):
            same = same and tables.traits[old + row, k] == tables.traits[new + row, k]
    if same:
        return
    for j in range(firm.accounts):
        _, w_churn, w_fit, _ = words(firm.seed, firm.replicate, j, 0, ENDOWMENT, 0)
        state.propensity[firm.account0 + j], state.fit[firm.account0 + j] = traits_of(
            tables.traits, new, w_churn, w_fit
        )
        give_factors(tables, state, firm.account0 + j, new, firm.seed, firm.replicate, j)


@lru_cache(maxsize=_KEPT)
def beta_quantiles(mean: float, dispersion: float) -> NDArray[np.float32]:
    """Return quantiles of a Beta with this mean and 1/(alpha+beta+1), even in probability, to interpolate."""
    if dispersion <= 0 or mean <= 0 or mean >= 1:
        return np.full(QUANTILES + 1, mean, np.float32)
    size = 1.0 / dispersion - 1.0
    p = np.linspace(0.0, 1.0, QUANTILES + 1)
    return np.asarray(betaincinv(mean * size, (1.0 - mean) * size, p), np.float32)


@lru_cache(maxsize=_KEPT)
def gamma_quantiles(shape: float, scale_weeks: float) -> NDArray[np.float32]:
    """Return quantiles of the buying rate, even in s = 1 - sqrt(1 - p): the long tail has points to interpolate.

    The last point stands for the largest p that a 32-bit word can mean.
    """
    above = _tail()
    half = int(np.sum(above > 0.5))  # above it goes down
    x = np.concatenate((gammaincinv(shape, 1.0 - above[:half]), gammainccinv(shape, above[half:])))
    return np.asarray(x / scale_weeks, np.float32)


def _tail() -> NDArray[np.float64]:
    """Return 1 - p on a grid even in s = 1 - sqrt(1 - p); the last stands for the largest p a 32-bit word can mean."""
    above = (1.0 - np.linspace(0.0, 1.0, QUANTILES + 1)) ** 2
    above[-1] = 2.0**-33
    return above


@lru_cache(maxsize=_KEPT)
def factor_quantiles(law: str, spread: float) -> NDArray[np.float32]:
    """Return quantiles of a factor with mean 1, on the grid of :func:`gamma_quantiles`; spread 0 is 1 for everybody.

    Parameters
    ----------
    law : {"lognormal", "gamma"}
    spread : float
        Standard deviation of the logarithm; of a gamma, its coefficient of variation, 1/sqrt(shape).
    """
    if spread <= 0:
        return np.ones(QUANTILES + 1, np.float32)
    if law == "lognormal":
        x = np.exp(-spread * ndtri(_tail()))
    else:
        x = gamma_quantiles(1.0 / spread**2, 1.0).astype(np.float64)
    # the mean of the table as it is read, straight between its points: those lie at 1 - p = (1 - s)^2
    s = np.linspace(0.0, 1.0, QUANTILES + 1)
    low, high = s[:-1], s[1:]
    level, slope = x[:-1], np.diff(x) / np.diff(s)
    mass = (1.0 - low) ** 2 - (1.0 - high) ** 2
    first = (high**2 - low**2) - 2.0 * (high**3 - low**3) / 3.0  # integral of s dp, dp = 2 (1 - s) ds
    mean = float(np.sum((level - slope * low) * mass + slope * first))
    return np.asarray(x / mean, np.float32)


def trait_rows(m: ScenarioModel, room: Room) -> Rows:
    """Return the quantiles of :data:`TRAITS`, one row each."""
    churn, contracts = m.market.churn, m.contracts
    buying = np.zeros(QUANTILES + 1, np.float32)
    if contracts.enabled and contracts.kind == "non-contractual":
        buying = gamma_quantiles(contracts.purchase_shape, contracts.purchase_scale_weeks)
    traits = [
        beta_quantiles(churn.mean, churn.dispersion),
        beta_quantiles(m.market.fit_mean, m.market.fit_dispersion),
        buying,
        factor_quantiles("lognormal", m.word_of_mouth.talk_spread),
        factor_quantiles("gamma", m.service.issue_spread),
        factor_quantiles("lognormal", m.relationship.wanted_spread),
    ]
    return {"traits": np.array(traits)}
