"""Many small runs: as a batch and one by one, on two cores, and in a sweep.

*A batch against single runs.*  The same runs through ``execute.run.batch`` and as so many calls of ``execute.run.run``
must agree to the bit; what each path costs is stated over the kernels the runs need.

*Kernels* are what is compiled: building (traits, network, first customers) and advancing one bare batch of the same
runs, with nothing kept and nothing summed up.

*A sweep's overhead* is the processor time of the whole sweep over that of the kernels it runs, minus 1: making every
point's scenario, lowering it, summaries and outcomes, handing out and taking back, and the store with its files, from
creating it to the last commit.  Sixteen runs share a point, as under a design with replicates; processor time leaves
out waiting for the disk, and counts what threads do beside the runs.
"""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np

from benchmarks.timing import interleaved
from flywheel_sim.engine.run import Simulation
from flywheel_sim.scenario import Scenario

__all__ = ["A_POINT", "Paths", "batch_and_single", "kernels", "second_core", "sweep_overhead"]

#: Runs of one point in the sweep that is timed.
A_POINT = 16
#: Runs that are built together: as many as ``execute.run.batch`` does.
_TOGETHER = 256

Clock = Callable[[], float]


@dataclass(frozen=True)
class Paths:
    """The same small runs through the batch path and as single runs.

    Attributes
    ----------
    runs : int
    same_bits : bool
        Whether weekly columns, initial rows and life tables are the same to the bit.
    batch_overhead, single_overhead : float
        Processor time over that of the kernels, minus 1; medians over portions of the runs taken in turn.
    run_ms : float
        Milliseconds of kernels per run.
    """

    runs: int
    same_bits: bool
    batch_overhead: float
    single_overhead: float
    run_ms: float


def kernels(
    scenario: Scenario,
    runs: int,
    *,
    first: int = 0,
    lucks: int = 0,
    threads: int = 1,
    clock: Clock = time.process_time,
) -> float:
    """Seconds that the compiled code of so many runs takes: building and advancing bare batches.

    With ``lucks`` the first so many replicates are made over and over, as in a sweep whose points share their luck.
    """
    before = clock()
    for start in range(first, first + runs, _TOGETHER):
        keys = [(0, 1, k % lucks if lucks else k) for k in range(start, min(start + _TOGETHER, first + runs))]
        Simulation([scenario.model], keys, keep_teams=False).advance(threads=threads)
    return clock() - before


def batch_and_single(scenario: Scenario, runs: int, portions: int = 5, *, clock: Clock = time.process_time) -> Paths:
    """Run the same replicates through the batch path, one by one, and bare, portion by portion in turn.

    Parameters
    ----------
    scenario : Scenario
    runs, portions : int
        How many runs, in how many portions of about the same size.
    clock : callable
        Processor time unless a test says otherwise.
    """
    from flywheel_sim.execute.run import batch, run

    cuts = np.linspace(0, runs, portions + 1).astype(int).tolist()
    same, bare, together, alone = True, [], [], []
    for first, last in pairwise(cuts):
        if last == first:
            continue
        bare.append(kernels(scenario, last - first, first=first, clock=clock))
        before = clock()
        (many,) = batch([scenario], replicates=last - first, first=first, workers=1, teams=False)
        together.append(clock() - before)
        before = clock()
        single = [run(scenario, replicate=k, workers=1, accounts=False) for k in range(first, last)]
        alone.append(clock() - before)
        for a, b in zip(many, single, strict=True):
            same = same and all(
                getattr(a.arrays, name).tobytes() == getattr(b.arrays, name).tobytes()
                for name in ("weekly", "initial", "life")
            )

    def over(took: list[float]) -> float:
        return median(x / y for x, y in zip(took, bare, strict=True)) - 1.0

    return Paths(runs, same, over(together), over(alone), 1000.0 * sum(bare) / runs)


def second_core(scenario: Scenario, runs: int, repetitions: int) -> float:
    """How much faster two threads are than one on a batch of small runs, by the clock."""
    jobs = {"one": lambda: _advanced(scenario, runs, 1), "two": lambda: _advanced(scenario, runs, 2)}
    took = interleaved(jobs, repetitions)
    return took["one"] / took["two"]


def _advanced(scenario: Scenario, runs: int, threads: int) -> float:
    simulation = Simulation([scenario.model], [(0, 1, k) for k in range(runs)], keep_teams=False)
    before = time.perf_counter()
    simulation.advance(threads=threads)
    return time.perf_counter() - before


def sweep_overhead(scenario: Scenario, runs: int, repetitions: int) -> float:
    """What a sweep costs beyond the kernels it runs, as a share of them."""
    from flywheel_sim.execute.design import Design, Point
    from flywheel_sim.execute.drive import run_design
    from flywheel_sim.execute.store import Experiment, Store

    points = max(1, runs // A_POINT)
    rate = scenario.model.word_of_mouth.rate

    def whole() -> None:
        design = Design([Point({"word_of_mouth.rate": rate * (1.0 + 1e-6 * k)}) for k in range(points)], runs // points)
        with (
            tempfile.TemporaryDirectory(prefix="flywheel-bench-") as folder,
            Store.create(f"{folder}/sweep", Experiment({"small": scenario}), design) as store,
        ):
            run_design(None, "threads", store, workers=1)

    took = interleaved(
        {"whole": whole, "kernels": lambda: kernels(scenario, points * (runs // points), lucks=runs // points)},
        repetitions,
        time.process_time,
    )
    return took["whole"] / took["kernels"] - 1.0
