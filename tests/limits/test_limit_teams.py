"""A19, A20, A22 and A29: directions, meetings, coordination and forgetting, with nothing else switched on."""

import numpy as np
import pytest

from flywheel_sim import theory
from flywheel_sim.execute.run import batch, run
from flywheel_sim.scenario import load

AXES = {2: ["acquire", "care"], 3: ["acquire", "value", "care"]}
COARSE, FINE = 20, 40  # substeps a week at D = 1: D dt = .05 and .025, extrapolated to 0


def extrapolated(scenario, statistic, replicates, **changes):
    """Mean of a statistic of a run at two step widths, extrapolated to none, and its standard error."""
    values = []
    for substeps in (COARSE, FINE):
        changed = scenario.with_({"vectors.diffusion": 1.0, "vectors.substeps": substeps, **changes})
        values.append(np.array([statistic(x) for x in batch([changed], replicates=replicates)[0]]))
    coarse, fine = values
    error = np.sqrt((4 * fine.var(axis=0, ddof=1) + coarse.var(axis=0, ddof=1)) / replicates)
    return 2 * fine.mean(axis=0) - coarse.mean(axis=0), error


def unit_vectors(result):
    """Directions of the teams after burn-in, shape (weeks, teams, axes)."""
    return result.arrays.teams[40:, :, 1:]


@pytest.mark.statistical
@pytest.mark.parametrize("kappa", [1, 3, 6])
@pytest.mark.parametrize("d", [2, 3])
def test_a19_order_parameter_of_four_teams(d, kappa):
    def r_and_r2(result):
        r = result.series("alignment")[40:]
        return np.array([r.mean(), np.mean(r**2)])

    found, error = extrapolated(
        load("limits/a19-gibbs"), r_and_r2, 40, axes=AXES[d], **{"vectors.coupling": kappa, "horizon_weeks": 1040}
    )
    exact = theory.gibbs_order(n=4, d=d, kappa=kappa)
    assert np.all(error < 0.005), "too little luck averaged out to say anything"
    assert abs(found[0] - exact.r) < 0.01
    assert abs(found[1] - exact.r2) < 0.013


@pytest.mark.statistical
def test_a19_without_coupling_the_order_is_that_of_chance():
    found, error = extrapolated(
        load("limits/a19-gibbs"),
        lambda result: np.mean(result.series("alignment")[40:] ** 2),
        20,
        **{"vectors.coupling": 0.0, "horizon_weeks": 520},
    )
    assert abs(found - 0.25) < 4 * error


@pytest.mark.statistical
@pytest.mark.parametrize(("d", "h"), [(2, 1.0), (2, 4.0), (3, 2.0)])
def test_a19_one_vector_in_a_field(d, h):
    alone = load("limits/a19-gibbs").with_({"axes": AXES[d], "vectors.coupling": 0.0, "horizon_weeks": 1040})
    found, error = extrapolated(
        alone,
        lambda result: np.mean(unit_vectors(result)[:, :, 0], axis=0),
        20,
        **{"teams.marketing.field": {"acquire": h}},
    )
    assert abs(found[0] - theory.vmf_mean_cosine(d, h)) < max(0.01, 3 * error[0])
    assert np.all(np.abs(found[1:]) < 4.5 * error[1:]), "the other teams have no field"


@pytest.mark.statistical
def test_a19_an_open_chain_of_teams_whose_hours_barely_meet():
    # eight-hour days four hours apart: neighbours share half a day, others nothing, so J = kappa/2 / T
    J = 2.0
    chain = load("limits/a19-gibbs").with_(
        {
            "vectors.coupling": 4 * J / 0.5,
            "horizon_weeks": 1040,
            "teams.marketing.utc_offset": -6,
            "teams.sales.utc_offset": -2,
            "teams.service.utc_offset": 2,
            "teams.product.utc_offset": 6,
        }
    )

    def cosines(result):
        u = unit_vectors(result)
        return np.array([np.mean(np.sum(u[:, :-k] * u[:, k:], axis=2)) for k in (1, 2, 3)])

    found, error = extrapolated(chain, cosines, 30)
    exact = theory.gibbs_chain_cosine(2, J=J, k=np.array([1, 2, 3]))
    assert np.all(np.abs(found - exact) < np.maximum(0.012, 3 * error))


