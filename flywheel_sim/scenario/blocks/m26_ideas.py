"""Scenario block of M26: ideas and product."""

from flywheel_sim.scenario.fields import Block, param


class Ideas(Block):
    """M26: interacting teams have ideas that keep the product good."""

    enabled: bool = param(False, "Off: product quality stays as the scenario states it.")
