"""Posteriors: a known answer, what is ruled out, resuming, known truth, and the command."""

import csv
import json
import math
import sys
from pathlib import Path
from types import SimpleNamespace

import known_optima
import numpy as np
import pytest
import recovery
from click.testing import CliRunner, Result

import flywheel_sim as fs
from flywheel_sim.cli import flywheel
from flywheel_sim.execute import drive
from flywheel_sim.execute.outcome import measure
from flywheel_sim.execute.store import Store
from flywheel_sim.results import ResultError
from flywheel_sim.results.assumptions import plain_label
from flywheel_sim.results.posterior import Posterior
from flywheel_sim.results.worlds import FILE, read_worlds
from flywheel_sim.scenario import ScenarioError, load
from flywheel_sim.scenario.columns import COL, NAMES
from flywheel_sim.study.calibration import posterior as calibrating
from flywheel_sim.study.calibration.calibrate import calibrate
from flywheel_sim.study.calibration.emulators import Region, Wave
from flywheel_sim.study.calibration.fitted_scenario import ABOUT, CALIBRATED
from flywheel_sim.study.calibration.observations import extended, observations, with_data
from flywheel_sim.study.calibration.posterior import Settings, posterior
from flywheel_sim.study.calibration.priors import Priors
from flywheel_sim.study.worlds.drawing import drawing

pytest.importorskip("sklearn")

WEEKS = (26, 52, 78, 104)
G, ERROR, LUCK = math.log(2.0), 0.02, 0.03
FEW = Settings(trials=120, waves=3, replicates=2, predicted=40)


