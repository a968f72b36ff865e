"""How fast the engine is, as ratios that mean the same on every machine.

The yardstick is the floor (``floor.py``): one random draw per account and one pass over the account columns.  Floor
and engine are timed in turn, in one process, on a B2B company with every mechanism on, scaled to N
accounts, after half a year of warm-up;
one-core figures in CPU time, two-core figures by the clock.  What concerns a start (compilation, a warm run, the
import) is timed in fresh processes.
"""

import math
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from flywheel_sim.scenario import Scenario, load
from flywheel_sim.study.timing import fresh, interleaved, machine, slope

__all__ = ["BARS", "EVERYTHING", "FULL", "QUICK", "Bar", "Bench", "Plan", "bench", "scaled"]

Say = Callable[[str], None]

#: The company that is timed: every mechanism on.
EVERYTHING = "everything-on"


@dataclass(frozen=True)
class Bar:
    """A bar and an aim for one ratio; ``more`` tells whether more is better.

    Examples
    --------
    >>> Bar("x", 8.0, 3.0, "time").distance(16.0), Bar("x", 200.0, 1000.0, "gain", more=True).distance(100.0)
    (2.0, 2.0)
    """

    key: str
    bar: float
    aim: float
    what: str
    more: bool = False

    def distance(self, value: float) -> float:
        """How many times the value misses the bar; 1 or less is met."""
        if self.more:
            return self.bar / value if value > 0 else math.inf
        return value / self.bar if self.bar > 0 else math.inf

    def row(self, value: float | None) -> dict[str, Any]:
        """One row of the table."""
        row: dict[str, Any] = {"key": self.key, "what": self.what, "value": value, "bar": self.bar, "aim": self.aim}
        row["better"] = "more" if self.more else "less"
        if value is None:
            return row | {"met": None, "aim_met": None, "distance": None}
        aimed = value >= self.aim if self.more else value <= self.aim
        return row | {"met": self.distance(value) <= 1.0, "aim_met": aimed, "distance": self.distance(value)}


#: Bars and aims of every ratio.
BARS = (
    Bar("floor_ratio", 8.0, 3.0, "one core, per account-week over the floor, at the largest N up to 10^6"),
    Bar("scaling_exponent", 1.10, 1.03, "growth of a week's cost with N, exponent"),
    Bar("second_core_big", 1.6, 1.9, "second core, one big run", more=True),
    Bar("second_core_small", 1.8, 1.9, "second core, many small runs", more=True),
    Bar("bytes_per_account", 120.0, 72.0, "memory per account, network of mean degree 8 included"),
    Bar("sweep_overhead", 0.15, 0.03, "a sweep's time, summaries and store included, over its kernels, minus 1"),
    Bar(
        "crn_variance_ratio",
        3.0,
        10.0,
        "variance with independent seeds over paired, median pair of schemes",
        more=True,
    ),
    Bar("crn_variance_ratio_near", 15.0, 50.0, "the same, one parameter moved by a tenth, median", more=True),
    Bar("import_ratio", 2.0, 1.2, "import flywheel_sim over import numpy, pandas"),
    Bar("compile_says_s", 1.0, 1.0, "seconds until a first run says that it compiles"),
    Bar("compile_s", 40.0, 20.0, "first run after an install, compilation included, seconds"),
    Bar("warm_run_s", 2.0, 1.0, "a later small run from the command line, seconds"),
)


@dataclass(frozen=True)
class Plan:
    """What to measure.

    Parameters
    ----------
    sizes : numbers of accounts, ascending.
    small : accounts of a small run.
    small_runs, small_weeks : runs and weeks of a batch of small runs.
    warm_up, weeks : weeks before, and per repetition of, a measurement.
    repetitions : interleaved repetitions, of which the median counts.
    starts : repetitions of whatever needs a fresh process; 0 leaves those out.
    pairs : paired runs of every scheme; 0 leaves the worth of pairing out.
    """

    sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    small: int = 2_000
    small_runs: int = 128
    small_weeks: int = 156
    warm_up: int = 26
    weeks: int = 4
    repetitions: int = 7
    starts: int = 5
    pairs: int = 40


#: Runs of one point in the sweep that is timed.
A_POINT = 16

FULL = Plan()
QUICK = Plan(sizes=(10_000, 100_000), small_runs=64, repetitions=5, starts=3, pairs=10)

#: N = 10^7 is added to the full bench where there are this many bytes of memory for it.
_HUGE, _HUGE_BYTES = 10_000_000, 6e9


@dataclass(frozen=True)
class Bench:
    """Ratios, the machine they were measured on, and how they stand against the bars.

    Attributes
    ----------
    ratios : dict
        Value of every key in :data:`BARS`; None where it could not be measured.
    machine : dict
        Processor, cores, memory and versions.
    table : list of dicts
        One row per bar: key, what, value, bar, aim, better, met, aim_met, distance (1 or less is met).
    timings : list of dicts
        One row per N: nanoseconds per account-week of floor and engine, seconds to build the run.
    notes : list of str
        What was left out, and what the reader should know.
    """

    ratios: dict[str, float | None]
    machine: dict[str, Any]
    timings: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def table(self) -> list[dict[str, Any]]:
        """Ratios beside bars and aims."""
        return [bar.row(self.ratios.get(bar.key)) for bar in BARS]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        names = ("ratios", "machine", "table", "timings", "notes")
        return {name: getattr(self, name) for name in names}


