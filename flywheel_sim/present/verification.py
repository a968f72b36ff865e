"""A verification in the terminal and as one HTML page: the table, theory lines with model points, and the QQ plot."""

import math
import os
import re
from pathlib import Path
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from flywheel_sim.present.drawing import FRAME, INK, MUTED, PALETTE, canvas, plain, to_svg
from flywheel_sim.present.pages import write_page
from flywheel_sim.results.verification import Check, Quantity, Verification

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["line_chart", "qq_chart", "verification_table", "write_verification"]

_NORMAL = NormalDist()
#: What x is counted in, out of a quantity's name: "share won, year 5" or "net output of 10 heads".
_UNIT = re.compile(r"(\w+) [\d.]+$|[\d.]+ (\w+)$")
#: Fewer points than this make no curve.
_FEWEST = 3


def digits(value: float) -> str:
    """Return a number with four figures.

    Examples
    --------
    >>> digits(0.794861), digits(235.07), digits(0.0), digits(1.3e-10), digits(math.nan)
    ('0.7949', '235.1', '0', '1.3e-10', '')
    """
    return "" if math.isnan(value) else f"{value:.4g}"


def verification_table(verification: Verification) -> "Table":
    """Return quantity, theory, model, standard error, verdict."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("limit", "quantity"):
        table.add_column(name)
    for name in ("theory", "model", "std. error", "z", "p"):
        table.add_column(name, justify="right")
    if verification.mode == "full":
        table.add_column("detects", justify="right")
    table.add_column("verdict")
    for check in verification.checks:
        for k, row in enumerate(_rows(check)):
            cells = [check.key if k == 0 else "", *row[:6]]
            cells += [row[6]] if verification.mode == "full" else []
            table.add_row(*cells, row[7], style="" if check.passed[k] else "bold red")
    return table


def _rows(check: Check) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for q, p, ok, sees in zip(check.quantities, check.p, check.passed, check.sees, strict=True):
        error = "exact" if q.exact else digits(q.error)
        z = "" if q.exact else f"{q.z:+.2f}"
        share = f" ({100 * sees / abs(q.theory):.2g} %)" if not q.exact and q.theory != 0.0 else ""
        verdict = "ok" if ok else "DIFFERS"
        rows.append((q.name, digits(q.theory), digits(q.model), error, z, digits(p), digits(sees) + share, verdict))
    return rows


def line_chart(line: str, points: list[Quantity], path: tuple[Any, Any] | None = None) -> Figure:
    """Draw theory as a line, what the simulation found as points with two standard errors.

    ``path`` is theory between the points; without it they are joined.
    """
    figure = canvas(470.0, 240.0)
    axes = figure.add_axes((0.13, 0.17, 0.83, 0.74))
    plain(axes)
    x = np.array([q.x for q in points], dtype=np.float64)
    order = np.argsort(x)
    theory = np.array([q.theory for q in points])
    axes.plot(*(path or (x[order], theory[order])), color=PALETTE[0], linewidth=1.6, zorder=2)
    unit = _UNIT.search(points[0].name)
    axes.set_xlabel((unit[1] or unit[2]) if unit else "", fontsize=9.5, color=MUTED)
    axes.errorbar(
        x,
        [q.model for q in points],
        yerr=[2 * q.error for q in points],
        fmt="o",
        markersize=4.5,
        color=PALETTE[1],
        ecolor=PALETTE[1],
        elinewidth=1.2,
        capsize=2.5,
        zorder=3,
    )
    axes.set_title(line, loc="left", fontsize=10, color=INK)
    axes.margins(x=0.05, y=0.1)
    return figure


def normal_scores(verification: Verification) -> list[float]:
    """Return every quantity with luck and without a bias allowed for, as the normal deviate of the same p-value."""
    scores = []
    for check in verification.checks:
        for q, p in zip(check.quantities, check.p, strict=True):
            if not q.exact and q.bias == 0.0 and math.isfinite(p):
                size = -_NORMAL.inv_cdf(max(min(p, 1.0), 1e-15) / 2.0)
                scores.append(math.copysign(size, q.z))
    return sorted(scores)


def qq_chart(verification: Verification) -> Figure:
    """Draw distances of model from theory against those of luck alone."""
    scores = normal_scores(verification)
    figure = canvas(470.0, 300.0)
    axes = figure.add_axes((0.12, 0.14, 0.84, 0.80))
    plain(axes)
    n = len(scores)
    want = [_NORMAL.inv_cdf((k + 0.5) / n) for k in range(n)]
    edge = max([3.0, *(abs(value) for value in (*scores, *want))]) + 0.2
    axes.plot([-edge, edge], [-edge, edge], color=FRAME, linewidth=1.0)
    axes.plot(want, scores, "o", markersize=4, color=PALETTE[0])
    axes.set(xlim=(-edge, edge), ylim=(-edge, edge))
    axes.set_xlabel("if luck were all", fontsize=9.5, color=MUTED)
    axes.set_ylabel("found", fontsize=9.5, color=MUTED)
    return figure


def write_verification(verification: Verification, path: str | os.PathLike[str], made: dict[str, Any]) -> Path:
    """Write the page; ``made`` holds version, engine and command."""
    checks = [
        {"key": check.key, "title": check.title, "scenario": check.scenario, "bias": check.bias,
         "replicates": check.replicates, "rows": _rows(check), "passed": check.passed, "charts": _charts(check)}
        for check in verification.checks
    ]  # fmt: skip
    qq = ""
    if len(normal_scores(verification)) >= _FEWEST:
        qq = to_svg(qq_chart(verification), "qq", "Distances of simulation from theory against the normal law.")
    only = sorted(verification.theory_only.items(), key=lambda one: int(one[0][1:]))
    return write_page(
        path, "verification.html.jinja", verification=verification, checks=checks, qq=qq, made=made, only=only
    )


def _charts(check: Check) -> list[str]:
    """Draw every line of theory that has enough points of the model, as SVG with its numbers in words."""
    lines: dict[str, list[Quantity]] = {}
    for q in check.quantities:
        if q.x is not None:
            lines.setdefault(q.line, []).append(q)
    drawn = []
    for k, (line, points) in enumerate(lines.items()):
        if len(points) >= _FEWEST:
            numbers = "; ".join(f"at {q.x:g} theory {digits(q.theory)}, model {digits(q.model)}" for q in points)
            drawn.append(
                to_svg(
                    line_chart(line, points, check.paths.get(line)),
                    f"{check.key}-{k}",
                    f"{check.title}, {line}: {numbers}.",
                )
            )
    return drawn
