"""What a plan is worth over worlds, as a hundred dots, with what to find out first; and where it loses."""

import textwrap
from collections.abc import Sequence
from itertools import product

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from flywheel_sim.present.bridge import GAIN, LOSS
from flywheel_sim.present.drawing import FAINT, FRAME, GRID, INK, MUTED, Told, canvas, plain, written
from flywheel_sim.results.failing import FailsWhere
from flywheel_sim.results.over_worlds import hundred, weighted_quantiles
from flywheel_sim.results.words import inside, money, number, percent, signed_money
from flywheel_sim.results.world_answer import NOTHING_TO_LEARN, TOO_FEW
from flywheel_sim.results.world_draws import FEWEST_TELLING, ToLearn, WorldDraws

__all__ = ["MOST_TO_LEARN", "NOT_TOLD", "dots_words", "hundred_dots", "learn_words", "where_chart"]

Floats = NDArray[np.float64]

#: Things to find out that are named.
MOST_TO_LEARN = 3
#: Said of what luck alone would look like.
NOT_TOLD = "not distinguishable from nothing"
#: Shares at which the dots say what a world is worth: eight of ten lie between the ends.
EIGHT_OF_TEN = np.array([0.1, 0.5, 0.9])
_WIDTH, _EDGE, _PITCH = 470.0, 8.0, 44.0


