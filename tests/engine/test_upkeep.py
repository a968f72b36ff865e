"""What strengthens an effect costs hours or money in proportion, and nothing by default."""

import numpy as np
import pytest

from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load

SMALL = {"market.accounts": 300, "market.initial_customers": 60, "horizon_weeks": 8, "culture.enabled": False}
ON = {"leadership.enabled": True, "handoffs.integration": 0.4, "vectors.map_pull": 2.0, "incentives.norms": 0.5}


def runs(*changes):
    base = load("b2b-saas").with_(SMALL | ON)
    return [one[0] for one in batch([base.with_(change) for change in changes], replicates=1)]


@pytest.mark.parametrize(
    ("cost", "level"),
    [
        ("vectors.map_hours", 2.0 * 0.7),
        ("vectors.transparency_hours", 1.0),
        ("incentives.norms_hours", 0.5),
        ("leadership.clarity_hours", 1.0),
        ("handoffs.integration_hours", 0.4),
    ],
)
def test_every_head_spends_hours_in_proportion_to_the_level(cost, level):
    free, paid = runs({cost: 0.0}, {cost: 3.0})
    per_head = (free.arrays.teams[0, :, 0] - paid.arrays.teams[0, :, 0]) * 38.0
    assert per_head == pytest.approx(np.full(7, 3.0 * level))


def test_shared_systems_and_personalisation_cost_money():
    nothing = {"handoffs.integration_cost": 0.0, "channels.personalisation_cost": 0.0}
    systems, content = {"handoffs.integration_cost": 5000.0}, {"channels.personalisation_cost": 1000.0}
    free, systems, content = runs(nothing, nothing | systems, nothing | content)
    assert systems.series("tech_cost") - free.series("tech_cost") == pytest.approx(np.full(8, 0.4 * 5000))
    assert content.series("tech_cost") - free.series("tech_cost") == pytest.approx(np.full(8, 0.3 * 0.4 * 0.7 * 1000))
    assert systems.series("churned") == pytest.approx(free.series("churned")), "a cost is a cost"


def test_strength_of_pay_takes_a_bonus():
    pay = {"incentives.pay": {"sales": {"on": {"close-rate": 1.0}, "intensity": 2.0, "bonus": 0.1}}}
    free = {"incentives.intensity_bonus": 0.0}
    bonus = [run.series("bonus") for run in runs(pay | free, pay | {"incentives.intensity_bonus": 0.02},
                                                 pay | {"incentives.intensity_bonus": 0.2})]  # fmt: skip
    assert bonus[1] == pytest.approx(bonus[0]), "a bonus of .1 pays for an intensity of 2 at .04"
    assert bonus[2] == pytest.approx(bonus[0] * 4), "and is raised to .4"