@pytest.fixture
def using(monkeypatch):
    """Let workers make their outcomes up."""

    def use(work):
        monkeypatch.setattr(drive.run_design, "__kwdefaults__", drive.run_design.__kwdefaults__ | {"work": work})

    return use


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a file of observations: customers who double in two years, $ 9 000 each."""
    monkeypatch.chdir(tmp_path)
    weeks = np.arange(0, 105)
    customers = 100 * np.exp(G * weeks / 104)
    rows = []
    for week in (0, *WEEKS):
        paid = 9000 / 52 * (customers[week - 25 : week + 1].sum() if week else math.nan)
        each = 52 * paid / 26 / ((customers[week] + customers[week - 26]) / 2) if week else math.nan
        day = str(np.datetime64("2020-01-01") + 7 * week)
        rows.append([day, f"{customers[week]:.8g}", "" if math.isnan(each) else f"{each:.8g}"])
    with Path("data.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([["day", "customers", "each"], *rows])
    return tmp_path


def company(**more):
    fit = {
        "talk": {"path": "word_of_mouth.rate", "low": 0.002, "high": 0.2},
        "spend": {"path": "segments.all.spend", "low": 3000, "high": 27000},
    }
    series = {
        "customers": {"column": "customers", "quantity": "customers", "error": ERROR},
        "each": {"column": "each", "quantity": "revenue_per_customer", "error": ERROR},
    }
    observed = {"file": "data.csv", "date": "day", "start": "2020-01-01", "scale": 1, "series": series, "fit": fit}
    start = {"horizon_weeks": 130, "market.accounts": 1000, "market.initial_customers": 100}
    return load("hubspot").with_({**start, "observed": observed, **more})


# -- a known answer ----------------------------------------------------------------------------------------------------


def test_the_posterior_is_the_one_that_can_be_worked_out(using, here):
    """ln customers = (g + luck) t + error: given the data, g is normal around ln 2 with a variance that is known."""
    using(known_optima.growth)
    found = posterior(company(), settings=Settings(trials=300, predicted=40))
    t = np.array(WEEKS) / 104
    sd = math.sqrt(LUCK**2 + ERROR**2 / (t**2).sum())
    g = np.log(100 * found.draws[:, found.paths.index("word_of_mouth.rate")])
    assert abs(g.mean() - G) < 0.25 * sd and g.std() == pytest.approx(sd, rel=0.15)
    spend = np.log(found.draws[:, found.paths.index("segments.all.spend")])
    # revenue per customer follows growth a little within half a year; four errors of 2 % tell spend within 1 %
    assert abs(spend.mean() - math.log(9000)) < 0.005 and spend.std() == pytest.approx(ERROR / 2, rel=0.2)
    assert found.fits and not found.warnings and found.share < 0.01
    assert found.overlay.observations.dates[-1] == "2022-06-29", "the forecast goes on to the end of the run"
    assert found.overlay.tracks[0].coverage("in") == 1.0
    assert found.scenario.word_of_mouth.rate == pytest.approx(0.02, rel=0.1)


def test_several_runs_stand_for_a_larger_company(using, here):
    """With four real accounts per simulated one, luck is that of the mean of four runs: half."""
    using(known_optima.growth)
    text = Path("data.csv").read_text(encoding="utf-8").splitlines()
    rows = [line.split(",") for line in text[1:]]
    times = [",".join((day, f"{4 * float(customers):.8g}", each)) for day, customers, each in rows]
    Path("data.csv").write_text("\n".join([text[0], *times]) + "\n", encoding="utf-8")
    found = posterior(company(**{"observed.scale": 4}), settings=Settings(trials=300, predicted=20))
    g = np.log(100 * found.draws[:, found.paths.index("word_of_mouth.rate")])
    sd = math.sqrt(LUCK**2 / 4 + ERROR**2 / ((np.array(WEEKS) / 104) ** 2).sum())
    assert found.company == 4 and g.std() == pytest.approx(sd, rel=0.15) and abs(g.mean() - G) < 0.25 * sd


def test_what_the_data_do_not_tell_is_said(using, here):
    using(known_optima.growth)
    idle = {"path": "market.churn.mean", "low": 0.03, "high": 0.5, "prior": 0.15, "spread": 0.3}
    found = posterior(company(**{"observed.fit.churn": idle}), settings=FEW)
    churn = found.parameters[found.paths.index("market.churn.mean")]
    assert churn.ratio > 0.8 and any(
        f"{plain_label(churn.path)}: the data say little" in text for text in found.warnings
    )
    assert np.log(churn.draws).mean() == pytest.approx(math.log(0.15), abs=0.15), "its draws are the prior's"


def test_a_model_that_cannot_have_made_the_data_is_ruled_out(using, here):
    using(known_optima.growth)
    text = Path("data.csv").read_text(encoding="utf-8").splitlines()
    text[3] = text[3].replace(text[3].split(",")[1], "260")  # up and down again
    Path("data.csv").write_text("\n".join(text) + "\n", encoding="utf-8")
    found = posterior(company(), settings=FEW)
    assert not found.fits and ("ruled out" in found.warnings[0] or "stranger" in found.warnings[0])


# -- parts -------------------------------------------------------------------------------------------------------------


def test_a_wave_keeps_the_truth_and_rules_out_the_rest():
    luck = np.random.default_rng(2)
    points = luck.random((60, 2))

    def outputs(at):
        mean = np.stack([30 * (at[:, 0] - 0.4), 20 * (at[:, 0] * at[:, 1] - 0.12), 5 * at[:, 0]], axis=1)
        return mean - [0, 0, 2.0]

    told = outputs(points)[:, None, :] + luck.normal(size=(60, 3, 3))
    wave = Wave(points, told, 1)
    assert wave.implausibility(np.array([[0.4, 0.3]]))[0] < 0.5
    assert wave.implausibility(np.array([[0.9, 0.9], [0.1, 0.5]])).min() > 3
    region = Region([wave], 2, luck)
    drawn = region.draw(400)
    assert region.level == 1.0 and region.holds(drawn).all() and len(np.unique(drawn, axis=0)) > 380
    grid = (np.stack(np.meshgrid(*[np.arange(60)] * 2), -1).reshape(-1, 2) + 0.5) / 60
    inside = grid[wave.implausibility(grid) <= 1]
    assert region.share == pytest.approx(len(inside) / len(grid), rel=0.35)
    np.testing.assert_allclose(drawn.mean(0), inside.mean(0), atol=0.02)
    np.testing.assert_allclose(drawn.std(0), inside.std(0), rtol=0.25)


def test_the_cube_is_the_prior_and_back():
    priors = Priors(load("hubspot"))
    unit = np.random.default_rng(1).random((50, len(priors)))
    values = priors.values(unit)
    assert (values >= priors.low).all() and (values <= priors.high).all()
    np.testing.assert_allclose(priors.unit(values), unit, atol=1e-9)
    k = priors.names.index("churn")
    assert priors.spread_of_logs()[k] == pytest.approx(0.3, rel=0.05)


def test_outcomes_of_one_week_and_up_to_one():
    weekly = np.zeros((4, len(NAMES)))
    weekly[:, COL.customers] = [1, 2, 3, 4]
    run = SimpleNamespace(arrays=SimpleNamespace(weekly=weekly))
    found = measure(("customers.at2", "customers.to3", "customers.at5"), run)
    np.testing.assert_array_equal(found, [2, 6, np.nan])


def test_a_retention_table_is_read_with_its_law():
    mapped = with_data(load("limits/a03-sbg-regular"), _mapping())
    seen = observations(mapped)
    (series,) = seen.series
    assert seen.dates[:2] == ("0", "1") and series.weeks.tolist() == [52 * k for k in range(13)]
    assert seen.in_sample.sum() == 8 and seen.fit_until == "7" and series.comparable.sum() == 12
    z = series.standard(series.values)
    assert np.isnan(z[0]) and np.abs(z[1:]).max() == 0
    # year 2: r = .468 / .631 of 631 customers
    r = 0.468 / 0.631
    up = series.values.copy()
    up[2:] *= 1.01
    assert series.standard(up)[2] == pytest.approx(0.01 * r / math.sqrt(r * (1 - r) / 631))
    noisy = series.noisy(np.tile(series.values, (4000, 1)), np.random.default_rng(1).normal(size=(4000, 13)))
    assert noisy[:, 1].std() == pytest.approx(math.sqrt(0.631 * 0.369 / 1000), rel=0.05)
    assert extended(seen, 624, 52.0) is seen
    with pytest.raises(ScenarioError, match="survival follows the customers of week 0"):
        observations(mapped.with_({"market.external": 0.001}))
    with pytest.raises(ScenarioError, match="needs cohort"):
        observations(mapped.with_({"observed.series.survival.cohort": 0}))
    with pytest.raises(ScenarioError, match="expected the number of a period, as 3, got 'seven'"):
        observations(mapped.with_({"observed.fit_until": "seven"}))


def _mapping() -> Path:
    from flywheel_sim.scenario.library import shipped_path

    return shipped_path("scenarios/data") / "retention_regular.yaml"


# -- resuming ----------------------------------------------------------------------------------------------------------


class Killed(BaseException):
    pass


def test_killed_and_resumed_it_comes_to_the_same_and_makes_no_run_twice(using, here):
    using(known_optima.growth)
    whole = posterior(company(), folder="whole", settings=FEW)
    want = {**whole.to_dict(), "folder": ""}
    count, limit, made = [0], [0], []

    def work(chunk):
        count[0] += len(chunk.jobs)
        if limit[0] and count[0] > limit[0]:
            raise Killed
        made.extend(job.run for job in chunk.jobs)
        return known_optima.growth(chunk)

    using(work)
    for attempt, limit[0] in enumerate((30, 150)):
        with pytest.raises(BaseException):  # noqa: B017
            calibrating.resume("killed") if attempt else posterior(company(), folder="killed", settings=FEW)
    limit[0] = 0
    Path("data.csv").unlink()  # what was observed is in the folder
    again = calibrating.resume("killed")
    assert {**again.to_dict(), "folder": ""} == want
    assert Store.open("killed").hash() == Store.open("whole").hash(), "every run once"
    drawn = [json.loads(Path(folder, FILE).read_text()) for folder in ("killed", "whole")]
    for one in drawn:  # what lies beside the draws names its folder
        assert one.pop("beside")
        one.pop("checksum", None)
    assert drawn[0] == drawn[1]
    before = len(made)
    assert {**calibrating.resume("killed").to_dict(), "folder": ""} == want and len(made) == before


def test_another_version_of_the_library_is_refused(using, here, monkeypatch):
    using(known_optima.growth)
    posterior(company(), folder="done", settings=Settings(trials=50, waves=1, replicates=2, predicted=20))
    monkeypatch.setattr(calibrating, "made_with", lambda: {"scikit-learn": "0.1"})
    with pytest.raises(ValueError, match=r"this is scikit-learn 0\.1, which asks other questions"):
        calibrating.resume("done")


def test_a_calibrations_folder_is_opened_gone_on_with_and_drawn_from_by_its_public_names(using, here):
    using(known_optima.growth)
    made = fs.posterior(company(), folder="kept", settings=FEW)
    assert isinstance(made, Posterior) and Path(made.folder) == Path("kept")
    opened = fs.open("kept")
    assert opened.standing.left == 0 and set(made.paths) <= set(opened.table.columns)
    again = fs.resume("kept")
    assert again.to_dict() == made.to_dict()
    np.testing.assert_array_equal(again.draws, made.draws)
    small = company().with_({"horizon_weeks": 4})
    both = [small, small.with_({"segments.all.spend": 1.0})]
    runs = fs.batch(both, replicates=3, each=drawing(both, "kept").each)
    for k, run in enumerate(runs[0]):
        row = {path: run.scenario.get(path) for path in made.paths}
        assert list(row.values()) == made.draws[k].tolist(), "run k is of world k"
        other = runs[1][k].scenario
        assert other.get("word_of_mouth.rate") == row["word_of_mouth.rate"] and other.get("segments.all.spend") == 1.0
    assert len({run.scenario.get("word_of_mouth.rate") for run in runs[0]}) == 3


@pytest.mark.parametrize("name", [ABOUT, CALIBRATED, FILE])
def test_whatever_is_changed_in_a_calibrations_folder_is_refused_by_name(using, here, name):
    using(known_optima.growth)
    fs.posterior(company(), folder="kept", settings=FEW)
    whole = (Path("kept") / name).read_bytes()
    small = company().with_({"horizon_weeks": 4})
    other = b"" if name == FILE else whole.replace(b"0", b"1", 1)
    for data in (other, whole[:-5], None):
        (Path("kept") / name).unlink() if data is None else (Path("kept") / name).write_bytes(data)
        gone = name == FILE and data is None  # as before the end of a calibration
        with pytest.raises(ResultError, match="there are no worlds" if gone else name.replace(".", "[.]")):
            drawing([small], "kept")
        if not gone:
            with pytest.raises(ResultError, match=name.replace(".", "[.]")):
                fs.open("kept")
    fs.resume("kept")
    assert (Path("kept") / name).read_bytes() == whole
    assert fs.open("kept").standing.left == 0


# -- the command -------------------------------------------------------------------------------------------------------


def call(*words: str) -> Result:
    return CliRunner().invoke(flywheel, list(words))


def test_the_command_leaves_a_scenario_a_table_and_a_picture(using, here):
    using(known_optima.growth)
    Path("shop.yaml").write_text(company().to_yaml(), encoding="utf-8")
    words = ("calibrate", "shop.yaml", "--method", "posterior", "--trials", "60", "--replicates", "2", "--json")
    done = call(*words, "--quiet", "--figure", "mine.svg")
    assert done.exit_code == 0, done.output
    data = json.loads(done.stdout)["data"]
    assert data["fits"] and {one["path"] for one in data["parameters"]} == {"word_of_mouth.rate", "segments.all.spend"}
    assert data["observed"]["band_holds"] == "everything" and len(data["correlation"]) == 2
    folder = Path("shop-posterior")
    found = load(folder / CALIBRATED)
    assert found.word_of_mouth.rate == pytest.approx(0.02, rel=0.2) and "extends: " in (folder / CALIBRATED).read_text()
    assert observations(found).dates[0] == "2020-01-01", "the calibrated scenario still knows its data"
    assert read_worlds(folder).n == 1000
    assert (
        Path("mine.svg").read_text() == (folder / "posterior.svg").read_text()
        and "<svg" in Path("mine.svg").read_text()
    )
    again = call("resume", str(folder))
    assert again.exit_code == 0 and "spread left" in again.stdout and "90 % of what may" not in again.stderr
    assert call("status", str(folder)).exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("shop.yaml", "--method", "posterior", "--in-place"), "--in-place is for --method fit"),
        (("shop.yaml", "--trials", "100"), "--trials and --on are for --method posterior"),
        (("shop.yaml", "--method", "posterior", "--replicates", "1"), "replicates: expected a whole number from 2"),
        (("shop.yaml", "--method", "posterior", "--out", "data.csv"), "already there"),
        (("b2b-saas", "--method", "posterior"), "names no data"),
    ],
)
def test_bad_input_is_exit_2(here, words, said):
    Path("shop.yaml").write_text(company().to_yaml(), encoding="utf-8")
    done = call("calibrate", *words)
    assert done.exit_code == 2 and said in done.stderr and done.stdout == ""


def test_without_the_library_it_says_what_to_install(here, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.gaussian_process", None)
    with pytest.raises(ValueError, match="pip install 'flywheel-sim"):
        posterior(company())


# -- known truth -------------------------------------------------------------------------------------------------------


@pytest.mark.statistical
def test_ranks_that_are_even_pass_and_others_do_not():
    luck = np.random.default_rng(3)

    def rows(ranks):
        return [recovery.Recovery(k, "a", 0.0, 0.0, 1.0, float(rank)) for k, rank in enumerate(ranks)]

    right = [recovery.uneven(rows(luck.random(100)))["a"][1] for _ in range(300)]
    assert np.mean(np.array(right) < 0.05) < 0.09, "3.2 standard errors above 5 %"
    narrow = luck.normal(size=100) * 2  # draws half as wide as they should be
    assert recovery.uneven(rows([0.5 * math.erfc(-x / math.sqrt(2)) for x in narrow]))["a"][1] < 0.01


def test_one_company_of_known_truth_through_the_engine():
    """The slice of simulation-based calibration that is quick: the truth is not outside all draws."""
    base = load(Path(__file__).parents[2] / "experiments" / "calibration" / "small-company.yaml")
    small = Settings(trials=50, waves=2, replicates=2, predicted=20)
    found = recovery.recovered(base.with_({"market.accounts": 300, "market.initial_customers": 60}), 4, small)
    assert len(found) == 3 and all(0.005 < one.rank < 0.995 for one in found), found
    assert all(one.low < one.high for one in found)


@pytest.mark.slow
@pytest.mark.statistical
def test_known_truth_of_a_hundred_companies():
    """90 % intervals hold 85 to 95 % of the truths, and ranks are even at a false-alarm rate of 1 %."""
    from importlib.util import module_from_spec, spec_from_file_location

    path = Path(__file__).parents[2] / "experiments" / "calibration" / "known_truth.py"
    spec = spec_from_file_location("known_truth_script", path)
    script = module_from_spec(spec)
    spec.loader.exec_module(script)
    base = load(path.with_name("small-company.yaml"))
    found = [one for company in range(100) for one in recovery.recovered(base, company, script.SETTINGS)]
    inside, of, _, _ = recovery.coverage(found)[""]
    assert 0.85 <= inside / of <= 0.95, recovery.coverage(found)
    assert min(p for _, p in recovery.uneven(found).values()) >= recovery.FALSE_ALARM, recovery.uneven(found)


@pytest.mark.slow
@pytest.mark.statistical
def test_the_regular_cohort_returns_alpha_and_beta():
    """Published: .704 and 1.182 (Fader & Hardie 2007), from years 1 to 7."""
    wrong = {"market.churn.mean": 0.2, "market.churn.dispersion": 0.1, "horizon_weeks": 364}
    fit = calibrate(load("limits/a03-sbg-regular").with_(wrong), _mapping(), replicates=8)
    mean, dispersion = (fit.values[f"market.churn.{name}"] for name in ("mean", "dispersion"))
    size = 1 / dispersion - 1
    assert mean * size == pytest.approx(0.704, rel=0.03) and (1 - mean) * size == pytest.approx(1.182, rel=0.03)
