r"""Which parameters matter: Sobol indices and Morris screening of a model with luck in it.

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

Morris (1991; Campolongo et al. 2007)
    Elementary effects along trajectories that share their luck, over the whole range of a parameter: mu their mean, mu*
    the mean of their size, sigma their standard deviation.

Intervals
    95 %, by resampling rows (percentiles, 1 000 times, fixed seed).  On a Sobol sequence that is on the safe side.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results.sensitivity import CONFIDENCE, Index, Sensitivity
from flywheel_sim.scenario import ScenarioError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RunDesign", "analysed", "morris", "morris_indices", "sobol", "sobol_indices"]

Floats = NDArray[np.float64]
Terms = dict[str, Floats]
#: ``run(points, rows)``: outcomes (m, K) of m points of the unit cube (m, P); points of one row must share their luck.
RunDesign = Callable[[Floats, NDArray[np.int64]], Floats]

_RESAMPLES, _SEED = 1000, 20212


def sobol(
    run: RunDesign,
    parameters: Sequence[str],
    n: int,
    *,
    outcomes: Sequence[str] = ("y",),
    second: bool = False,
    seed: int = 1,
) -> Sensitivity:
    """Sobol indices of a model on the unit cube: lay the design, run it, and analyse it.

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
    >>> found = sobol(lambda u, rows: u[:, :1] + 2 * u[:, 1:2], ["a", "b", "inert"], 512)
    >>> [round(float(x), 2) for x in found.indices["first"].value[:, 0]]
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
        values[0], values[1], values[2 : 2 + count], values[2 + count :] if second else None,
        parameters=parameters, outcomes=outcomes, places=(a, b),
    )  # fmt: skip


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
    """Sobol indices from the runs of a design.

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
        Rows in which a number is missing or infinite do not count.

    Raises
    ------
    ScenarioError
        When fewer than 8 rows count.
    """
    everything = [f_a[None], f_b[None], f_ab] + ([f_ba] if f_ba is not None else [])
    good = np.isfinite(np.concatenate(everything)).all(axis=(0, 2))
    rows = int(good.sum())
    if rows < 8:
        raise ScenarioError.single(f"indices need at least 8 rows whose runs all went well, got {rows}")
    f_a, f_b, f_ab = f_a[good], f_b[good], f_ab[:, good]
    f_ba = f_ba[:, good] if f_ba is not None else None
    middle = 0.5 * (f_a.mean(axis=0) + f_b.mean(axis=0))
    terms = _terms(f_a, f_b, f_ab, f_ba)
    means = {name: term.mean(axis=0) for name, term in terms.items()}
    values = _from_means(means)
    ends = _resampled(terms, _from_means)
    found = {name: Index(values[name], *ends[name]) for name in values}
    share = found.pop("seed")
    steps = sorted({n for n in (rows // 8, rows // 4, rows // 2, rows) if n >= 8})
    convergence = []
    for n in steps:
        some = _from_means({name: term[:n].mean(axis=0) for name, term in terms.items()})
        convergence.append((n, {name: some[name] for name in ("first", "total")}))
    swings = np.full((len(parameters), len(outcomes), 2), np.nan)
    if places is not None:
        swings = _swings(places[0][good], places[1][good], f_a, f_ab, middle)
    return Sensitivity(
        method="sobol",
        parameters=tuple(parameters),
        outcomes=tuple(outcomes),
        rows=rows,
        dropped=int((~good).sum()),
        indices=found,
        seed_share=Index(share.value[None], share.low[None], share.high[None]),
        mean=middle,
        spread=np.sqrt(means["apart"]),
        swings=swings,
        convergence=tuple(convergence),
    )


def morris(
    run: RunDesign,
    parameters: Sequence[str],
    trajectories: int,
    *,
    outcomes: Sequence[str] = ("y",),
    levels: int = 4,
    seed: int = 1,
) -> Sensitivity:
    """Morris screening of a model on the unit cube: lay the design, run it, and analyse it.

    Parameters
    ----------
    run, parameters, outcomes, seed
        As in `sobol`.
    trajectories : int
        Walks through the cube, each of P + 1 points with the same luck.
    levels : int
        Even number of levels of a parameter.

    Examples
    --------
    >>> found = morris(lambda u, rows: u[:, :1] - 2 * u[:, 1:2], ["a", "b", "inert"], 10)
    >>> [round(float(x), 6) for x in found.indices["mu"].value[:, 0]]
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
    """Morris measures from the runs of a design.

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

    Raises
    ------
    ScenarioError
        When fewer than 4 trajectories count.
    """
    good = np.isfinite(values).all(axis=(1, 2))
    rows = int(good.sum())
    if rows < 4:
        raise ScenarioError.single(f"Morris measures need at least 4 trajectories that all went well, got {rows}")
    moved, steps, values = moved[good], steps[good], values[good]
    effects = np.empty((rows, len(parameters), len(outcomes)))
    np.put_along_axis(effects, moved[:, :, None], np.diff(values, axis=1) / steps[:, :, None], axis=1)
    terms: Terms = {"mu": effects, "mu_star": np.abs(effects), "square": effects**2}

    def measures(means: Terms) -> Terms:
        spread = np.sqrt(np.maximum(means["square"] - means["mu"] ** 2, 0.0) * rows / (rows - 1))
        return {"mu": means["mu"], "mu_star": means["mu_star"], "sigma": spread}

    found = measures({name: term.mean(axis=0) for name, term in terms.items()})
    ends = _resampled(terms, measures)
    whole = values.mean(axis=(0, 1))
    starts = values[:, 0].var(axis=0, ddof=1)
    share = None
    if luck is not None:
        part = np.divide(luck, starts, out=np.full_like(starts, np.nan), where=starts > 0)[None]
        share = Index(part, np.full_like(part, np.nan), np.full_like(part, np.nan))
    growing = sorted({n for n in (rows // 4, rows // 2, rows) if n >= 4})
    return Sensitivity(
        method="morris",
        parameters=tuple(parameters),
        outcomes=tuple(outcomes),
        rows=rows,
        dropped=int((~good).sum()),
        indices={name: Index(found[name], *ends[name]) for name in found},
        seed_share=share,
        mean=whole,
        spread=np.sqrt(starts),
        swings=np.stack([whole - found["mu"] / 2, whole + found["mu"] / 2], axis=-1),
        convergence=tuple((n, {"mu_star": np.abs(effects[:n]).mean(axis=0)}) for n in growing),
    )


def _mixed(one: Floats, other: Floats) -> list[Floats]:
    """``one`` with one column of ``other``, for every column."""
    found = []
    for k in range(one.shape[1]):
        mixed = one.copy()
        mixed[:, k] = other[:, k]
        found.append(mixed)
    return found


def _terms(f_a: Floats, f_b: Floats, f_ab: Floats, f_ba: Floats | None) -> Terms:
    """What is averaged over rows: arrays (n, ...), the outcomes last."""
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
    """Indices from averages over rows."""
    caused = means["apart"]
    alone = means["shared"] - means["a"] * means["b"]

    def over(part: Floats, whole: Floats) -> Floats:
        whole = np.broadcast_to(whole, part.shape)
        return np.asarray(np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0))

    found = {"first": over(means["first"], caused), "total": over(means["total"], caused)}
    if "across" in means:
        single = means["first"]
        pairs = over(caused - means["across"] - single[:, None] - single[None, :], caused)
        count = len(single)
        pairs[range(count), range(count)] = np.nan
        found["second"] = pairs
    found["seed"] = over(alone, caused + np.maximum(alone, 0.0))
    return found


def _resampled(terms: Terms, measures: Callable[[Terms], Terms]) -> dict[str, tuple[Floats, Floats]]:
    """Percentile intervals over resampled rows."""
    rows = len(next(iter(terms.values())))
    luck = np.random.default_rng(_SEED)
    tails = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)
    drawn: dict[str, list[Floats]] = {}
    for _ in range(_RESAMPLES):
        weight = np.bincount(luck.integers(0, rows, rows), minlength=rows) / rows
        again = measures({name: np.tensordot(weight, term, axes=1) for name, term in terms.items()})
        for name, value in again.items():
            drawn.setdefault(name, []).append(value)
    found = {}
    for name, values in drawn.items():
        stack = np.array(values)
        ends = np.asarray(np.quantile(stack, tails, axis=0))
        found[name] = (ends[0], ends[1])
    return found


def _swings(a: Floats, b: Floats, f_a: Floats, f_ab: Floats, mean: Floats) -> Floats:
    """Mean outcomes over the lowest and the highest fifth of every parameter, shape (P, K, 2).

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


def analysed(
    table: "pd.DataFrame",
    parameters: Sequence[str],
    outcomes: Sequence[str],
    *,
    scenarios: Sequence[str] = (),
    levels: int = 4,
    once: bool = False,
) -> Sensitivity:
    """Indices from a table of runs of a ``sobol`` or ``morris`` design.

    Parameters
    ----------
    table : DataFrame, one row per run
        Columns ``row`` (the base row or trajectory), ``part`` (Sobol: A, B, ``AB:<parameter>``, ``BA:<parameter>``;
        Morris: the parameter that moved, empty at the start), the parameters, the outcomes, and ``scenario`` where
        there is more than one.  The runs of a trajectory stand in their order, by ``run`` if there is such a column.
        Replicates are averaged.
    parameters, outcomes : sequences of str
    scenarios : sequence of str
        Two of them add the paired differences of the outcomes, the second less the first: the tornado of a verdict.
    levels : int
        Of a Morris design.
    once : bool
        Points of a row that are the same (whole numbers, names) stand in the table once, under their first part.

    Raises
    ------
    ScenarioError
        When the table is of no such design, or too many runs failed.
    """
    import pandas as pd

    if not {"row", "part"} <= set(table.columns):
        raise ScenarioError.single("expected the runs of a sobol or morris design, with their rows and parts")
    table = table.sort_values("run", kind="stable") if "run" in table.columns else table
    table = _with_repeats(table, parameters) if once else table
    names = list(scenarios) or [""]
    frames = [table[table["scenario"] == name] if name else table for name in names]
    missing = [name for name, frame in zip(names, frames, strict=True) if frame.empty]
    if missing:
        raise ScenarioError.single(f"the table has no runs of {', '.join(missing) or 'any scenario'}")
    points = [_points(frame, outcomes) for frame in frames]
    titles = [f"{outcome} ({name})" if len(names) > 1 else outcome for name in names for outcome in outcomes]
    if len(names) == 2:
        titles += [f"{outcome} (difference)" for outcome in outcomes]
        points.append(points[1] - points[0])
    values = pd.concat(points, axis=1)
    settings = frames[0].drop_duplicates(["row", "part"]).set_index(["row", "part"])[list(parameters)]
    places = settings.apply(_ranked)
    rows = list(dict.fromkeys(frames[0]["row"]))
    parts = set(table["part"])

    def at(part: str, of: "pd.DataFrame") -> Floats:
        wanted = pd.MultiIndex.from_product([rows, [part]])
        return np.asarray(of.reindex(wanted).to_numpy(np.float64))

    if "A" in parts and "B" in parts:
        mirrored = f"BA:{parameters[0]}" in parts
        return sobol_indices(
            at("A", values), at("B", values), np.array([at(f"AB:{p}", values) for p in parameters]),
            np.array([at(f"BA:{p}", values) for p in parameters]) if mirrored else None,
            parameters=parameters, outcomes=titles, places=(at("A", places), at("B", places)),
        )  # fmt: skip
    order = {row: [part for part in frames[0].loc[frames[0]["row"] == row, "part"].unique()] for row in rows}
    walks = [row for row in rows if order[row][:1] == [""] and sorted(order[row][1:]) == sorted(parameters)]
    if not walks:
        raise ScenarioError.single("expected the runs of a sobol or morris design; no trajectory is complete")
    number = {parameter: p for p, parameter in enumerate(parameters)}
    moved = np.array([[number[part] for part in order[row][1:]] for row in walks])
    ranks = np.array([[places.loc[(row, part)].to_numpy(np.float64) for part in order[row]] for row in walks])
    ups = np.take_along_axis(np.diff(ranks, axis=1), moved[:, :, None], axis=2)[:, :, 0]
    size = (levels // 2) / (levels - 1)
    return morris_indices(
        moved, np.where(ups < 0, -size, size),
        np.array([[values.loc[(row, part)].to_numpy(np.float64) for part in order[row]] for row in walks]),
        parameters=parameters, outcomes=titles, luck=_luck(frames, outcomes),
    )  # fmt: skip


def _with_repeats(table: "pd.DataFrame", parameters: Sequence[str]) -> "pd.DataFrame":
    """The table with the points that were left out because they are the same as others of their row."""
    import pandas as pd

    names, sobol_design = list(parameters), "B" in set(table["part"]) or any(table["part"].str.startswith("AB:"))
    wanted = ["A", "B", *(f"AB:{p}" for p in names)]
    wanted += [f"BA:{p}" for p in names] if any(table["part"].str.startswith("BA:")) else []
    added = []
    keys = ["row", "scenario"] if "scenario" in table.columns else ["row"]
    for _, group in table.groupby(keys, sort=False):
        by_part = {part: some for part, some in group.groupby("part", sort=False)}
        if not sobol_design:
            # A step that changed nothing: where in the walk it stood does not matter.
            last = by_part[list(by_part)[-1]]
            added += [last.assign(part=p) for p in names if p not in by_part]
            continue
        if "A" not in by_part or len(by_part) == len(wanted):
            continue
        at = {tuple(some[names].iloc[0]): some for some in by_part.values()}
        a = by_part["A"]
        b = by_part.get("B", a)
        for part in wanted:
            if part not in by_part:
                start, _, moved = part.partition(":")
                one, other = (b, a) if start in ("B", "BA") else (a, b)
                values = tuple((other if p == moved else one)[p].iloc[0] for p in names)
                if values in at:
                    added.append(at[values].assign(part=part))
    return pd.concat([table, *added], ignore_index=True) if added else table


def _points(frame: "pd.DataFrame", outcomes: Sequence[str]) -> "pd.DataFrame":
    """Mean outcomes by row and part; missing where a replicate is."""
    groups = frame.groupby(["row", "part"], sort=False)[list(outcomes)]
    return groups.mean().where(groups.count().eq(groups.size(), axis=0))


def _luck(frames: "Sequence[pd.DataFrame]", outcomes: Sequence[str]) -> Floats | None:
    """Variance of a point's mean by its replicates, averaged over points; None with one replicate a point."""
    columns = list(outcomes)
    count = int(frames[0].groupby(["row", "part"], sort=False).size().max())
    if count < 2:
        return None
    parts = [frame.set_index(["row", "part", "replicate"])[columns] for frame in frames]
    if len(parts) == 2:
        parts.append(parts[1] - parts[0])
    each = [part.groupby(level=["row", "part"], sort=False).var().mean().to_numpy() / count for part in parts]
    return np.concatenate(each)


def _ranked(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Numbers as they are; names by their order of appearance."""
    import pandas as pd

    numbers = pd.to_numeric(column, errors="coerce")
    if numbers.notna().all():
        return numbers.astype(float)
    order: Mapping[Any, int] = {value: k for k, value in enumerate(dict.fromkeys(column))}
    return column.map(order).astype(float)
