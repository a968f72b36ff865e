"""The scenario itself: immutable, hashed by meaning, edited by dotted paths, written and read back."""

import copy
import pickle
from collections.abc import Iterable, Sized

import numpy as np
import pytest

from flywheel_sim.scenario import Scenario, ScenarioError, load
from flywheel_sim.scenario.reading import parse, plain

TEXT = """\
title: A shop
weeks: 20
boss: sales
teams:
  sales: {heads: 3, skill: 1.5}
  service: {heads: 5}
shop: {accounts: 7, churn_rate: 1e-7}
"""


@pytest.fixture
def shop(write, company):
    write(shop=TEXT)
    return company("shop.yaml")


def test_blocks_are_attributes_and_nothing_changes(shop):
    assert shop.shop.accounts == 7 and shop.teams["sales"].heads == 3
    assert (shop.name, shop.title, shop.files) == ("shop", "A shop", ("shop.yaml",))
    with pytest.raises(AttributeError, match="with_"):
        shop.weeks = 3
    with pytest.raises(AttributeError, match="did you mean 'weeks'"):
        _ = shop.weks
    shop.source["weeks"] = shop.resolved()["weeks"] = 99
    shop.get("teams")["sales"] = None
    assert shop.get("weeks") == 20 and shop.get("teams.sales.heads") == 3


def test_nothing_inside_changes_either(shop):
    for change in (
        lambda: shop.teams.update(x=1),
        lambda: shop.model.teams.__setitem__("x", 1),
        lambda: shop.axes.append("c"),
        lambda: shop.with_({"weeks": 3}).teams.clear(),
    ):
        with pytest.raises(TypeError, match="cannot be changed"):
            change()
    assert shop.teams == {**shop.teams} and shop.axes == ["a", "b"]
    assert pickle.loads(pickle.dumps(shop.model)) == copy.deepcopy(shop.model) == shop.model


def test_not_iterable_and_without_length(shop):
    assert not isinstance(shop, Iterable) and not isinstance(shop, Sized)
    with pytest.raises(TypeError):
        iter(shop)


def test_hash_is_the_meaning_not_the_writing(write, company, shop):
    write(
        other="shop: {churn_rate: 0.0000001, accounts: 7.0}\nteams: {service: {skill: 1, heads: 5}, "
        "sales: {skill: 1.5, heads: 3}}\nweeks: 2e1\nboss: sales\ntitle: Another\n"
    )
    other = company("other.yaml")
    assert other == shop and hash(other) == hash(shop) and other.name != shop.name
    assert list(other.model.teams) == list(shop.model.teams), "equal scenarios must give equal runs"
    assert len(shop.hash) == 64 and shop.with_({"weeks": 21}) != shop


def test_known_teams_keep_their_place_when_one_is_added(shop):
    more = shop.with_({"teams.analytics": {"heads": 1}, "teams.marketing": {"heads": 1}})
    assert list(more.model.teams) == ["marketing", "sales", "service", "analytics"]


def test_with_sets_and_goes_back(shop):
    changed = shop.with_(
        {"teams.sales.heads": 12, "shop.graph.degree": np.int64(2), "shop.churn_rate": np.float32(0.5)}
    )
    assert (changed.teams["sales"].heads, changed.teams["sales"].skill) == (12, 1.5)
    assert changed.shop.graph.degree == 2 and changed.shop.churn_rate == 0.5
    assert shop.teams["sales"].heads == 3, "the parent must not change"
    back = changed.with_({"teams.sales.heads": 3, "shop.graph.degree": 8, "shop.churn_rate": 1e-7})
    assert back == shop and back.changes["teams.sales.heads"] == 3
    assert shop.with_({}) == shop


def test_a_mapping_replaces_and_none_takes_away(shop):
    assert shop.with_({"teams.sales": {"heads": 1}}).teams["sales"].skill == 1.0
    assert list(shop.with_({"teams.service": None}).teams) == ["sales"]
    assert shop.with_({"weeks": None}).weeks == 52
    assert shop.with_({"shop.ceiling": None}).shop.ceiling is None
    both = shop.with_({"teams.new.skill": 2, "teams.new": {"heads": 4}})
    assert both.teams["new"].model_dump() == {"heads": 4, "skill": 2.0}


