"""Agent-based simulation of the customer flywheel.

Importing this package is free: a name is looked up when it is first used, so that reading a scenario loads neither the
engine nor Mesa nor a plotting library.

Examples
--------
>>> import flywheel_sim as fs
>>> s = fs.load("b2b-saas")
>>> s.with_({"horizon_weeks": 260}).horizon_weeks
260
"""

from importlib import import_module
from typing import Any

from flywheel_sim.__about__ import __version__

#: Public name -> module that holds it; ``""`` after the colon means the module itself.
_WHERE = {
    "Scenario": "flywheel_sim.scenario:Scenario",
    "ScenarioError": "flywheel_sim.scenario:ScenarioError",
    "load": "flywheel_sim.scenario:load",
    "scenarios": "flywheel_sim.scenario:scenarios",
    "funnel_twin": "flywheel_sim.scenario.funnel:funnel_twin",
    "run": "flywheel_sim.execute.run:run",
    "batch": "flywheel_sim.execute.run:batch",
    "progress": "flywheel_sim.execute.watching:progress",
    "Run": "flywheel_sim.results:Run",
    "open": "flywheel_sim.study.folders:open",
    "resume": "flywheel_sim.study.folders:resume",
    "bonus_neutral": "flywheel_sim.study.comparison.bonus_neutral:bonus_neutral",
    "Comparison": "flywheel_sim.study.comparison.compare:Comparison",
    "compare": "flywheel_sim.study.comparison.compare:compare",
    "sweep": "flywheel_sim.study.design.sweep:sweep",
    "sensitivity": "flywheel_sim.study.sensitivity.analysis:sensitivity",
    "calibrate": "flywheel_sim.study.calibration.calibrate:calibrate",
    "posterior": "flywheel_sim.study.calibration.posterior:posterior",
    "worlds": "flywheel_sim.study.worlds.making:worlds",
    "optimize": "flywheel_sim.study.search.optimize:optimize",
    "claims": "flywheel_sim.study.claims.trial:claims",
    "responses": "flywheel_sim.study.responses.trial:responses",
    "facts": "flywheel_sim.study.facts.trial:facts",
    "verify": "flywheel_sim.study.verification.verify:verify",
    "bench": "flywheel_sim.study.benchmarks:bench",
    "reproduce": "flywheel_sim.study.verification.reproduce:reproduce",
    "FlywheelModel": "flywheel_sim.model:FlywheelModel",
    "Team": "flywheel_sim.model:Team",
    "Customers": "flywheel_sim.model:Customers",
    "theory": "flywheel_sim.theory:",
    "teach": "flywheel_sim.teach:",
}


__all__ = ["__version__", *_WHERE]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        from difflib import get_close_matches  # only for a wrong name

        near = [] if name.startswith("_") else get_close_matches(name, __all__, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise AttributeError(f"module 'flywheel_sim' has no attribute {name!r}{hint}")
    module, _, attribute = _WHERE[name].partition(":")
    value = import_module(module)
    member = getattr(value, attribute) if attribute else value
    globals()[name] = member
    return member


def __dir__() -> list[str]:
    return sorted(__all__)
