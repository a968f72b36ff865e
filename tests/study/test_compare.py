import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest
from random_walk_runs import company, run, runs, shared
from scipy import stats

from flywheel_sim.results import Outcomes, Run
from flywheel_sim.results.intervals import holm, mean_interval
from flywheel_sim.results.paired import (
    band,
    deepest_dip,
    lasting_gain_week,
    verdict,
    wins_of_100,
    won,
)
from flywheel_sim.scenario import Scenario
from flywheel_sim.study.comparison.compare import Comparison, choose, compare


def made_up(scenarios: list[Scenario], **options: object) -> list[list[Run]]:
    """Stands in for the batch runner: the second scenario is the better one."""
    seed, count, first = (int(str(options.get(name, 0))) for name in ("seed", "replicates", "first"))
    report = options.get("progress")
    if callable(report):
        report(1, 1)
    return [
        [run(scenario, seed, k, better=0.8 * (position == 1), accounts=False) for k in range(first, first + count)]
        for position, scenario in enumerate(scenarios)
    ]


def test_a_comparison_has_table_pairs_and_verdict() -> None:
    got = compare([company(), shared()], replicates=8, seed=3, runner=made_up)
    assert isinstance(got, Comparison)
    assert got.table["scenario"].tolist() == ["Silo pay", "Shared relationship pay"]
    assert len(got.paired) == 8
    assert got.paired["replicate"].tolist() == list(range(8))
    assert got.verdict.winner == "Shared relationship pay"
    np.testing.assert_array_equal(got.paired["npv"], got.final("npv")[1] - got.final("npv")[0])
    row = got.table.iloc[1]
    difference = got.paired["npv"].to_numpy()
    assert row["difference"] == pytest.approx(difference.mean())
    assert (row["difference_low"], row["difference_high"]) == got.verdict.interval
    assert row["difference_runs_low"] == pytest.approx(np.quantile(difference, 0.1))
    assert row["npv"] == pytest.approx(np.median(got.final("npv")[1]))


def test_the_dictionary_is_strict_json() -> None:
    got = compare([company(), shared()], replicates=3, runner=made_up).to_dict()
    assert json.loads(json.dumps(got, allow_nan=False)) == got
    assert {"sentence", "winner", "wins_of_100", "difference", "interval"} <= set(got["verdict"])


def test_progress_reaches_the_runner_and_the_best_of_several_is_judged() -> None:
    seen = []
    third = shared(title="Third way")
    got = compare(
        [company(), shared(), third],
        replicates=4,
        runner=made_up,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(1, 1)]
    assert got.verdict.challenger == "Shared relationship pay"
    assert got.verdict_on(2).difference == pytest.approx(0.0)
    assert got.verdict_on(2).winner is None
    assert len(got.paired) == 8


@pytest.mark.parametrize(
    ("scenarios", "replicates", "words"),
    [
        ([company()], 10, "at least two scenarios"),
        ([company(), shared(horizon_weeks=52)], 10, "horizons differ: 104 weeks .* 52 weeks"),
        ([company(), shared()], 1, "at least 2 replicates"),
    ],
)
def test_what_cannot_be_compared_is_refused_before_the_first_run(
    scenarios: list[Scenario], replicates: int, words: str
) -> None:
    def never(*_: object, **__: object) -> list[list[Run]]:
        raise AssertionError("ran")

    with pytest.raises(ValueError, match=words):
        compare(scenarios, replicates=replicates, runner=never)


def test_runs_that_do_not_share_their_luck_are_refused() -> None:
    one, two = runs(3)
    with pytest.raises(ValueError, match="do not pair up"):
        Outcomes.of([one, two[::-1]])


def judged(wins: float, losses: float, ties: float = 0) -> object:
    counts = [(1.0, wins), (-1.0, losses), (0.0, ties)]
    differences = np.concatenate([np.full(int(n), value) for value, n in counts])
    return verdict(differences, np.full(len(differences), 5.0), np.array([0.0, 1.0]), "B", "A")


@pytest.mark.parametrize(
    ("wins", "start", "winner"),
    [
        (100, "B is worth", "B"), (98, "B is worth", "B"), (67, "B is worth", "B"),
        (66, "Too few runs to name a winner", None), (62, "Too few runs to name a winner", None),
        (59, "No clear winner", None), (50, "No clear winner", None), (41, "No clear winner", None),
        (34, "Too few runs to name a winner", None), (33, "A is worth", "A"), (2, "A is worth", "A"),
        (0, "A is worth", "A"),
    ],
)  # fmt: skip
def test_the_verdict_goes_by_rule_and_both_ways(wins: int, start: str, winner: str | None) -> None:
    got = judged(wins, 100 - wins)
    assert got.winner == winner  # type: ignore[attr-defined]
    assert got.sentence.startswith(start)  # type: ignore[attr-defined]
    assert got.wins_of_100 == pytest.approx(wins)  # type: ignore[attr-defined]
    if winner == "A":
        counted = f"{100 - wins} of 100" if wins else "all 100"
        assert f"in {counted} paired runs of one set of assumptions" in got.sentence  # type: ignore[attr-defined]


