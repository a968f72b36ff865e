r"""Pay for what is measured: several tasks, and measures at an angle to value (A15, A16).

Holmström & Milgrom (1991): an agent splits effort :math:`\mu` over tasks at cost :math:`\tfrac12\mu^\top C\mu` and is
paid :math:`\alpha^\top x` on measures :math:`x = \mu + \epsilon`, :math:`\epsilon \sim (0, \Sigma)`; the agent's risk
aversion is r.  Baker (1992, 2002): one measure :math:`P = g\cdot a + \phi` of effort a whose value is :math:`f\cdot
a`; what the scheme can win is the squared cosine of the angle between g and f.

Sources: theorem [V lecture notes]; Baker derivation [M, papers V econpapers]; numbers [X].
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from .arguments import Array, at_least, real, same_kind

__all__ = ["BakerContract", "LinearContract", "baker_contract", "baker_surplus_share", "holmstrom_milgrom"]


class LinearContract(NamedTuple):
    """Pay weights `alpha`, the `effort` they call forth, and the `surplus` B'μ - C(μ) - ½ r α'Σα."""

    alpha: Array
    effort: Array
    surplus: float


def holmstrom_milgrom(B: npt.ArrayLike, C: npt.ArrayLike, sigma_sq: npt.ArrayLike, r: float = 1.0) -> LinearContract:
    r"""Return the optimal linear pay over several tasks, :math:`\alpha = (I + rC\Sigma)^{-1}B`.

    Parameters
    ----------
    B : array_like, shape (k,)
        Marginal value of effort in each task.
    C : array_like, shape (k, k)
        Second derivatives of the cost of effort, symmetric and positive definite; a positive entry off the diagonal
        means that two tasks compete for attention.
    sigma_sq : array_like, shape (k,) or (k, k)
        Variances of the measures (or their covariance matrix).  A variance of ``inf`` marks a task that cannot be
        measured: its pay weight is 0 and the rest is optimised given that.
    r : float
        Absolute risk aversion, at least 0.

    Returns
    -------
    LinearContract
        `alpha` and `effort` of shape (k,), and the total surplus.

    Raises
    ------
    ValueError
        If shapes do not fit, C is not symmetric positive definite, Σ is not positive semidefinite, or r is negative.

    Notes
    -----
    Holmström & Milgrom (1991) [V].  With the second of two tasks unmeasurable
    :math:`\alpha_1 = (B_1 - B_2C_{12}/C_{22})/(1 + r\sigma_1^2(C_{11} - C_{12}^2/C_{22}))`: competing tasks weaken the
    pay for the measured one.

    Examples
    --------
    >>> pay = holmstrom_milgrom(B=[1, 1], C=[[1, 0.5], [0.5, 1]], sigma_sq=[1, np.inf])
    >>> pay.alpha.round(4).tolist()
    [0.2857, 0.0]
    """
    B = np.atleast_1d(real("B", B))
    C = real("C", C)
    k = B.size
    if B.ndim != 1 or C.shape != (k, k):
        raise ValueError(f"C must have one row and column per entry of B, got shapes {B.shape} and {C.shape}")
    if not np.allclose(C, C.T) or np.linalg.eigvalsh(C).min() <= 0:
        raise ValueError("C must be symmetric and positive definite: otherwise some effort is free")
    sigma, measured = _covariance(sigma_sq, k)
    r = float(at_least("r", r))
    inverse = np.linalg.inv(C)
    alpha = np.zeros(k)
    if measured.any():
        within = np.ix_(measured, measured)
        alpha[measured] = np.linalg.solve(inverse[within] + r * sigma[within], (inverse @ B)[measured])
    effort = inverse @ alpha
    surplus = (
        B @ effort
        - effort @ C @ effort / 2
        - r * alpha[measured] @ sigma[np.ix_(measured, measured)] @ alpha[measured] / 2
    )
    return LinearContract(alpha, effort, float(surplus))


def _covariance(sigma_sq: npt.ArrayLike, k: int) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Return the covariance matrix of the measures and which tasks are measured at all."""
    given = np.asarray(sigma_sq, dtype=np.float64)
    if given.shape not in ((k,), (k, k)):
        raise ValueError(f"sigma_sq must have shape ({k},) or ({k}, {k}), got {given.shape}")
    full = np.diag(given) if given.ndim == 1 else given
    measured = np.isfinite(np.diag(full))
    inside = full[np.ix_(measured, measured)]
    if np.any(np.isnan(given)) or np.any(np.isneginf(given)) or not np.all(np.isfinite(inside)):
        raise ValueError("sigma_sq must hold variances: numbers of at least 0, or inf for a task without a measure")
    if not np.allclose(inside, inside.T) or (inside.size and np.linalg.eigvalsh(inside).min() < -1e-12):
        raise ValueError("sigma_sq must be symmetric and positive semidefinite: variances of at least 0")
    return full, measured


