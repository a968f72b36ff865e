"""The model's own exponentials and logarithms, written plainly: one IEEE operation after the other, no library's bits.

Customers count in ``np.float32`` scalars, teams and money in Python floats.  A Python float times an ``np.float32`` is
an ``np.float32``, so wherever the two meet, one of them is converted by name: ``f32(x)`` or ``float(x)``.
"""

import math
from typing import Any

import numpy as np

__all__ = [
    "F32", "acos64", "clip32", "exp32", "exp64", "f32", "halved", "log64", "logistic64", "normal_quantile",
    "poisson32", "poisson64", "sincos64",
]  # fmt: skip

#: A number of customers: an ``np.float32`` scalar (to a type checker: anything).
F32 = Any
f32: Any = np.float32


def exp32(x: F32) -> F32:
    """exp(x) in float32: x = n ln 2 + r, then Taylor's series of exp(r), seven terms, times 2^n."""
    x = min(max(x, f32(-87.0)), f32(88.0))
    n = int(np.floor(x * f32(1.44269504) + f32(0.5)))
    r = (x - f32(n) * f32(0.693359375)) - f32(n) * f32(-2.12194440e-4)
    y = f32(1 / math.factorial(7))
    for k in (6, 5, 4, 3, 2):
        y = f32(1 / math.factorial(k)) + r * y
    y = f32(1.0) + r * (f32(1.0) + r * y)
    return y * f32(2.0**n)


def clip32(x: F32, limit: float) -> F32:
    """x cut to [-limit, limit]."""
    return min(max(x, f32(-limit)), f32(limit))


def exp64(x: float) -> float:
    """exp(x) in float64, the same way with fourteen terms."""
    x = min(max(float(x), -700.0), 700.0)
    n = math.floor(x * 1.4426950408889634 + 0.5)
    r = (x - n * 0.693147180369123816490) - n * 1.90821492927058770002e-10
    y = 1.0
    for k in range(14, 0, -1):
        y = 1.0 + r * y / k
    return y * 2.0**n


def log64(x: float) -> float:
    """log(x): x = 2^n m with m within [sqrt(1/2), sqrt(2)), and log m = 2 artanh((m - 1)/(m + 1)) as a series."""
    m, n = math.frexp(float(x))
    if 2.0 * m <= 1.4142135623730951:
        m, n = 2.0 * m, n - 1
    s = (m - 1.0) / (m + 1.0)
    z = s * s
    y = 1.0 / 25.0
    for k in range(23, 0, -2):
        y = 1.0 / k + z * y
    return n * 0.693147180369123816490 + (2.0 * s * y + n * 1.90821492927058770002e-10)


def logistic64(x: float) -> float:
    """1/(1 + exp(-x))."""
    return 1.0 / (1.0 + exp64(-x))


def halved(half_life: float) -> float:
    """Share that is left after a week of what has this half-life."""
    return exp64(-0.6931471805599453 / half_life)


def sincos64(x: float) -> tuple[float, float]:
    """Sine and cosine: x less a number of quarter turns, then Taylor's series."""
    turns = math.floor(x * 0.6366197723675814 + 0.5)
    r = (x - turns * 1.5707963267341256) - turns * 6.0771005063039660e-11
    z = r * r
    s = c = 1.0
    for k in range(18, 0, -2):
        s = 1.0 - z * s / (k * (k + 1))
    for k in range(19, 0, -2):
        c = 1.0 - z * c / (k * (k + 1))
    s *= r
    return ((s, c), (c, -s), (-s, -c), (-c, s))[turns % 4]


def acos64(x: float) -> float:
    """Angle of a cosine, through the half angle: its sine is known, and three Newton steps invert it."""
    x = min(max(x, -1.0), 1.0)
    half = math.sqrt((1.0 - abs(x)) * 0.5)
    a = half * (1.0 + half * half * (1.0 / 6.0 + half * half * (3.0 / 40.0 + half * half * (15.0 / 336.0))))
    for _ in range(3):
        s, c = sincos64(a)
        a -= (s - half) / c
    a *= 2.0
    return a if x >= 0.0 else 3.141592653589793 - a


def normal_quantile(p: float) -> float:
    """Standard normal quantile: Wichura's algorithm AS 241 in its seven-figure form."""
    q = p - 0.5
    if abs(q) <= 0.425:
        r = 0.180625 - q * q
        top = ((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179
        bottom = ((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1.0
        return q * top / bottom
    r = math.sqrt(-log64(p if q < 0.0 else 1.0 - p))
    if r <= 5.0:
        r -= 1.6
        top = ((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777
        bottom = (0.12021132975 * r + 0.73700164250) * r + 1.0
    else:
        r -= 5.0
        top = ((0.017337203997 * r + 0.42868294337) * r + 3.0812263860) * r + 6.6579051150
        bottom = (0.012258202635 * r + 0.24197894225) * r + 1.0
    return -top / bottom if q < 0.0 else top / bottom


def poisson32(word: int, mean: F32) -> int:
    """Poisson count of a customer by inversion of one word, 16 at most."""
    u, term = word * 2.3283064365386963e-10, float(exp32(-mean))
    total, n = term, 0
    while u >= total and n < 16:
        n += 1
        term *= float(mean) / n
        total += term
    return n


def poisson64(u: float, mean: float) -> int:
    """Poisson count by inversion; above a mean of 500 the normal limit, rounded."""
    if mean > 500.0:
        return int(max(0.0, math.floor(mean + math.sqrt(mean) * normal_quantile(u) + 0.5)))
    count, term = 0, exp64(-mean)
    total = term
    while u > total and count < 1000:
        count += 1
        term *= mean / count
        total += term
    return count
