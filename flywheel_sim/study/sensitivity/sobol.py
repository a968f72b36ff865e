r"""Which parameters matter: Sobol indices of a model with luck in it.

One seed per base row
    A base row of the design is a point A, a point B, and the mixtures of the two.  All of them run with the same luck,
    and no other row does.  Then what luck does alone is the same throughout a row and cancels from every difference
    inside it: an inert parameter has indices of exactly 0, however noisy the model, instead of a share of the noise.

Variances (n rows, f with the row's luck, all by differences inside rows; Jansen 1999, Saltelli et al. 2010)

    .. math::
       V &= \tfrac1{2n} \sum (f_A - f_B)^2 &\text{caused by the parameters}\\
       V S_i &= \tfrac1n \sum (f_{AB_i} - f_A)(f_B - \tfrac12 (f_A + f_{AB_i})) &\text{first order}\\
       V T_i &= \tfrac1{2n} \sum (f_A - f_{AB_i})^2 &\text{total}\\
       V S_{ij} &= V - \tfrac1{2n} \sum (f_{AB_i} - f_{BA_j})^2 - V S_i - V S_j &\text{second order}\\
       V_0 &= \mathrm{cov}(f_A, f_B) &\text{luck alone}

    AB_i = A with column i of B.  With the mirror images BA_i, which second order needs, every estimate is the mean of
    both.  Where a parameter changes what luck does, that counts as the parameter's.  The seed share is V_0 / (V + V_0).

Intervals
    95 %, by resampling rows (percentiles, 1 000 times, fixed seed).  On a Sobol sequence that is on the safe side.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results.sensitivity import Index, Sensitivity
from flywheel_sim.scenario import ScenarioError
from flywheel_sim.study.sensitivity.bootstrap import Terms, resampled
from flywheel_sim.study.sensitivity.by_outcome import by_outcome

__all__ = ["RunDesign", "sobol", "sobol_indices"]

Floats = NDArray[np.float64]
#: Rows that indices of an outcome need.
FEWEST = 8
#: ``run(points, rows)``: outcomes (m, K) of m points of the unit cube (m, P); points of one row must share their luck.
RunDesign = Callable[[Floats, NDArray[np.int64]], Floats]


def sobol(
    run: RunDesign,
    parameters: Sequence[str],
    n: int,
    *,
    outcomes: Sequence[str] = ("y",),
    second: bool = False,
    seed: int = 1,
) -> Sensitivity:
    """Return Sobol indices of a model on the unit cube: lay the design, run it, and analyse it.

    Parameters
    ----------
    run : callable
        See `RunDesign`.
    parameters : sequence of str, length P
    n : int
        Base rows, a power of two: n (P + 2) points, with ``second`` n (2 P + 2).
    outcomes : sequence of str, length K
        Names of the columns that ``run`` returns.
    second : bool
        Interactions of pairs as well.
    seed : int
        Of the scrambled Sobol sequence.

    Raises
    ------
    ScenarioError
        When n is no power of two.

    Examples
    --------
    >>> indices = sobol(lambda u, rows: u[:, :1] + 2 * u[:, 1:2], ["a", "b", "inert"], 512)
    >>> [round(float(x), 2) for x in indices.indices["first"].value[:, 0]]
    [0.2, 0.8, 0.0]
    """
    from scipy.stats import qmc

    if n < 2 or n & (n - 1):
        raise ScenarioError.single(f"a Sobol design needs a power of two of base rows, got {n}", field="n")
    count = len(parameters)
    both = qmc.Sobol(2 * count, scramble=True, rng=np.random.default_rng(seed)).random(n)
    a, b = both[:, :count], both[:, count:]
    points = [a, b, *_mixed(a, b), *(_mixed(b, a) if second else [])]
    rows = np.tile(np.arange(n), len(points))
    values = np.asarray(run(np.concatenate(points), rows), np.float64).reshape(len(points), n, len(outcomes))
    return sobol_indices(
        values[0],
        values[1],
        values[2 : 2 + count],
        values[2 + count :] if second else None,
        parameters=parameters,
        outcomes=outcomes,
        places=(a, b),
    )


def sobol_indices(
    f_a: Floats,
    f_b: Floats,
    f_ab: Floats,
    f_ba: Floats | None = None,
    *,
    parameters: Sequence[str],
    outcomes: Sequence[str],
    places: tuple[Floats, Floats] | None = None,
) -> Sensitivity:
    """Return Sobol indices from the runs of a design.

    Parameters
    ----------
    f_a, f_b : float64 array, shape (n, K)
        Outcomes at A and B.
    f_ab, f_ba : float64 array, shape (P, n, K)
        At A with one column of B, and at B with one column of A (optional; needed for pairs).
    parameters, outcomes : sequences of str, length P and K
    places : (float64 array, float64 array), shape (n, P), optional
        Values of the parameters in A and B, in any unit that keeps their order; needed for swings.

    Returns
    -------
    Sensitivity
        Rows in which an outcome is missing or infinite do not count for it; for the other outcomes they do.  Measures
        of an outcome with fewer than 8 rows are NaN.

    Raises
    ------
    ScenarioError
        When no outcome has 8 rows.
    """
    everything = [f_a[None], f_b[None], f_ab] + ([f_ba] if f_ba is not None else [])
    good = np.asarray(np.isfinite(np.concatenate(everything)).all(axis=0))
    names = tuple(outcomes)

    def some(rows: NDArray[np.bool_], columns: NDArray[np.int64]) -> Sensitivity:
        at = np.ix_(np.flatnonzero(rows), columns)
        return _of_whole(
            f_a[at],
            f_b[at],
            f_ab[:, rows][..., columns],
            None if f_ba is None else f_ba[:, rows][..., columns],
            tuple(parameters),
            tuple(names[k] for k in columns),
            None if places is None else (places[0][rows], places[1][rows]),
        )

    return by_outcome(good, names, FEWEST, f"indices need at least {FEWEST} rows of runs", some)


def _of_whole(
    f_a: Floats,
    f_b: Floats,
    f_ab: Floats,
    f_ba: Floats | None,
    parameters: tuple[str, ...],
    outcomes: tuple[str, ...],
    places: tuple[Floats, Floats] | None,
) -> Sensitivity:
    """Return indices from rows that have every value."""
    rows = len(f_a)
    middle = 0.5 * (f_a.mean(axis=0) + f_b.mean(axis=0))
    terms = _terms(f_a, f_b, f_ab, f_ba)
    means = {name: term.mean(axis=0) for name, term in terms.items()}
    values = _from_means(means)
    ends = resampled(terms, _from_means)
    indices = {name: Index(values[name], *ends[name]) for name in values}
    share = indices.pop("seed")
    steps = sorted({n for n in (rows // 8, rows // 4, rows // 2, rows) if n >= 8})
    some = [(n, _from_means({name: term[:n].mean(axis=0) for name, term in terms.items()})) for n in steps]
    convergence = tuple(
        tuple((n, {name: by[name][:, k] for name in ("first", "total")}) for n, by in some)
        for k in range(len(outcomes))
    )
    swings = np.full((len(parameters), len(outcomes), 2), np.nan)
    if places is not None:
        swings = _swings(places[0], places[1], f_a, f_ab, middle)
    return Sensitivity(
        method="sobol",
        parameters=parameters,
        outcomes=outcomes,
        rows=(rows,) * len(outcomes),
        dropped=(0,) * len(outcomes),
        indices=indices,
        seed_share=Index(share.value[None], share.low[None], share.high[None]),
        mean=middle,
        spread=np.sqrt(means["apart"]),
        swings=swings,
        convergence=convergence,
    )


def _mixed(one: Floats, other: Floats) -> list[Floats]:
    """Return ``one`` with one column of ``other``, for every column."""
    matrices = []
    for k in range(one.shape[1]):
        mixed = one.copy()
        mixed[:, k] = other[:, k]
        matrices.append(mixed)
    return matrices


def _terms(f_a: Floats, f_b: Floats, f_ab: Floats, f_ba: Floats | None) -> Terms:
    """Return what is averaged over rows: arrays (n, ...), the outcomes last."""
    middle = 0.5 * (f_a.mean(axis=0) + f_b.mean(axis=0))
    a, b = f_a - middle, f_b - middle

    def first(start: Floats, goal: Floats, mixed: Floats) -> Floats:
        return (mixed - start) * (goal - 0.5 * (start + mixed))

    one, whole = first(f_a, f_b, f_ab), 0.5 * (f_a - f_ab) ** 2
    if f_ba is not None:
        one = 0.5 * (one + first(f_b, f_a, f_ba))
        whole = 0.5 * (whole + 0.5 * (f_b - f_ba) ** 2)
    terms = {
        "apart": 0.5 * (f_a - f_b) ** 2,
        "shared": a * b,
        "a": a,
        "b": b,
        "first": one.transpose(1, 0, 2),
        "total": whole.transpose(1, 0, 2),
    }
    if f_ba is not None:
        across = 0.5 * (f_ab[:, None] - f_ba[None, :]) ** 2
        terms["across"] = (0.5 * (across + across.transpose(1, 0, 2, 3))).transpose(2, 0, 1, 3)
    return terms


def _from_means(means: Terms) -> Terms:
    """Return indices from averages over rows."""
    caused = means["apart"]
    alone = means["shared"] - means["a"] * means["b"]

    def over(part: Floats, whole: Floats) -> Floats:
        whole = np.broadcast_to(whole, part.shape)
        return np.asarray(np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0))

    indices = {"first": over(means["first"], caused), "total": over(means["total"], caused)}
    if "across" in means:
        single = means["first"]
        pairs = over(caused - means["across"] - single[:, None] - single[None, :], caused)
        count = len(single)
        pairs[range(count), range(count)] = np.nan
        indices["second"] = pairs
    indices["seed"] = over(alone, caused + np.maximum(alone, 0.0))
    return indices


def _swings(a: Floats, b: Floats, f_a: Floats, f_ab: Floats, mean: Floats) -> Floats:
    """Return mean outcomes over the lowest and the highest fifth of every parameter, shape (P, K, 2).

    By differences inside rows, in which only that parameter moves: into the fifth (b is in it) or out of it (a is).
    """
    out = np.empty((a.shape[1], f_a.shape[1], 2))
    for p in range(a.shape[1]):
        low, high = np.quantile(np.concatenate((a[:, p], b[:, p])), (0.2, 0.8))
        for end, (into, out_of) in enumerate(((b[:, p] <= low, a[:, p] <= low), (b[:, p] >= high, a[:, p] >= high))):
            moved = f_ab[p] - f_a
            out[p, :, end] = mean + 0.5 * (_mean(moved[into]) - _mean(moved[out_of]))
    return out


def _mean(values: Floats) -> Floats:
    return np.asarray(values.mean(axis=0)) if len(values) else np.full(values.shape[1], np.nan)