def test_with_changes_only_what_it_names(shop):
    """`talk` has a default that is not the default of its block."""
    assert shop.with_({"talk.kind": "complete"}).get("talk") == {"kind": "complete", "degree": 3}
    assert shop.with_({"talk": "complete"}).get("talk") == {"kind": "complete", "degree": 3}
    assert shop.with_({"axes.1": "c"}).get("axes") == ["a", "c"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shop.acounts": 3}, "shop.acounts: unknown name 'acounts'; did you mean 'shop.accounts'?"),
        ({"sohp.accounts": 3}, "sohp.accounts: unknown name 'sohp'; did you mean 'shop.accounts'?"),
        ({"accounts": 3}, "accounts: unknown name 'accounts' here; did you mean 'shop.accounts'?"),
        ({"teams.sale.heads": 3}, "teams.sale.heads: unknown name 'sale'; did you mean 'teams.sales.heads'?"),
        ({"teams.xyz.heads": 3}, "teams.xyz.heads: no 'xyz' in teams, which has: sales, service"),
        ({"teams.servce": None}, "teams.servce: unknown name 'servce'; did you mean 'teams.service'?"),
        ({"weeks.x": 3}, "weeks.x: there is nothing inside 'weeks' of that name"),
        ({"axes.5": "c"}, "axes.5: there is nothing inside 'axes' of that name"),
        (
            {"shop": [1], "shop.graph.kind": "ring"},
            "shop.graph.kind: there is nothing inside 'shop' of that name\n"
            "shop: expected a mapping of settings, got a list of 1",
        ),
        ({"": 3}, "expected a dotted path such as 'market.accounts'"),
        ({"weeks": "x"}, "weeks: expected a whole number of at least 1 (weeks), got 'x'"),
        (
            {"teams.service": {"skill": 2}},
            "teams.service.heads: missing, expected a whole number of at least 0 (heads)",
        ),
        ({"teams.sales": None}, "shop.yaml:3:7: boss: unknown team 'sales'"),
    ],
)
def test_paths_that_do_not_exist_and_values_that_do_not_fit(shop, changes, message):
    with pytest.raises(ScenarioError) as caught:
        shop.with_(changes)
    assert str(caught.value) == message


def test_every_mistake_of_an_edit_at_once(shop):
    with pytest.raises(ScenarioError) as caught:
        shop.with_({"shop.acounts": 3, "weeks": 0, "axes.7": "c"})
    assert sorted(p.field for p in caught.value.problems) == ["axes.7", "shop.acounts", "weeks"]


def test_get_names_the_nearest_path(shop):
    assert shop.get("shop.graph") == {"kind": "ring", "degree": 8} and shop.get("axes.0") == "a"
    with pytest.raises(ScenarioError, match=r"did you mean 'shop.graph.degree'"):
        shop.get("shop.grpah.degree")


def test_yaml_reads_back_to_the_same_hash(write, company, shop):
    odd = shop.with_({"title": "no: #1 'é' \n", "boss": "", "teams": {"on": {"heads": 1}, "1": {"heads": 2}}})
    for s in (shop, odd):
        write(whole=s.to_yaml(), part=s.to_yaml(shop))
        assert company("whole.yaml") == s and company("part.yaml") == s
        assert company("whole.yaml").title == s.title
    assert company(plain(parse(odd.to_yaml()))) == odd
    assert plain(parse(shop.to_yaml(shop))) == {"version": 1, "extends": "shop.yaml"}


def test_only_what_was_read_can_be_a_base(shop):
    with pytest.raises(ScenarioError, match="extend the scenario it came from"):
        shop.to_yaml(shop.with_({"weeks": 3}))


def test_copies_and_pickles(shop):
    changed = shop.with_({"weeks": 3})
    for twin in (copy.copy(changed), copy.deepcopy(changed), pickle.loads(pickle.dumps(changed))):
        assert isinstance(twin, Scenario) and twin == changed and twin.changes == {"weeks": 3}
        assert twin.position("teams.sales.heads") == shop.position("teams.sales.heads")


def test_load_returns_a_scenario_as_it_is(shop):
    assert load(shop) is shop
