"""Calibrate a base case and freeze it, before anything is tried in it.

Effects on hazards are factors exp(b (x - x_ref)), so a base case needs its references: what customers and teams are
like in it when nothing is changed.  They are found as a fixed point: run, take the means, put them in, run again.  Then
the case is measured against its targets, and the file records what came out, the seed, the engine and a hash of the
scenario.  From then on a change of the file is a change of the base case, and shows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.engine.run import Simulation
from flywheel_sim.engine.state import ADVOCATE, DETRACTOR, NEUTRAL
from flywheel_sim.engine.targets import find_targets
from flywheel_sim.execute.run import batch, worker_count
from flywheel_sim.results import Run
from flywheel_sim.scenario import Scenario
from flywheel_sim.scenario.blocks.frozen import YEARLY
from flywheel_sim.scenario.columns import COL
from flywheel_sim.study.calibration.company_targets import measure_years
from flywheel_sim.study.lent import lent

__all__ = [
    "Achieved",
    "Frozen",
    "freeze",
    "measure",
    "quantity_of",
    "references",
    "references_of",
    "targets",
]

#: Weeks over which references are taken: after the start has faded, before the market has moved on.
FROM, UNTIL = 26, 156
#: A reference has settled when it moves by less than this, absolutely or as a share of itself.
SETTLED = 0.01


@dataclass(frozen=True)
class Achieved:
    """One target of a base case and what it came to.

    Parameters
    ----------
    quantity : str
    low, high : float
        The band that will do.
    mean, error : float
        Mean over the runs and its standard error.
    """

    quantity: str
    low: float
    high: float
    mean: float
    error: float

    @property
    def met(self) -> bool:
        """Whether the mean lies in the band."""
        return self.low <= self.mean <= self.high


@dataclass(frozen=True)
class Frozen:
    """A base case with its references in place.

    Parameters
    ----------
    scenario : Scenario
    references : dict of str to float
        Dotted path -> value.
    moved : float
        Largest change of a reference in the last step, as a share of itself or absolutely, whichever is smaller.
    achieved : tuple of Achieved
    seed, replicates : int
    """

    scenario: Scenario
    references: dict[str, float]
    moved: float
    achieved: tuple[Achieved, ...]
    seed: int
    replicates: int

    @property
    def settled(self) -> bool:
        """Whether the references have come to rest."""
        return self.moved < SETTLED

    @property
    def met(self) -> bool:
        """Whether every target is met."""
        return all(one.met for one in self.achieved)


def references(scenario: Scenario, seed: int = 11, replicates: int = 8, workers: int | None = None) -> dict[str, float]:
    """Return what the references of a scenario would have to be to equal its own means.

    Parameters
    ----------
    scenario : Scenario
    seed, replicates : int
        Luck, and number of runs.
    workers : int, optional
        Threads.

    Returns
    -------
    dict of str to float
        Dotted path -> mean over weeks 26 to 156 and over the runs.
    """
    (rows,) = references_of([scenario], [(seed, k) for k in range(replicates)], workers=workers)
    return rows


def references_of(
    scenarios: Sequence[Scenario],
    luck: Sequence[tuple[int, int]],
    *,
    every: int = 1,
    paired: bool = False,
    workers: int | None = None,
    look: Callable[[], None] = lambda: None,
) -> list[dict[str, float]]:
    """Return what `references` does for several scenarios at once.

    Parameters
    ----------
    scenarios : sequence of Scenario
    luck : sequence of (seed, replicate)
        Of the runs of each scenario.
    every : int
        Weeks from one look at the teams to the next; weekly columns are read in every week.
    paired : bool
        Whether each scenario has one run, with the luck at its own place, instead of all of them.
    workers : int, optional
        Threads.
    look : callable
        Called now and then; what it raises ends the runs.
    """
    short = [lent(one.varied({"horizon_weeks": min(UNTIL, one.model.horizon_weeks)})) for one in scenarios]
    count = 1 if paired else len(luck)
    keys = (
        [(s, *luck[s]) for s in range(len(short))]
        if paired
        else [(s, seed, replicate) for s in range(len(short)) for seed, replicate in luck]
    )
    simulation = Simulation([one.model for one in short], keys, look=look)
    threads = worker_count(workers)
    measured: list[list[dict[str, float]]] = [[] for _ in keys]
    first = min(FROM, simulation.horizon - 1)  # at least the last week of a short horizon
    simulation.advance(first, threads=threads, progress=lambda done, total: look())
    while simulation.week < simulation.horizon:
        simulation.advance(every, threads=threads, progress=lambda done, total: look())
        for q, rows in enumerate(measured):
            rows.append(_of_teams(short[q // count], simulation, q))
    by_scenario = []
    for s, one in enumerate(short):
        own = range(s * count, (s + 1) * count)
        mean = np.array([simulation.arrays(q).weekly[first:] for q in own]).mean(axis=(0, 1))
        by_scenario.append(_means(one, [row for q in own for row in measured[q]], mean))
    return by_scenario


def _means(scenario: Scenario, seen: Sequence[Mapping[str, float]], mean: NDArray[np.float64]) -> dict[str, float]:
    """Return references from what was seen of the teams and from the means of the weekly columns."""
    means = {path: float(np.mean([one[path] for one in seen])) for path in seen[0]}
    means |= {path: float(mean[column]) for path, column in _COLUMNS.items()}
    for path, column in _WHERE_ENABLED.items():
        if scenario.get(f"{path.partition('.')[0]}.enabled"):
            means[path] = float(mean[column])
    if scenario.get("market.at_rest") and scenario.get("relationship.enabled"):
        means["relationship.experience_reference"] = float(mean[COL.experience])
    for path, column in _WHERE_STATED.items():
        if scenario.position(path):
            means[path] = float(mean[column])
    means["relationship.start"] = means["relationship.relationship_reference"]
    means |= _conversion(scenario, mean)
    funnel = scenario.model.market.funnel
    if funnel.enabled and funnel.rest_weeks > 0:
        means["market.funnel.leads_reference"] = _leads(funnel, float(mean[COL.leads] / max(mean[COL.prospects], 1.0)))
    if scenario.get("causes.enabled"):
        means["causes.reference"] = float(mean[COL.causes] - mean[COL.causes_hidden])
        means["causes.handoff_reference"] = float(mean[COL.handoffs_lost] / max(mean[COL.handled], 1.0))
    return {path: round(value, 4) for path, value in means.items()}


#: References that are means of weekly columns.
_COLUMNS = {
    "relationship.relationship_reference": COL.relationship,
    "relationship.effort_reference": COL.effort,
}
#: The same, where their mechanism is on.
_WHERE_ENABLED = {
    "decisions.reference_variance": COL.decision_error,
    "ideas.reference_pairs": COL.idea_pairs,
    "ideas.reference_uptake": COL.idea_uptake,
}
#: The same, where the scenario states them: others are at rest at their defaults or have a meaning of their own.
_WHERE_STATED = {
    "culture.reference": COL.culture,
    "market.product_reference": COL.product_quality,
}


def _conversion(scenario: Scenario, mean: Any) -> dict[str, float]:
    """Return customers per lead at the stages' own odds, without those whom sellers turn away."""
    funnel, qualified = scenario.model.market.funnel, float(mean[COL.qualified])
    if not funnel.enabled or qualified <= 0:
        return {}
    stages = funnel.qualify * funnel.propose * funnel.close * funnel.onboard
    return {"market.funnel.reference": stages * (1.0 - float(mean[COL.deals_turned_away]) / qualified)}


