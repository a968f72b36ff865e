"""M23: a company that owes more than lenders allow is closed, and its debts are not."""

import numpy as np
import pytest
import replica

from flywheel_sim import FlywheelModel, compare
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load
from flywheel_sim.scenario.columns import NAMES

#: Columns that a closed company still has.
KEPT = ("prospects", "former", "cash", "value", "ruined")
DISCOUNT = 0.10


@pytest.fixture
def losing(quiet):
    """1 000 customers pay $1 a week, so that $52 000 a year are the margin, and $3 000 a week are spent."""

    def build(horizon=52, annual=False, teams=False, **ledger):
        changes = {"contracts": {"involuntary": 0}, "market": {"start": "aligned"}} if annual else {}
        if teams:
            changes["teams"] = {"staff": {"headcount": 10, "salary": 5200, "craft": {"care": 1.0}}}
        books = {"cost_of_revenue": 0, "overhead": 2000 if teams else 3000, "discount_rate": DISCOUNT, **ledger}
        return quiet(horizon_weeks=horizon, ledger=books, **changes)

    return build


def young(**changes):
    """Return a small software company with most mechanisms at work, that spends more than it earns."""
    return load("b2b-saas").with_(
        {
            "horizon_weeks": 60,
            "market.accounts": 300,
            "market.initial_customers": 100,
            "measures.debug": True,
            "ledger.credit_limit": 0.5,
            **changes,
        }
    )


def discounted(flows, first=1):
    """Return the value of cash flows of weeks in a row."""
    return float(np.sum(flows * (1 + DISCOUNT) ** (-np.arange(first, first + len(flows)) / 52)))


# --- neutral --------------------------------------------------------------------------------------------------------


def test_neutral_without_a_limit_no_debt_is_too_large(same_bits):
    deep = young(**{"ledger.can_fail": False, "ledger.interest": 0.0, "ledger.severance_weeks": 0.0})
    same_bits(
        deep,
        deep.with_({"ledger.credit_limit": 0.0, "ledger.severance_weeks": 500.0}),
        deep.with_({"ledger.can_fail": True, "ledger.credit_limit": 1000.0, "ledger.severance_weeks": 500.0}),
    )


def test_neutral_who_owes_nothing_pays_no_interest_and_cannot_fail(same_bits):
    rich = young(**{"ledger.opening_cash": 1e8, "ledger.can_fail": False, "ledger.interest": 0.0})
    same_bits(rich, rich.with_({"ledger.interest": 5.0, "ledger.can_fail": True, "ledger.credit_limit": 0.0}))


def test_off_without_a_ledger_nobody_fails(losing, once):
    firm = losing(can_fail=True, credit_limit=0.0, enabled=False)
    assert not once(firm).series("ruined").any()


# --- interest -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("interest", [0.10, 0.35])
def test_a_company_in_debt_from_the_start_is_worth_what_it_owes(losing, once, interest):
    """V = -D discounted, where lenders ask at least what the owners do: nothing is charged twice."""
    run = once(losing(interest=interest, opening_cash=-1000.0))
    weekly = (1 + interest) ** (1 / 52)
    debt = 2000 * (weekly**52 - 1) / (weekly - 1)  # of losses of 2 000 a week, the first bill pays the opening debt
    assert run.series("cash")[-1] == pytest.approx(-debt, rel=1e-12)
    opening = run.initial["value"]  # the first bill, which the owners' debt of before week 0 has eaten
    assert run.series("value")[-1] - opening == pytest.approx(-debt / (1 + DISCOUNT), rel=1e-9)


@pytest.mark.parametrize("interest", [0.0, 0.04, 0.10])
def test_cheap_credit_is_worth_nothing_to_owners(losing, once, interest):
    plain, run = once(losing()), once(losing(interest=interest))
    assert np.array_equal(plain.series("value"), run.series("value"))
    assert (plain.series("cash")[-1] > run.series("cash")[-1]) == (interest > 0)


