"""Scenarios: what a user writes, checked and made immutable."""

from flywheel_sim.scenario.errors import Problem, ScenarioError
from flywheel_sim.scenario.library import Entry, scenarios, shipped_path
from flywheel_sim.scenario.loading import load
from flywheel_sim.scenario.scenario import Scenario

__all__ = ["Entry", "Problem", "Scenario", "ScenarioError", "load", "scenarios", "shipped_path"]
