"""Elementary functions with our own bits.

Library exponentials and logarithms differ between machines in the last bit, and one bit is enough to send a customer
the other way at a threshold.  These are plain polynomials in IEEE arithmetic (no fused multiply-add, no fastmath), so
that the engine, its plain-Python twin and any x86-64 machine agree to the bit.

========================  ===========  ==========================================
function                  precision    largest error on its range
========================  ===========  ==========================================
``exp32``                 float32      2e-7 relative on [-87, 88]
``exp64``                 float64      1e-15 relative on [-700, 700]
``log64``                 float64      2e-16 x |log| + 2e-16
``sincos64``              float64      1e-15 on [-10, 10]
``acos64``                float64      1e-14
``normal_quantile``       float64      6e-7 (Wichura 1988, AS 241, seven figures)
========================  ===========  ==========================================
"""

import math

import numpy as np

from flywheel_sim.engine.jit import f32, f64, inlined

__all__ = [
    "CLIP",
    "YEAR",
    "acos64",
    "clip32",
    "exp32",
    "exp64",
    "halved",
    "happens",
    "log64",
    "logistic64",
    "normal_quantile",
    "poisson64",
    "poisson_count",
    "sincos64",
]

#: Log-factors of customers' rates are cut to +- this.
CLIP = f32(3.0)
#: Weeks.
YEAR = 52

_LOG2E = np.float32(1.44269504)
_LN2_HIGH = np.float32(0.693359375)
_LN2_LOW = np.float32(-2.12194440e-4)
_HALF, _ONE = np.float32(0.5), np.float32(1.0)
_SMALL, _SIXTH = np.float32(0.01), np.float32(1.0 / 6.0)
_E2, _E3, _E4, _E5, _E6, _E7 = (np.float32(1 / math.factorial(k)) for k in (2, 3, 4, 5, 6, 7))


@inlined
def exp32(x: np.float32) -> np.float32:
    """exp(x) in float32: x = n ln 2 + r, Taylor polynomial in r, scaled by 2^n through the exponent bits."""
    x = min(max(x, np.float32(-87.0)), np.float32(88.0))
    n = np.int32(np.floor(x * _LOG2E + _HALF))
    f = np.float32(n)
    r = (x - f * _LN2_HIGH) - f * _LN2_LOW
    y = _E6 + r * _E7
    y = _E5 + r * y
    y = _E4 + r * y
    y = _E3 + r * y
    y = _E2 + r * y
    y = _ONE + r * (_ONE + r * y)
    return y * np.int32((n + np.int32(127)) << np.int32(23)).view(np.float32)


@inlined
def clip32(x: np.float32, limit: np.float32) -> np.float32:
    """x cut to [-limit, limit]."""
    return min(max(x, -limit), limit)


@inlined
def happens(rate: np.float32) -> np.float32:
    """Chance per week of an event at this rate: 1 - exp(-rate)."""
    if rate < _SMALL:  # 1 - exp(-rate) would lose its digits
        return rate * (_ONE - rate * (_HALF - rate * _SIXTH))
    return _ONE - exp32(-rate)


@inlined
def poisson_count(word: np.uint32, mean: np.float32) -> int:
    """Poisson count by inversion of one word; the tail beyond 16 is cut."""
    u = f64(word) * 2.3283064365386963e-10
    term = f64(exp32(-mean))
    total = term
    n = 0
    while u >= total and n < 16:
        n += 1
        term *= mean / n
        total += term
    return n


@inlined
def exp64(x: float) -> float:
    """exp(x) in float64, same scheme as :func:`exp32` with 13 terms."""
    x = min(max(x, -700.0), 700.0)
    n = math.floor(x * 1.4426950408889634 + 0.5)
    r = (x - n * 0.693147180369123816490) - n * 1.90821492927058770002e-10
    y = 1.0
    for k in range(14, 0, -1):
        y = 1.0 + r * y / k
    return y * np.int64((np.int64(n) + 1023) << 52).view(np.float64)  # type: ignore[no-any-return]


@inlined
def log64(x: float) -> float:
    """log(x) for x > 0: x = 2^n m with m in [sqrt(1/2), sqrt 2), then 2 atanh((m-1)/(m+1)) as a series."""
    bits = np.float64(x).view(np.int64)
    n = ((bits >> 52) & 0x7FF) - 1023
    m = np.int64((bits & 0xFFFFFFFFFFFFF) | 0x3FF0000000000000).view(np.float64)
    if m > 1.4142135623730951:
        m *= 0.5
        n += 1
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    y = 1.0 / 25.0
    for k in range(23, 0, -2):
        y = 1.0 / k + z * y
    return n * 0.693147180369123816490 + (2.0 * s * y + n * 1.90821492927058770002e-10)  # type: ignore[no-any-return]


@inlined
def logistic64(x: float) -> float:
    """1 / (1 + exp(-x))."""
    return 1.0 / (1.0 + exp64(-x))


@inlined
def halved(half_life: float) -> float:
    """Share left after one week of a stock with this half-life in weeks."""
    return exp64(-0.6931471805599453 / half_life)


@inlined
def sincos64(x: float) -> tuple[float, float]:
    """Sine and cosine, reduced to [-pi/4, pi/4] and summed as Taylor series."""
    n = math.floor(x * 0.6366197723675814 + 0.5)
    r = (x - n * 1.5707963267341256) - n * 6.0771005063039660e-11
    z = r * r
    s = 1.0
    for k in range(18, 0, -2):
        s = 1.0 - z * s / (k * (k + 1))
    s *= r
    c = 1.0
    for k in range(19, 0, -2):
        c = 1.0 - z * c / (k * (k + 1))
    q = np.int64(n) & 3
    if q == 0:
        return s, c
    if q == 1:
        return c, -s
    if q == 2:
        return -s, -c
    return -c, s


@inlined
def acos64(x: float) -> float:
    """Angle of a cosine: a polynomial start, then Newton steps on cos, from the half angle where it is well posed."""
    x = min(max(x, -1.0), 1.0)
    half = math.sqrt((1.0 - abs(x)) * 0.5)  # sin(a/2) <= sqrt(1/2)
    a = half * (1.0 + half * half * (1.0 / 6.0 + half * half * (3.0 / 40.0 + half * half * (15.0 / 336.0))))
    for _ in range(3):
        s, c = sincos64(a)
        a -= (s - half) / c
    a *= 2.0
    return a if x >= 0.0 else 3.141592653589793 - a


@inlined
def normal_quantile(p: float) -> float:
    """Standard normal quantile of p in (0, 1): Wichura (1988), algorithm AS 241, the seven-figure rational forms."""
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        top = ((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179
        bottom = ((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1.0
        return q * top / bottom
    r = p if q < 0.0 else 1.0 - p
    r = math.sqrt(-log64(r))
    if r <= 5.0:
        r -= 1.6
        top = ((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777
        bottom = (0.12021132975 * r + 0.73700164250) * r + 1.0
    else:
        r -= 5.0
        top = ((0.017337203997 * r + 0.42868294337) * r + 3.0812263860) * r + 6.6579051150
        bottom = (0.012258202635 * r + 0.24197894225) * r + 1.0
    return -top / bottom if q < 0.0 else top / bottom


@inlined
def poisson64(u: float, mean: float) -> int:
    """Poisson count by inversion of a uniform number; above a mean of 500 the normal limit, rounded."""
    if mean > 500.0:
        return int(max(0.0, math.floor(mean + math.sqrt(mean) * normal_quantile(u) + 0.5)))
    count, term = 0, exp64(-mean)
    total = term
    while u > total and count < 1000:
        count += 1
        term *= mean / count
        total += term
    return count
