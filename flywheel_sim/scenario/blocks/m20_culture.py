"""Scenario block of M20: culture, competencies, people."""

from collections.abc import Iterator
from typing import Any

from flywheel_sim.scenario.fields import Block, Weight, param
from flywheel_sim.scenario.references import Problem

#: The five competencies of a customer-driven company, with equal shares of the work.
FIVE = {
    "customers-as-assets": 1.0,
    "experience-alignment": 1.0,
    "listening-path": 1.0,
    "proactive-reliability": 1.0,
    "leadership-accountability": 1.0,
}


class Programme(Block):
    """Money for fixing things: project fixes come and go fast, competencies slowly (C56)."""

    enabled: bool = param(False, "Off: no programme.", label="Customer programme")
    funding: float = param(1.0, "Share of the programme's money that is granted.", unit="share", ge=0, le=1)
    cost: float = param(250_000.0, "Yearly cost at full funding.", unit="$/year", ge=0, le=1e9)
    projects: float = param(
        0.5,
        "Share of the work that goes into project fixes; competencies get the rest.",
        label="Share of the programme's work that fixes single problems",
        unit="share",
        ge=0,
        le=1,
    )
    project_build_month: float = param(
        0.5, "Share of what is missing that full work on projects adds a month.", unit="share/month", ge=0, lt=1
    )
    project_retention_month: float = param(
        0.75, "Share of project fixes kept from month to month.", unit="share/month", ge=0, le=1, source="A29"
    )
    project_effect: float = param(
        0.3,
        "Logit that all project fixes add to every touch.",
        label="How much project fixes improve contacts",
        ge=0,
        le=100,
    )
    competence_build_month: float = param(
        0.08, "Share of what is missing that full work on a competency adds a month.", unit="share/month", ge=0, lt=1
    )
    competence_retention_month: float = param(
        0.98, "Share of a competency kept from month to month.", unit="share/month", ge=0, le=1, source="A29"
    )
    competence_effect: float = param(
        0.3,
        "Logit that full competencies add to every touch.",
        label="How much competencies improve contacts",
        ge=0,
        le=100,
    )
    competencies: dict[str, Weight] = param(
        FIVE, "Weights of the competencies in the work on them; uneven work yields less.", max_length=8, source="C56"
    )

    def references(self, at: str, model: Any) -> Iterator[Problem]:
        """Yield weights that are negative."""
        for name, weight in self.competencies.items():
            if weight < 0:
                yield f"{at}.competencies.{name}", f"expected a weight of at least 0, got {weight}", ()


class Norms(Block):
    """What leaders live by and pass on (C24)."""

    enabled: bool = param(False, "Off: leaders set no example.", label="Example that leaders set")
    transmission: float = param(
        0.04, "Rate at which norms move to the leader's ethics.", unit="1/week", ge=0, le=1, source="C24"
    )
    retention_month: float = param(
        0.95, "Share of the norms kept from month to month without a leader.", unit="share/month", ge=0, le=1
    )
    gaming: float = param(1.0, "Share of gaming prevented by full norms.", unit="share", ge=0, le=1, source="C24")
    adherence: float = param(0.2, "Share of missing adherence that full norms add.", unit="share", ge=0, le=1)


class Morale(Block):
    """How people feel about their work (C25, A14)."""

    enabled: bool = param(False, "Off: morale stays where it is.", label="Morale matters")
    reference: float = param(0.7, "Morale at the frozen base case.", unit="share", ge=0.01, le=1)
    adjust_weeks: float = param(
        13.0,
        "Time constant with which morale follows its causes.",
        label="Weeks in which morale adjusts",
        unit="weeks",
        ge=1,
        le=1_000_000,
    )
    overload_effect: float = param(
        0.2, "Morale lost per unit of overload.", label="How much overload lowers morale", ge=0, le=100
    )
    support_effect: float = param(
        0.5,
        "Morale per unit of support by the powering teams above reference.",
        label="How much internal support raises morale",
        ge=0,
        le=100,
    )
    support_reference: float = param(
        0.35,
        "Powering teams' heads x magnitude per head of the company at the frozen base case.",
        label="Internal support in the base case",
        ge=0,
        le=100,
    )
    elasticity: float = param(
        0.3,
        "Elasticity of a team's magnitude in its morale.",
        label="How much morale raises a team's output",
        ge=0,
        le=2,
        source="C25",
    )
    attrition_effect: float = param(
        1.5,
        "Log change of turnover per unit of morale lost.",
        label="How much low morale makes people leave",
        ge=0,
        le=100,
        source="A14",
    )


