"""Response curves: every verdict can come out, readings are those of the run, and every declared lever is legal."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

import flywheel_sim as fs
from flywheel_sim.cli import flywheel
from flywheel_sim.execute.stages import staged
from flywheel_sim.results.responses import VERDICTS, Responses
from flywheel_sim.scenario import ScenarioError, load
from flywheel_sim.study.responses import trial as battery
from flywheel_sim.study.responses.shapes import SHAPES, judge
from flywheel_sim.study.responses.table import COMPANIES, YEARS, points, response_table

X = np.array([0.0, 1.0, 2.0, 3.0])
LUCK = np.random.default_rng(8).normal(size=20)
NOISE = np.random.default_rng(9).normal(size=(4, 20))
SMALL = {"market.accounts": 300, "market.initial_customers": 60}


def curve(*means, noise=0.1):
    """Runs that share most of their luck."""
    return np.array(means, float)[:, None] + LUCK + noise * NOISE


@pytest.mark.parametrize(
    ("shape", "means", "noise", "verdict"),
    [
        ("increasing", (1, 2, 3, 4), 0.1, "holds"),
        ("increasing", (1, 2, 2, 2), 0.1, "holds"),
        ("increasing", (1, 2, 4, 3), 0.1, "fails"),
        ("increasing", (4, 3, 2, 1), 0.1, "fails"),
        ("increasing", (1, 1.01, 1, 1.01), 5.0, "open"),
        ("decreasing", (4, 3, 2, 2), 0.1, "holds"),
        ("decreasing", (1, 2, 3, 4), 0.1, "fails"),
        ("concave", (0, 6, 9, 10), 0.1, "holds"),
        ("concave", (0, 1, 4, 9), 0.1, "fails"),
        ("concave", (0, 6, 9, 8), 0.1, "fails"),
        ("concave", (0, 2, 4, 6), 0.1, "open"),
        ("saturating", (0, 6, 8, 8.5), 0.1, "holds"),
        ("saturating", (0, 2, 4, 6), 0.1, "fails"),
        ("optimum", (1, 5, 4, 1), 0.1, "holds"),
        ("optimum", (1, 2, 3, 4), 0.1, "fails"),
        ("optimum", (1, 2, 4, 4), 0.5, "open"),
        ("optimum", (3.99, 4, 4, 3), 0.0, "open"),
        ("valley", (4, 1, 2, 5), 0.1, "holds"),
        ("valley", (1, 2, 3, 4), 0.1, "fails"),
        ("continuous", (0, 1, 5, 9), 0.1, "holds"),
        ("continuous", (0, 5, 6, 7), 0.1, "fails"),
        ("continuous", (0, 5.2, 10, 14.4), 0.1, "holds"),
        ("none", (5, 5, 5, 5), 0.0, "holds"),
        ("none", (5, 5, 5, 6), 0.1, "fails"),
        ("none", (5, 5, 5, 5), 5.0, "open"),
    ],
)
def test_every_shape_can_hold_fail_and_stay_open(shape, means, noise, verdict):
    assert judge(shape, X, curve(*means, noise=noise) + 10, 1).verdict == verdict


def test_a_band_moves_an_optimum_to_the_wrong_place():
    assert judge("optimum", X, curve(1, 5, 4, 1) + 10, 1, inside=(0.5, 1.5)).verdict == "holds"
    found = judge("optimum", X, curve(1, 5, 4, 1) + 10, 1, inside=(1.5, 2.5))
    assert found == ("fails", "best at 1, expected between 1.5 and 2.5")


@pytest.mark.parametrize(("level", "factor", "verdict"), [(10, 1.6, "holds"), (10, 1.2, "fails"), (-10, 1.2, "fails")])
def test_a_bound_is_on_what_the_best_point_gains(level, factor, verdict):
    assert judge("bounded", X, curve(0, 0, 4, 5) + level, 1, factor=factor).verdict == verdict


def test_luck_alone_is_called_wrong_as_rarely_as_is_said():
    rng = np.random.default_rng(3)
    verdicts = [judge("increasing", X, rng.normal(size=(4, 20)), 1).verdict for _ in range(600)]
    wrong = verdicts.count("fails") / len(verdicts)
    # one-sided over the steps, and the ends: at most ERROR_RATE / 2 each, with three standard errors of 600 trials
    assert wrong <= 0.05 + 3 * (0.05 * 0.95 / 600) ** 0.5


def test_runs_without_the_outcome_are_left_out_and_too_few_leave_it_open():
    runs = curve(1, 2, 3, 4)
    runs[2, :10] = np.nan
    assert judge("increasing", X, runs, 1).verdict == "holds"
    runs[2, 1:] = np.nan
    assert judge("increasing", X, runs, 1).verdict == "open"


def test_a_stage_is_the_run_as_it_stood():
    long = load("b2b-two-teams").with_({**SMALL, "horizon_weeks": 60})
    (runs,) = staged([long], [20, 60], lambda stage: stage, replicates=2)
    for k, stages in enumerate(runs):
        whole = fs.run(long, seed=1, replicate=k)
        assert [stage.run.weeks for stage in stages] == [20, 60]
        assert np.array_equal(stages[1].run.arrays.weekly, whole.arrays.weekly)
        assert np.array_equal(stages[0].run.arrays.weekly, whole.arrays.weekly[:20])
        assert stages[0].began.sum() == 60 == stages[1].began.sum()


def test_readings_agree_with_the_table_of_accounts():
    long = load("b2b-two-teams").with_({**SMALL, "horizon_weeks": 104, "market.win_back.rate": 0.05})
    ((stages,),) = staged([long], [104], lambda stage: stage, replicates=1)
    table, outcomes = fs.run(long).customers, battery.OUTCOMES
    began = stages.began if not isinstance(stages, list) else stages[0].began
    stage = stages if not isinstance(stages, list) else stages[0]
    still = (table["state"] == "customer") & (table["spells"] == 1) & began
    assert outcomes["churn"].read(stage) == pytest.approx(1 - still.sum() / 60) and 0 < still.sum() < 60
    weekly = fs.run(long).weekly
    assert outcomes["wins"].read(stage) == weekly["new_customers"].sum()
    assert outcomes["value"].read(stage) == weekly["value"].iloc[-1]
    true = fs.run(long).series("nps_true")[-1]
    assert outcomes["nps"].read(stage) != true, "leavers count as well"


def test_levers_cover_what_a_company_can_move():
    table = response_table()
    assert len(table) >= 40
    paths = " ".join(path for lever in table.values() for path in lever.paths.values())
    for part in (
        "headcount", "market.price ", "price_rise", "market.promotion", "account-review.rate", "channels.offered",
        "interval_weeks", "intensity", "gaming_cost", "tenure_months", "survey_weeks", "selling.discount",
        "go-live.hours",
    ):  # fmt: skip
        assert part in f"{paths} ", part
    for lever in table.values():
        assert lever.expect and lever.why.endswith(".")
        for expected in lever.expect:
            assert expected.shape in SHAPES and expected.outcome in battery.OUTCOMES, lever.name
            assert set(expected.companies) <= set(lever.paths) <= set(COMPANIES) and set(expected.years) <= set(YEARS)
            assert (expected.factor > 0) == (expected.shape == "bounded"), lever.name


def test_every_declared_point_is_a_legal_company():
    for lever in response_table().values():
        for company in lever.paths:
            made, own = points(lever, company)
            assert len(made) == len(lever.grid) and 0 <= own < len(made)
            assert [point.x for point in made] == sorted({point.x for point in made}), lever.name


def test_heads_are_multiples_of_what_the_company_has():
    made, own = points(response_table()["service-heads"], "b2b-saas")
    assert made[own].x == load("b2b-saas").get("teams.service.headcount")
    made, own = points(response_table()["salaries"], "b2b-saas")
    assert made[own].x == 1.0, "salaries differ, so points are multiples"
    assert made[0].scenario.get("teams.sales.salary") == 75000


def test_a_cost_lowers_the_value_and_moves_nobody():
    found = fs.responses(["programme-cost"], companies=["b2b-two-teams"], changes=SMALL, replicates=3)
    assert isinstance(found, Responses) and found.ok
    assert {(c.outcome, c.verdict) for c in found.curves} == {("value", "holds"), ("churn", "holds")}
    value = next(c for c in found.curves if c.year == 1 and c.outcome == "value")
    assert value.own == 0 and [p.x for p in value.points] == [0, 1000, 3000, 10000]
    # 52 weeks of $1 000, discounted at 10 % a year from week 0
    rate = 1.1 ** (1 / 52)
    assert value.points[0].mean - value.points[1].mean == pytest.approx(
        sum(1000 / rate**t for t in range(52)), rel=0.02
    )


def test_the_same_seed_gives_the_same_curves_whatever_the_workers():
    def once(workers):
        found = fs.responses(
            ["contact-cost"], companies=["b2b-two-teams"], changes=SMALL, replicates=2, workers=workers
        )
        return [curve.to_dict() for curve in found.curves]

    assert once(1) == once(2)


def test_the_command_tells_json_a_table_and_a_page(tmp_path):
    words = ["responses", "programme-cost", "--company", "b2b-two-teams", "--replicates", "2"]
    words += [word for path, value in SMALL.items() for word in ("--set", f"{path}={value}")]
    page = tmp_path / "page.html"
    result = CliRunner().invoke(flywheel, [*words, "--json", "--report", str(page)])
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)["data"]
    assert data["counts"] == {"holds": 4, "fails": 0, "open": 0}
    first = data["responses"][0]
    wanted = {"name", "company", "lever", "outcome", "expected", "verdict", "points"}
    assert wanted <= set(first) and set(first["points"][0]) == {"x", "mean", "low", "high"}
    text = page.read_text("utf-8")
    assert text.count("<svg ") == 2 and "Cost of the programme" in text and len(text) < 1_000_000
    told = CliRunner().invoke(flywheel, words).output
    assert "4 curves of 1 lever in 1 company: 4 holds." in told


def test_a_curve_that_fails_ends_with_exit_1_unless_it_is_excused(monkeypatch):
    from dataclasses import replace

    table = dict(response_table())
    lever = table["programme-cost"]
    wrong = replace(lever.expect[0], shape="increasing", years=(1,))
    words = ["responses", "programme-cost", "--company", "b2b-two-teams", "--replicates", "2"]
    words += [word for path, value in SMALL.items() for word in ("--set", f"{path}={value}")]
    for expected, code in ((wrong, 1), (replace(wrong, excused="made up for this test"), 0)):
        monkeypatch.setattr(battery, "response_table", lambda e=expected: {lever.name: replace(lever, expect=(e,))})
        assert CliRunner().invoke(flywheel, words).exit_code == code


def test_names_that_are_none_are_told_all_at_once():
    with pytest.raises(ScenarioError) as caught:
        battery.chosen(["service-head"], ["b2b-sass"])
    assert "service-heads" in str(caught.value) and "b2b-saas" in str(caught.value)
    with pytest.raises(ScenarioError, match="none of these levers is pulled there"):
        battery.chosen(["bonus"], ["b2c-subscription"])
    with pytest.raises(ScenarioError, match="at least 2 runs"):
        fs.responses(["bonus"], replicates=1)
    assert set(VERDICTS) == {"holds", "fails", "open"}
