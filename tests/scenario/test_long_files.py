"""Reading takes time in proportion to the file; what is counted is work, not seconds."""

import json
import sys
from unittest import mock

import pytest

from flywheel_sim.scenario import ScenarioError, checking, explaining, load


def changes(count, path=lambda k: "market.price", value=lambda k: 1 + k / 1e5):
    rows = (f"    c{k}: {{from_week: {1 + k}, set: {{{path(k)}: {value(k)}}}}}\n" for k in range(count))
    return "extends: b2b-saas\ntimeline:\n  enabled: true\n  changes:\n" + "".join(rows)


def written(tmp_path, text):
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_scenario_is_read_whole_as_often_for_many_changes_as_for_few(tmp_path):
    counted = []
    for many in (5, 200):
        with mock.patch.object(checking, "_validated", side_effect=checking._validated) as whole:
            load(written(tmp_path, changes(many)))
        counted.append(whole.call_count)
    assert counted[0] == counted[1] <= 3


def test_the_quick_look_finds_what_the_whole_reading_finds(tmp_path):
    nobody = "    z: {from_week: 3, set: {journey.touchpoints.product-use.owner: nobody}}\n"
    text = changes(1, value=lambda k: -1) + nobody
    with pytest.raises(ScenarioError) as refused:
        load(written(tmp_path, text))
    said = [str(problem) for problem in refused.value.problems]
    assert any("market.price: expected a number between 0.01 and 100, got -1" in text for text in said)
    assert any("unknown team 'nobody'" in text for text in said)


@pytest.mark.parametrize(
    "text",
    [
        "extends: b2b-saas\n" + "".join(f"zz{k}: 1\n" for k in range(1000)),
        changes(1000, path=lambda k: f"market.pric{k}"),
        changes(1000, value=lambda k: -1 - k),
        "extends: b2b-saas\nteams:\n  a: {headcount: 1, craft: {" + ", ".join(f"x{k}: 1" for k in range(1000)) + "}}\n",
    ],
)
def test_of_a_thousand_mistakes_the_first_are_told(tmp_path, text):
    watched = mock.patch.object(explaining, "nearest", side_effect=explaining.nearest)
    with watched as looked, pytest.raises(ScenarioError) as refused:
        load(written(tmp_path, text))
    problems = refused.value.problems
    assert len(problems) == explaining.MOST_TOLD
    assert problems[-1].message.endswith("more mistakes, listed once these are fixed") and problems[0].line is not None
    assert looked.call_count <= 3 * explaining.MOST_TOLD
    json.dumps([problem.as_dict() for problem in problems])


def test_the_work_of_reading_grows_with_the_file(tmp_path):
    """Calls of functions, whatever they are: twice the changes take twice the calls, not four times."""

    def calls(many):
        file = written(tmp_path, changes(many))
        counted = 0

        def count(frame, event, given):
            nonlocal counted
            counted += event == "call"

        sys.setprofile(count)
        try:
            load(file)
        finally:
            sys.setprofile(None)
        return counted

    calls(3)  # what is kept of shipped files is read once
    few, more, most = (calls(many) for many in (50, 100, 200))
    assert (most - more) / (more - few) == pytest.approx(2.0, rel=0.05)
