"""Our own elementary functions against the library's, within the errors their module states."""

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from flywheel_sim.engine import portable_math


def over(law, dtype=np.float64):
    """Compile a loop of one law over an array."""

    @numba.njit
    def loop(x, out):
        for i in range(x.size):
            out[i] = law(x[i])

    def call(x):
        x = np.asarray(x, dtype)
        out = np.empty_like(x)
        loop(x, out)
        return out

    return call


exp32, exp64 = over(portable_math.exp32, np.float32), over(portable_math.exp64)
log64, logistic64, halved = over(portable_math.log64), over(portable_math.logistic64), over(portable_math.halved)
acos64, normal_quantile = over(portable_math.acos64), over(portable_math.normal_quantile)


@numba.njit
def _sincos(x, sine, cosine):
    for i in range(x.size):
        sine[i], cosine[i] = portable_math.sincos64(x[i])


def sincos64(x):
    x = np.asarray(x, np.float64)
    sine, cosine = np.empty_like(x), np.empty_like(x)
    _sincos(x, sine, cosine)
    return sine, cosine


def test_exp32():
    x = np.linspace(-87, 88, 400_001).astype(np.float32)
    exact = np.exp(x.astype(np.float64))
    assert np.max(np.abs(exp32(x) / exact - 1)) < 2e-7
    assert exp32([0.0])[0] == 1.0, "a neutral factor must be exactly 1"
    assert exp32([-1000.0])[0] == exp32([-87.0])[0]
    assert exp32([1000.0])[0] == exp32([88.0])[0]


def test_exp64():
    x = np.linspace(-700, 700, 200_001)
    assert np.max(np.abs(exp64(x) / np.exp(x) - 1)) < 1e-15
    assert exp64([0.0])[0] == 1.0


def test_log64():
    x = np.concatenate([np.geomspace(1e-300, 1e300, 200_001), np.linspace(0.5, 2.0, 200_001)])
    exact = np.log(x.astype(np.longdouble))
    slack = np.abs(np.spacing(exact.astype(np.float64)))  # where long doubles are no longer than doubles
    assert np.all(np.abs(log64(x) - exact) <= 2e-16 * np.abs(exact) + 2e-16 + slack)
    assert log64([1.0])[0] == 0.0


def test_logistic64():
    x = np.linspace(-40, 40, 10_001)
    assert np.allclose(logistic64(x), 1 / (1 + np.exp(-x)), rtol=1e-14)
    assert logistic64([0.0])[0] == 0.5
    assert np.allclose(logistic64(x) + logistic64(-x), 1.0, atol=1e-15)


def test_halved():
    assert halved([1.0])[0] == pytest.approx(0.5, abs=1e-15)
    assert halved([13.0])[0] ** 13 == pytest.approx(0.5, abs=1e-14)


def test_sincos64():
    x = np.linspace(-10, 10, 200_001)
    sine, cosine = sincos64(x)
    assert np.max(np.abs(sine - np.sin(x))) < 1e-15
    assert np.max(np.abs(cosine - np.cos(x))) < 1e-15


def test_acos64():
    x = np.concatenate(
        [np.linspace(-1, 1, 100_001), 1 - np.geomspace(1e-16, 1e-3, 2_001), np.geomspace(1e-16, 1e-3, 2_001) - 1]
    )
    assert np.max(np.abs(acos64(x) - np.arccos(x))) < 1e-14
    assert acos64([1.0])[0] == 0.0
    assert acos64([1.0 + 1e-12])[0] == 0.0, "rounding may carry a cosine past 1"
    assert acos64([-1.0])[0] == pytest.approx(np.pi, abs=1e-15)


def test_normal_quantile():
    p = np.concatenate([np.linspace(1e-6, 1 - 1e-6, 200_001), np.geomspace(1e-10, 1e-3, 2_001)])
    exact = ndtri(p)
    assert np.max(np.abs(normal_quantile(p) - exact) / np.maximum(1.0, np.abs(exact))) < 6e-7
    assert normal_quantile([0.5])[0] == 0.0
    assert np.all(np.diff(normal_quantile(np.linspace(0.001, 0.999, 10_001))) > 0)


def test_normal_quantile_of_every_word_is_finite():
    ends = np.array([0.5 * 2.0**-32, 1 - 0.5 * 2.0**-32])
    z = normal_quantile(ends)
    assert 6.0 < z[1] < 7.0
    assert z[0] == pytest.approx(-z[1], abs=1e-5)


@given(st.floats(-1e6, 1e6, width=32), st.floats(0, 100, width=32))
def test_clip32(x, limit):
    y = portable_math.clip32.py_func(np.float32(x), np.float32(limit))
    assert -limit <= y <= limit
    assert y == x or abs(y) == np.float32(limit)


@given(st.floats(-80, 80, width=32))
def test_exp32_in_plain_python_has_the_same_bits(x):
    assert portable_math.exp32.py_func(np.float32(x)) == exp32([x])[0]
