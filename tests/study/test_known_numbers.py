"""Numbers that are known of a company, and settings with which it comes to them."""

import json

import pytest

import flywheel_sim as fs
from flywheel_sim.scenario import ScenarioError, load
from flywheel_sim.scenario.known import read_known
from flywheel_sim.study.calibration import known_numbers
from flywheel_sim.study.calibration.known_numbers import as_file, meet

MINE = """
extends: b2c-subscription
title: Mine
horizon_weeks: 80
known:
  market: 3 000
  customers: 600
  price: $50 a month
  churn: 3.5 +- 0.5% a month
  tickets: 60 to 90 a month
"""


@pytest.mark.parametrize(
    ("name", "said", "value", "low", "high"),
    [
        ("churn", "3% a month", 0.03, 0.0285, 0.0315),
        ("churn", "2 to 4 % per year", 0.03, 0.02, 0.04),
        ("nps", "41 +- 3", 41, 38, 44),
        ("nps", -12, -12, -15, -9),
        ("referral_share", 0.22, 0.22, 0.209, 0.231),
        ("referrals", "22 percent", 0.22, 0.209, 0.231),
        ("customers", "1,200", 1200, 1140, 1260),
        ("market", "40k households", 40000, 38000, 42000),
        ("price", "$49.90 a month", 49.9, 47.405, 52.395),
        ("payback", "12 to 16 months", 14, 12, 16),
        ("new", "40 monthly", 40, 38, 42),
    ],
)
def test_numbers_are_read_as_people_say_them(name, said, value, low, high):
    found = read_known(name, said)
    assert (found.value, found.low, found.high) == pytest.approx((value, low, high))


@pytest.mark.parametrize(
    ("name", "said", "message"),
    [
        ("churn", "3%", "is in which time? say a week, a month, a quarter or a year; for example: 3% a month"),
        ("churn", 3, "'3' is no share: write 3% or 0.03"),
        ("nps", "41%", "got a share ('41%') for net promoter score of the survey"),
        ("customers", "$1200", "got money"),
        ("customers", "1200 a month", "is no number per month"),
        ("customers", "many", "expected a number as people say it, got 'many'; for example: 1 200"),
        ("chrn", "3% a month", "did you mean 'churn'?"),
    ],
)
def test_what_is_no_number_is_asked_for_and_not_guessed(name, said, message):
    with pytest.raises(ScenarioError) as caught:
        read_known(name, said)
    assert message in str(caught.value)


def test_a_file_says_where_and_known_numbers_change_no_run(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("extends: b2c-subscription\nknown:\n  churn: 3% a month\n", encoding="utf-8")
    assert load(file) == load("b2c-subscription") and load(file).known[0].name == "churn"
    assert load(f"{file}+churn-pay").known == load(file).known
    file.write_text("extends: b2c-subscription\nknown:\n  churn: 3%\n  nps: 9%\n", encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load(file)
    assert [(p.line, p.field) for p in caught.value.problems] == [(3, "known.churn"), (4, "known.nps")]


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    file = tmp_path_factory.mktemp("known") / "mine.yaml"
    file.write_text(MINE, encoding="utf-8")
    return file


def test_a_company_comes_to_its_numbers_and_a_killed_search_goes_on_to_the_same(mine, tmp_path):
    start = load(mine)
    whole = meet(start)
    met = {one.known.name: one.met for one in whole.numbers}
    assert met == dict.fromkeys(("market", "customers", "price", "churn", "tickets"), True) and whole.settled
    assert {path for one in whole.numbers for path in one.moved} == {
        "market.accounts", "market.initial_customers", "segments.light.spend", "segments.heavy.spend",
        "market.churn.mean", "service.issues",
    }  # fmt: skip
    folder = tmp_path / "search"

    class Killed(Exception):
        pass

    def stop(text):
        if text.startswith("round 2"):
            raise Killed

    with pytest.raises(Killed):
        meet(start, folder=folder, progress=stop, asked={"spec": "mine"})
    kept = json.loads((folder / known_numbers.ABOUT).read_text("utf-8"))
    assert len(kept["seen"]) == 2 and kept["asked"] == {"spec": "mine"}
    again = meet(start, folder=folder)
    assert again.scenario == whole.scenario and again.numbers == whole.numbers

    out = mine.parent / "fitted.yaml"
    out.write_text(as_file(whole, start, str(mine), out), encoding="utf-8")
    fitted = load(out)
    assert fitted.frozen.hash == fitted.hash, "the file is the company that was found"
    assert dict(fitted.frozen.targets).keys() == {"churn_monthly"}, "its own targets in place of the parent's"
    assert all(one.target for one in fitted.incentives.measures.values())
    run = fs.run(f"{out}+churn-pay", accounts=False)
    assert run.scenario.incentives.measures["churn"].target == whole.targets["churn"]


def test_what_stands_in_the_way_is_said(mine):
    start = load(mine).with_({"service.enabled": False, "horizon_weeks": 40})
    found = {one.known.name: one for one in meet(start, replicates=2).numbers}
    assert found["tickets"].why == "service.enabled is false" and not found["tickets"].met


def test_a_setting_that_answers_no_more_goes_back_to_where_it_was(mine, monkeypatch):
    """Contacts that come of something else than issues: no setting for issues brings them down."""
    read = known_numbers._of_run

    def other_causes(known, run):
        return read(known, run) + (1000.0 if known.name == "tickets" else 0.0)

    monkeypatch.setattr(known_numbers, "_of_run", other_causes)
    start = load(mine).with_({"horizon_weeks": 40})
    found = meet(start, replicates=2)
    (tickets,) = [one for one in found.numbers if one.known.name == "tickets"]
    assert not tickets.met and "service.issues moves it no further than to" in tickets.why
    assert found.scenario.get("service.issues") == start.get("service.issues") and tickets.moved == {}
