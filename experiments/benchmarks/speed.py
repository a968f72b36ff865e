"""How long a week takes at one size: floor and engine in turn, the second core, bytes, and the memory's bandwidth."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.floor import account_columns, floor_of, floor_week
from benchmarks.timing import interleaved
from flywheel_sim.engine.run import BIG, Simulation
from flywheel_sim.engine.state import State
from flywheel_sim.engine.tick import CLOSING, CUSTOMERS, OPENING
from flywheel_sim.scenario import Scenario, load

__all__ = ["EVERYTHING", "Speed", "bandwidth", "bytes_of", "scaled", "speed"]

#: The company that is timed: every mechanism on.
EVERYTHING = "everything-on"


def scaled(accounts: int, horizon_weeks: int, base: str = EVERYTHING) -> Scenario:
    """Scale a company to this many accounts: customers, heads and fixed costs in proportion.

    Working groups grow with the company, so that coordination takes the same share of hours at every size.

    Examples
    --------
    >>> scaled(50_000, 30).model.teams["sales"].headcount
    60.0
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


@dataclass(frozen=True)
class Speed:
    """One size: nanoseconds of processor time per account-week on one core, seconds to build, bytes per account.

    ``column_bytes`` are those of the account columns alone, which the floor reads and writes once; ``bytes`` has the
    network and the sums of blocks, too.  ``opening_ns``, ``customers_ns`` and ``closing_ns`` are the week in its three
    phases (steps 1-12, 13 and 14-16), each called apart.  ``second_core`` is None where it was not measured.
    """

    accounts: int
    floor_ns: float
    engine_ns: float
    build_s: float
    bytes: float
    column_bytes: float
    opening_ns: float
    customers_ns: float
    closing_ns: float
    second_core: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return dict(vars(self))


def speed(accounts: int, cores: int, *, warm_up: int, weeks: int, repetitions: int) -> Speed:
    """Time floor and engine at one size; the second core too where ``cores`` allows and the size is big enough.

    Parameters
    ----------
    accounts : int
    cores : int
        1 leaves the second core out.
    warm_up, weeks, repetitions : int
        Weeks before and per repetition, and repetitions.  Of a small size there are several runs, so that a repetition
        lasts long enough; not more weeks: an older company has more customers, and costs more.
    """
    copies = 1 if accounts >= BIG else max(1, 200_000 // accounts)
    threaded = cores > 1 and accounts >= BIG
    horizon = warm_up + weeks * (1 + repetitions * (3 if threaded else 1))
    before = time.process_time()
    simulation = Simulation([scaled(accounts, horizon).model], [(0, 1, k) for k in range(copies)], keep_teams=False)
    built = (time.process_time() - before) / copies
    columns = floor_of(simulation.state)
    rows, key = len(simulation.state.status) // copies, np.uint32(1)
    simulation.advance(warm_up, threads=cores)
    floor_week(columns, rows, key, key, key)

    def floor() -> None:
        for week in range(weeks * copies):
            floor_week(columns, rows, key, key, np.uint32(week))

    jobs = {"floor": floor, "engine": lambda: simulation.advance(weeks)}
    took = interleaved(jobs, repetitions, time.process_time)
    second = None
    if threaded:
        both = {"one": lambda: simulation.advance(weeks), "two": lambda: simulation.advance(weeks, threads=2)}
        clock = interleaved(both, repetitions)
        second = clock["one"] / clock["two"]
    per = 1e9 / (accounts * copies * weeks)
    opening, customers, closing = (seconds * per for seconds in _phases(simulation, weeks))
    state = simulation.state
    wide = float(sum(column.itemsize for column in account_columns(state).values()))
    held = bytes_of(state) / (accounts * copies)
    return Speed(
        accounts, took["floor"] * per, took["engine"] * per, built, held, wide, opening, customers, closing, second
    )


def _phases(simulation: Simulation, weeks: int) -> list[float]:
    """Seconds of processor time that the three phases of some weeks take, serial parts and customers apart."""
    took, blocks, runs = [0.0, 0.0, 0.0], int(simulation.state.run[0]["blocks"]), simulation.runs
    for t in range(simulation.week, simulation.week + weeks):
        for k, phase in enumerate((OPENING, CUSTOMERS, CLOSING)):
            before = time.process_time()
            for q in range(runs):
                simulation._call(t, t + 1, q, q + 1, phase, 0, blocks)
            took[k] += time.process_time() - before
        simulation.week = t + 1
    return took


def bytes_of(state: State) -> int:
    """Bytes of everything that grows with the number of accounts: columns, network, sums of blocks."""
    others = (state.edge, state.friend, state.tally, state.acc, state.touched, state.cases, state.counts)
    return sum(array.nbytes for array in (*account_columns(state).values(), *others))


def bandwidth(megabytes: int = 128, repetitions: int = 5) -> float:
    """Bytes a second that one core reads and writes in main memory: the best of some copies of a large array.

    Examples
    --------
    >>> bandwidth(1, 1) > 0.0
    True
    """
    source = np.ones(megabytes * 1_000_000 // 8)
    target = np.zeros_like(source)
    best = 0.0
    for _ in range(repetitions):
        before = time.process_time()
        np.copyto(target, source)
        best = max(best, 2 * source.nbytes / max(time.process_time() - before, 1e-9))
    return best
