"""Scores that every measure of a company comes to if nobody works for a bonus: the engine's own, run by run."""

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.engine.run import Simulation
from flywheel_sim.execute.run import worker_count
from flywheel_sim.scenario import Scenario

__all__ = ["mean_scores"]


def mean_scores(
    scenario: Scenario, seed: int = 11, replicates: int = 8, workers: int | None = None
) -> dict[str, NDArray[np.float64]]:
    """Return what a bonus on each measure would come to if nobody worked for it: 1 is the bonus at target.

    Parameters
    ----------
    scenario : Scenario
    seed, replicates : int
        Luck, and number of runs.
    workers : int, optional
        Threads.

    Returns
    -------
    dict of str to float64 array, shape (replicates,)
        By measure, the mean over the weeks of each run and over the heads of the teams that can be scored on it.
    """
    inc, teams = scenario.model.incentives, scenario.model.teams
    ends = {end for link in scenario.model.handoffs.links.values() for end in (link.giver, link.taker)}
    models = []
    for name, one in inc.measures.items():
        paid = [team for team in teams if team in ends or not one.peers or one.columns]
        pay = {team: {"intensity": 0.0, "on": {name: 1.0}, "bonus": 0.0} for team in paid}
        models.append(scenario.with_({"incentives.enabled": True, "incentives.pay": pay}).model)
    keys = [(s, seed, k) for s in range(len(models)) for k in range(replicates)]
    simulation, threads = Simulation(models, keys, keep_teams=False), worker_count(workers)
    state, got, due = simulation.state, np.zeros(len(keys)), np.zeros(len(keys))
    paid_rows = np.concatenate([[team in model.incentives.pay for team in teams] for model in models])
    paid_rows = np.repeat(paid_rows.reshape(len(models), -1), replicates, axis=0).ravel()
    while simulation.week < simulation.horizon:
        simulation.advance(1, threads=threads)
        heads = (state.heads * paid_rows).reshape(len(keys), -1)
        got += (state.scored.reshape(len(keys), -1) * heads).sum(axis=1)
        due += heads.sum(axis=1)
    share = np.divide(got, due, out=np.full(len(keys), np.nan), where=due > 0).reshape(len(models), replicates)
    return dict(zip(inc.measures, share, strict=True))
