"""Scenario block of M9: channels and technology."""

from flywheel_sim.scenario.fields import Block, param


class Channels(Block):
    """M9: self-service, digital and in-person contact."""

    enabled: bool = param(False, "Off: no self-service, every contact live, no technology.")