def scaled(accounts: int, horizon_weeks: int, base: str = EVERYTHING) -> Scenario:
    """Scale a company to this many accounts: customers, heads and fixed costs in proportion.

    Working groups grow with the company, so that coordination takes the same share of hours at every size.

    Examples
    --------
    >>> scaled(50_000, 30).model.teams["sales"].headcount
    80.0
    """
    start = load(base)
    model = start.model
    k = accounts / model.market.accounts
    changes: dict[str, Any] = {
        "horizon_weeks": horizon_weeks,
        "market.accounts": accounts,
        "market.initial_customers": round(model.market.initial_customers * k),
        "capacity.span": model.capacity.span * k,
        "capacity.pair_hours": model.capacity.pair_hours * k,
        "ledger.overhead": model.ledger.overhead * k,
    }
    changes |= {f"teams.{name}.headcount": team.headcount * k for name, team in model.teams.items()}
    return start.with_(changes)


def bench(
    quick: bool = False, *, plan: Plan | None = None, cores: int | None = None, progress: Say | None = None
) -> Bench:
    """Measure speed, memory and start-up on this machine.

    Parameters
    ----------
    quick : bool
        Up to 10^5 accounts, fewer repetitions: at most three minutes.
    plan : Plan, optional
        What to measure instead.
    cores : int, optional
        Cores to use at most; default: every core.
    progress : callable, optional
        Called with a line of text before every part.

    Returns
    -------
    Bench

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> fs.bench(quick=True).ratios["floor_ratio"]  # doctest: +SKIP
    """
    from flywheel_sim.execute.run import worker_count

    say: Say = progress or (lambda _: None)
    notes: list[str] = []
    chosen = plan or (QUICK if quick else FULL)
    two = worker_count(cores)
    if two < 2:
        notes.append("one core: no second-core ratios")
    ratios: dict[str, float | None] = dict.fromkeys(bar.key for bar in BARS)
    if chosen.starts > 0:
        ratios |= _starts(chosen, say, notes)
    else:
        notes.append("no fresh processes were started: no compile, import and start-up times")
    ratios |= _batches(chosen, two, say)
    if chosen.pairs > 0:
        from flywheel_sim.study.common_luck import common_luck

        say(f"pairing: every scheme {chosen.pairs} times")
        luck = common_luck(replicates=chosen.pairs, workers=cores)
        ratios |= {"crn_variance_ratio": luck.ratio, "crn_variance_ratio_near": luck.ratio_near}
    else:
        notes.append("no schemes were run: no worth of pairing")
    timings: list[dict[str, Any]] = []
    sizes = list(chosen.sizes)
    if chosen is FULL and _spare_memory() >= _HUGE_BYTES:
        sizes.append(_HUGE)
    elif chosen is FULL:
        notes.append("10^7 accounts left out: not enough memory free")
    for n in sizes:
        found, row = _speed(chosen, n, two if n == _last_floor(sizes) else 1, say)
        timings.append(row)
        ratios |= found
    yardstick = next(row for row in timings if row["accounts"] == _last_floor(sizes))
    ratios["floor_ratio"] = yardstick["engine_ns"] / yardstick["floor_ns"]
    if yardstick["accounts"] != 1_000_000:
        notes.append(f"floor_ratio and second_core_big are for {yardstick['accounts']:,} accounts; the bar is for 10^6")
    if len(timings) > 1:
        ratios["scaling_exponent"] = slope(
            [row["accounts"] for row in timings], [row["accounts"] * row["engine_ns"] for row in timings]
        )
    return Bench(ratios, machine(), timings, notes)


def _last_floor(sizes: Sequence[int]) -> int:
    """Size the floor ratio is stated for."""
    return max(n for n in sizes if n <= 1_000_000 or n == min(sizes))


