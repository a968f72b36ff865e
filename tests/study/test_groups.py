"""Who gains and who loses, on small companies."""

import numpy as np
import pytest

from flywheel_sim.execute.run import batch
from flywheel_sim.execute.runs import Runs
from flywheel_sim.results.groups import SEGMENT_MEASURES, TEAM_MEASURES, Groups
from flywheel_sim.scenario import Scenario, load
from flywheel_sim.study.comparison.groups import groups

SMALL = {"market.accounts": 600, "market.initial_customers": 150, "horizon_weeks": 26, "capacity.staffing": False}


@pytest.fixture(scope="module")
def pair() -> list[Scenario]:
    return [load(name).with_(SMALL) for name in ("siloed-close-rate", "relationship-pay")]


@pytest.fixture(scope="module")
def found(pair: list[Scenario]) -> Groups:
    return groups(pair, Runs(replicates=2, seed=3))


def test_bonuses_of_the_teams_are_the_bonus_of_the_ledger(pair: list[Scenario]) -> None:
    weekly = [scenario.with_({"horizon_weeks": 1, "culture.morale.enabled": False}) for scenario in pair]
    rows = batch(weekly, replicates=1, seed=3)
    seen = groups(weekly, Runs(replicates=1, seed=3))
    for s, scenario in enumerate(weekly):
        heads = np.array([team.headcount for team in scenario.model.teams.values()])
        booked = rows[s][0].series("bonus")[-1] * 52.0
        assert booked > 0
        assert float(seen.by_team[s][0, :, 0] @ heads) == pytest.approx(booked, rel=1e-6)


def test_segments_add_up_to_the_company(pair: list[Scenario], found: Groups) -> None:
    rows = batch(pair, replicates=2, seed=3)
    ends = list(SEGMENT_MEASURES).index("customers")
    for s in range(2):
        for k in range(2):
            assert found.by_segment[s][k, :, ends].sum() == rows[s][k].series("customers")[-1]


def test_churn_of_segments_is_the_companys_split_up(pair: list[Scenario]) -> None:
    year = [scenario.with_({"horizon_weeks": 110, "measures.warm_up_weeks": 0}) for scenario in pair]
    at = list(SEGMENT_MEASURES).index("churn")
    for seen, run in zip(
        groups(year, Runs(replicates=1, seed=3)).by_segment, batch(year, replicates=1, seed=3), strict=True
    ):
        churn, whole = seen[0, :, at], run[0].summary["churn_annual"]
        assert churn.min() < whole < churn.max() and churn.max() - churn.min() < 0.2
    alone = year[0].with_({"segments.enterprise.share": 1e-6})
    only = groups([alone], Runs(replicates=1, seed=3)).by_segment[0][0]
    assert only[list(alone.model.segments).index("small"), at] == pytest.approx(
        batch([alone], replicates=1, seed=3)[0][0].summary["churn_annual"], rel=1e-12
    )


def test_a_scenario_against_itself_moves_nobody(pair: list[Scenario]) -> None:
    same = groups([pair[0], pair[0]], Runs(replicates=2, seed=3))
    for measure in (*TEAM_MEASURES, *SEGMENT_MEASURES):
        for share in same.shares(measure, 1):
            assert share.before == share.after
            assert not share.clear


def test_looking_changes_nothing(pair: list[Scenario]) -> None:
    plain = batch(pair[:1], replicates=1, seed=3)[0][0]
    seen = groups(pair[:1], Runs(replicates=1, seed=3))
    assert seen.by_segment[0][0, :, -1].sum() == plain.series("customers")[-1]


def test_groups_survive_saving(found: Groups) -> None:
    tables = found.tables()
    again = Groups.of(found.about(), lambda name: {k: np.asarray(v) for k, v in tables[name].items()})
    assert again.teams == found.teams
    for mine, other in zip((*again.by_team, *again.by_segment), (*found.by_team, *found.by_segment), strict=True):
        np.testing.assert_array_equal(mine, other)