@pytest.mark.parametrize("runs", [3, 30, 1000])
def test_paired_runs_say_no_word_of_certainty(runs: int) -> None:
    """Luck is not the only doubt, and runs of one set of assumptions tell no other."""
    said = judged(runs, 0).sentence  # type: ignore[attr-defined]
    assert not any(word in said.lower() for word in ("sure", "probably", "certain", "evidence", "leans"))
    assert f"ahead in all {runs} paired runs of one set of assumptions" in said


def test_ties_count_half_and_no_difference_is_no_winner() -> None:
    assert wins_of_100(np.array([1.0, 0.0, 0.0, -1.0])) == 50.0
    assert judged(90, 0, 10).wins_of_100 == 95.0  # type: ignore[attr-defined]
    same = judged(0, 0, 10)
    assert same.winner is None  # type: ignore[attr-defined]
    assert "come to the same" in same.sentence  # type: ignore[attr-defined]


def test_a_winner_that_loses_on_average_is_not_sold_as_worth_more() -> None:
    differences = np.array([1.0] * 9 + [-100.0])
    got = verdict(differences, np.full(10, 1.0), np.array([0.0, 1.0]), "B", "A")
    assert got.winner == "B"
    assert "less on average" in got.sentence
    assert "more" not in got.sentence


def test_the_interval_of_the_mean_is_the_paired_t_interval() -> None:
    luck = np.random.default_rng(5)
    base, other = luck.normal(size=12), luck.normal(0.4, 1.0, size=12)
    expected = stats.ttest_rel(other, base).confidence_interval(0.8)
    assert mean_interval(other - base) == pytest.approx((expected.low, expected.high))
    assert all(math.isnan(end) for end in mean_interval(np.array([1.0])))


def test_break_even_is_the_week_after_which_the_gain_stays() -> None:
    paths = np.array([[0, -1, 2, -1, 3, 4], [0, 1, 1, 1, 1, 1], [0, 0, 0, 0, 0, 0], [0, 5, 5, 5, 5, 0]], float)
    assert lasting_gain_week(paths).tolist() == [4.0, 1.0, math.inf, math.inf]


def test_never_is_a_possible_quantile() -> None:
    weeks = np.array([10.0, 12.0, 14.0, math.inf, math.inf])
    assert band(weeks) == (10.0, 14.0, math.inf)


def test_the_dip_is_the_lowest_median_below_zero() -> None:
    assert deepest_dip(np.array([0.0, -3.0, -8.0, 2.0])) == (-8.0, 2)
    assert deepest_dip(np.array([0.0, 3.0])) == (0.0, 0)


def test_the_count_never_says_more_than_the_runs() -> None:
    differences = np.array([1.0] * 159 + [-1.0] * 41)  # 79.5 of 100
    got = verdict(differences, np.full(200, 1.0), np.array([0.0, 1.0]), "B", "A")
    assert "79 of 100" in got.sentence


@pytest.mark.parametrize(("runs", "enough"), [(2, False), (3, True), (27, True)])
def test_a_few_runs_that_are_all_won_make_no_winner(runs: int, enough: bool) -> None:
    """A winner goes by the lower end of the interval of the share won: two wins of two are a coin's business."""
    assert (stats.beta(runs + 0.5, 0.5).ppf(0.1) >= 0.6) == enough
    assert won(100.0, runs) == won(0.0, runs) == enough
    got = judged(runs, 0)
    assert got.winner == ("B" if enough else None)  # type: ignore[attr-defined]
    assert got.sentence.startswith("B is worth" if enough else "Too few runs to name a winner")  # type: ignore[attr-defined]


def test_few_runs_are_counted_as_they_are() -> None:
    few = verdict(np.array([1.0] * 11 + [-1.0]), np.full(12, 1.0), np.array([0.0, 1.0]), "B", "A")
    assert "ahead in 11 of 12 paired runs" in few.sentence
    assert few.wins_of_100 == pytest.approx(100 * 11 / 12)
    tied = verdict(np.array([1.0] * 3 + [0.0]), np.full(4, 1.0), np.array([0.0, 1.0]), "B", "A")
    assert "ahead in 87 of 100 paired runs" in tied.sentence


def test_added_runs_are_those_that_would_have_been_made_at_once() -> None:
    low, high = compare([company(), shared()], replicates=10, seed=2, runner=made_up).verdict.interval
    width = 0.3 * (high - low)
    narrow = compare([company(), shared()], replicates=10, seed=2, precision=width, runner=made_up)
    assert narrow.replicates > 10
    at_once = compare([company(), shared()], replicates=narrow.replicates, seed=2, runner=made_up)
    np.testing.assert_array_equal(narrow.finals, at_once.finals)
    assert narrow.first_stage == 10
    assert narrow.verdict.interval == mean_interval(narrow.differences()[1], first_stage=10)
    assert narrow.verdict.interval != at_once.verdict.interval
    assert narrow.precise
    assert (narrow.verdict.interval[1] - narrow.verdict.interval[0]) / 2 <= width


