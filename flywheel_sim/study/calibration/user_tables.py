"""Tables as people have them: any separator, encoding and sign for decimals, titles above, blank and total lines.

A table is read to text cells under its headers; then numbers and dates are understood column by column.  What can be
read in two ways is not guessed: the error names the option that decides.
"""

import csv
import io
import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from flywheel_sim.scenario import ScenarioError

__all__ = ["Table", "dates", "is_date", "numbers", "read_table"]

#: Largest file, in bytes, and most rows of one: more is a database.
_BYTES, _ROWS = 50_000_000, 500_000
_BLANK = {"", "-", "\N{EN DASH}", "\N{EM DASH}", "n/a", "na", "nan", "none", "null", "#n/a", "nat"}
_TOTAL = re.compile(r"^\s*(grand )?(totals?|sum|gesamt|summe|average|mean)\b", re.IGNORECASE)
_NAMES = (
    "jan january|feb february|mar march|apr april|may|jun june|jul july|aug august|sep sept september|oct october|"
    "nov november|dec december"
)
_MONATE = "januar|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember"
_MONTHS = {name: n + 1 for n, names in enumerate(_NAMES.split("|")) for name in names.split()}
_MONTHS |= {short: n + 1 for n, name in enumerate(_MONATE.split("|")) for short in (name, name[:3])}
_MONTHS |= {"jän": 1, "jänner": 1, "mrz": 3, "maerz": 3}


@dataclass(frozen=True)
class Table:
    """A table: headers, rows of text cells, and what was noticed on the way.

    Parameters
    ----------
    name : str
    headers : list of str
    rows : list of list of str
    notes : list of str
    """

    name: str
    headers: list[str]
    rows: list[list[str]]
    notes: list[str] = field(default_factory=list)

    def column(self, header: str) -> list[str]:
        """Return the cells under a header."""
        at = self.headers.index(header)
        return [row[at] for row in self.rows]


def _refuse(name: str, message: str) -> ScenarioError:
    return ScenarioError.single(message, file=name)  # type: ignore[no-any-return]


def read_table(path: Path) -> Table:
    """Read a table from a CSV, TSV or text file, or a workbook.

    Raises
    ------
    ScenarioError
        When there is no table in it, or more than one.
    """
    name = str(path)
    if not path.is_file():
        raise _refuse(name, "there is no such file")
    if path.stat().st_size > _BYTES:
        raise _refuse(name, f"larger than {_BYTES // 1_000_000} MB; export what is needed of it")
    notes: list[str] = []
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        cells = _sheet(path, notes)
    elif path.suffix.lower() in (".xls", ".ods", ".numbers", ".pdf", ".docx"):
        raise _refuse(name, f"{path.suffix} cannot be read; save it as .xlsx or .csv")
    else:
        cells = _delimited(path, notes)
    return _framed(name, cells, notes)


def _sheet(path: Path, notes: list[str]) -> list[list[str]]:
    try:
        import openpyxl
    except ImportError:
        message = "reading workbooks needs openpyxl: pip install 'flywheel-sim[files]', or save the sheet as .csv"
        raise _refuse(str(path), message) from None
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        sheets = {sheet.title: [[_cell(x) for x in row] for row in sheet.iter_rows(values_only=True)] for sheet in book}
    except Exception as error:
        raise _refuse(str(path), f"is no workbook that can be read ({type(error).__name__}); save it anew") from None
    full = {title: rows for title, rows in sheets.items() if sum(any(row) for row in rows) > 1}
    if len(full) > 1:
        message = f"has {len(full)} sheets with tables ({', '.join(full)}); save the one that is meant as .csv"
        raise _refuse(str(path), message)
    if not full:
        raise _refuse(str(path), "has no sheet with a table")
    return next(iter(full.values()))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _delimited(path: Path, notes: list[str]) -> list[list[str]]:
    raw = path.read_bytes()
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = raw.decode("utf-16", errors="replace")
    else:
        if b"\0" in raw[:4096]:
            raise _refuse(str(path), "is no text file; save the table as .csv or .xlsx")
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("cp1252", errors="replace")
            notes.append("read as Windows-1252")
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise _refuse(str(path), "is empty")
    if lines[0].lower().startswith("sep="):
        sign, lines = lines[0][4:5], lines[1:]
    else:
        sign = _separator(lines)
    return [[cell.strip() for cell in row] for row in csv.reader(io.StringIO("\n".join(lines)), delimiter=sign)]


def _separator(lines: list[str]) -> str:
    """Return the sign that cuts most lines into the same number of cells, at least two."""
    best, likeliest = 0.0, ","
    for sign in (";", "\t", "|", ","):
        counts = [len(row) for row in csv.reader(lines[:200], delimiter=sign)]
        usual = max(set(counts), key=lambda n: (counts.count(n) if n > 1 else 0, n))
        worth = counts.count(usual) / len(counts) if usual > 1 else 0.0
        if worth > best + 1e-9:
            best, likeliest = worth, sign
    return likeliest


