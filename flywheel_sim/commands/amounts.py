"""Amounts of money and shares on the command line: 250000, 250k, $0.25m; 0.95, 95%."""

import math
from collections.abc import Callable
from typing import Any

import click

from flywheel_sim.scenario.numbers import Unreadable, amount, share

__all__ = ["AMOUNT", "Amount", "Share"]


class Amount(click.ParamType):  # type: ignore[type-arg]
    """A number of dollars, 0 or more.

    Examples
    --------
    >>> AMOUNT.convert("250k", None, None), AMOUNT.convert("$1.5m", None, None), AMOUNT.convert("1e5", None, None)
    (250000.0, 1500000.0, 100000.0)
    """

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read an amount or a share as it was typed."""
        expected = "an amount such as 250000, 250k or 0.25m"
        return _read(self, amount, value, expected, lambda x: 0 <= x < math.inf, param, ctx)


class Share(click.ParamType):  # type: ignore[type-arg]
    """A share between two limits, also in per cent.

    Parameters
    ----------
    least, most : float

    Examples
    --------
    >>> Share(0.5, 0.9999).convert("95%", None, None), Share(0.5, 0.9999).convert("0.95", None, None)
    (0.95, 0.95)
    """

    name = "share"

    def __init__(self, least: float = 0.0, most: float = 1.0) -> None:
        self.least, self.most = least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read an amount or a share as it was typed."""
        expected = f"a share from {self.least:g} to {self.most:g}, such as 0.95 or 95%"
        return _read(self, share, value, expected, lambda x: self.least <= x <= self.most, param, ctx)


def _read(
    kind: click.ParamType,  # type: ignore[type-arg]
    reader: Callable[[str], float],
    value: Any,
    expected: str,
    fits: Callable[[float], bool],
    param: click.Parameter | None,
    ctx: click.Context | None,
) -> float:
    """Return the number that a text is, refused with what it probably stands for."""
    text, said, near = str(value), "", None
    try:
        amount = reader(text)
        if fits(amount):
            return amount
        if isinstance(kind, Share) and fits(amount / 100.0):
            near = f"{amount:g}%"
    except Unreadable as error:
        said, near = error.said, error.near
    mistake = click.BadParameter(f"expected {expected}, got '{text}'" + (f": {said}" if said else ""), ctx, param)
    mistake.suggestion = near  # type: ignore[attr-defined]
    raise mistake


AMOUNT = Amount()
