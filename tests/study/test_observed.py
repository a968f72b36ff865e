"""Reading observations, taking the same quantities from a run, baselines by hand."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from random_walk_runs import run

from flywheel_sim.cli import flywheel
from flywheel_sim.execute.run import batch
from flywheel_sim.present.observed import dates_table, errors_table, overlay_chart, overlay_notes, overlay_svg
from flywheel_sim.results.observed import SIMULATION, errors_of
from flywheel_sim.scenario import Scenario, ScenarioError, load
from flywheel_sim.study.calibration.baseline_curves import bass_curve, drift
from flywheel_sim.study.calibration.observations import measured, observations, with_data
from flywheel_sim.study.calibration.observed import overlay
from flywheel_sim.theory import bass

HEAD = "day,accounts,income\n"
CSV = HEAD + "2020-01-01,100,\n2020-04-01,110,2.6\n2020-07-01,,2.7\n2020-09-30,130,2.8\n2020-12-30,140,3.0\n"


def company(**observed: object) -> Scenario:
    mapping: dict[str, object] = {
        "file": "data.csv",
        "date": "day",
        "start": "2020-01-01",
        "fit_until": "2020-09-30",
        "scale": 10,
        "series": {
            "customers": {"column": "accounts", "quantity": "customers"},
            "income": {"column": "income", "quantity": "revenue", "unit": 1e3, "fit": False},
        },
    }
    return load("hubspot").with_({"horizon_weeks": 52, "observed": {**mapping, **observed}})


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)

    def put(text: str, name: str = "data.csv") -> None:
        Path(name).write_text(text, encoding="utf-8")

    return put


def test_published_revenue_per_customer_meets_its_definition() -> None:
    seen = observations(load("hubspot"))
    assert 0 < seen.identity_gap < 0.005
    assert (seen.dates[0], seen.dates[-1], seen.periods) == ("2018-06-30", "2022-12-31", 4)
    customers, per_customer, revenue = seen.series
    assert customers.values[0] == 48_091 and per_customer.values[0] == 10_004
    dates = list(seen.dates)
    assert np.isnan(customers.values[[dates.index("2018-09-30"), dates.index("2022-03-31")]]).all()
    assert customers.weeks[-1] == load("hubspot").horizon_weeks == 235
    for date in ("2018-09-30", "2018-12-31", "2022-03-31", "2022-06-30"):
        assert np.isnan(per_customer.values[dates.index(date)]), "one of the two counts is missing: the gap stays"
    late = dates.index("2022-12-31")
    assert per_customer.derived[late] and per_customer.values[late] == pytest.approx(4 * 458.2e6 / 163_145.5)
    assert not per_customer.derived[dates.index("2021-09-30")]
    assert revenue.values[late] == pytest.approx(458.2e6) and not revenue.fitted
    assert [date for date, known in zip(dates, seen.in_sample, strict=True) if known][-1] == "2021-12-31"


def test_the_data_keep_their_sources() -> None:
    from flywheel_sim.scenario.library import shipped_path

    for name in ("hubspot_quarterly.csv", "hubspot_annual.csv"):
        lines = (shipped_path("scenarios/data") / name).read_text(encoding="utf-8").splitlines()
        assert lines[0].endswith(",source") and all("=" in line for line in lines[1:])


def test_rows_before_week_0_give_an_opening_but_no_comparison(write) -> None:
    write(CSV)
    seen = observations(company(start="2020-04-01"))
    assert seen.dates[0] == "2020-04-01"
    customers, income = seen.series
    assert income.opening.tolist()[:2] == [-13, 0] and income.comparable.tolist() == [False, True, True, True]
    assert customers.comparable.tolist() == [False, False, True, True]


def test_the_same_quantities_are_taken_from_a_run(write) -> None:
    write(CSV.replace(",income", ",income,each").replace(",\n", ",,\n").replace("2.6\n", "2.6,5\n")
          .replace("2.7\n", "2.7,\n").replace("2.8\n", "2.8,\n").replace("3.0\n", "3.0,\n"))  # fmt: skip
    scenario = company()
    series = {
        **scenario.resolved()["observed"]["series"],
        "each": {"column": "each", "quantity": "revenue_per_customer"},
    }
    scenario = scenario.with_({"observed.series": series})
    (one,) = batch([scenario], replicates=1, teams=False)[0]
    seen = observations(scenario)
    customers, per_customer, income = (measured(one, seen, series) for series in seen.series)
    count, paid = one.series("customers", start=True), one.series("revenue")
    np.testing.assert_array_equal(customers, 10 * count[[0, 13, 26, 39, 52]])
    assert np.isnan(income[0]) and income[1] == pytest.approx(10 * paid[:13].sum())
    assert per_customer[1] == pytest.approx(4 * paid[:13].sum() / ((count[0] + count[13]) / 2))
    assert per_customer[4] == pytest.approx(4 * paid[39:52].sum() / ((count[39] + count[52]) / 2))


def test_errors_by_hand() -> None:
    got = errors_of(np.array([110.0, 90.0, np.nan]), np.array([100.0, 100.0, 5.0]))
    assert (got.n, got.mape, got.rmse, got.bias) == (2, pytest.approx(0.1), 10.0, 0.0)
    assert errors_of(np.array([np.nan]), np.array([1.0])).n == 0


def test_straight_line_by_hand() -> None:
    t, y = np.array([0.0, 0.5, 2.0]), np.array([48.0, 90.0, 60.0])
    # last value 60 plus 6 a year
    np.testing.assert_allclose(drift(t, y, np.array([0.0, 1.0, 2.0, 3.0])), [48.0, 54.0, 60.0, 66.0])
    assert drift(t[:1], y[:1], t).tolist() == [48.0] * 3 and np.isnan(drift(t[:0], y[:0], t)).all()


def test_bass_curve_finds_the_curve_it_came_from() -> None:
    t = np.arange(0.0, 6.0, 0.25)
    for p, q, level, size in ((0.03, 0.38, 50.0, 400.0), (0.001, 0.9, 48e3, 3e5), (0.2, 0.01, 9.0, -4.0)):
        y = level + size * bass(t, p, q)
        np.testing.assert_allclose(bass_curve(t[:14], y[:14], t), y, rtol=5e-3)
    assert np.isnan(bass_curve(t[:4], t[:4], t)).all(), "four numbers cannot be fitted to four points"


def test_overlay_has_bands_errors_and_pictures(write) -> None:
    write(CSV)
    scenario = company()
    runs = batch([scenario], replicates=12, teams=False)[0]
    found = overlay(runs)
    customers = found.tracks[0]
    assert set(customers.models) == {SIMULATION, "straight line", "Bass curve"}
    assert customers.errors(SIMULATION, "in").n == 2 and customers.errors(SIMULATION, "out").n == 1
    # through 100 in week 0 and 130 in week 39
    assert customers.baselines["straight line"][-1] == pytest.approx(140.0)
    assert customers.errors("straight line", "out").mape == pytest.approx(0.0, abs=1e-12)
    low, high = customers.band()
    assert (low <= customers.center).all() and (customers.center <= high).all()
    assert customers.coverage("out") in (0.0, 1.0)
    assert "NaN" not in overlay_svg(found) and overlay_svg(found) == overlay_svg(found)
    assert len(overlay_chart(found).axes) == 1, "what is only compared is not drawn"
    assert errors_table(found).row_count == 6 and dates_table(found).row_count == 5
    assert "mean of 12 runs" in overlay_notes(found)
    few = overlay(runs[:3])
    assert np.isnan(few.tracks[0].band()).all() and np.isnan(few.tracks[0].coverage("in"))
    assert few.to_dict()["series"]["customers"]["errors"][SIMULATION]["in"]["n"] == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CSV.replace("accounts", "acounts"), ["observed.series.customers.column", "'accounts'", "mean 'acounts'"]),
        (CSV.replace("day", "days"), ["data.csv:1: observed.date: no column 'day'", "did you mean 'days'?"]),
        (CSV.replace("2020-04-01", "1.4.2020"), ["data.csv:3: day: expected a date as 2018-06-30, got '1.4.2020'"]),
        (CSV.replace("2020-04-01", "2020-02-31"), ["data.csv:3: day: expected a date"]),
        (CSV.replace("2020-04-01", "2020-01-01"), ["data.csv:3: day: expected a date a week or more after 2020-01"]),
        (CSV.replace(",110,", ",many,"), ["data.csv:3: accounts: expected a number above 0", "got 'many'"]),
        (CSV.replace(",110,", ",-1,").replace(",130,", ",inf,"), ["data.csv:3: accounts", "data.csv:5: accounts"]),
        (CSV.replace(",2.6", ""), ["data.csv:3: expected 3 cells as in the first line, got 2"]),
        (CSV.replace("2020", "2010"), ["observed.start: no date of data.csv lies in the run, 2020-01-01 to"]),
        (HEAD, ["expected a line of names and lines of values"]),
        ("", ["expected a line of names"]),
        (CSV + '2021-01-30,"1', ["data.csv: not a CSV file"]),
    ],
)
def test_mistakes_say_where_and_what_was_expected(write, text: str, said: list[str]) -> None:
    write(text)
    with pytest.raises(ScenarioError) as caught:
        observations(company())
    for part in said:
        assert part in str(caught.value)


def test_mistakes_in_the_mapping(write) -> None:
    write(CSV, "dato.csv")
    cases = {
        "no such file: 'data.csv'; did you mean 'dato.csv'?": company(),
        "names no data": company(file=""),
        "no column of dato.csv is mapped": company(file="dato.csv", series={}),
        "observed.start: expected a date as 2018-06-30, got 'soon'": company(file="dato.csv", start="soon"),
        "expected a date after the first of dato.csv, got 2019-01-01": company(file="dato.csv", fit_until="2019-01-01"),
    }
    for said, scenario in cases.items():
        with pytest.raises(ScenarioError) as caught:
            observations(scenario)
        assert said in str(caught.value)


def test_a_mistake_in_a_file_has_its_line(write) -> None:
    write(CSV.replace("accounts", "acounts"))
    write(company().to_yaml(), "shop.yaml")
    with pytest.raises(ScenarioError, match=r"shop.yaml:\d+:\d+: observed.series.customers.column"):
        observations(load("shop.yaml"))


def test_data_stand_beside_the_scenario_that_names_them(write, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "sub").mkdir()
    write(CSV, "sub/data.csv")
    write(company().to_yaml(), "sub/shop.yaml")
    assert observations(load("sub/shop.yaml")).dates[-1] == "2020-12-30"


def test_other_data_by_csv_or_by_mapping(write, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    write(CSV, "sub/mine.csv")
    write("file: mine.csv\nfit_until: 2020-07-01\n", "sub/map.yaml")
    assert observations(with_data(company(), "sub/mine.csv", "2020-07-01")).in_sample.sum() == 3
    mapped = observations(with_data(company(), "sub/map.yaml"))
    assert mapped.fit_until == "2020-07-01" and mapped.in_sample.sum() == 3
    write("fil: mine.csv\n", "sub/map.yaml")
    with pytest.raises(ScenarioError, match=r"sub/map.yaml:1:1: fil: unknown name 'fil'; did you mean 'file'"):
        with_data(company(), "sub/map.yaml")


def test_the_shipped_annual_mapping_reads() -> None:
    from flywheel_sim.scenario.library import shipped_path

    seen = observations(with_data(load("hubspot"), shipped_path("scenarios/data") / "hubspot_annual.yaml"))
    assert seen.periods == 1 and seen.dates == tuple(f"{year}-12-31" for year in range(2018, 2023))
    assert seen.series[0].values[-1] == 167_386


def test_a_run_of_another_kind_can_be_laid_over(write) -> None:
    write(CSV)
    scenario = company()
    assert overlay([run(scenario)], observations(scenario)).runs == 1


def test_the_run_command_lays_a_run_over_its_data(write) -> None:
    write(CSV)
    write(company().to_yaml(), "shop.yaml")

    def call(*words: str):
        return CliRunner().invoke(flywheel, ["run", "shop.yaml", *words])

    shown = call("--figure", "o.svg")
    assert shown.exit_code == 0, shown.output
    assert "mean of 20 runs" in shown.stdout and "straight line" in shown.stdout and "Bass curve" in shown.stdout
    assert Path("o.svg").read_text(encoding="utf-8").startswith("<svg")
    data = json.loads(call("--replicates", "2", "--json").stdout)["data"]["observed"]
    assert data["series"]["customers"]["errors"]["straight line"]["out"]["n"] == 1
    assert data["series"]["customers"]["low_90"] == [None] * 5, "two runs make no band"
    short = call("--set", "horizon_weeks=4")
    assert short.exit_code == 0 and "not compared with observed data" in short.stderr
    write(CSV.replace(",110,", ",many,"))
    assert call().exit_code == 2
    assert CliRunner().invoke(flywheel, ["run", "b2b-saas", "--figure", "o.svg"]).exit_code == 2


def test_the_shipped_company_fits_what_it_was_fitted_to() -> None:
    """Of 2022 nothing is asked: a miss is a result."""
    found = overlay(batch([load("hubspot")], replicates=16, teams=False)[0])
    customers, per_customer, _ = found.tracks
    for track in (customers, per_customer):
        error = track.errors(SIMULATION, "in")
        assert error.mape < 0.035 and abs(error.bias) < 0.02
        assert error.mape < track.errors("straight line", "in").mape
    assert customers.errors(SIMULATION, "out").n == 3 and per_customer.errors(SIMULATION, "out").n == 2


def test_dates_outside_the_run_are_told(write) -> None:
    write(CSV)
    assert observations(company()).left_out == ""
    early = company(start="2020-04-01").with_({"horizon_weeks": 30})
    seen = observations(early)
    assert seen.outside == ("2020-01-01", "2020-12-30") and seen.dates == ("2020-04-01", "2020-07-01", "2020-09-30")
    assert seen.left_out.startswith("2 dates of data.csv (2020-01-01 and 2020-12-30) lie outside the run, which begins")
    found = overlay(batch([early], replicates=1)[0])
    assert "2 dates of data.csv" in overlay_notes(found) and found.to_dict()["outside"] == list(seen.outside)
    only_last = observations(company().with_({"horizon_weeks": 40})).left_out
    assert only_last.startswith("1 date of data.csv (2020-12-30) lies outside the run")


@pytest.mark.parametrize("name", ["calibrate", "posterior"])
def test_python_is_warned_of_dates_outside_the_run(write, name: str) -> None:
    from importlib import import_module

    write(CSV)
    with pytest.warns(UserWarning, match="1 date of data.csv"), pytest.raises(Exception, match="fit"):
        getattr(import_module(f"flywheel_sim.study.calibration.{name}"), name)(
            company(fit={}).with_({"horizon_weeks": 40})
        )
