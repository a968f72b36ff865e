"""Scenarios in links and files: nothing is evaluated, nothing outside the shipped scenarios is read."""

import json

import pytest

from flywheel_sim.app.bounds import LINK_CHARACTERS
from flywheel_sim.app.link import Pick, laid_on, opened, pick_of, read_pick
from flywheel_sim.scenario import ScenarioError, load


def test_a_link_holds_the_scenario():
    pick = Pick("relationship-flywheel").with_({"cadence.pull": 0.55, "horizon_weeks": 104})
    again = read_pick(pick.text)
    assert again.scenario() == pick.scenario() == load("relationship-flywheel").with_(pick.changes)
    assert read_pick("b2b-saas").text == "b2b-saas"


def test_a_value_put_back_is_no_change():
    pick = Pick("b2b-saas").with_({"cadence.pull": 0.55})
    assert pick.changes and not pick.with_({"cadence.pull": load("b2b-saas").get("cadence.pull")}).changes


@pytest.mark.parametrize(
    "text",
    [
        "../../etc/passwd", "/etc/passwd", "no-such-thing", "b2b-saas:__import__('os')", "b2b-saas:[1]",
        'b2b-saas:{"horizon_weeks": NaN}', 'b2b-saas:{"no.such.path": 1}',
        'b2b-saas:{"horizon_weeks": "52; import os"}',
        "b2b-saas:" + "[" * 5000, "b2b-saas:" + "x" * LINK_CHARACTERS,
    ],
)  # fmt: skip
def test_a_bad_link_is_one_message(text):
    with pytest.raises(ScenarioError) as caught:
        read_pick(text).scenario()
    assert len(str(caught.value)) < 600


def test_a_file_comes_back_as_a_change_of_a_shipped_scenario():
    mine = load("churn-pay").with_({"teams.sales.headcount": 11, "title": "Mine"})
    for text in (mine.to_yaml(load("churn-pay")), mine.to_yaml()):
        pick = opened(text, "mine.yaml")
        assert pick.scenario() == mine and pick.scenario().title == "Mine"
        assert json.loads(json.dumps(dict(pick.changes))) == dict(pick.changes)


def test_every_shipped_company_can_be_told_from_another():
    for name in ("b2c-subscription", "b2b-two-teams"):
        assert pick_of(load(name), "b2b-saas").scenario() == load(name)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("extends: /etc/passwd\n", "files that extend shipped"),
        ("extends: ../secret.yaml\n", "files that extend shipped"),
        ("extends: b2b-sass\n", "b2b-saas"),
        ("extends: b2b-saas\nmarket: {acounts: 3}\n", "mine.yaml:2:10"),
        ("extends: b2b-saas\nmarket: [1, 2]\n", "mine.yaml:2"),
        ("a: &x [1]\nb: *x\n", ""),
        ("\x00", ""),
        ("", ""),
    ],
)
def test_a_bad_file_is_said_by_line(text, said):
    with pytest.raises(ScenarioError) as caught:
        opened(text, "mine.yaml")
    assert said in "\n".join(str(problem) for problem in caught.value.problems)


def test_a_name_cannot_lead_out_of_the_folder():
    text = "extends: b2b-saas\nhorizon_weeks: 30\n"
    assert opened(text, "../../../elsewhere/evil.yaml").scenario().horizon_weeks == 30


def test_a_pick_of_any_size_comes_back_from_its_own_word():
    """Also when it is too long for a link: the app keeps it, and says so once it does not."""
    long = "\N{SNOWMAN}" * LINK_CHARACTERS
    for text in ("short", long[:200], long):
        pick = Pick("b2b-saas").with_({"description": text})
        assert len(pick.text) <= LINK_CHARACTERS and read_pick(pick.text).scenario() == pick.scenario()
        assert read_pick(pick.text).scenario().get("description") == text
        assert pick.kept is (text is long)
        assert pick.with_({"horizon_weeks": 9}).text != pick.text == read_pick(pick.text).text
    with pytest.raises(ScenarioError, match="open its file again"):
        read_pick("kept~0")


def test_what_is_kept_is_bounded(monkeypatch):
    from flywheel_sim.app import link

    monkeypatch.setattr(link, "KEPT_BYTES", 5 * LINK_CHARACTERS)
    words = [Pick("b2b-saas").with_({"description": f"{n}" * 2 * LINK_CHARACTERS}).text for n in range(5)]
    assert read_pick(words[-1]).scenario() and read_pick(words[-2]).scenario()
    for word in words[:2]:
        with pytest.raises(ScenarioError, match="open its file again"):
            read_pick(word)


def test_a_company_is_opened_pinned_and_has_plans_laid_over_it():
    """Own files lie on one another, plans that ship and plans of one's own on them; links hold what came of it."""
    company = "extends: b2b-two-teams\ntitle: Mine\nmarket: {accounts: 900, initial_customers: 90}\n"
    mine = opened(company, "mine.yaml")
    both = laid_on(mine, "churn-pay")
    assert both.base == "b2b-two-teams+churn-pay" and both.scenario().market.accounts == 900
    assert both.scenario() == mine.scenario().plus("churn-pay") and both.scenario().title == "Mine + Churn pay"
    assert read_pick(both.text).scenario() == both.scenario()
    plan = "on: b2b-saas\ntitle: Dearer\nmarket: {price: 1.2}\n"
    over = opened(plan, "dearer.yaml", {}, both)
    assert over.scenario().market.price == 1.2 and over.scenario().market.accounts == 900
    assert {name for name, pay in over.scenario().incentives.pay.items() if "churn" in pay.on}
    assert opened(plan, "dearer.yaml").base == "b2b-saas", "alone it lies on the company it names"
    second = opened("extends: mine\nhorizon_weeks: 52\n", "second.yaml", {"mine": company})
    assert second.scenario().horizon_weeks == 52 and second.scenario().market.accounts == 900
    on_mine = opened("on: mine.yaml\nhorizon_weeks: 50\n", "p.yaml", {"mine": company})
    assert on_mine.scenario().market.initial_customers == 90 and on_mine.scenario().horizon_weeks == 50


def test_a_plan_that_does_not_fit_says_so_by_line():
    below = Pick("b2c-subscription")
    with pytest.raises(ScenarioError, match=r"plan.yaml:2:9: teams.sales: the company below has no team 'sales'"):
        opened("on: b2b-saas\nteams: {sales: {headcount: 3}}\n", "plan.yaml", {}, below)
    with pytest.raises(ScenarioError, match="open that one first"):
        opened("extends: hers\n", "mine.yaml")
    with pytest.raises(ScenarioError, match="has no team"):
        laid_on(below, "layoff")


def test_what_is_too_long_for_a_link_survives_the_end_of_the_app(tmp_path, monkeypatch):
    from flywheel_sim.app import link

    monkeypatch.setenv("FLYWHEEL_CACHE", str(tmp_path))
    pick = Pick("b2b-saas").with_({"description": "x" * 2 * LINK_CHARACTERS})
    word = pick.text
    monkeypatch.setattr(link, "_kept", link._Kept())  # as a new process has it
    assert read_pick(word).scenario() == pick.scenario()
    (file,) = (tmp_path / "app").glob("*.json")
    file.write_text(file.read_text("utf-8").replace("xx", "xy"), "utf-8")
    monkeypatch.setattr(link, "_kept", link._Kept())
    with pytest.raises(ScenarioError, match="open its file again"):
        read_pick(word)