def _spare_memory() -> float:
    """Bytes of memory that are free; infinite where the system does not say."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES"))
    except (AttributeError, OSError, ValueError):
        return math.inf


def _speed(plan: Plan, n: int, cores: int, say: Say) -> tuple[dict[str, float | None], dict[str, Any]]:
    """Floor and engine at one size; the second core and the bytes too where ``cores`` allows."""
    import numpy as np

    from flywheel_sim.engine.run import BIG, Simulation
    from flywheel_sim.study.floor import floor_of, floor_week

    say(f"{n:,} accounts: building")
    loops = max(1, 200_000 // n)  # so that a repetition lasts long enough to be timed
    threaded = cores > 1 and n >= BIG
    weeks = plan.weeks * loops
    horizon = plan.warm_up + weeks * plan.repetitions * (3 if threaded else 1)
    before = time.process_time()
    simulation = Simulation([scaled(n, horizon).model], [(0, 1, 0)], keep_teams=False)
    built = time.process_time() - before
    columns = floor_of(simulation.state)
    rows, key = len(simulation.state.status), np.uint32(1)
    say(f"{n:,} accounts: {plan.warm_up} weeks of warm-up")
    simulation.advance(plan.warm_up, threads=cores)
    floor_week(columns, rows, key, key, key)

    def floor() -> None:
        for week in range(weeks):
            floor_week(columns, rows, key, key, np.uint32(week))

    say(f"{n:,} accounts: {plan.repetitions} x {weeks} weeks of floor and engine")
    took = interleaved(
        {"floor": floor, "engine": lambda: simulation.advance(weeks)}, plan.repetitions, time.process_time
    )
    per = 1e9 / (n * weeks)
    row = {
        "accounts": n,
        "floor_ns": took["floor"] * per,
        "engine_ns": took["engine"] * per,
        "build_s": built,
        "bytes": _bytes(simulation.state) / n,
    }
    found: dict[str, float | None] = {"bytes_per_account": row["bytes"]}
    if threaded:
        say(f"{n:,} accounts: one core and two")
        both = interleaved(
            {"one": lambda: simulation.advance(weeks), "two": lambda: simulation.advance(weeks, threads=2)},
            plan.repetitions,
        )
        found["second_core_big"] = both["one"] / both["two"]
    return found, row


def _bytes(state: Any) -> int:
    """Bytes of everything that grows with the number of accounts: columns, network, sums of blocks."""
    from flywheel_sim.study.floor import account_columns

    others = (state.edge, state.friend, state.acc, state.touched, state.cases, state.counts)
    return sum(array.nbytes for array in (*account_columns(state).values(), *others))


def _batches(plan: Plan, cores: int, say: Say) -> dict[str, float | None]:
    """Many small runs: the second core, and what a sweep costs beyond its kernels."""
    from flywheel_sim.engine.run import Simulation
    from flywheel_sim.execute.design import Design, Point
    from flywheel_sim.execute.drive import run_design
    from flywheel_sim.execute.run import batch
    from flywheel_sim.execute.store import Experiment, Store

    scenario = scaled(plan.small, plan.small_weeks)
    jobs = [(0, 1, k) for k in range(plan.small_runs)]
    say(f"{plan.small_runs} runs of {plan.small:,} accounts and {plan.small_weeks} weeks")
    batch([scaled(plan.small, 2)], replicates=2)  # compiles, where nothing is kept from earlier
    points = max(1, plan.small_runs // A_POINT)

    def kernels(threads: int, clock: Callable[[], float]) -> float:
        simulation = Simulation([scenario.model], jobs)
        before = clock()
        simulation.advance(threads=threads)
        return clock() - before

    def whole() -> None:
        rate = scenario.model.word_of_mouth.rate
        design = Design(
            [Point({"word_of_mouth.rate": rate * (1.0 + 1e-6 * k)}) for k in range(points)], plan.small_runs // points
        )
        experiment = Experiment({"small": scenario})
        with (
            tempfile.TemporaryDirectory(prefix="flywheel-bench-") as folder,
            Store.create(f"{folder}/sweep", experiment, design) as store,
        ):
            run_design(None, "threads", store, workers=1)

    repetitions = max(2, plan.repetitions - 2)
    took = interleaved(
        {"whole": whole, "kernels": lambda: kernels(1, time.process_time)}, repetitions, time.process_time
    )
    found: dict[str, float | None] = {"sweep_overhead": took["whole"] / took["kernels"] - 1.0}
    if cores > 1:
        both = interleaved(
            {"one": lambda: kernels(1, time.perf_counter), "two": lambda: kernels(2, time.perf_counter)}, repetitions
        )
        found["second_core_small"] = both["one"] / both["two"]
    return found


_IMPORT = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"


def _starts(plan: Plan, say: Say, notes: list[str]) -> dict[str, float | None]:
    """What a start costs, in fresh processes: compile with an empty cache, run with a warm one, import."""
    small = ["--set", "market.accounts=500", "--set", "horizon_weeks=4", "--set", "market.initial_customers=50"]
    words = ["-m", "flywheel_sim.cli", "run", "b2b-saas", *small]
    say("compiling in a fresh process")
    with tempfile.TemporaryDirectory(prefix="flywheel-bench-") as folder:
        cache = {"FLYWHEEL_CACHE": folder}
        cold = fresh(words, cache)
        notes.append(f"the first run took {cold.wall:.0f} s by the clock and {cold.cpu:.0f} s of processor time")
        say("starting with what is compiled already")
        warm = median(fresh(words, cache).wall for _ in range(plan.starts))
    say("importing")
    ours, theirs = (
        lambda names=names: float(fresh(["-c", _IMPORT.format(names)]).out)
        for names in ("flywheel_sim", "numpy, pandas")
    )
    took = interleaved({"ours": ours, "theirs": theirs}, plan.starts)
    return {
        "compile_s": cold.wall,
        "compile_says_s": None if math.isnan(cold.spoke) else cold.spoke,
        "warm_run_s": warm,
        "import_ratio": took["ours"] / took["theirs"],
    }
