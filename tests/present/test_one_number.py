"""A number that stands twice on a page is one number, or says each time which one it is."""

import re
from dataclasses import replace

import numpy as np
import pytest
from random_walk_runs import runs

from flywheel_sim.commands.run_options import told
from flywheel_sim.present.drawing import Told
from flywheel_sim.present.figures import difference_chart
from flywheel_sim.present.report import render
from flywheel_sim.results import Outcomes
from flywheel_sim.results.words import money, number, percent, signed_money


@pytest.fixture(scope="module")
def made() -> Outcomes:
    return Outcomes.of(runs(30))


def test_the_gain_is_the_mean_wherever_no_other_name_stands(made: Outcomes) -> None:
    gain, median = signed_money(made.verdict.difference), signed_money(float(made.fans["difference"][1, -1, 1]))
    page = render(made)
    assert f"worth {gain.removeprefix('+')} more" in page
    assert page.count(f'<div class="value">{gain}</div>') == 1
    assert f"mean {gain} at the end" in page
    assert f"median {median}" in page  # the line of the chart is another number, and says so
    assert gain in str(told(made))
    labels = [text.get_text() for text in difference_chart(made, 1).findobj(lambda one: hasattr(one, "get_text"))]
    assert f"median {median}" in labels


def test_scores_say_whether_they_are_of_the_end_or_of_all_weeks(made: Outcomes) -> None:
    page = render(made)
    end = number(float(made.fans["nps_true"][1, -1, 1]), 2)
    assert f"at the end {end}" in page
    assert "NPS, mean of the weeks" in page and "NPS, mean of the weeks" in str(told(made))
    assert not re.search(r">NPS<", page)


def test_values_and_customers_of_table_and_chart_are_one(made: Outcomes) -> None:
    for k, row in enumerate(made.table.to_dict("records")):
        assert row["npv"] == pytest.approx(made.fans["value"][k, -1, 1])
        assert row["customers_end"] == pytest.approx(made.fans["customers"][k, -1, 1])


@pytest.mark.parametrize("words", [money, signed_money, percent, number])
@pytest.mark.parametrize("step", [1e-5, 3e-4, 0.01, 0.5, 20.0, 3e4, 1e6])
@pytest.mark.parametrize("start", [0.0, 1.0, -2.0])
def test_no_two_ticks_of_an_axis_say_the_same(words, step: float, start: float) -> None:  # type: ignore[no-untyped-def]
    ticks = [start + k * step for k in range(5)]
    said = Told(words).format_ticks(ticks)
    assert len(set(said)) == 5, said


def test_bars_and_verdict_share_their_middle(made: Outcomes) -> None:
    from flywheel_sim.results.swings import Bar, Swings

    bars = (Bar("word_of_mouth.rate", "Strength of one voice", "1/week", 0.004, 0.002, 0.006, -3e5, 9e5),)
    swings = Swings(*made.labels, made.verdict.difference, bars, None, (0.5, 1.5), 4)
    assert f"{signed_money(made.verdict.difference)} where none moves" in render(replace(made, swings=swings))
    assert np.isfinite(made.verdict.difference)
