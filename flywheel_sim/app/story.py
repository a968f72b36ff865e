"""One run, week by week, as the Watch screen shows it: the wheel, the compass, a piece of the network, what happens.

The wheel has three parts.  *Attract* is the customers won, *engage* the touches that succeed, *delight* the customers
who speak well; it turns at the rate of customers won by word of mouth and of expansions, per customer (`wheel_speed`
of the summary), and loses customers to friction.  The angle of a team's arrow to the vertical is its angle to what
customers need, in the full space of priorities.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from flywheel_sim.app.bounds import check
from flywheel_sim.app.jobs import Job
from flywheel_sim.engine.run import Simulation
from flywheel_sim.engine.state import STATUSES
from flywheel_sim.engine.targets import with_targets
from flywheel_sim.present.compass import side_of
from flywheel_sim.present.drawing import color
from flywheel_sim.results import Run
from flywheel_sim.results.directions import TeamPaths, team_paths
from flywheel_sim.results.words import money
from flywheel_sim.scenario import Scenario

__all__ = ["SAMPLE", "Event", "Story", "compass", "events", "sample", "tell", "wheel"]

Floats = NDArray[np.float64]
#: Accounts shown of the network.
SAMPLE = 150
#: What an account is, one character a week: prospect, neutral customer, advocate, detractor, lost.
_LETTERS = {
    "prospect": "p", "neutral": "n", "advocate": "a", "detractor": "d", "former": "f", "sour": "f", "lead": "p",
    "sold": "p",
}  # fmt: skip
#: Degrees by which the wheel turns in a week, for one percent of speed.
_DEGREES = 12.0
_MEMORY = 4  # weeks over which the wheel's numbers are averaged


@dataclass(frozen=True)
class Event:
    """Something that happened."""

    week: int
    text: str
    kind: str


@dataclass(frozen=True)
class Story:
    """One run and its network sample."""

    run: Run
    nodes: Floats
    ties: NDArray[np.int64]
    voices: tuple[str, ...]

    def data(self) -> dict[str, Any]:
        """Return everything the picture needs, as values JSON can hold."""
        paths = team_paths([self.run])
        return {
            "title": self.run.scenario.title,
            "weeks": self.run.weeks,
            "wheel": wheel(self.run),
            "compass": compass(paths) if paths is not None else None,
            "network": {
                "x": [round(float(x), 4) for x in self.nodes[:, 0]],
                "y": [round(float(y), 4) for y in self.nodes[:, 1]],
                "ties": self.ties.tolist(),
                "voices": list(self.voices),
            },
            "events": [[event.week, event.text, event.kind] for event in events(self.run)],
        }


def tell(scenario: Scenario, seed: int, job: Job) -> Story:
    """Run a scenario once, and keep what a sample of its accounts said every week.

    Raises
    ------
    Cancelled, ScenarioError
    """
    check([scenario], 1)
    scenario = with_targets(scenario)
    simulation = Simulation([scenario.model], [(0, seed, 0)], look=lambda: job.step(0, scenario.model.horizon_weeks))
    state, accounts = simulation.state, int(simulation.state.run[0]["accounts"])
    seen = sample(state.edge[: accounts + 1], state.friend, np.flatnonzero(_customers(state.status[:accounts])))
    letters = np.array([_LETTERS[name] for name in STATUSES])
    voices = ["".join(letters[state.status[seen]])]
    while simulation.week < simulation.horizon:
        simulation.advance(1, progress=lambda *_: job.step(simulation.week, simulation.horizon))
        voices.append("".join(letters[state.status[seen]]))
        job.step(simulation.week, simulation.horizon)
    nodes, ties = _drawn(seen, state.edge[: accounts + 1], state.friend)
    return Story(Run.of(scenario, simulation, accounts=False), nodes, ties, tuple(voices))


def sample(edge: NDArray[Any], friend: NDArray[Any], first: NDArray[Any], most: int = SAMPLE) -> NDArray[np.int64]:
    """Return a connected piece of the network around the first customer; the first accounts where nobody has ties.

    Parameters
    ----------
    edge, friend : int arrays
        Ties of account i are ``friend[edge[i]:edge[i + 1]]``.
    first : int array
        Accounts to begin with.

    Examples
    --------
    >>> sample(np.array([0, 1, 3, 4, 4]), np.array([1, 0, 2, 1]), np.array([0])).tolist()
    [0, 1, 2, 3]
    """
    accounts = len(edge) - 1
    piece: dict[int, None] = {}
    queue = [int(i) for i in first[:1]]
    while (queue or len(first)) and len(piece) < min(most, accounts):
        if not queue:
            rest = [int(i) for i in first if int(i) not in piece]
            if not rest:
                break
            queue = rest[:1]
        here = queue.pop(0)
        if here not in piece:
            piece[here] = None
            queue += [int(i) for i in friend[edge[here] : edge[here + 1]]]
    for other in range(accounts):
        if len(piece) >= min(most, accounts):
            break
        piece.setdefault(other)
    return np.sort(np.array(list(piece), np.int64))


def wheel(run: Run) -> dict[str, list[float | None]]:
    """Return weekly numbers of the wheel, week 0 first; parts are shares of the best week of the run."""

    def column(name: str) -> Floats:
        return _smooth(run.series(name, start=True))

    customers = np.maximum(column("customers"), 1.0)
    touches = np.maximum(column("touches"), 1e-9)
    good = np.where(column("touches") > 0, 1.0 - column("defects") / touches, np.nan)
    speed = (column("referred_new") + column("expansions")) / customers
    lost = column("churned") / customers
    angle = np.concatenate(([0.0], np.cumsum(np.minimum(_DEGREES * 100 * speed[1:], 40.0))))
    shown = {
        "attract": column("new_customers"), "engage": good, "delight": column("advocates") / customers,
        "speed": 100 * speed, "lost": 100 * lost, "friction": column("friction"), "turn": angle,
        "customers": run.series("customers", start=True), "value": run.series("value", start=True),
        "nps": column("nps_true"), "alignment": run.series("customer_alignment", start=True),
    }  # fmt: skip
    return {name: [_number(value) for value in values] for name, values in shown.items()}


def compass(paths: TeamPaths) -> dict[str, Any]:
    """Return arrows of the teams: angle to the need, signed by what they look at instead, and length."""
    side = side_of([paths])
    sign = np.where(paths.direction @ side.direction < 0, -1.0, 1.0)
    length = paths.magnitude / max(float(paths.magnitude.max()), 1e-9)
    return {
        "teams": [name.replace("_", " ") for name in paths.teams],
        "colours": [color(k) for k in range(len(paths.teams))],
        "left": side.left,
        "right": side.right,
        "angle": (sign * paths.angle[:, :, 1]).round(1).tolist(),
        "length": length.round(3).tolist(),
    }


def events(run: Run) -> list[Event]:
    """Return what happened, in order: changes of the scenario, the CCO's comings and goings, turns of fortune."""
    model, weeks = run.scenario.model, run.weeks
    happened: list[Event] = []
    if model.timeline.enabled:
        for name, change in model.timeline.changes.items():
            happened.append(Event(change.from_week, f"{_words(name)} begins", "change"))
            if change.until_week:
                happened.append(Event(change.until_week, f"{_words(name)} ends", "change"))
        for name, pulse in model.timeline.customers.items():
            happened.append(Event(pulse.week, f"{_words(name)}: {pulse.add:+d} customers", "change"))
    if model.cadence.enabled:
        happened.append(Event(model.cadence.interval_weeks, "the flywheel group meets for the first time", "team"))
    if model.leadership.enabled:
        happened += _leader(run)
    customers, value = run.series("customers", start=True), run.series("value", start=True)
    for factor, word in ((2, "twice"), (5, "five times"), (10, "ten times")):
        week = _first(customers >= factor * max(customers[0], 1))
        if week:
            happened.append(Event(week, f"{word} the customers of the start", "good"))
    if customers.min() < 0.8 * customers[0]:
        happened.append(Event(_first(customers < 0.8 * customers[0]), "a fifth of the first customers gone", "bad"))
    low = int(np.argmin(value))
    if value[low] < 0 < low < weeks:
        happened.append(
            Event(low, f"cash to date is lowest: {money(float(value[low]))}".replace("−", "−\u2060"), "bad")
        )
        back = _first((value >= 0) & (np.arange(weeks + 1) > low))
        if back:
            happened.append(Event(back, "what it cost so far has come back", "good"))
    if ruin := _first(run.series("ruined", start=True) > 0):
        happened.append(Event(ruin, "the company owes more than lenders allow, and is closed", "bad"))
    happened += _turns(run)
    return sorted((e for e in happened if 0 < e.week <= weeks), key=lambda e: (e.week, e.text))