def hundred_dots(
    effects: Floats,
    weights: Floats | None = None,
    learn_first: Sequence[ToLearn] = (),
    *,
    challenger: str = "the plan",
    baseline: str = "today",
) -> Figure:
    """Draw a dot for each world, or each hundredth of many, from the worst for a plan to the best.

    A full dot is a world in which the plan is worth more, a ring one in which it is worth less, so that the picture can
    be read without colours as well.

    Parameters
    ----------
    effects : float64 array, shape (n,)
        Expected difference of each world, in $.
    weights : float64 array, shape (n,), optional
        Of the worlds; all the same where not given.
    learn_first : sequence of ToLearn
        What to find out, the first three of which are named beneath.
    challenger, baseline : str
        The plan, and what it is compared with.

    Examples
    --------
    >>> figure = hundred_dots(np.linspace(-1e6, 3e6, 200))
    >>> [text.get_text() for text in figure.axes[0].texts][:2]
    ['25 worse', '75 better']
    """
    values, better = hundred(np.asarray(effects, np.float64), weights)
    rows = 5 if len(values) > 50 else 2
    columns = -(-len(values) // rows)
    step = min((_WIDTH - 2 * _EDGE) / columns, 26.0 if rows == 5 else 38.0)
    each = "a world" if len(values) == len(effects) else f"a hundredth of {len(effects):,} worlds"
    lines = textwrap.wrap(f"each dot {each}, sorted by what {challenger} is worth against {baseline}", 88)
    dots = 40.0 + 13.0 * len(lines)
    rest = dots + step * rows + 56.0
    listed = list(learn_first[:MOST_TO_LEARN])
    height = rest + (30.0 + _PITCH * len(listed) if listed else 0.0)
    figure, sheet = _sheet(height)
    worse = len(values) - better
    sheet.text(_EDGE, 22.0, f"{worse} worse", color=written(LOSS), fontsize=15.0, weight="bold")
    sheet.text(_WIDTH - _EDGE, 22.0, f"{better} better", color=written(GAIN), fontsize=15.0, weight="bold", ha="right")
    for row, line in enumerate(lines):
        sheet.text(_WIDTH / 2, 40.0 + 13.0 * row, line, color=MUTED, fontsize=9.5, ha="center")
    k = np.arange(len(values))
    left = (_WIDTH - step * columns) / 2.0
    x, y, lost = left + step * (k // rows + 0.5), dots + step * (k % rows + 0.5), k < worse
    sheet.scatter(x[lost], y[lost], s=(0.68 * step) ** 2, facecolor="white", edgecolor=LOSS, linewidth=2.4)
    sheet.scatter(x[~lost], y[~lost], s=(0.76 * step) ** 2, facecolor=GAIN, edgecolor="none")
    worths = weighted_quantiles(np.asarray(effects, np.float64), EIGHT_OF_TEN, weights)
    names = ("one in ten below", "in the middle", "one in ten above")
    for share, worth, name in zip(EIGHT_OF_TEN, worths, names, strict=True):
        place, foot = left + step * share * len(values) / rows, dots + step * rows
        sheet.plot([place, place], [foot + 3.0, foot + 9.0], color=FRAME, linewidth=1.0)
        sheet.text(place, foot + 23.0, signed_money(float(worth)), ha="center", fontsize=11.5, weight="bold", color=INK)
        sheet.text(place, foot + 36.0, name, ha="center", fontsize=9.5, color=MUTED)
    if listed:
        _learn(sheet, listed, rest)
    return figure


def _sheet(height: float) -> tuple[Figure, Axes]:
    """Return a figure to be drawn on in points from the top left, without axes."""
    figure = canvas(_WIDTH, height)
    sheet = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    sheet.set_axis_off()
    sheet.set_xlim(0.0, _WIDTH)
    sheet.set_ylim(height, 0.0)
    sheet.set_autoscale_on(False)
    return figure, sheet


def _learn(sheet: Axes, told: list[ToLearn], top: float) -> None:
    """Write under the dots what to find out first, a row each."""
    sheet.plot([_EDGE, _WIDTH - _EDGE], [top - 8.0, top - 8.0], color=GRID, linewidth=1.0)
    sheet.text(_EDGE, top + 12.0, "What to find out first", fontsize=11.5, weight="bold", color=INK)
    right = _WIDTH - _EDGE
    head = "what knowing it is worth; share of all"
    sheet.text(right, top + 12.0, head, fontsize=9.5, color=MUTED, ha="right")
    most = max((one["evppi"] for one in told), default=0.0)
    for row, one in enumerate(told):
        y = top + 40.0 + _PITCH * row
        sure = one["distinguishable"] and most > 0
        ink = INK if sure else MUTED
        sheet.text(_EDGE, y, f"{row + 1}", fontsize=14.0, weight="bold", color=ink, va="center")
        how = textwrap.wrap(one.get("measure", ""), 56)[:2]
        up = 5.5 * len(how)
        sheet.text(_EDGE + 22.0, y - up, _short(one["name"], bool(how)), fontsize=10.5, color=ink, va="center")
        for line, text in enumerate(how):
            sheet.text(_EDGE + 22.0, y - up + 13.0 + 11.0 * line, text, fontsize=8.5, color=MUTED, va="center")
        if sure:
            sheet.add_patch(Rectangle((288.0, y - 5.0), 82.0 * one["evppi"] / most, 10.0, color=FAINT))
            sheet.text(416.0, y, money(one["evppi"]), fontsize=10.5, color=INK, ha="right", va="center")
            sheet.text(right, y, percent(one["evpi_share"]), fontsize=10.5, color=MUTED, ha="right", va="center")
        else:
            sheet.text(right, y, NOT_TOLD, fontsize=10.0, color=MUTED, ha="right", va="center")


def _short(name: str, one_line: bool) -> str:
    lines, most = textwrap.wrap(name, 44) or [name], 1 if one_line else 2
    return "\n".join(lines[:most]) + ("\N{HORIZONTAL ELLIPSIS}" if len(lines) > most else "")


def dots_words(effects: Floats, weights: Floats | None, challenger: str) -> str:
    """Return what the dots show, for those who cannot see them."""
    values, better = hundred(np.asarray(effects, np.float64), weights)
    worths = weighted_quantiles(np.asarray(effects, np.float64), EIGHT_OF_TEN, weights)
    low, middle, high = (signed_money(float(worth)) for worth in worths)
    return (
        f"{len(values)} dots, sorted by what {challenger} is worth: {better} better and {len(values) - better} worse. "
        f"{middle} in the middle, {low} to {high} in eight of ten."
    )


def learn_words(learn_first: Sequence[ToLearn], whole: float, worlds: int) -> str:
    """Say what it would be worth to find out, and what comes first.

    Parameters
    ----------
    learn_first : sequence of ToLearn
    whole : float
        EVPI in $.
    worlds : int
        How many there are.

    Examples
    --------
    >>> one = ToLearn(name="How far a meeting reaches", path="a.b", paths=["a.b"], evppi=4e5, evpi_share=0.4,
    ...               distinguishable=True)
    >>> learn_words([one], 1e6, 200)
    'To know everything before deciding would be worth $1.0m on average. First: how far a meeting reaches ($400k).'
    >>> learn_words([], 0.0, 200)
    'As far as these worlds tell, nothing that could be found out would change the choice.'
    """
    if worlds < FEWEST_TELLING:
        return TOO_FEW
    if not whole > 0:
        return NOTHING_TO_LEARN
    said = f"To know everything before deciding would be worth {money(whole)} on average."
    sure = [one for one in learn_first[:MOST_TO_LEARN] if one["distinguishable"]]
    if not sure:
        return f"{said} Which single thing to find out first is {NOT_TOLD} here."
    named = "; ".join(f"{inside(one['name'])} ({money(one['evppi'])})" for one in sure)
    return f"{said} First: {named}."


def where_chart(draws: WorldDraws, effects: Floats, region: FailsWhere) -> Figure | None:
    """Draw the region of worlds in which a plan loses: along its first two sides, or its only one and the difference.

    None where no region stands out.
    """
    sides = list(region.limits)[:2]
    if not sides:
        return None
    figure = canvas(470.0, 300.0)
    axes = figure.add_axes((0.16, 0.19, 0.8, 0.71))
    plain(axes)
    axes.grid(axis="x", color=GRID, linewidth=0.8)
    x = _spread(draws, sides[0])
    y = _spread(draws, sides[1]) if len(sides) > 1 else effects
    lost = effects < 0
    axes.scatter(x[lost], y[lost], s=26, facecolor="white", edgecolor=LOSS, linewidth=1.5, label="worse", zorder=3)
    axes.scatter(x[~lost], y[~lost], s=24, facecolor=GAIN, edgecolor="none", alpha=0.75, label="better", zorder=2)
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    across = _spans(draws, region, sides[0], left, right)
    along = _spans(draws, region, sides[1], low, high) if len(sides) > 1 else [(low, high)]
    for (a, b), (c, d) in product(across, along):
        axes.add_patch(Rectangle((a, c), b - a, d - c, facecolor=LOSS, alpha=0.12, edgecolor="none", zorder=1))
    axes.set_xlim(left, right)
    axes.set_ylim(low, high)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(Told(number))
    axes.yaxis.set_major_formatter(Told(number if len(sides) > 1 else signed_money))
    for axis, side in zip((axes.xaxis, axes.yaxis), sides, strict=False):
        if options := draws.options.get(side):
            axis.set_ticks(range(len(options)), options)
    axes.set_xlabel(_axis(region, sides[0]), fontsize=9.5, color=MUTED)
    axes.set_ylabel(_axis(region, sides[1]) if len(sides) > 1 else "what the plan is worth", fontsize=9.5, color=MUTED)
    axes.legend(
        frameon=False,
        fontsize=9.5,
        labelcolor=INK,
        loc="lower right",
        ncols=2,
        bbox_to_anchor=(1.0, 1.0),
        borderaxespad=0.2,
        handletextpad=0.2,
    )
    return figure


def _spread(draws: WorldDraws, path: str) -> Floats:
    """Return where worlds stand along an axis: numbers where they are, worlds of one option side by side."""
    values = draws.column(path)
    if path not in draws.options:
        return values
    return values + 0.6 * ((np.arange(len(values)) * 0.618034) % 1.0 - 0.5)


def _spans(draws: WorldDraws, region: FailsWhere, path: str, low: float, high: float) -> list[tuple[float, float]]:
    """Return the stretches of an axis that the region takes."""
    if options := draws.options.get(path):
        places = [options.index(option) for option in region.limits[path]]
        return [(place - 0.4, place + 0.4) for place in places]
    least, most = region.limits[path]
    return [(low if least is None else least, high if most is None else most)]


def _axis(region: FailsWhere, path: str) -> str:
    unit = region.units.get(path, "")
    return "\n".join(textwrap.wrap(region.labels[path].removesuffix(".") + (f", {unit}" if unit else ""), 46))
