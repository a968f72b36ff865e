r"""Coupled directions in a common field: how far n teams follow a target together (A19).

A field h toward :math:`u_0` on every vector adds :math:`h \sum u_i\cdot u_0` to the exponent of `gibbs.py` (h in units
of angular diffusion, h/D).  Given the Gaussian auxiliary x the vectors are independent von Mises-Fisher draws around
:math:`b = \sqrt{\kappa/n}\,x + h u_0`, so every mean is an average over x alone:

.. math::
    \langle \cos\rangle = \bigl\langle A_d(|b|)\,b\cdot u_0/|b| \bigr\rangle, \qquad
    \langle r^2\rangle = \tfrac1n + (1-\tfrac1n)\,\bigl\langle A_d(|b|)^2 \bigr\rangle .

Without end in n the mean cosine solves :math:`m = A_d(\kappa m + h)`.  Own derivation [X].
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq

from .arguments import Array, above, at_least, same_kind, whole
from .directions import vmf_mean_cosine
from .gibbs import log_growth

__all__ = ["GibbsField", "gibbs_field_order"]


class GibbsField(NamedTuple):
    """Mean `cosine` of the teams to the field's direction and mean square order `r2`."""

    cosine: Array
    r2: Array


def gibbs_field_order(n: float, d: int, kappa: npt.ArrayLike, h: npt.ArrayLike) -> GibbsField:
    r"""Return the mean cosine to the target and mean :math:`r^2` of n coupled directions in a field.

    Parameters
    ----------
    n : int or inf
        Number of vectors, at least 1, or ``float("inf")``.
    d : int
        Dimension, at least 2.
    kappa : array_like
        Coupling over angular diffusion, K/D, at least 0.
    h : array_like
        Field over angular diffusion, h/D, above 0.

    Returns
    -------
    GibbsField
        `cosine` and `r2`, broadcast over `kappa` and `h`.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    [X] quadrature; n = 1 or kappa = 0 gives `vmf_mean_cosine`.  Coupling amplifies a weak field: teams that agree
    average their noise.

    Examples
    --------
    >>> [round(float(gibbs_field_order(n=7, d=3, kappa=k, h=0.5).cosine), 3) for k in (0, 2, 6)]
    [0.164, 0.298, 0.559]
    """
    d = whole("d", d, 2)
    kappa, h = np.broadcast_arrays(at_least("kappa", kappa), above("h", h))
    if n != float("inf"):
        n = whole("n", n, 1)
    pairs = [
        _limit(d, k, f) if n == float("inf") else _mean(int(n), d, k, f)
        for k, f in zip(kappa.flat, h.flat, strict=True)
    ]
    table = np.array(pairs).reshape(*kappa.shape, 2)
    return GibbsField(same_kind(table[..., 0]), same_kind(table[..., 1]))


def _limit(d: int, kappa: float, h: float) -> tuple[float, float]:
    m = float(brentq(lambda m: float(vmf_mean_cosine(d, kappa * m + h)) - m, 0.0, 1.0, xtol=1e-14))
    return m, m**2


def _mean(n: int, d: int, kappa: float, h: float) -> tuple[float, float]:
    if kappa == 0:
        c = float(vmf_mean_cosine(d, h))
        return c, 1 / n + (1 - 1 / n) * c**2
    # x = (along, across) the field; |across| of a (d-1)-dimensional Gaussian.  The mass follows b up to |b| n.
    reach = np.sqrt(kappa * n) + 9 + np.sqrt(d)
    node, weight = np.polynomial.legendre.leggauss(max(160, int(6 * reach)))
    along, across = (reach * node)[:, None], (reach * (node + 1) / 2)[None, :]
    scale = np.sqrt(kappa / n)
    field = scale * along + h
    b = np.hypot(field, scale * across)
    log = n * log_growth(d, b) - (along**2 + across**2) / 2 + (d - 2) * np.log(across)
    law = np.outer(weight, weight) * np.exp(log - log.max())
    law /= law.sum()
    order = vmf_mean_cosine(d, b)
    cosine = float(np.sum(law * order * field / b))
    return cosine, 1 / n + (1 - 1 / n) * float(np.sum(law * order**2))
