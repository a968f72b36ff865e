"""Targets of what teams are paid on: what a measure comes to in a company's own base case.

A scenario may pay a bonus on a measure without saying at which value it is paid in full.  Then its company's base case
is run, and the target is set so that the bonus comes to what it is at target: a score of 1 on average over weeks, runs
and the heads that can be scored.  Weekly columns and what effort moves are read off runs in which nobody works for a
bonus, so that one batch of runs serves every measure.  What is found is kept, by base case and version of the engine.
"""

import hashlib
import json
import math
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.engine.cache_root import cache_root
from flywheel_sim.engine.fingerprint import engine_hash
from flywheel_sim.engine.run import Simulation
from flywheel_sim.scenario import Scenario
from flywheel_sim.scenario.columns import COL
from flywheel_sim.scenario.errors import Problem, ScenarioError
from flywheel_sim.scenario.measures import silent, without_target

__all__ = ["Reading", "find_targets", "payout_shares", "readings", "target_of", "with_targets"]

Floats = NDArray[np.float64]

#: Luck and number of the runs that a base case is read from, and the accounts of all of them together at most.
SEED, RUNS, ACCOUNTS = 11, 8, 4_000_000
#: A target pays what is paid at target as nearly as this.
CLOSE = 0.005
#: The targets that a file may state.
_LOW, _HIGH = 1e-6, 1e12


class Reading(NamedTuple):
    """What a measure reads in a base case.

    Parameters
    ----------
    values : float64 array, shape (runs, weeks, teams)
        One column where it is the same for all teams; NaN where there is nothing to read and the score is 1.
    weights : float64 array, shape (runs, weeks, teams)
        Heads that are scored.
    lower : bool
        Whether less is better.
    traded : float
        Share of the score that is 1 whatever was done.
    teams : tuple of str
        The teams of the last axis; empty where the values are the same for all.
    """

    values: Floats
    weights: Floats
    lower: bool
    traded: float = 0.0
    teams: tuple[str, ...] = ()

    def score(self, target: float) -> float:
        """Return the mean score at a target: 1 is the bonus at target."""
        return _mean(self.scores(target), self.weights)

    def scores(self, target: float) -> Floats:
        """Return scores at a target, in the shape of the values."""
        done = 2.0 - self.values / target if self.lower else self.values / target
        scores = self.traded + (1.0 - self.traded) * np.clip(done, 0.0, 2.0)
        return np.where(np.isnan(scores), 1.0, scores)


def _mean(scores: Floats, weights: Floats) -> float:
    """Return the mean over runs of each run's mean over weeks and heads."""
    total = weights.sum(axis=(1, 2))
    if not (total > 0).all():
        return math.nan
    return float(np.mean((scores * weights).sum(axis=(1, 2)) / total))


