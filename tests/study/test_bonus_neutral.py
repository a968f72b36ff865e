"""Comparisons of pay schemes with the same expected payout, and that they say whether they are."""

import pytest

import flywheel_sim as fs
from flywheel_sim.results.bonuses import at_target, bonus_sentence, payroll
from flywheel_sim.scenario import ScenarioError
from flywheel_sim.study.comparison.bonus_neutral import expected_bonuses


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    file = tmp_path_factory.mktemp("company") / "mine.yaml"
    file.write_text(
        "extends: b2c-subscription\nhorizon_weeks: 40\nmarket: {accounts: 1500, initial_customers: 300}\n",
        encoding="utf-8",
    )
    return fs.load(file)


def test_every_scheme_is_expected_to_pay_the_same(company):
    dear = company.plus("nps-pay", {"incentives": {"pay": {"all": {"bonus": 0.3}}}})
    half = company.plus("churn-pay", {"incentives": {"measures": {"churn": {"target": 10.0}}}})
    found = fs.bonus_neutral([company, company.plus("churn-pay"), dear, half])
    paid = [expected_bonuses(one) for one in found[1:]]
    assert paid == pytest.approx([paid[0]] * 3)
    assert payroll(found[0]) == pytest.approx(payroll(company) + paid[0]), "no bonus: its money is part of salaries"
    assert found[1].changes == {}, "the first that pays a bonus says how much"
    with pytest.raises(ScenarioError, match="no scenario pays a bonus"):
        fs.bonus_neutral([company, company])


def test_a_comparison_says_which_it_is(company):
    plain, dear = company.plus("churn-pay"), company.plus("nps-pay", {"incentives": {"pay": {"all": {"bonus": 0.3}}}})
    labels = ("A", "B")
    assert "are not bonus-neutral: at target A pays" in bonus_sentence([plain, dear], labels)
    assert bonus_sentence([company, company], labels) == ""
    assert at_target(plain) == pytest.approx(0.1 * payroll(company))
    asked = fs.compare(fs.bonus_neutral([company, plain]), replicates=2)
    assert any("are bonus-neutral: people earn" in said for said in asked.warnings)
    assert any("found in its base case" in said for said in asked.warnings)


def test_a_comparison_carries_where_order_matters(company):
    both = company.plus("churn-pay+csat-pay")
    found = fs.compare([company, both], replicates=2)
    assert any(said.startswith("order matters: csat-pay and churn-pay") for said in found.warnings)
