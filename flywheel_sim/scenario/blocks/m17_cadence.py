"""Scenario block of M17: meetings and themes."""

from typing import Literal

from flywheel_sim.scenario.fields import Block, param


class Cadence(Block):
    """M17: a group that meets turns its members towards each other; shared themes let coupling work."""

    enabled: bool = param(False, "Off: no group meets and themes play no part.")
    members: list[str] = param([], "Teams in the flywheel group; empty = all.")
    interval_weeks: int = param(2, "m: weeks between meetings.", unit="weeks", ge=1, le=520, source="C46", evidence="V")
    pull: float = param(
        0.4, "a: share of the angle to the mean direction removed by a meeting.", unit="share", ge=0, le=1, source="A20"
    )
    hours: float = param(1.4, "Length of a meeting.", unit="hours", ge=0)
    heads_per_team: float = param(1.0, "People each member sends.", ge=0)
    themes: Literal["none", "own", "common"] = param(
        "none", "Quarterly themes: not used, each team its own draw of four, or one for all.", source="C47"
    )
