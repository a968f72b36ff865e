r"""What it would be worth to find something out before deciding, in dollars.

Whoever must choose now takes the plan where :math:`E[d] > 0`, d the difference it makes.  Whoever could first learn
which world it is would take it just where :math:`d > 0`; on average that is better by the *expected value of perfect
information*,

.. math:: \mathrm{EVPI} = E[\max(d, 0)] - \max(E[d], 0),

and who learns only some inputs x gains the *partial* value :math:`\mathrm{EVPPI}(x) = E[\max(E[d \mid x], 0)] -
\max(E[d], 0)`.  Nobody should pay more than this for a study that finds x out.

The inner mean is fitted, and a fit finds something in pure noise as well.  Four guards keep luck from looking like
knowledge:

* which inputs of a mechanism are looked at, and how smooth the fit is, is chosen on a third of the worlds and never on
  those that are then used (a lasso over squares and products, a Gaussian process);
* a decision is only ever *tried out* in worlds that its fit has not seen (five folds): the value is the mean of
  :math:`d \cdot (1[\hat f(x) > 0] - 1[\bar d > 0])`, both rules from the other folds.  A rule that was fitted badly
  earns less than the best rule, never more, so the error of a fit biases downwards;
* the same is done with the differences shuffled over the worlds, 199 times, and what shuffled worlds give on average is
  subtracted, never less than 0;
* what does not exceed the 95 % point of the largest of all candidates among shuffled worlds is not distinguishable from
  nothing.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results.finding_out import how_to_learn, plain_name
from flywheel_sim.results.world_draws import FEWEST_TELLING, ToLearn, WorldDraws

__all__ = [
    "LEVEL",
    "SCREEN",
    "Candidate",
    "evpi",
    "evppi",
    "learn_first",
    "normal_scores",
    "one_thread",
    "screened",
]

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

#: Share of the worlds that choose what is looked at, folds, shuffles, and the share of them that is called chance.
SCREEN, FOLDS, SHUFFLES, LEVEL = 1 / 3, 5, 199, 0.05
#: Most inputs of one mechanism that a fit takes, and most worlds that choose how smooth it is.
MOST_INPUTS, MOST_SMOOTH = 5, 200


@dataclass(frozen=True, eq=False)
class Candidate:
    """Something that could be found out.

    Parameters
    ----------
    name : str
    paths : tuple of str
        Inputs that the fit takes, those that matter most first; empty when the screening saw none that matters.
    value : float
        Its expected value, in the unit of the effects: at least 0, with the mean of the shuffled worlds subtracted.
    error : float
        Standard error of the value.
    chance : float
        Share of the shuffled worlds in which the largest of all candidates is worth at least as much.
    """

    name: str
    paths: tuple[str, ...]
    value: float
    error: float
    chance: float

    @property
    def distinguishable(self) -> bool:
        """Whether luck alone would hardly ever look like it."""
        return self.value > 0 and self.chance < LEVEL


def evpi(effects: Floats, weights: Floats | None = None) -> float:
    """Return the expected value of perfect information about differences.

    Parameters
    ----------
    effects : float64 array, shape (n,)
        Expected difference of each world, luck averaged out; with one run a world take what `shrink` leaves (or
        its `Shrunk.evpi`), because luck would count as something that can be known.
    weights : float64 array, shape (n,), optional
        Of the worlds; all the same where not given.

    Examples
    --------
    >>> evpi(np.array([-1.0, 3.0])), evpi(np.array([1.0, 3.0])), evpi(np.array([-1.0, 3.0]), np.array([3.0, 1.0]))
    (0.5, 0.0, 0.75)
    """
    effects, shares = _checked(effects, weights)
    return max(float(shares @ np.maximum(effects, 0.0)) - max(float(shares @ effects), 0.0), 0.0)


def evppi(draws: WorldDraws, effects: Floats, weights: Floats | None = None, *, seed: int = 1) -> Candidate:
    """Return the expected value of knowing all inputs of a table together.

    Parameters
    ----------
    draws : WorldDraws
        The inputs that one could find out; see `WorldDraws.only`.
    effects : float64 array, shape (n,)
        Difference of each world; luck in it makes the estimate less sure, not larger.
    weights : float64 array, shape (n,), optional
    seed : int
        Of folds and shuffles.

    Examples
    --------
    >>> luck = np.random.default_rng(1)
    >>> x = luck.normal(size=(400, 2))
    >>> draws = WorldDraws(x, ("a", "b"), ("a", "b"), ("one", "two"))
    >>> known = evppi(draws.only(["a"]), 2 * x[:, 0] + luck.normal(size=400))
    >>> known.distinguishable, abs(known.value - 2 * 0.3989) < 3 * known.error
    (True, True)
    >>> evppi(draws.only(["b"]), 2 * x[:, 0] + luck.normal(size=400)).distinguishable
    False
    """
    return candidates(draws, effects, weights, {"all together": draws.paths}, seed)[0]


def learn_first(
    draws: WorldDraws,
    effects: Floats,
    weights: Floats | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
    seed: int = 1,
    *,
    whole: float | None = None,
) -> list[ToLearn]:
    """Rank what could be found out by what it is worth, mechanisms as wholes.

    Parameters
    ----------
    draws : WorldDraws
    effects : float64 array, shape (n,)
        Difference of each world, as it was run: fits average luck out, so do not shrink them first.
    weights : float64 array, shape (n,), optional
    groups : mapping of str to sequence of str, optional
        Name -> paths; the groups of the draws where not given.
    seed : int
        Of folds and shuffles.
    whole : float, optional
        EVPI, without luck; `evpi` of the effects where not given.

    Returns
    -------
    list of ToLearn
        What is distinguishable from nothing first, then by value.

    Raises
    ------
    ValueError
        When lengths differ or a number is not finite.

    Examples
    --------
    >>> luck = np.random.default_rng(2)
    >>> x = luck.normal(size=(300, 2))
    >>> draws = WorldDraws(x, ("churn.rate", "word.reach"), ("churn", "reach"), ("losing", "hearing"))
    >>> [(one["name"], one["distinguishable"]) for one in learn_first(draws, x[:, 0])]
    [('losing', True), ('hearing', False)]
    """
    if groups is None:
        groups = {
            plain_name(name): [p for p, g in zip(draws.paths, draws.groups, strict=True) if g == name]
            for name in dict.fromkeys(draws.groups)
        }
    whole = evpi(effects, weights) if whole is None else whole
    ranked = sorted(
        candidates(draws, effects, weights, groups, seed), key=lambda one: (not one.distinguishable, -one.value)
    )
    rows = []
    for one in ranked:
        path = (one.paths or tuple(groups[one.name]))[0]
        share = min(one.value / whole, 1.0) if whole > 0 else 0.0
        rows.append(
            ToLearn(
                name=one.name,
                path=path,
                paths=list(one.paths),
                evppi=one.value,
                evpi_share=share,
                distinguishable=one.distinguishable,
                measure=how_to_learn(path),
            )
        )
    return rows


def candidates(
    draws: WorldDraws,
    effects: Floats,
    weights: Floats | None,
    groups: Mapping[str, Sequence[str]],
    seed: int = 1,
) -> list[Candidate]:
    """Return the value of each group of inputs, in the order given; see the head of this file for how."""
    effects, shares = _checked(effects, weights, len(draws))
    with one_thread():
        return _valued(draws, effects, shares, groups, seed)


@contextmanager
def one_thread() -> Iterator[None]:
    """Let linear algebra take one thread: matrices of a few hundred rows are no work to share, and bits do not move."""
    import sklearn.gaussian_process
    import sklearn.kernel_ridge
    import sklearn.linear_model  # noqa: F401  # only what is loaded can be told
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield


def _valued(
    draws: WorldDraws, effects: Floats, shares: Floats, groups: Mapping[str, Sequence[str]], seed: int
) -> list[Candidate]:
    table, effects, shares = _distinct(draws.values, effects, shares)
    luck = np.random.default_rng([seed, 20218])
    order = luck.permutation(len(effects))
    cut = round(SCREEN * len(effects))
    scale = float(np.std(effects))
    if len(effects) < FEWEST_TELLING or scale == 0.0:
        return [Candidate(name, (), 0.0, 0.0, 1.0) for name in groups]
    first, rest = order[:cut], order[cut:]
    normal = normal_scores(table)
    place = {path: k for k, path in enumerate(draws.paths)}
    parts = shares[rest] / shares[rest].sum()
    y = effects[rest] / scale
    shuffled = np.column_stack((y, *(luck.permutation(y) for _ in range(SHUFFLES))))
    folds = np.arange(len(rest)) % FOLDS
    values, errors, chosen = [], [], []
    for paths in groups.values():
        columns = screened(normal[first], effects[first] / scale, [place[path] for path in paths])
        chosen.append(tuple(draws.paths[k] for k in columns))
        if columns:
            smooth = _smoothness(normal[first][:, columns], effects[first] / scale, shares[first])
            gains = _gains(normal[rest][:, columns], shuffled, parts, folds, *smooth)
        else:
            gains = np.zeros_like(shuffled)
        value = parts @ gains
        values.append(value)
        errors.append(float(np.sqrt(np.sum(parts**2 * (gains[:, 0] - value[0]) ** 2))))
    all_values = np.array(values)
    null = np.maximum(all_values[:, 1:].mean(axis=1), 0.0)
    highest = (all_values[:, 1:] - null[:, None]).max(axis=0)
    return [
        Candidate(
            name,
            chosen[k],
            scale * max(net := float(all_values[k, 0] - null[k]), 0.0),
            scale * errors[k],
            float((1 + np.sum(highest >= net - 1e-12)) / (SHUFFLES + 1)),
        )
        for k, name in enumerate(groups)
    ]


def _checked(effects: Floats, weights: Floats | None, count: int | None = None) -> tuple[Floats, Floats]:
    """Return effects and weights that add up to 1.

    Raises
    ------
    ValueError
        When lengths differ or a number is not finite.
    """
    effects = np.asarray(effects, np.float64)
    weights = np.ones(len(effects)) if weights is None else np.asarray(weights, np.float64)
    if effects.ndim != 1 or len(effects) == 0 or len(effects) != (len(effects) if count is None else count):
        raise ValueError(f"expected an effect for each of {count or 'the'} worlds, not an array of {effects.shape}")
    if weights.shape != effects.shape:
        raise ValueError(f"{len(weights)} weights for {len(effects)} worlds")
    if not np.isfinite(effects).all() or not np.isfinite(weights).all() or weights.min() < 0 or weights.sum() <= 0:
        raise ValueError("expected finite effects, and finite weights of at least 0 that are not all 0")
    return effects, weights / weights.sum()


def _distinct(table: Floats, effects: Floats, shares: Floats) -> tuple[Floats, Floats, Floats]:
    """Return every world once: the same world in two folds would be known to a fit that is tried out on it."""
    rows, which = np.unique(table, axis=0, return_inverse=True)
    if len(rows) == len(table):
        return table, effects, shares
    which = which.reshape(-1)
    weight = np.bincount(which, shares).astype(np.float64)
    count = np.bincount(which)
    mean = np.bincount(which, shares * effects) / np.where(weight > 0, weight, 1.0)
    return rows, np.where(weight > 0, mean, np.bincount(which, effects) / count), weight


def normal_scores(table: Floats) -> Floats:
    """Return inputs by rank, as quantiles of the normal distribution: what tails they have no longer matters."""
    from scipy.special import ndtri
    from scipy.stats import rankdata

    return np.asarray(ndtri((rankdata(table, axis=0) - 0.5) / len(table)), np.float64)


def screened(x: Floats, y: Floats, columns: Sequence[int]) -> list[int]:
    """Return the inputs that a lasso over squares and products needs, those it needs most first."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LassoLarsIC

    live = [k for k in columns if np.ptp(x[:, k]) > 0]
    if not live:
        return []
    if len(live) == 1:
        return live
    # squares and products only of those that matter most on their own: of forty inputs there would be 820
    strength = np.abs(_correlations(x[:, live], y)) + np.abs(_correlations(x[:, live] ** 2, y))
    near = [live[k] for k in np.argsort(-strength, kind="stable")[:MOST_INPUTS]]
    pairs = [(a, b) for i, a in enumerate(near) for b in near[i:]]
    terms = [((k,), x[:, k]) for k in live] + [((a, b), x[:, a] * x[:, b]) for a, b in pairs]
    design = np.column_stack([term for _, term in terms])
    design = (design - design.mean(axis=0)) / np.maximum(design.std(axis=0), 1e-12)
    fewest = min(design.shape[1], max(len(y) // 2, 1))
    noise = float(np.var(y))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fit = LassoLarsIC(criterion="aic", noise_variance=noise, max_iter=fewest).fit(design, y - y.mean())
    need = dict.fromkeys(live, 0.0)
    for (inputs, _), size in zip(terms, fit.coef_, strict=True):
        for k in set(inputs):
            need[k] += abs(float(size))
    needed = sorted((k for k in live if need[k] > 0), key=lambda k: -need[k])
    # whatever the lasso leaves out, the strongest one is tried: the second part of the worlds decides what it is worth
    return needed[:MOST_INPUTS] or near[:1]


def _correlations(x: Floats, y: Floats) -> Floats:
    x, y = x - x.mean(axis=0), y - y.mean()
    return np.asarray(x.T @ y / np.maximum(np.sqrt((x**2).sum(axis=0) * (y**2).sum()), 1e-12))


def _smoothness(x: Floats, y: Floats, shares: Floats) -> tuple[float, float]:
    """Return the length over which a Gaussian process bends, and its noise as a share of its variance."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

    x, y = x[:MOST_SMOOTH], y[:MOST_SMOOTH]
    kernel = ConstantKernel(1.0, (1e-3, 1e3)) * RBF(3.0, (0.5, 30.0)) + WhiteKernel(0.5, (1e-4, 10.0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        process = GaussianProcessRegressor(kernel).fit(x, y - np.average(y, weights=shares[: len(y)] + 1e-300))
    bend, noise = process.kernel_.k1, process.kernel_.k2.noise_level
    return float(bend.k2.length_scale), float(noise / bend.k1.constant_value)


def _gains(x: Floats, y: Floats, shares: Floats, folds: Whole, length: float, noise: float) -> Floats:
    """Return what each world adds when its decision follows the fit of the other folds instead of their mean.

    Parameters
    ----------
    x : float64 array, shape (n, p)
    y : float64 array, shape (n, 1 + SHUFFLES)
        The differences, and the same shuffled.
    shares, folds : arrays, shape (n,)
    length, noise : float
        Of the Gaussian process, whose mean is kernel ridge regression with this penalty.
    """
    from sklearn.kernel_ridge import KernelRidge

    gains = np.zeros_like(y)
    for fold in range(FOLDS):
        out = folds == fold
        inside = ~out & (shares > 0)
        if not out.any() or not inside.any():
            continue
        weights = shares[inside] / shares[inside].mean()
        mean = np.average(y[inside], axis=0, weights=weights)
        ridge = KernelRidge(alpha=max(noise, 1e-6), kernel="rbf", gamma=0.5 / length**2)
        ridge.fit(x[inside], y[inside] - mean, sample_weight=weights)
        says = ridge.predict(x[out]) + mean
        gains[out] = y[out] * ((says > 0).astype(np.float64) - (mean > 0).astype(np.float64))
    return gains
