"""Numbers that are known of a company beside data that it is fitted to: who moves what, and in which order.

A known number keeps the setting it is moved through.  Where the known numbers are met, what else stands under
``observed.fit`` is fitted to the data; the known numbers are met again from there, and last it is told how far the data
are from the company that came of both.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import Scenario
from flywheel_sim.study.calibration.calibrate import calibrate
from flywheel_sim.study.calibration.known_numbers import moved_by
from flywheel_sim.study.calibration.observations import observations
from flywheel_sim.study.calibration.observed import overlay
from flywheel_sim.study.lent import lent

__all__ = ["FittedBeside", "distances", "fit_beside"]


@dataclass(frozen=True)
class FittedBeside:
    """A company fitted to its data as far as no known number says otherwise.

    Parameters
    ----------
    scenario : Scenario
    values : dict of str to float
        What was fitted, by path.
    kept : tuple of str
        Paths that the data could have fitted and a known number moves.
    """

    scenario: Scenario
    values: dict[str, float]
    kept: tuple[str, ...]


def fit_beside(
    scenario: Scenario,
    *,
    seed: int = 1,
    replicates: int = 16,
    workers: int | None = None,
    progress: Callable[[str], Any] = lambda text: None,
    folder: Path | None = None,
) -> FittedBeside:
    """Fit to the data what no known number moves.

    Parameters
    ----------
    scenario : Scenario
        With numbers under ``known``, and data and parameters under ``observed``.
    seed, replicates, workers
        Of the runs of a parameter set.
    progress : callable
        Given lines for people.
    folder : Path, optional
        Where the parameter sets are kept; begun again with it, a fit that was interrupted goes on.
    """
    fit, taken = scenario.model.observed.fit, moved_by(scenario)
    kept = {name: one.path for name, one in fit.items() if one.path in taken}
    if not scenario.model.observed.file or len(kept) == len(fit):
        return FittedBeside(scenario, {}, tuple(kept.values()))
    free = scenario.with_({f"observed.fit.{name}": None for name in kept}) if kept else scenario
    progress(f"fitting {', '.join(one.path for one in free.model.observed.fit.values())} to the data")
    calibration = calibrate(
        free,
        replicates=replicates,
        seed=seed,
        workers=workers,
        folder=folder,
        progress=lambda sets, cost: progress(f"{sets} parameter sets, cost {cost:.4g}") if sets % 25 == 0 else None,
    )
    return FittedBeside(scenario.with_(calibration.values), calibration.values, tuple(kept.values()))


def distances(scenario: Scenario, *, seed: int, replicates: int, workers: int | None = None) -> dict[str, float]:
    """Return how far a company is from its data: the root mean square of ln(simulated / observed), by series."""
    observed = observations(scenario)
    runs = batch([lent(scenario)], replicates=replicates, seed=seed, workers=workers)[0]
    distance = {}
    for track in overlay(runs, observed).tracks:
        values = track.series.values
        used = observed.in_sample & track.series.comparable & (values > 0) & (track.center > 0)
        if track.series.fitted and used.any():
            distance[track.series.name] = float(np.sqrt(np.mean(np.log(track.center[used] / values[used]) ** 2)))
    return distance
