"""Scenario block of M16: decision rights."""

from collections.abc import Iterator
from typing import Any

from flywheel_sim.scenario.fields import MANY, Block, Weight, param
from flywheel_sim.scenario.references import Problem, unknown


class Together(Block):
    """Teams that decide together outside the meetings of the flywheel group."""

    members: list[str] = param([], "Teams that do; empty = all.", label="Teams that decide together")
    hours: float = param(
        0.0,
        "Hours a week that each of them spends on it, shared evenly over the others.",
        label="Hours a week each of these teams spends deciding together",
        unit="hours/week",
        ge=0,
        le=1e6,
    )

    def references(self, at: str, model: Any) -> Iterator[Problem]:
        """Yield unknown teams, and sets of fewer than two."""
        yield from unknown(f"{at}.members", self.members, model.teams, "team")
        if self.members and len(set(self.members)) < 2:
            yield f"{at}.members", "expected two teams or more, or none for all of them", ()


class Decisions(Block):
    """M16: who decides what with whom; the members of the group are ``cadence.members``."""

    enabled: bool = param(
        False, "Off: decisions cost nothing and err no more than at reference.", label="Decision rights matter"
    )
    rate: float = param(
        0.5,
        "Decisions a week of a pair of teams with coupling 1.",
        label="Joint decisions a week of two teams",
        unit="1/week",
        ge=0,
        le=1000,
    )
    rework: float = param(
        1.0,
        "k: a decision taken apart by opposite teams is reworked with probability 1 - exp(-k) each time.",
        label="How much rework opposed teams cause",
        ge=0,
        le=5,
        source="C42, C43",
    )
    rework_weeks: float = param(2.0, "Weeks that one rework takes.", unit="weeks", ge=0, le=1_000_000)
    rework_hours: float = param(
        6.0, "Hours that one rework takes from each of the two teams.", unit="hours", ge=0, le=1000
    )
    centralisation: float = param(
        0.3, "Share of decisions that the centre takes for the teams.", unit="share", ge=0, le=1, source="C23"
    )
    centre_weeks: float = param(1.0, "Weeks that a decision waits for the centre.", unit="weeks", ge=0, le=1_000_000)
    centre_sd: float = param(
        0.6,
        "s_c: error of a centre that knows nothing of the function.",
        label="Error of decisions made at the center",
        ge=0,
        le=100,
        source="C22",
    )
    competence: dict[str, Weight] = param(
        {}, "Competence of the executive in a team's function, 0 to 1, by team; deep in two at most.", source="C22"
    )
    other_competence: float = param(
        0.2, "Competence in every function not named.", unit="share", ge=0, le=1, source="C22"
    )
    team_sd: float = param(
        0.3,
        "s_t: error of a team that decides about its own work.",
        label="Error of decisions a team makes about its own work",
        ge=0,
        le=100,
    )
    scatter_sd: float = param(
        0.6,
        "s_u: error added when opposite teams take coupled decisions apart.",
        label="Error added when opposed teams decide apart",
        ge=0,
        le=100,
        source="C42",
    )
    error_effect: float = param(
        1.0,
        "Logit of a touchpoint's success lost per unit of error variance above reference.",
        label="How much wrong decisions spoil a contact",
        ge=0,
        le=100,
    )
    together: dict[str, Together] = param(
        {}, "Who decides together, and how many hours a week, by name.", max_length=MANY, source="C42"
    )
    joint_hours: float = param(
        0.0,
        "Hours that a decision which the group takes together costs each of the two teams.",
        unit="hours",
        ge=0,
        le=1000,
    )
    reference_variance: float = param(0.255, "Error variance at which touchpoints are at their base.", ge=0, le=100)

    def references(self, at: str, model: Any) -> Iterator[Problem]:
        """Yield unknown teams, and competence beyond 0 to 1."""
        for name, known in self.competence.items():
            yield from unknown(f"{at}.competence.{name}", [name], model.teams, "team")
            if not 0 <= known <= 1:
                yield f"{at}.competence.{name}", f"expected a share between 0 and 1, got {known}", ()
