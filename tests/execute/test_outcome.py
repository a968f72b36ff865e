"""Outcomes: every form of their names means the number it says, and what is wrong with a name is said."""

import numpy as np
import pytest
from own_rules import late_customers

import flywheel_sim as fs
from flywheel_sim.execute import outcome
from flywheel_sim.execute.outcome import beyond, last_week, measure, needs_accounts, unknown_outcome
from flywheel_sim.results import ResultError
from flywheel_sim.scenario import ScenarioError

SMALL = {"market.accounts": 200, "market.initial_customers": 40, "horizon_weeks": 30, "ledger.can_fail": False}


@pytest.fixture(scope="module")
def run():
    return fs.run(fs.load("b2b-saas").with_(SMALL), seed=3)


def test_every_form_means_the_number_it_says(run):
    week = {name: run.weekly[name].to_numpy() for name in ("customers", "churned", "revenue", "new_customers")}
    meant = {
        "npv": run.summary["npv"],
        "customers.end": week["customers"][-1],
        "customers.q10": np.quantile(week["customers"], 0.1),
        "customers.q2.5": np.quantile(week["customers"], 0.025),
        "customers.at7": week["customers"][6],
        "revenue.to7": week["revenue"][:7].sum(),
        "churned.sum@11-20": week["churned"][10:20].sum(),
        "customers.mean@11-": week["customers"][10:].mean(),
        "customers.q50@11-20": np.median(week["customers"][10:20]),
        "customers.end@11-20": week["customers"][19],
        "revenue.sum / customers.sum": week["revenue"].sum() / week["customers"].sum(),
        "churned.sum@11-20 / customers.sum@1-10": week["churned"][10:20].sum() / week["customers"][:10].sum(),
        "npv/customers_end": run.summary["npv"] / run.summary["customers_end"],
        "own_rules:late_customers": week["customers"][15],
        "own_rules:late_customers / customers.end": week["customers"][15] / week["customers"][-1],
    }
    assert [unknown_outcome(name) for name in meant] == [None] * len(meant)
    np.testing.assert_allclose(measure(list(meant), run), list(meant.values()), rtol=1e-14)
    assert late_customers(run) == week["customers"][15]


def test_what_a_run_does_not_reach_and_a_ratio_to_nothing_are_missing(run):
    names = ["customers.at31", "customers.mean@20-31", "customers.mean@31-"]
    assert np.isnan(measure(names, run)).all()
    nobody = fs.run(fs.load("b2b-saas").with_({**SMALL, "market.initial_customers": 0, "market.external": 0}), seed=3)
    assert np.isnan(measure(["revenue.sum / customers.at1"], nobody)).all()


@pytest.mark.parametrize(
    ("name", "said", "near"),
    [
        ("nvp", "unknown outcome 'nvp'", "npv"),
        ("custmers.q10", "unknown column 'custmers'", "customers.q10"),
        ("customers.q101", "expected a quantile from q0 to q100", "customers.q90"),
        ("customers.q", "a quantile", "customers.q10"),
        ("customers.at", "week 26", "customers.at26"),
        ("customers.at2.5", "week 26", "customers.at"),
        ("customers.mean3", "expected a weekly column", "customers.mean"),
        ("customers.mean@20-10", "the first not after the last", None),
        ("customers.at5@1-10", "expected a weekly column", "customers.at26"),
        ("customers.mean@0-10", "expected weeks", None),
        ("npv / nvp", "unknown outcome 'nvp'", "npv / npv"),
        ("npv / ", "one outcome over another", None),
        ("npv / npv / npv", "one outcome over another", None),
        ("own_rules:late_custmers", "there is no 'late_custmers' in the module", "own_rules:late_customers"),
        ("own_rulez:late", "the module 'own_rulez' cannot be imported", None),
        ("own_rules:NOT_A_RULE", "expected a function of a run", None),
        ("own rules:x", "expected a name to import", None),
    ],
)
def test_what_is_wrong_with_a_name_is_said(name, said, near):
    message, suggestion = unknown_outcome(name)
    assert said in message
    assert near is None or str(suggestion).startswith(near)


def test_weeks_beyond_the_run_are_refused_before_it():
    assert last_week("customers.mean@27-52 / revenue.to60") == 60
    assert beyond("customers.mean@27-52", 30) == (
        "'customers.mean@27-52' looks at week 52, and there are runs of 30 weeks",
        "customers.mean@27-30",
    )
    assert beyond("customers.mean@1-30", 30) is None and beyond("customers.q10", 1) is None
    study = {"scenario": "b2b-saas", "set": SMALL, "parameters": {"market.price": [1.0]}}
    with pytest.raises(ScenarioError, match=r"looks at week 52.*did you mean 'churned.sum@27-30'"):
        fs.sweep({**study, "outcomes": ["churned.sum@27-52"]})


def test_accounts_are_kept_where_an_outcome_looks_at_them():
    assert needs_accounts(["npv / whale_peak"]) and needs_accounts(["own_rules:late_customers"])
    assert not needs_accounts(["npv", "customers.q10"])


def test_a_sweep_keeps_them_all_and_says_what_a_function_was(tmp_path):
    names = ["npv", "customers.q90@11-20", "churned.sum / new_customers.sum", "own_rules:late_customers"]
    study = {"scenario": "b2b-saas", "set": SMALL, "parameters": {"market.price": [1.0, 1.2]}, "outcomes": names}
    found = fs.sweep(study, tmp_path / "runs")
    assert found.table["error"].isna().all()
    alone = [fs.run(fs.load("b2b-saas").with_({**SMALL, "market.price": price})) for price in (1.0, 1.2)]
    np.testing.assert_array_equal(found.table[names].to_numpy(), [measure(names, run) for run in alone])
    assert list(found.store.functions) == ["own_rules:late_customers"] and all(found.store.functions.values())


def test_a_function_that_has_changed_since_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "numbers_of_mine.py").write_text("def one(run):\n    return 1.0\n")
    study = {"scenario": "b2b-saas", "set": SMALL, "parameters": {"market.price": [1.0]},
             "outcomes": ["numbers_of_mine:one"]}  # fmt: skip
    found = fs.sweep(study, tmp_path / "runs")
    assert found.table["numbers_of_mine:one"].tolist() == [1.0]
    assert fs.resume(tmp_path / "runs").standing.left == 0
    monkeypatch.setattr(outcome, "source_hash", lambda _: "another")
    with pytest.raises(ResultError, match=r"used another 'numbers_of_mine:one'"):
        fs.resume(tmp_path / "runs")
    assert fs.open(tmp_path / "runs").standing.done == 1, "looking at runs asks for no Python"


def test_a_function_that_returns_no_number_fails_its_run_alone(tmp_path):
    study = {"scenario": "b2b-saas", "set": SMALL, "parameters": {"market.price": [1.0]},
             "outcomes": ["npv", "own_rules:no_number"]}  # fmt: skip
    (error,) = fs.sweep(study, tmp_path / "runs").table["error"]
    assert "'own_rules:no_number' returned 'many', expected a number" in error