def _leads(funnel: Any, brought: float) -> float:
    """Return the leads per account and week that would be brought if that were their reference, from what is brought.

    With T weeks of rest and the reference r an account brings m = h/(1 + h T), h = l/(1 - r T); l is the fixed point.
    """
    rest = funnel.rest_weeks
    awake = max(1.0 - brought * rest, 1e-9)
    return float(min(brought * (1.0 - funnel.leads_reference * rest) / awake, 0.9 / rest))  # a scenario must be below 1


def _of_teams(scenario: Scenario, simulation: Simulation, q: int) -> dict[str, float]:
    """Return references read from the teams' vectors of one run in one week."""
    state, tables, program = simulation.state, simulation.program.tables, simulation.program
    r = state.run[q]
    size = program.par[program.calendar[int(r["scenario"]), 0]]["size"]
    touch0, link0, row0 = int(size["touch0"]), int(size["link0"]), int(size["team0"])
    teams, points, segments = int(size["teams"]), int(size["touchpoints"]), int(size["segments"])
    u = state.direction[r["team0"] : r["team0"] + teams]
    mu = state.magnitude[r["team0"] : r["team0"] + teams]
    means: dict[str, float] = {}
    journey, lengths = scenario.model.journey, list[float]()
    additive = journey.directions == "additive"
    for n, name in enumerate(list(journey.touchpoints)[:points]):
        served = (tables.dependency[touch0 + n, :teams] * mu) @ u
        match, length = [], float(np.sqrt(served @ served))
        lengths.append(length)
        scale = journey.length_reference / length if additive and length > 0 else 1.0
        for s in range(segments):
            need = state.need[r["segment0"] + s] + tables.offset[touch0 + n]
            match.append(scale * float(served @ need) / float(np.sqrt(need @ need)))
        means[f"journey.touchpoints.{name}.match_reference"] = float(np.mean(match))
    if additive and lengths:
        means["journey.length_reference"] = float(np.mean(lengths))
    if links := int(size["links"]):
        cosines = [u[link["giver"]] @ u[link["taker"]] for link in tables.link[link0 : link0 + links]]
        means["handoffs.reference_cosine"] = float(np.mean(cosines))
    sellers = [point.owner for point in scenario.model.journey.touchpoints.values() if point.stage == "sale"]
    if scenario.get("selling.enabled") and sellers:
        seller = list(scenario.model.teams).index(sellers[0])
        cosines = [float(u[seller] @ state.need[r["segment0"] + s]) for s in range(segments)]
        means["selling.reference_cosine"] = float(np.mean(cosines))
    powering = np.array([not team.front for team in scenario.model.teams.values()])
    if scenario.get("culture.morale.enabled") and powering.any():
        heads = state.heads[r["team0"] : r["team0"] + teams]
        means["culture.morale.support_reference"] = float((heads * mu)[powering].sum() / heads.sum())
    if scenario.get("capacity.shortness") and scenario.get("capacity.enabled"):
        for k, name in enumerate(scenario.model.teams):
            needed, there = state.demand[r["team0"] + k], state.hours[r["team0"] + k]
            means[f"teams.{name}.load_reference"] = float(needed / there) if there > 0 else 0.0
    if scenario.get("sensing.response_bond"):
        rows = slice(int(r["account0"]), int(r["account0"]) + int(r["accounts"]))
        customers = state.relationship[rows][np.isin(state.status[rows], (NEUTRAL, ADVOCATE, DETRACTOR))]
        means["sensing.relationship_spread"] = max(float(np.std(customers)), 0.001) if customers.size else 0.001
    if teams:
        means["capacity.craft_reference"] = float(np.mean(np.sum(u * tables.craft[row0 : row0 + teams], axis=1)))
    return means


