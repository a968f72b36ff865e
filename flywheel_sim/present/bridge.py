"""The bridge as a waterfall: the parts of a difference one after the other, each with the whiskers of its interval."""

import textwrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from flywheel_sim.present.drawing import FRAME, INK, PALETTE, Told, canvas, plain
from flywheel_sim.results.bridge import Bridge, Part
from flywheel_sim.results.units import in_dollars
from flywheel_sim.results.words import number, signed_money

__all__ = ["bars_axes", "waterfall_chart"]

GAIN, LOSS, WHOLE = PALETTE[2], PALETTE[1], PALETTE[6]
#: Parts drawn one by one; the rest is one bar.
MOST_BARS = 8
_MORE = "\N{HORIZONTAL ELLIPSIS}"


def waterfall_chart(bridge: Bridge, key: str = "npv") -> Figure:
    """Draw bars from the baseline to the challenger, the largest part first, and the whole difference below.

    Parameters
    ----------
    bridge : Bridge
    key : str
        One of ``bridge.keys``.
    """
    words = signed_money if in_dollars(key) else number
    parts = bridge.sorted(key)
    shown, rest = parts[:MOST_BARS], parts[MOST_BARS:]
    total = float(bridge.totals(key).mean())
    starts = np.concatenate(([0.0], np.cumsum([part.mean for part in shown])))
    rows = len(shown) + bool(rest) + 1
    figure = canvas(height=40.0 + 30.0 * rows)
    axes = bars_axes(
        figure,
        [part.group for part in shown] + ["the rest"] * bool(rest) + [f"Difference, {bridge.parts.shape[1]} runs"],
    )
    for row, part in enumerate(shown):
        _bar(axes, row, float(starts[row]), part, words(part.mean))
    if rest:
        mean = sum(part.mean for part in rest)
        together = Part(group="", mean=mean, low=mean, high=mean, alone=0.0, last=0.0)
        _bar(axes, len(shown), float(starts[-1]), together, words(mean))
    axes.barh(rows - 1, total, color=WHOLE, height=0.62)
    _name(axes, rows - 1, total, total >= 0, words(total), bold=True)
    joints = [*starts[1:], total]
    for row, place in enumerate(joints[: rows - 1]):
        axes.plot([place, place], [row - 0.31, row + 1.31], color=FRAME, linewidth=0.8, zorder=1.2)
    axes.axvline(0.0, color=FRAME, linewidth=1.0, zorder=1.5)
    axes.xaxis.set_major_formatter(Told(words))
    axes.margins(x=0.2)
    return figure


def bars_axes(figure: Figure, names: list[str], above: float = 6.0) -> Axes:
    """Return axes for horizontal bars with names on the left, the first on top, and so many points of room above."""
    width, height = (side * 72.0 for side in figure.get_size_inches())
    left, letters, ticks = (0.27, 42, 7) if width > 700.0 else (0.36, 29, 5)
    axes = figure.add_axes((left, 30.0 / height, 0.97 - left, 1.0 - (30.0 + above) / height))
    plain(axes, bars=True)
    axes.set_yticks(
        range(len(names)), ["\n".join(textwrap.wrap(name, letters, max_lines=2, placeholder=_MORE)) for name in names]
    )
    for label in axes.get_yticklabels():
        label.set_color(INK)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.xaxis.set_major_locator(MaxNLocator(ticks))
    return axes


def _bar(axes: Axes, row: int, start: float, part: Part, text: str) -> None:
    end = start + part.mean
    axes.barh(row, part.mean, left=start, color=GAIN if part.mean >= 0 else LOSS, height=0.62)
    reach = [end]
    if np.isfinite(part.low) and part.high > part.low:
        reach = [start + part.low, start + part.high]
        axes.plot(reach, [row, row], color=INK, linewidth=1.3, solid_capstyle="butt")
        for place in reach:
            axes.plot([place, place], [row - 0.12, row + 0.12], color=INK, linewidth=1.3)
    right = part.mean >= 0
    edges = [start, end, *reach]
    _name(axes, row, max(edges) if right else min(edges), right, text)


def _name(axes: Axes, row: int, place: float, right: bool, text: str, *, bold: bool = False) -> None:
    axes.annotate(
        text,
        (place, row),
        xytext=(6 if right else -6, 0),
        textcoords="offset points",
        ha="left" if right else "right",
        va="center",
        fontsize=9.5,
        color=INK,
        weight="bold" if bold else "normal",
    )
