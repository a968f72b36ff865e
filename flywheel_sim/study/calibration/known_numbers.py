"""Find settings with which a company comes to the numbers that are known of it.

Some numbers are settings themselves (customers at the start, the market, the price).  Every other has one setting that
moves it more directly than any other, and is moved through it: churn through the propensity to leave, referrals through
the rate of word of mouth.  Round by round the company is run, each setting is moved by how far its number is off, and
the references of the base case are set again, until all numbers lie well inside their ranges and the references have
come to rest.  Then fresh runs with luck of their own say what came of it.
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
from flywheel_sim.engine.targets import found_targets
from flywheel_sim.execute.run import batch, worker_count
from flywheel_sim.files import write_text
from flywheel_sim.results import Run
from flywheel_sim.scenario import Scenario
from flywheel_sim.scenario.blocks.frozen import QUANTITIES
from flywheel_sim.scenario.composing import seen_from
from flywheel_sim.scenario.known import Known
from flywheel_sim.scenario.writing import changes_as_yaml
from flywheel_sim.study.calibration.freezing import FROM, SETTLED, UNTIL, references

__all__ = ["ABOUT", "KnownFit", "Met", "as_file", "meet", "moved_by", "read_numbers", "since"]

#: What is kept of an unfinished search, in its folder.
ABOUT = "known.json"
ROUNDS, RUNS, FRESH = 14, 32, 32
#: Luck of the fresh runs that say what came of it.
FRESH_SEED = 10_007
#: A number is met when it is this near to the middle of its range, in halves of the range.
_INSIDE = 0.5
#: A setting moves by at most this in a round, as a logarithm.
_STEP = 0.7


@dataclass(frozen=True)
class Lever:
    """The setting that a number is moved through.

    Parameters
    ----------
    paths : callable
        Scenario -> dotted paths that are moved together.
    why : str
        Why this one.
    low, high : float
        Where it ends.
    slope : float
        How the number answers at first: d log number / d log setting, or points per unit where ``shift``.
    needs : tuple of str
        Switches that have to be on.
    shift : bool
        Whether it is added to, not multiplied.
    """

    paths: Callable[[Scenario], tuple[str, ...]]
    why: str
    low: float
    high: float
    slope: float = 1.0
    needs: tuple[str, ...] = ()
    shift: bool = False


def _service_hours(scenario: Scenario) -> tuple[str, ...]:
    points = scenario.model.journey.touchpoints
    served = [name for name, one in points.items() if one.stage == "service" and one.hours]
    return tuple(f"journey.touchpoints.{name}.hours" for name in served)


def _contacts(scenario: Scenario) -> tuple[str, ...]:
    points = scenario.model.journey.touchpoints
    lived = [name for name, one in points.items() if one.stage in ("onboarding", "use") and one.rate]
    return tuple(f"journey.touchpoints.{name}.base_success" for name in lived)


def _always(*paths: str) -> Callable[[Scenario], tuple[str, ...]]:
    return lambda scenario: paths


LEVERS: dict[str, Lever] = {
    "churn": Lever(_always("market.churn.mean"), "how readily customers leave", 1e-6, 0.95, 0.8),
    "new_customers": Lever(
        _always("market.external"), "how many come from outside, whatever customers say", 1e-9, 0.5, 0.8,
        ("market.enabled",),
    ),
    "referral_share": Lever(
        _always("word_of_mouth.rate"), "how often customers bring others", 1e-7, 2.0, 0.6, ("word_of_mouth.enabled",)
    ),
    "nps": Lever(
        _always("sensing.promoter_above", "sensing.detractor_below"), "where answers count as promoters and detractors",
        0.0, 1.0, -250.0, ("sensing.enabled", "relationship.enabled"), True,
    ),
    "csat": Lever(
        _contacts, "how often contacts go well", 0.02, 0.99, 0.7, ("sensing.enabled", "journey.enabled")
    ),
    "tickets": Lever(
        _always("service.issues"), "how often customers have an issue", 1e-6, 100.0, 1.0, ("service.enabled",)
    ),
    "utilisation": Lever(_service_hours, "how long an issue takes", 1e-3, 100.0, 0.9, ("service.enabled",)),
    "payback": Lever(
        _always("ledger.cost_per_win"), "what winning a customer costs", 0.0, 1e6, 0.7, ("ledger.enabled",)
    ),
}  # fmt: skip


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
    targets: Mapping[str, float] = field(default_factory=dict)

    @property
    def met(self) -> bool:
        """Whether every number is met and the references have come to rest."""
        return self.settled and all(one.met for one in self.numbers)


def read_numbers(known: Sequence[Known], runs: Sequence[Run]) -> dict[str, tuple[float, float]]:
    """Read known numbers off runs: mean over weeks 26 to 156 and the runs, with its standard error."""
    found = {}
    for one in known:
        values = np.array([_of_run(one, run) for run in runs])
        values = values[np.isfinite(values)]
        mean = float(values.mean()) if len(values) else math.nan
        error = float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else 0.0
        found[one.name] = (mean, error)
    return found


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
            told = json.loads((self.folder / ABOUT).read_text("utf-8"))
            self.seen = told["seen"] if told["engine"] == engine_hash() else {}

    def get(self, key: str, make: Callable[[], Any]) -> Any:
        if key not in self.seen:
            self.seen[key] = make()
            if self.folder is not None:
                self.folder.mkdir(parents=True, exist_ok=True)
                told = {"engine": engine_hash(), "asked": dict(self.about), "seen": self.seen}
                write_text(self.folder / ABOUT, json.dumps(told))
        return self.seen[key]


def meet(
    scenario: Scenario,
    *,
    seed: int = 1,
    replicates: int = RUNS,
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
    seed, replicates : int
        Luck and number of the runs of a round.
    workers : int, optional
    progress : callable
        Given a line for people after every round.
    folder : Path, optional
        Where what has been simulated is kept; begun again with it, a search goes on and comes to the same.
    asked : mapping, optional
        Kept with it.
    """
    known, kept = scenario.known, _Kept(folder, asked or {})
    work = scenario.with_(_direct(scenario, known))
    levers = {one.name: LEVERS[one.name] for one in known if one.name in LEVERS and not _in_the_way(work, one.name)}
    slopes = {name: lever.slope for name, lever in levers.items()}
    before: dict[str, tuple[float, float]] = {}
    last: dict[str, tuple[float, float]] = {}
    refs: dict[str, float] = {}
    stuck: dict[str, float] = {}
    moved, rounds = math.inf, 0
    for rounds in range(1, ROUNDS + 1):
        look = partial(_look, work, known, seed, replicates, workers)
        told = kept.get(f"round {work.hash}", look)
        read, refs = {name: tuple(pair) for name, pair in told["numbers"].items()}, told["references"]
        before = before or read
        steps = {path: abs(value - work.get(path)) / max(1.0, abs(value)) for path, value in refs.items()}
        moved = max(steps.values(), default=0.0)
        off = {
            name: (read[name][0] - one.value) / _half(one)
            for one in known
            if (name := one.name) in levers and name not in stuck
        }
        progress(_said(rounds, known, read, off, moved))
        if moved < SETTLED and all(abs(x) <= _INSIDE for x in off.values()):
            break
        changes: dict[str, Any] = dict(refs)
        for one in known:
            if one.name not in off or not math.isfinite(read[one.name][0]):
                continue
            now, lever = read[one.name][0], levers[one.name]
            if _answers_no_more(lever, now, last.get(one.name)):
                # what does not answer goes back to where it was: a company is not bent for a number it cannot meet
                stuck[one.name] = now
                changes |= {path: float(scenario.get(path)) for path in lever.paths(scenario)}
                continue
            step, slopes[one.name] = _step(one, lever, now, slopes[one.name], last.get(one.name))
            last[one.name] = (now, step)
            if abs(off[one.name]) > _INSIDE / 2:
                changes |= _moved(work, lever, step)
            else:
                last.pop(one.name)
        work = work.with_(changes)
    progress("measuring fresh runs")
    end = work
    fresh = kept.get(f"fresh {end.hash}", lambda: _look(end, known, FRESH_SEED, FRESH, workers, only_numbers=True))
    numbers = tuple(_met(scenario, end, one, before, fresh["numbers"], levers, rounds, stuck) for one in known)
    targets = found_targets(end, worker_count(workers)) if end.model.incentives.measures else {}
    return KnownFit(end, numbers, refs, moved < SETTLED, rounds, targets)


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


