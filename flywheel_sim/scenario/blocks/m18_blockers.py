"""Scenario block of M18: blockers and response."""

from flywheel_sim.scenario.fields import Block, param


class Blockers(Block):
    """M18: cross-team issues wait to be seen, carried and decided; how many are seen is ``vectors.transparency``."""

    enabled: bool = param(False, "Off: no blockers.", label="Blockers between teams")
    rate: float = param(
        0.1,
        "Cross-team issues a week of a pair of teams with coupling 1.",
        label="Cross-team issues a week",
        unit="1/week",
        ge=0,
        le=100,
        source="C19",
    )
    discovery_weeks: float = param(
        4.0,
        "Mean time until an issue is found that was not visible at once.",
        unit="weeks",
        ge=0,
        le=1_000_000,
        source="C19",
    )
    hop_weeks: float = param(
        0.5,
        "Time per step along the lines of reporting (`teams.<name>.reports_to`).",
        unit="weeks",
        ge=0,
        le=1_000_000,
        source="C20",
    )
    lateral: float = param(
        0.0, "Share of pairs of teams that talk directly: one step.", unit="share", ge=0, le=1, source="C20"
    )
    solo_weeks: float = param(
        3.0, "Mean time two teams need that do not meet in the group.", unit="weeks", ge=0, le=1_000_000, source="C46"
    )
    between_meetings: bool = param(
        False,
        "A pair of the flywheel group settles an issue between meetings, too, as fast as pairs outside the group do.",
        source="C46",
    )
    reopen: float = param(
        0.5,
        "Chance that a resolution between opposite teams does not hold.",
        unit="probability",
        ge=0,
        le=1,
        source="C19",
    )
    idle_hours: float = param(
        3.0, "Hours a week that an open issue costs each of its two teams.", unit="hours", ge=0, le=1000
    )
