"""Observed beside simulated: errors in and out of sample, the values date by date, and a figure."""

import datetime
import math
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from flywheel_sim.present.drawing import INK, MUTED, Told, canvas, color, line_labels, plain, to_svg, weeks_axis
from flywheel_sim.results.observed import SAMPLES, SIMULATION, Observations, Overlay, Track
from flywheel_sim.results.words import MINUS, money, number

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["dates_table", "errors_table", "overlay_chart", "overlay_notes", "overlay_panel", "overlay_svg", "time_axis"]

_TITLES = {
    "customers": "Customers",
    "revenue_per_customer": "Revenue per customer, $ a year",
    "revenue": "Revenue of the period, $",
    "survival": "Share of the cohort still there",
}
_HOLDS = {
    "luck": "The band holds the luck of the simulated company only, neither doubt about the parameters nor about the "
    "model; at this scale that luck is larger than the real company's.",
    "parameters": "The band holds doubt about the parameters and the luck of the simulated company, not doubt about "
    "the model; at this scale that luck is larger than the real company's.",
    "everything": "The band holds doubt about the parameters, the company's luck and the errors of observations, not "
    "doubt about the model.",
}
_SPANS = {"in": "in sample", "out": "out of sample"}


def errors_table(overlay: Overlay) -> "Table":
    """Return one row per series and model: errors over the dates the fit has seen, and over those it has not."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in ("series", "model"):
        table.add_column(name)
    for sample in SAMPLES:
        for name in ("n", "MAPE", "RMSE", "bias"):
            table.add_column(f"{name} {_SPANS[sample]}" if name == "n" else name, justify="right")
        table.add_column("in 90 % band", justify="right")
    for track in overlay.tracks:
        for model in track.models:
            cells: list[str] = []
            for sample in SAMPLES:
                errors = track.errors(model, sample)
                inside = track.coverage(sample) if model == SIMULATION else math.nan
                cells += [
                    f"{errors.n}",
                    _percent(errors.mape),
                    _short(track, errors.rmse),
                    _percent(errors.bias, signed=True),
                    "" if math.isnan(inside) else f"{inside * errors.n:.0f} of {errors.n}",
                ]
            table.add_row(_name(track) if model == SIMULATION else "", model, *cells)
    return table


def dates_table(overlay: Overlay) -> "Table":
    """Return one row per date: observed, simulated, and the band where there is one."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("date")
    shown = [track for track in overlay.tracks if track.series.quantity != "revenue"] or list(overlay.tracks)
    for track in shown:
        table.add_column(_name(track), justify="right")
        table.add_column("simulated", justify="right")
        if len(track.simulated) >= 10:
            table.add_column("90 % of runs", justify="right")
    data = overlay.observations
    for row, date in enumerate(data.dates):
        cells = []
        for track in shown:
            value, middle = track.series.values[row], track.center[row]
            mark = "*" if track.series.derived[row] else ""
            cells += [f"{_whole(value)}{mark}", _whole(middle)]
            if len(track.simulated) >= 10:
                low, high = track.band()[:, row]
                cells.append(f"{_whole(low)} to {_whole(high)}" if np.isfinite(low) else "")
        last = bool(data.in_sample[row]) and not data.in_sample[row + 1 : row + 2].all()
        table.add_row(date, *cells, end_section=last)
    return table


def overlay_notes(overlay: Overlay) -> str:
    """Return what the tables rest on, in sentences."""
    data = overlay.observations
    notes = [
        f"Observed: {data.file}, week 0 = {data.start}; in sample until {data.fit_until}; 1 simulated account = "
        f"{number(data.scale, 6)} real ones; simulated: mean of {overlay.runs} run{'s' if overlay.runs > 1 else ''}.",
        "Baselines, fitted in sample: the straight line through the first and the last observation (carried on: last "
        "value plus mean change); a starting level plus a Bass curve.",
    ]
    if data.left_out:
        notes.append(f"{data.left_out[0].upper()}{data.left_out[1:]}.")
    if any(track.series.derived.any() for track in overlay.tracks):
        notes.append("* derived: revenue of the period x periods a year / mean of opening and closing customers.")
    if np.isfinite(data.identity_gap):
        notes.append(f"This identity holds within {100 * data.identity_gap:.2f} % where both sides are published.")
    if overlay.runs >= 10:
        notes.append(_HOLDS[overlay.holds])
    else:
        notes.append("Ten or more replicates give a 90 % band.")
    return "\n".join(notes)