def _framed(name: str, cells: list[list[str]], notes: list[str]) -> Table:
    """Return the table in a grid: headers are the first full row; titles above, blank and total lines are left out."""
    rows = [row for row in cells if any(cell.strip() for cell in row)]
    if len(rows) > _ROWS:
        raise _refuse(name, f"more than {_ROWS:,} rows; export what is needed of it")
    width = max((len(row) for row in rows), default=0)
    rows = [row + [""] * (width - len(row)) for row in rows]
    filled = [sum(bool(cell) for cell in row) for row in rows]
    most = max(filled, default=0)
    at = next((k for k, n in enumerate(filled) if n >= max(2, 0.6 * most)), None)
    if at is None or len(rows) - at < 2:
        raise _refuse(name, "no table with headers and at least one row below was found in it")
    if at:
        notes.append(f"{at} title line{'s' if at > 1 else ''} left out")
    headers, body = rows[at], rows[at + 1 :]
    keep = [k for k in range(width) if headers[k] or any(row[k] for row in body)]
    headers = [headers[k] or f"column {k + 1}" for k in keep]
    if all(_plain_number(header) or is_date(header) for header in headers[1:]) and _plain_number(headers[0]):
        raise _refuse(name, "the first line holds numbers and no headers; write what each column is above it")
    twice = sorted({header for header in headers if headers.count(header) > 1})
    if twice:
        raise _refuse(name, f"two columns are called '{twice[0]}'; give them different headers")
    body = [[row[k] for k in keep] for row in body]
    totals = [row for row in body if _TOTAL.match(row[0])]
    body = [row for row in body if not _TOTAL.match(row[0]) and row != headers]
    notes += _without_remarks(body)
    if totals:
        notes.append(f"{len(totals)} total line{'s' if len(totals) > 1 else ''} left out")
    if not body:
        raise _refuse(name, "there are headers, and no row below them")
    return Table(name, headers, body, notes)


def _without_remarks(body: list[list[str]]) -> list[str]:
    """Take remarks below a table away: words alone in their line, where the lines above have more cells."""
    taken = 0
    while len(body) > 1 and sum(map(bool, body[-1])) == 1 and body[-1][0] and not _numeric(body[-1][0]):
        if sum(map(bool, body[0])) < 2:
            break
        body.pop()
        taken += 1
    return [f"{taken} line{'s' if taken > 1 else ''} below left out"] if taken else []


def _numeric(text: str) -> bool:
    return _plain_number(text) or is_date(text)


def _plain_number(text: str) -> bool:
    return bool(re.fullmatch(r"[-+]?[\d.,' ]+%?", text.strip()))


def blank(text: str) -> bool:
    """Tell whether a cell says nothing."""
    return text.strip().lower() in _BLANK


def numbers(table: Table, header: str, decimal: str = "") -> list[float | None]:
    """Read a column of numbers; None where a cell is blank.

    Raises
    ------
    ScenarioError
        When a cell is no number, or the sign for decimals cannot be told: ``--decimal`` decides.
    """
    cells = [re.sub(r"[\s\u00a0\u202f']|[$€£]|USD|EUR|GBP", "", cell) for cell in table.column(header)]
    said = [cell for cell in cells if not blank(cell)]
    sign = decimal or _decimal(table, header, said)
    values: list[float | None] = []
    for row, cell in enumerate(cells):
        if blank(cell):
            values.append(None)
            continue
        share, minus = cell.endswith("%"), cell.startswith("(") and cell.endswith(")")
        text = cell.rstrip("%").strip("()")
        text = text.replace("." if sign == "," else ",", "").replace(sign, ".")
        try:
            value = float(text)
        except ValueError:
            shown = table.column(header)[row][:30]
            raise _refuse(table.name, f"'{header}', row {row + 1}: expected a number, got '{shown}'") from None
        values.append((-value if minus else value) / (100.0 if share else 1.0))
    return values


def _decimal(table: Table, header: str, said: list[str]) -> str:
    """Return the sign for decimals of a column."""
    text = [cell.rstrip("%").strip("()-+") for cell in said]
    for cell in text:
        if "," in cell and "." in cell:
            return "," if cell.rfind(",") > cell.rfind(".") else "."
    for sign, other in ((",", "."), (".", ",")):
        with_sign = [cell for cell in text if sign in cell]
        if not with_sign:
            continue
        if any(cell.count(sign) > 1 for cell in with_sign):
            return other
        if any(not re.fullmatch(rf"[1-9]\d{{0,2}}\{sign}\d{{3}}", cell) for cell in with_sign):
            return sign
        if len(others := _signs(table, header)) == 1:
            return others.pop()
        message = f"'{header}': is '{with_sign[0]}' thousands or decimals? say --decimal . or --decimal ,"
        raise _refuse(table.name, message)
    return "."


def _signs(table: Table, header: str) -> set[str]:
    """Return the signs for decimals that other columns of a file show beyond doubt."""
    signs = set()
    for other in table.headers:
        for cell in table.column(other) if other != header else ():
            text = re.sub(r"[\s\u00a0\u202f'$€£%]|USD|EUR|GBP", "", cell).strip("()-+")
            if m := re.fullmatch(r"\d{1,3}(?:([.,])\d{3})*([.,])\d+|\d+([.,])\d+", text):
                sign, digits = m[2] or m[3], len(text) - 1 - max(text.rfind("."), text.rfind(","))
                if digits != 3 or (m[1] and m[1] != sign):
                    signs.add(sign)
    return signs


