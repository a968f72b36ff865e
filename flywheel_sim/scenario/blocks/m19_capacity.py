"""Scenario block of M19: capacity and coordination."""

from flywheel_sim.scenario.fields import Block, param


class Capacity(Block):
    """M19: hours are finite, coordination eats them, and a craft done alone is fast."""

    enabled: bool = param(True, "Off: hours are never short.", label="Limited working hours")
    gross_hours: float = param(38.0, "Hours a head works.", unit="hours/week", ge=1, le=168)
    span: float = param(5.0, "Heads in a working group.", ge=0.01, le=1_000_000)
    pair_hours: float = param(
        0.5,
        "c: hours a week that one pair of working groups costs at most.",
        label="Coordination hours a week per pair of teams",
        unit="hours",
        ge=0,
        le=1000,
        source="A22",
    )
    angle_share: float = param(
        0.7,
        "x: share of that cost that depends on the angle between the teams.",
        label="How far that depends on disagreement",
        unit="share",
        ge=0,
        le=1,
        source="C52",
    )
    far_weight: float = param(
        0.3,
        "v: weight of pairs of teams without a handoff.",
        label="Coordination with teams one hands nothing to",
        unit="share",
        ge=0,
        le=1,
    )
    craft_speed: float = param(
        0.25,
        "c_f: log speed per unit of alignment with the own craft.",
        label="How much faster people work at their own craft",
        ge=0,
        le=5,
        source="C39",
    )
    staffing: bool = param(True, "Headcount follows revenue, quarter by quarter; off = as the teams say.")
    staffing_limit: float = param(0.15, "Largest change of headcount in a quarter.", unit="share", ge=0, le=1)
    fewest_heads: float = param(
        1.0,
        "Heads that a team keeps whatever finance plans, or what it began with, if less.",
        unit="heads",
        ge=0,
        le=100,
    )
    shortness: float = param(
        0.0,
        "n: how sharply work is left undone where hours are short; 0 = all work gets done, late at most.",
        label="How sharply work is left undone when hours are short",
        ge=0,
        le=20,
    )
    ramp_weeks: float = param(26.0, "Weeks until a new head is fully able.", unit="weeks", ge=1, le=1_000_000)
    project_managers: float = param(
        0.0, "Share of every team's heads that do nothing but coordinate.", unit="share", ge=0, le=0.2, source="C52"
    )
    relief: float = param(
        10.0, "Share of the coordination hours that a first project manager per head would take away.", ge=0, le=100
    )
    reporting_hours: float = param(0.0, "Hours a head spends on reports.", unit="hours/week", ge=0, le=168)
    craft_reference: float = param(0.6, "Alignment with the craft at the frozen base case.", ge=-1, le=1)
