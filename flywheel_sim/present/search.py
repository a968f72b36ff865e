"""The picture of a search: the front of several objectives under fresh luck, or the way to the best of one."""

import itertools

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from flywheel_sim.present.drawing import FRAME, GRID, INK, MUTED, PALETTE, Told, canvas, plain
from flywheel_sim.results.intervals import mean_interval
from flywheel_sim.results.search import COVERAGE, Optimum
from flywheel_sim.results.units import in_dollars
from flywheel_sim.results.words import money, number

__all__ = ["search_chart"]

POINT, ANSWER, TRIED = PALETTE[0], PALETTE[1], "#c3cad6"
#: Pairs of objectives drawn side by side, and points of the search drawn in each.
MOST_PAIRS, MOST_POINTS = 3, 4000


def search_chart(optimum: Optimum) -> Figure:
    """Draw the front of a search, or the way to its best.

    Parameters
    ----------
    optimum : Optimum
    """
    return _way(optimum) if len(optimum.objectives) == 1 else _front(optimum)


def _words(axes: Axes, outcome: str, *, horizontal: bool) -> None:
    words = money if in_dollars(outcome) else number
    axis = axes.xaxis if horizontal else axes.yaxis
    axis.set_major_locator(MaxNLocator(5))
    axis.set_major_formatter(Told(words))


def _room(values: NDArray[np.float64]) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    room = 0.12 * (high - low) or abs(high) * 0.05 or 1.0
    return low - room, high + room


def _front(optimum: Optimum) -> Figure:
    """Draw what was looked at, the front under fresh luck with its intervals, and the scenario as it stands."""
    names = list(optimum.objectives)
    pairs = list(itertools.combinations(range(len(names)), 2))[:MOST_PAIRS]
    figure = canvas(480.0 * len(pairs), 380.0)
    base = optimum.policies[0].worth
    tried = base + optimum.tried[:: max(1, len(optimum.tried) // MOST_POINTS)] * optimum.signs
    for k, (a, b) in enumerate(pairs):
        axes = figure.add_axes(((k + 0.15) / len(pairs), 0.14, 0.79 / len(pairs), 0.76))
        plain(axes)
        axes.grid(axis="x", color=GRID, linewidth=0.8)
        axes.scatter(tried[:, a], tried[:, b], s=6, color=TRIED, linewidths=0, zorder=1)
        for p, policy in enumerate(optimum.policies):
            if p == 0:
                continue
            on, answer = p in optimum.front, p == optimum.winner
            tint = ANSWER if answer else POINT if on else FRAME
            ends = [mean_interval(policy.counted[:, j], COVERAGE) for j in (a, b)]
            axes.plot(ends[0], [policy.worth[b]] * 2, color=tint, linewidth=1.0, alpha=0.6, zorder=2)
            axes.plot([policy.worth[a]] * 2, ends[1], color=tint, linewidth=1.0, alpha=0.6, zorder=2)
            axes.plot(policy.worth[a], policy.worth[b], "o", color=tint, markersize=7 if answer else 4.5, zorder=3)
        axes.plot(base[a], base[b], "X", color=INK, markersize=8, zorder=4)
        shown = np.array([policy.worth[[a, b]] for policy in optimum.policies])
        ends = [_room(shown[:, j]) for j in (0, 1)]
        axes.set_xlim(*ends[0])
        axes.set_ylim(*ends[1])
        _words(axes, names[a], horizontal=True)
        _words(axes, names[b], horizontal=False)
        axes.set_xlabel(f"{optimum.what(names[a])} ({optimum.objectives[names[a]]})")
        axes.set_title(
            f"{optimum.what(names[b])} ({optimum.objectives[names[b]]})", loc="left", fontsize=10, color=MUTED
        )
    figure.text(
        0.99,
        0.955,
        "blue: front under fresh luck, orange: compromise, cross: as it stands, grey: looked at",
        ha="right",
        fontsize=9.5,
        color=MUTED,
    )
    return figure


def _way(optimum: Optimum) -> Figure:
    """Draw the best and the middle point of every generation, and what the answer is worth under fresh luck."""
    (name,) = optimum.objectives
    figure = canvas(640.0, 330.0)
    axes = figure.add_axes((0.12, 0.16, 0.84, 0.72))
    plain(axes)
    runs = [row["runs"] for row in optimum.history]
    axes.plot(runs, [row[f"{name} best"] for row in optimum.history], color=TRIED, linewidth=1.6)
    axes.plot(runs, [row[f"{name} middle"] for row in optimum.history], color=POINT, linewidth=1.8)
    gains = optimum.gains(optimum.winner)[:, 0]
    low, high = mean_interval(gains, COVERAGE) if optimum.winner else (0.0, 0.0)
    axes.axhspan(low, high, color=ANSWER, alpha=0.25, linewidth=0)
    axes.axhline(float(gains.mean()), color=ANSWER, linewidth=1.4)
    _words(axes, name, horizontal=False)
    axes.set_xlabel("runs of the search")
    axes.set_title(f"gain in {optimum.what(name)} over the scenario as it stands", loc="left", fontsize=10, color=MUTED)
    figure.text(
        0.98,
        0.02,
        "grey: best of a generation, blue: its middle, orange: the answer under fresh luck",
        ha="right",
        fontsize=9.5,
        color=MUTED,
    )
    return figure
