"""Ways to search: CMA-ES for one objective, NSGA-II for several; both ask for points and are told how these compare.

A method sees points of a unit cube, scores to minimise, and by how much each point breaks the limits.  It draws from
generators of its own, seeded once, so the same answers lead to the same questions: a search that was killed starts
anew, is answered from the store up to where it was, and goes on.

Limits (Deb 2000): what keeps them comes before what does not; among the rest, less broken is better.  A point whose
runs failed comes last.
"""

import warnings
from importlib import import_module
from importlib.metadata import version
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results.saving import ResultError

__all__ = ["Cma", "Method", "Nsga", "better_first", "made_with", "not_dominated"]

Floats = NDArray[np.float64]
#: Below this share of the ranges CMA-ES has settled, and starts again with twice the points.
SETTLED = 1e-4


class Method(Protocol):
    """What a search is made of."""

    def ask(self) -> Floats:
        """Return the next points, as `Method` says."""

    def kept(self) -> Floats:
        """Return the points kept, as `Method` says."""

    def tell(self, scores: Floats, excess: Floats) -> None:
        """Take the scores to minimize, shape (m + k, objectives), and limits broken: of what was asked, then of the
        kept.
        """

    def favorite(self) -> Floats:
        """Return points that the method itself holds to be best, shape (j, size)."""

    def state(self) -> dict[str, float]:
        """Return its progress, as `Method` says."""


def made_with(objectives: int) -> dict[str, str]:
    """Return the library that a search needs, and its version.

    Raises
    ------
    ResultError
        When it is not installed.
    """
    name = "cma" if objectives == 1 else "pymoo"
    _library(name)
    return {name: version(name)}


def _library(name: str) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return import_module(name)
    except ImportError:
        raise ResultError(f"this search needs {name}: pip install 'flywheel-sim[study]'") from None


def better_first(scores: Floats, excess: Floats) -> Floats:
    """Return ranks under limits, 0 the best, ties sharing their mean.

    Parameters
    ----------
    scores, excess : float64 arrays, shape (m,)
        To be minimised; by how much the limits are broken.

    Examples
    --------
    >>> better_first(np.array([3.0, 1.0, 2.0, np.nan]), np.array([0.0, 0.5, 0.0, 0.0])).tolist()
    [1.0, 2.0, 0.0, 3.0]
    """
    from scipy.stats import rankdata

    if not len(scores):
        return np.zeros(0)
    lost = np.asarray(~np.isfinite(scores) | ~np.isfinite(excess), bool)
    kept = (excess <= 0) & ~lost
    keys = np.zeros((len(scores), 2))
    keys[:, 0] = np.where(lost, 2.0, np.where(kept, 0.0, 1.0))
    keys[:, 1] = np.where(kept, scores, np.where(lost, 0.0, excess))
    _, place = np.unique(keys, axis=0, return_inverse=True)
    return np.asarray(rankdata(place.ravel()) - 1.0, np.float64)


def not_dominated(scores: Floats) -> NDArray[np.bool_]:
    """Tell which points no other is at least as good as in everything and better in something.

    Examples
    --------
    >>> not_dominated(np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])).tolist()
    [True, True, False]
    """
    whole = np.isfinite(scores).all(1)
    no_worse = (scores[:, None, :] <= scores[None, :, :]).all(2)
    better = (scores[:, None, :] < scores[None, :, :]).any(2)
    beaten = np.any(no_worse & better & np.reshape(whole, (-1, 1)), axis=0)
    return np.asarray(whole & ~beaten, bool)


