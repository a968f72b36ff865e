"""A retention table is fitted by its multinomial likelihood: intervals hold the truth as often as they say, the stated
cohort moves errors and not estimates, and the maximum is that of the closed form."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from flywheel_sim import batch
from flywheel_sim.cli import flywheel
from flywheel_sim.scenario import Scenario, load
from flywheel_sim.study.calibration import observed
from flywheel_sim.study.calibration.calibrate import Calibration, calibrate
from flywheel_sim.study.calibration.fitting import Fitting
from flywheel_sim.study.calibration.observations import observations
from flywheel_sim.theory import SBG_REGULAR, sbg, sbg_fit

ALPHA, BETA, YEARS = 0.7041, 1.1820, 7
FIT = {
    "mean": {"path": "market.churn.mean", "low": 0.05, "high": 0.9},
    "dispersion": {"path": "market.churn.dispersion", "low": 0.02, "high": 0.9},
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def table(shares: NDArray[np.float64], cohort: float, **changes: Any) -> Scenario:
    lines = [f"{year},{share!r}" for year, share in enumerate(map(float, shares))]
    Path("table.csv").write_text("\n".join(["year,left", *lines]) + "\n", encoding="utf-8")
    series = {"left": {"column": "left", "quantity": "survival", "cohort": cohort}}
    observed = {"file": "table.csv", "date": "year", "period_weeks": 52, "start": "0", "series": series, "fit": FIT}
    start = {"market.churn.mean": 0.2, "market.churn.dispersion": 0.1, "horizon_weeks": 52 * (len(shares) - 1)}
    return load("limits/a03-sbg-regular").with_({**start, "observed": observed, **changes})


def in_schema(alpha: float, beta: float) -> dict[str, float]:
    """Mean and dispersion of the churn propensity, as the schema has them."""
    return {"market.churn.mean": alpha / (alpha + beta), "market.churn.dispersion": 1.0 / (alpha + beta + 1.0)}


@dataclass
class Closed:
    """A run without luck: customers by the closed form."""

    values: dict[str, float]
    weeks: int

    def series(self, name: str, start: bool = False) -> NDArray[np.float64]:
        mean, size = self.values["market.churn.mean"], 1.0 / self.values["market.churn.dispersion"] - 1.0
        if name != "customers":
            return np.zeros(self.weeks)
        return 1e6 * np.asarray(sbg(np.arange(self.weeks + 1) // 52, mean * size, (1.0 - mean) * size))


@pytest.fixture
def without_luck(monkeypatch: pytest.MonkeyPatch) -> None:
    """Infinitely many customers instead of simulated ones, so that 200 fits take seconds."""

    def runs(self: Fitting, points: Any) -> list[list[Closed]]:
        return [[Closed(self.changes(point), self.base.model.horizon_weeks)] for point in points]

    monkeypatch.setattr(Fitting, "runs", runs)
    monkeypatch.setattr(observed, "BASELINES", {})  # what a fit is compared with takes longer than the fit


def drawn(seed: int, cohort: int) -> NDArray[np.float64]:
    """Shares of a cohort still there, each with a propensity of its own and a coin a year."""
    luck = np.random.default_rng(seed)
    propensity = luck.beta(ALPHA, BETA, cohort)
    left = luck.geometric(np.maximum(propensity, 1e-12))
    return np.array([(left > year).mean() for year in range(YEARS + 1)])


def covered(fits: list[Calibration]) -> dict[str, float]:
    truth = in_schema(ALPHA, BETA)
    inside = {path: 0 for path in truth}
    for fit in fits:
        for one in fit.estimates:
            low, high = one.interval(0.9)
            inside[one.path] += low <= truth[one.path] <= high
    return {path: count / len(fits) for path, count in inside.items()}


def test_intervals_hold_the_truth_as_often_as_they_say(without_luck: None) -> None:
    """90 % intervals over 200 tables of 1 000 customers: 85 to 95 %, each parameter."""
    fits = [calibrate(table(drawn(seed, 1000), 1000)) for seed in range(200)]
    assert all(fit.converged for fit in fits)
    shares = covered(fits)
    assert all(0.85 <= share <= 0.95 for share in shares.values()), shares
    # a true model exceeds its deviance with even probability
    misfits = np.array([fit.misfit for fit in fits])
    assert 0.4 < misfits.mean() < 0.6 and (misfits < 0.01).mean() < 0.04


def simulated(count: int, cohort: int) -> list[NDArray[np.float64]]:
    """Shares of simulated cohorts still there, year by year, each with luck of its own."""
    small = {"market.accounts": cohort, "market.initial_customers": cohort, "horizon_weeks": 52 * YEARS}
    scenario = load("limits/a03-sbg-regular").with_({**small, **in_schema(ALPHA, BETA)})
    (runs,) = batch([scenario], replicates=count, seed=5)
    return [run.series("customers", start=True)[::52] / cohort for run in runs]


def test_intervals_of_what_the_engine_makes_hold_the_truth_as_often_as_they_say(without_luck: None) -> None:
    """The same with tables that simulated customers make: who leaves when is the law that is fitted."""
    fits = [calibrate(table(shares, 1000)) for shares in simulated(200, 1000)]
    assert all(fit.converged for fit in fits)
    shares = covered(fits)
    assert all(0.85 <= share <= 0.95 for share in shares.values()), shares
    misfits = np.array([fit.misfit for fit in fits])
    assert 0.4 < misfits.mean() < 0.6 and (misfits < 0.01).mean() < 0.04


@pytest.mark.parametrize("shares", [np.array(SBG_REGULAR[:8]) / 100.0, drawn(5, 300), np.array([1, 0.2, 0.1, 0.0])])
def test_the_maximum_is_that_of_the_closed_form(without_luck: None, shares: NDArray[np.float64]) -> None:
    """A cohort that is all gone at the end is fitted like any other."""
    known = sbg_fit(shares)
    fit = calibrate(table(shares, 1000))
    mean, size = fit.values["market.churn.mean"], 1.0 / fit.values["market.churn.dispersion"] - 1.0
    ours = np.array([sbg(np.arange(len(shares)), mean * size, (1 - mean) * size)])
    theirs = sbg(np.arange(len(shares)), known.alpha, known.beta)
    np.testing.assert_allclose(ours[0], theirs, atol=2e-4)
    if shares[-1] > 0:
        for path, value in in_schema(known.alpha, known.beta).items():
            assert fit.values[path] == pytest.approx(value, rel=2e-3)


def test_the_stated_cohort_moves_errors_and_no_estimates(without_luck: None) -> None:
    shares = np.array(SBG_REGULAR[:8]) / 100.0
    fits = {cohort: calibrate(table(shares, cohort)) for cohort in (50, 1000, 1_000_000)}
    assert len({tuple(fit.values.items()) for fit in fits.values()}) == 1, "equal to the last figure"
    for one, many in zip(fits[50].estimates, fits[1_000_000].estimates, strict=True):
        assert one.relative_error / many.relative_error == pytest.approx(math.sqrt(20_000), rel=1e-9)
    assert fits[1000].method.startswith("Maximum likelihood")
    assert fits[50].misfit > 0.9 and fits[1_000_000].misfit < 1e-6, "a million customers show that the law is not exact"


def test_other_laws_are_offered_and_beliefs_still_count(without_luck: None) -> None:
    shares = np.array(SBG_REGULAR[:8]) / 100.0
    robust = calibrate(
        table(shares, 1000, **{"observed.series.left.law": "absolute", "observed.series.left.error": 0.01})
    )
    assert robust.method == "Robust least squares" and math.isnan(robust.deviance)
    believed = {"observed.fit.mean.prior": 0.2, "observed.fit.mean.spread": 0.02}
    few, many = (calibrate(table(shares, cohort, **believed)) for cohort in (50, 100_000))
    assert few.values["market.churn.mean"] < 0.25 < 0.36 < many.values["market.churn.mean"]


def test_simulated_customers_come_to_the_closed_form_within_their_stated_luck() -> None:
    """Sixteen runs of 2 000 customers: three standard errors of the simulation, and these are what theory says."""
    shares = np.array(SBG_REGULAR[:5]) / 100.0
    small = {"market.accounts": 2000, "market.initial_customers": 2000}
    known = in_schema(*sbg_fit(shares)[:2])
    fit = calibrate(table(shares, 1000, **small), replicates=16, seed=11)
    assert fit.converged
    for one in fit.estimates:
        # the luck of 32 000 customers is that of a table of so many
        assert one.simulation_error == pytest.approx(one.relative_error * math.sqrt(1000 / 32_000), rel=0.5)
        assert abs(math.log(one.value / known[one.path])) < 3 * one.simulation_error, one
    assert math.isnan(calibrate(table(shares, 1000, **small), replicates=1, seed=11).estimates[0].simulation_error)


def test_the_command_tells_likelihood_luck_and_misfit() -> None:
    shares = np.array([1.0, 0.9, 0.5, 0.49, 0.2])
    scenario = table(shares, 5000, **{"market.accounts": 1000, "market.initial_customers": 1000})
    Path("mine.yaml").write_text(scenario.to_yaml(), encoding="utf-8")
    done = CliRunner().invoke(flywheel, ["calibrate", "mine.yaml", "--replicates", "2", "--out", "found.yaml"])
    assert done.exit_code in (0, 1), done.output
    assert "Maximum likelihood of the retention table" in done.stdout and "of the simulation" in done.stdout
    assert "departs from the model by more than chance" in done.stdout
    assert "Maximum likelihood of the retention table (multinomial), mean of 2 runs" in Path("found.yaml").read_text(
        "utf-8"
    )
    data = json.loads(
        CliRunner()
        .invoke(flywheel, ["calibrate", "mine.yaml", "--replicates", "2", "--json", "--out", "b.yaml"])
        .stdout
    )["data"]
    assert data["misfit"] < 0.01 < data["deviance"] and data["estimates"][0]["simulation_error"] > 0


def test_what_the_residuals_are(without_luck: None) -> None:
    """Half their sum of squares is minus the log-likelihood of who left when, but for a constant."""
    shares = drawn(3, 400)
    scenario = table(shares, 400)
    fitting = Fitting(scenario, observations(scenario), 1, None, None)
    fitting.replicates = 1
    values = [fitting.half_sum(fitting.residuals(np.log(point))) / fitting.size for point in ((0.3, 0.3), (0.4, 0.2))]
    logs = []
    for dispersion_mean in ((0.3, 0.3), (0.4, 0.2)):
        point = dict(zip([one.path for one in fitting.fit.values()], dispersion_mean, strict=True))
        mean, size = point["market.churn.mean"], 1.0 / point["market.churn.dispersion"] - 1.0
        alive = np.asarray(sbg(np.arange(YEARS + 1), mean * size, (1 - mean) * size))
        logs.append(400 * (-np.diff(shares) @ np.log(-np.diff(alive)) + shares[-1] * np.log(alive[-1])))
    assert values[0] - values[1] == pytest.approx(logs[1] - logs[0], rel=1e-6)
