"""Charts as ECharts options: medians as lines, 80 % of the runs as bands, names on the lines instead of a legend.

The colours are those of the report.  Numbers are written by the few formatters below, which are constants of this
module; nothing a user types becomes code.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.present.drawing import FRAME, GRID, INK, MUTED, apart, color, written
from flywheel_sim.results import Outcomes
from flywheel_sim.results.compared_runs import DIFFERENCE
from flywheel_sim.results.words import money, number

__all__ = ["COLUMNS", "HEIGHT", "axis", "fan_option"]

Floats = NDArray[np.float64]

#: Column -> (title, what it is, whether it is money).
COLUMNS = {
    "value": ("Cumulative value", "cash to date, discounted; median, 80 % of runs", True),
    "customers": ("Customers", "at the end of the week; median, 80 % of runs", False),
    DIFFERENCE: ("Gain over the baseline", "run by run, discounted; median, 80 % of runs", True),
    "customer_alignment": ("Teams and customers", "cosine of pull and need; median, 80 % of runs", False),
    "nps_true": ("Net promoter score", "points, if all answered; median, 80 % of runs", False),
}
_FONT = "Inter, 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif"
_MONEY = (
    "v => { const a = Math.abs(v), s = v < 0 ? '\\u2212' : ''; const f = (x, u) => s + '$' + "
    "(x >= 100 || x % 1 < 0.05 ? x.toFixed(0) : x.toFixed(1)) + u; return a >= 1e9 ? f(a / 1e9, 'bn') : a >= 1e6 ? "
    "f(a / 1e6, 'm') : a >= 1e3 ? f(a / 1e3, 'k') : s + '$' + a.toFixed(0); }"
)
_NUMBER = (
    "v => (v < 0 ? '\\u2212' : '') + Math.abs(v).toLocaleString('en-US', {maximumSignificantDigits: 3, "
    "useGrouping: true})"
)
_POINTS = 88
#: Height of a chart on the screen, and what is above and below its axes, in pixels.
HEIGHT, _TOP, _BOTTOM, _LINE = 224, 12, 28, 16


def fan_option(outcomes: Outcomes, column: str) -> dict[str, Any]:
    """Return fans of a weekly column, one per scenario; of the paired `DIFFERENCE`, one per challenger."""
    title, _, cash = COLUMNS[column]
    first = int(column == DIFFERENCE)
    fans, labels = outcomes.fans[column][first:], outcomes.labels[first:]
    words = money if cash else number
    said = "; ".join(
        f"{label} ends at {words(float(fan[-1, 1]))}, 80 % of its runs between {words(float(fan[-1, 0]))} and "
        f"{words(float(fan[-1, 2]))}"
        for label, fan in zip(labels, fans, strict=True)
    )
    return _option(fans, labels, cash=cash, first=first, alt=f"{title}, week 0 to {outcomes.weeks}: {said}.")


def _option(fans: Floats, labels: Sequence[str], *, cash: bool, alt: str, first: int = 0) -> dict[str, Any]:
    weeks = fans.shape[1] - 1
    shown = np.unique(np.linspace(0, weeks, min(weeks + 1, _POINTS)).round().astype(int))
    words = _MONEY if cash else _NUMBER
    low_end, high_end, step = axis(fans)
    shifts = _shifts(fans[:, -1, 1], labels, low_end, high_end)
    series: list[dict[str, Any]] = []
    for index, (fan, label) in enumerate(zip(fans, labels, strict=True)):
        tint, stack = color(first + index), f"band{index}"
        low, middle, high = (_points(fan[shown, k]) for k in range(3))
        width = [None if a is None or b is None else b - a for a, b in zip(low, high, strict=True)]
        band: dict[str, Any] = {
            "type": "line", "stack": stack, "stackStrategy": "all", "symbol": "none", "silent": True,
            "lineStyle": {"opacity": 0}, "tooltip": {"show": False}, "z": 1,
        }  # fmt: skip
        series.append({**band, "name": f"{label} low", "data": _pairs(shown, low)})
        series.append(
            {
                **band,
                "name": f"{label} band",
                "data": _pairs(shown, width),
                "areaStyle": {"color": tint, "opacity": 0.17 if len(labels) < 3 else 0.11},
            }
        )
        series.append({
            "type": "line", "name": label, "data": _pairs(shown, middle), "symbol": "none", "z": 3,
            "color": tint, "lineStyle": {"width": 2.5, "color": tint},
            "endLabel": {
                "show": True, "formatter": f"{{name|{_wrapped(label)}}}", "distance": 8,
                "offset": [0, round(shifts[index])],
                "rich": {"name": {"color": written(tint), "fontWeight": 600, "fontSize": 13, "lineHeight": 16}},
            },
            "emphasis": {"disabled": True},
        })  # fmt: skip
    return {
        "animation": False,
        "aria": {"enabled": True, "label": {"description": alt}},
        "textStyle": {"fontFamily": _FONT, "color": INK},
        "grid": {"left": 60, "right": 122, "top": _TOP, "bottom": _BOTTOM},
        "tooltip": {
            "trigger": "axis", "confine": True, ":valueFormatter": words, "borderColor": GRID,
            "textStyle": {"color": INK, "fontSize": 12}, "axisPointer": {"lineStyle": {"color": FRAME}},
            ":formatter": _tooltip(words),
        },
        "xAxis": {
            "type": "value", "min": 0, "max": weeks, "interval": _interval(weeks), "splitLine": {"show": False},
            "axisLine": {"lineStyle": {"color": FRAME}, "onZero": False}, "axisTick": {"show": False},
            "axisLabel": {"color": MUTED, "fontSize": 12, "showMaxLabel": True,
                          ":formatter": "v => v ? String(Math.round(v)) : 'week 0'"},
        },
        "yAxis": {
            "type": "value", "min": low_end, "max": high_end, "interval": step, "axisLine": {"show": False},
            "axisTick": {"show": False},
            "axisLabel": {"color": MUTED, "fontSize": 12, ":formatter": words},
            "splitLine": {"lineStyle": {"color": GRID}},
        },
        "series": series,
    }  # fmt: skip


def axis(fans: Floats) -> tuple[float, float, float]:
    """Return ends and step of an axis that holds all fans, on round numbers.

    Examples
    --------
    >>> axis(np.array([-1.2, 3.9])), axis(np.array([0.61, 0.98])), axis(np.array([7.0, 7.0]))
    ((-2.0, 4.0, 2.0), (0.6, 1.0, 0.1), (6.5, 7.5, 0.25))
    """
    known = fans[np.isfinite(fans)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    if high - low < 1e-9 * max(abs(high), 1.0):
        low, high = low - 0.5, high + 0.5
    if 0 < low < 0.4 * high:
        low = 0.0
    rough = (high - low) / 4.5
    scale = 10.0 ** np.floor(np.log10(rough))
    step = float(next(part * scale for part in (1.0, 2.0, 2.5, 5.0, 10.0) if part * scale >= rough))
    ends = np.floor(low / step + 1e-9) * step, np.ceil(high / step - 1e-9) * step
    return float(f"{ends[0]:.10g}"), float(f"{ends[1]:.10g}"), float(f"{step:.10g}")


def _shifts(ends: Floats, labels: Sequence[str], low: float, high: float) -> list[float]:
    """Return pixels by which the names at the lines' ends move, so that none lies on another."""
    room = float(HEIGHT - _TOP - _BOTTOM)
    heights = [float((high - y) / (high - low)) if np.isfinite(y) else 0.5 for y in ends]
    rooms = [(_wrapped(label).count("\n") + 1) * _LINE / room + 0.02 for label in labels]
    places = apart(heights, rooms)
    return [room * (place - at) for place, at in zip(places, heights, strict=True)]


