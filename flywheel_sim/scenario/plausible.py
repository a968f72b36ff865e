"""Numbers that may be right and are most likely not: far from what the trade pays, or from the company they change.

They are questions and no mistakes: a file that raises some runs as it says.  What was probably meant is guessed from
the usual slips, one unit taken for another: a salary in thousands, an hourly wage, a monthly price where a year's
belongs, a per cent for a share.  The question says the unit, so that whoever meant the number can leave it.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from flywheel_sim.scenario.errors import Problem, ScenarioError
from flywheel_sim.scenario.idle import own
from flywheel_sim.scenario.roles import role_of
from flywheel_sim.scenario.scenario import Scenario
from flywheel_sim.scenario.shapes import along, root

__all__ = ["TRADES", "Trade", "questions"]

#: Slips of a unit: factor that puts it right, and what was written instead.
_THOUSANDS, _HOURLY, _WEEKLY, _MONTHLY = (
    (1000.0, "in thousands"), (2080.0, "by the hour"), (52.0, "by the week"), (12.0, "by the month"),
)  # fmt: skip
_BY_THE_YEAR, _PER_CENT, _YEARS = (1 / 52, "by the year"), (0.01, "in per cent"), (52.0, "in years")
_IN_MINUTES = (1 / 60, "in minutes")


class Trade(NamedTuple):
    """What a number is in companies there are.

    Attributes
    ----------
    low, high : float
        Hardly any company lies outside.
    what : str
        What is in this range, in plural.
    slips : tuple of (float, str)
        Factors that put a slip of the unit right, the likeliest first.
    """

    low: float
    high: float
    what: str
    slips: tuple[tuple[float, str], ...] = ()


#: Path, any name written ``*``, -> what the trade knows.
TRADES: dict[str, Trade] = {
    "horizon_weeks": Trade(13, 1040, "plans", (_YEARS, (52 / 12, "in months"))),
    "teams.*.salary": Trade(12_000, 700_000, "salaries", (_THOUSANDS, _MONTHLY, _WEEKLY, _HOURLY)),
    "leadership.salary": Trade(60_000, 3_000_000, "such salaries", (_THOUSANDS, _MONTHLY)),
    "incentives.pay.*.bonus": Trade(0, 1, "bonuses at target, over the salary,", (_PER_CENT,)),
    "capacity.gross_hours": Trade(15, 60, "hours a head works in a week", ((5.0, "by the day"),)),
    "service.handling_hours": Trade(0, 40, "hours for an issue", (_IN_MINUTES,)),
    "journey.touchpoints.*.hours": Trade(0, 80, "hours of a contact", (_IN_MINUTES,)),
    "journey.touchpoints.*.rate": Trade(0, 7, "contacts a week", (_BY_THE_YEAR, (12 / 52, "by the month"))),
    "service.issues": Trade(0, 3, "issues of a customer in a week", (_BY_THE_YEAR, (12 / 52, "by the month"))),
    "expansion.rate": Trade(0, 0.1, "further deals of a customer in a week", (_BY_THE_YEAR,)),
    "ledger.discount_rate": Trade(0, 0.5, "discount rates", (_PER_CENT,)),
    "ledger.cost_of_revenue": Trade(0, 0.95, "costs of revenue, over revenue,", (_PER_CENT,)),
    "market.price": Trade(0.1, 10, "list prices, relative to the base case's,"),
    "market.price_rise": Trade(-0.3, 0.5, "rises of the price in a year", (_PER_CENT,)),
}
#: Voluntary churn a period, by contract.
_CHURN = {
    "monthly": Trade(0.0005, 0.25, "churn a month", ((1 / 12, "by the year"),)),
    "annual": Trade(0.005, 0.7, "churn at a yearly renewal", ((12.0, "by the month"),)),
}
#: Units of what is large in a large company: how far two companies may lie apart in it, and in anything else.
_SIZES = re.compile(r"^(\$|\$/week|\$/year|heads|hours/week|points)$|^$")
_APART, _SIZES_APART = 20.0, 1000.0
#: How near to what the parent says a slip that was put right must come.
_NEAR = 2.5


def questions(scenario: Scenario) -> list[Problem]:
    """Return a question for every number of a user's own that is far from the trade's, or from its parent's.

    Parameters
    ----------
    scenario : Scenario

    Returns
    -------
    list of Problem
        With file, line and column where they are known; the message says unit and range, the suggestion what was
        probably meant.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> for one in questions(load("b2b-saas").with_({"teams.sales.salary": 150})):
    ...     print(one.message.partition(": ")[2])
    was $150,000 meant, written in thousands?
    """
    parent = _parent(scenario)
    asked = list(_of_known(scenario, parent))
    for path in own(scenario):
        value = _number(scenario, path)
        if value is not None:
            said = _of_trade(scenario, path, value) or _of_parent(parent, path, value)
            if said:
                asked.append(_at(scenario, path, said))
    return asked


def _at(scenario: Scenario, path: str, said: str) -> Problem:
    place = scenario.position(path)
    file, line, column = place if place is not None else (None, None, None)
    return Problem(file, line, column, path, said)


def _parent(scenario: Scenario) -> Scenario | None:
    """Return what a scenario was changed from; None where there is nothing."""
    from flywheel_sim.scenario.loading import load

    typed = scenario.typed if scenario.changes and scenario.typed else scenario.below
    if scenario.changes and not scenario.typed and scenario.name != "unnamed":
        typed = scenario.name
    try:
        return load(typed) if typed and not typed.startswith("library/") else None
    except ScenarioError:
        return None


def _number(scenario: Scenario, path: str) -> float | None:
    try:
        value = scenario.get(path)
    except (ScenarioError, KeyError, AttributeError):
        return None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _of_trade(scenario: Scenario, path: str, value: float) -> str:
    """Say that a number is none of the trade's; nothing where it is one."""
    trade = _trade(scenario, path)
    if trade is None or value == 0 or trade.low <= value <= trade.high:
        return ""
    meant = next((slip for slip in trade.slips if trade.low <= value * slip[0] <= trade.high), None)
    unit = _unit(scenario, path)
    said = f"{_said(value, unit)} is far from other {trade.what} {_range(trade, unit)}"
    return said + (f": was {_said(value * meant[0], unit, bare=True)} meant, written {meant[1]}?" if meant else "")


