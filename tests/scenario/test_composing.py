"""Plans that compose: a company, and overlays laid over it by roles."""

import pytest
from click.testing import CliRunner

from flywheel_sim.cli import flywheel
from flywheel_sim.scenario import ScenarioError, load
from flywheel_sim.scenario.roles import ROLES as SETTINGS
from flywheel_sim.scenario.team_roles import BY_TEAM, OF_A_TEAM, OF_TEAMS


def paid(scenario):
    return {name: dict(pay.on) for name, pay in scenario.model.incentives.pay.items()}


def test_every_way_of_naming_a_composition_means_the_same():
    joined = load("b2b-saas+churn-pay+flywheel-group")
    assert joined == load({"extends": ["b2b-saas", "churn-pay", "flywheel-group"]})
    assert (
        joined
        == load("b2b-saas").plus("churn-pay", "flywheel-group")
        == load("b2b-saas").plus("churn-pay+flywheel-group")
    )
    assert joined.name == "b2b-saas+churn-pay+flywheel-group" and joined.typed == joined.name
    assert load("b2b-saas").plus("churn-pay") == load("churn-pay")
    assert load("churn-pay+flywheel-group") == joined, "an overlay named first lies on its own company"


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("relationship-flywheel", "relationship-pay+flywheel-group+one-theme+shared-map+deciding-together"),
        ("close-rate-with-group", "siloed-close-rate+flywheel-group+one-theme+shared-map+deciding-together"),
        ("flywheel-group", "siloed-close-rate+flywheel-group"),
    ],
)
def test_shipped_names_are_compositions(name, parts):
    assert load(name) == load(parts) == load(f"b2b-saas+{parts}")


def test_a_group_leaves_the_pay_below_alone():
    both = load("b2b-saas+churn-pay+flywheel-group")
    assert both.cadence.enabled and all(on == {"churn": 1.0} for on in paid(both).values())


def test_a_plan_can_add_to_what_teams_are_paid_on():
    more = {"incentives": {"pay": {"all": {"also": {"churn": 0.3}}, "owner of sale": {"also": {"close-rate": 0.5}}}}}
    found = load("siloed-close-rate").plus(more)
    assert paid(found)["sales"] == {"close-rate": 1.5, "churn": 0.3} and paid(found)["service"]["tickets"] == 1.0
    assert paid(load("b2b-saas").plus(more))["service"] == {"churn": 0.3}, "where nobody was paid it is what is paid on"
    assert found.notes == ()


def test_what_a_team_is_paid_on_is_one_value_and_the_last_wins():
    found = load("siloed-close-rate+churn-pay:service,sales")
    assert paid(found)["sales"] == paid(found)["service"] == {"churn": 1.0}
    assert paid(found)["marketing"] == {"leads": 1.0}


def test_another_plan_may_lie_on_one_that_is_limited_to_some_teams():
    both = load("siloed-close-rate+churn-pay:service,sales+flywheel-group")
    assert both == load("siloed-close-rate").plus("churn-pay:service,sales", "flywheel-group")
    assert (
        both.cadence.enabled and paid(both)["service"] == {"churn": 1.0} and paid(both)["marketing"] == {"leads": 1.0}
    )


def test_every_part_that_is_no_scenario_is_named():
    with pytest.raises(ScenarioError) as refused:
        load("b2b-sas+churn-pay+flywheel-grop")
    assert [problem.suggestion for problem in refused.value.problems] == ["b2b-saas", "flywheel-group"]


def test_order_is_told_where_it_matters_and_only_there():
    (note,) = load("b2b-saas+churn-pay+csat-pay").notes
    assert note == (
        "order matters: csat-pay and churn-pay both set incentives.pay.<team>.on (7 teams); csat-pay comes later and "
        "wins"
    )
    assert load("b2b-saas+churn-pay+flywheel-group").notes == ()
    assert load("b2b-saas+churn-pay+flywheel-group") == load("b2b-saas+flywheel-group+churn-pay")


def test_the_more_specific_wins_within_a_file_and_a_later_file_over_all():
    pay = {
        "all": {"on": {"mbo": 1.0}, "bonus": 0.1},
        "front": {"on": {"csat": 1.0}},
        "owner of sale": {"on": {"bookings": 1.0}},
        "marketing": {"on": {"leads": 1.0}},
    }
    found = load("b2b-saas").plus({"incentives": {"pay": pay}})
    assert paid(found) == {
        "marketing": {"leads": 1.0},
        "sales": {"bookings": 1.0},
        "service": {"csat": 1.0},
        **{team: {"mbo": 1.0} for team in ("product", "people", "finance", "enablement")},
    }
    later = found.plus({"incentives": {"pay": {"all": {"on": {"churn": 1.0}}}}})
    assert set(map(str, paid(later).values())) == {str({"churn": 1.0})}


def test_a_team_with_two_tasks_is_paid_on_both():
    assert paid(load("b2b-two-teams+siloed-close-rate")) == {
        "growth": {"leads": 0.5, "close-rate": 0.5},
        "delivery": {"tickets": 1.0},
    }
    with pytest.raises(ScenarioError, match="'owner of awareness' and 'owner of sale' are one team here"):
        load("b2b-two-teams").plus({"incentives": {"pay": {
            "owner of awareness": {"on": {"leads": 1}, "bonus": 0.1},
            "owner of sale": {"on": {"leads": 1}, "bonus": 0.2},
        }}})  # fmt: skip


