"""Scenario block of M18: blockers and response."""

from flywheel_sim.scenario.fields import Block, param


class Blockers(Block):
    """M18: cross-team issues wait to be seen, carried and decided."""

    enabled: bool = param(False, "Off: no blockers.")
