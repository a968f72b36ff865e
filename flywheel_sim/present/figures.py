"""Charts by week: fans of many runs, the paired difference, and scores as they are and as they are surveyed."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from flywheel_sim.present.drawing import FRAME, INK, MUTED, Told, canvas, color, line_labels, plain, weeks_axis
from flywheel_sim.results import Outcomes
from flywheel_sim.results.compared_runs import DIFFERENCE
from flywheel_sim.results.words import money, number, signed_money

__all__ = ["difference_chart", "fan_chart", "score_chart"]

Floats = NDArray[np.float64]
_INSIDE = (0.115, 0.11, 0.605, 0.85)


def fan_chart(
    outcomes: Outcomes,
    column: str,
    *,
    unit: str = "",
    mark_week: float = np.inf,
    ruler: tuple[str, Floats] | None = None,
) -> Figure:
    """Draw the median and 80 % band of a weekly column, one fan per scenario.

    Parameters
    ----------
    outcomes : Outcomes
        What to draw.
    column : str
        A key of ``outcomes.fans``.
    unit : str
        ``"$"`` writes money.
    mark_week : float
        A week to mark as break-even; infinite for none.
    ruler : (str, float64 array of shape (W + 1,)), optional
        A path to draw beside, dashed, and its name.
    """
    words = money if unit == "$" else number
    return _fans(outcomes.fans[column], outcomes.labels, words, zero=unit == "$", mark_week=mark_week, ruler=ruler)


def difference_chart(outcomes: Outcomes, index: int) -> Figure:
    """Draw the cumulative value of one challenger less the baseline's, run by run, with break-even and deepest dip."""
    fan = outcomes.fans[DIFFERENCE][index]
    verdict = outcomes.verdict_on(index)
    figure = _fans(
        fan[None],
        (outcomes.labels[index],),
        _median,
        zero=True,
        mark_week=verdict.breakeven_week,
        first=index,
        ticks=signed_money,
    )
    axes = figure.axes[0]
    dip = verdict.deepest_dip
    if dip.value < -0.03 * float(np.nanmax(fan) - np.nanmin(fan)):
        axes.plot([dip.week], [dip.value], "o", color=color(index), markersize=5, markeredgecolor="white")
        right = dip.week > 0.7 * (len(fan) - 1)
        axes.annotate(
            f"largest shortfall {money(dip.value)}, week {dip.week}",
            (dip.week, dip.value),
            xytext=(-6 if right else 6, -12),
            textcoords="offset points",
            ha="right" if right else "left",
            va="top",
            fontsize=9.5,
            color=INK,
            bbox={"facecolor": "white", "alpha": 0.8, "linewidth": 0, "pad": 1.0},
        )
    return figure


def _median(value: float) -> str:
    """Return the end of the line, which is another number than the mean of the verdict."""
    return f"median {signed_money(value)}"


def score_chart(outcomes: Outcomes) -> Figure:
    """Draw the net promoter score if everyone answered (solid) and as surveyed (dashed), medians."""
    figure = canvas()
    axes = figure.add_axes(_INSIDE)
    plain(axes)
    weeks = np.arange(outcomes.weeks + 1)
    entries = []
    for index, label in enumerate(outcomes.labels):
        true, asked = (outcomes.fans[name][index, :, 1] for name in ("nps_true", "nps_survey"))
        axes.plot(weeks, true, color=color(index), linewidth=2.0)
        # Nobody has been asked in week 0.
        axes.plot(weeks[1:], asked[1:], color=color(index), linewidth=1.4, dashes=(4, 2))
        if np.isfinite(true[-1]):
            shown = f"at the end {number(true[-1], 2)}"
            shown += f",\nsurveyed {number(asked[-1], 2)}" if np.isfinite(asked[-1]) else ""
            entries.append((float(true[-1]), label, shown, color(index)))
    weeks_axis(axes, outcomes.weeks)
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_formatter(Told(number))
    line_labels(axes, entries)
    return figure


def _fans(
    fans: Floats,
    labels: Sequence[str],
    words: Callable[[float], str],
    *,
    zero: bool,
    mark_week: float,
    first: int = 0,
    ruler: tuple[str, Floats] | None = None,
    ticks: Callable[[float], str] | None = None,
) -> Figure:
    """Draw fans of shape (S, W + 1, 3), and a dashed path beside them."""
    figure = canvas()
    axes = figure.add_axes(_INSIDE)
    plain(axes)
    weeks = np.arange(fans.shape[1])
    for index, fan in enumerate(fans):
        tint = color(first + index)
        axes.fill_between(weeks, fan[:, 0], fan[:, 2], color=tint, alpha=0.17, linewidth=0)
        axes.plot(weeks, fan[:, 1], color=tint, linewidth=2.2, solid_capstyle="round")
    if ruler is not None:
        axes.plot(weeks, ruler[1], color=MUTED, linewidth=1.4, dashes=(4, 2))
    if zero:
        axes.axhline(0.0, color=FRAME, linewidth=1.0, zorder=1.5)
    weeks_axis(axes, len(weeks) - 1)
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_formatter(Told(ticks or words))
    axes.margins(y=0.06)
    axes.autoscale_view(scalex=False)
    _mark(axes, mark_week, len(weeks) - 1)
    ends = [
        (float(fan[-1, 1]), label, words(float(fan[-1, 1])), color(first + k))
        for k, (fan, label) in enumerate(zip(fans, labels, strict=True))
        if np.isfinite(fan[-1, 1])
    ]
    if ruler is not None:
        ends.append((float(ruler[1][-1]), ruler[0], words(float(ruler[1][-1])), MUTED))
    line_labels(axes, ends)
    return figure


def _mark(axes: Axes, week: float, weeks: int) -> None:
    """Draw a dashed line at a week, named at the top on the roomier side."""
    if not np.isfinite(week):
        return
    axes.axvline(week, color=MUTED, linewidth=1.0, dashes=(3, 3), zorder=1.6)
    left = week > 0.6 * weeks
    axes.annotate(
        f"break-even, week {week:.0f}",
        (week, 1.0),
        xycoords=("data", "axes fraction"),
        xytext=(-5 if left else 5, -3),
        textcoords="offset points",
        ha="right" if left else "left",
        va="top",
        fontsize=9.5,
        color=MUTED,
    )
