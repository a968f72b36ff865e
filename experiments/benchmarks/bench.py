"""How fast the engine is, as ratios that mean the same on every machine.

The yardstick is the floor (``floor.py``): one random draw per account and one pass over the account columns.  Floor
and engine are timed in turn, in one process, on a B2B company with every mechanism on, scaled to N accounts, after half
a year of warm-up; one-core figures in processor time, two-core figures by the clock (``speed.py``, ``small_runs.py``).
The engine's rivals are held against it in law, then timed in turn with it (``rivals.py``).  What concerns a start
(compilation, a warm run, the import) is timed in fresh processes (``starts.py``).
"""

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from benchmarks.timing import machine, slope

if TYPE_CHECKING:
    from benchmarks.speed import Speed

__all__ = ["BARS", "FULL", "QUICK", "Bar", "Bench", "Plan", "bench"]

Say = Callable[[str], None]


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
    Bar("mesa_ratio", 200.0, 1000.0, "plain Mesa agents over the engine on the core, 10^4 accounts", more=True),
    Bar("numpy_ratio", 6.0, 20.0, "NumPy columns over the engine on the core, 10^5 accounts", more=True),
    Bar("scaling_exponent", 1.10, 1.03, "growth of a week's cost with N, exponent"),
    Bar("second_core_big", 1.6, 1.9, "second core, one big run", more=True),
    Bar("second_core_small", 1.8, 1.9, "second core, many small runs", more=True),
    Bar("bytes_per_account", 120.0, 72.0, "memory per account, network of mean degree 8 included"),
    Bar("sweep_overhead", 0.15, 0.03, "a sweep's time, summaries and store included, over its kernels, minus 1"),
    Bar(
        "crn_variance_ratio",
        3.0,
        10.0,
        "variance of a paired NPV difference, independent seeds over common, median",
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
    small, small_weeks : accounts and weeks of a small run.
    small_runs : small runs through the batch path and one by one.
    swept : runs of the sweep that is timed, and of the batch on two cores.
    warm_up, weeks : weeks before, and per repetition of, a measurement.
    repetitions : interleaved repetitions, of which the median counts.
    starts : repetitions of whatever needs a fresh process; 0 leaves those out.
    rivals : rival and accounts of every race, ascending by accounts.
    replicates : runs of each rival that are compared with the engine's before it is timed.
    pairs : paired runs of every scheme; 0 leaves the worth of pairing out.
    """

    sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    small: int = 2_000
    small_weeks: int = 156
    small_runs: int = 1_000
    swept: int = 256
    warm_up: int = 26
    weeks: int = 4
    repetitions: int = 7
    starts: int = 5
    rivals: tuple[tuple[str, int], ...] = (
        ("agents", 10_000), ("agents", 100_000), ("columns", 10_000), ("columns", 100_000), ("columns", 1_000_000),
    )  # fmt: skip
    replicates: int = 30
    pairs: int = 40


FULL = Plan()
QUICK = Plan(
    sizes=(10_000, 100_000), small_runs=40, swept=64, repetitions=5, starts=3,
    rivals=(("agents", 10_000), ("columns", 100_000)), replicates=12, pairs=10,
)  # fmt: skip

#: Accounts at which each rival's ratio is stated.
STATED = {"mesa_ratio": ("agents", 10_000), "numpy_ratio": ("columns", 100_000)}

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
        One row per N: nanoseconds per account-week of floor and engine, seconds to build the run, bytes.
    rivals : list of dicts
        One row per rival and N: nanoseconds per account-week of engine and rival on the core.
    small : dict
        Small runs through the batch path and one by one: same bits, and what each path costs over the kernels.
    bandwidth : float or None
        Bytes a second that one core reads and writes in main memory.
    notes : list of str
        What was left out, and what the reader should know.
    """

    ratios: dict[str, float | None]
    machine: dict[str, Any]
    timings: list[dict[str, Any]] = field(default_factory=list)
    rivals: list[dict[str, Any]] = field(default_factory=list)
    small: dict[str, Any] = field(default_factory=dict)
    bandwidth: float | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def table(self) -> list[dict[str, Any]]:
        """Ratios beside bars and aims."""
        return [bar.row(self.ratios.get(bar.key)) for bar in BARS]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        names = ("ratios", "machine", "table", "timings", "rivals", "small", "bandwidth", "notes")
        return {name: getattr(self, name) for name in names}


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
    >>> bench(quick=True).ratios["floor_ratio"]  # doctest: +SKIP
    """
    from benchmarks.speed import bandwidth
    from flywheel_sim.execute.run import worker_count

    say: Say = progress or (lambda _: None)
    notes: list[str] = []
    chosen = plan or (QUICK if quick else FULL)
    two = worker_count(cores)
    if two < 2:
        notes.append("one core: no second-core ratios")
    ratios: dict[str, float | None] = dict.fromkeys(bar.key for bar in BARS)
    if chosen.starts > 0:
        from benchmarks.starts import starts

        ratios |= starts(chosen.starts, say, notes)
    else:
        notes.append("no fresh processes were started: no compile, import and start-up times")
    small = _small(chosen, two, say, ratios)
    timings = _sizes(chosen, two, say, ratios, notes)
    rivals = _rivals(chosen, say, ratios, notes)
    if chosen.pairs > 0:
        from benchmarks.common_random_numbers import common_luck

        say(f"{chosen.pairs} paired runs of every scheme")
        luck = common_luck(replicates=chosen.pairs, workers=cores)
        ratios |= {"crn_variance_ratio": luck.ratio, "crn_variance_ratio_near": luck.ratio_near}
    else:
        notes.append("no paired runs: what common luck is worth was not measured")
    rows = [row.to_dict() for row in timings]
    return Bench(ratios, machine(), rows, rivals, small, bandwidth(), notes)


def _sizes(plan: Plan, cores: int, say: Say, ratios: dict[str, float | None], notes: list[str]) -> "list[Speed]":
    """Floor and engine at every size, and the ratios that follow from them."""
    from benchmarks.speed import speed

    sizes = list(plan.sizes)
    if plan is FULL and _spare_memory() >= _HUGE_BYTES:
        sizes.append(_HUGE)
    elif plan is FULL:
        notes.append("10^7 accounts left out: not enough memory free")
    stated = _last_floor(sizes)
    rows: list[Speed] = []
    for n in sizes:
        say(f"{n:,} accounts: floor and engine")
        repetitions = plan.repetitions if n <= 1_000_000 else 3
        rows.append(
            speed(n, cores if n == stated else 1, warm_up=plan.warm_up, weeks=plan.weeks, repetitions=repetitions)
        )
    yardstick = next(row for row in rows if row.accounts == stated)
    ratios["floor_ratio"] = yardstick.engine_ns / yardstick.floor_ns
    ratios["second_core_big"] = yardstick.second_core
    ratios["bytes_per_account"] = rows[-1].bytes
    if stated != 1_000_000:
        notes.append(f"floor_ratio and second_core_big are for {stated:,} accounts; the bar is for 10^6")
    if len(rows) > 1:
        ratios["scaling_exponent"] = slope([r.accounts for r in rows], [r.accounts * r.engine_ns for r in rows])
    return rows


def _last_floor(sizes: Sequence[int]) -> int:
    """Size the floor ratio is stated for."""
    return max(n for n in sizes if n <= 1_000_000 or n == min(sizes))


def _spare_memory() -> float:
    """Bytes of memory that are free; infinite where the system does not say."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES"))
    except (AttributeError, OSError, ValueError):
        return math.inf


