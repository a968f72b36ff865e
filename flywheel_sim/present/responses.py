"""Response curves in the terminal and as one HTML page with a small chart for each."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from flywheel_sim.present.drawing import FRAME, INK, MUTED, PALETTE, apart, canvas, plain, to_svg
from flywheel_sim.present.pages import write_page
from flywheel_sim.results.responses import Response, Responses
from flywheel_sim.results.words import money, number

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["curve_chart", "responses_table", "write_responses"]

_STYLE = {"fails": "bold red", "open": "dim"}
_TINT = {"holds": PALETTE[2], "fails": PALETTE[1], "open": PALETTE[6]}
#: A range of this factor or more is drawn in logarithms.
_WIDE = 20.0


def responses_table(responses: Responses, everything: bool = True) -> "Table":
    """Return one line a curve; without ``everything`` only those that do not hold."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("verdict", "lever", "company", "outcome", "year", "expected", "found", "points"):
        table.add_column(column, overflow="fold")
    for curve in responses.curves:
        if everything or curve.verdict != "holds":
            says = f"{curve.says}; excused: {curve.excused}" if curve.excused else curve.says
            cells = (
                curve.verdict,
                curve.name,
                curve.company,
                curve.outcome,
                str(curve.year),
                curve.expected,
                says,
                told(curve),
            )
            table.add_row(*map(Text, cells), style=_STYLE.get(curve.verdict, ""))
    return table


def told(curve: Response) -> str:
    """Say the curve's points in words."""
    said = money if curve.unit == "$" else number
    return ", ".join(f"{point.x:.3g}: {said(point.mean)}" for point in curve.points)


def curve_chart(curves: Sequence[Response]) -> Figure:
    """Draw one lever, one outcome, one company: a line a year, with 80 % intervals; a grey line marks today's value."""
    figure = canvas(300.0, 190.0)
    axes = figure.add_axes((0.2, 0.2, 0.7, 0.66))
    plain(axes)
    first = curves[0]
    x = np.array([point.x for point in first.points])
    if x[-1] > _WIDE * max(x[x > 0].min(initial=x[-1]), 1e-12) and x[0] >= 0:
        axes.set_xscale("symlog", linthresh=float(x[x > 0].min()))
    scale = 1e6 if first.unit == "$" else 1.0
    ends = []
    for curve in curves:
        mean = np.array([point.mean for point in curve.points]) / scale
        low, high = (np.array([getattr(point, end) for point in curve.points]) / scale for end in ("low", "high"))
        tint = _TINT[curve.verdict]
        axes.fill_between(x, low, high, color=tint, alpha=0.2, linewidth=0)
        axes.plot(x, mean, color=tint, marker="o", markersize=3, linewidth=1.4)
        ends.append(float(mean[-1]))
    bottom, top = axes.get_ylim()
    places = apart([(end - bottom) / (top - bottom) for end in ends], [0.1] * len(ends))
    for curve, height in zip(curves, places, strict=True):
        axes.text(
            1.02,
            height,
            f"{curve.year} y",
            transform=axes.transAxes,
            fontsize=8,
            color=MUTED,
            va="center",
        )
    axes.set_xticks(x, [f"{value:.3g}" for value in x], minor=False)
    axes.set_xticks([], minor=True)
    _thin(axes)
    axes.axvline(first.own, color=FRAME, linewidth=0.8, linestyle=":")
    unit = "$m" if first.unit == "$" else first.unit
    axes.set_title(f"{first.outcome}, {unit}", loc="left", fontsize=9.5, color=INK)
    axes.set_xlabel(first.lever, fontsize=8, color=MUTED, parse_math=False)
    axes.tick_params(labelsize=8)
    return figure


def _thin(axes: Axes) -> None:
    """Take away the labels of points that would stand on their neighbour's."""
    axes.figure.canvas.draw()
    edge = -np.inf
    for label in axes.get_xticklabels():
        box = label.get_window_extent()
        label.set_visible(box.x0 > edge)
        edge = box.x1 + 4 if box.x0 > edge else edge


def write_responses(responses: Responses, path: str | os.PathLike[str]) -> Path:
    """Write the page: every lever with its argument, and a small chart for each company and outcome."""
    levers = [
        {"name": name, "title": curves[0].title, "why": curves[0].why, "charts": _charts(curves), "curves": curves}
        for name, curves in _by_lever(responses).items()
    ]
    return write_page(path, "responses.html.jinja", responses=responses, levers=levers)


def _by_lever(responses: Responses) -> dict[str, list[Response]]:
    levers: dict[str, list[Response]] = {}
    for curve in responses.curves:
        levers.setdefault(curve.name, []).append(curve)
    return levers


def _charts(curves: Sequence[Response]) -> list[dict[str, str]]:
    groups: dict[tuple[str, str, str], list[Response]] = {}
    for curve in curves:
        groups.setdefault((curve.company, curve.outcome, curve.expected), []).append(curve)
    charts = []
    for k, ((company, outcome, expected), group) in enumerate(groups.items()):
        alt = "; ".join(f"{curve.outcome} at the end of year {curve.year}: {told(curve)}" for curve in group)
        verdicts = ", ".join(f"year {curve.year} {curve.verdict}" for curve in group)
        charts.append(
            {
                "svg": to_svg(curve_chart(group), f"{group[0].name}-{k}", alt),
                "title": f"{company}: {outcome}, expected {expected}",
                "verdicts": verdicts,
            }
        )
    return charts
