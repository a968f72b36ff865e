"""A roofline of the bench: nanoseconds per account-week against the bytes an account takes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from flywheel_sim.present.drawing import GRID, INK, MUTED, canvas, color

__all__ = ["SAID", "roofline"]

#: What the picture shows, for those who cannot see it.
SAID = (
    "Nanoseconds per account-week against bytes per account on logarithmic axes: the line of the memory's bandwidth, "
    "the floor near it, the engine above, NumPy columns and Mesa agents above that"
)

#: Series in the order of the legend: name, words, marker and colour.
_SERIES = (
    ("floor", "floor", "s", 6),
    ("engine", "engine, every mechanism", "o", 0),
    ("core", "engine, the core", "D", 2),
    ("columns", "NumPy columns, the core", "^", 4),
    ("agents", "Mesa agents, the core", "v", 1),
)

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def roofline(data: Mapping[str, Any]) -> Figure:
    """Draw a bench, as ``Bench.to_dict`` or ``flywheel bench --json`` gives it.

    Both axes are logarithmic; lower is faster.  Bytes are those that hold an account, read and written once a week; the
    line is the time that takes at the bandwidth of main memory, measured in the same run.  What lies far above it does
    not wait for memory but computes; what lies near it could only become faster by moving fewer bytes, and what lies
    below it stays in the caches.  Points too close to another to be told apart carry no size.

    Examples
    --------
    >>> rows = [{"accounts": 10_000, "floor_ns": 3.0, "engine_ns": 40.0, "bytes": 111.0, "column_bytes": 74.0}]
    >>> figure = roofline({"timings": rows, "rivals": [], "bandwidth": 1e10})
    >>> len(figure.axes)
    1
    """
    points = _points(data)
    figure = canvas(560.0, 360.0)
    axes = figure.add_axes((0.11, 0.13, 0.86, 0.80))
    every = [point for rows in points.values() for point in rows]
    low, high = min(x for x, _, _ in every) / 1.8, max(x for x, _, _ in every) * 1.8
    bandwidth = data.get("bandwidth")
    if bandwidth:
        ends = np.array([low, high])
        axes.plot(ends, ends / bandwidth * 1e9, color=MUTED, linewidth=1.4, zorder=1)
        axes.annotate(
            f"memory, {bandwidth / 1e9:.1f} GB/s", (high, high / bandwidth * 1e9), xytext=(-6, -16),
            textcoords="offset points", ha="right", va="top", color=MUTED, fontsize=9,
        )  # fmt: skip
    named: list[tuple[float, float]] = []
    for name, words, marker, tint in _SERIES:
        rows = points.get(name, [])
        if not rows:
            continue
        x, y = [row[0] for row in rows], [row[1] for row in rows]
        axes.plot(x, y, marker, color=color(tint), markersize=7, label=words, linestyle="none", zorder=3)
        for bytes_, ns, accounts in rows:
            if all(abs(np.log(ns / y0)) > 0.14 or abs(np.log(bytes_ / x0)) > 0.14 for x0, y0 in named):
                named.append((bytes_, ns))
                axes.annotate(
                    _power(accounts), (bytes_, ns), xytext=(8, -3), textcoords="offset points", color=INK, fontsize=8
                )
    axes.set_xscale("log")
    axes.set_yscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: _ten_to(round(np.log10(value)))))
        axis.set_minor_formatter(NullFormatter())
    axes.set_xlim(low, high)
    axes.set_xlabel("bytes per account, read and written once a week")
    axes.set_ylabel("ns per account-week, one core")
    axes.grid(color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    for edge in ("top", "right"):
        axes.spines[edge].set_visible(False)
    axes.legend(frameon=False, fontsize=9, loc="upper left", labelcolor=INK)
    return figure


def _points(data: Mapping[str, Any]) -> dict[str, list[tuple[float, float, int]]]:
    """By series: bytes read and written, nanoseconds, accounts."""
    points: dict[str, list[tuple[float, float, int]]] = {"floor": [], "engine": [], "core": []}
    timings: Sequence[Mapping[str, Any]] = data["timings"]
    for row in timings:
        points["floor"].append((2 * row["column_bytes"], row["floor_ns"], row["accounts"]))
        points["engine"].append((2 * row["bytes"], row["engine_ns"], row["accounts"]))
    state = timings[-1]["bytes"]
    raced: dict[int, tuple[float, float, int]] = {}
    held = {row["rival"]: row["rival_bytes"] for row in data["rivals"] if row["rival_bytes"]}
    for row in data["rivals"]:
        raced[row["accounts"]] = (2 * state, row["engine_ns"], row["accounts"])
        bytes_ = row["rival_bytes"] or held.get(row["rival"])  # of a small process the growth cannot be seen
        if bytes_:
            points.setdefault(row["rival"], []).append((2 * bytes_, row["rival_ns"], row["accounts"]))
    points["core"] = [raced[n] for n in sorted(raced)]
    return points


def _power(accounts: int) -> str:
    """10 000 as a power of ten, with the digit a reader needs."""
    exponent = len(str(accounts)) - 1
    return _ten_to(exponent) if accounts == 10**exponent else f"{accounts:,}"


def _ten_to(exponent: int) -> str:
    """A power of ten with its exponent raised.

    Examples
    --------
    >>> _ten_to(6), _ten_to(-12)
    ('10⁶', '10⁻¹²')
    """
    return "10" + str(exponent).translate(_RAISED)