def test_interest_is_booked_and_cash_adds_up(losing, once):
    run = once(losing(interest=0.2))
    owed = np.maximum(0.0, -run.series("cash", start=True)[:-1])
    assert run.series("interest") == pytest.approx(owed * (1.2 ** (1 / 52) - 1), rel=1e-12)
    assert run.series("interest")[0] == 0 < run.series("interest")[5]
    assert run.series("total_cost") == pytest.approx(3000 + run.series("interest"), rel=1e-12)
    assert run.series("profit") == pytest.approx(1000 - run.series("total_cost"), rel=1e-12)
    assert np.diff(run.series("cash", start=True)) == pytest.approx(run.series("profit"), rel=1e-9)


# --- the week of ruin -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("years", "opening", "week"),
    [
        (0.0, 0.0, 1),  # $1 000 of the first bill less 2 000
        (0.5, 0.0, 14),  # 1 000 - 2 000 t < -26 000: t = 14
        (0.5, 1000.0, 15),  # 2 000 - 2 000 t = -26 000 at t = 14 is not too much
        (1.0, 0.0, 27),  # 1 000 - 2 000 t < -52 000: t = 27
        (2.0, 0.0, None),  # 1 000 - 2 000 x 52 = -103 000
    ],
)
def test_ruin_comes_in_the_week_worked_out_by_hand(losing, once, years, opening, week):
    run = once(losing(can_fail=True, credit_limit=years, opening_cash=opening))
    if week is None:
        assert not run.series("ruined").any() and run.series("customers")[-1] == 1000
        assert run.summary["ruin"] == 0 and run.missing["ruin_week"] == "the company did not fail"
        return
    assert run.summary["ruin"] == 1 and run.summary["ruin_week"] == week
    assert np.array_equal(run.series("ruined"), np.arange(1, 53) >= week)


def test_lenders_look_at_the_margin_of_the_last_year(quiet, once):
    """After three years half of the customers go: what lenders allow shrinks week by week over a year."""
    firm = quiet(
        horizon_weeks=260,
        market={"start": "aligned"},
        ledger={"cost_of_revenue": 0.25, "overhead": 740, "opening_cash": -12_000},
        timeline={"customers": {"crash": {"week": 157, "add": -500}}},
    )
    free = once(firm)
    margin = free.series("revenue") - free.series("cost_of_revenue")
    assert set(np.unique(margin)) == {375.0, 750.0}
    lent = np.array([margin[max(0, t - 51) : t + 1].mean() * 52 for t in range(260)])
    over = free.series("cash") < -0.5 * lent
    week = int(np.argmax(over)) + 1
    assert 157 < week < 209, "while the window holds both"
    firm["ledger"] |= {"can_fail": True, "credit_limit": 0.5}
    assert once(firm).summary["ruin_week"] == week


def test_the_limit_is_the_more_generous_the_later_it_comes(losing, once):
    weeks = [once(losing(can_fail=True, credit_limit=x)).summary["ruin_week"] for x in (0.0, 0.1, 0.3, 0.6, 0.9)]
    assert weeks == sorted(weeks) and len(set(weeks)) == 5


# --- what is owed ---------------------------------------------------------------------------------------------------


def test_debts_of_a_ruined_company_are_booked(losing, once):
    """Annual contracts paid in week 0: 52 000 - 3 000 t < -26 000 at t = 27, when 25 000 have not been delivered."""
    run = once(losing(annual=True, teams=True, can_fail=True, credit_limit=0.5, severance_weeks=6.0))
    t = 27 - 1
    assert run.summary["ruin_week"] == t + 1
    assert run.series("refunded")[t] == pytest.approx(25_000) and run.series("severance")[t] == pytest.approx(6000)
    assert run.series("refunded").sum() == run.series("refunded")[t]
    assert run.series("severance").sum() == run.series("severance")[t]
    assert run.series("deferred")[t - 1] == pytest.approx(26_000) and not run.series("deferred")[t:].any()
    assert run.series("billed")[t] == -run.series("refunded")[t]
    assert run.series("profit")[t] == pytest.approx(1000 - 3000 - 6000)
    owed = 52_000 - 3000 * 27 - 25_000 - 6000
    assert run.series("cash")[t:] == pytest.approx(np.full(52 - t, owed))
    flows = np.full(27, -3000.0)
    flows[-1] -= 31_000
    assert run.series("value")[t:] == pytest.approx(np.full(52 - t, 52_000 + discounted(flows)), rel=1e-12)
    assert run.summary["npv"] == run.series("value")[t]


