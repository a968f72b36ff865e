"""M13: detractors who answer are called back; M5: reviews and rewards; M3: touchpoints by segment."""

import math

import numpy as np
import pytest
import replica

from flywheel_sim.scenario import ScenarioError, load

SMALL = {"market.accounts": 300, "market.initial_customers": 150, "horizon_weeks": 60}
LOOP = {"enabled": True}


@pytest.mark.parametrize(
    "changes",
    [
        {"journey.touchpoints.account-review.segments": {"small": 0.0, "enterprise": 2.0}},
        {"word_of_mouth.reward": 800.0},
        {"sensing.closed_loop": {**LOOP, "share": 0.7, "hours": 2}},
        {"word_of_mouth.reviews": {"enabled": True, "written": 0.1, "half_life_weeks": 20}},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_the_replica_does_the_same(changes):
    base = load("b2b-saas").with_(SMALL | {"market.accounts": 400, "horizon_weeks": 30})
    assert replica.compare_with_engine(base.with_(changes), seed=1, tolerance=0.0) is None


@pytest.mark.parametrize(
    "neutral",
    [
        {"journey.touchpoints.account-review.segments": {"small": 1.0, "enterprise": 1.0}},
        {"word_of_mouth.reward": 0.0, "word_of_mouth.reward_effect": 3.0},
        {"sensing.closed_loop": {**LOOP, "share": 0.0}},
        {"sensing.closed_loop": {**LOOP, "hours": 0.0, "success": 0.0}},
    ],
)
def test_neutral_settings_leave_no_trace(neutral, once):
    base = load("b2b-saas").with_(SMALL)
    one, other = once(base), once(base.with_(neutral))
    columns = [name for name in one.weekly.columns if name not in ("called_back", "good_reviews")]
    assert one.weekly[columns].equals(other.weekly[columns])


def test_reviews_that_move_nothing_are_only_read(once):
    base = load("b2b-saas").with_(SMALL)
    read = once(base.with_({"word_of_mouth.reviews": {"enabled": True, "effect": 0.0}}))
    columns = [name for name in read.weekly.columns if name != "good_reviews"]
    assert once(base).weekly[columns].equals(read.weekly[columns])
    assert read.weekly["good_reviews"].between(0, 1).all() and read.weekly["good_reviews"].iloc[-1] > 0


def test_segments_are_met_as_often_as_is_said(once):
    many = {"horizon_weeks": 13, "market.initial_customers": 3000, "measures.per_account": True}
    base = load("b2b-saas").with_(many | {"service.enabled": False})
    others = {f"journey.touchpoints.{name}.rate": 0.0 for name in ("product-use", "invoice", "go-live")}
    usual, other = (
        once(base.with_(others | {"journey.touchpoints.account-review.segments": often})).customers
        for often in ({}, {"small": 0, "enterprise": 3})
    )
    before, after = (one.groupby("segment", observed=True)["touches"].sum() for one in (usual, other))
    assert before["small"] > 0 and after["small"] == 0
    # 1 - exp(-r) a week at r = .08 and .24
    rise = (1 - math.exp(-0.24)) / (1 - math.exp(-0.08))
    assert after["enterprise"] / before["enterprise"] == pytest.approx(rise, rel=0.1)


def test_segments_are_for_touchpoints_in_use_and_named_as_they_are():
    with pytest.raises(ScenarioError, match="segments are for touchpoints of the stage use, not sale"):
        load("b2b-saas").with_({"journey.touchpoints.demo.segments": {"small": 0.5}})
    with pytest.raises(ScenarioError, match="unknown segment 'enterprice'"):
        load("b2b-saas").with_({"journey.touchpoints.invoice.segments": {"enterprice": 0.5}})


def test_a_reward_is_paid_for_every_referral_and_brings_more_of_them(once):
    base = load("b2b-saas").with_({"horizon_weeks": 104, "ledger.cost_per_lead": 0.0, "ledger.cost_per_win": 0.0})
    plain, paid = once(base), once(base.with_({"word_of_mouth.reward": 1000.0, "word_of_mouth.reward_effect": 1.0}))
    np.testing.assert_allclose(paid.weekly["acquisition_cost"], 1000.0 * paid.weekly["referred_new"])
    assert paid.weekly["referred_new"].sum() > 1.3 * plain.weekly["referred_new"].sum()
    nothing = once(base.with_({"word_of_mouth.reward": 1000.0, "word_of_mouth.reward_effect": 0.0}))
    assert (nothing.weekly["referred_new"] == plain.weekly["referred_new"]).all(), "paid, and nothing comes of it"
    assert nothing.summary["npv"] < plain.summary["npv"]


def test_reviews_follow_their_law(once):
    reviews = {"enabled": True, "written": 0.1, "angry": 3.0, "half_life_weeks": 10.0, "effect": 2.0}
    run = once(load("b2b-saas").with_(SMALL | {"word_of_mouth.reviews": reviews, "word_of_mouth.former_voice": 0.0}))
    kept, advocates, detractors = 2 ** (-1 / 10.0), *(run.series(n, start=True) for n in ("advocates", "detractors"))
    # at the start as many as if the voices had always been so, then this week's beside what is not forgotten
    good, bad = advocates[0] / (1 - kept), 3 * detractors[0] / (1 - kept)
    told = [good / (good + bad)]
    for week in range(1, run.weeks):
        good, bad = kept * good + advocates[week], kept * bad + 3 * detractors[week]
        told.append(good / (good + bad))
    np.testing.assert_allclose(run.series("good_reviews"), told, rtol=1e-12)


def test_good_reviews_bring_interest(once):
    better = {"market.voice.neutral_to_advocate": 0.2, "market.voice.neutral_to_detractor": 0.0}
    base = load("b2b-saas").with_({"horizon_weeks": 78, "word_of_mouth.rate": 0.0} | better)
    reviews = {"enabled": True, "effect": 3.0, "half_life_weeks": 8.0}
    read, unread = once(base.with_({"word_of_mouth.reviews": reviews})), once(base)
    assert read.weekly["good_reviews"].iloc[-1] > read.weekly["good_reviews"].iloc[0]
    assert read.weekly["leads"].sum() > 1.1 * unread.weekly["leads"].sum()


def test_calls_are_made_after_surveys_take_hours_and_calm_who_was_called(once):
    base = load("b2b-saas").with_({"horizon_weeks": 104})
    loop = {"enabled": True, "success": 1.0, "relief": 1.0, "hours": 0.0}
    plain, called = once(base), once(base.with_({"sensing.closed_loop": loop}))
    weeks = called.weekly.loc[called.weekly["called_back"] > 0, "week"]
    assert ((weeks % base.model.sensing.survey_weeks) == 0).all() and len(weeks) == 104 // 13
    assert (called.weekly["called_back"] <= called.weekly["survey_answers"]).all()
    assert called.weekly["detractors"].sum() < plain.weekly["detractors"].sum()
    assert called.weekly["effort"].mean() < plain.weekly["effort"].mean()
    dear = once(base.with_({"sensing.closed_loop": {**loop, "success": 0.0, "hours": 20.0}}))
    assert dear.weekly["wait_weeks"].sum() > plain.weekly["wait_weeks"].sum(), "hours of calls are missing for cases"


def test_nobody_calls_where_nobody_serves():
    with pytest.raises(ScenarioError, match="nobody calls back"):
        load("hubspot").with_({"sensing.closed_loop": {"enabled": True}})
