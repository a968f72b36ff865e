"""Outcomes: the names of numbers that are kept of a run, read, checked and worked out.

=====================  ================================================================================
``npv``                a key of the run's summary
``customers.end``      a weekly column: ``end``, ``mean``, ``sum``, ``min``, ``max``
``nps_true.q10``       its 10 % quantile over the weeks (``q2.5`` is allowed)
``customers.at26``     its value in week 26; ``revenue.to26``: its sum up to week 26
``churned.sum@27-52``  the same over weeks 27 to 52; ``@27-`` until the end
``a / b``              one of these over another
``mine:late``          a function of the run, imported: anything that can be worked out from a `Run`
=====================  ================================================================================
"""

import math
import numbers
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.importable import is_name, resolve, source_hash
from flywheel_sim.results.saving import ResultError
from flywheel_sim.results.summary import SUMMARY
from flywheel_sim.scenario.columns import COL, NAMES
from flywheel_sim.scenario.errors import ScenarioError, nearest

if TYPE_CHECKING:
    from flywheel_sim.results import Run

__all__ = [
    "DEFAULT_OUTCOMES",
    "OF_ACCOUNTS",
    "beyond",
    "functions",
    "last_week",
    "measure",
    "needs_accounts",
    "same_functions",
    "unknown_outcome",
]

#: Outcomes that need a row per account, which costs time.
OF_ACCOUNTS = ("loss_making_share", "whale_peak")
#: What is kept of a run when nothing else is asked for.
DEFAULT_OUTCOMES = tuple(name for name in SUMMARY if name not in OF_ACCOUNTS)
#: Ways to make one number of a weekly column.
WAYS = ("end", "mean", "sum", "min", "max")
_COLUMN = re.compile(r"(\w+)\.([a-z]+)(\d+(?:\.\d+)?)?(?:@(\d+)-(\d*))?")
_FORMS = (
    f"a weekly column with .{', .'.join(WAYS)}, .q10 (a quantile), .at26 (week 26) or .to26 (the weeks up to it), "
    f"perhaps over some weeks (.mean@27-52)"
)


@dataclass(frozen=True)
class _Weekly:
    """A number made of a weekly column."""

    column: str
    way: str
    level: float = 0.0
    first: int = 1
    last: int = 0  # 0: until the end

    def of(self, run: "Run") -> float:
        values = run.arrays.weekly[:, getattr(COL, self.column)]
        if max(self.last, self.first) > len(values):
            return math.nan
        some = values[self.first - 1 : self.last or None]
        if self.way == "end":
            return float(some[-1])
        if self.way == "q":
            return float(np.quantile(some, self.level / 100.0))
        return float(getattr(np, self.way)(some))


@dataclass(frozen=True)
class _Ratio:
    """One outcome over another."""

    over: str
    under: str


def _split(name: str) -> _Ratio | None:
    over, slash, under = name.partition("/")
    return _Ratio(over.strip(), under.strip()) if slash else None


@lru_cache(maxsize=4096)
def _weekly(name: str) -> _Weekly | tuple[str, str | None]:
    """Read a number of a weekly column, or say what is wrong with its name and the nearest one."""
    read = _COLUMN.fullmatch(name)
    column, dot, rest = name.partition(".")
    if not dot:
        return f"unknown outcome '{name}'", nearest(name, [*SUMMARY, *(f"{column}.end" for column in NAMES)])
    known = read is not None and (read[2] in (*WAYS, "q", "at", "to"))
    if not known:
        return f"expected {_FORMS}, got '{name}'", f"{column}.{nearest(rest, WAYS) or WAYS[0]}"
    assert read is not None
    way, number, first, last = read[2], read[3], read[4], read[5]
    if column not in NAMES:
        near = nearest(column, NAMES)
        return f"unknown column '{column}'", f"{near}.{rest}" if near else None
    if (number is not None) != (way in ("q", "at", "to")) or (way in ("at", "to") and not str(number).isdigit()):
        return f"expected {_FORMS}, got '{name}'", f"{column}.{way}{10 if way == 'q' else 26 if number is None else ''}"
    if way in ("at", "to"):
        if first is not None or not 1 <= int(number) <= 9999:
            return f"expected {_FORMS}, got '{name}'", f"{column}.{way}26"
        return _Weekly(column, "end" if way == "at" else "sum", 0.0, 1, int(number))
    if way == "q" and not float(number) <= 100:
        return f"expected a quantile from q0 to q100, got '{name}'", f"{column}.q90"
    if first is None:
        return _Weekly(column, way, float(number or 0))
    if not 1 <= int(first) <= 9999 or (last and not int(first) <= int(last) <= 9999):
        return f"expected weeks such as @27-52 or @27-, the first not after the last, got '{name}'", None
    return _Weekly(column, way, float(number or 0), int(first), int(last or 0))