def test_conserved_every_dollar_of_a_ruined_company_has_one_line():
    for run in batch([young(**{"ledger.can_fail": True})], replicates=3, accounts=True)[0]:
        lines = (
            "cost_of_revenue", "service_cost", "acquisition_cost", "payroll", "coordination_cost", "meeting_cost",
            "bonus", "touch_cost", "tech_cost", "programme_cost", "reward_cost", "overhead", "interest", "severance",
        )  # fmt: skip
        assert run.summary["ruin"] == 1 and run.series("severance").sum() > 0 and run.series("refunded").sum() > 0
        total = sum(run.series(name) for name in lines)
        assert run.series("total_cost") == pytest.approx(total, rel=1e-12)
        cash, deferred = run.series("cash", start=True), run.series("deferred", start=True)
        assert np.diff(cash) == pytest.approx(run.series("billed") - total, rel=1e-9, abs=1e-4)
        assert np.diff(deferred) == pytest.approx(run.series("billed") - run.series("revenue"), rel=1e-6, abs=1e-2)
        flow = np.concatenate(([run.initial["billed"]], run.series("billed") - total + run.series("interest")))
        factor = 1.10 ** (-np.arange(flow.size) / 52)
        assert run.series("value", start=True) == pytest.approx(np.cumsum(flow * factor), rel=1e-9)


def test_ruin_saves_nothing_but_losses_still_to_be_made(losing, once):
    """No limited liability: in its last week a ruined company is worth less than one that goes on, by what it pays."""
    for horizon in (20, 52):
        firm = {"horizon": horizon, "annual": True, "teams": True, "interest": 0.15, "severance_weeks": 3.0}
        ruined = once(losing(**firm, can_fail=True, credit_limit=0.1))
        goes_on = once(losing(**firm))
        week = int(ruined.summary["ruin_week"])
        at = week - 1
        assert np.array_equal(ruined.series("value")[:at], goes_on.series("value")[:at])
        paid = ruined.series("refunded")[at] + ruined.series("severance")[at]
        less = goes_on.series("value")[at] - ruined.series("value")[at]
        assert less == pytest.approx(paid * (1 + DISCOUNT) ** (-week / 52), rel=1e-9)
        assert np.all(ruined.series("value")[at:] <= goes_on.series("value")[at])


def test_a_company_that_would_have_recovered_is_worth_less_for_its_ruin(once):
    """The shipped company borrows in its first years and pays back: lenders who wait for nothing ruin it."""
    patient = once(load("b2b-saas"))
    strict = once(load("b2b-saas").with_({"ledger.credit_limit": 0.05}))
    assert patient.summary["ruin"] == 0 and strict.summary["ruin"] == 1
    assert strict.summary["npv"] < 0 < patient.summary["npv"]


# --- nothing after --------------------------------------------------------------------------------------------------


def test_after_ruin_nothing_happens():
    model = young(**{"ledger.can_fail": True, "ledger.credit_limit": 0.1})
    run = batch([model], replicates=1, accounts=True)[0][0]
    week = int(run.summary["ruin_week"])
    after, last = run.weekly.iloc[week:], run.weekly.iloc[week - 1]
    assert 2 < week < 50 and len(after) == 60 - week
    for name in NAMES:
        expected = last[name] if name in KEPT else 0.0
        assert (after[name] == expected).all(), name
    before = run.weekly.iloc[week - 2]
    assert before["customers"] > 50 and last["customers"] == last["spend"] == last["backlog"] == last["advocates"] == 0
    gone = run.customers
    assert set(gone["state"]) <= {"prospect", "former"}
    ruined = gone[gone["cause"] == "ruined"]
    assert len(ruined) > 50 and (ruined["end_week"] == week).all()
    assert last["churned"] == len(gone[gone["end_week"] == week])
    flow = last["new_customers"] + last["won_back"] - last["churned"]
    assert last["customers"] == before["customers"] + flow
    assert run.teams is not None and not run.arrays.teams[week:, :, 0].any(), "nobody works"
    assert np.allclose(np.linalg.norm(run.arrays.teams[week:, :, 1:], axis=2), 1.0), "but teams had directions"


