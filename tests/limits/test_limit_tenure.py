"""A24: the chance to outlive the lag of the effect, and the share of time with a matured incumbent."""

import numpy as np
import pytest

from flywheel_sim import theory
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load

pytestmark = pytest.mark.statistical

REPLICATES, WARM_UP = 100, 520


@pytest.mark.parametrize(("months", "vacancy"), [(26, 0), (26, 13), (26, 26), (40, 17)])
def test_a24_tenure_and_matured_share(months, vacancy):
    scenario = load("limits/a24-tenure").with_(
        {"leadership.tenure_months": months, "leadership.vacancy_weeks": vacancy, "leadership.lag_weeks": 104}
    )
    outlived, ended, matured = 0, 0, []
    for run in batch([scenario], replicates=REPLICATES, teams=False)[0]:
        tenure = run.series("leader_tenure_weeks")
        # appointments whose 105th week lies within the run: censoring must not favour short tenures
        began = np.flatnonzero(tenure[: len(tenure) - 104] == 1)
        ended += len(began)
        outlived += int(np.sum(tenure[began + 104] == 105))
        matured.append(run.series("leader_matured")[WARM_UP:].mean())
        assert np.array_equal(run.series("leader_matured") == 1, tenure > 104)
    exact = theory.executive_tenure(mu=months, v=vacancy * 12 / 52, L=24, step=1)
    error = np.sqrt(exact.outlive * (1 - exact.outlive) / ended)
    assert error < 0.01
    assert abs(outlived / ended - exact.outlive) < 3.5 * error
    mean, error = np.mean(matured), np.std(matured, ddof=1) / np.sqrt(REPLICATES)
    assert error < 0.015
    assert abs(mean - exact.matured) < 3.5 * error
    # DOMAIN's formula in continuous time is within a percent of the weekly one
    assert exact.matured == pytest.approx(
        theory.executive_tenure(mu=months, v=vacancy * 12 / 52, L=24).matured, rel=0.01
    )