def _small(plan: Plan, cores: int, say: Say, ratios: dict[str, float | None]) -> dict[str, Any]:
    """Many small runs: as a batch and one by one, in a sweep, on two cores."""
    from benchmarks.small_runs import batch_and_single, second_core, sweep_overhead
    from benchmarks.speed import scaled
    from flywheel_sim.execute.run import batch

    scenario = scaled(plan.small, plan.small_weeks)
    say(f"{plan.small_runs:,} runs of {plan.small:,} accounts and {plan.small_weeks} weeks, as a batch and one by one")
    batch([scaled(plan.small, 2)], replicates=2)  # compiles, where nothing is kept from earlier
    found = batch_and_single(scenario, plan.small_runs)
    say(f"a sweep of {plan.swept} such runs")
    repetitions = max(2, plan.repetitions - 2)
    ratios["sweep_overhead"] = sweep_overhead(scenario, plan.swept, repetitions)
    if cores > 1:
        ratios["second_core_small"] = second_core(scenario, plan.swept, repetitions)
    return {"accounts": plan.small, "weeks": plan.small_weeks, **vars(found)}


def _rivals(plan: Plan, say: Say, ratios: dict[str, float | None], notes: list[str]) -> list[dict[str, Any]]:
    """Rivals: first the same laws, then the time."""
    from benchmarks.core import core_of
    from benchmarks.rivals import FALSE_ALARM, RIVALS, agreement, race
    from benchmarks.speed import scaled

    rows: list[dict[str, Any]] = []
    for name in dict.fromkeys(name for name, _ in plan.rivals):
        say(f"{name}: {plan.replicates} runs against the engine's")
        found = agreement(RIVALS[name], core_of(scaled(plan.small, 53, CORE_COMPANY)), replicates=plan.replicates)
        if not found.ok:
            notes.append(f"{name} do not agree with the engine, so they are not timed: {'; '.join(found.apart)}")
            continue
        notes.append(
            f"{name} agree with the engine in {len(found.quantities)} means over {plan.replicates} and "
            f"{4 * plan.replicates} runs (chance of a false alarm {100 * FALSE_ALARM:g} %)"
        )
        for n in (n for rival, n in plan.rivals if rival == name):
            say(f"{name}: {n:,} accounts")
            done = race(
                name,
                lambda n, weeks: scaled(n, weeks, CORE_COMPANY),
                n,
                warm_up=plan.warm_up,
                repetitions=plan.repetitions,
            )
            rows.append(done.to_dict())
            for key, (rival, at) in STATED.items():
                if rival == name and (n == at or ratios[key] is None):
                    ratios[key] = done.ratio
    return rows


#: The company whose core the rivals run.
CORE_COMPANY = "b2b-parts"
