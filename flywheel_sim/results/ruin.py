"""What runs in which the company failed are told in: how many, of whom, and when the first was."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["ruin_sentence"]

Floats = NDArray[np.float64]


def ruin_sentence(labels: Sequence[str], weeks: Sequence[Floats], of: str = "runs") -> str:
    """Return in how many runs companies failed, in a sentence; nothing where none ever did.

    Parameters
    ----------
    labels : sequence of str
        What to call them.
    weeks : sequence of float64 arrays, shape (R,)
        For each of them the week of ruin in every run; NaN where there was none.
    of : str
        What there are R of.

    Examples
    --------
    >>> never = np.array([np.nan, np.nan])
    >>> ruin_sentence(["A", "B"], [never, np.array([70.0, 31.0])])
    'B is ruined in 2 of 2 runs, first in week 31: it owes more than lenders allow, and is closed.'
    >>> ruin_sentence(["A", "B"], [never, never])
    ''
    """
    parts = []
    for label, one in zip(labels, weeks, strict=True):
        failed = one[~np.isnan(one)]
        if failed.size:
            when = "first in" if failed.size > 1 else "in"
            parts.append(f"{label} is ruined in {failed.size} of {one.size} {of}, {when} week {failed.min():.0f}")
    if not parts:
        return ""
    return f"{'; '.join(parts)}: it owes more than lenders allow, and is closed."
