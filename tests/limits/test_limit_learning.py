"""A18: mutual learning between people and the organisation's code."""

import numpy as np
import pytest

from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load

pytestmark = pytest.mark.statistical


def knowledge(p1, p2, replicates=60):
    """Mean knowledge at the end, over runs, with its standard error."""
    scenario = load("limits/a18-learning").with_({"culture.learning.from_code": p1, "culture.learning.of_code": p2})
    found = np.array([run.series("knowledge")[-1] for run in batch([scenario], replicates=replicates, teams=False)[0]])
    return found.mean(), found.std(ddof=1) / np.sqrt(replicates)


def test_a18_slow_socialisation_beats_fast():
    slow, fast = knowledge(0.1, 0.9), knowledge(0.9, 0.9)
    assert slow[0] - fast[0] > 3 * np.hypot(slow[1], fast[1])
