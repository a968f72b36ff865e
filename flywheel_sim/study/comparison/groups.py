"""Who gains and who loses: runs that are looked into every four weeks, team by team and segment by segment."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.engine.run import Simulation
from flywheel_sim.engine.state import ADDED, ADVOCATE, DETRACTOR, NEUTRAL
from flywheel_sim.execute.run import worker_count
from flywheel_sim.execute.runs import Runs
from flywheel_sim.results.groups import SEGMENT_MEASURES, TEAM_MEASURES, Groups
from flywheel_sim.scenario import Scenario

__all__ = ["EVERY", "groups"]

Floats = NDArray[np.float64]

#: Weeks between two looks.
EVERY = 4
YEAR = 52


def groups(
    scenarios: Sequence[Scenario],
    runs: Runs,
) -> Groups:
    """Return what every scenario does to its teams and segments; run k has the key (seed, k), as in a comparison.

    A bonus is what `m12_incentives.payout` pays, for one head.  Churn is that of the summary, segment by segment: the
    share of those there at the start of every whole year who have left within it, won back or not.

    Parameters
    ----------
    scenarios : sequence of Scenario
    runs : Runs
        How often, with which luck; what runs is the engine itself.
    """
    models = [scenario.model for scenario in scenarios]
    of_teams: list[list[Floats]] = [[] for _ in models]
    of_segments: list[list[Floats]] = [[] for _ in models]
    total = sum(model.horizon_weeks for model in models) * runs.replicates
    done, threads = 0, worker_count(runs.workers)
    for k in range(runs.replicates):
        # One replicate at a time: memory stays flat whatever the size of the company.
        simulation = Simulation(models, [(s, runs.seed, k) for s in range(len(models))], keep_teams=False)
        looks = [_Looks(simulation, q) for q in range(len(models))]
        while simulation.week < simulation.horizon:
            before = simulation.week
            simulation.advance(EVERY, threads=threads)
            for look in looks:
                look.take(simulation.week - before)
            done += (simulation.week - before) * len(models)
            if runs.progress:
                runs.progress(min(done, total), total)
        for s, look in enumerate(looks):
            of_teams[s].append(look.teams())
            of_segments[s].append(look.segments())
    return Groups(
        teams=tuple(tuple(model.teams) for model in models),
        segments=tuple(tuple(model.segments) for model in models),
        by_team=tuple(np.array(rows) for rows in of_teams),
        by_segment=tuple(np.array(rows) for rows in of_segments),
        every=EVERY,
    )


class _Looks:
    """Sums over the looks into one run of a simulation."""

    def __init__(self, simulation: Simulation, q: int) -> None:
        self._simulation, self._q = simulation, q
        r = simulation.state.run[q]
        model = simulation.program.models[int(r["scenario"])]
        self._model = model
        self._team = slice(int(r["team0"]), int(r["team0"]) + len(model.teams))
        self._account = slice(int(r["account0"]), int(r["account0"]) + int(r["accounts"]))
        self._by_team = np.zeros((len(model.teams), len(TEAM_MEASURES)))
        self._warmth, self._present, self._there, self._stayed = (np.zeros(len(model.segments)) for _ in range(4))
        self._cohort = self._customers()[0]
        self._weeks = 0.0

    def take(self, weeks: int) -> None:
        """Add what teams and segments are at now, counted ``weeks`` times; at the end of a year, close its cohort."""
        st, m = self._simulation.state, self._model
        heads = st.heads[self._team]
        someone = np.maximum(heads, 1e-9)
        morale = m.culture.morale.reference + st.morale[self._team] if self._morale() else np.full(len(heads), np.nan)
        rows = (self._bonus(), st.hours[self._team] / someone, st.overload[self._team], morale)
        self._by_team += weeks * np.column_stack(rows)
        status, segment = st.status[self._account], st.segment[self._account]
        here = (status == NEUTRAL) | (status == ADVOCATE) | (status == DETRACTOR)
        count = len(self._present)
        warmth = st.relationship[self._account][here].astype(np.float64)
        self._present += weeks * np.bincount(segment[here], minlength=count)
        self._warmth += weeks * np.bincount(segment[here], weights=warmth, minlength=count)
        if self._simulation.week % YEAR == 0:
            here_now, stayed = self._customers()
            self._there, self._stayed = self._there + self._cohort, self._stayed + stayed
            self._cohort = here_now
        self._at_end = np.bincount(segment[here], minlength=count).astype(np.float64)
        self._weeks += weeks

    def teams(self) -> Floats:
        """Return averages by team and measure."""
        return self._by_team / max(self._weeks, 1.0)

    def segments(self) -> Floats:
        """Return averages by segment and measure; NaN in a segment that never had a customer."""
        with np.errstate(invalid="ignore", divide="ignore"):
            churn = 1.0 - self._stayed / self._there
            averages = np.column_stack((self._warmth / self._present, churn, self._at_end))
        assert averages.shape[1] == len(SEGMENT_MEASURES)
        return averages

    def _customers(self) -> tuple[Floats, Floats]:
        """Return customers by segment, and those of them who were there a year ago, at the end of that week, too."""
        st, rows, a_year_ago = self._simulation.state, self._account, self._simulation.week - YEAR
        status, segment, count = st.status[rows], st.segment[rows], len(self._present)
        here = (status == NEUTRAL) | (status == ADVOCATE) | (status == DETRACTOR)
        added = (st.source[rows] == ADDED) & (st.spells[rows] == 1)  # at the beginning of the week that comes after
        stayed = here & (st.start[rows] + added <= a_year_ago)
        return tuple(np.bincount(segment[who], minlength=count).astype(np.float64) for who in (here, stayed))  # type: ignore[return-value]

    def _morale(self) -> bool:
        culture = self._model.culture
        return bool(culture.enabled and culture.morale.enabled)

    def _bonus(self) -> Floats:
        """Return bonus of a head and year in the last week."""
        simulation = self._simulation
        st, r, program = simulation.state, simulation.state.run[self._q], simulation.program
        p: Any = program.par[program.calendar[int(r["scenario"]), simulation.week - 1]]
        first = int(p["size"]["team0"])
        team = program.tables.team[first : first + len(self._by_team)]
        return np.asarray(team["paid"] * team["salary"] * team["bonus"] * st.scored[self._team], np.float64)
