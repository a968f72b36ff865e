"""Lay a simulation over the observations its scenario names, beside two baselines fitted to the same data."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results import Run
from flywheel_sim.results.observed import Observations, Overlay, Track
from flywheel_sim.study.calibration.baseline_curves import BASELINES
from flywheel_sim.study.calibration.observations import measured, observations

__all__ = ["beside", "overlay"]


def overlay(runs: Sequence[Run], seen: Observations | None = None, *, holds: str = "luck") -> Overlay:
    """Compare runs of one scenario with what was observed.

    Baselines are fitted to the observations up to ``fit_until``, the one of week 0 included; errors are taken over
    later weeks only, in sample and out of sample.

    Parameters
    ----------
    runs : sequence of Run
        Runs of one scenario; their mean is compared, and ten or more give a band.
    seen : Observations, optional
        Default: what the scenario names.
    holds : str
        What differs between the runs; see `Overlay`.

    Returns
    -------
    Overlay

    Raises
    ------
    ScenarioError
        When the scenario names no data, or data that cannot be read.
    """
    observed = seen if seen is not None else observations(runs[0].scenario)
    simulated = [np.array([measured(run, observed, series) for run in runs]) for series in observed.series]
    return beside(observed, simulated, holds)


def beside(seen: Observations, simulated: Sequence[NDArray[np.float64]], holds: str) -> Overlay:
    """Return observed series beside simulated ones, an array of shape (runs, n) for each, and the baselines."""
    tracks = []
    for series, values in zip(seen.series, simulated, strict=True):
        known = seen.in_sample & np.isfinite(series.values)
        years = series.weeks / 52.0
        lines = {name: curve(years[known], series.values[known], years) for name, curve in BASELINES.items()}
        tracks.append(Track(series, seen.in_sample, values, lines))
    return Overlay(seen, tuple(tracks), len(simulated[0]), holds)
