"""Numbers that people know of their company, as they say them: ``churn: 3% a month``, ``nps: 41 +- 3``.

A file says them under ``known``.  They are no settings: ``flywheel calibrate`` looks for settings with which the
company comes to them.  Here they are read: what the number is of, its unit, and the range that will do.
"""

import re
from dataclasses import dataclass
from typing import Any

from flywheel_sim.scenario.errors import Problem, ScenarioError, nearest, shown
from flywheel_sim.scenario.reading import Node, plain

__all__ = ["KINDS", "Kind", "Known", "known_numbers", "read_known"]

#: Weeks in the periods people speak of.
PERIODS = {"week": 1.0, "month": 52 / 12, "quarter": 13.0, "year": 52.0}
#: Shares of a number that will do where no range is said, and points of a score.
_WITHIN, _POINTS = 0.05, 3.0


@dataclass(frozen=True, slots=True)
class Kind:
    """What a known number can be of.

    Parameters
    ----------
    name : str
    what : str
        For people.
    unit : str
        ``count``, ``money``, ``points``, ``share``, ``months``; with ``/`` where a period has to be said.
    example : str
        How somebody would say it.
    """

    name: str
    what: str
    unit: str
    example: str


#: By name.
KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("market", "households or firms that could be customers", "count", "40 000"),
        Kind("customers", "customers when the run begins", "count", "1 200"),
        Kind("price", "what a customer pays", "money/", "$50 a month"),
        Kind("churn", "customers lost, of those there were", "share/", "3% a month"),
        Kind("new_customers", "customers won", "count/", "40 a month"),
        Kind("referral_share", "new customers who come by referral", "share", "22%"),
        Kind("nps", "net promoter score of the survey", "points", "41 +- 3"),
        Kind("csat", "satisfied share of the survey", "share", "82%"),
        Kind("tickets", "issues that customers bring to service", "count/", "300 a month"),
        Kind("utilisation", "hours asked of service over those it has", "share", "85%"),
        Kind("payback", "months until a customer has paid for being won", "months", "14 months"),
    )
}
#: Other words for the same.
_CALLED = {
    "households": "market", "accounts": "market", "prospects": "market", "spend": "price", "fee": "price",
    "referrals": "referral_share", "referral": "referral_share", "wins": "new_customers", "new": "new_customers",
    "issues": "tickets", "contacts": "tickets", "utilization": "utilisation", "cac_payback": "payback",
    "cac_payback_months": "payback", "nps_survey": "nps", "csat_survey": "csat",
}  # fmt: skip
_NUMBER = r"[-+]?\d{1,3}(?:[ ,'\u00a0\u202f]\d{3})+(?:\.\d+)?|[-+]?\d+(?:\.\d+)?"
_SAID = re.compile(
    rf"^\s*(?P<money>[$€£])?\s*(?P<number>{_NUMBER})\s*(?P<big>[km])?\s*(?P<share>%|per ?cent|percent)?"
    rf"(?:\s*(?P<sign>\+-|\+/-|±|to|–|-)\s*[$€£]?\s*(?P<other>{_NUMBER})\s*(?P<big2>[km])?"
    r"\s*(?P<share2>%|per ?cent|percent)?)?"
    r"\s*(?:(?:a|an|per|each|/)\s*(?P<period>week|month|quarter|year)|(?P<months>months?)|"
    r"(?P<noun>points?|customers?|households?|accounts?|people|tickets?|issues?|\w{3}))?\s*$",
    re.IGNORECASE,
)
_PERIODICALLY = {"weekly": "week", "monthly": "month", "quarterly": "quarter", "yearly": "year", "annually": "year"}


@dataclass(frozen=True, slots=True)
class Known:
    """A number that is known of a company.

    Parameters
    ----------
    name : str
        One of `KINDS`.
    said : str
        In the words of the file.
    value, low, high : float
        And the range that will do; shares as parts of 1.
    weeks : float
        Weeks of its period; 0 where it has none.
    stated : bool
        Whether the range was said, and not the usual one.
    """

    name: str
    said: str
    value: float
    low: float
    high: float
    weeks: float = 0.0
    stated: bool = False

    @property
    def kind(self) -> Kind:
        """Kind of number that this is."""
        return KINDS[self.name]

    def met(self, value: float) -> bool:
        """Tell whether a value lies in the range."""
        return self.low <= value <= self.high


