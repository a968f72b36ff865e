"""Put claims on trial: how large is each effect, is it more than luck, and is it gone where it must be?

Every claim of `flywheel_sim.study.claims.table` is tried alone in its own company: four arms or more under the same
luck, each as many paired runs.  What is compared is the mean over weeks of what is observed, with the effect less
without.  The verdict goes by the first thing observed; the others are told.

- *Is there an effect?*  Paired t test, adjusted by Holm over the claims tried together, so that the chance that
  anything at all is called an effect while there is none stays below ``ERROR_RATE``.
- *Is it gone where it must be?*  To the bit in every week, run and thing observed; for claims that only vanish on
  average, by a paired t test, adjusted by Holm over all of these, at ``FALSE_ALARM``.
- *The null is the claim*: nothing observed may change, to the bit.  Where bits change, it is "no" if any of what is
  observed does more than luck explains, else "not shown": a null is not shown by too few runs.

A claim whose direction was not written down beforehand cannot be right or wrong about it: it has an effect, or not.

Over worlds (`flywheel_sim.study.worlds`) run k of every arm is of world k of the claim's company, with luck k, and some
worlds run once more under other luck, so that luck can be taken out.  The t test is then of the mean over worlds and
luck; beside it stands in how many worlds the effect goes as claimed, and it must be gone in every one of them.
"""

import math
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.execute.run import batch
from flywheel_sim.results import Run
from flywheel_sim.results.claims import InWorlds, Seen, Trial, Trials, Vanished
from flywheel_sim.results.intervals import holm, mean_interval, paired_p, share_interval
from flywheel_sim.results.over_worlds import share_better
from flywheel_sim.results.verification import Quantity
from flywheel_sim.scenario import Scenario, ScenarioError, load
from flywheel_sim.scenario.arguments import whole
from flywheel_sim.scenario.errors import Problem, nearest
from flywheel_sim.study.claims.table import Claim, arms, claim_table, settings
from flywheel_sim.study.lent import lent
from flywheel_sim.study.verification.verify import FALSE_ALARM, smallest_seen
from flywheel_sim.study.worlds.answering import again
from flywheel_sim.study.worlds.drawing import WorldDrawing, drawing
from flywheel_sim.study.worlds.shrinkage import shrink

__all__ = ["ERROR_RATE", "Over", "Pair", "chosen", "claims", "judged", "ready", "same", "weekly_mean"]

#: Chance that anything is called an effect while there is none, at most.
ERROR_RATE = 0.05
#: Runs of every arm, and weeks of those claims that do not say themselves: in full, and quick.
RUNS, WEEKS = {"full": 40, "quick": 10}, {"full": 156, "quick": 78}
#: Claims that run together, and weekly rows kept in memory at a time.
_TOGETHER, _ROWS = 8, 100_000

Floats = NDArray[np.float64]
Progress = Callable[[int, int, str], None]
#: Scenarios without and with the effect.
Arm = tuple[Scenario, Scenario]


class Pair(NamedTuple):
    """One thing observed: its mean over weeks in every run, without and with the effect; whether all bits agree."""

    without: Floats
    with_effect: Floats
    same: bool

    def first(self, count: int) -> "Pair":
        """Return the first runs; whether all bits agree is said of all of them."""
        return Pair(self.without[:count], self.with_effect[:count], self.same)


@dataclass(frozen=True, eq=False)
class Over:
    """Worlds of the companies of claims, and which of them a run is of.

    Parameters
    ----------
    count, twice : int
        Worlds; how many of them run once more.
    drawn : mapping of str to WorldDrawing
        By company.
    base_of : mapping of str to str
        Hash of every arm -> its company.
    """

    count: int
    twice: int
    drawn: Mapping[str, WorldDrawing]
    base_of: Mapping[str, str]

    @classmethod
    def of(
        cls,
        table: Mapping[str, Claim],
        made: Mapping[str, list[Arm]],
        count: int,
        source: str | os.PathLike[str] | None,
    ) -> "Over":
        """Return so many worlds for every company that claims are tried in."""
        from flywheel_sim.engine.targets import with_targets  # loads the engine

        base_of = {
            scenario.hash: table[number].base
            for number, both in made.items()
            for arm in both
            for one in arm
            for scenario in (one, with_targets(one))  # as a run has it, with targets of measures in place
        }
        drawn = {name: drawing([load(name)], source, least=count) for name in dict.fromkeys(base_of.values())}
        return cls(count, again(count), drawn, base_of)

    def each(self, scenario: Scenario, replicate: int) -> Scenario:
        """Return an arm in the world of a run; runs after the last world are of the first ones again."""
        return self.drawn[self.base_of[scenario.hash]].each(scenario, replicate % self.count)

    def share(self, claim: Claim, pair: Pair) -> InWorlds:
        """Return in how many worlds an effect goes as claimed, luck taken out."""
        company = self.drawn[claim.base].worlds.company
        apart = pair.with_effect - pair.without
        if claim.expect == "null":
            share, n = float(np.mean(apart[: self.count] == 0.0)), float(self.count)
        else:
            way = {"up": 1.0, "down": -1.0}.get(claim.direction) or math.copysign(1.0, float(apart.mean()))
            shrunk = shrink(way * apart, np.arange(len(apart)) % self.count)
            share, n = share_better(shrunk.effects), min(shrunk.n_eff, float(self.count))
        low, high = share_interval(share * n, n)  # type: ignore[arg-type]
        return InWorlds(self.count, share, low, high, company)


