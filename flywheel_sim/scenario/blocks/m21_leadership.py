"""Scenario block of M21: leadership."""

from typing import Literal

from flywheel_sim.scenario.fields import Block, param


class Leadership(Block):
    """M21: the chief customer officer (CCO): tenure, three legs of work, and proof of value."""

    enabled: bool = param(False, "Off: there is no such office.", label="Chief customer officer")
    start: Literal["appointed", "vacant"] = param(
        "appointed", "Whether the office has a holder in its first week, or begins with a vacancy."
    )
    tenure_months: float = param(
        26.0,
        "Mean tenure; 0 = nobody leaves.",
        label="Mean tenure of the chief customer officer",
        unit="months",
        ge=0,
        le=12_000,
        source="C64, A24",
        evidence="V",
    )
    vacancy_weeks: int = param(
        17, "Weeks from an exit to the next appointment.", unit="weeks", ge=0, le=5200, source="A24"
    )
    lag_weeks: int = param(
        104,
        "Weeks in office after which this incumbent's work takes effect.",
        label="Weeks until a new officer's work takes effect",
        unit="weeks",
        ge=0,
        le=5200,
        source="A24",
        evidence="V",
    )
    lost_at_exit: float = param(1.0, "Share of the effect that leaves with the incumbent.", unit="share", ge=0, le=1)

    skill: float = param(1.0, "Skill of the CCO, 1 = as in the reported effects.", ge=0, le=10)
    support: float = param(1.0, "Support by the other executives.", unit="share", ge=0, le=1, source="C58")
    support_weight: float = param(
        1.0, "Share of the CCO's influence that hangs on support; 0 = none.", unit="share", ge=0, le=1, source="C58"
    )
    clarity: float = param(
        1.0,
        "Clarity of the role; what is missing routes issues to the CCO.",
        label="How clear the officer's role is",
        unit="share",
        ge=0,
        le=1,
        source="C57",
    )
    clarity_hours: float = param(
        0.0,
        "Hours a head spends on keeping roles clear, at full clarity.",
        unit="hours/week",
        ge=0,
        le=168,
        source="C57",
    )
    issue_hours: float = param(
        0.5, "Hours the CCO spends on an issue routed there.", unit="hours", ge=0, le=1000, source="C57"
    )
    behaviour: float = param(1.0, "Weight of profitable behaviour in the CCO's hours.", ge=0, le=100, source="C66")
    culture: float = param(1.0, "Weight of a customer-centric culture in the CCO's hours.", ge=0, le=100, source="C66")
    proof: float = param(1.0, "Weight of proving value in the CCO's hours.", ge=0, le=100, source="C66")
    enough: float = param(
        1 / 3, "Share of the CCO's week at which a leg has its full effect.", unit="share", gt=0, le=1, source="C66"
    )
    friction_effect: float = param(
        0.3, "Share of handoff friction removed by the full first leg.", unit="share", ge=0, le=1, source="C54"
    )
    coupling_effect: float = param(
        3.0,
        "Factor of the coupling under the full second leg.",
        label="How much the CCO strengthens ties between teams",
        ge=1,
        le=100,
        source="C54",
    )
    culture_effect: float = param(
        0.01, "Culture added a month by the full second leg.", unit="1/month", ge=0, le=1, source="C54"
    )
    proof_effect: float = param(
        0.5, "Share of the attribution noise removed by the full third leg.", unit="share", ge=0, le=1, source="C78"
    )
    style: Literal["collaborate", "command"] = param(
        "collaborate",
        "How the second leg works: through the coupling, or through the strategy's pull at morale's cost.",
        label="How the CCO leads: by connecting or by commanding",
    )
    command_pull: float = param(
        2.0,
        "Pull added to h_lead/D by the full second leg when commanding.",
        label="How strongly a commanding CCO sets priorities",
        ge=0,
        le=100,
    )
    command_morale: float = param(0.1, "Morale lost to full command.", unit="share", ge=0, le=1)
    ethics: float = param(0.5, "Norms the CCO lives by, passed on by M20.", unit="share", ge=0, le=1, source="C24")

    behaviour_value: float = param(
        1 / 3,
        "Gain in profit that executives credit per unit of friction removed.",
        label="Profit credited to the CCO for less friction",
        unit="share",
        ge=0,
        le=100,
    )
    culture_value: float = param(
        0.05,
        "The same per unit of coupling (or pull) added.",
        label="Profit credited to the CCO for closer teams",
        unit="share",
        ge=0,
        le=100,
    )
    attribution_noise: float = param(
        0.1,
        "sd of an appraisal of that gain without proof.",
        label="Error in judging the CCO without proof",
        unit="share",
        ge=0,
        le=100,
        source="C78",
    )
    attribution_lag_weeks: float = param(
        26.0,
        "Time constant with which the gain shows in appraisals.",
        label="Weeks until results are credited to the CCO",
        unit="weeks",
        ge=1,
        le=1_000_000,
        source="C63",
    )
    hurdle: float = param(
        0.05, "Perceived gain at which support is neither lost nor won.", unit="share", source="C63", ge=-100, le=100
    )
    patience: float = param(
        0.0,
        "Shortfall of the perceived gain that multiplies the hazard by e; 0 = without end: nothing depends on it.",
        label="Shortfall that executives put up with",
        unit="share",
        ge=0,
        le=100,
        source="C63",
    )
    salary: float = param(350_000.0, "Yearly pay of the CCO, booked as programme cost.", unit="$/year", ge=0, le=1e9)
    budget: float = param(0.0, "Yearly budget of the office at full funding.", unit="$/year", ge=0, le=1e9)
