"""What files of a company say of it: customer lists, tables of figures by date, and cohort tables.

A file is recognised by its headers and by what stands below them, and told back; what could be read in two ways is
asked for by option.  Only sums and means leave this module: no name, address or number of a customer is kept.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

from flywheel_sim.scenario import ScenarioError
from flywheel_sim.scenario.errors import nearest
from flywheel_sim.study.calibration.user_tables import Table, blank, dates, is_date, numbers, read_table

__all__ = ["Choices", "FromFile", "read_file"]

MONTH = 365.25 / 12
#: What ``--column MEANING=none`` says: no column means this.
NONE = "none"
#: Headers of a customer list, by what they mean.
_CUSTOMER = {
    "start": (
        r"start|sign(ed)?[ -]?up|joined|since|begin|created?\b|became|subscribed|activat|first (order|purchase)"
        r"|eintritt"
    ),
    "end": r"\bend|ende\b|ended|cancel|churn|left|closed|terminat|unsubscrib|expir|kündig|kuendig|austritt",
    "fee": r"fee|price|mrr|arr\b|amount|revenue|spend|paying|beitrag|preis",
    "source": (
        r"source|channel|how.*(hear|found|f[io]nd|came)|found us|heard|referr|acqui|campaign|quelle|herkunft|medium"
    ),
    "score": r"\bnps\b|score|recommend|rating",
    "segment": r"segment|tier|size|type|gruppe",
    "plan": r"plan|product|package|tarif",
    "id": r"\bid\b|number|customer|account|kunde|e-?mail|name",
}
#: Headers of a table of figures, by what they mean.
_FIGURE = {
    "new_customers": r"new|sign(ed)?[ -]?ups?|won|gained|added|acquired|neu",
    "churned": r"churned|lost|cancel|left\b|leavers|kündigung(en)?\b",
    "churn": r"churn( rate)?|attrition|abwander|kündigungsquote",
    "nps": r"\bnps\b|net promoter",
    "csat": r"csat|satisf",
    "referral_share": r"referr|word.of.mouth|empfehl",
    "tickets": r"ticket|issue|contacts|requests|anfragen",
    "headcount": r"headcount|heads|fte|staff|employees",
    "revenue": r"revenue|sales|mrr|turnover|umsatz",
    "customers": r"customers|subscribers|members|accounts|users|clients|kunden",
}
#: What a header is not about, though it has a word of the meaning: money, and balances of two figures.
_NOT = {
    "new_customers": r"\bnet\b|netto|mrr|\barr\b|revenue|umsatz",
    "churned": r"\bnet\b|mrr|\barr\b|revenue|umsatz",
    "churn": r"\bnet\b|mrr|\barr\b|revenue|umsatz",
    "tickets": r"\bper\b|\bpro\b",
    "customers": r"\bnet\b|netto|\bper\b|\bpro\b|mrr|\barr\b|revenue|umsatz",
}
#: Meanings of which a second column is asked about: they become known numbers.
_ASKED = ("start", "end", "fee", "source", "score", *_FIGURE.keys() - {"revenue", "headcount"})
#: A column that says whether somebody is still there, and who is not.
_STATUS, _GONE = r"status|state\b|stage", r"cancel|churn|inactive|former|lost|closed|terminat|ended|gekünd|inaktiv"
_REFERRED = re.compile(r"refer|friend|word|recommend|mouth|colleague|empfehl|mgm", re.IGNORECASE)


@dataclass(frozen=True)
class Choices:
    """What the user decides where a file could be read in two ways.

    Parameters
    ----------
    columns : mapping
        Meaning -> header, e.g. ``{"start": "Beginn"}``.
    dates, decimal, fee_per : str
        ``day-first`` or ``month-first``; ``.`` or ``,``; ``month`` or ``year``.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    dates: str = ""
    decimal: str = ""
    fee_per: str = ""


@dataclass(frozen=True)
class FromFile:
    """What a file says.

    Parameters
    ----------
    name, kind : str
        The file, and ``customers``, ``figures`` or ``cohorts``.
    known : dict of str to str
        Numbers as a scenario says them under ``known``.
    told : str
        How it was read, in a line.
    tidy : list of (date, str, float)
        Figures by date and name.
    """

    name: str
    kind: str
    known: dict[str, str]
    told: str
    tidy: list[tuple[date, str, float]] = field(default_factory=list)


