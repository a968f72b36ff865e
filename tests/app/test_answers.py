"""The answer to a what-if: stages, the kept baseline, stopping, and bounds on what a request costs."""

import json
import threading

import numpy as np
import pytest
from random_walk_runs import company, runs

from flywheel_sim.app.answers import SHOWN, STAGES, Desk, second_line, tiles
from flywheel_sim.app.bounds import REPLICATES, WORK, affordable, check, cost
from flywheel_sim.app.charts import COLUMNS, fan_option
from flywheel_sim.app.jobs import Cancelled, Job
from flywheel_sim.results import Outcomes
from flywheel_sim.results.compared_runs import DIFFERENCE
from flywheel_sim.scenario import Scenario, ScenarioError, load
from flywheel_sim.study.comparison.compare import compare

SMALL = {"market.accounts": 400, "market.initial_customers": 40, "horizon_weeks": 30}


@pytest.fixture(scope="module")
def pair() -> tuple[Scenario, Scenario]:
    return load("siloed-close-rate").with_(SMALL), load("relationship-flywheel").with_(SMALL)


def test_stages_end_in_what_compare_says(pair):
    found = [answer.outcomes for answer in Desk(seed=4).answers(*pair, Job())]
    assert [one.replicates for one in found] == list(STAGES)
    whole = compare(pair, STAGES[-1], seed=4, as_assumed=True)
    assert np.array_equal(found[-1].finals, whole.finals, equal_nan=True) and found[-1].verdict == whole.verdict


def test_the_baseline_is_run_once(pair, monkeypatch):
    ran: list[str] = []
    real = Job.runs

    def counted(self, scenarios, replicates, seed, **more):
        ran.extend([scenarios[0].title] * replicates)
        return real(self, scenarios, replicates, seed, **more)

    monkeypatch.setattr(Job, "runs", counted)
    desk = Desk()
    for pull in (0.3, 0.5):
        list(desk.answers(pair[0], pair[1].with_({"cadence.pull": pull}), Job()))
    assert ran.count(pair[0].title) == STAGES[-1] and ran.count(pair[1].title) == 2 * STAGES[-1]


def test_nothing_changed_is_one_scenario(pair):
    (*_, last) = Desk().answers(pair[0], pair[0], Job())
    assert len(last.outcomes.scenarios) == 1 and len(last.tiles) == 4 and "Move something" in last.more
    assert set(last.charts) == set(SHOWN) - {DIFFERENCE}


def test_a_stopped_job_stops(pair):
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        list(Desk().answers(*pair, job))


def test_a_job_stops_on_the_way():
    job = Job()
    threading.Timer(0.0, job.cancel).start()
    with pytest.raises(Cancelled):
        for _ in range(1000):
            job.runs([load("b2b-saas")], 60, 1)
    assert job.cancelled


def test_tiles_and_words_of_made_up_runs():
    outcomes = Outcomes.of(runs(24))
    ahead, extra, even, dip = tiles(outcomes)
    assert "24 paired runs" in ahead.note and extra.value[0] in "+\N{MINUS SIGN}" and "week" in even.value + dip.note
    assert "24 paired runs" in second_line(outcomes)


@pytest.mark.parametrize("column", [column for column in COLUMNS if column != DIFFERENCE])
def test_a_chart_has_a_band_and_a_line_for_each_scenario(column):
    outcomes = Outcomes.of(runs(5))
    option = fan_option(outcomes, column)
    json.dumps(option, allow_nan=False)
    assert len(option["series"]) == 3 * len(outcomes.scenarios)
    low, band, line = option["series"][:3]
    assert low["stack"] == band["stack"] and {low["stackStrategy"], band["stackStrategy"]} == {"all"}
    week, least = low["data"][-1]
    assert week == outcomes.weeks and least == pytest.approx(outcomes.fans[column][0, -1, 0], rel=1e-5)
    assert least + band["data"][-1][1] == pytest.approx(outcomes.fans[column][0, -1, 2], rel=1e-4)
    assert line["data"][-1][1] == pytest.approx(outcomes.fans[column][0, -1, 1], rel=1e-5)
    assert option["aria"]["enabled"] and outcomes.labels[0] in option["aria"]["label"]["description"]


def test_the_difference_has_the_challengers_colour():
    outcomes = Outcomes.of(runs(5))
    option = fan_option(outcomes, DIFFERENCE)
    assert (
        len(option["series"]) == 3
        and option["series"][2]["color"] == fan_option(outcomes, "value")["series"][5]["color"]
    )


def test_what_a_user_calls_a_scenario_stays_text():
    nasty = "<img src=x onerror=alert(1)>{a|b}"
    outcomes = Outcomes.of(runs(3))
    object.__setattr__(outcomes, "labels", (nasty, "other"))
    option = fan_option(outcomes, "value")
    assert "{a|b}" not in option["series"][2]["endLabel"]["formatter"]
    assert nasty not in option["tooltip"][":formatter"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"market.accounts": 10**9}, "market.accounts"),
        ({"horizon_weeks": 5200}, "horizon_weeks"),
        ({"market.accounts": 200_000, "market.network.degree": 100}, "market.network.degree"),
        ({"vectors.substeps": 1000}, "vectors.substeps"),
    ],
)
def test_a_scenario_that_is_too_big_is_refused(changes, field):
    with pytest.raises(ScenarioError) as caught:
        check([load("b2b-saas").with_(changes)], 1)
    assert caught.value.problems[0].field == field


def test_work_is_bounded():
    big = load("b2b-saas").with_({"market.accounts": 200_000, "horizon_weeks": 1040})
    assert cost([big], affordable([big], REPLICATES)) <= WORK
    with pytest.raises(ScenarioError, match="customer-weeks"):
        check([big], 100)
    with pytest.raises(ScenarioError, match="at most 4"):
        check([company()] * 5, 1)
    with pytest.raises(ScenarioError):
        check([company()], 0)
