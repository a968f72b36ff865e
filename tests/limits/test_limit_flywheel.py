"""A23 and Little's law: constant inflow, static experience, word of mouth without end."""

import numpy as np
import pytest

from flywheel_sim import theory
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load

pytestmark = pytest.mark.statistical

RATES = theory.VoiceRates(hC=0.0026, hA=0.0010, hD=0.0070, CA=0.012, CD=0.005, AC=0.015, DC=0.03, w_A=0.004)


def test_a23_measured_reproduction_number():
    # the life table sees a censored window of a growing company and must still find R_f
    scenario = load("limits/a23-reproduction").with_(
        {"market.accounts": 60_000, "market.initial_customers": 5000, "horizon_weeks": 520}
    )
    found = np.array([run.summary["flywheel_r"] for run in batch([scenario], replicates=4, teams=False)[0]])
    assert abs(found.mean() - float(theory.flywheel_reproduction(RATES, step=1))) < 0.05