def targets(scenario: Scenario, workers: int | None = None) -> dict[str, float]:
    """Find the targets of measures at which a bonus in this scenario comes to what it is at target.

    Returns
    -------
    dict of str to float
        Dotted path -> target, to four digits; a measure that no target fits is left out.
    """
    by_measure = find_targets(scenario, worker_count(workers))
    return {f"incentives.measures.{name}.target": value for name, value in by_measure.items()}


def _mean(column: str) -> Callable[[Run], float]:
    return lambda run: float(np.mean(run.series(column)))


def _churn_monthly(run: Run) -> float:
    """Return customers lost in a month over those there when it began, months weighted by their customers."""
    lost, there = run.series("churned"), run.series("customers", start=True)
    begins = [(52 * k + 6) // 12 for k in range(run.weeks * 12 // 52 + 1)]
    before = float(there[begins[:-1]].sum())
    return float(lost[: begins[-1]].sum()) / before if before else 0.0


def _containment(run: Run) -> float:
    tries = float(np.sum(run.series("self_service")))
    return float(np.sum(run.series("contained"))) / tries if tries else 0.0


_QUANTITIES: dict[str, Callable[[Run], float]] = {
    "churn_monthly": _churn_monthly,
    "containment": _containment,
    "utilisation": _mean("utilisation"),
}


def quantity_of(name: str, run: Run) -> float:
    """Return what a run comes to in a quantity that base cases are calibrated to; one of its summary, or of weeks."""
    read = _QUANTITIES.get(name)
    return read(run) if read is not None else float(run.summary[name])


def measure(
    scenario: Scenario, seed: int = 1, replicates: int = 40, workers: int | None = None
) -> tuple[Achieved, ...]:
    """Measure a base case against the targets it names.

    Parameters
    ----------
    scenario : Scenario
    seed, replicates : int
    workers : int, optional

    Returns
    -------
    tuple of Achieved
    """
    targets = scenario.model.frozen.targets
    runs = batch([lent(scenario)], replicates=replicates, seed=seed, workers=workers)[0]
    yearly = measure_years(scenario, [name for name in targets if name in YEARLY], seed, replicates, workers)
    measured = []
    for name, target in targets.items():
        values = yearly[name] if name in yearly else np.array([quantity_of(name, run) for run in runs])
        error = float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0
        measured.append(Achieved(name, target.low, target.high, float(np.mean(values)), error))
    return tuple(measured)


def freeze(
    scenario: Scenario,
    *,
    seed: int = 1,
    replicates: int = 40,
    rounds: int = 6,
    workers: int | None = None,
    progress: Callable[[str], Any] | None = None,
) -> Frozen:
    """Find the references of a base case and measure it against its targets.

    Parameters
    ----------
    scenario : Scenario
        With its targets under ``frozen.targets``.
    seed, replicates : int
        Of the measurement.
    rounds : int
        How often references are put in and found anew, at most; 0 only measures.
    workers : int, optional
        Threads.
    progress : callable, optional
        Called with a line of text.

    Returns
    -------
    Frozen
    """
    tell = progress or (lambda text: None)
    values: dict[str, float] = {}
    moved, own = 0.0, scenario.position("frozen")
    aims = {f"incentives.measures.{name}.target" for name in scenario.model.incentives.measures}
    if own:  # what a parent states stays the parent's
        aims = {path for path in aims if (place := scenario.position(path)) and place.file == own.file}
    for n in range(rounds):
        values = references(scenario, workers=workers)
        steps = {path: abs(value - scenario.get(path)) for path, value in values.items()}
        worst = max(steps, key=lambda path: steps[path] / max(1.0, abs(values[path])))
        moved = steps[worst] / max(1.0, abs(values[worst]))
        tell(f"round {n + 1}: {worst} moved by {moved:.3g}")
        scenario = scenario.with_(values)
        if moved < SETTLED:
            break
    if rounds and aims:
        tell("targets of what teams can be paid on")
        aims &= (right := targets(scenario, workers=workers)).keys()
        values |= {path: right[path] for path in sorted(aims)}
        scenario = scenario.with_(values)
    tell(f"measuring {replicates} runs")
    return Frozen(
        scenario=scenario,
        references=values,
        moved=moved,
        achieved=measure(scenario, seed, replicates, workers),
        seed=seed,
        replicates=replicates,
    )
