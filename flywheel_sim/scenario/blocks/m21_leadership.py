"""Scenario block of M21: leadership."""

from flywheel_sim.scenario.fields import Block, param


class Leadership(Block):
    """M21: the chief customer officer, tenure and proof."""

    enabled: bool = param(False, "Off: nobody holds the office.")
