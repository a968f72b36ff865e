"""Numbers and spans of time as people say them."""

import math

__all__ = ["inside", "money", "number", "of_100", "percent", "signed_money", "span", "week"]

MINUS = "\N{MINUS SIGN}"
_SCALES = ((1e12, "tn"), (1e9, "bn"), (1e6, "m"), (1e3, "k"))


def _short(value: float) -> str:
    """Return three figures at most, one decimal at most: 2.4m, 54.9k, 128k, 7."""
    size = abs(value)
    for scale, suffix in _SCALES:
        if size >= scale * 0.9995:
            scaled = size / scale
            return f"{scaled:.0f}{suffix}" if scaled >= 99.95 else f"{scaled:.1f}{suffix}"
    return f"{size:.0f}"


def money(value: float, currency: str = "$") -> str:
    """Return a sum of money, rounded for reading.

    Examples
    --------
    >>> money(2_400_000), money(-54_900), money(127_600), money(12), money(0.2)
    ('$2.4m', '−$54.9k', '$128k', '$12', '$0')
    """
    if not math.isfinite(value):
        return "not known" if math.isnan(value) else ("" if value > 0 else MINUS) + "unlimited"
    text = _short(value)
    return f"{MINUS if value < 0 and text != '0' else ''}{currency}{text}"


def signed_money(value: float, currency: str = "$") -> str:
    """Return the same with a plus sign for a gain.

    Examples
    --------
    >>> signed_money(2_400_000), signed_money(-400_000), signed_money(0.2)
    ('+$2.4m', '−$400k', '$0')
    """
    text = money(value, currency)
    return f"+{text}" if value > 0 and not text.endswith(f"{currency}0") else text


def number(value: float, digits: int = 3) -> str:
    """Return a number with a few significant digits, thousands apart, never in scientific notation.

    Examples
    --------
    >>> number(1287.4), number(0.01234), number(-3.0), number(float("nan")), number(123456.0)
    ('1,287', '0.0123', '−3', 'not known', '123,456')
    """
    if math.isnan(value):
        return "not known"
    if math.isinf(value):
        return ("" if value > 0 else MINUS) + "unlimited"
    if value == 0:
        return "0"
    size = abs(value)
    decimals = max(0, digits - 1 - math.floor(math.log10(size)))
    text = f"{size:,.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"{MINUS if value < 0 else ''}{text}"


def percent(share: float) -> str:
    """Format a share as a percentage.

    Examples
    --------
    >>> percent(0.126), percent(0.0044), percent(1)
    ('13 %', '0.4 %', '100 %')
    """
    if not math.isfinite(share):
        return number(share)
    value = 100 * share
    digits = 1 if 0 < abs(value) < 0.95 else 0
    return f"{value:.{digits}f} %".replace("-", MINUS)


def inside(text: str) -> str:
    """Return a description as it stands inside a sentence.

    Examples
    --------
    >>> inside("Added friction."), inside("NPS of a week")
    ('added friction', 'NPS of a week')
    """
    text = text.removesuffix(".")
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def of_100(wins: float) -> str:
    """Return wins of 100, rounded down, so that words never promise more than the rule that chose them.

    Examples
    --------
    >>> of_100(92.5), of_100(79.9), of_100(100.0)
    ('92', '79', '100')
    """
    return f"{math.floor(wins + 1e-9)}"


def counted(wins: float, n: int) -> str:
    """Return wins of 100 as they were counted, where there are at most 100 of them and no half one, else of 100.

    Examples
    --------
    >>> counted(95.0, 20), counted(97.5, 20), counted(93.2, 1000), counted(79.5, 200)
    ('19 of 20', '97 of 100', '93 of 100', '79 of 100')
    """
    won = wins * n / 100.0
    return f"{round(won)} of {n}" if n <= 100 and abs(won - round(won)) < 1e-9 else f"{of_100(wins)} of 100"


def span(weeks: int) -> str:
    """Return a number of weeks as a span of time.

    Examples
    --------
    >>> span(260), span(104), span(52), span(78), span(40), span(1)
    ('5 years', '2 years', '1 year', '78 weeks', '40 weeks', '1 week')
    """
    if weeks >= 52 and weeks % 52 == 0:
        return f"{weeks // 52} year{'s' if weeks > 52 else ''}"
    return f"{weeks} week{'s' if weeks != 1 else ''}"


def week(value: float) -> str:
    """Return a week of the run, or that it never comes.

    Examples
    --------
    >>> week(61.0), week(float("inf"))
    ('week 61', 'never')
    """
    return f"week {value:.0f}" if math.isfinite(value) else "never"
