r"""Draw companies from the prior: what is only assumed may be otherwise.

Every number of a company that its file marks ``a`` (an assumption) is multiplied by :math:`e^{0.3 z}`, z standard
normal and keyed by seed, draw and path: 90 % of the draws lie within a factor of 1.6 of what the file says.  Whole
numbers stay; a number whose draw the scenario refuses stays, too.
"""

import zlib
from typing import Any

import numpy as np

from flywheel_sim.engine.random import philox_words
from flywheel_sim.scenario import Scenario, ScenarioError

__all__ = ["SPREAD", "drawn"]

#: Standard deviation of the logarithm of what is assumed.
SPREAD = 0.3


def drawn(base: Scenario, draw: int, seed: int = 1) -> Scenario:
    """Return the company of one draw.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> base = load("b2b-saas")
    >>> one = drawn(base, 0)
    >>> one.get("service.live_cost") == base.get("service.live_cost"), one.hash == base.hash
    (True, False)
    """
    changes: dict[str, Any] = {}
    for path, (mark, _) in base.marks.items():
        value = base.get(path)
        if mark == "a" and isinstance(value, float) and not isinstance(value, bool):
            changes[path] = value * float(np.exp(SPREAD * _normal(seed, draw, path)))
    while changes:
        try:
            return base.with_(changes)
        except ScenarioError as error:
            fields = [problem.field for problem in error.problems]
            refused = [path for path in changes if any(path == f or path.startswith(f"{f}.") for f in fields)]
            if not refused:
                refused = [path for path in changes if any(path.split(".")[0] == f.split(".")[0] for f in fields)]
            for path in refused or list(changes):
                del changes[path]
    return base


def _normal(seed: int, draw: int, path: str) -> float:
    counter = np.array([[zlib.crc32(path.encode()), draw, 0, 0]], np.uint32)
    out = np.zeros((1, 4), np.uint32)
    philox_words(counter, np.array([seed, 0xFAC7], np.uint32), out)
    first, second = ((float(word) + 0.5) / 2.0**32 for word in out[0, :2])
    return float(np.sqrt(-2.0 * np.log(first)) * np.cos(2.0 * np.pi * second))
