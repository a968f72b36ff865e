"""What is known of a company and one run can tell: targets of its base case, and numbers its file says are known."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results import Run
from flywheel_sim.results.summary import SUMMARY
from flywheel_sim.scenario import Scenario
from flywheel_sim.scenario.blocks.frozen import YEARLY
from flywheel_sim.scenario.known import Known
from flywheel_sim.study.calibration.company_targets import read_of_run
from flywheel_sim.study.calibration.freezing import quantity_of
from flywheel_sim.study.calibration.known_numbers import read_numbers

__all__ = ["DISCREPANCY", "Target", "known_targets"]

Floats = NDArray[np.float64]

#: Standard deviation of what the model leaves out, as a share of the band's width.
DISCREPANCY = 0.125
#: Known numbers that a scenario states itself, so that no draw could tell anything of them.
_STATED = ("price", "market", "customers")


@dataclass(frozen=True)
class Target:
    """What is known of a company, how a run is asked for it, and the standard deviation of the answer."""

    name: str
    low: float
    high: float
    read: Callable[[Run], float]
    error: float = math.nan

    @property
    def spread(self) -> float:
        """Return the standard deviation of luck and of what the model leaves out."""
        return max(math.hypot(self.error, DISCREPANCY * (self.high - self.low)), 1e-12)

    def scaled(self, x: Floats) -> Floats:
        """Return values in widths of the band from its middle; far from it, their logarithm."""
        return np.asarray(np.arcsinh((x - (self.low + self.high) / 2.0) / max(self.high - self.low, 1e-12)))


def known_targets(scenario: Scenario) -> list[Target]:
    """Return what is known of a company and one run can tell."""
    targets = []
    for name, target in scenario.model.frozen.targets.items():
        if name in YEARLY:
            read = read_of_run(name, scenario.model.horizon_weeks)
        elif name in SUMMARY or name in ("churn_monthly", "containment", "utilisation"):
            read = _quantity(name)
        else:
            read = None
        if read is not None:
            targets.append(Target(name, target.low, target.high, read))
    targets += [
        Target(f"known.{one.name}", one.low, one.high, _of_known(one))
        for one in scenario.known
        if one.name not in _STATED
    ]
    return targets


def _quantity(name: str) -> Callable[[Run], float]:
    return lambda run: quantity_of(name, run)


def _of_known(one: Known) -> Callable[[Run], float]:
    return lambda run: read_numbers([one], [run])[one.name][0]