def test_what_was_asked_is_saved(tmp_path: Path) -> None:
    made = compare([company(), shared()], replicates=10, precision=1e3, limit=12, indifference=5e3, runner=made_up)
    again = Comparison.open(made.save(tmp_path / "x"))
    assert (again.first_stage, again.precision, again.indifference) == (10, 1e3, 5e3)
    assert again.to_dict() == made.to_dict()
    assert not again.precise
    picked = choose([company(), shared(), company(title="C")], 1e5, runner=made_up)
    assert Comparison.open(picked.save(tmp_path / "y")).chosen == picked.chosen


def test_a_choice_can_fall_on_the_baseline_and_judges_all_on_common_runs() -> None:
    def first_is_best(scenarios: list[Scenario], **options: object) -> list[list[Run]]:
        seed, count, first = (int(str(options.get(name, 0))) for name in ("seed", "replicates", "first"))
        gains = {"Silo pay": 0.9, "B": 0.0, "C": 0.88}
        return [
            [run(one, seed, k, better=gains[one.title], accounts=False) for k in range(first, first + count)]
            for one in scenarios
        ]

    found = choose([company(), company(title="B"), company(title="C")], 5e3, first_stage=20, runner=first_is_best)
    assert found.chosen is not None
    assert found.chosen.best == 0
    assert found.chosen.runs[1] < found.chosen.runs[0]
    assert found.replicates == min(found.chosen.runs)
    assert found.verdict.challenger == "C"


def test_pairing_that_brings_nothing_is_said() -> None:
    def apart(scenarios: list[Scenario], **options: object) -> list[list[Run]]:
        return [[run(one, 100 + 50 * s, k, accounts=False) for k in range(40)] for s, one in enumerate(scenarios)]

    with pytest.raises(ValueError, match="pair up"):
        compare([company(), shared()], runner=apart)
    one, two = runs(40)
    made = Outcomes.of([one, two])
    shuffled = made.finals.copy()
    shuffled[1] = shuffled[1, ::-1]
    lost = dataclasses.replace(made, finals=shuffled)
    assert lost.verdict.variance_reduction < 1.25 < made.verdict.variance_reduction
    assert any("does not help" in warning for warning in lost.warnings)
    assert not made.warnings


def test_the_best_of_several_is_judged_with_all_of_them_in_mind() -> None:
    many = Outcomes.of([row for _ in range(3) for row in runs(6)])
    alone = many.table["p_value"].to_numpy()[1:]
    assert many.table["p_holm"].to_numpy()[1:] == pytest.approx(holm(alone))
    assert many.verdict.p_value >= alone.min()


def test_practically_equal_only_when_the_whole_interval_is_inside() -> None:
    differences = np.array([1.0, 2.0, 3.0])
    inside = verdict(differences, np.full(3, 1.0), np.array([0.0, 1.0]), "B", "A", indifference=3.1)
    assert inside.practically_equal
    assert inside.winner is None
    outside = verdict(differences, np.full(3, 1.0), np.array([0.0, 1.0]), "B", "A", indifference=3.0)
    assert not outside.practically_equal
    assert outside.winner == "B"


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ("half-width above 0", {"precision": -1.0}),
        ("half-width above 0", {"precision": float("nan")}),
        ("first stage of 10 to 1000", {"precision": 1.0, "replicates": 5}),
        ("zone is 0 or more", {"indifference": float("inf")}),
    ],
)
def test_askings_that_make_no_sense_are_refused(words: str, options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=words):
        compare([company(), shared()], runner=made_up, **options)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="expected a confidence from"):
        choose([company(), shared()], 1.0, 1.0, runner=made_up)


def test_what_all_plans_lie_on_is_said_once_and_not_in_every_name() -> None:
    from flywheel_sim.results.naming import labels, shared_part

    def titled(*titles: str) -> tuple[tuple[str, ...], str]:
        made = [company().with_({"title": title}) for title in titles]
        return labels(made), shared_part(made)

    assert titled("Firm", "Firm + A", "Firm + A + B") == (("Firm", "A", "A + B"), "")
    assert titled("Firm + A", "Firm + A + B", "Firm + C") == (("A", "A + B", "C"), "Firm")
    assert titled("Firm + A", "Other + A") == (("Firm + A", "Other + A"), "")
    assert titled("Firm + A") == (("Firm + A",), "")


def test_a_report_and_a_table_say_once_what_all_plans_lie_on() -> None:
    from flywheel_sim.present.report_text import about
    from flywheel_sim.present.tables import comparison_table

    made = [company().with_({"title": "Firm + A"}), shared().with_({"title": "Firm + B"})]
    got = compare(made, replicates=4, seed=3, runner=made_up)
    assert got.table["scenario"].tolist() == ["A", "B"]
    assert str(comparison_table(got).columns[0].header) == "on Firm"
    assert "".join(words for words, _ in about(got)).count("Firm") == 1
