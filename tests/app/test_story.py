"""One run as the Watch screen shows it."""

import json

import numpy as np
import pytest
from random_walk_runs import company, run

from flywheel_sim.app.bounds import ACCOUNTS
from flywheel_sim.app.jobs import Cancelled, Job
from flywheel_sim.app.story import SAMPLE, events, sample, tell, wheel
from flywheel_sim.execute.run import run as real_run
from flywheel_sim.scenario import ScenarioError, load
from flywheel_sim.scenario.columns import COL

SMALL = {"market.accounts": 400, "market.initial_customers": 40, "horizon_weeks": 26}


@pytest.fixture(scope="module")
def story():
    return tell(load("relationship-flywheel").with_(SMALL), 7, Job())


def test_what_is_watched_is_the_run_itself(story):
    plain = real_run(story.run.scenario, 7)
    assert np.array_equal(plain.arrays.weekly, story.run.arrays.weekly)
    assert np.array_equal(plain.arrays.teams, story.run.arrays.teams)


def test_the_sample_says_what_the_accounts_say(story):
    assert len(story.voices) == 27 and {len(week) for week in story.voices} == {SAMPLE}
    assert set("".join(story.voices)) <= set("pnadf")
    assert story.nodes.shape == (SAMPLE, 2) and story.nodes.min() >= 0 and story.nodes.max() <= 1
    assert len(story.ties) > SAMPLE and story.ties.max() < SAMPLE
    everybody = load("relationship-flywheel").with_({**SMALL, "market.accounts": SAMPLE})
    whole = tell(everybody, 3, Job())
    for week, column in ((0, "advocates"), (26, "advocates"), (26, "detractors")):
        letter = column[0]
        assert whole.voices[week].count(letter) == whole.run.series(column, start=True)[week]


def test_the_data_is_strict_json(story):
    data = json.loads(json.dumps(story.data(), allow_nan=False))
    assert all(len(values) == 27 for values in data["wheel"].values())
    assert len(data["compass"]["angle"]) == 26 and len(data["compass"]["angle"][0]) == 7
    assert all(-180 <= angle <= 180 for row in data["compass"]["angle"] for angle in row)


def test_the_wheel_turns_with_referrals_and_expansions():
    made = run(company(), 1, 0)
    turned = wheel(made)
    steps = np.diff(np.array(turned["turn"], float))
    assert (steps >= 0).all() and steps.max() <= 40
    made.arrays.weekly[:, COL.referred_new] = 0
    made.arrays.weekly[:, COL.expansions] = 0
    made.arrays.initial[[COL.referred_new, COL.expansions]] = 0
    assert not any(wheel(made)["turn"])


def test_events_come_in_order_and_say_what_changed():
    changes = {
        "timeline.changes": {"price-rise": {"from_week": 5, "until_week": 9, "set": {"market.price": 1.2}}},
        "timeline.customers": {"acquired-firm": {"week": 7, "add": 30}},
    }
    found = events(real_run(load("relationship-flywheel").with_({**SMALL, **changes}), 1))
    said = {(event.week, event.text) for event in found}
    assert {(5, "price rise begins"), (9, "price rise ends"), (7, "acquired firm: +30 customers")} <= said
    assert [event.week for event in found] == sorted(event.week for event in found)
    assert all(0 < event.week <= 26 for event in found)


def test_leaders_come_and_go():
    made = run(load(company().resolved()).with_({"leadership.enabled": True}), 1, 0)
    tenure = np.zeros(104)
    tenure[:30], tenure[40:] = np.arange(1, 31), np.arange(1, 65)
    made.arrays.weekly[:, COL.leader_tenure_weeks] = tenure
    said = [(event.week, event.text) for event in events(made)]
    assert (31, "the CCO leaves after 30 weeks") in said and (41, "a new CCO takes office") in said


def test_a_sample_of_nobody_connected_and_of_few():
    edge = np.zeros(6, np.int64)
    assert sample(edge, np.zeros(0, np.int64), np.array([3])).tolist() == [0, 1, 2, 3, 4]
    assert sample(edge, np.zeros(0, np.int64), np.zeros(0, np.int64), most=2).tolist() == [0, 1]


def test_a_company_without_teams_can_be_watched():
    story = tell(load("limits/a01-bass").with_({"horizon_weeks": 20}), 1, Job())
    assert story.data()["compass"] is None


def test_it_can_be_stopped_and_is_bounded():
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        tell(load("b2b-saas").with_(SMALL), 1, job)
    with pytest.raises(ScenarioError):
        tell(load("b2b-saas").with_({"market.accounts": ACCOUNTS + 1}), 1, Job())
