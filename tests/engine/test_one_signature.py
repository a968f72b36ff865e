"""One compiled advance serves every scenario, whatever its size."""

import flywheel_sim as fs
from flywheel_sim.engine.run import Simulation
from flywheel_sim.engine.tick import advance


def test_advance_is_compiled_once_for_all_shipped_scenarios():
    names = list(fs.scenarios())
    assert len(names) >= 8
    for name in names:
        scenario = fs.load(name)
        few = min(300, scenario.model.market.accounts)
        few -= few % 2
        customers = min(scenario.model.market.initial_customers, few)
        small = scenario.with_(
            {
                "horizon_weeks": 2,
                "market.accounts": max(few, 1),
                "market.initial_customers": customers,
                "timeline.customers": {},
            }
        )
        Simulation([small.model], [(0, 1, 0)]).advance()
    assert len(advance.signatures) == 1
