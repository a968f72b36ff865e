"""Scenario block of M14: reaction to scores."""

from typing import Literal

from flywheel_sim.scenario.fields import Block, param


class Reactions(Block):
    """M14: each team chases the score of its own touchpoints."""

    enabled: bool = param(False, "Off: nobody reacts to a score.", label="Reactions to scores")
    gain: float = param(
        0.6,
        "g: share of the distance from target that a team moves its setting by after a survey; 0 = no reaction.",
        label="How strongly a team reacts to each survey",
        ge=0,
        le=2,
        source="C60",
    )
    delay: int = param(
        0, "Survey cycles by which the score a team acts on is old.", unit="surveys", ge=0, le=7, source="A25"
    )
    target: float = param(
        0.0,
        "What is asked of every score above what the process gives when nobody touches it.",
        unit="points",
        ge=-1000,
        le=1000,
    )
    noise: Literal["survey", "given"] = param(
        "survey", "Sampling noise of a score: from the answers to the survey, or `noise_sd`.", source="A6"
    )
    noise_sd: float = param(0.0, "Standard deviation of a score with `noise: given`.", unit="points", ge=0, le=1000)
    drift_sd: float = param(
        1.0,
        "Weekly random drift of every process, which a correction can take back.",
        unit="points/sqrt(week)",
        ge=0,
        le=1000,
    )
    loss: float = param(
        0.001,
        "Logit a touch loses per squared point of its setting from what customers want.",
        label="How much a wrong setting spoils a contact",
        unit="1/points^2",
        ge=0,
        le=1000,
    )
    project_hours: float = param(
        2.0, "Hours of projects a team opens per point moved.", unit="hours/point", ge=0, le=1000
    )
    project_weeks: float = param(
        4.0,
        "Time constant in which a project is worked off.",
        label="Weeks in which a project is worked off",
        unit="weeks",
        gt=0,
        le=1_000_000,
    )
    improvement_hours: float = param(
        2.0, "Hours a head keeps for improving, which patches and letters displace.", unit="hours/week", gt=0, le=168
    )
    patching: float = param(
        0.5,
        "Share of projects that hide symptoms instead of removing causes (M10).",
        unit="share",
        ge=0,
        le=1,
        source="C60",
    )
    letters: float = param(
        0.5, "Letters and anecdotes from the field that reach the top.", unit="1/week", ge=0, le=10, source="C62"
    )
    letter_hours: float = param(
        8.0, "Hours for improving that one of them claims.", unit="hours", ge=0, le=1000, source="C62"
    )
    preemption: float = param(
        0.5,
        "Share of that claim that is granted before all else; 0 = a letter waits its turn.",
        unit="share",
        ge=0,
        le=1,
        source="C62",
    )
    belief_in_activity: float = param(
        0.5,
        "w: weight of activity in what executives believe of customer work; 0 = outcome alone.",
        label="How far executives take activity for success",
        unit="share",
        ge=0,
        le=1,
        source="C61",
    )
    activity_reference: float = param(
        2.0, "Hours of projects a week that look like half of all one could do.", unit="hours/week", gt=0, le=168
    )
    belief_half_life_weeks: float = param(13.0, "Half-life of executives' belief.", unit="weeks", gt=0, le=1_000_000)
