"""Known numbers and data of one company: each setting is moved by one of them, and the other is kept to."""

import json

import pytest
from click.testing import CliRunner

from flywheel_sim.cli import flywheel
from flywheel_sim.scenario import load
from flywheel_sim.study.calibration.known_numbers import _look, moved_by
from flywheel_sim.study.calibration.known_with_data import distances, fit_beside

FIGURES = "date,customers\n" + "".join(
    f"2024-{month:02d}-01,{600 + 12 * k}\n" for k, month in enumerate((1, 3, 5, 7, 9, 11))
)
MINE = """
extends: b2c-subscription
title: Mine
horizon_weeks: 60
market: {accounts: 3000, initial_customers: 600}
known:
  churn: 3.5 +- 0.5% a month
observed:
  file: figures.csv
  date: date
  series: {customers: {column: customers, quantity: customers}}
  fit:
    leaving: {path: market.churn.mean, low: 0.001, high: 0.5}
    coming: {path: market.external, low: 0.00005, high: 0.05}
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "figures.csv").write_text(FIGURES, encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(MINE, encoding="utf-8")
    return tmp_path


def test_a_known_number_keeps_its_setting_and_the_data_move_the_rest(mine):
    start = load("mine.yaml")
    assert "market.churn.mean" in moved_by(start) and "market.external" not in moved_by(start)
    found = fit_beside(start, replicates=4)
    assert found.kept == ("market.churn.mean",) and set(found.values) == {"market.external"}
    assert found.scenario.get("market.churn.mean") == start.get("market.churn.mean")
    before, after = (distances(one, seed=1, replicates=4)["customers"] for one in (start, found.scenario))
    assert after < before and after < 0.05


def test_calibrate_uses_both_and_tells_how_far_the_data_are(mine):
    got = CliRunner().invoke(flywheel, ["calibrate", "mine.yaml", "--replicates", "8", "--json"])
    answer = json.loads(got.stdout)["data"]
    assert answer["observed"]["kept"] == ["market.churn.mean"] and answer["observed"]["distances"]["customers"] < 0.1
    fitted = load("mine-fitted.yaml")
    assert fitted.get("market.external") == pytest.approx(answer["observed"]["fitted"]["market.external"])
    assert not (mine / "mine-fitted.known").exists()


def test_all_taken_by_known_numbers_leaves_the_data_to_compare_with(mine):
    start = load("mine.yaml").with_({"observed.fit.coming": None})
    found = fit_beside(start, replicates=2)
    assert found.values == {} and found.scenario == start and found.kept == ("market.churn.mean",)


def test_payback_is_that_of_a_company_at_rest():
    start = load({"extends": "b2b-two-teams", "horizon_weeks": 80, "known": {"payback": "12 months"}})
    early = {"timeline.changes": {"dear": {"from_week": 1, "until_week": 20, "set": {"ledger.cost_per_win": 1e6}}}}
    (one, _), (other, _) = (
        _look(made, start.known, 1, 2, None, only_numbers=True)["numbers"]["payback"]
        for made in (start, start.with_(early))
    )
    assert other < 3 * one, "what was paid in the first weeks does not count"


def test_satisfaction_is_met_through_how_often_contacts_go_well():
    from flywheel_sim.study.calibration.known_numbers import meet

    market = {"accounts": 3000, "initial_customers": 600}
    spec = {"extends": "b2c-subscription", "horizon_weeks": 60, "market": market, "known": {"csat": "80 +- 3%"}}
    (csat,) = meet(load(spec)).numbers
    assert csat.met and csat.moved and all(path.endswith(".base_success") for path in csat.moved)