def _look(
    scenario: Scenario, known: Sequence[Known], seed: int, replicates: int, workers: int | None, *,
    only_numbers: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Run a company and read its known numbers and what its references would have to be."""
    horizon = min(UNTIL, scenario.model.horizon_weeks)
    at_rest = {"horizon_weeks": horizon, "measures.warm_up_weeks": min(FROM, horizon - 1)}
    runs = batch([scenario.with_(at_rest)], replicates=replicates, seed=seed, workers=workers)[0]
    numbers = {name: list(pair) for name, pair in read_numbers(known, runs).items()}
    return {"numbers": numbers, "references": {} if only_numbers else references(scenario, workers=workers)}


def _half(one: Known) -> float:
    return max((one.high - one.low) / 2.0, 1e-12)


def _step(
    one: Known, lever: Lever, value: float, slope: float, last: tuple[float, float] | None
) -> tuple[float, float]:
    """Say how far to move a setting, and how its number answers as far as the last step told."""
    if lever.shift:
        if last is not None and abs(last[1]) > 1e-4:
            slope = _near(lever.slope, (value - last[0]) / last[1], slope)
        return min(max((one.value - value) / slope, -0.15), 0.15), slope
    if value <= 0.0:
        return _STEP, slope
    if last is not None and last[0] > 0.0 and abs(last[1]) > 1e-3:
        slope = _near(lever.slope, math.log(value / last[0]) / last[1], slope)
    return min(max(math.log(one.value / value) / slope, -_STEP), _STEP), slope


def _answers_no_more(lever: Lever, value: float, last: tuple[float, float] | None) -> bool:
    """Tell whether a large step of a setting did next to nothing to its number."""
    if last is None or lever.shift or value <= 0.0 or last[0] <= 0.0:
        return False
    return abs(last[1]) > 0.4 and abs(math.log(value / last[0])) < 0.12 * abs(last[1])


def _near(first: float, seen: float, kept: float) -> float:
    """Take half of what was seen, where it is believable beside what was thought at first."""
    share = seen / first
    return 0.5 * kept + 0.5 * seen if 0.15 < share < 4.0 else kept


def _moved(scenario: Scenario, lever: Lever, step: float) -> dict[str, float]:
    values = {path: float(scenario.get(path)) for path in lever.paths(scenario)}
    if lever.shift:
        low = max(-min(values.values()), lever.low - 1.0)
        step = min(max(step, low), 1.0 - max(values.values()))
        return {path: value + step for path, value in values.items()}
    return {path: min(max(value * math.exp(step), lever.low), lever.high) for path, value in values.items()}


def _in_the_way(scenario: Scenario, name: str) -> str:
    """Say why a number cannot be moved here; empty where it can."""
    if name in ("market", "customers", "price"):
        return ""
    if name not in LEVERS:
        return "no setting moves it alone; it is only looked at"
    off = [path for path in LEVERS[name].needs if scenario.get(path) is False]
    if off:
        return f"{' and '.join(off)} {'is' if len(off) == 1 else 'are'} false"
    nothing = "no touchpoint in use" if name == "csat" else "no touchpoint of the stage service has hours"
    return "" if LEVERS[name].paths(scenario) else nothing


def _met(
    start: Scenario, end: Scenario, one: Known, before: Mapping[str, Any], fresh: Mapping[str, Any],
    levers: Mapping[str, Lever], rounds: int, stuck: Mapping[str, float],
) -> Met:  # fmt: skip
    value, error = fresh[one.name]
    paths: Sequence[str] = tuple(_direct(start, [one])) or (levers[one.name].paths(end) if one.name in levers else ())
    moved = {path: pair for path in paths if (pair := (float(start.get(path)), float(end.get(path))))[0] != pair[1]}
    why = levers[one.name].why if one.name in levers else "the setting itself" if paths else _in_the_way(end, one.name)
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
    return Met(one, float(before[one.name][0]), float(value), float(error), moved, why)


def _said(n: int, known: Sequence[Known], read: Mapping[str, Any], off: Mapping[str, float], moved: float) -> str:
    listed = ", ".join(f"{one.name} {read[one.name][0]:.4g}" for one in known if one.name in off)
    return f"round {n}: {listed or 'nothing to move'}; references moved by {moved:.2g}"


def as_file(fit: KnownFit, base: Scenario, spec: str, out: Path, seed: int) -> str:
    """Return the text of a scenario file that extends ``spec`` and comes to its known numbers.

    Parameters
    ----------
    fit : KnownFit
    base : Scenario
        What ``spec`` is, as it was read.
    spec : str
    out : Path
        Where the text is to stand.
    seed : int
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
        "hash": end.hash, "engine": engine_hash(), "seed": FRESH_SEED, "replicates": FRESH, "targets": targets
    }  # fmt: skip
    lines = [f"{base.title}, with settings at which it comes to what is known of it. Fresh runs, weeks 26 to 156:"]
    for one in fit.numbers:
        came = f"{one.known.name}: {one.known.said}; comes to {one.value:.5g} +- {one.error:.2g}"
        lines.append(came if one.met else f"{came}: NOT MET, {one.why}")
    head = "".join(f"# {line}\n" for line in lines)
    return head + changes_as_yaml(seen_from(spec, out.parent), before, {**after, "title": base.title})
