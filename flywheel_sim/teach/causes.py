"""The capability trap: fires that eat the time to prevent fires (A27)."""

from itertools import pairwise

import numpy as np
from matplotlib.figure import Figure

from flywheel_sim.present.drawing import FRAME, INK, MUTED, canvas, color, line_labels, plain, weeks_axis
from flywheel_sim.teach.picture import Lesson, Picture
from flywheel_sim.theory import capability_path, capability_rate, capability_trap_equilibria

__all__ = ["firefighting"]

#: Load, prevention, fix rate and growth, as `flywheel_sim.theory` takes them.
Rates = tuple[float, float, float, float]
#: Share of the axis below which an arrow between two points is left out.
_ROOM_FOR_AN_ARROW = 0.06


def firefighting(
    load: float = 1.1, *, prevention: float = 0.9, fix_rate: float = 0.1, growth: float = 0.02, weeks: int = 208
) -> Lesson:
    """Tell how capability moves from every level, and two firms that begin either side of the tipping point.

    Parameters
    ----------
    load : float
        Hours of fires over hours for improving when nothing is prevented; from 1 on there is a trap.
    prevention : float
        Share of fires that full capability prevents.
    fix_rate, growth : float
        Rates per week at which free hours build capability, and at which it erodes.
    weeks : int
        Length of the paths.

    Returns
    -------
    Lesson
        The rate of change by level; the paths.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Examples
    --------
    >>> from flywheel_sim import teach
    >>> teach.firefighting(load=0.8)[0].caption
    'No trap: capability settles at 0.79 from wherever it starts.'
    """
    low, high = (float(x) for x in capability_trap_equilibria(load, prevention, fix_rate, growth))
    if np.isnan(high):
        caption = "Fires always win: capability falls to nothing from wherever it starts."
    elif np.isnan(low):
        caption = f"No trap: capability settles at {high:.2f} from wherever it starts."
    else:
        caption = f"Capability falls back to nothing below {low:.2f}, and settles at {high:.2f} above it."
    rates = (load, prevention, fix_rate, growth)
    return Lesson(
        [
            Picture(_change_by_level(rates, low, high), caption),
            Picture(
                _two_paths(rates, low, weeks),
                f"Load {load:g}: two firms that differ in nothing but where they start, over {weeks} weeks.",
            ),
        ]
    )


def _change_by_level(rates: Rates, low: float, high: float) -> Figure:
    """Draw the rate of change by level, with both equilibria and arrows that say where capability goes."""
    figure = canvas(470, 250)
    axes = figure.add_axes((0.12, 0.17, 0.83, 0.75))
    plain(axes)
    level = np.linspace(0, 1, 401)
    change = 100 * np.asarray(capability_rate(level, *rates))
    axes.axhline(0, color=FRAME, linewidth=1.0)
    axes.fill_between(level, change, 0, where=list(change > 0), color=color(2), alpha=0.14, linewidth=0)
    axes.fill_between(level, change, 0, where=list(change < 0), color=color(1), alpha=0.14, linewidth=0)
    axes.plot(level, change, color=INK, linewidth=2.0)
    for point, word, stable in ((low, "tipping point", False), (high, "settles", True)):
        if np.isfinite(point):
            axes.plot([point], [0], "o", markersize=9, color=INK if stable else "white", markeredgecolor=INK)
            axes.annotate(
                word,
                (point, 0),
                xytext=(0, 9),
                textcoords="offset points",
                ha="center",
                color=INK,
                fontsize=9.5,
                bbox={"facecolor": "white", "alpha": 0.8, "linewidth": 0, "pad": 0.6},
            )
    edges = [0.0, *(x for x in (low, high) if np.isfinite(x)), 1.0]
    for left, right in pairwise(edges):
        if right - left < _ROOM_FOR_AN_ARROW:
            continue
        middle = (left + right) / 2
        up = float(capability_rate(middle, *rates)) > 0
        reach = min(0.05, (right - left) / 3) * (1 if up else -1)
        look = {"arrowstyle": "-|>", "color": color(2 if up else 1), "linewidth": 2.4, "mutation_scale": 14}
        axes.annotate("", (middle + reach, 0), (middle - reach, 0), arrowprops=look)
    axes.set_xlim(0, 1)
    axes.set_xlabel("capability: share of root causes under control")
    axes.set_title("change, points a week", loc="left", color=MUTED, fontsize=9.5)
    return figure


def _two_paths(rates: Rates, low: float, weeks: int) -> Figure:
    """Draw a firm that begins below the tipping point and one above it; around a half where there is none."""
    tipping = low if np.isfinite(low) and low > 0 else 0.5
    times = np.arange(weeks + 1.0)
    figure = canvas(470, 250)
    axes = figure.add_axes((0.12, 0.12, 0.6, 0.82))
    plain(axes)
    entries = []
    for index, start in enumerate((max(tipping * 0.8, 0.0), min(tipping * 1.3, 1.0))):
        path = np.asarray(capability_path(times, start, *rates))
        axes.plot(times, path, color=color(1 + index), linewidth=2.4)
        entries.append((float(path[-1]), f"starts at {start:.2f}", f"ends at {path[-1]:.2f}", color(1 + index)))
    if np.isfinite(low):
        axes.axhline(low, color=MUTED, linewidth=1.0, dashes=(3, 3))
    weeks_axis(axes, weeks)
    axes.set_ylim(-0.02, 1)
    line_labels(axes, entries)
    return figure