def read_known(name: str, value: Any) -> Known:
    """Read one number that is known of a company.

    Raises
    ------
    ScenarioError
        When it is not one, with how somebody would say it.

    Examples
    --------
    >>> one = read_known("churn", "3% a month")
    >>> one.value, round(one.weeks, 2), one.low < .03 < one.high
    (0.03, 4.33, True)
    >>> read_known("nps", "41 +- 3").low, read_known("customers", "1 200").value
    (38.0, 1200.0)
    """
    known = _CALLED.get(name, name)
    if known not in KINDS:
        near = nearest(name, [*KINDS, *_CALLED])
        message = f"no number called '{name[:40]}' can be known here; there are {', '.join(KINDS)}"
        raise ScenarioError.single(message, suggestion=near)
    kind = KINDS[known]
    said = value if isinstance(value, str) else f"{value:g}" if isinstance(value, int | float) else ""
    text = said
    for word, period in _PERIODICALLY.items():
        text = re.sub(rf"\b{word}\b", f"a {period}", text, flags=re.IGNORECASE)
    match = _SAID.match(text)
    if isinstance(value, bool) or not said or match is None:
        raise _not(kind, f"expected a number as people say it, got {shown(value)}")
    return _understood(kind, said, match)


def _understood(kind: Kind, said: str, match: re.Match[str]) -> Known:
    unit, periodic = kind.unit.rstrip("/"), kind.unit.endswith("/")
    value = _number(match["number"], match["big"])
    other = _number(match["other"], match["big2"]) if match["other"] else None
    if match["share"] or match["share2"]:
        if unit != "share":
            raise _not(kind, f"got a share ('{said}') for {kind.what}")
        value, other = value / 100, other / 100 if other is not None else None
    elif unit == "share" and not 0 <= value <= 1:
        raise _not(kind, f"'{said}' is no share: write {match['number']}% or {value / 100:g}")
    if match["money"] and unit != "money":
        raise _not(kind, f"got money ('{said}') for {kind.what}")
    period = (match["period"] or "").lower()
    if periodic and not period:
        raise _not(kind, f"'{said}' is in which time? say a week, a month, a quarter or a year")
    if not periodic and period:
        raise _not(kind, f"{kind.what} is no number per {period}")
    low, high = _range(unit, value, other, match["sign"])
    if other is not None and match["sign"] not in ("+-", "+/-", "±"):
        value = (low + high) / 2
    if unit in ("count", "money", "months") and low < 0:
        raise _not(kind, f"expected no number below 0, got '{said}'")
    if unit == "share" and not 0 <= low <= high <= 1:
        low, high = max(low, 0.0), min(high, 1.0)
    return Known(
        name=kind.name,
        said=said,
        value=value,
        low=low,
        high=high,
        weeks=PERIODS.get(period, 0.0),
        stated=other is not None,
    )


def _range(unit: str, value: float, other: float | None, sign: str | None) -> tuple[float, float]:
    if other is None:
        off = _POINTS if unit == "points" else _WITHIN * abs(value)
        return value - off, value + off
    if sign in ("+-", "+/-", "±"):
        return value - abs(other), value + abs(other)
    return min(value, other), max(value, other)


def _number(text: str, big: str | None) -> float:
    plainly = re.sub(r"[ ,'\u00a0\u202f](?=\d{3})", "", text)
    return float(plainly) * {"k": 1e3, "m": 1e6}.get((big or "").lower(), 1.0)


def _not(kind: Kind, message: str) -> ScenarioError:
    return ScenarioError([Problem(None, None, None, f"known.{kind.name}", f"{message}; for example: {kind.example}")])


def known_numbers(node: Node) -> tuple[dict[str, Known], list[Problem]]:
    """Read the block ``known`` of a file.

    Returns
    -------
    known : dict of str to Known
    problems : list of Problem
        With file, line and column.
    """
    problems: list[Problem] = []
    known: dict[str, Known] = {}
    if not isinstance(node.value, dict):
        message = f"expected what is known, one number a line (churn: 3% a month), got {shown(plain(node))}"
        return {}, [Problem(*node.place, "known", message)]
    for name, value in node.value.items():
        if value.value is None:
            continue
        try:
            one = read_known(name, plain(value))
        except ScenarioError as error:
            (problem,) = error.problems
            file, line, column = value.key or value.place
            problems.append(Problem(file, line, column, f"known.{name}", problem.message, problem.suggestion))
            continue
        if one.name in known:
            file, line, column = value.key or value.place
            problems.append(Problem(file, line, column, f"known.{name}", f"'{one.name}' is said twice"))
        known[one.name] = one
    return known, problems