def is_date(text: str) -> bool:
    """Tell whether a text is a date, month, quarter or period on its own."""
    return any(_date(text, day_first=first) is not None for first in (True, False))


def _date(text: str, *, day_first: bool) -> date | None:
    """Read a date; of a month, quarter or year its last day."""
    t = re.sub(r"[T ]\d{1,2}:\d{2}.*$", "", text.strip()).strip().lower()
    t = re.sub(r"([1-4])\. ?quartal", r"q\1", t)
    try:
        if m := re.fullmatch(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", t):
            return date(int(m[1]), int(m[2]), int(m[3]))
        if m := re.fullmatch(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})", t):
            year = int(m[3]) + (2000 if len(m[3]) == 2 else 0)
            day, month = (int(m[1]), int(m[2])) if day_first else (int(m[2]), int(m[1]))
            return date(year, month, day)
        if (m := re.fullmatch(r"q([1-4])[ '/-]*(\d{4}|\d{2})", t)) or (m := re.fullmatch(r"(\d{4})[ /-]*q([1-4])", t)):
            first, second = m[1], m[2]
            quarter, of = (int(first), second) if len(first) == 1 else (int(second), first)
            return _end(int(of) + (2000 if len(of) == 2 else 0), 3 * quarter)
        if m := re.fullmatch(r"(\d{4})[-/.](\d{1,2})", t):
            return _end(int(m[1]), int(m[2]))
        if m := re.fullmatch(r"(\d{1,2})[-/.](\d{4})", t):
            return _end(int(m[2]), int(m[1]))
        if (m := re.fullmatch(r"([a-zäö]{3,9})\.?[ '/-]*(\d{4}|\d{2})", t)) and m[1] in _MONTHS:
            return _end(int(m[2]) + (2000 if len(m[2]) == 2 else 0), _MONTHS[m[1]])
        if (m := re.fullmatch(r"(\d{1,2})\.?[ -]([a-zäö]{3,9})\.?,?[ -](\d{4})", t)) and m[2] in _MONTHS:
            return date(int(m[3]), _MONTHS[m[2]], int(m[1]))
        if (m := re.fullmatch(r"([a-zäö]{3,9})\.? (\d{1,2}),? (\d{4})", t)) and m[1] in _MONTHS:
            return date(int(m[3]), _MONTHS[m[1]], int(m[2]))
        if (m := re.fullmatch(r"(\d{4})[ /-]*(?:w|kw)[ ]?(\d{1,2})", t)) or (
            m := re.fullmatch(r"(?:w|kw|week)[ ]?(\d{1,2})[ /-]+(\d{4})", t)
        ):
            first, second = (m[1], m[2]) if len(m[1]) == 4 else (m[2], m[1])
            return date.fromisocalendar(int(first), int(second), 7)
        if m := re.fullmatch(r"(?:fy)?((?:19|20)\d{2})", t):
            return _end(int(m[1]), 12)
    except ValueError:
        return None
    return None


def _end(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def dates(table: Table, header: str, order: str = "") -> list[date | None]:
    """Read a column of dates; None where a cell is blank.

    Days, months, quarters and years are understood, and days since 1900 as workbooks count them.

    Parameters
    ----------
    table : Table
    header : str
    order : str
        ``day-first`` or ``month-first``, for 03/04/2024.

    Raises
    ------
    ScenarioError
        When a cell is no date, or the order cannot be told: ``--dates`` decides.
    """
    cells = table.column(header)
    said = [cell for cell in cells if not blank(cell)]
    slashed = [m for cell in said if (m := re.match(r"\s*(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})\b", cell))]
    day_first = order != "month-first"
    if slashed and not order:
        first, second = max(int(m[1]) for m in slashed), max(int(m[2]) for m in slashed)
        if first > 12 and second > 12:
            raise _refuse(table.name, f"'{header}' mixes day/month and month/day; write dates as 2024-03-31")
        dotted = all("." in m[0] for m in slashed)
        if first <= 12 and second <= 12 and not dotted and any(m[1] != m[2] for m in slashed):
            message = (
                f"'{header}': is {slashed[0][0].strip()} day first or month first? say --dates day-first or month-first"
            )
            raise _refuse(table.name, message)
        day_first = first > 12 or dotted
    serial = bool(said) and all(re.fullmatch(r"\d{5}(\.\d+)?", cell) and 20000 < float(cell) < 70000 for cell in said)
    days: list[date | None] = []
    for row, cell in enumerate(cells):
        if blank(cell):
            days.append(None)
            continue
        one = date(1899, 12, 30) + timedelta(days=int(float(cell))) if serial else _date(cell, day_first=day_first)
        if one is None or not 1970 <= one.year <= 2100:
            raise _refuse(table.name, f"'{header}', row {row + 1}: expected a date, got '{cell[:30]}'")
        days.append(one)
    return days
