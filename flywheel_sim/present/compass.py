"""Where the teams point, as compasses: straight up is what customers need.

The angle of an arrow to the vertical is the team's angle to the customers' need in the full space of priorities, so
nothing about it is lost in the drawing.  Left and right tell what a team looks at instead: the side is the sign along
the axis on which the teams differ most at the start, once the need is taken out.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Arc
from numpy.typing import NDArray

from flywheel_sim.present.drawing import FRAME, GRID, INK, MUTED, apart, canvas, color, written
from flywheel_sim.results import Outcomes
from flywheel_sim.results.directions import TeamPaths

__all__ = ["Side", "compass_chart", "moments", "side_of", "single_compass"]

Floats = NDArray[np.float64]


class Side(NamedTuple):
    """What left and right mean."""

    direction: Floats
    left: str
    right: str


def moments(weeks: int) -> tuple[int, ...]:
    """Return weeks that are shown: start, middle and end.

    Examples
    --------
    >>> moments(260), moments(2), moments(1)
    ((1, 130, 260), (1, 2), (1,))
    """
    return tuple(dict.fromkeys((1, max(weeks // 2, 1), weeks)))


def side_of(paths: Sequence[TeamPaths]) -> Side:
    """Return the direction, square to the need, along which the teams of all scenarios differ most in the first
    week.
    """
    first = paths[0]
    need = _unit(first.need[0])
    across = np.concatenate(
        [p.direction[0] - np.outer(p.direction[0] @ need, need) for p in paths if p.axes == first.axes]
    )
    axis = np.linalg.svd(across - across.mean(axis=0), full_matrices=False)[2][0]
    axis = _unit(axis - (axis @ need) * need)
    # The first named axis is to the right, so that pictures of one company agree.
    heavy = int(np.argmax(np.abs(axis)))
    if axis[0] < 0 or (abs(axis[0]) < 0.2 and axis[heavy] < 0):
        axis = -axis
    right, left = int(np.argmax(axis)), int(np.argmin(axis))
    return Side(axis, first.axes[left], first.axes[right])


def compass_chart(outcomes: Outcomes) -> Figure:
    """Draw one row of compasses per scenario: start, middle, end."""
    shown = [(k, paths) for k, paths in enumerate(outcomes.teams) if paths is not None]
    if not shown:
        raise ValueError("these runs kept no team directions")
    side = side_of([paths for _, paths in shown])
    columns = moments(outcomes.weeks)
    depth = _depth([paths for _, paths in shown], columns)
    width, scale, title, top = 980.0, 72.0, 24.0, 22.0
    tall = (_UP + depth) * scale
    height = top + len(shown) * (tall + title)
    figure = canvas(width, height)
    longest = max(float(paths.magnitude.max()) for _, paths in shown)
    cell = width / len(columns)
    for row, (index, paths) in enumerate(shown):
        bottom = height - top - (row + 1) * (tall + title)
        figure.text(
            4 / width,
            (bottom + tall + title / 2) / height,
            outcomes.labels[index],
            color=INK,
            weight="bold",
            fontsize=11,
            ha="left",
            va="center",
        )
        for column, week in enumerate(columns):
            axes = figure.add_axes((column * cell / width, bottom / height, cell / width, tall / height))
            axes.set_xlim(-cell / scale / 2, cell / scale / 2)
            axes.set_ylim(-depth, _UP)
            _compass(axes, paths, week, side, longest, _need_words(outcomes, index, paths))
            if row == 0:
                word = {0: "start", len(columns) - 1: "end"}.get(column, "middle")
                figure.text(
                    (column + 0.5) * cell / width,
                    (height - 12) / height,
                    f"{word}: week {week}",
                    color=MUTED,
                    fontsize=10.5,
                    ha="center",
                    va="center",
                )
    return figure


def single_compass(paths: TeamPaths, week: int) -> Figure:
    """Draw one compass: the teams of one scenario at one week."""
    depth, scale = _depth([paths], (week,)), 90.0
    figure = canvas(430.0, (_UP + depth) * scale)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(-215.0 / scale, 215.0 / scale)
    axes.set_ylim(-depth, _UP)
    _compass(axes, paths, week, side_of([paths]), float(paths.magnitude.max()), "what customers need")
    return figure


_UP = 1.28
_HALF = 0.3


def _need_words(outcomes: Outcomes, index: int, paths: TeamPaths) -> str:
    """Return what straight up means: a need that drifts, but was not kept by week, is the one of the start."""
    sensing = outcomes.scenarios[index].model.sensing
    drifts = sensing.enabled and sensing.need_drift > 0
    fixed = bool((paths.need == paths.need[0]).all())
    return "what customers needed at the start" if drifts and fixed and len(paths.need) > 1 else "what customers need"


def _depth(paths: Sequence[TeamPaths], weeks: Sequence[int]) -> float:
    """Tell how far down the compasses must reach: half a disc when nobody looks away from the need."""
    lowest = min(float(np.cos(np.radians(p.angle[w - 1, :, 1].max()))) for p in paths for w in weeks)
    return 1.2 if lowest < -0.05 else _HALF


def _compass(axes: Axes, paths: TeamPaths, week: int, side: Side, longest: float, need: str) -> None:
    axes.set_axis_off()
    low = axes.get_ylim()[0]
    half = low == -_HALF
    for radius, tint in ((1.0, FRAME), (0.5, GRID)):
        axes.add_patch(Arc((0, 0), 2 * radius, 2 * radius, theta2=180 if half else 360, color=tint, linewidth=0.9))
    if half:
        axes.plot([-1, 1], [0, 0], color=GRID, linewidth=0.9)
    axes.plot([0, 0], [0, 1.0], color=FRAME, linewidth=0.9, dashes=(2, 2))
    axes.text(0, 1.05, need, ha="center", va="bottom", fontsize=9, color=MUTED)
    for sign, word in ((-1, f"\N{LEFTWARDS ARROW} {side.left}"), (1, f"{side.right} \N{RIGHTWARDS ARROW}")):
        edge = "right" if sign < 0 else "left"
        axes.text(sign * 0.1, low + 0.12, word, ha=edge, va="center", fontsize=9, color=MUTED)
    now = week - 1
    angle = np.radians(paths.angle[now, :, 1])
    signs = np.where(paths.direction[now] @ side.direction < 0, -1.0, 1.0)
    length = paths.magnitude[now] / longest
    tips = np.column_stack([signs * np.sin(angle), np.cos(angle)]) * length[:, None]
    _names(axes, paths.teams, tips, [float(np.degrees(a)) for a in angle])
    for team, tip in enumerate(tips):
        _arrow(axes, tip, color(team), 2.0)
    mean = paths.direction[now].mean(axis=0)
    size = float(np.linalg.norm(mean))
    if size > 1e-9:
        cosine = float(np.clip(mean @ _unit(paths.need[now]) / size, -1.0, 1.0))
        turn = np.sign(mean @ side.direction) or 1.0
        _arrow(axes, np.array([turn * np.sqrt(1 - cosine**2), cosine]) * size, INK, 4.2)


def _arrow(axes: Axes, tip: Floats, tint: str, width: float) -> None:
    look = {"arrowstyle": "-|>", "color": tint, "linewidth": width, "mutation_scale": 6 + 2.2 * width}
    axes.annotate("", (float(tip[0]), float(tip[1])), (0.0, 0.0), arrowprops={**look, "shrinkA": 0, "shrinkB": 0})


def _names(axes: Axes, teams: Sequence[str], tips: Floats, angles: Sequence[float]) -> None:
    """Write team names in two columns beside the compass, joined to their arrows."""
    for sign in (-1.0, 1.0):
        these = [k for k in range(len(teams)) if (tips[k, 0] >= 0) == (sign > 0)]
        places = apart([tips[k, 1] for k in these], [0.19] * len(these), axes.get_ylim()[0] + 0.1, 1.05)
        for k, y in zip(these, places, strict=True):
            axes.plot([tips[k, 0], sign * 1.13], [tips[k, 1], y], color=color(k), linewidth=0.6, alpha=0.55)
            axes.text(
                sign * 1.17,
                y,
                f"{teams[k]} {angles[k]:.0f}\N{DEGREE SIGN}",
                ha="left" if sign > 0 else "right",
                va="center",
                fontsize=9.5,
                color=written(color(k)),
            )


def _unit(vector: Floats) -> Floats:
    length = float(np.linalg.norm(vector))
    return vector / length if length > 0 else vector
