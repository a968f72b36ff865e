"""The engine against its rivals: the same laws as Mesa agents and as NumPy columns, first compared, then timed.

The core (M1-M8 and M23) of a company runs many times in the engine and in a rival, each with its own luck.  Means of
what matters at several weeks are held against each other by Welch's t test, adjusted by Holm, so that the chance that a
rival with the same laws is accused of anything is at most :data:`FALSE_ALARM`.  Only then is it timed.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.core import core_of
from benchmarks.timing import interleaved
from flywheel_sim.engine.run import Simulation
from flywheel_sim.results.intervals import holm
from flywheel_sim.scenario import Scenario
from flywheel_sim.scenario.columns import COL

__all__ = ["FALSE_ALARM", "READ", "RIVALS", "Agreement", "Race", "agreement", "race", "readings"]

#: Chance that a rival with the same laws fails the comparison.
FALSE_ALARM = 0.001

#: What is compared, and whether it is added up over the weeks before.
READ = {
    "customers": False, "advocates": False, "detractors": False, "former": False, "relationship": False,
    "effort": False, "experience": False, "spend": False, "backlog": False, "cash": False, "leads": True,
    "new_customers": True, "referred_new": True, "won_back": True, "churned": True, "expansions": True,
    "handled": True, "revenue": True,
}  # fmt: skip

Floats = NDArray[np.float64]


class Rival(Protocol):
    """What a rival can do: a week, and tell what has happened."""

    rows: list[dict[str, float]]

    def step(self) -> None:
        """Live through one week."""


def _agents(scenario: Scenario, seed: int) -> Rival:
    from benchmarks.agents import CoreModel

    return CoreModel(scenario, seed)


def _columns(scenario: Scenario, seed: int) -> Rival:
    from benchmarks.columns import Columns

    return Columns(scenario, seed)


#: How to build each rival for a scenario and a seed.
RIVALS: dict[str, Callable[[Scenario, int], Rival]] = {"agents": _agents, "columns": _columns}


@dataclass(frozen=True)
class Agreement:
    """Engine and rival over many runs.

    Attributes
    ----------
    quantities : list of str
        ``customers 26``: the column and the week.
    engine, rival : float64 arrays
        Means.
    p : float64 array
        Welch's p values, adjusted by Holm.
    """

    quantities: list[str]
    engine: Floats
    rival: Floats
    p: Floats

    @property
    def apart(self) -> list[str]:
        """Quantities in which the two differ, in words."""
        rows = zip(self.quantities, self.engine, self.rival, self.p, strict=True)
        return [f"{name}: engine {a:.6g}, rival {b:.6g}" for name, a, b, p in rows if p < FALSE_ALARM]

    @property
    def ok(self) -> bool:
        """Whether no difference was found."""
        return not self.apart


def readings(weekly: dict[str, Floats], weeks: Sequence[int]) -> Floats:
    """Compared numbers of one run: every column of :data:`READ` at every week.

    Examples
    --------
    >>> run = {name: np.array([1.0, 2.0, 3.0]) for name in READ}
    >>> readings(run, [3])[[0, -1]].tolist()
    [3.0, 6.0]
    """
    at = np.array(weeks) - 1
    return np.concatenate([(np.cumsum(weekly[name]) if added else weekly[name])[at] for name, added in READ.items()])


def agreement(
    rival: Callable[[Scenario, int], Rival],
    scenario: Scenario,
    *,
    replicates: int = 20,
    weeks: Sequence[int] = (13, 26, 53),
    seed: int = 1,
    engine: Scenario | None = None,
) -> Agreement:
    """Compare a rival with the engine on a core scenario.

    Parameters
    ----------
    rival : callable
        Builds the rival from a scenario and a seed.
    scenario : Scenario
        As :func:`~benchmarks.core.core_of` makes it.
    replicates : int
        Runs of the rival; the engine runs four times as many.
    weeks : sequence of int
        Weeks at whose end the two are compared.
    seed : int
    engine : Scenario, optional
        What the engine runs instead: to see whether a difference is found.
    """
    from scipy.stats import ttest_ind

    last = max(weeks)
    ours = (engine or scenario).with_({"horizon_weeks": last})
    simulation = Simulation([ours.model], [(0, seed, k) for k in range(4 * replicates)], keep_teams=False)
    simulation.advance()
    mine = []
    for q in range(4 * replicates):
        weekly = simulation.arrays(q).weekly
        mine.append(readings({name: weekly[:, getattr(COL, name)] for name in READ}, weeks))
    theirs = []
    for k in range(replicates):
        run = rival(scenario, seed + k)
        for _ in range(last):
            run.step()
        theirs.append(readings({name: np.array([row[name] for row in run.rows]) for name in READ}, weeks))
    a, b = np.array(mine), np.array(theirs)
    same = (a.std(0) == 0.0) & (b.std(0) == 0.0)
    p = np.ones(a.shape[1])
    p[~same] = ttest_ind(a[:, ~same], b[:, ~same], equal_var=False).pvalue
    p[same & (a.mean(0) != b.mean(0))] = 0.0
    names = [f"{name} {week}" for name in READ for week in weeks]
    return Agreement(names, a.mean(0), b.mean(0), holm(p))


@dataclass(frozen=True)
class Race:
    """Nanoseconds of processor time per account-week on one core, engine and rival taken in turn.

    ``rival_bytes`` are the bytes per account of its arrays, or, of objects, by which the process grew; None where that
    cannot be seen.
    """

    rival: str
    accounts: int
    engine_ns: float
    rival_ns: float
    rival_bytes: float | None

    @property
    def ratio(self) -> float:
        """How many times as long the rival takes."""
        return self.rival_ns / self.engine_ns

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return dict(vars(self)) | {"ratio": self.ratio}


def race(name: str, company: Callable[[int, int], Scenario], accounts: int, *, warm_up: int, repetitions: int) -> Race:
    """Time a rival and the engine on the core of a company.

    Parameters
    ----------
    name : str
        A key of :data:`RIVALS`.
    company : callable
        The company, scaled to so many accounts for so many weeks.
    accounts : int
    warm_up, repetitions : int
        Weeks before the first measurement, and measurements of two weeks or more each.
    """
    loops = max(1, 20_000 // accounts) * 2
    scenario = core_of(company(accounts, warm_up + loops * repetitions))
    simulation = Simulation([scenario.model], [(0, 1, 0)], keep_teams=False)
    before = _resident()
    run = RIVALS[name](scenario, 1)
    arrays = sum(x.nbytes for x in vars(run).values() if isinstance(x, np.ndarray))
    held = (arrays if arrays > accounts else _resident() - before) / accounts
    simulation.advance(warm_up)
    for _ in range(warm_up):
        run.step()

    def rival() -> None:
        for _ in range(loops):
            run.step()

    took = interleaved({"engine": lambda: simulation.advance(loops), "rival": rival}, repetitions, time.process_time)
    per = 1e9 / (accounts * loops)
    return Race(name, accounts, took["engine"] * per, took["rival"] * per, held if held > 0.0 else None)


def _resident() -> float:
    """Bytes of memory this process holds; NaN where the system does not say."""
    try:
        return float(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return float("nan")
