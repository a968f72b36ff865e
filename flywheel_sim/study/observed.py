"""Lay a simulation over the observations its scenario names, beside two baselines fitted to the same data."""

from collections.abc import Sequence

import numpy as np

from flywheel_sim.results import Run
from flywheel_sim.results.observed import Observations, Overlay, Track
from flywheel_sim.study.baselines import BASELINES
from flywheel_sim.study.observations import measured, observations

__all__ = ["overlay"]


def overlay(runs: Sequence[Run], seen: Observations | None = None) -> Overlay:
    """Compare runs of one scenario with what was observed.

    Baselines are fitted to the observations up to ``fit_until``, the one of week 0 included; errors are taken over
    later weeks only, in sample and out of sample.

    Parameters
    ----------
    runs : sequence of Run
        Runs of one scenario; their mean is compared, and ten or more give a band.
    seen : Observations, optional
        Default: what the scenario names.

    Returns
    -------
    Overlay

    Raises
    ------
    ScenarioError
        When the scenario names no data, or data that cannot be read.
    """
    found = seen if seen is not None else observations(runs[0].scenario)
    tracks = []
    for series in found.series:
        known = found.in_sample & np.isfinite(series.values)
        years = series.weeks / 52.0
        tracks.append(
            Track(
                series=series,
                in_sample=found.in_sample,
                simulated=np.array([measured(run, found, series) for run in runs]),
                baselines={name: curve(years[known], series.values[known], years) for name, curve in BASELINES.items()},
            )
        )
    return Overlay(found, tuple(tracks), len(runs))
