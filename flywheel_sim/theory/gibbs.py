r"""Order of n team directions in d dimensions: the n-vector Gibbs measure, exactly (A19).

n unit vectors carry weight :math:`\exp\bigl(\tfrac{\kappa}{2n}R^2\bigr)`, :math:`R = |\sum u_i|`, :math:`r = R/n`.  The
Langevin motion :math:`du_i = P_i\,\tfrac{K}{n}\sum_j u_j\,dt + \sqrt{2D}\,P_i \circ dW` settles there with
:math:`\kappa = K/D`.  Writing the weight as a Gaussian average decouples the vectors and leaves one radial integral,

.. math::
    Z(\kappa) = \int_0^\infty \frac{2^{1-d/2}}{\Gamma(d/2)}\, x^{d-1} e^{-x^2/2}\,
    \Lambda_d\bigl(\sqrt{\kappa/n}\,x\bigr)^n dx, \qquad
    \Lambda_d(y) = \Gamma(\tfrac d2)\,(2/y)^{d/2-1} I_{d/2-1}(y),

with the Bessel function J in place of I where :math:`\kappa < 0`.  Then :math:`\langle R^2\rangle = 2n\,(\ln Z)'`, and
from :math:`R = \pi^{-1/2}\int_0^\infty (1 - e^{-w^2R^2})\,w^{-2} dw` the mean of R itself,

.. math::
    \langle R\rangle = \frac{1}{\sqrt\pi}\int_0^\infty
    \Bigl(1 - \frac{Z(\kappa - 2nw^2)}{Z(\kappa)}\Bigr)\frac{dw}{w^2}.

For n without end the order parameter solves :math:`r = A_d(\kappa r)`; order appears at :math:`\kappa_c = d` [V, O(n)
Curie-Weiss papers].  Own derivation [X], checked against direct quadrature and Monte Carlo.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import gamma, gammaln, ive, jv

from .arguments import Array, at_least, same_kind, whole
from .directions import vmf_mean_cosine

__all__ = ["GibbsOrder", "gibbs_order"]

_NODE, _WEIGHT = np.polynomial.legendre.leggauss(16)
_REACH = 60.0  # where the integral over w hands over to its tail


class GibbsOrder(NamedTuple):
    """Means of the order parameter `r` and of its square `r2`."""

    r: Array
    r2: Array


def gibbs_order(n: float, d: int, kappa: npt.ArrayLike) -> GibbsOrder:
    r"""Return the mean order parameter :math:`\langle r\rangle` and :math:`\langle r^2\rangle` of n coupled directions.

    Parameters
    ----------
    n : int or inf
        Number of vectors, at least 2, or ``float("inf")`` for the self-consistent limit.
    d : int
        Dimension of the space of directions, at least 2.
    kappa : array_like
        Coupling over angular diffusion, K/D, at least 0.

    Returns
    -------
    GibbsOrder
        `r` and `r2` in the shape of `kappa`; r from 0 (no order; about 1/√n for finite n) to 1 (one direction).

    Raises
    ------
    ValueError
        If n is below 2, d below 2 or kappa negative.

    Notes
    -----
    [X] quadrature, error below 1e-6.  At kappa = 0, r2 = 1/n exactly.

    Examples
    --------
    >>> order = gibbs_order(n=3, d=2, kappa=[0, 3])
    >>> order.r.round(4).tolist(), order.r2.round(4).tolist()
    ([0.5249, 0.824], [0.3333, 0.7131])
    >>> round(float(gibbs_order(n=float("inf"), d=3, kappa=4).r), 4)
    0.5998
    """
    d, kappa = whole("d", d, 2), at_least("kappa", kappa)
    if n == float("inf"):
        r = same_kind(np.vectorize(_self_consistent, otypes=[float])(d, kappa))
        return GibbsOrder(r, same_kind(r**2))
    n = whole("n", n, 2)
    pairs = np.array([_finite(n, d, float(k)) for k in np.ravel(kappa)]).reshape(*kappa.shape, 2)
    return GibbsOrder(same_kind(pairs[..., 0]), same_kind(pairs[..., 1]))


def _self_consistent(d: int, kappa: float) -> float:
    """Return the largest root of r = A_d(kappa r): 0 up to kappa = d."""
    if kappa <= d:
        return 0.0
    # Below the root the right-hand side is larger; near r = 0 that is kappa/d > 1.
    low = min(1e-6, np.sqrt(1 - d / kappa) / 10)
    return float(brentq(lambda r: float(vmf_mean_cosine(d, kappa * r)) - r, low, 1.0, xtol=1e-14))


def _panels(end: float, width: float) -> tuple[Array, Array]:
    """Return Gauss-Legendre nodes and weights on [0, end], in panels of at most `width`, fine near 0."""
    edges = np.concatenate(
        [[0.0], np.geomspace(1e-6, min(width, end), 24), np.arange(1, int(np.ceil(end / width)) + 1) * width]
    )
    edges = np.unique(np.minimum(edges, end))
    half = np.diff(edges)[:, None] / 2
    return (edges[:-1, None] + half * (_NODE + 1)).ravel(), (half * _WEIGHT).ravel()


def log_growth(d: int, y: Array) -> Array:
    """Return the logarithm of Λ_d(y) for y at least 0, without overflow."""
    order = d / 2 - 1
    safe = np.maximum(y, 1e-8)
    result: Array = gammaln(d / 2) + order * np.log(2 / safe) + np.log(ive(order, safe)) + safe
    result = np.where(y < 1e-4, y**2 / (2 * d), result)
    return result


def _log_z(n: int, d: int, kappa: Array) -> Array:
    """Return the logarithm of Z for each kappa above 0."""
    x, weight = _panels(np.sqrt(float(kappa.max()) * n) + 12 + np.sqrt(d), 0.5)
    log = (d - 1) * np.log(x) - x**2 / 2 + n * log_growth(d, np.sqrt(kappa / n)[:, None] * x)
    top = log.max(axis=1)
    sums = np.log(np.exp(log - top[:, None]) @ weight)
    result: Array = (1 - d / 2) * np.log(2) - gammaln(d / 2) + top + sums
    return result


def _z_repelled(n: int, d: int, repulsion: Array) -> Array:
    """Return z(-repulsion): the mean of exp(-repulsion R²/2n) over independent directions."""
    order, scale = d / 2 - 1, np.sqrt(repulsion / n)
    # In y = scale x: the Gaussian ends the integral, or the decay of Λ^n ~ y^(-n(d-1)/2) does.
    end = min(float(scale.max()) * (9 + np.sqrt(d)), 40 * 10 ** (36 / (n * (d - 1))))
    y, weight = _panels(end, 8.0 / n if n > 4 else 2.0)
    small = y < 1e-4
    wave = np.where(small, 1 - y**2 / (2 * d), gamma(d / 2) * (2 / y) ** order * jv(order, y))
    kernel = weight * y ** (d - 1) * wave**n * 2 ** (1 - d / 2) / gamma(d / 2)
    result: Array = np.exp(-((y / scale[:, None]) ** 2) / 2) @ kernel / scale**d
    return result


def _finite(n: int, d: int, kappa: float) -> tuple[float, float]:
    """Return the mean r and mean r² for finite n."""
    if n == 2:
        return _two(d, kappa)
    x, weight = _panels(np.sqrt(kappa * n) + 12 + np.sqrt(d), 0.5)
    y = np.sqrt(kappa / n) * x
    log = (d - 1) * np.log(x) - x**2 / 2 + n * log_growth(d, y)
    law = weight * np.exp(log - log.max())
    # R² = 2n (ln Z)' with d ln Λ / dy = A_d(y); A_d(y)/y stays finite as kappa falls to 0.
    slope = np.where(y < 1e-4, 1 / d, vmf_mean_cosine(d, y) / np.maximum(y, 1e-300))
    r2 = float(law @ (slope * x**2) / law.sum()) / n
    # ∫ dw/w² over (0, W) = ∫ dz/z² with w = z/(1 - z).
    node, panel = _panels(_REACH / (1 + _REACH), 0.05)
    w = node / (1 - node)
    tilt = kappa - 2 * n * w**2
    ratio = np.empty_like(tilt)
    log_z0 = float(_log_z(n, d, np.array([kappa]))[0]) if kappa > 0 else 0.0
    attract, repel = tilt > 1e-9, tilt < -1e-9
    ratio[~attract & ~repel] = np.exp(-log_z0)
    if attract.any():
        ratio[attract] = np.exp(_log_z(n, d, tilt[attract]) - log_z0)
    if repel.any():
        ratio[repel] = _z_repelled(n, d, -tilt[repel]) * np.exp(-log_z0)
    # Near 0 the difference loses its digits; there it is <R²> w².
    near = node < 1e-4
    R = float(panel @ np.where(near, r2 * n**2 / (1 - node) ** 2, (1 - ratio) / node**2))
    # Tail: 1/W less the part of R near 0, where the density is c R^(d-1) and ratio(W) = c Γ(d/2) / 2W^d.
    R += 1 / _REACH - float(ratio[-1]) / (_REACH * (d + 1))
    return R / np.sqrt(np.pi) / n, r2


def _two(d: int, kappa: float) -> tuple[float, float]:
    """Return two vectors at angle φ: r = cos(φ/2), weight sin(φ)^(d-2) exp(κ cos(φ) / 2)."""
    phi, weight = _panels(np.pi, 0.1)
    law = weight * np.sin(phi) ** (d - 2) * np.exp(kappa * (np.cos(phi) - 1) / 2)
    r = np.cos(phi / 2)
    return float(law @ r / law.sum()), float(law @ r**2 / law.sum())
