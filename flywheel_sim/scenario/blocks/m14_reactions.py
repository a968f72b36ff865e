"""Scenario block of M14: reaction to scores."""

from flywheel_sim.scenario.fields import Block, param


class Reactions(Block):
    """M14: teams chase their scores."""

    enabled: bool = param(False, "Off: nobody reacts to a score.")
