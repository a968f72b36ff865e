"""M1, M6: which leads are worked, which lapse and rest, and when a deal is signed: finite demand."""

import numpy as np
import pytest

from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import ScenarioError, load

STAGES = {"enabled": True, "qualify": 0.36, "propose": 0.44, "close": 0.22, "onboard": 0.95}
CLOSED = 0.36 * 0.44 * 0.22


@pytest.fixture
def sellers(quiet):
    """Build a company whose only team sells, an hour a qualified lead, to prospects whom marketing finds."""

    def build(heads=10.0, weeks=52, accounts=5000, external=0.0006, funnel=None, contracts=None, **more):
        return quiet(
            horizon_weeks=weeks,
            teams={"sales": {"headcount": heads, "salary": 0, "craft": {"acquire": 1}}},
            market={
                "accounts": accounts,
                "initial_customers": 0,
                "external": external,
                "funnel": {**STAGES, "delay_effect": False, **(funnel or {})},
            },
            capacity={"staffing": False, "pair_hours": 0, "craft_speed": 0},
            journey={
                "match_effect": 0,
                "overload_effect": 0,
                "touchpoints": {"demo": {"stage": "sale", "owner": "sales", "hours": 1.0, "need": {"acquire": 1}}},
            },
            contracts={"window_weeks": 52, "involuntary": 0, **(contracts or {})},
            **more,
        )

    return build


def total(runs, column):
    return sum(run.series(column).sum() for run in runs)


# --- neutral settings -------------------------------------------------------------------------------------------------


def test_where_nobody_waits_it_is_the_same_who_is_first(sellers, same_bits):
    plenty = {"heads": 100}
    same_bits(sellers(**plenty), sellers(**plenty, funnel={"order": "newest", "lapse": 0.5}))


def test_a_budget_that_is_always_open_has_no_timing(sellers, same_bits):
    timing = {"window_effect": "timing", "agreed_loss": 0.3, "follow_up": 5}
    same_bits(sellers(), sellers(contracts=timing))


def test_without_a_funnel_nobody_rests(sellers, same_bits):
    same_bits(
        sellers(funnel={"enabled": False}),
        sellers(funnel={"enabled": False, "rest_weeks": 26, "leads_reference": 0.03}),
    )


# --- known values -----------------------------------------------------------------------------------------------------


def test_an_account_that_rests_brings_the_leads_of_one_that_does_not(sellers):
    # c_ref .0331: .0006 net customers are .0181 leads a week; with rests of 20 weeks their hazard is .0181/(1 - .362)
    leads = 0.0006 / (CLOSED * 0.95)
    base = {"order": "newest", "close": 1e-4, "reference": CLOSED * 0.95}
    never, tired, uncorrected = batch(
        [
            sellers(1000, 104, 10_000, funnel=base),
            sellers(1000, 104, 10_000, funnel={**base, "rest_weeks": 20, "leads_reference": leads}),
            sellers(1000, 104, 10_000, funnel={**base, "rest_weeks": 20}),
        ],
        replicates=2,
    )
    expected = 2 * 104 * 10_000 * leads
    assert total(never, "leads") == pytest.approx(2 * 104 * 10_000 * -np.expm1(-leads), rel=0.02)
    chance = -np.expm1(-leads / (1 - leads * 20))
    assert total(tired, "leads") == pytest.approx(2 * 104 * 10_000 * chance / (1 + chance * 20), rel=0.02)
    assert total(tired, "leads") == pytest.approx(expected, rel=0.03)
    assert total(uncorrected, "leads") == pytest.approx(expected / (1 + leads * 20), rel=0.03)
    # the first weeks are like the others: accounts start at rest
    first = sum(run.series("leads")[:13].mean() for run in tired)
    assert first == pytest.approx(total(tired, "leads") / 104, rel=0.06)
    assert tired[0].series("resting")[0] == pytest.approx(10_000 * chance * 20 / (1 + chance * 20), rel=0.05)


def test_interest_saturates_at_one_lead_each_rest(sellers):
    funnel = {"order": "newest", "close": 1e-4, "reference": CLOSED * 0.95, "rest_weeks": 12}
    few, many = batch([sellers(10_000, 60, 3000, 0.0006, funnel), sellers(10_000, 60, 3000, 1.0, funnel)], replicates=1)
    assert total(few, "leads") < total(many, "leads") < 3000 * 60 / 12
    assert many[0].series("leads")[20:59].sum() == pytest.approx(3000 * 39 / 13, rel=0.01)


def test_leads_that_nobody_works_lapse_at_their_rate(sellers):
    # one head for an hour a qualified lead: 40/.36 = 111 of some 180 leads a week, hardly any of those that wait
    for run in batch([sellers(1, 80, 10_000, funnel={"order": "newest", "lapse": 0.4})], replicates=2)[0]:
        leads, lapsed = run.series("leads")[20:].sum(), run.series("lapsed")[20:].sum()
        worked = run.series("qualified")[20:].sum() / 0.36
        assert worked == pytest.approx(60 * 40 / 0.36, rel=0.06)
        assert leads == pytest.approx(worked + lapsed, rel=0.03)
        # of u leads a week that are not worked 1 - exp(-.4) lapse each week, so that u (1/(1 - exp(-.4)) - 1) wait
        unworked = (leads - worked) / 60
        waiting = (run.series("sales_delay_weeks")[20:] * run.series("leads")[19:-1]).mean()
        assert waiting == pytest.approx(unworked * (1 / -np.expm1(-0.4) - 1), rel=0.1)