def unknown_outcome(name: str) -> tuple[str, str | None] | None:
    """Return what is wrong with the name of an outcome, and the nearest one that exists; None when it is fine.

    A name with a colon is a function of the user's, which is imported to see whether it is one.

    Examples
    --------
    >>> unknown_outcome("npv"), unknown_outcome("customers.end"), unknown_outcome("custmers.end")
    (None, None, ("unknown column 'custmers'", 'customers.end'))
    >>> unknown_outcome("customers.at26"), unknown_outcome("revenue.to52"), unknown_outcome("nps_true.q10@27-52")
    (None, None, None)
    >>> unknown_outcome("nvp"), unknown_outcome("referred_new.sum / new_custmers.sum")
    (("unknown outcome 'nvp'", 'npv'), ("unknown column 'new_custmers'", 'referred_new.sum / new_customers.sum'))
    """
    if name in SUMMARY:
        return None
    if ratio := _split(name):
        for part in (ratio.over, ratio.under):
            if not part or "/" in part:
                return f"expected one outcome over another, as in 'revenue.sum / customers.mean', got '{name}'", None
            if wrong := unknown_outcome(part):
                return wrong[0], wrong[1] and name.replace(part, wrong[1])
        return None
    if ":" in name:
        try:
            function = resolve(name)
        except ScenarioError as error:
            return error.problems[0].message, error.problems[0].suggestion
        return None if callable(function) else (f"expected a function of a run, and '{name}' is none", None)
    read = _weekly(name)
    return read if isinstance(read, tuple) else None


def last_week(name: str) -> int:
    """Return the week of the run that an outcome looks at, 0 where it takes whatever weeks there are.

    Examples
    --------
    >>> last_week("customers.at26"), last_week("revenue.to52"), last_week("npv"), last_week("nps_true.min@27-")
    (26, 52, 0, 27)
    """
    if ratio := _split(name):
        return max(last_week(ratio.over), last_week(ratio.under))
    read = _weekly(name) if name not in SUMMARY and ":" not in name else None
    if not isinstance(read, _Weekly):
        return 0
    return max(read.last, read.first if read.first > 1 else 0)


def beyond(name: str, weeks: float) -> tuple[str, str | None] | None:
    """Return what is wrong with an outcome that looks at weeks which runs of so many do not have; None if it is fine.

    Examples
    --------
    >>> beyond("customers.at26", 20)
    ("'customers.at26' looks at week 26, and there are runs of 20 weeks", 'customers.at20')
    """
    week = last_week(name)
    if week <= weeks:
        return None
    near = re.sub(rf"(at|to|-){week}(?!\d)", rf"\g<1>{weeks:g}", name)
    message = f"'{name}' looks at week {week}, and there are runs of {weeks:g} weeks"
    return message, near if last_week(near) <= weeks else None


def parts(names: Iterable[str]) -> list[str]:
    """Return the single outcomes that some consist of."""
    split = [(name, _split(name)) for name in names]
    return [one for name, ratio in split for one in ((ratio.over, ratio.under) if ratio else (name,))]


def needs_accounts(names: Iterable[str]) -> bool:
    """Say whether an outcome needs a row per account; a function may look at whatever a run has."""
    return any(name in OF_ACCOUNTS or is_name(name) for name in parts(names))


def functions(names: Iterable[str]) -> dict[str, str]:
    """Find functions among outcomes, with the hash of the module that holds each.

    Examples
    --------
    >>> functions(["npv", "statistics:mean / npv"]).keys()
    dict_keys(['statistics:mean'])
    """
    return {name: source_hash(resolve(name)) for name in parts(names) if is_name(name)}


def same_functions(theirs: dict[str, str], who: str) -> None:
    """Refuse functions whose source is not what it was elsewhere.

    Raises
    ------
    ResultError
    """
    for name, source in theirs.items():
        try:
            here = source_hash(resolve(name))
        except ScenarioError as error:
            raise ResultError(f"{who} uses '{name}', which is not here: {error}") from None
        if here != source:
            raise ResultError(f"{who} used another '{name}' (source {source or 'unknown'}, here {here or 'unknown'})")


def measure(names: Sequence[str], run: "Run") -> NDArray[np.float64]:
    """Work out the outcomes of one run.

    Parameters
    ----------
    names : outcomes that `unknown_outcome` finds nothing wrong with.
    run : Run

    Returns
    -------
    float64 array, shape (names,)
        NaN for a week that the run does not reach, and for a ratio to 0.

    Raises
    ------
    ResultError
        When a function returns anything but a number.
    """
    return np.array([_value(name, run) for name in names], np.float64)


def _value(name: str, run: "Run") -> float:
    if name in SUMMARY:
        return run.summary[name]
    if ratio := _split(name):
        over, under = _value(ratio.over, run), _value(ratio.under, run)
        return over / under if under != 0 else math.nan
    if ":" in name:
        value: Any = resolve(name)(run)
        if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Real):
            raise ResultError(f"'{name}' returned {value!r:.60}, expected a number")
        return float(value)
    read = _weekly(name)
    assert isinstance(read, _Weekly), read
    return read.of(run)
