"""Read numbers as people write them: what can only mean one number is read, everything else is refused.

Decimal signs differ between countries: ``1,05`` is a decimal comma, ``1,050`` may be one or may group thousands, and
``11.584`` is eleven or eleven thousand.  Commands and scenario files have a decimal point.  A table says what it has,
or shows it: one dotted number that cannot be grouped thousands (``0.631``, ``48.5``) settles it for all of them.
"""

import math
import re
from collections.abc import Iterable

__all__ = ["Unreadable", "amount", "decimal_of", "number", "share"]

#: Between thousands, beside the sign that is not the decimal one.
_GAPS = r"_'’ \u00a0\u202f"
_SCALES = {"": 1.0, "k": 1e3, "m": 1e6, "bn": 1e9, "b": 1e9}


class Unreadable(ValueError):
    """A text that is no number, or may be two.

    Parameters
    ----------
    said : str
        Why, to be read after "got '1,05'"; empty when there is nothing to add.
    near : str, optional
        What it can only stand for, as it should be written.
    """

    def __init__(self, said: str, near: str | None = None) -> None:
        super().__init__(said)
        self.said, self.near = said, near


def number(text: str, decimal: str = "") -> float:
    """Read a finite number as people write it.

    Parameters
    ----------
    text : str
        A number, perhaps with groups of three digits.
    decimal : {"", ".", ","}
        The decimal sign, where somebody has stated it; the other one then stands between thousands.  Empty: a decimal
        point, and one comma before three digits is refused, since it may be either.

    Raises
    ------
    Unreadable

    Examples
    --------
    >>> number("1e5"), number("10_000"), number("1,234,567.8"), number("11.584"), number("11.584", ",")
    (100000.0, 10000.0, 1234567.8, 11.584, 11584.0)
    >>> number("1,050")
    Traceback (most recent call last):
    ...
    flywheel_sim.scenario.numbers.Unreadable: 1050 with a comma between thousands, or 1.050 with a decimal comma
    """
    plain = text.strip().replace("\u2212", "-")
    value = _value(plain, decimal or ".")
    other = None if value is not None and decimal else _value(plain, "," if (decimal or ".") == "." else ".")
    if decimal or "," not in plain:
        if value is None:
            raise Unreadable("")
    elif value is None:
        if other is None:
            raise Unreadable("")
        raise Unreadable("a decimal comma", f"{other:.15g}")
    elif other is not None:
        raise Unreadable(
            f"{value:.15g} with a comma between thousands, or {plain.replace(',', '.')} with a decimal comma"
        )
    if value is None or not math.isfinite(value):
        raise Unreadable("too large for a number")
    return value


def _value(text: str, decimal: str) -> float | None:
    """Return the number that a text is if this is the decimal sign; None when it is none."""
    point, group = re.escape(decimal), re.escape("," if decimal == "." else ".")
    body = rf"(?:[0-9]+|[1-9][0-9]{{0,2}}(?:(?P<gap>[{group}{_GAPS}])[0-9]{{3}})(?:(?P=gap)[0-9]{{3}})*)"
    match = re.fullmatch(rf"[-+]?(?:{body}(?:{point}[0-9]*)?|{point}[0-9]+)(?:[eE][-+]?[0-9]+)?", text)
    if match is None:
        return None
    if match["gap"]:
        text = text.replace(match["gap"], "")
    return float(text.replace(decimal, "."))


def amount(text: str) -> float:
    """Read an amount of money: a number, with or without a dollar sign before it and k, m or bn after it.

    Raises
    ------
    Unreadable

    Examples
    --------
    >>> amount("250k"), amount("$1.5m"), amount("-$2bn"), amount("1e5")
    (250000.0, 1500000.0, -2000000000.0, 100000.0)
    """
    match = re.fullmatch(r"([-+]?)\$?\s*([^$]*?)\s*(bn|[kmb]?)", text.strip(), re.IGNORECASE)
    if match is None or match[2][:1] in ("-", "+"):
        raise Unreadable("")
    if match[2].endswith("%"):
        raise Unreadable("a share, not an amount")
    try:
        return number(match[1] + match[2]) * _SCALES[match[3].lower()]
    except Unreadable as error:
        near = error.near and f"{error.near}{match[3]}"
        raise Unreadable(error.said, near) from None


def share(text: str) -> float:
    """Read a share, as a number or in per cent; it is not checked to lie between 0 and 1.

    Raises
    ------
    Unreadable

    Examples
    --------
    >>> share("0.95"), share("95%"), share("2.5 %")
    (0.95, 0.95, 0.025)
    """
    match = re.fullmatch(r"(.*?)\s*(%?)", text.strip())
    assert match is not None
    try:
        value = number(match[1])
    except Unreadable as error:
        raise Unreadable(error.said, error.near and error.near + match[2]) from None
    return float(f"{value / 100.0:.15g}") if match[2] else value


def decimal_of(texts: Iterable[str]) -> str:
    """Return the decimal sign of a table that does not state it: always a point, since everything else must be stated.

    Texts that hold other things than digits, signs and gaps are passed over.

    Raises
    ------
    Unreadable
        When some number has a comma, or every number with a point may be grouped thousands; it names one of them.

    Examples
    --------
    >>> decimal_of(["11.584", "0.5", "12"])
    '.'
    >>> decimal_of(["11.584", "12.031"])
    Traceback (most recent call last):
    ...
    flywheel_sim.scenario.numbers.Unreadable: '11.584' may be 11.584 or 11584, and no number here shows which
    """
    doubtful, settled = "", False
    for text in texts:
        plain = text.strip()
        if not re.fullmatch(rf"[-+]?[0-9.,eE{_GAPS}]*[0-9][0-9.,eE+\-{_GAPS}]*", plain):
            continue
        if "," in plain:
            point, comma = _value(plain, "."), _value(plain, ",")
            if point is not None and comma is not None:
                raise Unreadable(f"'{plain}' may be {point:.15g} or {comma:.15g}")
            if comma is not None:
                raise Unreadable(f"'{plain}' has a decimal comma")
            if point is not None:
                raise Unreadable(f"'{plain}' has a comma between thousands")
        if "." in plain and _value(plain, ".") is not None and _value(plain, ",") is None:
            settled = True
        elif "." in plain:
            doubtful = doubtful or plain
    if doubtful and not settled:
        point, comma = _value(doubtful, "."), _value(doubtful, ",")
        if point is None:
            raise Unreadable(f"'{doubtful}' has points between thousands")
        raise Unreadable(f"'{doubtful}' may be {point:.15g} or {comma:.15g}, and no number here shows which")
    return "."
