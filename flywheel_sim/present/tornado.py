"""The tornado: what moves an outcome, or the difference a verdict is about, the most important parameter on top."""

import numpy as np
from matplotlib.figure import Figure

from flywheel_sim.present.bridge import bars_axes
from flywheel_sim.present.drawing import FRAME, INK, MUTED, PALETTE, Told, canvas
from flywheel_sim.results.assumptions import plain_label
from flywheel_sim.results.sensitivity import Sensitivity
from flywheel_sim.results.units import in_dollars
from flywheel_sim.results.words import money, number, percent

__all__ = ["tornado_chart"]

LOW, HIGH = PALETTE[5], PALETTE[0]
#: Parameters drawn; the rest matter less.
MOST_BARS = 14


def tornado_chart(sensitivity: Sensitivity, outcome: str) -> Figure:
    """Draw bars from the outcome where a parameter is low to where it is high, with the index that ranks them.

    Parameters
    ----------
    sensitivity : Sensitivity
    outcome : str
        One of ``sensitivity.outcomes``.
    """
    k = sensitivity.outcomes.index(outcome)
    bars = sensitivity.tornado(outcome)[:MOST_BARS]
    dollars = in_dollars(outcome)
    words = money if dollars else number
    figure = canvas(960.0, 62.0 + 30.0 * len(bars))
    axes = bars_axes(figure, [plain_label(bar.parameter) for bar in bars], above=22.0)
    middle = float(sensitivity.mean[k])
    for row, bar in enumerate(bars):
        for end, tint in ((bar.low, LOW), (bar.high, HIGH)):
            axes.barh(row, end - middle, left=middle, color=tint, height=0.6)
        edge = max(middle, *(end for end in (bar.low, bar.high) if np.isfinite(end)))
        said = percent(bar.importance) if sensitivity.method == "sobol" else words(bar.importance)
        axes.annotate(
            said,
            (edge, row),
            xytext=(6, 0),
            textcoords="offset points",
            ha="left",
            va="center",
            fontsize=9.5,
            color=INK,
        )
    axes.axvline(middle, color=FRAME, linewidth=1.0)
    if axes.get_xlim()[0] < 0 < axes.get_xlim()[1]:
        axes.axvline(0.0, color=INK, linewidth=0.8, dashes=(2, 2))
    axes.xaxis.set_major_formatter(Told(words))
    axes.margins(x=0.12)
    what = "total index" if sensitivity.method == "sobol" else "size of the effect"
    axes.set_title(f"light: parameter low, dark: high; number: {what}", loc="right", fontsize=9.5, color=MUTED, pad=4)
    return figure