def read_file(path: Path, choices: Choices | None = None) -> FromFile:
    """Read a file of a company: which kind it is, and what it says.

    Raises
    ------
    ScenarioError
        When nothing in it is recognised, or it can be read in two ways.
    """
    choices, table = choices or Choices(), read_table(path)
    for meaning, header in choices.columns.items():
        if meaning not in {*_CUSTOMER, *_FIGURE, "date"}:
            known = [*_CUSTOMER, *_FIGURE, "date"]
            raise ScenarioError.single(f"--column: no such meaning '{meaning}'", suggestion=nearest(meaning, known))
        if header not in table.headers and header != NONE and len(choices.columns) == 1:
            near = nearest(header, table.headers)
            raise ScenarioError.single(f"no column '{header}'", file=table.name, suggestion=near)
    if sum(is_date(header) for header in table.headers[1:]) >= max(2, len(table.headers) // 2):
        table = _turned(table)
    cohort = _cohorts(table)
    if cohort is not None:
        return cohort
    dated = [header for header in table.headers if _dated(table, header)]
    matched = {m for m in _CUSTOMER if m in choices.columns or _fits(table, m, _CUSTOMER[m], dated)}
    if "start" in matched and matched & {"end", "id", "source"}:
        return _customers(table, _matched(table, _CUSTOMER, choices, dated), choices)
    if dated or "date" in choices.columns:
        return _figures(table, choices, dated)
    listed = ", ".join(table.headers[:8])
    message = (
        f"neither a list of customers (a column when they started), nor figures by date, nor cohorts: {listed}. "
        "Say which is which: --column start='...' or --column date='...'"
    )
    raise ScenarioError.single(message, file=table.name)


def _turned(table: Table) -> Table:
    """Turn a table whose dates stand in its headers, into one with a row for every date."""
    names = [row[0] or f"row {k + 1}" for k, row in enumerate(table.rows)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ScenarioError.single(f"two rows are called '{twice[0]}'; give them different names", file=table.name)
    rows = [[header, *(row[k + 1] for row in table.rows)] for k, header in enumerate(table.headers[1:])]
    return Table(table.name, ["date", *names], [row for row in rows if is_date(row[0])], [*table.notes, "turned"])


def _dated(table: Table, header: str) -> bool:
    cells = [cell for cell in table.column(header) if not blank(cell)]
    if not cells:
        return False
    if all(re.fullmatch(r"\d{5}", cell) and 20000 < int(cell) < 70000 for cell in cells):
        named = re.search(r"date|day|month|quarter|period|start|end|since|week|datum", header, re.IGNORECASE)
        return bool(named)
    return sum(is_date(cell) for cell in cells) >= 0.9 * len(cells)


def _fits(table: Table, meaning: str, pattern: str, dated: Sequence[str]) -> list[str]:
    """Return the headers that may have a meaning."""
    excluded = _NOT.get(meaning) if _FIGURE.get(meaning) == pattern else None
    headers = []
    for header in table.headers:
        said = header.replace("_", " ")
        if not re.search(pattern, said, re.IGNORECASE) or (excluded and re.search(excluded, said, re.IGNORECASE)):
            continue
        empty = meaning == "end" and all(blank(cell) for cell in table.column(header))
        if meaning == "id" or empty or (header in dated) == (meaning in ("start", "end")):
            headers.append(header)
    return headers


def _matched(table: Table, words: Mapping[str, str], choices: Choices, dated: Sequence[str]) -> dict[str, str]:
    """Find the header of every meaning; two headers for one meaning are asked about, and ``none`` leaves it out."""
    header_of: dict[str, str] = {m: h for m, h in choices.columns.items() if m in words and h in table.headers}
    taken = set(header_of.values())
    for meaning, pattern in words.items():
        if meaning in header_of or choices.columns.get(meaning) == NONE:
            continue
        fits = [header for header in _fits(table, meaning, pattern, dated) if header not in taken]
        if len(fits) > 1 and meaning in _ASKED:
            listed = " or ".join(f"--column {meaning}='{h}'" for h in fits[:3])
            raise ScenarioError.single(f"which column is the {meaning}? say {listed}", file=table.name)
        if fits:
            header_of[meaning] = fits[0]
            taken.add(fits[0])
    return header_of


def _customers(table: Table, columns: Mapping[str, str], choices: Choices) -> FromFile:
    starts = dates(table, columns["start"], choices.dates)
    ends = dates(table, columns["end"], choices.dates) if "end" in columns else [None] * len(starts)
    spells = [(a, b) for a, b in zip(starts, ends, strict=True) if a is not None]
    if not spells:
        raise ScenarioError.single(f"no date in '{columns['start']}'", file=table.name)
    wrong = next((k for k, (a, b) in enumerate(zip(starts, ends, strict=True)) if a and b and b < a), None)
    if wrong is not None:
        raise ScenarioError.single(f"row {wrong + 1}: ends before it starts", file=table.name)
    _all_there(table, columns, spells)
    last = max(max(a for a, _ in spells), max((b for _, b in spells if b), default=date.min))
    year = last - timedelta(days=365)
    there = [b is None or b > last for _, b in spells]
    known = {"customers": f"{sum(there)}"}
    lost = sum(1 for _, b in spells if b and year < b <= last)
    days = sum(max(0, (min(b or last, last) - max(a, year)).days) for a, b in spells)
    if "end" in columns and lost >= 5 and days > 0:
        known["churn"] = f"{100 * (1 - math.exp(-lost / (days / MONTH))):.3g}% a month"
    kept = [k for k, a in enumerate(starts) if a is not None]
    if "fee" in columns:
        fees = numbers(table, columns["fee"], choices.decimal)
        here = [fees[k] for k, now in zip(kept, there, strict=True) if now and fees[k] is not None]
        period = choices.fee_per or _period(columns["fee"])
        if not period:
            message = f"'{columns['fee']}' is paid for how long? say --fee-per month or --fee-per year"
            raise ScenarioError.single(message, file=table.name)
        if here:
            known["price"] = f"${_said(sum(here) / len(here))} a {period}"  # type: ignore[arg-type]
    if "source" in columns:
        came = [table.column(columns["source"])[k] for k, (a, _) in zip(kept, spells, strict=True) if a > year]
        said = [one for one in came if not blank(one)]
        if said:
            known["referral_share"] = f"{100 * sum(bool(_REFERRED.search(one)) for one in said) / len(said):.3g}%"
    if "score" in columns:
        scores = [x for x in numbers(table, columns["score"], choices.decimal) if x is not None]
        if scores and all(0 <= x <= 10 for x in scores) and max(scores) > 5:
            points = 100.0 * (sum(x >= 9 for x in scores) - sum(x <= 6 for x in scores)) / len(scores)
            known["nps"] = f"{points:.3g} +- {max(3.0, 196 / math.sqrt(len(scores))):.2g}"
    return FromFile(table.name, "customers", known, _told(table, "customers", columns, f"until {last}"))


def _all_there(table: Table, columns: Mapping[str, str], spells: Sequence[tuple[date, date | None]]) -> None:
    """Refuse ends that are terms which run on, and a list of who is gone that does not say since when."""
    if "end" in columns:
        newest = max(a for a, _ in spells)
        later = sum(1 for _, b in spells if b and (b - newest).days > 400)
        if later > 0.2 * len(spells):
            message = (
                f"'{columns['end']}': {later} of {len(spells)} lie more than a year after the last start, as terms do "
                f"that run until then; say --column end='...' for when they left, or --column end={NONE}"
            )
            raise ScenarioError.single(message, file=table.name)
        return
    for header in table.headers:
        if header in columns.values() or not re.search(_STATUS, header.replace("_", " "), re.IGNORECASE):
            continue
        gone = sum(bool(re.search(_GONE, cell, re.IGNORECASE)) for cell in table.column(header))
        if gone:
            message = (
                f"'{header}' says of {gone} that they have left, and no column says when; say --column end='...', or "
                "keep only the rows of those who are there"
            )
            raise ScenarioError.single(message, file=table.name)


def _period(header: str) -> str:
    for period, words in (("month", r"month|mrr|monat"), ("year", r"year|annual|arr\b|jahr|p\.?a\.?")):
        if re.search(words, header, re.IGNORECASE):
            return period
    return ""


def _figures(table: Table, choices: Choices, dated: Sequence[str]) -> FromFile:
    when = choices.columns.get("date") or dated[0]
    if len(dated) > 1 and "date" not in choices.columns:
        listed = " or ".join(f"--column date='{h}'" for h in dated[:3])
        raise ScenarioError.single(f"which column is the date? say {listed}", file=table.name)
    columns = {m: h for m, h in _matched(table, _FIGURE, choices, dated).items() if h != when}
    if not columns:
        listed = ", ".join(h for h in table.headers if h != when)
        message = f"no figure is recognised in: {listed}; say --column churn='...' and the like"
        raise ScenarioError.single(message, file=table.name)
    days = dates(table, when, choices.dates)
    read = {m: numbers(table, h, choices.decimal) for m, h in columns.items()}
    pairs = sorted(
        ((d, k) for k, d in enumerate(days) if d is not None and any(v[k] is not None for v in read.values())),
        key=lambda pair: pair[0],
    )
    if len({d for d, _ in pairs}) < len(pairs):
        raise ScenarioError.single(f"'{when}' has the same date twice", file=table.name)
    if len(pairs) < 2:
        raise ScenarioError.single("expected figures of at least two dates", file=table.name)
    period = _spacing([d for d, _ in pairs])
    tidy = [(d, m, v) for d, k in pairs for m, values in read.items() if (v := values[k]) is not None]
    series = {m: [v for _, n, v in tidy if n == m] for m in read}
    recent = {
        m: _mean(v[-{"week": 52, "month": 12, "quarter": 4, "year": 1}[period] :]) for m, v in series.items() if v
    }
    known: dict[str, str] = {}
    if series.get("customers"):
        known["customers"] = _said(series["customers"][-1], 9)
    for name in ("new_customers", "tickets"):
        if name in recent:
            known[name] = f"{_said(recent[name])} a {period}"
    share = _share(table, columns, "churn", recent)
    if share is not None:
        known["churn"] = f"{100 * share:.3g}% a {period}"
    elif "churned" in recent and recent.get("customers"):
        known["churn"] = f"{100 * recent['churned'] / recent['customers']:.3g}% a {period}"
    if "nps" in recent:
        known["nps"] = f"{recent['nps']:.3g}"
    for name in ("referral_share", "csat"):
        share = _share(table, columns, name, recent)
        if share is not None:
            known[name] = f"{100 * share:.3g}%"
        elif name == "referral_share" and name in recent and recent.get("new_customers"):
            known[name] = f"{100 * min(1.0, recent[name] / recent['new_customers']):.3g}%"
    span = f"{len(pairs)} {period}s, {pairs[0][0]} to {pairs[-1][0]}"
    return FromFile(table.name, "figures", known, _told(table, "figures", {"date": when, **columns}, span), tidy)


def _share(table: Table, columns: Mapping[str, str], name: str, recent: Mapping[str, float]) -> float | None:
    """Return a figure that is a share: written with a sign for it, in a header that says so, or below 1."""
    if name not in recent:
        return None
    signed = any("%" in cell for cell in table.column(columns[name]))
    if signed or 0 < recent[name] < 1:
        return recent[name]
    if re.search(r"%|per ?cent|rate|share|anteil|quote", columns[name], re.IGNORECASE) and 1 <= recent[name] <= 100:
        return recent[name] / 100
    return None


def _spacing(days: Sequence[date]) -> str:
    gaps = sorted((b - a).days for a, b in pairwise(days))
    middle = gaps[len(gaps) // 2]
    for period, low, high in (("week", 6, 8), ("month", 27, 32), ("quarter", 88, 93), ("year", 360, 370)):
        if low <= middle <= high:
            return period
    raise ScenarioError.single(f"figures every {middle} days; expected every week, month, quarter or year")


def _cohorts(table: Table) -> FromFile | None:
    """Read a cohort table: a row for every start, a column for every month since, and how many are left."""
    months = {}
    for header in table.headers[1:]:
        m = re.fullmatch(r"(?:month|m|period|after)?[ _]*(\d{1,2})(?: months?)?", header.strip(), re.IGNORECASE)
        if m:
            months[header] = int(m[1])
    if len(months) < 3 or not _dated(table, table.headers[0]):
        return None
    order = sorted(months, key=lambda h: months[h])
    values = {h: numbers(table, h) for h in order}
    before = after = 0.0
    for one, other in pairwise(order):
        gap = months[other] - months[one]
        for a, b in zip(values[one], values[other], strict=True):
            if a is not None and b is not None and a > 0 and gap == 1:
                before, after = before + a, after + b
    if before <= 0 or after > before:
        raise ScenarioError.single("a cohort that grows is no retention table", file=table.name)
    known = {"churn": f"{100 * (1 - after / before):.3g}% a month"}
    span = f"{len(table.rows)} cohorts, {len(order)} months"
    return FromFile(table.name, "cohorts", known, _told(table, "cohorts", {"start": table.headers[0]}, span))


def _said(value: float, digits: int = 4) -> str:
    """Return a number as people write it, however large."""
    return f"{float(f'{value:.{digits}g}'):.9f}".rstrip("0").rstrip(".")


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _told(table: Table, kind: str, columns: Mapping[str, str], span: str) -> str:
    named = ", ".join(f"{meaning} = '{header}'" for meaning, header in columns.items())
    notes = f" ({'; '.join(table.notes)})" if table.notes else ""
    return f"{table.name}: {kind}, {len(table.rows)} rows, {span}{notes}; {named}"
