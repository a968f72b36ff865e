"""What one run of the engine leaves behind, as plain arrays: the contract between the engine and ``results``."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["RunArrays"]


@dataclass(frozen=True)
class RunArrays:
    """Arrays of one finished (or paused) run.

    Attributes
    ----------
    seed, replicate : int
        Key of the run's luck.
    weeks : int
        Weeks simulated so far, W.
    initial : float64 array, shape (n_columns,)
        State before week 1, in the order of ``scenario.columns.NAMES`` (flows are 0).
    weekly : float64 array, shape (W, n_columns)
        One row per week.
    teams : float64 array, shape (W, T, 1 + d), or None
        Magnitude per head, then the direction, of every team at the end of every week.
    life : float64 array, shape (A, 3)
        By weeks since the sale: customers entering observation, customers lost, referrals that became customers.
        Who enters at age a (0 for a new customer) is in row a; who is lost in the a-th week of a spell is in row a,
        counted from 1, and so are referrals made in it.
    need : float64 array, shape (W, d), or None
        Unit vector of what the company's customers need, at the end of every week; kept when ``teams`` is.
    accounts : mapping of arrays of length N, or None
        One row per account, where ``results`` keeps them (``results/accounts.py``).
    """

    seed: int
    replicate: int
    weeks: int
    initial: NDArray[np.float64]
    weekly: NDArray[np.float64]
    teams: NDArray[np.float64] | None
    life: NDArray[np.float64]
    need: NDArray[np.float64] | None = None
    accounts: Mapping[str, NDArray[np.generic]] | None = None
