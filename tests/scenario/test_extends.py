"""Files that extend files."""

import pytest

from flywheel_sim.scenario import ScenarioError

BASE = """\
version: 1
title: base
weeks: 10
axes: [x, y, z]
teams:
  sales: {heads: 3}
  service: {heads: 5, skill: 2}
shop:
  accounts: 7
  graph: {kind: complete, degree: 4}
"""


def test_mappings_merge_lists_replace_and_null_takes_away(write, company):
    write(base=BASE, child="extends: base.yaml\naxes: [q, r]\nteams: {service: null, sales: {skill: 3}}\n")
    s = company("child.yaml")
    assert s.source["teams"] == {"sales": {"heads": 3, "skill": 3}}
    assert s.get("axes") == ["q", "r"] and s.get("weeks") == 10 and s.get("version") == 1
    assert s.files == ("child.yaml", "base.yaml")


def test_null_puts_a_number_back_and_is_a_value_where_none_is_allowed(write, company):
    write(base=BASE, child="extends: base.yaml\nweeks: null\nshop: {ceiling: null}\n")
    s = company("child.yaml")
    assert s.weeks == 52 and s.shop.ceiling is None


def test_positions_are_in_the_file_that_holds_the_leaf(write, company):
    write(base=BASE, child="extends: base.yaml\nshop:\n  accounts: 8\n")
    s = company("child.yaml")
    assert s.position("shop.accounts") == ("child.yaml", 3, 13)
    assert s.position("teams.sales.heads") == ("base.yaml", 6, 18)
    assert s.position("shop.churn_rate") is None


def test_a_chain_and_folders(write, company):
    top = write(base=BASE)
    (top / "sub").mkdir()
    (top / "sub" / "mid.yaml").write_text("extends: ../base.yaml\nweeks: 11\n", encoding="utf-8")
    (top / "leaf.yaml").write_text("extends: sub/mid.yaml\nshop: {accounts: 9}\n", encoding="utf-8")
    s = company("leaf.yaml")
    assert (s.weeks, s.shop.accounts) == (11, 9)
    assert s.files == ("leaf.yaml", "sub/mid.yaml", "sub/../base.yaml")


def test_a_bare_word_sets_the_kind_and_keeps_the_rest(write, company):
    write(base=BASE, child="extends: base.yaml\nshop: {graph: ring}\n")
    assert company("child.yaml").shop.graph.model_dump() == {"kind": "ring", "degree": 4}


def test_a_dict_may_extend(write, company):
    write(base=BASE)
    s = company({"extends": "base.yaml", "shop": {"accounts": 12}})
    assert s.shop.accounts == 12 and s.weeks == 10 and s.label == "base (shop.accounts=12)"


@pytest.mark.parametrize(
    ("files", "start", "message"),
    [
        (
            {"a": "extends: b.yaml", "b": "extends: c.yaml", "c": "\nextends: b.yaml"},
            "a.yaml",
            "c.yaml:2:10: extends: these files extend each other in a circle: b.yaml -> c.yaml -> b.yaml",
        ),
        (
            {"a": "extends: a.yaml"},
            "a.yaml",
            "a.yaml:1:10: extends: these files extend each other in a circle: a.yaml -> a.yaml",
        ),
        ({"a": "extends: none.yaml"}, "a.yaml", "a.yaml:1:10: extends: none.yaml: no such file"),
        (
            {"a": "extends: {b: c}"},
            "a.yaml",
            "a.yaml:1:10: extends: expected the name or path of a scenario, or a list of at most 20, got a mapping of "
            "1",
        ),
        (
            {"a": BASE, "b": "extends: a.yaml\nteams: {servce: null}"},
            "b.yaml",
            "b.yaml:2:9: teams.servce: nothing here to take away; did you mean 'service'?",
        ),
        ({"a": BASE + "talk:\n"}, "a.yaml", "a.yaml:11:1: talk: no value given; write one, or `null` to take an "
         "inherited value away"),
        ({"a": "version: 2"}, "a.yaml", "a.yaml:1:10: version: this package reads scenario format 1, this file is "
         "format 2: update with `pip install -U flywheel-sim`"),
    ],
)  # fmt: skip
def test_mistakes_in_a_chain(write, company, files, start, message):
    write(**files)
    with pytest.raises(ScenarioError) as caught:
        company(start)
    assert str(caught.value) == message


def test_a_long_chain_is_refused(write, company):
    files = {f"f{i}": f"extends: f{i + 1}.yaml" for i in range(40)}
    write(**files, f40=BASE)
    with pytest.raises(ScenarioError, match="more than 20 files"):
        company("f0.yaml")


def test_a_broken_parent_does_not_make_the_child_lack_things(write, company):
    write(base="teams: [", child="extends: base.yaml\nteams: {sales: {skill: 99}}\n")
    with pytest.raises(ScenarioError) as caught:
        company("child.yaml")
    assert [p.field for p in caught.value.problems] == ["teams.sales.skill", ""]
    assert caught.value.problems[1].file == "base.yaml"
