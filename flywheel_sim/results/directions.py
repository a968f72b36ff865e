"""Where the teams point: angles to the customers' need, averaged over runs."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results.run import Run

if TYPE_CHECKING:
    from flywheel_sim.scenario import Scenario

__all__ = ["TeamPaths", "mean_need", "team_paths"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TeamPaths:
    """Directions of T teams over W weeks, over many runs.

    Parameters
    ----------
    teams, axes : tuple of str
    angle : float64 array, shape (W, T, 3)
        Angle to the customers' need in degrees: 10, 50 and 90 % quantile of the runs.
    direction : float64 array, shape (W, T, d)
        Mean direction over the runs; shorter than 1 where runs disagree.
    magnitude : float64 array, shape (W, T)
        Mean magnitude per head.
    need : float64 array, shape (W, d)
        Mean direction of the customers' need.
    """

    teams: tuple[str, ...]
    axes: tuple[str, ...]
    angle: Floats
    direction: Floats
    magnitude: Floats
    need: Floats

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the same as one long table, a row per week and team."""
        weeks, count = self.magnitude.shape
        table: dict[str, NDArray[Any]] = {
            "week": np.repeat(np.arange(1, weeks + 1), count),
            "team": np.tile(np.array(self.teams, dtype=str), weeks),
            "magnitude": self.magnitude.ravel(),
        }
        table |= {f"angle_q{q}": np.ascontiguousarray(self.angle[:, :, k].ravel()) for k, q in enumerate(_PERCENT)}
        for k, axis in enumerate(self.axes):
            table[f"u_{axis}"] = np.ascontiguousarray(self.direction[:, :, k].ravel())
            table[f"need_{axis}"] = np.repeat(self.need[:, k], count)
        return table

    @classmethod
    def of(cls, table: Mapping[str, NDArray[Any]]) -> "TeamPaths":
        """Read the paths back from the long table."""
        weeks = int(table["week"].max())
        axes = tuple(name.removeprefix("u_") for name in table if name.startswith("u_"))

        def wide(name: str) -> Floats:
            return np.asarray(table[name], np.float64).reshape(weeks, -1)

        return cls(
            teams=tuple(str(name) for name in table["team"][: wide("magnitude").shape[1]]),
            axes=axes,
            angle=np.stack([wide(f"angle_q{q}") for q in _PERCENT], axis=-1),
            direction=np.stack([wide(f"u_{axis}") for axis in axes], axis=-1),
            magnitude=wide("magnitude"),
            need=np.stack([wide(f"need_{axis}")[:, 0] for axis in axes], axis=-1),
        )


_PERCENT = (10, 50, 90)


def team_paths(runs: Sequence[Run]) -> TeamPaths | None:
    """Average the teams of runs of one scenario; None when they kept none."""
    kept = [run.arrays.teams for run in runs if run.arrays.teams is not None]
    if len(kept) != len(runs) or kept[0].shape[1] == 0:
        return None
    model = runs[0].scenario.model
    teams = np.array(kept)
    direction = teams[..., 1:]
    need = np.array([_need(run) for run in runs])
    cosine = np.einsum("rwtd,rwd->rwt", direction, need)
    angle = np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
    return TeamPaths(
        teams=tuple(model.teams),
        axes=tuple(model.axes),
        angle=np.moveaxis(np.quantile(angle, [q / 100 for q in _PERCENT], axis=0), 0, -1),
        direction=direction.mean(axis=0),
        magnitude=teams[..., 0].mean(axis=0),
        need=need.mean(axis=0),
    )


def mean_need(scenario: "Scenario") -> Floats:
    """Return the direction of the customers' need at the start: the segments' needs weighted by their share and spend.

    Returns
    -------
    float64 array, shape (d,)
    """
    model = scenario.model
    total = np.zeros(len(model.axes))
    for segment in model.segments.values():
        need = np.array([segment.need.get(axis, 0.0) for axis in model.axes])
        total += segment.share * segment.spend * need / math.sqrt(float(need @ need))
    length = math.sqrt(float(total @ total))
    return total / length if length > 0 else total


def _need(run: Run) -> Floats:
    """Return the need by week: as the engine kept it, else as it was at the start."""
    kept = getattr(run.arrays, "need", None)
    if kept is not None:
        return np.asarray(kept, np.float64)
    return np.broadcast_to(mean_need(run.scenario), (run.weeks, len(run.scenario.model.axes)))
