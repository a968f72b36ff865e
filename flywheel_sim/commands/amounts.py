"""Amounts of money on the command line: 250000, 250k, $0.25m."""

import math
import re
from typing import Any

import click

__all__ = ["AMOUNT", "Amount"]

_SCALES = {"": 1.0, "k": 1e3, "m": 1e6, "bn": 1e9, "b": 1e9}


class Amount(click.ParamType):  # type: ignore[type-arg]
    """A number of dollars, 0 or more.

    Examples
    --------
    >>> AMOUNT.convert("250k", None, None), AMOUNT.convert("$1.5m", None, None), AMOUNT.convert("1e5", None, None)
    (250000.0, 1500000.0, 100000.0)
    """

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read an amount."""
        text = str(value).strip().replace(",", "").replace("_", "").removeprefix("$").lower()
        found = re.fullmatch(r"([0-9.]+(?:e[+-]?[0-9]+)?)(bn|[kmb]?)", text)
        try:
            amount = float(found[1]) * _SCALES[found[2]] if found else math.nan
        except ValueError:
            amount = math.nan
        if not 0 <= amount < math.inf:
            self.fail(f"expected an amount such as 250000, 250k or 0.25m, got '{value}'", param, ctx)
        return amount


AMOUNT = Amount()
