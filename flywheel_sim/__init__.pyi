from flywheel_sim import theory as theory
from flywheel_sim.__about__ import __version__ as __version__
from flywheel_sim.scenario import Scenario as Scenario
from flywheel_sim.scenario import ScenarioError as ScenarioError
from flywheel_sim.scenario import load as load
from flywheel_sim.scenario import scenarios as scenarios
