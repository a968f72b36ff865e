"""Files as people have them: periods, decimal signs, names that stand twice, shares in per cent, cohorts all gone."""

import datetime
from pathlib import Path

import numpy as np
import pytest
from random_walk_runs import run as fabricated

from flywheel_sim.results import Run
from flywheel_sim.results.observed import SIMULATION, Observations
from flywheel_sim.scenario import Scenario, ScenarioError, load
from flywheel_sim.study.calibration.observations import observations
from flywheel_sim.study.calibration.observed import overlay

START = datetime.date(2020, 1, 1)
SERIES = {
    "customers": {"column": "customers", "quantity": "customers"},
    "revenue": {"column": "revenue", "quantity": "revenue"},
    "each": {"column": "each", "quantity": "revenue_per_customer"},
}


def company(**observed: object) -> Scenario:
    mapping = {"file": "data.csv", "date": "day", "start": str(START), "series": SERIES, **observed}
    return load("hubspot").with_({"horizon_weeks": 156, "observed": {"scale": 1, **mapping}})


@pytest.fixture(scope="module")
def own() -> Run:
    from flywheel_sim.execute.run import batch

    bare = load("hubspot").with_({"horizon_weeks": 156, "observed.scale": 1})
    return batch([bare], replicates=1, seed=3, teams=False)[0][0]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written_down(
    run: Run, rows: list[tuple[datetime.date, datetime.date, float]], last: list[str] | None = None
) -> None:
    """What the company publishes of periods (first day, last day, periods a year), from its own days: a seventh of the
    week's revenue a day, and customers that change evenly through the week."""
    a_day = np.repeat(run.series("revenue"), 7) / 7.0
    customers = np.interp(
        np.arange(len(a_day) + 1) / 7.0, np.arange(run.weeks + 1), run.series("customers", start=True)
    )
    lines = ["day,customers,revenue,each" + (",period" if last else "")]
    for k, (first, end, per_year) in enumerate(rows):
        begin, after = (first - START).days, (end - START).days
        revenue = a_day[max(begin, 0) : after].sum()
        each = per_year * revenue / ((customers[max(begin, 0)] + customers[after]) / 2.0)
        flows = f"{float(revenue)!r},{float(each)!r}" if begin >= 0 and after > begin else ","
        lines.append(f"{end},{float(customers[after])!r},{flows}" + (f",{last[k]}" if last else ""))
    Path("data.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def worst(run: Run, seen: Observations) -> float:
    found = overlay([run], seen)
    assert all(track.errors(SIMULATION, "in").n for track in found.tracks)
    return max(track.errors(SIMULATION, "in").mape for track in found.tracks)


def after(weeks: float) -> datetime.date:
    return START + datetime.timedelta(days=round(7 * weeks))


def test_an_absent_quarter_makes_no_error_when_the_period_is_stated(own: Run) -> None:
    """With the gap taken for the period: .2 % of all rows."""
    ends = [k for k in range(1, 13) if k not in (4, 9)]
    written_down(own, [(START, START, 4.0), *((after(13 * k - 13), after(13 * k), 4.0) for k in ends)])
    for period in ("13 weeks", "91 days"):
        assert worst(own, observations(company(period=period))) < 1e-12
    assert observations(company(period="13 weeks")).periods == 4


def test_a_year_and_then_quarters_make_no_error_when_a_column_says_so(own: Run) -> None:
    rows = [(START, after(52), 1.0), *((after(52 + 13 * k), after(65 + 13 * k), 4.0) for k in range(8))]
    written_down(own, rows, ["52 weeks", *["13 weeks"] * 8])
    seen = observations(company(period_column="period"))
    assert worst(own, seen) < 1e-12 and seen.per_year.tolist() == [1.0, *[4.0] * 8]
    assert overlay([own], seen).tracks[1].errors(SIMULATION, "in").n == 9, "the first row's period is stated: it counts"


def test_dates_inside_a_week_are_interpolated(own: Run) -> None:
    """Calendar quarters end on every day of the week; the last lies a day after the run's end."""
    ends = [datetime.date(y, m, d) for y in (2020, 2021, 2022) for m, d in ((3, 31), (6, 30), (9, 30), (12, 31))][:11]
    first = datetime.date(2019, 12, 31)
    rows = [(begin, end, 4.0) for begin, end in zip([first, *ends], ends, strict=False)]
    written_down(own, rows)
    seen = observations(company(period="quarter"))
    assert (seen.series[0].weeks % 1 > 0).sum() == 8 and seen.series[1].opening[1:].tolist() == [
        (end - START).days / 7 for end in ends[:-1]
    ]
    assert worst(own, seen) < 1e-12
    late = str(after(156) + datetime.timedelta(days=1))
    with Path("data.csv").open("a", encoding="utf-8") as file:
        file.write(f"{late},,,\n")
    assert observations(company(period="quarter")).dates[-1] == late


@pytest.mark.parametrize("ends", [(13, 26, 52, 65), (0, 52, 65, 78), (4, 8, 13)])
def test_gaps_that_may_be_an_absent_row_are_asked_about(own: Run, ends: tuple[int, ...]) -> None:
    written_down(own, [(after(a), after(b), 4.0) for a, b in zip((0, *ends), ends, strict=False)])
    with pytest.raises(ScenarioError, match=r"observed.period: the dates of data.csv are .* cannot tell an absent row"):
        observations(company())
    only = company(series={"customers": SERIES["customers"]})
    assert worst(own, observations(only)) < 1e-12, "customers have no period"


def test_the_period_of_a_first_row_inside_the_run_is_asked_for(own: Run) -> None:
    written_down(own, [(after(13 * k - 13), after(13 * k), 4.0) for k in range(1, 9)])
    with pytest.raises(
        ScenarioError, match=r"observed.period: how long the period before 2020-04-01 is, the first row"
    ):
        observations(company())
    assert worst(own, observations(company(period="13 weeks"))) < 1e-12


@pytest.mark.parametrize("text", ["fortnight", "13", "0 weeks", "-1 weeks", "weeks", "1,5 weeks"])
def test_a_period_is_a_length(own: Run, text: str) -> None:
    written_down(own, [(after(0), after(13), 4.0), (after(13), after(26), 4.0)], ["13 weeks", f'"{text}"'])
    with pytest.raises(ScenarioError, match=r"observed.period: expected week, month, quarter, half-year, year, or"):
        observations(company(period=text))
    with pytest.raises(ScenarioError, match=r"data.csv:3: period: expected week, month, .* got '"):
        observations(company(period_column="period"))


# -- decimal signs and names ---------------------------------------------------------------------------------------


def put(text: str) -> None:
    Path("data.csv").write_text(text, encoding="utf-8")


def counts(**observed: object) -> list[float]:
    seen = observations(company(series={"customers": SERIES["customers"]}, **observed))
    return list(seen.series[0].values)


def test_a_file_says_or_shows_its_decimal_sign() -> None:
    put("day;customers\n2020-01-01;11.584\n2020-04-01;12.031\n")
    with pytest.raises(ScenarioError, match=r"observed.decimal: '11.584' may be 11.584 or 11584, .* data.csv"):
        counts()
    assert counts(decimal=",") == [11584.0, 12031.0] and counts(decimal=".") == [11.584, 12.031]
    put("day;customers\n2020-01-01;11.584,5\n2020-04-01;12.031\n")
    with pytest.raises(ScenarioError, match=r"observed.decimal: '11.584,5' has a decimal comma"):
        counts()
    assert counts(decimal=",") == [11584.5, 12031.0]
    put('day,customers\n2020-01-01,"1,050"\n2020-04-01,1.5\n')
    with pytest.raises(ScenarioError, match=r"'1,050' may be 1050 or 1.05"):
        counts()
    assert counts(decimal=".") == [1050.0, 1.5]
    put("day,customers\n2020-01-01,11.584\n2020-04-01,0.631\n")
    assert counts() == [11.584, 0.631], "0.631 can only have a decimal point"
    put("day,customers\n2020-01-01,1e3\n2020-04-01,10 050\n")
    assert counts() == [1000.0, 10050.0]


def test_a_name_that_stands_twice_is_refused() -> None:
    put("day,customers,note,customers,note\n2020-01-01,1,,9,\n2020-04-01,2,,8,\n")
    with pytest.raises(ScenarioError) as caught:
        counts()
    assert [str(problem) for problem in caught.value.problems] == [
        f"data.csv:1: the name '{name}' stands over columns {at}; give each a name of its own"
        for name, at in (("customers", "2 and 4"), ("note", "3 and 5"))
    ]
    put("day,customers,,\n2020-01-01,1,,\n2020-04-01,2,,\n")
    assert counts() == [1.0, 2.0], "columns without a name are nobody's"


def test_nothing_is_a_count_where_the_law_can_say_so() -> None:
    put("day,customers\n2020-01-01,5\n2020-04-01,0\n")
    with pytest.raises(
        ScenarioError, match=r"data.csv:3: .*a number above 0 .*'0'; 0 has no logarithm, so set law: abs"
    ):
        counts()
    absolute = {"customers": {**SERIES["customers"], "law": "absolute", "error": 2}}
    seen = observations(company(series=absolute))
    assert seen.series[0].values.tolist() == [5.0, 0.0]
    errors = overlay([fabricated(company(series=absolute))], seen).tracks[0].errors(SIMULATION, "in")
    assert errors.n == 1 and np.isfinite(errors.rmse) and np.isnan(errors.mape)


# -- retention tables ----------------------------------------------------------------------------------------------


def table(text: str, **series: object) -> Observations:
    put(text)
    survival = {"column": "left", "quantity": "survival", "cohort": 1000, **series}
    observed = {"file": "data.csv", "date": "year", "period_weeks": 52, "start": "0", "series": {"survival": survival}}
    return observations(load("limits/a03-sbg-regular").with_({"observed": observed}))


def test_a_table_in_per_cent_is_refused_once_and_the_unit_named() -> None:
    text = "year,left\n0,100\n1,63.1\n2,46.8\n"
    with pytest.raises(ScenarioError) as caught:
        table(text)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == ("data.csv", 2)
    assert problem.message.endswith("got '100'; for a column in per cent set observed.series.survival.unit: 0.01")
    assert table(text, unit=0.01).series[0].values.tolist() == pytest.approx([1.0, 0.631, 0.468])
    with pytest.raises(ScenarioError, match=r"got '100 %'; write it without the sign; for a column in per cent"):
        table(text.replace("100", "100 %"))
    with pytest.raises(ScenarioError, match=r"at most 1, got '163.1'$"):
        table(text.replace("63.1", "163.1"), unit=0.01)


def test_a_cohort_that_is_all_gone_is_an_observation() -> None:
    seen = table("year,left\n0,1\n1,0.5\n2,0.00\n3,0\n")
    series = seen.series[0]
    assert series.law == "binomial" and series.values.tolist() == [1.0, 0.5, 0.0, 0.0]
    assert series.comparable.tolist() == [False, True, True, False], "of nobody nobody can leave"
    simulated = np.array([1.0, 0.5, 0.1, 0.05])
    for scored in (series.standard(simulated), series.deviance(simulated)):
        assert np.isfinite(scored[1:3]).all() and scored[1] == pytest.approx(0.0, abs=1e-9) and scored[2] > 10


@pytest.mark.parametrize(
    ("text", "series", "said"),
    [
        ("year,left\n0,1\n1,0.5\n2,0.6\n", {}, r"data.csv:4: left: survival never rises: 0.6 after 0.5"),
        ("year,left\n0,0.9\n1,0.5\n", {}, r"survival is the share of those of week 0, so it is 1 at 0, got 0.9"),
        ("year,left\n0,1\n1,0.5\n", {"cohort": 0}, r"a retention table needs cohort: how many customers"),
        ("year,left\n0,1\n1,-0.5\n", {}, r"data.csv:3: left: expected a number of at least 0 or an empty cell"),
    ],
)
def test_mistakes_in_a_retention_table(text: str, series: dict[str, object], said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        table(text, **series)


def test_a_year_without_a_count_is_bridged() -> None:
    """Who stays from year 1 to year 3 is known though year 2 is not."""
    series = table("year,left\n0,1\n1,0.8\n2,\n3,0.4\n").series[0]
    assert series.comparable.tolist() == [False, True, False, True]
    apart = series.deviance(np.array([1.0, 0.8, 0.6, 0.5]))
    r, q = 0.5, 0.625
    by_hand = np.sqrt(2 * 1000 * 0.8 * (r * np.log(r / q) + (1 - r) * np.log((1 - r) / (1 - q))))
    assert apart[3] == pytest.approx(by_hand)


def test_tables_of_points_follow_the_same_rules() -> None:
    from flywheel_sim.study.design.points import laid
    from flywheel_sim.study.design.study_file import read_study

    def points(text: str, **design: str) -> list[dict[str, object]]:
        Path("points.csv").write_text(text, encoding="utf-8")
        study = {"scenario": "b2b-saas", "design": {"kind": "table", "file": "points.csv", **design}}
        return [dict(point.changes) for point in laid(read_study(study)).points]

    german = "ledger.overhead;market.network.kind\n11.584;ring\n12.031;ring\n"
    with pytest.raises(
        ScenarioError, match=r"'11.584' may be 11.584 or 11584, .*points.csv is with decimal: '.' or ','"
    ):
        points(german)
    assert [point["ledger.overhead"] for point in points(german, decimal=",")] == [11584.0, 12031.0]
    assert [point["ledger.overhead"] for point in points(german, decimal=".")] == [11.584, 12.031]
    assert points("market.churn.mean\n0.125\n")[0]["market.churn.mean"] == 0.125
    with pytest.raises(ScenarioError, match=r"'0,125' has a decimal comma"):
        points('market.churn.mean\n"0,125"\n')
    with pytest.raises(ScenarioError, match=r"the path 'market.price' stands over two columns"):
        points("market.price,market.price\n1.5,2.5\n")
