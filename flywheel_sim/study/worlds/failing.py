"""Where a plan fails over worlds: a box with few sides, found by PRIM in worlds that did not choose its sides."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results.failing import FailsWhere
from flywheel_sim.results.world_draws import FEWEST_TELLING, WorldDraws
from flywheel_sim.study.search.prim import discovered
from flywheel_sim.study.worlds.value_of_information import SCREEN, normal_scores, one_thread, screened

__all__ = ["failing"]

Floats = NDArray[np.float64]

#: So many inputs are searched without choosing among them first.
FEW_INPUTS = 5


def failing(draws: WorldDraws, effects: Floats, labels: Mapping[str, str] | None = None, seed: int = 1) -> FailsWhere:
    """Find the region of worlds in which a plan loses.

    Of hundreds of inputs some go with the losses by luck alone.  So a third of the worlds chooses the five that are
    looked at, and only the others are searched; what is found there must be found in fewer than one of twenty shuffles.

    Parameters
    ----------
    draws : WorldDraws
    effects : float64 array, shape (n,)
        Expected difference of each world; below 0 the plan loses.
    labels : mapping of str to str, optional
        Path -> plain words; those of the draws where not given.
    seed : int
        Of the split and the shuffles.

    Raises
    ------
    ValueError
        When there is not one effect for each world, or one is not finite.

    Examples
    --------
    >>> luck = np.random.default_rng(1)
    >>> x = luck.random((300, 2))
    >>> draws = WorldDraws(x, ("a.reach", "b.cost"), ("Reach", "Cost"), ("a", "b"))
    >>> box = failing(draws, x[:, 0] - 0.2)
    >>> list(box.limits), box.losing_inside == box.inside
    (['a.reach'], True)
    """
    effects = np.asarray(effects, np.float64)
    if effects.shape != (len(draws),) or not np.isfinite(effects).all():
        raise ValueError(f"expected a finite effect for each of {len(draws)} worlds")
    loses = effects < 0
    count, losing = len(effects), int(loses.sum())
    if losing in (0, count) or count < FEWEST_TELLING:
        return FailsWhere(count, losing, looked=count >= FEWEST_TELLING)
    columns, rest = list(range(len(draws.paths))), np.arange(count)
    if len(columns) > FEW_INPUTS:
        order = np.random.default_rng([seed, 20219]).permutation(count)
        cut = round(SCREEN * count)
        first, rest = order[:cut], np.sort(order[cut:])
        scores = normal_scores(draws.values)[first]
        with one_thread():
            columns = screened(scores, effects[first] / max(float(np.std(effects)), 1e-300), columns)
    rows = [{draws.paths[k]: draws.entry(draws.paths[k], draws.values[i, k]) for k in columns} for i in rest]
    box = discovered(rows, loses[rest], seed)
    if box is None:
        return FailsWhere(count, losing)
    words = dict(zip(draws.paths, draws.labels, strict=True)) | dict(labels or {})
    units = dict(zip(draws.paths, draws.units, strict=True))
    sides = list(box.limits)
    return FailsWhere(
        worlds=count,
        losing=losing,
        limits=dict(box.limits),
        labels={p: words[p] for p in sides},
        units={p: units[p] for p in sides},
        inside=box.inside,
        losing_inside=box.fails_inside,
        outside=box.outside,
        losing_outside=box.fails_outside,
    )
