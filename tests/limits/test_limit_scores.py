"""A25 and A27: scores that are chased, and a team that fights fires."""

import numpy as np
import pytest

from flywheel_sim import theory
from flywheel_sim.execute.run import batch, run
from flywheel_sim.scenario import load


@pytest.mark.statistical
@pytest.mark.parametrize(
    ("gain", "delay", "rel"),
    [
        (0.0, 0, 0.02),
        (0.25, 0, 0.02),
        (0.5, 0, 0.02),
        (0.9, 0, 0.02),
        (1.0, 0, 0.02),
        (0.25, 1, 0.02),
        (0.5, 1, 0.02),
        (0.9, 1, 0.08),
    ],
)
def test_a25_reacting_makes_a_stable_score_vary(gain, delay, rel):
    scenario = load("limits/a25-tampering").with_({"reactions.gain": gain, "reactions.delay": delay})
    runs = batch([scenario], replicates=6)[0]
    found = np.array([r.series("score_variance")[100:].mean() for r in runs])
    exact = theory.deming_variance(gain, delay=delay)
    assert found.mean() == pytest.approx(exact, rel=rel)
    assert abs(found.mean() - exact) < 4.5 * found.std(ddof=1) / np.sqrt(len(found))


def test_a25_one_survey_late_a_gain_of_one_has_no_limit():
    late = load("limits/a25-tampering").with_({"reactions.gain": 1.0, "reactions.delay": 1})
    variance = run(late).series("score_variance")
    assert variance[-200:].mean() > 10 * variance[10:60].mean()


@pytest.mark.parametrize("rho", [0.8, 1.0, 1.1, 1.2, 1.3])
def test_a27_tipping_and_working_point(rho):
    trap = theory.capability_trap_equilibria(rho=rho, k=0.9, e=0.1, delta=0.02)
    base = load("limits/a27-capability-trap").with_({"causes.load": rho})
    start = 0.0 if np.isnan(trap.unstable) or trap.unstable <= 0 else float(trap.unstable)
    week = np.arange(1, 1041)
    for off, end in ((0.01, float(trap.stable)), (-0.01, 0.0)):
        if off < 0 and start + off < 0:
            continue
        found = 1 - run(base.with_({"causes.start": 1 - (start + off)})).series("causes")
        assert found[-1] == pytest.approx(end, abs=1e-3)
        exact = theory.capability_path(week, start + off, rho, 0.9, 0.1, 0.02)
        assert np.abs(found - exact).max() < 1e-5


def test_a27_in_the_trap_all_hours_go_into_fires():
    lost = run(load("limits/a27-capability-trap").with_({"causes.start": 0.9}))
    assert lost.series("firefighting")[-1] == 1.0
    assert lost.series("causes")[-1] == pytest.approx(1.0, abs=1e-6)
