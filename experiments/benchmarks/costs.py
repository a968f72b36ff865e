"""What each mechanism costs: nanoseconds per account-week, switched on minus switched off.

All variants live through the same weeks with every mechanism on; then one mechanism is switched off in each, and the
weeks after that are timed in turn, so that the difference is its law and what it causes, not another company.
"""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import process_time
from typing import Any

from flywheel_sim.scenario import Scenario
from flywheel_sim.scenario.schema import MECHANISMS

__all__ = ["Cost", "mechanism_costs"]


@dataclass(frozen=True)
class Cost:
    """Cost of one mechanism.

    Parameters
    ----------
    number, block : str
        ``M5``, ``word_of_mouth``.
    ns : float
        Nanoseconds of processor time per account-week, on minus off.
    spread : float
        Median absolute deviation of the repetitions.
    """

    number: str
    block: str
    ns: float
    spread: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return dict(vars(self))


def mechanism_costs(
    scenario: Scenario,
    *,
    warm_up: int = 26,
    weeks: int = 4,
    repetitions: int = 7,
    progress: Callable[[str], None] | None = None,
) -> tuple[float, list[Cost]]:
    """Measure the cost of every mechanism that is on in a scenario.

    Parameters
    ----------
    scenario : Scenario
        Large enough for its weeks to be timed: 10^5 accounts or so.
    warm_up : int
        Weeks before the switch.
    weeks, repetitions : int
        Weeks per repetition, and repetitions, taken in turn.
    progress : callable, optional
        Called with a line of text.

    Returns
    -------
    float, list of Cost
        Nanoseconds per account-week with everything on, and the mechanisms, dearest first.  The timeline (M25) is left
        out: it does the switching.
    """
    from flywheel_sim.engine.run import Simulation

    say = progress or (lambda _: None)
    model = scenario.model
    found = [(n, b) for n, b in MECHANISMS.items() if b != "timeline" and getattr(model, b).enabled]
    simulations = []
    horizon = warm_up + weeks * repetitions
    for block in ["", *[b for _, b in found]]:
        off = {"from_week": warm_up + 1, "set": {f"{block}.enabled": False}}
        changes = {"timeline.changes.switched_off": off} if block else {}
        variant = scenario.with_({"horizon_weeks": horizon, "timeline.enabled": True, **changes})
        simulations.append(Simulation([variant.model], [(0, 1, 0)], keep_teams=False))
        simulations[-1].advance(warm_up)
    per = 1e9 / (model.market.accounts * weeks)
    took: list[list[float]] = [[] for _ in simulations]
    for repetition in range(repetitions):
        say(f"mechanisms: repetition {repetition + 1} of {repetitions}")
        for n, simulation in enumerate(simulations):
            before = process_time()
            simulation.advance(weeks)
            took[n].append((process_time() - before) * per)
    costs = []
    for (number, block), times in zip(found, took[1:], strict=True):
        differences = [on - off for on, off in zip(took[0], times, strict=True)]
        middle = median(differences)
        costs.append(Cost(number, block, middle, median(abs(x - middle) for x in differences)))
    return median(took[0]), sorted(costs, key=lambda cost: -cost.ns)
