"""Pay schemes with the same expected payout, so that a comparison is about what is paid for and not about how much."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from flywheel_sim.engine.targets import payout_shares, with_targets
from flywheel_sim.results.bonuses import payroll
from flywheel_sim.scenario import Scenario, ScenarioError, load
from flywheel_sim.scenario.arguments import several

__all__ = ["bonus_neutral", "expected_bonuses"]


def expected_bonuses(scenario: Scenario, threads: int = 1) -> float:
    """Return what the bonuses of a scenario come to at its company's base case, in $ a year of the first year's heads.

    Parameters
    ----------
    scenario : Scenario
        With its targets in place.
    threads : int
        For the runs of the base case.
    """
    inc, teams = scenario.model.incentives, scenario.model.teams
    if not inc.enabled or not inc.pay:
        return 0.0
    shares = payout_shares(scenario, threads)
    each = (teams[name].headcount * teams[name].salary * pay.bonus * shares[name] for name, pay in inc.pay.items())
    return float(sum(each))


def bonus_neutral(
    scenarios: "Sequence[str | os.PathLike[str] | Mapping[str, Any] | Scenario]", threads: int = 1
) -> list[Scenario]:
    """Return the same scenarios with the same expected payout at the base case.

    The first scenario that pays a bonus says how much; bonuses of the others are scaled to it, and where there is no
    bonus the same money is added to salaries, so that people expect to earn the same in all of them.

    Parameters
    ----------
    scenarios : sequence of names, paths, dicts or Scenarios
        What is to be compared, as for `flywheel_sim.compare`, which takes what this returns.
    threads : int
        For the runs of the base case.

    Raises
    ------
    ScenarioError
        When none pays a bonus, or one would have to pay more than five salaries.
    """
    ready = [with_targets(load(scenario), threads) for scenario in several("scenarios", scenarios)]
    paid = [expected_bonuses(scenario, threads) for scenario in ready]
    given = next((sum_ for sum_ in paid if sum_ > 0), 0.0)
    if not given:
        raise ScenarioError.single("no scenario pays a bonus, so there is nothing to be neutral about")
    neutral = []
    for scenario, sum_ in zip(ready, paid, strict=True):
        inc, teams = scenario.model.incentives, scenario.model.teams
        if sum_ > 0:
            changes = {f"incentives.pay.{name}.bonus": pay.bonus * given / sum_ for name, pay in inc.pay.items()}
        else:
            factor = 1.0 + given / payroll(scenario)
            changes = {f"teams.{name}.salary": team.salary * factor for name, team in teams.items()}
        off = abs(given / sum_ - 1.0) > 1e-9 if sum_ > 0 else True
        neutral.append(scenario.with_(changes) if off else scenario)
    return neutral