class Turnover(Block):
    """People leave and are replaced at once by people who still have to learn, and who were chosen (C77)."""

    enabled: bool = param(False, "Off: nobody leaves.", label="Staff turnover")
    yearly: float = param(0.15, "Share of people who leave in a year.", unit="probability/year", ge=0, lt=1)
    ramp_weeks: float = param(
        26.0,
        "Time constant in which a new hire becomes able.",
        label="Weeks until a new hire is fully productive",
        unit="weeks",
        ge=1,
        le=1_000_000,
    )
    idle: float = param(0.5, "Share of a new hire's hours that do not reach the work.", unit="share", ge=0, le=1)
    selectivity: float = param(
        0.0,
        "Mean service orientation of hires above the first staff's, in its sd.",
        label="How much better hires are in service orientation",
        unit="sd",
        source="C77",
        ge=-10,
        le=10,
    )
    neglect_effect: float = param(
        0.0,
        "Log change of turnover per share of the work for people that is left undone.",
        label="How much neglect of people makes them leave",
        ge=0,
        le=100,
    )
    trait_effect: float = param(
        0.1,
        "Logit that one sd of service orientation adds to every touch.",
        label="How much service orientation improves contacts",
        ge=0,
        le=100,
    )


class Learning(Block):
    """Mutual learning of practices between people and the organisation's code (C76, A18)."""

    enabled: bool = param(False, "Off: practices stay as they are.", label="People learn from one another")
    people: int = param(
        50, "n: people.", label="People who learn from one another", ge=1, le=1000, source="A18", evidence="M"
    )
    practices: int = param(
        30,
        "m: beliefs about what works.",
        label="Practices that can be learned",
        ge=1,
        le=256,
        source="A18",
        evidence="M",
    )
    period_weeks: int = param(4, "Weeks between rounds of learning.", unit="weeks", ge=1, le=520)
    from_code: float = param(
        0.1,
        "p1: chance that one takes over a belief of the code.",
        label="How readily people adopt common practice",
        unit="probability",
        ge=0,
        le=1,
        source="A18",
    )
    of_code: float = param(
        0.5,
        "p2: the code follows k net better people with 1 - (1-p2)^k.",
        label="How readily common practice follows the best people",
        unit="probability",
        ge=0,
        le=1,
        source="A18",
    )
    leaving: float = param(
        0.0,
        "p3: chance that one is replaced by a newcomer.",
        label="Share of people replaced between rounds",
        unit="probability",
        ge=0,
        le=1,
        source="A18",
    )
    effect: float = param(
        0.5,
        "Logit per unit of knowledge above that of the start.",
        label="How much better practice improves contacts",
        ge=0,
        le=100,
    )


class Monitoring(Block):
    """Indicators that verify whether the map is acted on (C75)."""

    enabled: bool = param(False, "Off: nobody checks.", label="Checks on the work")
    coverage: float = param(0.5, "Share of the work that is checked.", unit="share", ge=0, le=1)
    accuracy: float = param(
        0.7, "Share of the lapses found where it is checked.", unit="share", ge=0, le=1, source="C75"
    )
    gaming: float = param(
        0.3, "Share of checked lapses that are made to look right instead.", unit="share", ge=0, le=1, source="C75"
    )
    hours: float = param(0.5, "Hours a head a week that full coverage takes.", unit="hours", ge=0, le=1000)


class Culture(Block):
    """M20: culture is built slowly, decays, and multiplies what the disciplines yield; people carry it."""

    enabled: bool = param(True, "Off: neither culture nor anything below plays a part.", label="Culture matters")
    start: float = param(0.5, "Culture at the start.", unit="share", ge=0, le=1)
    reference: float = param(
        0.5, "C_ref: culture at the frozen base case.", label="Culture in the base case", unit="share", ge=0.01, le=1
    )
    retention_month: float = param(
        0.98,
        "lambda: share kept from month to month.",
        label="Culture kept from month to month",
        unit="share/month",
        ge=0,
        le=1,
        source="A29",
    )
    effort_month: float = param(
        0.01, "q: culture added a month.", label="Culture that work on it adds a month", unit="1/month", ge=0, le=1
    )
    independence: float = param(
        0.5,
        "c0: share of the disciplines' yield that needs no culture; 1 = all.",
        label="What works without culture",
        unit="share",
        ge=0,
        le=1,
        source="C26",
    )
    mission_statement: bool = param(
        False, "Customers are in the mission statement. Nothing in the model reads this.", source="C74"
    )
    programme: Programme = param(Programme(), "Project fixes and competencies.")
    norms: Norms = param(Norms(), "Norms from leaders.")
    morale: Morale = param(Morale(), "Morale of the teams.")
    turnover: Turnover = param(Turnover(), "Leavers and hires.")
    learning: Learning = param(Learning(), "Practices and the code.")
    monitoring: Monitoring = param(Monitoring(), "Checks of adherence.")
