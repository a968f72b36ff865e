r"""Check the engine against the closed forms, at a false-alarm rate controlled over the whole suite.

Each limit (`flywheel_sim.study.verification.limits`) runs a scenario of ``scenarios/limits`` and compares what it reads
off with theory, whose parameters are taken from the scenario as run, so that both follow when a value is set.  With
luck in it a quantity is judged by

.. math:: z = \frac{\max(|model - theory| - bias, 0)}{SE},

bias being the stated difference of discretisation (0 for most), and a two-sided p-value from Student's t where SE is
estimated from the spread over runs, from the normal where theory tells it.  Quantities without luck have a tolerance.
Holm's step-down procedure keeps the chance that anything at all fails while the engine is right below ``false_alarm``
whatever the dependence between quantities; points of one curve share their runs.

The smallest deviation seen with 90 % power is bias + (t(1 - a/2m) + t(.9)) SE, a the false-alarm rate and m the number
of quantities with luck: what would be found even if it were the only one.
"""

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from flywheel_sim.execute.run import batch
from flywheel_sim.results.verification import Check, Quantity, Verification
from flywheel_sim.scenario import Scenario, ScenarioError, load
from flywheel_sim.scenario.arguments import whole
from flywheel_sim.scenario.errors import Problem, nearest
from flywheel_sim.study.verification.limits import LIMITS, THEORY_ONLY, limits_of
from flywheel_sim.study.verification.limits.base import Floats, Limit, Sample

__all__ = ["FALSE_ALARM", "chosen", "holm", "p_value", "read", "verify"]

#: Chance that anything fails while all is well, at most.
FALSE_ALARM = 0.01
POWER = 0.9
#: Weekly rows kept in memory at a time.
_ROWS = 60_000

Progress = Callable[[int, int, str], None]


def verify(
    anchors: Iterable[str] = (),
    *,
    full: bool = False,
    changes: Mapping[str, Any] | None = None,
    seed: int = 1,
    replicates: int | None = None,
    workers: int | None = None,
    false_alarm: float = FALSE_ALARM,
    progress: Progress | None = None,
) -> Verification:
    """Run limits and compare them with theory.

    Parameters
    ----------
    anchors : iterable of str
        Closed forms (``"A1"``) or single limits (``"A21-returns"``); all of them without any.
    full : bool
        Ten times the runs.
    changes : mapping, optional
        Dotted path -> value, set on those of the limits whose theory follows.
    seed, workers
        As for `flywheel_sim.batch`.
    replicates : int, optional
        Runs of every limit with luck in it, instead of its own number.
    false_alarm : float
        Chance that anything at all fails while all is well.
    progress : callable, optional
        Called as ``progress(done, total, limit)``.

    Returns
    -------
    Verification

    Raises
    ------
    ScenarioError
        When there is no such closed form, theory does not follow a change, or there is none for what is set: a queue
        that grows without end, say.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> fs.verify(["A22"], changes={"capacity.pair_hours": 2}).ok
    True
    """
    seed = whole("seed", seed)
    replicates = replicates if replicates is None else whole("replicates", replicates, 1)
    limits, only = chosen(anchors)
    cases = ready(limits, changes or {})
    runs = {
        limit.key: 1 if limit.quick == 1 else replicates or (limit.full if full else limit.quick) for limit, _ in cases
    }
    total, done, read_off, hashes = sum(runs.values()), 0, [], {}
    for limit, scenario in cases:
        begun = time.perf_counter()
        if progress:
            progress(done, total, limit.key)

        def step(part: int, key: str = limit.key, before: int = done) -> None:
            if progress:
                progress(before + part, total, key)

        sample = read(limit, scenario, runs[limit.key], seed=seed, workers=workers, step=step)
        try:
            paths, quantities = limit.path(sample) if limit.path else {}, limit.judge(sample)
        except ValueError as error:
            raise ScenarioError.single(f"{limit.key} has no closed form here: {error}") from None
        read_off.append((limit, scenario, quantities, paths, time.perf_counter() - begun))
        hashes[scenario.name] = scenario.hash
        done += runs[limit.key]
    judgments = _judged([quantities for _, _, quantities, _, _ in read_off], false_alarm)
    return Verification(
        checks=tuple(
            Check(
                key=limit.key,
                anchor=limit.anchor,
                title=limit.title,
                scenario=scenario.name,
                scenario_hash=scenario.hash,
                bias=limit.bias,
                replicates=runs[limit.key],
                seconds=seconds,
                quantities=tuple(quantities),
                p=p,
                passed=passed,
                sees=sees,
                paths=paths,
            )
            for (limit, scenario, quantities, paths, seconds), (p, passed, sees) in zip(
                read_off, judgments, strict=True
            )
        ),
        theory_only=only,
        mode="full" if full else "quick",
        false_alarm=false_alarm,
        seed=seed,
        hashes=hashes,
    )


