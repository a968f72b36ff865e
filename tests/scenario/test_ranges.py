"""Ranges in place of numbers: LOW to HIGH."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from flywheel_sim.scenario import ScenarioError, load
from flywheel_sim.scenario.ranges import Z95
from flywheel_sim.study.worlds.prior import values_at


@pytest.mark.parametrize(
    ("path", "said", "median", "inside"),
    [
        ("word_of_mouth.rate", "0.004 to 0.009", 0.006, 0.9),  # positive
        ("market.fit_mean", "0.5 to 0.9", 0.75, 0.9),  # a share: odds of 1 and 9
        ("teams.sales.utc_offset", "-4 to 2", -1.0, 0.9),  # may be negative
        ("market.network.degree", "40 to 90", 60, 0.9),  # whole
        ("service.fit_effect", "0 to 2", 1.0, 0.95),  # begins where it may not go on, and is cut there
    ],
)
def test_a_run_takes_the_median_and_nine_of_ten_draws_lie_between_the_ends(
    path: str, said: str, median: float, inside: float
) -> None:
    scenario = load("b2b-saas").with_({path: said})
    found = scenario.ranges[path]
    assert scenario.get(path) == pytest.approx(median, rel=1e-6)
    assert type(scenario.get(path)) is type(load("b2b-saas").get(path))
    low, high = values_at(found.law, np.array([-Z95, Z95]))
    assert (low, high) == pytest.approx((found.low, found.high), rel=1e-9)
    drawn = values_at(found.law, np.random.default_rng(1).standard_normal(4000))
    assert abs(np.mean((drawn >= found.low) & (drawn <= found.high)) - inside) < 0.02


def test_draws_stay_inside_the_schema() -> None:
    law = load("b2b-saas").with_({"market.churn.mean": "0 to 0.9"}).ranges["market.churn.mean"].law
    drawn = values_at(law, np.array([-6.0, 6.0]))
    assert 0.0 <= drawn.min() <= drawn.max() <= 1.0


def test_a_range_changes_no_run_but_by_its_median() -> None:
    ranged = load("b2b-saas").with_({"word_of_mouth.rate": "0.004 to 0.009"})
    assert ranged.hash == load("b2b-saas").with_({"word_of_mouth.rate": 0.006}).hash


def test_a_file_may_give_ranges_and_they_stay_ranges(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("extends: b2b-saas\nword_of_mouth: {rate: 0.004 to 0.009}\nteams: {front: {skill: 0.8 to 1.25}}\n")
    scenario = load(file)
    assert set(scenario.ranges) - set(load("b2b-saas").ranges) == {
        "word_of_mouth.rate",
        *(f"teams.{t}.skill" for t in ("marketing", "sales", "service")),
    }
    for other in (
        scenario.with_({"horizon_weeks": 52}), scenario.plus("churn-pay"), pickle.loads(pickle.dumps(scenario)),
        scenario.base(),
    ):  # fmt: skip
        assert set(other.ranges) == set(scenario.ranges)
    assert "word_of_mouth.rate" not in scenario.with_({"word_of_mouth.rate": 0.01}).ranges
    written = tmp_path / "written.yaml"
    written.write_text(scenario.to_yaml(load("b2b-saas")))
    assert load(written).ranges == scenario.ranges


def test_what_the_timeline_sets_may_be_a_range() -> None:
    change = {
        "timeline": {"enabled": True, "changes": {"dear": {"from_week": 9, "set": {"market.price": "1 to 1.44"}}}}
    }
    scenario = load({"extends": "b2b-saas", **change})
    assert scenario.model.timeline.changes["dear"].values["market.price"] == pytest.approx(1.2)


@pytest.mark.parametrize(
    ("said", "told", "near"),
    [
        ("0.9 to 0.4", "expected LOW below HIGH", "'0.4 to 0.9'"),
        ("0.4 to 0.4", "write 0.4 where the number is known", ""),
        ("0.4 to b", "expected two numbers, LOW to HIGH", ""),
        ("0.2 to 1,5", "a decimal comma", "'0.2 to 1.5'"),
        ("0.2 to 1.5", "expected both ends to be a number between 0 and 1", ""),
    ],
)
def test_a_wrong_range_is_told_with_its_place(tmp_path: Path, said: str, told: str, near: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(f"extends: b2b-saas\ncadence:\n  pull: {said}\n  hours: -1\n")
    with pytest.raises(ScenarioError) as caught:
        load(file)
    first, second = caught.value.problems
    assert (first.line, first.column, first.field) == (3, 9, "cadence.pull")
    assert told in first.message
    assert near in str(first)
    assert second.field == "cadence.hours"


def test_texts_may_say_to() -> None:
    assert load("b2b-saas").with_({"title": "3 to 5 teams"}).title == "3 to 5 teams"


def test_doubt_names_marks_and_paths_that_exist() -> None:
    wrong = {"doubt.widths": {"X": 2.0}, "doubt.known": ["market.chrun"], "doubt.tied": {"a": ["word_of_mouth.rte"]}}
    with pytest.raises(ScenarioError) as caught:
        load("b2b-saas").with_(wrong)
    assert {problem.field for problem in caught.value.problems} == {
        "doubt.widths.X", "doubt.known.0", "doubt.tied.a.0"
    }  # fmt: skip


def test_varied_is_what_with_would_be() -> None:
    base = load("relationship-flywheel")
    values = {
        "market.churn.mean": 0.2,
        "cadence.pull": 0.3,
        "segments.small.need.ease": 0.1,
        "market.network.degree": 6,
    }
    quick, slow = base.varied(values), base.with_(values)
    assert quick == slow
    assert quick.model == slow.model
    assert pickle.loads(pickle.dumps(quick)) == slow
    assert quick.with_({"horizon_weeks": 52}) == slow.with_({"horizon_weeks": 52})
    with pytest.raises(KeyError, match="expected a number"):
        base.varied({"market.network.kind": 2.0})
