"""A posterior as a table and a picture: what each parameter may be, before and after the data, and what follows."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from flywheel_sim.present.drawing import INK, MUTED, PALETTE, Told, canvas, plain, to_svg
from flywheel_sim.present.observed import overlay_panel
from flywheel_sim.present.tables import setting
from flywheel_sim.results.assumptions import plain_label
from flywheel_sim.results.posterior import Parameter, Posterior
from flywheel_sim.results.words import number

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["parameters_table", "posterior_chart", "posterior_svg"]

_PRIOR, _POSTERIOR = MUTED, PALETTE[0]


def parameters_table(posterior: Posterior) -> "Table":
    """Return one row per parameter: before, after, and how much the data tell."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("setting")
    for name in ("prior, 90 %", "posterior median", "posterior, 90 %", "spread left", "calibrated"):
        table.add_column(name, justify="right")
    for parameter in posterior.parameters:
        (before, _, then), (low, middle, high) = parameter.prior_quantiles, parameter.quantiles
        table.add_row(
            setting(parameter.path),
            f"{number(before)} to {number(then)}",
            number(middle),
            f"{number(low)} to {number(high)}",
            f"{100 * parameter.ratio:.0f} %",
            number(float(posterior.scenario.get(parameter.path))),
        )
    return table


def posterior_chart(posterior: Posterior) -> Figure:
    """Draw above, every parameter's draws over what was believed; below, every fitted series with what is predicted."""
    tracks = [track for track in posterior.overlay.tracks if track.series.fitted]
    columns = min(3, len(posterior.parameters))
    rows = -(-len(posterior.parameters) // columns)
    heights = [105.0] * rows + [230.0] * len(tracks)
    total = sum(heights) + 20.0
    figure = canvas(560.0, total)
    top = total
    for k, one in enumerate(posterior.parameters):
        bottom = (top - 105.0 * (k // columns + 1) + 32.0) / total
        _marginal(figure.add_axes(((k % columns + 0.06) / columns, bottom, 0.86 / columns, 50.0 / total)), one)
    top -= 105.0 * rows
    for k, track in enumerate(tracks):
        axes = figure.add_axes((0.115, (top - 230.0 * (k + 1) + 28.0) / total, 0.66, 170.0 / total))
        overlay_panel(axes, posterior.overlay, track)
    figure.text(
        0.99,
        6.0 / total,
        "grey: before the data; blue: what they leave; band: 90 % of what may be observed",
        ha="right",
        fontsize=9.0,
        color=MUTED,
    )
    return figure


def posterior_svg(posterior: Posterior, name: str = "posterior") -> str:
    """Return the figure as an ``<svg>`` element."""
    return to_svg(posterior_chart(posterior), name, "Prior and posterior. " + " ".join(posterior.sentences()))


def _marginal(axes: Axes, one: Parameter) -> None:
    """Draw the histogram of the draws in equal steps of the logarithm, and the prior's 90 % beneath."""
    plain(axes)
    low, _, high = one.prior_quantiles
    start, end = min(low, float(one.draws.min())), max(high, float(one.draws.max()))
    edges = np.geomspace(start, end, 41)
    counts, _ = np.histogram(one.draws, edges)
    axes.bar(edges[:-1], counts, np.diff(edges), align="edge", color=_POSTERIOR, linewidth=0)
    axes.plot([low, high], [0.0, 0.0], color=_PRIOR, linewidth=5.0, solid_capstyle="butt", alpha=0.55, clip_on=False)
    axes.set_xscale("log")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks([start, float(np.sqrt(start * end)), end])
    axes.xaxis.set_major_formatter(Told(lambda value: f"{value:.1e}" if value < 1e-3 else number(value)))
    axes.tick_params(axis="x", labelsize=7.5)
    for label, side in zip(axes.get_xticklabels(), ("left", "center", "right"), strict=True):
        label.set(ha=side)  # neighbours must not run into each other
    axes.set_yticks([])
    axes.set_title(plain_label(one.path), loc="left", fontsize=9.0, color=INK)