def chosen(anchors: Iterable[str]) -> tuple[list[Limit], dict[str, str]]:
    """Return limits of what is asked for, and what of it is theory only.

    Raises
    ------
    ScenarioError
        Naming everything there is no closed form for.
    """
    from flywheel_sim.theory import ANCHORS

    asked = list(anchors)
    if not asked:
        return list(LIMITS.values()), dict(THEORY_ONLY)
    limits: dict[str, Limit] = {}
    only, problems = {}, []
    for name in asked:
        some = limits_of(name)
        limits |= {limit.key: limit for limit in some}
        if name.upper() in THEORY_ONLY:
            only[name.upper()] = THEORY_ONLY[name.upper()]
        elif not some:
            message = f"there is no closed form or limit '{name}'; expected A1 to A30, or one of their limits"
            problems.append(Problem(None, None, None, "", message, nearest(name, [*ANCHORS, *LIMITS])))
    if problems:
        raise ScenarioError(problems)
    return [limit for key, limit in LIMITS.items() if key in limits], only


def ready(limits: Sequence[Limit], changes: Mapping[str, Any]) -> list[tuple[Limit, Scenario]]:
    """Return the limits whose theory follows every change, with their scenarios as set.

    Raises
    ------
    ScenarioError
        When no theory follows a change, or the scenario refuses it.
    """
    following = [limit for limit in limits if all(limit.follows(path) for path in changes)]
    problems: dict[Problem, None] = {}
    for limit in [] if following else limits:
        for path in (path for path in changes if not limit.follows(path)):
            message = f"the theory of {limit.key} does not follow this; it follows {', '.join(limit.free)}"
            problems[Problem(None, None, None, path, message, nearest(path, limit.free))] = None
    if problems:
        raise ScenarioError(problems)
    cases = []
    for limit in following:
        try:
            scenario = load(f"limits/{limit.scenario}")
            settings = {**limit.given, **changes}
            cases.append((limit, scenario.with_(settings) if settings else scenario))
        except ScenarioError as error:
            problems |= dict.fromkeys(error.problems)
    if problems:
        raise ScenarioError(problems)
    return cases


def read(
    limit: Limit,
    scenario: Scenario,
    replicates: int,
    *,
    seed: int = 1,
    workers: int | None = None,
    step: Callable[[int], None] | None = None,
) -> Sample:
    """Run a limit's variants and keep what it reads off, a slice of runs at a time so that memory stays flat."""
    variants = limit.variants(scenario)
    rows: list[list[Floats]] = [[] for _ in variants]
    weeks = sum(variant.horizon_weeks for variant in variants)
    size = max(2, min(1000, _ROWS // weeks))
    for first in range(0, replicates, size):
        count = min(size, replicates - first)
        runs = batch(
            variants,
            replicates=count,
            first=first,
            seed=seed,
            workers=workers,
            teams=limit.teams,
            accounts=limit.accounts,
        )
        for kept, some in zip(rows, runs, strict=True):
            kept += [np.asarray(limit.observe(run), dtype=np.float64) for run in some]
        if step:
            step(first + count)
    return Sample(variants, [np.array(kept) for kept in rows])


def p_value(quantity: Quantity) -> float:
    """Return the chance of a distance at least as large, two-sided; NaN without luck.

    Examples
    --------
    >>> round(p_value(Quantity("share", 0.5, 0.52, 0.01)), 4)
    0.0455
    """
    from scipy import stats

    if quantity.exact:
        return math.nan
    law = stats.norm if math.isinf(quantity.freedom) else stats.t(quantity.freedom)
    return float(min(1.0, 2.0 * law.sf(abs(quantity.z))))


def holm(p: Sequence[float], alpha: float) -> list[bool]:
    """Tell which hypotheses are not rejected (True) at a familywise level, by Holm's step-down procedure.

    Examples
    --------
    >>> holm([0.001, 0.02, 0.3], 0.05)
    [False, False, True]
    >>> holm([0.02, 0.02, 0.3], 0.05)
    [True, True, True]
    """
    stands = [True] * len(p)
    for rank, k in enumerate(sorted(range(len(p)), key=lambda k: p[k])):
        if not p[k] <= alpha / (len(p) - rank):
            break
        stands[k] = False
    return stands


def smallest_seen(quantity: Quantity, alpha: float, tests: int) -> float:
    """Return the smallest deviation seen with 90 % power; the tolerance where there is no luck."""
    from scipy import stats

    if quantity.exact:
        return quantity.bias
    law = stats.norm if math.isinf(quantity.freedom) else stats.t(quantity.freedom)
    return quantity.bias + float(law.isf(alpha / (2 * tests)) + law.ppf(POWER)) * quantity.error


def _judged(
    quantities: Sequence[Sequence[Quantity]], alpha: float
) -> list[tuple[tuple[float, ...], tuple[bool, ...], tuple[float, ...]]]:
    """Return p-values, verdicts and smallest deviations of every limit's quantities; NaN never passes."""
    p = [[p_value(q) for q in some] for some in quantities]
    lucky = [(i, k) for i, some in enumerate(quantities) for k, q in enumerate(some) if not q.exact]
    values = [p[i][k] if math.isfinite(p[i][k]) else 0.0 for i, k in lucky]
    verdict = dict(zip(lucky, holm(values, alpha), strict=True))
    return [
        (
            tuple(p[i]),
            tuple(verdict.get((i, k), abs(q.model - q.theory) <= q.bias) for k, q in enumerate(some)),
            tuple(smallest_seen(q, alpha, max(len(lucky), 1)) for q in some),
        )
        for i, some in enumerate(quantities)
    ]