def test_numbers_of_a_ruined_company_follow_their_definitions():
    ruined = young(**{"ledger.can_fail": True, "ledger.credit_limit": 0.1})
    run = batch([ruined], replicates=1)[0][0]
    week = int(run.summary["ruin_week"])
    assert run.summary["churn_annual"] == 1 and run.summary["nrr"] == 0 and run.summary["customers_end"] == 0
    assert run.summary["nps_true"] == pytest.approx(run.series("nps_true")[:week].mean())
    assert run.summary["alignment_mean"] == pytest.approx(run.series("alignment")[:week].mean())
    assert run.summary["wheel_mass"] == pytest.approx(run.series("spend").mean())
    late = batch([ruined.with_({"measures.warm_up_weeks": week + 1})], replicates=1)[0][0]
    for name in ("nps_true", "nps_survey", "score_inflation_mean", "alignment_mean", "customer_alignment_mean"):
        assert np.isnan(late.summary[name])
        assert late.missing[name] == "the company had failed before the weeks that count", name
    assert np.isfinite(late.summary["npv"]) and late.summary["ruin"] == 1


def test_a_timeline_brings_nobody_back(losing, once):
    firm = losing(can_fail=True, credit_limit=0.1)
    firm["timeline"] = {
        "enabled": True,
        "customers": {"gift": {"week": 30, "add": 5}},
        "changes": {"money": {"from_week": 20, "set": {"ledger.overhead": 0.0, "ledger.can_fail": False}}},
    }
    firm["market"]["accounts"] = 1100
    run = once(firm)
    assert run.summary["ruin_week"] < 20 and run.series("customers")[-1] == 0 and not run.series("added").any()


# --- the same everywhere --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [{}, {"service.event_timed": True}, {"loyalty.enabled": True}], ids=str)
def test_the_replica_is_ruined_in_the_same_week(changes):
    firm = young(**{"ledger.can_fail": True, "ledger.interest": 0.3, **changes})
    weekly = replica.run(firm, seed=1)
    assert weekly[-1, NAMES.index("ruined")] == 1 and weekly[5, NAMES.index("ruined")] == 0
    assert weekly[:, NAMES.index("interest")].any()
    assert replica.compare_with_engine(firm, seed=1, tolerance=0.0) is None


def test_steps_forks_and_saved_states_keep_the_ruin(tmp_path):
    firm = young(**{"ledger.can_fail": True})
    whole = batch([firm], replicates=1)[0][0]
    week = int(whole.summary["ruin_week"])
    model = FlywheelModel(firm, seed=1)
    for _ in range(week + 3):
        model.step()
    twin = model.fork({"ledger.can_fail": False, "market.external": 1.0})
    model.save(tmp_path / "state.npz")
    for one in (model, twin, FlywheelModel.load(tmp_path / "state.npz")):
        while one.week < one.horizon:
            one.step()
        assert np.array_equal(one.results(accounts=False).arrays.weekly, whole.arrays.weekly)


# --- what is said of it ---------------------------------------------------------------------------------------------


def test_a_comparison_says_in_how_many_runs_a_company_is_ruined():
    safe = young(**{"ledger.can_fail": False})
    found = compare([safe, safe.with_({"ledger.can_fail": True})], replicates=4, as_assumed=True)
    weeks = found.final("ruin_week")[1]
    said = f"is ruined in 4 of 4 runs, first in week {weeks.min():.0f}: it owes more than lenders allow, and is closed."
    assert found.verdict.sentence.endswith(said)
    assert found.final("ruin").tolist() == [[0.0] * 4, [1.0] * 4]
    assert found.ruined((0,)) == ""
    alike = compare([safe, safe.with_({"ledger.overhead": 9000.0})], replicates=4, as_assumed=True)
    assert "ruin" not in alike.verdict.sentence


def test_of_two_plans_that_both_ruin_the_company_neither_wins():
    """Who is closed sooner loses less, and that would be said to be worth more."""
    slow = young(**{"ledger.can_fail": True})
    both = compare([slow, slow.with_({"ledger.overhead": 40_000.0})], replicates=4, as_assumed=True)
    assert both.final("ruin").all()
    assert both.verdict.winner is None
    assert both.verdict.sentence.startswith("Neither lasts, so there is nothing to choose: ")
