"""Scenario block of M27: selling behaviour."""

from flywheel_sim.scenario.fields import Block, param


class Selling(Block):
    """M27: how sellers sell."""

    enabled: bool = param(False, "Off: sellers sell as at reference.")
