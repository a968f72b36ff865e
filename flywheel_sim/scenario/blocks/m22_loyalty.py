"""Scenario block of M22: loyalty programme."""

from flywheel_sim.scenario.fields import Block, param


class Loyalty(Block):
    """M22: points, rewards and membership."""

    enabled: bool = param(False, "Off: no programme.")