class Cma:
    """CMA-ES (Hansen 2016) on ranks, begun again with twice the points whenever it has settled (Auger and Hansen 2005).

    Parameters
    ----------
    start : float64 array, shape (size,)
        Where it begins.
    grain : float64 array, shape (size,)
        Width of a step of each coordinate; its spread never falls so far that all points round to one value.
    step : float
    population : int
        0: 4 + 3 log(size).
    seed : int
    """

    def __init__(self, start: Floats, grain: Floats, step: float, population: int, seed: int) -> None:
        self.cma = _library("cma")
        self.grain, self.step, self.seed = grain, step, seed
        # the method wants two coordinates at least; one more does nothing
        self.pad = max(0, 2 - len(start))
        self.luck = np.random.default_rng([seed, 0])
        self.population = population or 4 + int(3 * np.log(len(start) + self.pad))
        self.begun = 0
        self.settled: list[Floats] = []
        self._begin(np.concatenate([np.clip(start, 0.02, 0.98), np.full(self.pad, 0.5)]))

    def _begin(self, start: Floats) -> None:
        draws = np.random.default_rng([self.seed, 1, self.begun])
        grain = np.concatenate([self.grain, np.zeros(self.pad)])
        options = {
            "bounds": [0.0, 1.0], "popsize": self.population * 2**self.begun, "seed": np.nan, "verbose": -9,
            "randn": lambda *shape: draws.standard_normal(shape), "minstd": np.maximum(0.3 * grain, 1e-12).tolist(),
            "tolfun": 0, "tolfunhist": 0, "CMA_diagonal": 0,
        }  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.search = self.cma.CMAEvolutionStrategy(start.tolist(), self.step, options)
        self.begun += 1

    def ask(self) -> Floats:
        """Return the next points, as `Method` says."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.asked = self.search.ask()
        points: Floats = np.clip(np.array(self.asked), 0.0, 1.0)[:, : len(self.grain)]
        return points

    def kept(self) -> Floats:
        """Return the points kept, as `Method` says."""
        return np.zeros((0, len(self.grain)))

    def tell(self, scores: Floats, excess: Floats) -> None:
        """Take the scores to minimize, shape (m + k, objectives), and limits broken: of what was asked, then of the
        kept.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.search.tell(self.asked, better_first(scores[:, 0], excess).tolist())
        width = self._width()
        if np.all(width <= np.maximum(SETTLED, 0.35 * np.concatenate([self.grain, np.ones(self.pad)]))):
            self.settled.append(self._middle())
            self._begin(self.luck.random(len(self.grain) + self.pad))

    def _width(self) -> Floats:
        return np.asarray(self.search.sigma * self.search.sigma_vec * np.sqrt(np.diag(self.search.C)), np.float64)

    def _middle(self) -> Floats:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            middle = np.asarray(self.search.result.xfavorite, np.float64)
        return np.clip(middle, 0.0, 1.0)[: len(self.grain)]

    def favorite(self) -> Floats:
        """Return the middles of its distributions: under noise they are better than the luckiest point."""
        return np.array([self._middle(), *self.settled])

    def state(self) -> dict[str, float]:
        """Return its progress, as `Method` says."""
        return {"width": float(self._width()[: len(self.grain)].max()), "begun": float(self.begun)}


class Nsga:
    """NSGA-II (Deb et al. 2002); survivors are run again with every generation, so that no luck is inherited.

    Parameters
    ----------
    start : float64 array, shape (size,)
        One of the first points.
    objectives : int
    population : int
        0: 24 for two objectives, 40 for more.
    seed : int
    """

    def __init__(self, start: Floats, objectives: int, population: int, seed: int) -> None:
        from scipy.stats import qmc

        _library("pymoo")
        nsga2 = _library("pymoo.algorithms.moo.nsga2")
        problem = _library("pymoo.core.problem")
        self.size = len(start)
        count = population or (24 if objectives == 2 else 40)
        first = qmc.LatinHypercube(self.size, rng=np.random.default_rng([seed, 0])).random(count)
        first[0] = np.clip(start, 0.0, 1.0)
        self.generation = 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.search = nsga2.NSGA2(pop_size=count, sampling=first)
            whole = problem.Problem(n_var=self.size, n_obj=objectives, n_ieq_constr=1, xl=0.0, xu=1.0)
            self.search.setup(whole, termination=("n_gen", 2**31), seed=seed, verbose=False)

    def ask(self) -> Floats:
        """Return the next points, as `Method` says."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.asked = self.search.ask()
        return np.clip(np.asarray(self.asked.get("X"), np.float64), 0.0, 1.0)

    def kept(self) -> Floats:
        """Return the points kept, as `Method` says."""
        if not self.generation:
            return np.zeros((0, self.size))
        return np.clip(np.asarray(self.search.pop.get("X"), np.float64), 0.0, 1.0)

    def tell(self, scores: Floats, excess: Floats) -> None:
        """Take the scores to minimize, shape (m + k, objectives), and limits broken: of what was asked, then of the
        kept.
        """
        lost = ~np.isfinite(scores).all(1) | ~np.isfinite(excess)
        worst = np.where(lost[:, None], 1e300, scores)
        limits = np.where(lost, 1e300, excess)[:, None]
        count = len(self.asked)
        groups = [(self.asked, slice(0, count))]
        if self.generation:
            groups.append((self.search.pop, slice(count, None)))
        for group, rows in groups:
            for one, f, g in zip(group, worst[rows], limits[rows], strict=True):
                one._CV = None
                one.F, one.G = f, g
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.search.tell(infills=self.asked)
        self.generation += 1

    def favorite(self) -> Floats:
        """Return the survivors that keep the limits and are not dominated."""
        pop = self.search.pop
        scores, limits = np.asarray(pop.get("F"), np.float64), np.asarray(pop.get("G"), np.float64)[:, 0]
        good = np.where(limits[:, None] <= 0, scores, np.nan)
        return np.clip(np.asarray(pop.get("X"), np.float64)[not_dominated(good)], 0.0, 1.0)

    def state(self) -> dict[str, float]:
        """Return its progress, as `Method` says."""
        return {"front": float(len(self.favorite()))}