def test_roles_stand_wherever_teams_do_in_an_ordinary_file_too(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(
        "extends: b2b-saas\nteams: {owner of help: {headcount: 9}}\ncadence: {enabled: true, members: [front]}\n"
        "ideas: {owner: owner of sale}\n"
        "timeline: {changes: {later: {from_week: 9, set: {teams.powering.headcount: 3}}}}\n",
        encoding="utf-8",
    )
    found = load(file)
    assert found.get("teams.service.headcount") == 9 and found.get("ideas.owner") == "sales"
    assert found.position("teams.service.headcount") == (str(file), 2, 36)
    assert found.get("cadence.members") == ["marketing", "sales", "service"]
    assert "teams.people.headcount" in found.timeline.changes["later"].values


def test_a_path_that_exists_is_read_before_the_signs_are_split(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a+b.yaml", "c:d.yaml", "mine.yaml"):
        (tmp_path / name).write_text("extends: b2b-saas\nhorizon_weeks: 7\n", encoding="utf-8")
    for text in ("a+b.yaml", "a+b", "c:d.yaml", "mine", str(tmp_path / "mine.yaml")):
        assert load(text).horizon_weeks == 7
        assert (
            load(f"{text}+churn-pay:sales").files[0] == "churn-pay"
            and load(f"{text}+churn-pay:sales").horizon_weeks == 7
        )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("b2b-saas+chrn-pay", "has this name: 'chrn-pay' (in 'b2b-saas+chrn-pay'); did you mean 'churn-pay'?"),
        ("b2b-saas+", "expected a name or a path on both sides of '+'"),
        ("b2b-saas+b2c-subscription", "'b2c-subscription' is a whole company, so it cannot be laid over another"),
        ("b2b-saas+churn-pay:servce", "'servce': no such team or role; there are marketing, sales"),
        ("b2b-saas+loyalty-programme:sales", "says nothing by team and has no group, so it cannot be limited"),
        ("hubspot+churn-pay", "churn-pay:9:5: incentives.pay.all: this company has no teams, so 'all' is nobody"),
    ],
)
def test_what_cannot_be_composed_is_one_line(text, said):
    with pytest.raises(ScenarioError) as caught:
        load(text)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_the_tables_of_roles_name_settings_that_there_are():
    for path in (*BY_TEAM, *OF_A_TEAM, *OF_TEAMS):
        assert path in SETTINGS or (*path, "*") in {one[: len(path) + 1] for one in SETTINGS}, path


def test_roles_stand_in_changes_too_and_a_plan_of_a_dict_can_be_typed_again():
    company = load("b2b-saas")
    found = company.with_({"teams.all.headcount": 3, "teams.owner of sale.headcount": 12, "teams.sales.scaling": 0.9})
    heads = {name: team.headcount for name, team in found.teams.items()}
    assert heads.pop("sales") == 12 and set(heads.values()) == {3}
    assert company.with_({"ideas.owner": "owner of sale"}).ideas.owner == "sales"
    with pytest.raises(ScenarioError, match="did you mean 'owner of sale'"):
        company.with_({"teams.owner of sal.headcount": 12})
    plan = {"teams": {"front": {"headcount": 9}}, "incentives": {"pay": {"owner of sale": {"also": {"nps": 0.2}}}}}
    for made in (company.plus(plan), company.plus("churn-pay", plan), company.plus(plan, "flywheel-group")):
        assert load(made.typed).with_(made.changes) == made


def test_a_channel_that_a_company_lacks_is_left_out():
    assert load("b2b-saas+self-service-push").channels.replaced == {"in-person": 0.8, "phone": 0.8}
    found = load("b2c-subscription+self-service-push").channels
    assert found.replaced == {} and found.technology.spend == 1200


@pytest.mark.parametrize(
    ("words", "next_one"),
    [
        ("compare b2b-saas b2b-saas+churn-pya", "compare b2b-saas b2b-saas+churn-pay"),
        ("compare b2b-sas b2b-saas+churn-pay", "compare b2b-saas b2b-saas+churn-pay"),
        ("compare b2b-saas b2b-saas+churn-pya+flywheel-grup", "compare b2b-saas b2b-saas+churn-pay+flywheel-group"),
        ("compare b2b-saas b2b-saas+churn-pay:servce", "compare b2b-saas b2b-saas+churn-pay:service"),
        ("compare b2b-sas b2b-saas", "scenario list"),
        ("compare b2b-saas b2b-sas", "scenario list"),
    ],
)
def test_a_wrong_name_is_mended_where_it_stands_and_nothing_is_compared_with_itself(words: str, next_one: str) -> None:
    done = CliRunner().invoke(flywheel, words.split())
    assert done.exit_code == 2 and done.stderr.splitlines()[-1] == f"try: flywheel {next_one}"


def test_a_composition_is_called_by_the_title_that_its_company_has_from_its_parent(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "school.yaml").write_text("extends: b2b-two-teams\ntitle: Our school\n")
    (tmp_path / "school-fitted.yaml").write_text("extends: school.yaml\nmarket: {accounts: 900}\n")
    assert load("school-fitted+churn-pay").title == f"Our school + {load('churn-pay').title}"
    assert load("school-fitted").plus("churn-pay").title == load("school-fitted+churn-pay").title