@pytest.mark.statistical
def test_a19_free_drift_decorrelates_at_the_rate_of_the_sphere():
    # mean cosine to the start exp(-(d-1) D t): a diffusion of 2D or D/2 would be far off
    for d in (2, 3):
        free = load("limits/a19-gibbs").with_(
            {"axes": AXES[d], "vectors.coupling": 0.0, "vectors.diffusion": 0.02, "horizon_weeks": 40}
        )
        for name in ("marketing", "sales", "service", "product"):
            free = free.with_({f"teams.{name}.start": "craft", f"teams.{name}.craft": {"acquire": 1}})
        u = np.array([x.arrays.teams[:, :, 1] for x in batch([free], replicates=250)[0]])
        mean, error = u.mean(axis=(0, 2)), u.std(axis=(0, 2)) / np.sqrt(1000)
        exact = theory.rotational_cosine(np.arange(1, 41), 0.02, d)
        assert np.all(np.abs(mean - exact) < 4 * error + 0.001)


@pytest.mark.statistical
def test_a20_saw_tooth_of_a_meeting_rhythm():
    base = load("limits/a20-cadence")
    for m, a in ((2, 0.5), (4, 0.4), (1, 1.0)):
        scenario = base.with_({"cadence.interval_weeks": m, "cadence.pull": a})
        u = np.array([x.arrays.teams[20:, :, 1:] for x in batch([scenario], replicates=8)[0]])
        mean = u.mean(axis=2, keepdims=True)
        mean /= np.linalg.norm(mean, axis=3, keepdims=True)
        side = mean[..., 0:1] * u[..., 1:2] - mean[..., 1:2] * u[..., 0:1]
        angle = np.arctan2(side[..., 0], np.sum(u * mean, axis=3))
        week = np.arange(21, 21 + u.shape[1])
        variance = np.mean(angle**2, axis=(0, 2))
        exact = theory.cadence_variance(7, m, a, 0.1)
        met = week % m == 0
        assert np.mean(variance) == pytest.approx(float(exact.mean), rel=0.035, abs=1e-12)
        assert np.mean(variance[met]) == pytest.approx(float(exact.post), rel=0.035, abs=1e-12)
        if m > 1:  # a week before the next meeting, one step below its variance before
            before = float(exact.pre) - 0.01 * (1 - 1 / 7)
            assert np.mean(variance[week % m == m - 1]) == pytest.approx(before, rel=0.035)


def test_a22_net_output_peaks_and_vanishes():
    heads = np.arange(1, 23)
    base = load("limits/a22-brooks")
    out = [run(base.with_({"teams.crew.headcount": int(n)})).series("net_force")[0] for n in heads]
    assert np.allclose(out, np.maximum(theory.brooks_output(heads, c=0.1), 0.0), atol=1e-12)
    assert out[9] == pytest.approx(5.5)
    assert out[10] == pytest.approx(5.5)
    assert out[20] == pytest.approx(0.0, abs=1e-12)


def test_a29_what_is_left_after_a_year():
    result = run("limits/a29-forgetting")
    assert result.series("culture")[51] == pytest.approx(0.75**12, rel=1e-12)
    assert result.series("culture")[103] == pytest.approx(0.75**24, rel=1e-12)


def test_a29_steady_work_settles_at_effort_over_forgetting():
    result = run(
        load("limits/a29-forgetting").with_({"culture.effort_month": 0.05, "horizon_weeks": 520, "culture.start": 0.0})
    )
    kept = 0.75 ** (12 / 52)
    assert result.series("culture")[-1] == pytest.approx(0.05 * 12 / 52 / (1 - kept), rel=1e-9)
    assert result.series("culture")[0] == pytest.approx(0.05 * 12 / 52)
