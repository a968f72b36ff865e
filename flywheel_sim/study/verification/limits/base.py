"""How a limit is written down: a scenario, what is read off each run, and how that is held against a closed form."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results import Run
from flywheel_sim.results.verification import Quantity
from flywheel_sim.scenario import Scenario

__all__ = ["Limit", "Sample", "alone", "average", "curve", "exactly", "exactly_at", "known", "ratio"]

Floats = NDArray[np.float64]


def alone(scenario: Scenario) -> list[Scenario]:
    """Return only the scenario itself."""
    return [scenario]


@dataclass(frozen=True)
class Sample:
    """What was read off the runs of a limit.

    Parameters
    ----------
    scenarios : sequence of Scenario
        The limit's variants; the first is as the user set it.
    values : sequence of float64 arrays, shape (replicates, k)
        Per variant, a row per run.
    """

    scenarios: Sequence[Scenario]
    values: Sequence[Floats]

    @property
    def model(self) -> Any:
        """Parameters of the first variant."""
        return self.scenarios[0].model

    @property
    def first(self) -> Floats:
        """Readings of the first variant."""
        return self.values[0]


@dataclass(frozen=True)
class Limit:
    """A configuration in which the simulation must be a closed form.

    Parameters
    ----------
    key : str
        ``A21-returns``; what stands before the dash is the closed form.
    title, scenario : str
        In words, and the shipped scenario without ``limits/``.
    free : tuple of str
        Paths a user may set; the closed form follows them.  A path ending in a dot frees what is below it.
    observe : callable
        From a run to the numbers kept of it.
    judge : callable
        From a `Sample` to quantities.
    quick, full : int
        Replicates.
    bias : str
        Why theory and simulation may lie apart, and by how much; empty where they may not.
    given : mapping
        Set on the shipped scenario before the user's settings.
    variants : callable
        From the scenario as set to the ones run.
    teams, accounts : bool
        What runs must keep.
    path : callable, optional
        From a `Sample` to theory between the points of its curves, to draw: name of the curve -> (x, y).
    """

    key: str
    title: str
    scenario: str
    free: tuple[str, ...]
    observe: Callable[[Run], Floats]
    judge: Callable[[Sample], list[Quantity]]
    quick: int = 1
    full: int = 1
    bias: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)
    variants: Callable[[Scenario], list[Scenario]] = alone
    teams: bool = False
    accounts: bool = False
    path: Callable[[Sample], dict[str, tuple[Floats, Floats]]] | None = None

    @property
    def anchor(self) -> str:
        """Return the number of the closed form."""
        return self.key.partition("-")[0]

    def follows(self, path: str) -> bool:
        """Tell whether theory follows when this is set."""
        return any(path == one or (one.endswith(".") and path.startswith(one)) for one in self.free)


def average(
    name: str, values: Floats, theory: float, *, bias: float = 0.0, line: str = "", x: float | None = None
) -> Quantity:
    """Return the mean over runs, its error estimated from their spread; without spread the comparison is exact."""
    sample = np.asarray(values, dtype=np.float64)
    error = float(sample.std(ddof=1) / np.sqrt(sample.size)) if sample.size > 1 else 0.0
    return Quantity(name, float(theory), float(sample.mean()), error, bias, max(sample.size - 1.0, 1.0), line, x)


def ratio(name: str, part: Floats, whole: Floats, theory: float, *, bias: float = 0.0) -> Quantity:
    """Return the sum of one number over runs over that of another, its error by the delta method.

    The mean of the runs' own ratios would be off by the covariance of ratio and whole, which does not fade with runs.
    """
    above, below = np.asarray(part, dtype=np.float64), np.asarray(whole, dtype=np.float64)
    measured = float(above.sum() / below.sum())
    rest = above - measured * below
    error = float(rest.std(ddof=1) / below.mean() / np.sqrt(rest.size)) if rest.size > 1 else 0.0
    return Quantity(name, float(theory), measured, error, bias, max(rest.size - 1.0, 1.0))


def known(
    name: str, model: float, theory: float, error: float, *, bias: float = 0.0, line: str = "", x: float | None = None
) -> Quantity:
    """Return a number whose standard error theory tells."""
    return Quantity(name, float(theory), float(model), float(error), bias, line=line, x=x)


def exactly(
    name: str, model: float, theory: float, tolerance: float = 1e-9, *, line: str = "", x: float | None = None
) -> Quantity:
    """Return a quantity without luck."""
    return Quantity(name, float(theory), float(model), 0.0, tolerance, line=line, x=x)


def exactly_at(weeks: Iterable[int], line: str, path: Floats, theory: Floats, tolerance: float) -> list[Quantity]:
    """Return one `exactly` for each of these weeks that a path has; its first number is that of week 1."""
    return [
        exactly(f"{line}, week {week}", path[week - 1], theory[week - 1], tolerance, line=line, x=week)
        for week in weeks
        if week <= len(theory)
    ]


def curve(
    name: str, at: Sequence[float], values: Floats, theory: Floats, unit: str, *, bias: Floats | float = 0.0
) -> list[Quantity]:
    """Return one `average` for each point of a curve; ``values`` has a row per run."""
    allowed = np.broadcast_to(np.asarray(bias, dtype=np.float64), (len(at),))
    return [
        average(f"{name}, {unit} {x:g}", values[:, k], float(theory[k]), bias=float(allowed[k]), line=name, x=float(x))
        for k, x in enumerate(at)
    ]