def baker_surplus_share(
    f: npt.ArrayLike, g: npt.ArrayLike, rho: npt.ArrayLike = 0.0, sigma_phi_sq: npt.ArrayLike = 0.0
) -> Array:
    r"""Return the share of the first-best surplus that the best contract on one measure reaches.

    :math:`\cos^2\theta` without risk, :math:`(f\cdot g)^2/\bigl(|f|^2(|g|^2 + \rho\sigma_\phi^2)\bigr)` with.

    Parameters
    ----------
    f : array_like, shape (..., k)
        Gradient of value in effort.
    g : array_like, shape (..., k)
        Gradient of the measure; one more axis with f = 0, g > 0 is a gaming channel.
    rho : array_like
        Absolute risk aversion, at least 0.
    sigma_phi_sq : array_like
        Variance of the measure's noise, at least 0.

    Returns
    -------
    ndarray or float
        Share in [0, 1]; 0 for a measure without effort in it.

    Raises
    ------
    ValueError
        If f and g have different length, f is zero, or rho or the variance is negative.

    Notes
    -----
    Baker (1992, 2002) [M derivation]; the gradients in use are illustrations, not data.

    Examples
    --------
    >>> f = [1, 1, 1]  # fit of the customers won, service, relationship
    >>> measures = [[1, 0, 0], [0.2, 0.3, 0.6], [0, 0.2, 1]]  # close rate, ..., late churn
    >>> baker_surplus_share(f, measures).round(3).tolist()
    [0.333, 0.823, 0.462]
    """
    f, g = _gradients(f, g)
    spread = np.sum(g**2, axis=-1) + at_least("rho", rho) * at_least("sigma_phi_sq", sigma_phi_sq)
    gain = np.sum(f * g, axis=-1) ** 2
    return same_kind(np.where(spread > 0, gain / np.where(spread > 0, spread, 1.0), 0.0) / np.sum(f**2, axis=-1))


class BakerContract(NamedTuple):
    """Bonus rate `b`, the `effort` b g it calls forth, the `surplus` reached and the `first_best` ½|f|²."""

    b: Array
    effort: Array
    surplus: Array
    first_best: Array


def baker_contract(
    f: npt.ArrayLike, g: npt.ArrayLike, rho: npt.ArrayLike = 0.0, sigma_phi_sq: npt.ArrayLike = 0.0
) -> BakerContract:
    r"""Return best bonus on one measure, :math:`b^* = f\cdot g/(|g|^2 + \rho\sigma_\phi^2)`, and what it brings.

    Parameters
    ----------
    f, g : array_like, shape (..., k)
        Gradients of value and of the measure in effort; effort costs ½|a|².
    rho, sigma_phi_sq : array_like
        Risk aversion and variance of the measure's noise, at least 0.

    Returns
    -------
    BakerContract
        `b` (money per unit of measure), `effort` (..., k), `surplus` and `first_best` in money.

    Raises
    ------
    ValueError
        If f and g have different length, f is zero, the measure has neither effort nor noise, or rho or the variance
        is negative.

    Notes
    -----
    Baker (1992, 2002) [M derivation]: surplus ½|f|²cos²θ without risk.

    Examples
    --------
    >>> contract = baker_contract(f=[1, 1, 1], g=[1, 0, 0])
    >>> float(contract.b), float(contract.surplus), float(contract.first_best)
    (1.0, 0.5, 1.5)
    """
    f, g = _gradients(f, g)
    spread = np.sum(g**2, axis=-1) + at_least("rho", rho) * at_least("sigma_phi_sq", sigma_phi_sq)
    if np.any(spread == 0):
        raise ValueError("g must not be zero: a measure nobody can move carries no bonus")
    along = np.sum(f * g, axis=-1)
    b = along / spread
    return BakerContract(
        same_kind(b),
        b[..., None] * g,
        same_kind(along**2 / spread / 2),
        same_kind(np.sum(f**2, axis=-1) / 2),
    )


def _gradients(f: npt.ArrayLike, g: npt.ArrayLike) -> tuple[Array, Array]:
    value, measure = np.atleast_1d(real("f", f)), np.atleast_1d(real("g", g))
    if value.shape[-1] != measure.shape[-1]:
        raise ValueError(f"f and g must have the same length, got {value.shape[-1]} and {measure.shape[-1]}")
    if np.any(np.sum(value**2, axis=-1) == 0):
        raise ValueError("f must not be zero: without value there is no first best to compare with")
    return value, measure
