"""Arguments of Python functions, checked where they come in and said in the caller's words."""

import operator
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flywheel_sim.scenario.errors import Problem, ScenarioError, nearest, shown

__all__ = ["MOST_SEEDS", "Named", "WrongKind", "absent", "one_of", "several", "whole", "whole_or_none"]

#: Seeds and replicates are words of 32 bits.
MOST_SEEDS = 2**32 - 1


class WrongKind(ScenarioError, TypeError):
    """An argument that is no number at all, or no whole one."""


def whole(name: str, value: Any, least: int = 0, most: int = MOST_SEEDS) -> int:
    """Return a whole number of any library as an int; a truth value, a fraction or a number out of bounds is refused.

    Raises
    ------
    ScenarioError
        Naming the argument.

    Examples
    --------
    >>> whole("seed", 7), whole("seed", 7.0)
    (7, 7)
    >>> whole("seed", 1.9)
    Traceback (most recent call last):
    ...
    flywheel_sim.scenario.arguments.WrongKind: seed: expected a whole number from 0 to 4294967295, got 1.9
    """
    number: int | None = None
    if not isinstance(value, bool) and type(value).__name__ not in ("bool_", "bool"):
        try:
            number = operator.index(value)
        except TypeError:
            fits = isinstance(value, float) or type(value).__module__ == "numpy"
            number = int(value) if fits and getattr(value, "size", 1) == 1 and float(value).is_integer() else None
    if number is None or not least <= number <= most:
        message = f"expected a whole number from {least} to {most}, got {shown(value)}"
        raise (WrongKind if number is None else ScenarioError).single(message, field=name)
    return number


def whole_or_none(name: str, value: Any, least: int = 0, most: int = MOST_SEEDS) -> int | None:
    """Return a whole number as `whole` takes it, or None where none is given.

    Examples
    --------
    >>> whole_or_none("workers", None, 1)
    """
    return None if value is None else whole(name, value, least, most)


def several(name: str, values: Any, least: int = 1) -> list[Any]:
    """Return several scenarios as a list; one alone, or too few, is refused.

    Examples
    --------
    >>> several("scenarios", ("b2b-saas", "b2c-subscription"))
    ['b2b-saas', 'b2c-subscription']
    """
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        kind = "text" if isinstance(values, str | bytes) else type(values).__name__
        raise ScenarioError.single(f"expected a list of scenarios, got one {kind}; put it in brackets", field=name)
    scenarios = list(values)
    if len(scenarios) < least:
        raise ScenarioError.single(f"expected at least {least} of them, got {len(scenarios)}", field=name)
    return scenarios


def one_of(name: str, value: Any, known: Iterable[str]) -> str:
    """Return a name that is known, or raise.

    Examples
    --------
    >>> one_of("column", "customers", ["customers", "churned"])
    'customers'
    """
    names = list(known)
    if isinstance(value, str) and value in names:
        return value
    near = nearest(value, names) if isinstance(value, str) else None
    raise ScenarioError.single(f"unknown name {shown(value)}", field=name, suggestion=near)


def absent(kind: str, names: Iterable[str], known: Iterable[str]) -> list[Problem]:
    """Return a problem for every name that is not known, with the nearest that is.

    Examples
    --------
    >>> print(absent("lever", ["budgte"], ["budget", "price"])[0])
    there is no lever 'budgte'; did you mean 'budget'?
    """
    listed = list(known)
    return [
        Problem(None, None, None, "", f"there is no {kind} '{name}'", nearest(name, listed))
        for name in names
        if name not in listed
    ]


class Named(Mapping[str, float]):
    """Numbers by name; a name that is not there is answered with the nearest.

    Examples
    --------
    >>> Named({"npv": 1.0})["nvp"]
    Traceback (most recent call last):
    ...
    KeyError: "there is no 'nvp'; did you mean 'npv'?"
    """

    def __init__(self, values: Mapping[str, float]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> float:
        try:
            return self._values[name]
        except (KeyError, TypeError):
            near = nearest(name, self._values) if isinstance(name, str) else None
            hint = f"; did you mean '{near}'?" if near else ""
            raise KeyError(f"there is no {shown(name)}{hint}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return repr(self._values)
