"""Scenario block of M16: decision rights."""

from flywheel_sim.scenario.fields import Block, param


class Decisions(Block):
    """M16: who decides what with whom."""

    enabled: bool = param(False, "Off: decisions cost nothing and err no more than at reference.")
