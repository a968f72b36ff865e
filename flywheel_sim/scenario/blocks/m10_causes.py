"""Scenario block of M10: root causes and firefighting."""

from flywheel_sim.scenario.fields import Block, param


class Causes(Block):
    """M10: root causes build up, firefighting hides them."""

    enabled: bool = param(False, "Off: no root causes.")