def readings(base: Scenario, threads: int = 1, seed: int = SEED, runs: int = RUNS) -> dict[str, Reading]:
    """Read every measure of a base case over its whole horizon.

    Parameters
    ----------
    base : Scenario
    threads : int
    seed, runs : int
        Luck, and number of runs; fewer where a company is large.
    """
    model = base.model
    few = max(2, min(runs, ACCOUNTS // max(model.market.accounts, 1)))
    simulation = Simulation([model], [(0, seed, k) for k in range(few)], keep_teams=False)
    state, tables, size = simulation.state, simulation.program.tables, simulation.program.par[0]["size"]
    teams, axes = int(size["teams"]), int(size["axes"])
    names = tuple(model.teams)
    own = {name: one for name, one in model.incentives.measures.items() if not one.columns and teams}
    moved = {name: np.zeros((few, simulation.horizon, teams)) for name in own}
    heads = np.zeros((few, simulation.horizon, teams))
    scored = {name: np.ones(teams) for name in own}
    for name, one in own.items():
        if one.peers:
            scored[name] = (tables.partner[:teams, :teams].sum(axis=1) > 0).astype(float)
    gradients = {name: np.array([one.gradient.get(axis, 0.0) for axis in model.axes]) for name, one in own.items()}
    craft = tables.craft[:teams, :axes]
    while simulation.week < simulation.horizon:
        week = simulation.week
        simulation.advance(1, threads=threads)
        for q in range(few):
            first = int(state.run[q]["team0"])
            rows = slice(first, first + teams)
            heads[q, week] = state.heads[rows]
            effort, toward = state.pay[rows, :axes], state.direction[rows, :axes]
            partners = tables.partner[:teams, :teams] @ toward if teams else toward
            length = np.sqrt((partners * partners).sum(axis=1, keepdims=True))
            partners = np.divide(partners, length, out=np.zeros_like(partners), where=length > 0)
            for name, one in own.items():
                g = gradients[name] + one.craft * craft + one.map * state.belief[rows, :axes] + one.peers * partners
                moved[name][q, week] = (g * effort).sum(axis=1) / (1.0 + state.overload[rows])
    weekly = np.array([simulation.arrays(q).weekly for q in range(few)])
    all_heads = heads.sum(axis=2, keepdims=True) if teams else np.ones((few, simulation.horizon, 1))
    by_measure: dict[str, Reading] = {}
    for name, one in model.incentives.measures.items():
        lower = one.better == "lower"
        if name in own:
            traded = model.incentives.collusion if one.peers else 0.0
            by_measure[name] = Reading(moved[name], heads * scored[name], lower, traded, names)
        elif one.columns:
            by_measure[name] = Reading(_taken(weekly, one)[:, :, None], all_heads, lower)
    return by_measure


def _taken(weekly: Floats, measure: Any) -> Floats:
    """Read a measure of weekly columns in every week, from the weeks before it; NaN where there is nothing to read."""
    runs, weeks, _ = weekly.shape
    sums = np.zeros((2, runs, weeks + 1))
    for part, columns in enumerate((measure.columns, measure.per)):
        for column, weight in columns.items():
            sums[part, :, 1:] += weight * np.cumsum(weekly[:, :, getattr(COL, column)], axis=1)
    last = np.arange(weeks)
    first = np.maximum(0, last - measure.over_weeks)
    above, below = (part[:, last] - part[:, first] for part in sums)
    if not measure.per:
        below = np.broadcast_to((last - first).astype(np.float64), above.shape)
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below != 0)


def target_of(reading: Reading) -> float | None:
    """Return the target at which a measure pays what is paid at target; None where no target does."""
    if not np.isfinite(reading.values).any() or not np.any(np.nan_to_num(reading.values) != 0):
        return None
    low, high = math.log(_LOW), math.log(_HIGH)
    for _ in range(80):
        middle = (low + high) / 2
        pays_more = reading.score(math.exp(middle)) > 1.0
        if pays_more != reading.lower:
            low = middle
        else:
            high = middle
    target = float(f"{math.exp((low + high) / 2):.4g}")
    good = _LOW <= target <= _HIGH and abs(reading.score(target) - 1.0) <= CLOSE
    return target if good else None


def find_targets(base: Scenario, threads: int = 1) -> dict[str, float]:
    """Find the targets of a base case by measure, from the cache or from runs; a measure that has none is left out."""
    base = _at_rest(base)
    return dict(_targets(base, max(1, threads)))


@lru_cache(maxsize=64)
def _targets(base: Scenario, threads: int) -> tuple[tuple[str, float], ...]:
    kept = _kept(base)
    if kept is not None:
        with suppress(OSError, ValueError):
            return tuple((str(k), float(v)) for k, v in json.loads(kept.read_text("utf-8")).items())
    right = {name: target_of(one) for name, one in readings(base, threads).items()}
    targets = {name: value for name, value in right.items() if value is not None}
    if kept is not None:
        with suppress(OSError):
            from flywheel_sim.files import write_text

            kept.parent.mkdir(parents=True, exist_ok=True)
            write_text(kept, json.dumps(targets))
    return tuple(targets.items())


def _kept(base: Scenario) -> Path | None:
    """Return where the targets of a base case are kept."""
    try:
        folder = cache_root()
    except RuntimeError:
        return None
    name = hashlib.sha256(f"{base.hash} {engine_hash()} {SEED} {RUNS}".encode()).hexdigest()[:32]
    return folder / "targets" / f"{name}.json" if folder is not None else None


def _at_rest(base: Scenario) -> Scenario:
    """Return a base case in which nobody is paid on anything: what measures come to by themselves."""
    paid = {name: change for name, change in base.model.timeline.changes.items() if _pays(change.values)}
    pay = {f"timeline.changes.{name}": None for name in paid}
    return base.with_({"incentives.enabled": True, "incentives.pay": {}, **pay})


def _pays(values: Iterable[str]) -> bool:
    return any(path == "incentives" or path.startswith("incentives.pay") for path in values)


def with_targets(scenario: Scenario, threads: int = 1, tell: Callable[[str], Any] = lambda text: None) -> Scenario:
    """Return a scenario with a target for everything a bonus is paid on.

    Parameters
    ----------
    scenario : Scenario
    threads : int
        For the runs of its base case, where its targets have to be found.
    tell : callable
        Given a line for people where targets are found.

    Returns
    -------
    Scenario
        The same one where no target is lacking.

    Raises
    ------
    ScenarioError
        When a bonus is paid on a measure that has no target here: what it reads plays no part, or is now above and now
        below 0.
    """
    lacking = without_target(scenario)
    if not lacking:
        return scenario
    base = scenario.base()
    targets = find_targets(base, threads)
    problems = []
    for name in lacking:
        if name in targets:
            continue
        why = silent(base.model, name)
        if not why:
            why = "what it reads in the base case allows no target (it is nothing, or on both sides of 0)"
        message = f"nobody can be paid on '{name}' here: {why}"
        problems.append(Problem(None, None, None, f"incentives.measures.{name}", message))
    if problems:
        raise ScenarioError(problems)
    complete = scenario.targeted({name: targets[name] for name in lacking})
    tell(complete.target_note)
    return complete


def payout_shares(scenario: Scenario, threads: int = 1) -> dict[str, float]:
    """Return what each paid team's bonus is expected to come to at the base case, as a share of the bonus at target.

    Parameters
    ----------
    scenario : Scenario
        With its targets in place.
    """
    base = _at_rest(scenario.base())
    read, inc = readings(base, threads), scenario.model.incentives
    names, shares = tuple(scenario.model.teams), {}
    for team, pay in inc.pay.items():
        total = weight = 0.0
        for name, share in pay.on.items():
            one, target = read.get(name), inc.measures[name].target
            if one is None or target is None:
                continue
            column = slice(None) if not one.teams else slice(names.index(team), names.index(team) + 1)
            score = _mean(one.scores(target)[:, :, column], one.weights[:, :, column])
            if not math.isnan(score):
                total, weight = total + share * score, weight + abs(share)
        shares[team] = min(max(total / weight, 0.0), 2.0) if weight else 0.0
    return shares
