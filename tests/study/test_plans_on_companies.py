"""Every shipped plan on every shipped company: runs, or one clear line why not."""

import re

import pytest

import flywheel_sim as fs
from flywheel_sim.scenario import ScenarioError, scenarios
from flywheel_sim.scenario.library import PLANS

PLAN_NAMES = [name for name, entry in scenarios().items() if entry.kind in PLANS]
#: What a company may lack that a plan speaks of.
LACKING = re.compile(
    r"^this company has no teams, so|^the company below has no \w+|^unknown channel "
    r"|^nobody calls back: this company has no "
)
COMPANIES = [name for name, entry in scenarios().items() if entry.kind == "company"]


@pytest.mark.parametrize("company", COMPANIES)
def test_every_plan_runs_or_says_in_one_line_why_not(company):
    for plan in PLAN_NAMES:
        spec = f"{company}+{plan}"
        try:
            scenario = fs.load(spec)
        except ScenarioError as error:
            if scenarios()[plan].kind != "example":
                assert company == "hubspot" and str(error).count("\n") == 0, spec
            assert all(LACKING.search(one.message) for one in error.problems), error
            continue
        assert fs.run(scenario.with_({"horizon_weeks": 2}), accounts=False).weeks == 2, spec