def overlay_chart(overlay: Overlay) -> Figure:
    """Draw a panel per fitted series: observed dots, the simulated mean and band, baselines, and where the fit ends."""
    shown = [track for track in overlay.tracks if track.series.fitted] or list(overlay.tracks)
    figure = canvas(470.0, 250.0 * len(shown))
    height = 1.0 / len(shown)
    for row, track in enumerate(shown):
        bottom = 1.0 - (row + 1) * height
        overlay_panel(figure.add_axes((0.115, bottom + 0.12 * height, 0.63, 0.74 * height)), overlay, track)
    return figure


def overlay_svg(overlay: Overlay, name: str = "observed") -> str:
    """Return the figure as an ``<svg>`` element."""
    parts = []
    for track in overlay.tracks:
        if track.series.fitted:
            ins, outs = (_percent(track.errors(SIMULATION, sample).mape) for sample in SAMPLES)
            parts.append(f"{_name(track)}: mean error {ins} in sample, {outs} out of sample")
    return to_svg(overlay_chart(overlay), name, "Observed and simulated. " + "; ".join(parts))


def overlay_panel(axes: Axes, overlay: Overlay, track: Track) -> None:
    """Draw one series, with its title."""
    plain(axes)
    axes.set_title(_TITLES[track.series.quantity], loc="left", fontsize=11, color=INK, weight="bold")
    data, weeks = overlay.observations, track.series.weeks
    there = np.isfinite(track.center)
    entries = []
    for index, (name, values) in enumerate(track.models.items()):
        tint = color(index)
        if name == SIMULATION:
            low, high = track.band()
            if np.isfinite(low[there]).all():
                axes.fill_between(weeks[there], low[there], high[there], color=tint, alpha=0.17, linewidth=0)
            axes.plot(weeks[there], values[there], color=tint, linewidth=2.2, solid_capstyle="round")
        else:
            axes.plot(weeks, values, color=tint, linewidth=1.4, dashes=(4, 2))
        if np.isfinite(values[-1]):
            entries.append((float(values[-1]), name, _short(track, float(values[-1])), tint))
    known = np.isfinite(track.series.values)
    for hollow in (False, True):
        chosen = known & (track.series.derived == hollow)
        face = "white" if hollow else INK
        axes.plot(
            weeks[chosen],
            track.series.values[chosen],
            "o",
            markersize=4.5,
            color=face,
            markeredgecolor=INK,
            markeredgewidth=1.0,
            zorder=4,
        )
    end = float(weeks[data.in_sample].max())
    if end < weeks.max():
        axes.axvline(end, color=MUTED, linewidth=1.0, dashes=(3, 3), zorder=1.6)
        axes.annotate(
            "fit ends",
            (end, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(-5, -3),
            textcoords="offset points",
            ha="right",
            va="top",
            fontsize=9.5,
            color=MUTED,
        )
    time_axis(axes, data, float(weeks.max()))
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_formatter(Told(lambda value: _short(track, value)))
    axes.margins(y=0.08)
    axes.autoscale_view(scalex=False)
    line_labels(axes, entries, gap=0.14)


def time_axis(axes: Axes, seen: Observations, weeks: float) -> None:
    """Set ticks at new year where the file has dates, else at its periods."""
    try:
        start = datetime.date.fromisoformat(seen.start)
    except ValueError:
        weeks_axis(axes, int(weeks))
    else:
        years = range(start.year + 1, (start + datetime.timedelta(weeks=weeks)).year + 1)
        ticks = [(datetime.date(year, 1, 1) - start).days / 7.0 for year in years]
        shown = [(tick, str(year)) for tick, year in zip(ticks, years, strict=True) if tick <= weeks * 1.01]
        axes.set_xticks([tick for tick, _ in shown], [label for _, label in shown])
    axes.set_xlim(0, weeks * 1.01)


def _name(track: Track) -> str:
    return track.series.name.replace("_", " ")


def _short(track: Track, value: float) -> str:
    if track.series.quantity == "survival":
        return f"{value:.3f}"
    return number(value, 6 if value >= 1e5 else 4) if track.series.quantity == "customers" else money(value)


def _whole(value: float) -> str:
    if not math.isfinite(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 2 or not value else f"{value:.3f}"


def _percent(share: float, *, signed: bool = False) -> str:
    """Return a share in percent with one decimal, or a dash.

    Examples
    --------
    >>> _percent(0.0123), _percent(-0.0825, signed=True), _percent(float("nan"))
    ('1.2 %', '−8.2 %', '-')
    """
    if not math.isfinite(share):
        return "-"
    return f"{100 * share:{'+' if signed else ''}.1f} %".replace("-", MINUS)
