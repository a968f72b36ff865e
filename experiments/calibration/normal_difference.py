"""Closed forms of the value of information about a normal difference between two plans.

Whoever may first learn X decides by E[d | X], which is normal as well where both are: what that is worth depends on
nothing but the mean of the difference and the standard deviation of what X tells about it (Raiffa and Schlaifer 1961).
"""

import math

__all__ = ["normal_information"]


def normal_information(mean: float, spread: float) -> float:
    """Return spread phi(mean / spread) - |mean| Phi(-|mean| / spread), what it is worth to learn before deciding.

    Parameters
    ----------
    mean : float
        Expected difference between the plans.
    spread : float
        Standard deviation of what becomes known of the difference: of the whole of it, the value of perfect
        information; correlation times that, what an input is worth that has this correlation with the difference.

    Examples
    --------
    >>> round(normal_information(0.0, 1.0), 4), round(normal_information(1.0, 1.0), 4), normal_information(1.0, 0.0)
    (0.3989, 0.0833, 0.0)
    """
    if spread <= 0:
        return 0.0
    z = abs(mean) / spread
    return spread * math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi) - abs(mean) * 0.5 * math.erfc(z / math.sqrt(2))
