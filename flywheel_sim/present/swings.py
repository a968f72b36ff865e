"""The tornado of a difference from one assumption at a time, and in words what flips the verdict."""

import numpy as np
from matplotlib.figure import Figure

from flywheel_sim.present.bridge import GAIN, LOSS, bars_axes
from flywheel_sim.present.drawing import INK, MUTED, Told, canvas
from flywheel_sim.results.assumptions import brief
from flywheel_sim.results.swings import Swings
from flywheel_sim.results.words import inside, money, number, signed_money

__all__ = ["MOST_BARS", "flip_sentence", "swings_chart"]

#: Assumptions drawn; the rest move the difference less.
MOST_BARS = 8


def swings_chart(swings: Swings) -> Figure:
    """Draw bars from the difference where an assumption is low to where it is high; the ends carry its values."""
    bars = swings.bars[:MOST_BARS]
    figure = canvas(height=42.0 + 28.0 * len(bars))
    axes = bars_axes(figure, [brief(bar.text, bar.path) for bar in bars], above=8.0)
    middle = swings.middle
    for row, bar in enumerate(bars):
        places = sorted(((bar.at_low, bar.low), (bar.at_high, bar.high)))
        for place, _ in places:
            axes.barh(row, place - middle, left=middle, color=GAIN if place >= middle else LOSS, height=0.6)
        left, right = places[0], places[-1]
        for (place, value), side in ((left, -1), (right, 1)):
            if value == bar.value:
                continue
            edge = min(place, middle) if side < 0 else max(place, middle)
            axes.annotate(
                number(value, 3),
                (edge, row),
                xytext=(5 * side, 0),
                textcoords="offset points",
                ha="right" if side < 0 else "left",
                va="center",
                fontsize=9.5,
                color=INK,
            )
    axes.axvline(middle, color=INK, linewidth=1.2)
    low, high = axes.get_xlim()
    reach = [worth for bar in bars for worth in (bar.at_low, bar.at_high)]
    if min(reach, default=middle) <= 0 <= max(reach, default=middle) or low <= 0 <= high:
        axes.axvline(0.0, color=MUTED, linewidth=1.0, dashes=(3, 3))
    axes.xaxis.set_major_formatter(Told(signed_money))
    axes.margins(x=0.16)
    axes.autoscale_view(scaley=False)
    return figure


def flip_sentence(swings: Swings) -> str:
    """Tell which assumption turns the verdict, or that none does."""
    flip, tried = swings.flip, swings.tried or len(swings.bars)
    if flip is not None:
        unit = f" {flip.unit}" if flip.unit and flip.unit not in ("share", "ratio", "probability") else ""
        side = "below" if flip.below else "above"
        return (
            f"It flips where one assumption goes {side} {number(flip.at, 2)}{unit}: {inside(flip.text)} "
            f"({flip.path}, assumed {number(flip.value, 3)})."
        )
    if not np.isfinite(swings.middle) or swings.middle == 0:
        return "There is no difference that an assumption could flip."
    if not swings.bars:
        return f"None of the {tried} assumptions moves it at all on its own, moved to {swings.ends}."
    most = swings.bars[0]
    ends = sorted((most.at_low, most.at_high))
    return (
        f"{'The one assumption tried does not flip' if tried == 1 else f'None of the {tried} assumptions flips'} it on "
        f"its own, moved to {swings.ends}. The one that moves it most: {inside(most.text)} ({most.path}), "
        f"{money(ends[0])} to {money(ends[1])}."
    )
