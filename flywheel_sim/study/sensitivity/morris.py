"""Which parameters matter, cheaply: Morris screening of a model with luck in it (Morris 1991; Campolongo et al. 2007).

Elementary effects along trajectories that share their luck, over the whole range of a parameter: mu their mean, mu* the
mean of their size, sigma their standard deviation.  What luck does alone cancels from every effect.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results.sensitivity import Index, Sensitivity
from flywheel_sim.scenario import ScenarioError
from flywheel_sim.study.sensitivity.bootstrap import Terms, resampled
from flywheel_sim.study.sensitivity.by_outcome import by_outcome
from flywheel_sim.study.sensitivity.sobol import RunDesign

__all__ = ["morris", "morris_indices"]

Floats = NDArray[np.float64]
#: Trajectories that measures of an outcome need.
FEWEST = 4


def morris(
    run: RunDesign,
    parameters: Sequence[str],
    trajectories: int,
    *,
    outcomes: Sequence[str] = ("y",),
    levels: int = 4,
    seed: int = 1,
) -> Sensitivity:
    """Return Morris screening of a model on the unit cube: lay the design, run it, and analyse it.

    Parameters
    ----------
    run, parameters, outcomes, seed
        As in `flywheel_sim.study.sensitivity.sobol.sobol`.
    trajectories : int
        Walks through the cube, each of P + 1 points with the same luck.
    levels : int
        Even number of levels of a parameter.

    Examples
    --------
    >>> screening = morris(lambda u, rows: u[:, :1] - 2 * u[:, 1:2], ["a", "b", "inert"], 10)
    >>> [round(float(x), 6) for x in screening.indices["mu"].value[:, 0]]
    [1.0, -2.0, 0.0]
    """
    if levels < 2 or levels % 2:
        raise ScenarioError.single(f"a Morris design needs an even number of levels, got {levels}", field="levels")
    luck, count = np.random.default_rng(seed), len(parameters)
    jump = levels // 2
    units = np.empty((trajectories, count + 1, count))
    moved = np.array([luck.permutation(count) for _ in range(trajectories)])
    for walk in range(trajectories):
        at = luck.integers(0, levels, count)
        units[walk, 0] = at
        for step, p in enumerate(moved[walk]):
            at[p] += jump if at[p] < jump else -jump
            units[walk, step + 1] = at
    units /= levels - 1
    steps = np.take_along_axis(np.diff(units, axis=1), moved[:, :, None], axis=2)[:, :, 0]
    rows = np.repeat(np.arange(trajectories), count + 1)
    values = np.asarray(run(units.reshape(-1, count), rows), np.float64)
    return morris_indices(
        moved, steps, values.reshape(trajectories, count + 1, len(outcomes)), parameters=parameters, outcomes=outcomes
    )


def morris_indices(
    moved: NDArray[np.int64],
    steps: Floats,
    values: Floats,
    *,
    parameters: Sequence[str],
    outcomes: Sequence[str],
    luck: Floats | None = None,
) -> Sensitivity:
    """Return Morris measures from the runs of a design.

    Parameters
    ----------
    moved : int array, shape (r, P)
        Which parameter moves at each step of a trajectory; every one once.
    steps : float64 array, shape (r, P)
        How far it moves, as a share of its range, with its sign.
    values : float64 array, shape (r, P + 1, K)
        Outcomes.
    parameters, outcomes : sequences of str, length P and K
    luck : float64 array, shape (K,), optional
        Variance by luck alone, where replicates tell it.

    Returns
    -------
    Sensitivity
        A trajectory in which an outcome is missing does not count for it; for the other outcomes it does.  Measures of
        an outcome with fewer than 4 trajectories are NaN.

    Raises
    ------
    ScenarioError
        When no outcome has 4 trajectories.
    """
    names = tuple(outcomes)

    def some(rows: NDArray[np.bool_], columns: NDArray[np.int64]) -> Sensitivity:
        return _of_whole(
            moved[rows],
            steps[rows],
            values[rows][..., columns],
            tuple(parameters),
            tuple(names[k] for k in columns),
            None if luck is None else luck[columns],
        )

    good = np.asarray(np.isfinite(values).all(axis=1))
    return by_outcome(good, names, FEWEST, f"Morris measures need at least {FEWEST} trajectories", some)


def _of_whole(
    moved: NDArray[np.int64],
    steps: Floats,
    values: Floats,
    parameters: tuple[str, ...],
    outcomes: tuple[str, ...],
    luck: Floats | None,
) -> Sensitivity:
    """Return measures from trajectories that have every value."""
    rows = len(values)
    effects = np.empty((rows, len(parameters), len(outcomes)))
    np.put_along_axis(effects, moved[:, :, None], np.diff(values, axis=1) / steps[:, :, None], axis=1)
    terms: Terms = {"mu": effects, "mu_star": np.abs(effects), "square": effects**2}

    def measures(means: Terms) -> Terms:
        spread = np.sqrt(np.maximum(means["square"] - means["mu"] ** 2, 0.0) * rows / (rows - 1))
        return {"mu": means["mu"], "mu_star": means["mu_star"], "sigma": spread}

    measured = measures({name: term.mean(axis=0) for name, term in terms.items()})
    ends = resampled(terms, measures)
    whole = values.mean(axis=(0, 1))
    starts = values[:, 0].var(axis=0, ddof=1)
    share = None
    if luck is not None:
        part = np.divide(luck, starts, out=np.full_like(starts, np.nan), where=starts > 0)[None]
        share = Index(part, np.full_like(part, np.nan), np.full_like(part, np.nan))
    growing = sorted({n for n in (rows // 4, rows // 2, rows) if n >= 4})
    return Sensitivity(
        method="morris",
        parameters=parameters,
        outcomes=outcomes,
        rows=(rows,) * len(outcomes),
        dropped=(0,) * len(outcomes),
        indices={name: Index(measured[name], *ends[name]) for name in measured},
        seed_share=share,
        mean=whole,
        spread=np.sqrt(starts),
        swings=np.stack([whole - measured["mu"] / 2, whole + measured["mu"] / 2], axis=-1),
        convergence=tuple(
            tuple((n, {"mu_star": np.abs(effects[:n, :, k]).mean(axis=0)}) for n in growing)
            for k in range(len(outcomes))
        ),
    )