def claims(
    names: Iterable[str] = (),
    *,
    quick: bool = False,
    changes: Mapping[str, Any] | None = None,
    seed: int = 1,
    replicates: int | None = None,
    worlds: int | None = None,
    worlds_from: str | os.PathLike[str] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Trials:
    """Put claims on trial and judge each of them.

    Parameters
    ----------
    names : iterable of str
        Claims (``"C37"``); all of them without any.
    quick : bool
        10 runs of 78 weeks instead of 40 of 156.
    changes : mapping, optional
        Dotted path -> value, set in every arm; what a claim sets itself stays.
    seed, workers
        As for `flywheel_sim.batch`.
    replicates : int, optional
        Paired runs of every arm, instead of 40 (quick: 10).
    worlds : int, optional
        Over so many worlds of the company of each claim instead, 8 or more.
    worlds_from : path, optional
        Where they are, if all claims are of one company; default: beside its file, or shipped.
    progress : callable, optional
        Called as ``progress(run-weeks done, run-weeks in all, claims)``.

    Returns
    -------
    Trials

    Raises
    ------
    ScenarioError
        When there is no such claim, a change is refused, or there are fewer than two replicates.
    ResultError
        When there are no worlds, or too few.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> trials = fs.claims(["C34"], changes={"horizon_weeks": 20}, replicates=4)
    >>> trials.trials[0].verdict, trials.ok
    ('holds', True)
    """
    mode, begun = "quick" if quick else "full", time.perf_counter()
    seed = whole("seed", seed)
    replicates = RUNS[mode] if replicates is None else whole("replicates", replicates)
    if replicates < 2:
        raise ScenarioError.single(f"a trial needs at least 2 replicates to tell luck from effect, got {replicates}")
    table = chosen(names)
    arms_of = ready(table, {"horizon_weeks": WEEKS[mode], **(changes or {})})
    over = None
    if worlds is not None:
        over = Over.of(table, arms_of, whole("worlds", worlds, 8), worlds_from)
        replicates = over.count + over.twice
    total = replicates * sum(_weeks(group, arms_of) for group in _groups(arms_of))
    done = 0
    measured: dict[str, list[list[Pair]]] = {}
    for group in _groups(arms_of):
        note = group[0] if len(group) == 1 else f"{group[0]} to {group[-1]}"

        def step(part: int, before: int = done, note: str = note) -> None:
            if progress:
                progress(before + part, total, note)

        measured |= _measured({n: (table[n], arms_of[n]) for n in group}, replicates, seed, workers, step, over)
        done += replicates * _weeks(group, arms_of)
    told = {
        number: {"weeks": both[0][0].horizon_weeks, "before": _before(table[number], both[0][0])}
        for number, both in arms_of.items()
    }
    if over is not None:
        for number, pairs in measured.items():
            told[number]["worlds"] = over.share(table[number], pairs[0][0])
            measured[number] = [[pair.first(over.count) for pair in some] for some in pairs]
        replicates = over.count
    trials = judged([(claim, measured.get(number, [])) for number, claim in table.items()], told)
    bases = {claim.base for claim in table.values() if not claim.open}
    return Trials(
        trials=trials,
        replicates=replicates,
        seed=seed,
        mode=mode,
        error_rate=ERROR_RATE,
        false_alarm=FALSE_ALARM,
        hashes={base: load(base).hash for base in sorted(bases)},
        seconds=time.perf_counter() - begun,
    )


def chosen(names: Iterable[str]) -> dict[str, Claim]:
    """Return the claims that are asked for, in their own order; all without a name.

    Raises
    ------
    ScenarioError
        Naming everything that is no claim.

    Examples
    --------
    >>> list(chosen(["c41", "C37"]))
    ['C37', 'C41']
    """
    table, asked = claim_table(), list(names)
    problems = []
    for name in asked:
        if name.upper() not in table:
            message = f"there is no claim '{name}'; expected C1 to C{len(table)}"
            problems.append(Problem(None, None, None, "", message, nearest(name.upper(), list(table))))
    if problems:
        raise ScenarioError(problems)
    numbers = {name.upper() for name in asked} or set(table)
    return {number: claim for number, claim in table.items() if number in numbers}


def ready(table: Mapping[str, Claim], changes: Mapping[str, Any]) -> dict[str, list[Arm]]:
    """Return the arms of every claim that has an experiment: as it is, then at each setting where its effect must
    vanish.

    Raises
    ------
    ScenarioError
        When a company refuses a change.
    """
    pairs = {number: arms(claim, changes) for number, claim in table.items() if not claim.open}
    return {number: [(one.without, one.with_effect), *one.vanished] for number, one in pairs.items()}


def weekly_mean(run: Run, name: str) -> float:
    """Return the mean over weeks of a column; of one over another, the ratio of their means, the latter before each
    week.
    """
    above, _, below = name.partition("/")
    top = float(run.series(above).mean())
    if not below:
        return top
    bottom = float(run.series(below, start=True)[:-1].mean())
    return top / bottom if bottom else float("nan")


def same(a: Run, b: Run, name: str) -> bool:
    """Tell whether what is observed is the same to the bit in every week."""
    return all(np.array_equal(a.series(column), b.series(column)) for column in name.split("/"))


def judged(
    tried: Sequence[tuple[Claim, Sequence[Sequence[Pair]]]], about: Mapping[str, Mapping[str, Any]] | None = None
) -> tuple[Trial, ...]:
    """Return the verdict on every claim.

    Parameters
    ----------
    tried : sequence of (Claim, measured)
        Measured: for the effect, then for each setting at which it must vanish, a `Pair` for each thing observed.
        Empty for a claim that was not tried.
    about : mapping, optional
        Claim -> more fields of its `Trial`, such as the weeks of its runs.
    """
    done = [(claim, measured) for claim, measured in tried if measured]
    tests = max(len(done), 1)
    p_effect = dict(zip([c.number for c, _ in done], holm(np.array([_p(*one) for one in done])), strict=True))
    averaged = [
        ((claim.number, k), _p_of(pair))
        for claim, measured in done
        if claim.expect == "interval"
        for k, pairs in enumerate(measured[1:])
        for pair in pairs
    ]
    left: dict[tuple[str, int], float] = {}
    for (key, _), p in zip(averaged, holm(np.array([p for _, p in averaged])), strict=True):
        left[key] = min(left.get(key, 1.0), float(p))
    trials = []
    for claim, measured in tried:
        told: dict[str, Any] = {
            "mechanisms": claim.mechanisms,
            "base": claim.base,
            "effect": claim.effect,
            "direction": claim.direction,
            "null": claim.expect == "null",
            "by_construction": claim.by_construction,
            **(about or {}).get(claim.number, {}),
        }
        if not measured:
            trials.append(Trial(claim.number, claim.claim, "not tried", reason=claim.open, **told))
            continue
        seen, *others = [
            tuple(_seen(name, pair, tests) for name, pair in zip(claim.observe, pairs, strict=True))
            for pairs in measured
        ]
        exact = claim.expect != "interval"
        vanished = tuple(
            Vanished(at, exact, all(x.same for x in some) if exact else left[claim.number, k] >= FALSE_ALARM, some)
            for k, (at, some) in enumerate(zip(claim.vanish, others, strict=True))
        )
        p = float(p_effect[claim.number])
        came_out = _verdict(claim, seen, vanished, p)
        trials.append(Trial(claim.number, claim.claim, came_out, p=p, seen=seen, vanished=vanished, **told))
    return tuple(trials)


def _verdict(claim: Claim, seen: Sequence[Seen], vanished: Sequence[Vanished], p: float) -> str:
    there = p < ERROR_RATE
    if not all(one.gone for one in vanished):
        return "fault"
    if claim.expect == "null":
        if there:
            return "no"
        if not all(one.same for one in seen):
            return "not shown"
        return "holds by construction" if claim.by_construction else "null holds"
    if not there:
        return "not shown"
    if not claim.direction:
        return "effect"
    if (seen[0].difference > 0) != (claim.direction == "up"):
        return "no"
    return "holds by construction" if claim.by_construction else "holds"


def _p(claim: Claim, measured: Sequence[Sequence[Pair]]) -> float:
    """Return the p value of the first thing observed; where nothing may change, of whatever changes most."""
    pairs = measured[0]
    return min(1.0, len(pairs) * min(map(_p_of, pairs))) if claim.expect == "null" else _p_of(pairs[0])


def _p_of(pair: Pair) -> float:
    p = paired_p(pair.with_effect - pair.without)
    return 1.0 if np.isnan(p) else p


def _seen(name: str, pair: Pair, tests: int) -> Seen:
    apart = pair.with_effect - pair.without
    without, with_effect = float(pair.without.mean()), float(pair.with_effect.mean())
    error = float(np.std(apart, ddof=1) / np.sqrt(len(apart)))
    sees = smallest_seen(Quantity(name, without, with_effect, error, freedom=len(apart) - 1), ERROR_RATE, tests)
    return Seen(
        name=name,
        without=without,
        with_effect=with_effect,
        difference=float(apart.mean()),
        interval=mean_interval(apart),
        p=_p_of(pair),
        sees=sees,
        same=pair.same,
    )


def _before(claim: Claim, without: Scenario) -> dict[str, Any]:
    """Return what stands without the effect where it is set, where that is one number, word or switch."""
    before = {}
    for path in claim.effect:
        if not path.startswith("twin."):
            values = [without.get(one) for one in settings(without, {path: None})]
            if values and isinstance(values[0], bool | int | float | str) and all(v == values[0] for v in values):
                before[path] = values[0]
    return before


def _groups(made: Mapping[str, Any]) -> list[list[str]]:
    numbers = list(made)
    return [numbers[k : k + _TOGETHER] for k in range(0, len(numbers), _TOGETHER)]


def _distinct(group: Iterable[str], made: Mapping[str, list[Arm]]) -> dict[str, Scenario]:
    return {scenario.hash: scenario for number in group for arm in made[number] for scenario in arm}


def _weeks(group: Iterable[str], made: Mapping[str, list[Arm]]) -> int:
    return sum(scenario.horizon_weeks for scenario in _distinct(group, made).values())


def _measured(
    group: Mapping[str, tuple[Claim, list[Arm]]],
    replicates: int,
    seed: int,
    workers: int | None,
    step: Callable[[int], None],
    over: Over | None,
) -> dict[str, list[list[Pair]]]:
    """Run the arms of some claims and keep what they observe, a slice of replicates at a time: memory stays flat."""
    both_arms = {number: both for number, (_, both) in group.items()}
    scenarios, weeks = _distinct(group, both_arms), _weeks(group, both_arms)
    parts: dict[tuple[str, int, str], list[Pair]] = {}
    size = max(1, _ROWS // weeks)

    def living(scenario: Scenario, replicate: int) -> Scenario:
        """Return the company while it lives, of which something is claimed."""
        return lent(scenario if over is None else over.each(scenario, replicate))

    for first in range(0, replicates, size):
        count = min(size, replicates - first)

        def on(part: int, _: int, first: int = first) -> None:
            step(first * weeks + part)

        batch_of_runs = batch(
            list(scenarios.values()),
            replicates=count,
            first=first,
            seed=seed,
            workers=workers,
            teams=False,
            progress=on,
            each=living,
        )
        runs = dict(zip(scenarios, batch_of_runs, strict=True))
        for number, (claim, both) in group.items():
            for k, (without, with_effect) in enumerate(both):
                pairs = list(zip(runs[without.hash], runs[with_effect.hash], strict=True))
                for name in claim.observe:
                    parts.setdefault((number, k, name), []).append(
                        Pair(
                            np.array([weekly_mean(a, name) for a, _ in pairs]),
                            np.array([weekly_mean(b, name) for _, b in pairs]),
                            all(same(a, b, name) for a, b in pairs),
                        )
                    )
    return {
        number: [[_joined(parts[number, k, name]) for name in claim.observe] for k in range(len(both))]
        for number, (claim, both) in group.items()
    }


def _joined(parts: Sequence[Pair]) -> Pair:
    return Pair(
        np.concatenate([part.without for part in parts]),
        np.concatenate([part.with_effect for part in parts]),
        all(part.same for part in parts),
    )