def test_who_has_waited_for_days_hardly_qualifies(sellers):
    # for ten weeks nobody works leads; then there are hours for all, and those that waited have late odds
    hired = {"enabled": True, "changes": {"hire": {"from_week": 11, "set": {"teams.sales.headcount": 5000}}}}
    answered = {"enabled": True, "base_delay_hours": 0.7, "response_effect": True}
    hour, day = np.exp(-1 / 0.7), np.exp(-24 / 0.7)
    odds = 0.36 / 0.64 / 60 / (1 - hour + (hour - day) / 7 + day / 60)
    worked = qualified = 0.0
    company = sellers(0.01, 11, 20_000, 0.002, {"order": "newest"}, handoffs=answered, timeline=hired)
    for run in batch([company], replicates=3)[0]:
        leads = run.series("leads")
        waiting = leads[:10].sum() - run.series("qualified")[:10].sum() / 0.36
        worked += waiting
        qualified += run.series("qualified")[10] - 0.36 * leads[10]
    assert worked > 5000
    assert qualified == pytest.approx(worked * odds / (1 + odds), rel=0.35)


def test_agreed_deals_are_signed_when_budgets_open(sellers):
    # 6 of 52 weeks open; of deals won in talks s = [6 + sum exp(-h (d - 1))]/52 are signed
    h = 0.02
    signed = (6 + sum(np.exp(-h * (d - 1)) for d in range(1, 47))) / 52
    timing = {"window_weeks": 6, "window_effect": "timing", "agreed_loss": h}
    runs = batch([sellers(1000, 260, 20_000, contracts=timing), sellers(1000, 260, 20_000)], replicates=2)
    shut, free = runs
    last = sum(run.series("agreed")[-1] for run in shut)
    assert total(shut, "sold") == pytest.approx(
        total(shut, "new_customers") + total(shut, "agreed_lost") + last, rel=0.06
    )
    kept = total(shut, "new_customers") / (total(shut, "new_customers") + total(shut, "agreed_lost"))
    assert kept == pytest.approx(signed, abs=0.02)
    assert signed * 0.9 < total(shut, "new_customers") / total(free, "new_customers") < 1.0


# --- laws of the whole ------------------------------------------------------------------------------------------------


def test_wins_rise_with_interest_and_ever_less(sellers):
    funnel = {"order": "newest", "lapse": 0.5, "rest_weeks": 13, "reference": CLOSED * 0.95}
    times = (0.25, 0.5, 1.0, 3.0, 10.0)
    answered = {"enabled": True, "base_delay_hours": 0.7}
    runs = batch([sellers(1, 104, 5000, 0.0006 * x, funnel, handoffs=answered) for x in times], replicates=3)
    wins = np.array([total(three, "new_customers") for three in runs])
    slopes = np.diff(wins) / np.diff(times)
    assert np.all(np.diff(wins) > -0.03 * wins[-1]) and wins[2] > 1.5 * wins[0]
    assert np.all(np.diff(slopes) < 0.02 * slopes[0]) and slopes[-1] < 0.1 * slopes[0]


def test_few_sellers_win_little_and_many_find_nobody_else(sellers):
    funnel = {"order": "newest", "lapse": 0.5, "rest_weeks": 13, "reference": CLOSED * 0.95}
    heads = (0.01, 0.1, 1.0, 8.0, 40.0)
    wins = [
        total(runs, "new_customers") for runs in batch([sellers(k, 104, funnel=funnel) for k in heads], replicates=3)
    ]
    assert wins[0] < 0.06 * wins[-1] and wins[0] <= wins[1] < wins[2] <= 1.02 * wins[3]
    assert wins[3] == pytest.approx(wins[4], rel=0.02)


def test_knowing_budgets_saves_hours_and_makes_no_demand(sellers):
    timing = {"window_weeks": 6, "window_effect": "timing", "agreed_loss": 0.01, "follow_up": 1.0}
    blind, knowing = batch(
        [sellers(100, 156, contracts=timing), sellers(100, 156, contracts={**timing, "window_learning": 10.0})],
        replicates=2,
    )
    assert total(blind, "new_customers") == total(knowing, "new_customers") > 100
    few = batch(
        [
            sellers(0.7, 156, funnel={"order": "newest", "lapse": 1}, contracts=timing),
            sellers(0.7, 156, funnel={"order": "newest", "lapse": 1}, contracts={**timing, "window_learning": 10.0}),
        ],
        replicates=2,
    )
    assert total(few[0], "lapsed") > 1.2 * total(few[1], "lapsed")


def test_rests_that_leave_no_time_are_refused(sellers):
    with pytest.raises(ScenarioError, match="rest_weeks 9"):
        load(sellers(funnel={"rest_weeks": 20, "leads_reference": 0.1}))
