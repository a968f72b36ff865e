"""A25 and A27: scores that are chased, and a team that fights fires."""

import pytest

from flywheel_sim.execute.run import run
from flywheel_sim.scenario import load


def test_a25_one_survey_late_a_gain_of_one_has_no_limit():
    late = load("limits/a25-tampering").with_({"reactions.gain": 1.0, "reactions.delay": 1})
    variance = run(late).series("score_variance")
    assert variance[-200:].mean() > 10 * variance[10:60].mean()


def test_a27_in_the_trap_all_hours_go_into_fires():
    lost = run(load("limits/a27-capability-trap").with_({"causes.start": 0.9}))
    assert lost.series("firefighting")[-1] == 1.0
    assert lost.series("causes")[-1] == pytest.approx(1.0, abs=1e-6)
