"""Find settings with which a company comes to the numbers that are known of it.

Some numbers are settings themselves (customers at the start, the market, the price).  Every other has one setting that
moves it more directly than any other, and is moved through it: churn through the propensity to leave, referrals through
the rate of word of mouth.  Round by round the company is run, each setting is moved by how far its number is off, and
the references of the base case are set again, all of them together (`mixing`), until all numbers lie well inside their
ranges and the references have come to rest.  Then fresh runs with luck of their own say what came of it.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from flywheel_sim.engine.fingerprint import engine_hash
from flywheel_sim.engine.targets import find_targets
from flywheel_sim.execute.run import batch, worker_count
from flywheel_sim.files import write_text
from flywheel_sim.results import Run
from flywheel_sim.scenario import Scenario
from flywheel_sim.scenario.blocks.frozen import QUANTITIES
from flywheel_sim.scenario.composing import seen_from
from flywheel_sim.scenario.known import Known
from flywheel_sim.scenario.writing import changes_as_yaml
from flywheel_sim.study.calibration.freezing import FROM, SETTLED, UNTIL, references_of
from flywheel_sim.study.calibration.known_levers import LEVERS, MOST, Lever, in_the_way, steps
from flywheel_sim.study.calibration.mixing import Mixing
from flywheel_sim.study.lent import lent

__all__ = ["ABOUT", "KnownFit", "Met", "as_file", "meet", "moved_by", "read_numbers", "since"]

#: What is kept of an unfinished search, in its folder.
ABOUT = "known.json"
ROUNDS, RUNS = 16, 32
#: Runs of a round while the end is far, at least; and how near it is before all are made, in times what will do.
FEWEST, NEAR = 8, 3.0
#: Accounts that references are read from: the smaller a company, the more luck there is in each run of it.
ACCOUNTS, REFERENCE_SEED = 320_000, 11
#: How surely a number has to be known beside its range: its standard error, in halves of the range, and the runs that
#: may be made for it.
SURE, MOST_RUNS = 0.25, 128
#: Luck of the fresh runs that say what came of it.
FRESH_SEED = 10_007
#: A number is met when it is this near to the middle of its range, in halves of the range.
_INSIDE = 0.25


@dataclass(frozen=True)
class Met:
    """A known number and what the company comes to.

    Parameters
    ----------
    known : Known
    before, value, error : float
        Before anything was moved; in fresh runs; and the standard error of that.
    moved : mapping of str to (float, float)
        Settings that were moved for it: from, to.
    why : str
        Why these; or what stands in the way.
    """

    known: Known
    before: float
    value: float
    error: float
    moved: Mapping[str, tuple[float, float]]
    why: str

    @property
    def met(self) -> bool:
        """Whether the fresh runs lie in the range."""
        return bool(self.known.met(self.value))


@dataclass(frozen=True)
class KnownFit:
    """A company that comes to its known numbers, or as near as it can."""

    scenario: Scenario
    numbers: tuple[Met, ...]
    references: Mapping[str, float]
    settled: bool
    rounds: int
    runs: int
    targets: Mapping[str, float] = field(default_factory=dict)

    @property
    def met(self) -> bool:
        """Whether every number is met and the references have come to rest."""
        return self.settled and all(one.met for one in self.numbers)


def read_numbers(known: Sequence[Known], runs: Sequence[Run]) -> dict[str, tuple[float, float]]:
    """Read known numbers off runs: mean over weeks 26 to 156 and the runs, with its standard error."""
    numbers = {}
    for one in known:
        values = np.array([_of_run(one, run) for run in runs])
        values = values[np.isfinite(values)]
        mean = float(values.mean()) if len(values) else math.nan
        alike = len(values) < 2 or float(np.ptp(values)) <= 1e-9 * abs(mean)
        error = 0.0 if alike else float(values.std(ddof=1) / math.sqrt(len(values)))
        numbers[one.name] = (mean, error)
    return numbers


def _of_run(known: Known, run: Run) -> float:
    first = min(FROM, run.weeks - 1)

    def total(column: str, *, start: bool = False) -> float:
        return float(np.sum(run.series(column, start=start)[first:UNTIL]))

    weeks = float(min(run.weeks, UNTIL) - first)
    if known.name == "churn":
        there = float(np.sum(run.series("customers", start=True)[first : first + int(weeks)]))
        hazard = total("churned") / there if there else math.nan
        return float(1.0 - (1.0 - hazard) ** known.weeks)
    if known.name == "referral_share":
        won = total("new_customers")
        return total("referred_new") / won if won else math.nan
    if known.name in ("new_customers", "tickets"):
        return total("new_customers" if known.name == "new_customers" else "contacts") / weeks * known.weeks
    if known.name in ("nps", "csat", "utilisation"):
        column = {"nps": "nps_survey", "csat": "csat_survey"}.get(known.name, known.name)
        return total(column) / weeks
    if known.name == "payback":
        return float(run.summary["cac_payback_months"])  # of the weeks that count: see `_look`
    return _stated(run.scenario, known)


def _stated(scenario: Scenario, known: Known) -> float:
    """Return what the settings themselves say of a number that is one."""
    market, segments = scenario.model.market, scenario.model.segments
    if known.name == "price":
        total = sum(segment.share for segment in segments.values())
        mean = sum(segment.share * segment.spend for segment in segments.values()) / total
        return float(mean * market.price / 52.0 * known.weeks)
    return float(market.accounts if known.name == "market" else market.initial_customers)


def _direct(scenario: Scenario, known: Sequence[Known]) -> dict[str, Any]:
    """Return the settings that are known numbers themselves."""
    changes: dict[str, Any] = {}
    for one in known:
        if one.name == "market":
            changes["market.accounts"] = round(one.value)
        elif one.name == "customers":
            changes["market.initial_customers"] = round(one.value)
        elif one.name == "price":
            factor, segments = one.value / _stated(scenario, one), scenario.model.segments
            spends = {name: float(f"{segment.spend * factor:.6g}") for name, segment in segments.items()}
            changes |= {f"segments.{name}.spend": spend for name, spend in spends.items()}
    return changes


@dataclass
class _Kept:
    """What has been simulated, by the hash of the scenario, so that a search that was killed goes on where it was."""

    folder: Path | None
    about: Mapping[str, Any]
    seen: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.folder is not None and (self.folder / ABOUT).is_file():
            saved = json.loads((self.folder / ABOUT).read_text("utf-8"))
            self.seen = saved["seen"] if saved["engine"] == engine_hash() else {}

    def get(self, key: str, make: Callable[[], Any]) -> Any:
        if key not in self.seen:
            self.seen[key] = make()
            if self.folder is not None:
                self.folder.mkdir(parents=True, exist_ok=True)
                saved = {"engine": engine_hash(), "asked": dict(self.about), "seen": self.seen}
                write_text(self.folder / ABOUT, json.dumps(saved))
        return self.seen[key]


def meet(
    scenario: Scenario,
    *,
    seed: int = 1,
    replicates: int | None = None,
    workers: int | None = None,
    progress: Callable[[str], Any] = lambda text: None,
    folder: Path | None = None,
    asked: Mapping[str, Any] | None = None,
) -> KnownFit:
    """Move settings until a company comes to its known numbers at rest.

    Parameters
    ----------
    scenario : Scenario
        With numbers under ``known``.
    seed : int
    replicates : int, optional
        Luck and number of the runs of a round; as many as the ranges need where none is given.
    workers : int, optional
    progress : callable
        Given a line for people after every round.
    folder : Path, optional
        Where what has been simulated is kept; begun again with it, a search goes on and comes to the same.
    asked : mapping, optional
        Kept with it.
    """
    known, kept = scenario.known, _Kept(folder, asked or {})
    search = _Search(scenario, scenario.with_(_direct(scenario, known)), seed, workers, kept)
    before = search.go(replicates, progress)
    count = search.runs
    rounds, refs, end, levers, stuck = search.rounds, search.references, search.work, search.levers, search.stuck
    progress("measuring fresh runs")
    fresh = kept.get(
        f"fresh {count} {end.hash}", lambda: _look(end, known, FRESH_SEED, count, workers, only_numbers=True)
    )
    numbers = tuple(_met(scenario, end, one, before, fresh["numbers"], levers, rounds, stuck) for one in known)
    targets = find_targets(end, worker_count(workers)) if end.model.incentives.measures else {}
    return KnownFit(
        scenario=end,
        numbers=numbers,
        references=refs,
        settled=search.moved < SETTLED,
        rounds=rounds,
        runs=count,
        targets=targets,
    )


def moved_by(scenario: Scenario) -> set[str]:
    """Return the settings that the known numbers of a company are, or are moved through."""
    own = set(_direct(scenario, scenario.known))
    levers = (LEVERS[one.name].paths(scenario) for one in scenario.known if one.name in LEVERS)
    return own.union(*levers)


def since(begun: Scenario, first: KnownFit, last: KnownFit) -> KnownFit:
    """Return the last of two searches, told from where the first began."""
    numbers = []
    for early, late in zip(first.numbers, last.numbers, strict=True):
        paths = dict.fromkeys((*early.moved, *late.moved))
        moved = {path: (float(begun.get(path)), float(last.scenario.get(path))) for path in paths}
        moved = {path: pair for path, pair in moved.items() if pair[0] != pair[1]}
        numbers.append(replace(late, before=early.before, moved=moved))
    return replace(last, numbers=tuple(numbers), rounds=first.rounds + last.rounds)


@dataclass
class _Search:
    """A search under way.

    Parameters
    ----------
    start, work : Scenario
        The company as it came, and as it is now.
    seed : int
    workers : int or None
    kept : _Kept
    """

    start: Scenario
    work: Scenario
    seed: int
    workers: int | None
    kept: "_Kept"
    levers: dict[str, Lever] = field(default_factory=dict)
    stuck: dict[str, float] = field(default_factory=dict)
    references: dict[str, float] = field(default_factory=dict)
    moved: float = math.inf
    rounds: int = 0
    runs: int = 0
    _asked: set[str] = field(default_factory=set)
    _last: dict[str, tuple[float, float]] = field(default_factory=dict)
    _seen: dict[str, tuple[float, float]] = field(default_factory=dict)
    _mixing: Mixing = field(default_factory=Mixing)

    def go(self, replicates: int | None, progress: Callable[[str], Any]) -> dict[str, tuple[float, float]]:
        """Search with few runs until the end is near, then with all of them; return what the first round read."""
        known, few = self.start.known, FEWEST if replicates is None else min(FEWEST, replicates)
        self.runs = replicates or 0
        self.levers = {
            one.name: LEVERS[one.name] for one in known if one.name in LEVERS and not in_the_way(self.work, one.name)
        }
        first: dict[str, tuple[float, float]] = {}
        runs, nearest, best = few, math.inf, self.work
        for self.rounds in range(1, ROUNDS + 1):
            read = self.look(runs)
            first = first or read
            off = {
                one.name: (read[one.name][0] - one.value) / _half(one)
                for one in known
                if one.name in self.levers and one.name not in self.stuck
            }
            progress(_said(self.rounds, known, read, off, self.moved))
            away = max([self.moved / SETTLED, *(abs(x) / _INSIDE for x in off.values())])
            if away <= nearest:
                nearest, best = away, self.work
            if away < NEAR and replicates is None:
                self.runs = max(self.runs, _enough(known, read, runs))  # what few runs say of luck is luck itself
            if away < 1.0 and runs == self.runs:
                break
            if away < NEAR and runs < self.runs:
                runs, nearest = self.runs, math.inf
                continue
            self.step([one for one in known if one.name in off], {name: pair[0] for name, pair in read.items()}, few)
        if self.work is not best:
            self.work = best
            self.look(runs)
        self.runs = self.runs or _enough(known, read, runs)
        return first

    def look(self, runs: int) -> dict[str, tuple[float, float]]:
        """Read the numbers and the references of the company as it is now."""
        look = partial(_look, self.work, self.start.known, self.seed, runs, self.workers)
        reading = self.kept.get(f"round {runs} {self.work.hash}", look)
        self.references = {path: pair[0] for path, pair in reading["references"].items()}
        for path, value in self.references.items():
            now = float(self.work.get(path))
            low, high = self._seen.get(path, (now, now))
            self._seen[path] = min(low, value), max(high, value)
        sure = {path: 2.0 * pair[1] for path, pair in reading["references"].items()}
        self.moved = max(
            (abs(x) for path, x in self.from_references().items() if abs(x) > sure[path] / self.scale(path)),
            default=0.0,
        )
        return {name: (pair[0], pair[1]) for name, pair in reading["numbers"].items()}

    def scale(self, path: str) -> float:
        """Return what a reference is measured by: 1, or itself where it is larger."""
        return max(1.0, abs(self.references[path]))

    def from_references(self) -> dict[str, float]:
        """Return how far each reference is from what it would have to be, absolutely or as a share of itself."""
        return {
            path: (value - float(self.work.get(path))) / self.scale(path) for path, value in self.references.items()
        }

    def step(self, known: Sequence[Known], read: Mapping[str, float], few: int) -> None:
        """Move the settings and the references together."""
        for one in known:
            if self.answers_no_more(one, read[one.name], few):
                # what does not answer goes back to where it was: a company is not bent for a number it cannot meet
                self.stuck[one.name] = read[one.name]
                paths = self.levers[one.name].paths(self.start)
                self.work = self.work.with_({path: float(self.start.get(path)) for path in paths})
                self._mixing.forget()
        known = [one for one in known if one.name not in self.stuck]
        moves, apart = steps(known, read), self.from_references()
        stood = {one.name: self.levers[one.name].at(self.work) for one in known}
        here = [*stood.values(), *(float(self.work.get(path)) / self.scale(path) for path in apart)]
        there = self._mixing.next(here, [*moves.values(), *apart.values()])
        changes: dict[str, Any] = {}
        for one, place in zip(known, there, strict=False):
            self._last[one.name] = read[one.name], stood[one.name]
            by = min(max(float(place) - stood[one.name], -MOST), MOST)
            changes |= self.levers[one.name].moved(self.work, by)
        for path, place in zip(apart, there[len(known) :], strict=True):
            low, high = self._seen[path]  # nowhere where none has been seen
            changes[path] = min(max(float(place) * self.scale(path), low), high)
        self.work = self.work.with_(changes)

    def answers_no_more(self, one: Known, value: float, few: int) -> bool:
        """Tell whether a large step of a setting does next to nothing to its number, asked alone where it seems so."""
        lever, last = self.levers[one.name], self._last.get(one.name)
        if last is None or lever.shift or one.name in self._asked or not (value > 0.0 and last[0] > 0.0):
            return False
        by = lever.at(self.work) - last[1]
        if abs(by) <= 0.4 or abs(math.log(value / last[0])) >= 0.12 * abs(by):
            return False
        self._asked.add(one.name)
        alone = self.work.with_(lever.moved(self.work, MOST if one.value > value else -MOST))
        look = partial(_look, alone, [one], self.seed, few, self.workers, only_numbers=True)
        other = self.kept.get(f"alone {few} {alone.hash}", look)["numbers"][one.name][0]
        by = lever.at(alone) - lever.at(self.work)
        return abs(by) > 0.1 and (other <= 0.0 or abs(math.log(other / value)) < 0.12 * abs(by))


def _look(
    scenario: Scenario,
    known: Sequence[Known],
    seed: int,
    replicates: int,
    workers: int | None,
    *,
    only_numbers: bool = False,
) -> dict[str, Any]:
    """Run a company and read its known numbers and what its references would have to be."""
    horizon = min(UNTIL, scenario.model.horizon_weeks)
    at_rest = {"horizon_weeks": horizon, "measures.warm_up_weeks": min(FROM, horizon - 1)}
    runs = batch([lent(scenario.with_(at_rest))], replicates=replicates, seed=seed, workers=workers)[0]
    numbers = {name: list(pair) for name, pair in read_numbers(known, runs).items()}
    if only_numbers:
        return {"numbers": numbers}
    enough = min(max(ACCOUNTS // scenario.model.market.accounts, FEWEST), RUNS)
    luck = [(REFERENCE_SEED, k) for k in range(enough)]
    each = references_of([scenario] * enough, luck, paired=True, workers=workers)
    refs = {}
    for path in each[0]:
        values = np.array([one[path] for one in each])
        refs[path] = [round(float(values.mean()), 4), float(values.std(ddof=1) / math.sqrt(enough))]
    return {"numbers": numbers, "references": refs}


def _enough(known: Sequence[Known], read: Mapping[str, tuple[float, float]], runs: int) -> int:
    """Return how many runs say surely enough whether numbers lie in their ranges, from what these said."""
    needed = [runs * (read[one.name][1] / (SURE * _half(one))) ** 2 for one in known]
    return min(max(RUNS, *(math.ceil(one) for one in needed if math.isfinite(one))), MOST_RUNS)


def _half(one: Known) -> float:
    return max((one.high - one.low) / 2.0, 1e-12)


def _met(
    start: Scenario,
    end: Scenario,
    one: Known,
    before: Mapping[str, Any],
    fresh: Mapping[str, Any],
    levers: Mapping[str, Lever],
    rounds: int,
    stuck: Mapping[str, float],
) -> Met:
    value, error = fresh[one.name]
    paths: Sequence[str] = tuple(_direct(start, [one])) or (levers[one.name].paths(end) if one.name in levers else ())
    moved = {path: pair for path in paths if (pair := (float(start.get(path)), float(end.get(path))))[0] != pair[1]}
    why = levers[one.name].why if one.name in levers else "the setting itself" if paths else in_the_way(end, one.name)
    if one.name in levers and not one.met(value):
        ends = [path for path, (_, now) in moved.items() if now in (levers[one.name].low, levers[one.name].high)]
        if one.name in stuck:
            listed = " and ".join(levers[one.name].paths(end))
            why = f"{listed} moves it no further than to {stuck[one.name]:.4g}; left as it was, for it has other causes"
        elif ends:
            why = f"{ends[0]} is at its end"
        elif rounds < ROUNDS:
            why = f"met in the search, but luck moves it by {error:.2g}: take more --replicates"
        else:
            why = f"it still moves after {ROUNDS} rounds: other numbers pull against it"
        if one.name == "churn" and end.model.contracts.involuntary > 0 and value > one.high:
            why += "; failed payments (contracts.involuntary) are part of it"
    return Met(
        known=one, before=float(before[one.name][0]), value=float(value), error=float(error), moved=moved, why=why
    )


def _said(n: int, known: Sequence[Known], read: Mapping[str, Any], off: Mapping[str, float], moved: float) -> str:
    listed = ", ".join(f"{one.name} {read[one.name][0]:.4g}" for one in known if one.name in off)
    return f"round {n}: {listed or 'nothing to move'}; references moved by {moved:.2g}"


def as_file(fit: KnownFit, base: Scenario, spec: str, out: Path) -> str:
    """Return the text of a scenario file that extends ``spec`` and comes to its known numbers.

    Parameters
    ----------
    fit : KnownFit
    base : Scenario
        What ``spec`` is, as it was read.
    spec : str
    out : Path
        Where the text is to stand.
    """
    end = fit.scenario.targeted(fit.targets) if fit.targets else fit.scenario
    before, after = base.resolved(), end.resolved()
    for one in before["incentives"]["measures"].values():
        one["target"] = None  # every target is written, also one that is what the parent's happens to be
    targets = {}
    for one in fit.numbers:
        name = {
            "churn": "churn_monthly" if one.known.weeks < 6 else "churn_annual",
            "payback": "cac_payback_months",
        }.get(one.known.name, one.known.name)
        if name in QUANTITIES:
            targets[name] = {
                "low": one.known.low, "high": one.known.high, "source": f"known: {one.known.said}", "evidence": "M",
                "achieved": float(f"{one.value:.4g}"), "error": float(f"{one.error:.2g}"),
            }  # fmt: skip
    after["frozen"] = {
        "hash": end.hash, "engine": engine_hash(), "seed": FRESH_SEED, "replicates": fit.runs, "targets": targets
    }  # fmt: skip
    lines = [f"{base.title}, with settings at which it comes to what is known of it. Fresh runs, weeks 26 to 156:"]
    for one in fit.numbers:
        came = f"{one.known.name}: {one.known.said}; comes to {one.value:.5g} +- {one.error:.2g}"
        lines.append(came if one.met else f"{came}: NOT MET, {one.why}")
    head = "".join(f"# {line}\n" for line in lines)
    return head + changes_as_yaml(seen_from(spec, out.parent), before, {**after, "title": base.title})
