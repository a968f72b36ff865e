"""Plans that speak of what the company below does not have: one mistake each, with what there is."""

import pytest

import flywheel_sim as fs
from flywheel_sim.scenario import ScenarioError


def wrong(below, plan, tmp_path):
    file = tmp_path / "plan.yaml"
    file.write_text(plan, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        fs.load(f"{below}+{file}")
    return caught.value.problems


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ("teams: {sales: {headcount: 3}}", "the company below has no team 'sales'; it has marketing, growth,"),
        ("segments: {enterprise: {spend: 3}}", "the company below has no segment 'enterprise'; it has light, heavy"),
        ("journey: {touchpoints: {demo: {hours: 2}}}", "the company below has no touchpoint 'demo'; it has advert,"),
        ("handoffs: {links: {sales-onboarding: {share: 1}}}", "the company below has no handoff 'sales-onboarding'"),
        (
            "timeline: {changes: {later: {from_week: 9, set: {teams.sales.headcount: 3}}}}",
            "the company below has no team 'sales'; it has marketing, growth,",
        ),
    ],
)
def test_a_name_that_the_company_lacks_is_one_mistake(plan, said, tmp_path):
    (problem,) = wrong("b2c-subscription", f"on: b2b-saas\n{plan}\n", tmp_path)
    assert problem.message.startswith(said) and problem.line == 2


def test_a_near_name_is_suggested(tmp_path):
    (problem,) = wrong("b2c-subscription", "on: b2b-saas\nteams: {servce: {headcount: 3}}\n", tmp_path)
    assert problem.suggestion == "service"


def test_a_new_team_of_a_company_of_its_own_still_says_what_is_missing(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("extends: b2b-saas\nteams: {success: {headcount: 3}}\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match=r"teams\.success\.craft: missing"):
        fs.load(str(file))


def test_a_role_that_is_nobody_leaves_no_second_mistake_behind(tmp_path):
    plan = "timeline: {changes: {later: {from_week: 9, set: {teams.owner of service.headcount: 3}}}}"
    (problem,) = wrong("hubspot", f"on: b2b-saas\n{plan}\n", tmp_path)
    assert "'owner of service' is nobody" in problem.message
