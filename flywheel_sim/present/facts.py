"""Facts in the terminal and as one HTML page."""

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

from flywheel_sim.present.pages import write_page
from flywheel_sim.results.facts import VERDICTS, Fact, Facts
from flywheel_sim.results.words import number
from flywheel_sim.scenario.bibliography import bibliography

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["band", "facts_table", "missed", "rate", "valued", "write_facts"]

_STYLE = {"fails": "bold red", "no interface": "dim"}


def valued(one: Fact) -> str:
    """Say what was measured, with its standard error.

    Examples
    --------
    >>> one = dict(mark="S9", part="", company="", role="", low=0.2, high=0.5, unit="share", verdict="agrees")
    >>> valued(Fact(**one, value=0.25, error=0.01)), valued(Fact(**one, value=math.nan, error=math.nan))
    ('0.25 ± 0.01', '')
    """
    if not math.isfinite(one.value):
        return ""
    return f"{number(one.value)} ± {number(one.error)}" if math.isfinite(one.error) else number(one.value)


def band(one: Fact) -> str:
    """Say where the value should lie."""
    if math.isnan(one.low) or math.isnan(one.high):
        return ""
    if math.isinf(one.high):
        return f"above {number(one.low)}"
    return f"below {number(one.high)}" if math.isinf(one.low) else f"{number(one.low)} to {number(one.high)}"


def missed(one: Fact) -> str:
    """Say by how much a failing value misses the nearest end of its band; by luck where the sign is right but unsure.

    Examples
    --------
    >>> one = dict(mark="S9", part="", company="", role="", low=0.2, high=0.5, unit="share", verdict="fails")
    >>> missed(Fact(**one, value=0.1, error=0.01))
    '0.1 too low'
    """
    if one.verdict != "fails":
        return ""
    if one.value < one.low:
        return f"{number(one.low - one.value)} too low"
    if one.value > one.high:
        return f"{number(one.value - one.high)} too high"
    return "right sign, but luck may explain it"


def rate(one: Fact) -> str:
    """Say in how many companies drawn from the prior the fact holds; nothing where it was not tried."""
    return f"{100 * one.pass_rate:.0f} %" if math.isfinite(one.pass_rate) else ""


def facts_table(facts: Facts) -> "Table":
    """Return one line for each fact, part and company."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("fact", "company", "role", "what", "value", "published", "verdict", "prior"):
        table.add_column(column, overflow="fold")
    for one in facts.facts:
        verdict = "; ".join(filter(None, (one.verdict, missed(one), one.says)))
        cells = (one.mark, one.company, one.role, one.part, valued(one), band(one), verdict, rate(one))
        table.add_row(*map(Text, cells), style=_STYLE.get(one.verdict, ""))
    return table


def write_facts(facts: Facts, path: str | os.PathLike[str]) -> Path:
    """Write the page: every fact with its source, and what was measured in each company."""
    marks = dict.fromkeys(one.mark for one in facts.facts)
    listed = [
        {
            "source": bibliography()[mark],
            "role": next(one.role for one in facts.facts if one.mark == mark),
            "rows": [(one, valued(one), band(one), missed(one), rate(one)) for one in facts.facts if one.mark == mark],
        }
        for mark in marks
    ]
    return write_page(path, "facts.html.jinja", facts=facts, listed=listed, verdicts=VERDICTS)