def _turns(run: Run) -> list[Event]:
    """Return weeks in which a smoothed column passes a mark for good, or is worst."""
    turns = []
    aligned = _smooth(run.series("customer_alignment", start=True))
    start = aligned[1] if len(aligned) > 1 else aligned[0]
    for mark in (0.7, 0.8, 0.9):
        week = _first(aligned >= mark)
        if start < mark and week:
            turns.append(Event(week, f"teams and customers point the same way: cosine {mark:g}", "good"))
    referred = _first(np.cumsum(run.series("referred_new", start=True)) >= 100)
    if referred:
        turns.append(Event(referred, "one hundred customers won by word of mouth", "good"))
    churned = run.series("churned", start=True)
    worst = int(np.argmax(churned))
    if churned[worst] >= 5:
        turns.append(Event(worst, f"most customers lost in a week: {churned[worst]:.0f}", "bad"))
    wait = run.series("wait_weeks", start=True)
    if _first(wait > 1):
        turns.append(Event(_first(wait > 1), "customers wait more than a week for service", "bad"))
    return turns


def _leader(run: Run) -> list[Event]:
    """Return the CCO's comings and goings."""
    tenure = run.series("leader_tenure_weeks", start=True)
    matured = run.series("leader_matured", start=True)
    comings = []
    for week in range(1, len(tenure)):
        before, now = tenure[week - 1], tenure[week]
        if now > 0 and (before == 0 or now < before):
            comings.append(Event(week, "a new CCO takes office", "team"))
        elif now == 0 < before:
            comings.append(Event(week, f"the CCO leaves after {before:.0f} weeks", "bad"))
        if matured[week] > 0 >= matured[week - 1]:
            comings.append(Event(week, "the CCO's work begins to show", "good"))
    return comings