def _tooltip(words: str) -> str:
    """Return week and medians only, every third series; names are escaped by hand, because the tooltip is HTML."""
    return (
        "ps => { const w = " + words + ", e = t => String(t).replace(/[&<>\"']/g, c => '&#' + c.charCodeAt(0) + ';');"
        " return '<b>week ' + Math.round(ps[0].value[0]) + '</b>' + ps.filter(p => p.seriesIndex % 3 === 2)"
        ".map(p => '<br>' + e(p.seriesName) + ': ' + (p.value[1] == null ? '\\u2014' : w(p.value[1]))).join(''); }"
    )


def _interval(weeks: int) -> int:
    """Return the weeks between two ticks.

    Examples
    --------
    >>> _interval(260), _interval(52), _interval(8)
    (52, 13, 2)
    """
    if weeks < 12:
        return max(1, weeks // 4)
    return next((step for step in (4, 13, 26, 52, 104, 260) if weeks / step <= 6), 520)


def _points(values: Floats) -> list[float | None]:
    """Return numbers with six digits; None where there is none."""
    return [float(f"{value:.6g}") if np.isfinite(value) else None for value in values]


def _pairs(weeks: NDArray[np.int64], values: Sequence[float | None]) -> list[list[float | None]]:
    return [[int(week), value] for week, value in zip(weeks, values, strict=True)]


def _wrapped(label: str, width: int = 13, most: int = 3) -> str:
    """Return a name on the end of a line, without what the chart's own markup uses.

    Examples
    --------
    >>> _wrapped("Relationship flywheel"), _wrapped("A{b|c}")
    ('Relationship\\nflywheel', 'A b c')
    """
    import textwrap

    plain = "".join(" " if c in "{}|" else c for c in label).strip()
    lines = textwrap.wrap(plain, width) or [plain]
    return "\n".join(lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1]}\N{HORIZONTAL ELLIPSIS}"])
