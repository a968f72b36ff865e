r"""Where a search looks: points of a unit cube, and the values they stand for.

Every parameter is one coordinate, carried to its values as in a drawn design: a whole number has an equal share of the
cube, a list of values as well (in its order, so list what is alike side by side).  n weights that add up to a total
take n - 1 coordinates by breaking a stick,

.. math:: w_k = \big(1 - \textstyle\sum_{j<k} w_j\big)\,\big(1 - (1 - u_k)^{1 / (n - k)}\big), \quad k = 1 \dots n - 1,

under which points that are even in the cube are even on the simplex (Dirichlet with all parameters 1).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.scenario import ScenarioError
from flywheel_sim.scenario.shapes import along, root
from flywheel_sim.study.blocks import ParameterBlock
from flywheel_sim.study.design.points import of_unit_points
from flywheel_sim.study.design.study import Study

__all__ = ["Space", "broken_stick", "mended_stick"]

Floats = NDArray[np.float64]


def broken_stick(unit: Floats) -> Floats:
    """Return weights that add up to 1, from one coordinate fewer.

    Parameters
    ----------
    unit : float64 array, shape (m, n - 1)

    Returns
    -------
    float64 array, shape (m, n)

    Examples
    --------
    >>> broken_stick(np.array([[0.0, 0.0], [1.0, 0.5], [0.0, 1.0]])).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    m, n = unit.shape[0], unit.shape[1] + 1
    weights, rest = np.zeros((m, n)), np.ones(m)
    for k in range(n - 1):
        weights[:, k] = rest * (1.0 - (1.0 - np.clip(unit[:, k], 0.0, 1.0)) ** (1.0 / (n - 1 - k)))
        rest = np.maximum(rest - weights[:, k], 0.0)
    weights[:, -1] = rest
    return weights


def mended_stick(weights: Sequence[float]) -> Floats:
    """Return the coordinates that give these weights, whatever they add up to.

    Examples
    --------
    >>> mended_stick(broken_stick(np.array([[0.3, 0.6]]))[0]).round(6).tolist()
    [0.3, 0.6]
    """
    n, total = len(weights), float(sum(weights))
    unit, rest = np.full(n - 1, 0.5), 1.0
    for k in range(n - 1):
        share = weights[k] / total if total > 0 else 1.0 / n
        if rest > 1e-12:
            unit[k] = 1.0 - max(0.0, 1.0 - share / rest) ** (n - 1 - k)
        rest -= share
    return unit


class Space:
    """The cube of a search.

    Parameters
    ----------
    study : Study
        Whose parameters and simplexes are searched over.

    Attributes
    ----------
    size : int
        Coordinates.
    names : tuple of str
        What each coordinate belongs to.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        self.simplexes = study.file.search.simplexes
        broken = [f"{name} {k + 1}" for name, block in self.simplexes.items() for k in range(len(block.paths) - 1)]
        self.names = (*study.parameters, *broken)
        self.size = len(self.names)

    def values(self, unit: Floats) -> list[dict[str, Any]]:
        """Return what points of the cube set.

        Parameters
        ----------
        unit : float64 array, shape (m, size)
        """
        count = len(self.study.parameters)
        if count:
            points = of_unit_points(self.study, unit[:, :count], [0] * len(unit)).points
            changes_of = [dict(point.changes) for point in points]
        else:
            changes_of = [{} for _ in unit]
        for block in self.simplexes.values():
            weights = block.total * broken_stick(unit[:, count : count + len(block.paths) - 1])
            count += len(block.paths) - 1
            for changes, row in zip(changes_of, weights, strict=True):
                changes |= dict(zip(block.paths, map(float, row), strict=True))
        return changes_of

    def start(self) -> Floats:
        """Return the point of the scenario as it stands, as near as the ranges allow; the middle where it has no
        value.
        """
        base = self.study.base
        point: list[float] = []
        for path, block in self.study.parameters.items():
            point.append(_share(block, _value(base, path), self._whole(path)))
        for group in self.simplexes.values():
            weights = [_value(base, path) for path in group.paths]
            numbers = [float(w) if isinstance(w, int | float) else 0.0 for w in weights]
            point += mended_stick(numbers).tolist()
        return np.asarray(np.clip(np.array(point), 0.0, 1.0), np.float64)

    def grain(self) -> Floats:
        """Return the width of the share of one value, per coordinate: 0 where values are real."""
        widths = np.zeros(self.size)
        for k, (path, block) in enumerate(self.study.parameters.items()):
            if block.values:
                widths[k] = 1.0 / len(block.values)
            elif block.range and self._whole(path):
                widths[k] = 1.0 / (block.range[1] - block.range[0] + 1.0)
        return widths

    def excess(self, changes: Mapping[str, Any]) -> float:
        """Return by how much a point breaks the limits on sums, each as a share of its limit; 0 when it keeps them."""
        total = 0.0
        for limit in self.study.file.search.constraints:
            if limit.sum:
                base = self.study.base
                now = {path: changes[path] if path in changes else _value(base, path) for path in limit.sum}
                value = sum(weight * float(now[path] or 0.0) for path, weight in limit.sum.items())
                total += broken(limit.at_least, limit.at_most, value)
        return total

    def _whole(self, path: str) -> bool:
        shape = along(root(type(self.study.base.model)), tuple(path.split(".")))
        block = self.study.parameters[path]
        return block.whole or (shape is not None and any(kind.startswith("a whole number") for kind in shape.kinds))


def broken(at_least: float | None, at_most: float | None, value: float) -> float:
    """Return by how much a value breaks a limit, as a share of the limit's size.

    Examples
    --------
    >>> broken(None, 10.0, 12.0), broken(1.0, 10.0, 5.0), broken(0.0, None, -3.0)
    (0.2, 0.0, 3.0)
    """
    excess = 0.0
    if at_least is not None:
        excess += max(0.0, at_least - value) / (abs(at_least) or 1.0)
    if at_most is not None:
        # sums of shares add up to their total only to the last bits
        excess += max(0.0, value - at_most) / (abs(at_most) or 1.0)
    return excess if excess > 1e-9 or not np.isfinite(excess) else 0.0


def _value(base: Any, path: str) -> Any:
    """Return what stands at a path, None when nothing does."""
    try:
        return base.get(path)
    except (ScenarioError, KeyError):
        return None


def _share(block: ParameterBlock, value: Any, whole: bool) -> float:
    """Return the coordinate of a value."""
    if block.values:
        return (block.values.index(value) + 0.5) / len(block.values) if value in block.values else 0.5
    if not isinstance(value, int | float) or isinstance(value, bool):
        return 0.5
    if block.distribution:
        from scipy import stats

        return float(getattr(stats, block.distribution).cdf(value, **block.arguments))
    low, high = (float(end) for end in block.range)
    if whole:
        low, high = low - 0.5, high + 0.5
        low = max(low, 0.5) if block.scale == "log" else low
    if block.scale == "log":
        return float(np.log(max(value, low) / low) / np.log(high / low))
    return (value - low) / (high - low)