def _drawn(seen: NDArray[np.int64], edge: NDArray[Any], friend: NDArray[Any]) -> tuple[Floats, NDArray[np.int64]]:
    """Return places of the sampled accounts in the unit square, and the ties among them."""
    place = {int(account): k for k, account in enumerate(seen)}
    ties = sorted(
        {
            (min(k, place[int(j)]), max(k, place[int(j)]))
            for account, k in place.items()
            for j in friend[edge[account] : edge[account + 1]]
            if int(j) in place
        }
    )
    graph = nx.Graph()
    graph.add_nodes_from(range(len(seen)))
    graph.add_edges_from(ties)
    where = nx.spring_layout(graph, seed=1, iterations=120, k=1.6 / max(len(seen), 1) ** 0.5)
    points = np.array([where[k] for k in range(len(seen))]).reshape(-1, 2)
    span = np.maximum(np.ptp(points, axis=0), 1e-9)
    return (points - points.min(axis=0)) / span, np.array(ties, np.int64).reshape(-1, 2)


def _customers(status: NDArray[Any]) -> NDArray[np.bool_]:
    inside = [STATUSES.index(name) for name in ("neutral", "advocate", "detractor")]
    return np.isin(status, inside)


def _smooth(values: Floats) -> Floats:
    """Return the mean of the last few weeks, of those there are."""
    total = np.cumsum(np.nan_to_num(values))
    count = np.arange(1, len(values) + 1)
    before = np.concatenate((np.zeros(_MEMORY), total[:-_MEMORY])) if len(values) > _MEMORY else np.zeros(len(values))
    return np.asarray((total - before) / np.minimum(count, _MEMORY))


def _first(holds: Sequence[bool] | NDArray[np.bool_]) -> int:
    """Return the first week in which something holds; 0 = never, or from the start."""
    return int(np.argmax(holds))


def _number(value: float) -> float | None:
    return float(f"{value:.5g}") if np.isfinite(value) else None


def _words(name: str) -> str:
    return name.replace("-", " ").replace("_", " ")
