"""Where the teams point, and what is left of them when they pull together."""

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from flywheel_sim.present.compass import moments, side_of, single_compass
from flywheel_sim.present.drawing import FRAME, GRID, INK, MUTED, canvas, color, written
from flywheel_sim.results import Run
from flywheel_sim.results.directions import TeamPaths, team_paths
from flywheel_sim.teach.picture import Lesson, Picture, check_weeks

__all__ = ["compass", "resultant"]

Floats = NDArray[np.float64]


def _paths(run: Run, weeks: tuple[int, ...]) -> TeamPaths:
    paths = team_paths([run])
    if paths is None:
        raise ValueError("this run kept no team directions, or has no teams")
    check_weeks(run, weeks)
    return paths


def compass(run: Run, *weeks: int) -> Lesson:
    """Return the teams of a run as a compass, one picture a week; straight up is what customers need.

    Parameters
    ----------
    run : Run
        One run.
    *weeks : int
        Which weeks; default start, middle and end.

    Returns
    -------
    Lesson
        The angle of an arrow to the vertical is the team's true angle to the need.

    Raises
    ------
    ValueError
        When the run has no such week or no team directions.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> run = fs.run({"extends": "b2b-saas", "horizon_weeks": 8}, seed=1)
    >>> len(fs.teach.compass(run, 1, 8))
    2
    """
    chosen = weeks or moments(run.weeks)
    paths = _paths(run, chosen)
    pictures = []
    for week in chosen:
        mean = paths.direction[week - 1].mean(axis=0)
        length = float(np.linalg.norm(mean))
        pictures.append(
            Picture(
                single_compass(paths, week),
                f"Week {week}: the mean of {len(paths.teams)} unit arrows is {length:.2f} long: their alignment.",
            )
        )
    return Lesson(pictures)


def resultant(run: Run, week: int | None = None) -> Lesson:
    """Return what is left when the teams pull together: arrows side by side, head to tail, and their sum.

    Parameters
    ----------
    run : Run
        One run.
    week : int, optional
        Default: the last one.

    Returns
    -------
    Lesson
        Arrows are shadows on the plane of the need and the axis on which teams differ most, so that they add up.

    Raises
    ------
    ValueError
        When the run has no such week or no team directions.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> run = fs.run({"extends": "b2b-saas", "horizon_weeks": 8}, seed=1)
    >>> fs.teach.resultant(run)[1].caption[:44]
    'Head to tail: the detours cancel, what is le'
    """
    now = run.weeks if week is None else week
    paths = _paths(run, (now,))
    side = side_of([paths])
    need = paths.need[now - 1] / np.linalg.norm(paths.need[now - 1])
    across = side.direction - (side.direction @ need) * need
    across /= np.linalg.norm(across)
    arrows = paths.direction[now - 1] @ np.column_stack([across, need])
    count, total = len(arrows), float(arrows[:, 1].sum())
    pictures = []

    figure = canvas(430, 300)
    axes = figure.add_axes((0.02, 0.02, 0.96, 0.96))
    low = min(0.0, float(arrows[:, 1].min())) - 0.25
    _ground(axes, -1.9, 1.9, low, 1.25, need_to=1.05)
    order = np.argsort(arrows[:, 0])
    for k, tip in enumerate(arrows):
        _arrow(axes, np.zeros(2), tip, color(k), 2.0)
    heights = _spread([float(arrows[k, 1]) for k in order], 0.13)
    for k, y in zip(order, heights, strict=True):
        sign = 1.0 if arrows[k, 0] >= 0 else -1.0
        x = sign * 1.15
        axes.plot([arrows[k, 0], x], [arrows[k, 1], y], color=color(int(k)), linewidth=0.6, alpha=0.55)
        axes.text(
            x + 0.03 * sign,
            y,
            paths.teams[k],
            color=written(color(int(k))),
            ha="left" if sign > 0 else "right",
            va="center",
            fontsize=9.5,
        )
    axes.text(0.08, low + 0.08, f"{side.right} \N{RIGHTWARDS ARROW}", ha="left", va="center", color=MUTED, fontsize=9)
    axes.text(-0.08, low + 0.08, f"\N{LEFTWARDS ARROW} {side.left}", ha="right", va="center", color=MUTED, fontsize=9)
    pictures.append(Picture(figure, f"Week {now}: {count} teams of equal strength, each with a direction of its own."))

    walk = np.vstack([np.zeros(2), np.cumsum(arrows[order], axis=0)])
    figure = canvas(430, 430)
    axes = figure.add_axes((0.02, 0.02, 0.96, 0.96))
    low = min(0.0, float(walk[:, 1].min())) - 0.3
    half = (count + 0.9 - low) / 2
    shift = float(np.clip(np.median(walk[:, 0]), -half / 2, half / 2))
    _ground(axes, shift - half, shift + half, low, count + 0.9, need_to=count)
    axes.text(0.12, count - 0.15, f"all on the need: {count}", color=MUTED, fontsize=9, va="top")
    for k, start, end in zip(order, walk[:-1], walk[1:], strict=True):
        _arrow(axes, start, end, color(int(k)), 2.0)
    _arrow(axes, np.zeros(2), walk[-1], INK, 4.0)
    axes.plot([0, walk[-1][0]], [total, total], color=FRAME, linewidth=0.9, dashes=(2, 2))
    left = walk[-1][0] >= 0
    axes.text(
        -0.15 if left else 0.15,
        total,
        f"{total:.1f}",
        color=INK,
        ha="right" if left else "left",
        va="center",
        fontsize=14,
        weight="bold",
    )
    caption = f"Head to tail: the detours cancel, what is left along the need is {total:.1f} of {count}."
    pictures.append(Picture(figure, caption))
    return Lesson(pictures)


def _ground(axes: Axes, left: float, right: float, low: float, high: float, *, need_to: float) -> None:
    axes.set_axis_off()
    axes.set_aspect("equal")
    axes.set_xlim(left, right)
    axes.set_ylim(low, high)
    axes.plot([left * 0.9, right * 0.9], [0, 0], color=GRID, linewidth=0.9)
    axes.plot([0, 0], [0, need_to], color=FRAME, linewidth=0.9, dashes=(2, 2))
    axes.text(0, need_to, "what customers need", ha="center", va="bottom", fontsize=9, color=MUTED)


def _arrow(axes: Axes, start: Floats, end: Floats, tint: str, width: float) -> None:
    look = {"arrowstyle": "-|>", "color": tint, "linewidth": width, "mutation_scale": 6 + 2.2 * width}
    axes.annotate(
        "",
        (float(end[0]), float(end[1])),
        (float(start[0]), float(start[1])),
        arrowprops={**look, "shrinkA": 0, "shrinkB": 0},
    )


def _spread(wanted: list[float], room: float) -> list[float]:
    """Return heights near the wanted ones, no two on the same side closer than ``room``."""
    from flywheel_sim.present.drawing import apart

    return apart(wanted, [room] * len(wanted), -0.9, 1.1)
