"""Call a law of the engine from a test: Python cannot, because laws are compiled into those who call them."""

from collections.abc import Callable
from typing import Any

import numba

__all__ = ["compiled"]


def compiled(law: Callable[..., Any]) -> Callable[..., Any]:
    """Return a compiled function that passes its arguments on to a law, by position."""

    @numba.njit
    def call(*arguments):
        return law(*arguments)

    return call
