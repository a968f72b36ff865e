"""The setting that each known number of a company is moved through, and how the numbers answer to all of them."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from flywheel_sim.scenario import Scenario
from flywheel_sim.scenario.known import Known

__all__ = ["LEVERS", "MOST", "Lever", "in_the_way", "steps"]

#: A setting moves by at most this in a round, as a logarithm.
MOST = 0.7


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

    def at(self, scenario: Scenario) -> float:
        """Return where the setting stands, as a logarithm; of points moved by a number, four times their place."""
        values = [float(scenario.get(path)) for path in self.paths(scenario)]
        if self.shift:
            return 4.0 * float(np.mean(values))
        return float(np.mean([math.log(max(value, self.low, 1e-12)) for value in values]))

    def moved(self, scenario: Scenario, step: float) -> dict[str, float]:
        """Return the settings after a step of `at`, within their ends."""
        values = {path: float(scenario.get(path)) for path in self.paths(scenario)}
        if self.shift:
            lowest = max(-min(values.values()), self.low - 1.0)
            by = min(max(step / 4.0, lowest), 1.0 - max(values.values()))
            return {path: value + by for path, value in values.items()}
        factor = math.exp(step)
        return {path: min(max(max(value, self.low) * factor, self.low), self.high) for path, value in values.items()}


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


def in_the_way(scenario: Scenario, name: str) -> str:
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


def steps(known: Sequence[Known], read: Mapping[str, float]) -> dict[str, float]:
    """Return how far each setting would have to move for all numbers to be met, as far as is known beforehand.

    New customers come from outside and from customers, and the share of referrals is told by both: these two are moved
    together.  So are the hours of service, which come of issues and of how long one takes.

    Parameters
    ----------
    known : sequence of Known
        Those that are moved.
    read : mapping of str to float
        What the company comes to now.

    Examples
    --------
    >>> from flywheel_sim.scenario.known import read_known
    >>> round(steps([read_known("tickets", "90 a month")], {"tickets": 100.0})["tickets"], 3)
    -0.105
    """
    names = [one.name for one in known]
    matrix, off = np.diag([abs(LEVERS[name].slope) for name in names]), np.zeros(len(names))
    for k, one in enumerate(known):
        now, lever = read[one.name], LEVERS[one.name]
        if not math.isfinite(now):
            continue
        if lever.shift:
            matrix[k, k], off[k] = lever.slope / 4.0, one.value - now
        else:
            off[k] = math.log(one.value / now) if now > 0.0 else MOST * matrix[k, k]
    share = read.get("referral_share", math.nan)
    if {"new_customers", "referral_share"} <= set(names) and 0.0 < share < 0.95:
        new, referred = names.index("new_customers"), names.index("referral_share")
        matrix[new, new], matrix[new, referred] = 1.0 - share, share
        matrix[referred, new], matrix[referred, referred] = share - 1.0, 1.0 - share
    if {"utilisation", "tickets"} <= set(names):
        matrix[names.index("utilisation"), names.index("tickets")] = 0.9
    solved = np.clip(np.linalg.solve(matrix, off), -MOST, MOST) if names else off
    return {name: float(step) for name, step in zip(names, solved, strict=True)}
