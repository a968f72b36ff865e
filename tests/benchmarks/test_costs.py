"""What mechanisms cost: every one that is on is switched off once, after the same weeks."""

import json
import math

import numpy as np
import pytest
from benchmarks import costs as costs_module
from benchmarks.costs import Cost, mechanism_costs
from benchmarks.speed import scaled
from click.testing import CliRunner

from flywheel_sim.cli import flywheel
from flywheel_sim.engine.run import Simulation
from flywheel_sim.scenario.schema import MECHANISMS


def test_every_mechanism_that_is_on_has_a_cost_but_the_one_that_switches() -> None:
    scenario = scaled(500, 10).with_({"loyalty.enabled": False})
    whole, costs = mechanism_costs(scenario, warm_up=2, weeks=1, repetitions=2)
    on = {block for block in MECHANISMS.values() if getattr(scenario.model, block).enabled}
    assert {cost.block for cost in costs} == on - {"timeline"} and "loyalty" not in {cost.block for cost in costs}
    assert all(MECHANISMS[cost.number] == cost.block for cost in costs)
    assert whole > 0.0 and all(math.isfinite(cost.ns) and cost.spread >= 0.0 for cost in costs)
    assert [cost.ns for cost in costs] == sorted((cost.ns for cost in costs), reverse=True)


def test_variants_are_one_company_until_the_switch() -> None:
    """The change enters in the week the timing begins, not before, and it does switch off."""
    warm_up = 3
    off = {"from_week": warm_up + 1, "set": {"word_of_mouth.enabled": False}}
    plain = scaled(500, 6).with_({"timeline.enabled": True})
    rows = []
    for scenario in (plain, plain.with_({"timeline.changes.switched_off": off})):
        simulation = Simulation([scenario.model], [(0, 1, 0)])
        simulation.advance()
        rows.append(simulation.arrays(0).weekly)
    assert np.array_equal(rows[0][:warm_up], rows[1][:warm_up])
    assert not np.array_equal(rows[0][warm_up], rows[1][warm_up])


def test_the_command_prints_a_row_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    found = (40.0, [Cost("M5", "word_of_mouth", 7.25, 0.5), Cost("M26", "ideas", -0.1, 0.2)])
    monkeypatch.setattr(costs_module, "mechanism_costs", lambda *_, **__: found)
    answer = CliRunner().invoke(flywheel, ["bench", "--mechanisms", "--json"])
    assert answer.exit_code == 0, answer.output
    data = json.loads(answer.stdout)["data"]
    assert data["whole_ns"] == 40.0 and data["mechanisms"][0] == found[1][0].to_dict()
    assert "word_of_mouth" in CliRunner().invoke(flywheel, ["bench", "--mechanisms"]).stdout
