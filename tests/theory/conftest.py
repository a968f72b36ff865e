"""What "equal to a printed number" means: within half a unit of its last digit."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

Agrees = Callable[[npt.ArrayLike, str], None]


def _half_unit(text: str) -> float:
    decimals = len(text.partition(".")[2])
    return 0.5 * 10.0**-decimals


@pytest.fixture
def agrees() -> Agrees:
    """Assert that values round to the printed ones, given as a text such as ".0357 .0850"."""

    def check(values: npt.ArrayLike, printed: str) -> None:
        given, texts = np.atleast_1d(np.asarray(values, dtype=float)).ravel(), printed.split()
        assert given.size == len(texts), f"{given.size} values against {len(texts)} printed ones"
        off = [
            f"{value:.7g} is not {text}"
            for value, text in zip(given, texts, strict=True)
            if not abs(value - float(text)) <= _half_unit(text) * (1 + 1e-6)
        ]
        assert not off, "; ".join(off)

    return check