def _trade(scenario: Scenario, path: str) -> Trade | None:
    if path == "market.churn.mean":
        contracts = scenario.model.contracts
        return _CHURN.get(contracts.kind) if contracts.enabled else None
    for pattern, trade in TRADES.items():
        if re.fullmatch(re.escape(pattern).replace(r"\*", r"[^.]+"), path):
            return trade
    return None


def _of_parent(parent: Scenario | None, path: str, value: float) -> str:
    """Say that a number is far from what the company it changes says; nothing where it is near, or either is 0."""
    before = _number(parent, path) if parent is not None else None
    if parent is None or before is None or before <= 0 or value <= 0 or role_of(path) == "record":
        return ""
    ratio, unit = max(value / before, before / value), _unit(parent, path)
    said = f"{_said(value, unit)}, where {parent.label} says {_said(before, unit)}"
    if re.fullmatch(r"segments\.[^.]+\.spend", path):
        for factor, instead in (_MONTHLY, _WEEKLY):
            meant = value * factor
            if ratio > factor / _NEAR and value < before and max(meant / before, before / meant) < _NEAR:
                return f"{said}: was {_said(meant, unit, bare=True)} meant, written {instead}?"
    if ratio <= (_SIZES_APART if _SIZES.match(unit) else _APART):
        return ""
    if unit in ("share", "probability") and ratio < 1000:
        return ""
    return f"{said}: {ratio:,.0f} times as {'much' if value > before else 'little'}; is the unit right?"


def _of_known(scenario: Scenario, parent: Scenario | None) -> Iterator[Problem]:
    """Yield questions about numbers that are known: a price by the month called one by the year."""
    for known in scenario.known:
        path, said = f"known.{known.name}", ""
        if known.name == "price" and known.weeks and parent is not None:
            yearly, before = known.value * 52 / known.weeks, _mean_spend(parent)
            if before > 0 and known.weeks == 52 and yearly < before / 5 and yearly * 12 > before / _NEAR:
                said = (
                    f"'{known.said}' comes to ${yearly:,.0f} a year, where {parent.label} has ${before:,.0f}: was "
                    f"${known.value:,.0f} a month meant?"
                )
        elif known.name == "churn" and known.weeks:
            yearly = 1 - (1 - min(known.value, 0.999999)) ** (52 / known.weeks)
            if yearly > 0.97 or 0 < yearly < 0.002:
                said = f"'{known.said}' loses {yearly:.1%} of the customers in a year: is the period right?"
        elif known.name == "utilisation" and 0 < known.value < 0.2:
            said = f"'{known.said}': service would be idle four fifths of its time; is it a share of 1?"
        elif known.name == "payback" and known.value > 120:
            said = f"'{known.said}' is more than ten years; is it in months?"
        if said:
            yield Problem(scenario.files[0] if scenario.files else None, None, None, path, said)


def _mean_spend(scenario: Scenario) -> float:
    segments = scenario.model.segments.values()
    total = sum(segment.share for segment in segments)
    return sum(segment.share * segment.spend for segment in segments) / total * scenario.model.market.price


def _unit(scenario: Scenario, path: str) -> str:
    shape = along(root(type(scenario.model)), tuple(path.split(".")))
    return shape.unit if shape is not None else ""


def _range(trade: Trade, unit: str) -> str:
    low, high = _said(trade.low, unit, bare=True), _said(trade.high, unit, bare=True)
    return f"(usually {low} to {high}{_per(unit)})"


def _said(value: float, unit: str, *, bare: bool = False) -> str:
    """Return a number with its unit, as people say it."""
    if unit.startswith("$"):
        return (f"${value:,.0f}" if abs(value) >= 10 else f"${value:,.4g}") + ("" if bare else _per(unit))
    unit = "" if unit in ("share", "probability", "ratio") else unit
    text = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}"
    return text if bare or not unit else f"{text} {unit}" if "/" not in unit else f"{text}{_per(unit)}"


def _per(unit: str) -> str:
    what, _, period = unit.partition("/")
    if not period or what == "rad^2":
        unit = "" if unit in ("share", "probability", "ratio") else unit
        return "" if unit.startswith("$") or not unit else f" {unit}"
    return f" {'' if what in ('$', '1') else what + ' '}a {period}".replace("  ", " ")
