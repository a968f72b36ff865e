"""Run the replica, and hold it against the engine."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.engine.lowering import lower
from flywheel_sim.scenario import Scenario, load
from flywheel_sim.scenario.columns import COLUMNS, NAMES
from replica.tick import Replica

__all__ = ["COUNTS", "Difference", "compare_with_engine", "run"]

#: Columns that count events or accounts; all others are sums and means of float numbers.
COUNTS = tuple(name for name, unit, _ in COLUMNS if unit in ("accounts", "1/week", "count", "issues", "0 or 1"))


def run(
    scenario: Scenario | str | Mapping[str, Any], seed: int = 1, replicate: int = 0, weeks: int | None = None
) -> NDArray[np.float64]:
    """Run a scenario in plain Python; meant for a few hundred accounts (about 0.1 ms a customer-week).

    Parameters
    ----------
    scenario : Scenario, name, path or mapping
        What :func:`flywheel_sim.load` takes.
    seed, replicate : int
        Key of the run's luck, as for :func:`flywheel_sim.run`.
    weeks : int, optional
        Weeks to run; to the horizon by default.

    Returns
    -------
    weekly : float64 array, shape (weeks, n_columns)
        The weekly columns in the order of ``flywheel_sim.scenario.columns.NAMES``.

    Raises
    ------
    NotImplementedError
        If the scenario uses a mechanism that is newer than the replica.

    Examples
    --------
    >>> from flywheel_sim import load
    >>> import replica
    >>> small = load("limits/a23-reproduction").with_({"market.accounts": 50, "market.initial_customers": 20})
    >>> len(replica.run(small, seed=7, weeks=2))
    2
    """
    replica = Replica(lower([load(scenario).model]), seed, replicate)
    for _ in range(replica.horizon if weeks is None else min(weeks, replica.horizon)):
        replica.step()
    return np.array([[row[name] for name in NAMES] for row in replica.world.rows]).reshape(-1, len(NAMES))


@dataclass(frozen=True)
class Difference:
    """The first place where replica and engine part ways.

    Attributes
    ----------
    week : int
        1-based; 0 is the start.
    column : str
    engine, replica : float
    also : tuple of str
        Other columns that differ in that week.
    """

    week: int
    column: str
    engine: float
    replica: float
    also: tuple[str, ...] = ()

    def __str__(self) -> str:
        more = f"; also {', '.join(self.also)}" if self.also else ""
        return f"week {self.week}, {self.column}: engine {self.engine!r}, replica {self.replica!r}{more}"


def compare_with_engine(
    scenario: Scenario | str | Mapping[str, Any],
    seed: int = 1,
    weeks: int | None = None,
    replicate: int = 0,
    tolerance: float = 1e-6,
) -> Difference | None:
    """Run replica and engine side by side and report the first week and column that differ.

    Parameters
    ----------
    scenario, seed, weeks, replicate
        As for :func:`run`.
    tolerance : float
        Allowed relative difference of sums and means; counts must be equal.

    Returns
    -------
    Difference or None
        None if there is none.
    """
    from flywheel_sim.engine.run import Simulation

    model = load(scenario).model
    replica = Replica(lower([model]), seed, replicate)
    simulation = Simulation([model], [(0, seed, replicate)], keep_teams=False)
    found = _differs(0, simulation.arrays(0).initial, replica.world.initial, tolerance)
    if found:
        return found
    simulation.advance(weeks)
    for week, engine in enumerate(simulation.arrays(0).weekly, start=1):
        replica.step()
        found = _differs(week, engine, replica.world.rows[-1], tolerance)
        if found:
            return found
    return None


def _differs(week: int, engine: NDArray[np.float64], row: dict[str, float], tolerance: float) -> Difference | None:
    replica = np.array([row[name] for name in NAMES])
    allowed = tolerance * np.maximum(1.0, np.maximum(np.abs(engine), np.abs(replica)))
    allowed[[NAMES.index(name) for name in COUNTS]] = 0.0
    wrong = [NAMES[i] for i in np.flatnonzero(~(np.abs(engine - replica) <= allowed))]
    if not wrong:
        return None
    at = NAMES.index(wrong[0])
    return Difference(week, wrong[0], float(engine[at]), float(replica[at]), tuple(wrong[1:]))
