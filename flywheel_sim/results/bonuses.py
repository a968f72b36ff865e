"""What scenarios pay in bonuses, and whether a comparison of pay schemes is neutral about it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flywheel_sim.results.words import money

if TYPE_CHECKING:
    from flywheel_sim.scenario import Scenario

__all__ = ["ALIKE", "at_target", "bonus_sentence", "payroll"]

#: Sums that differ by less than this share are the same.
ALIKE = 0.01


def at_target(scenario: "Scenario") -> float:
    """Return the bonuses at target of the first year's heads, in $ a year.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> at_target(load("b2b-saas")), round(at_target(load("churn-pay")))
    (0.0, 346200)
    """
    inc, teams = scenario.model.incentives, scenario.model.teams
    if not inc.enabled:
        return 0.0
    return float(sum(teams[name].headcount * teams[name].salary * pay.bonus for name, pay in inc.pay.items()))


def payroll(scenario: "Scenario") -> float:
    """Return the salaries of the first year's heads, in $ a year."""
    return float(sum(team.headcount * team.salary for team in scenario.model.teams.values()))


def bonus_sentence(scenarios: Sequence["Scenario"], labels: Sequence[str]) -> str:
    """Say whether schemes that are compared pay the same at target; empty where nobody's pay differs."""
    pay = [scenario.model.incentives.pay if scenario.model.incentives.enabled else {} for scenario in scenarios]
    if all(one == pay[0] for one in pay):
        return ""
    sums = [at_target(scenario) for scenario in scenarios]
    if max(sums) - min(sums) <= ALIKE * max(sums):
        return f"the schemes are bonus-neutral: each pays {money(max(sums))} a year at target"
    earned = [total + payroll(scenario) for total, scenario in zip(sums, scenarios, strict=True)]
    if max(earned) - min(earned) <= ALIKE * max(sums):
        return (
            f"the schemes are bonus-neutral: people earn {money(max(earned))} a year at target in each; where there is "
            "no bonus, its money is part of salaries"
        )
    least, most = (sums.index(end(sums)) for end in (min, max))
    return (
        f"the schemes are not bonus-neutral: at target {labels[least]} pays {money(sums[least])} a year and "
        f"{labels[most]} {money(sums[most])}; flywheel compare --bonus-neutral makes the sums equal"
    )
