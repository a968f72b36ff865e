"""All mistakes at once, each with its place and a way out."""

import re

import pytest

from flywheel_sim.scenario import ScenarioError, load
from flywheel_sim.scenario.errors import Problem, nearest


def lines(company, spec):
    with pytest.raises(ScenarioError) as caught:
        company(spec)
    return str(caught.value).splitlines()


def test_three_typos_in_two_files_at_once(write, company):
    write(
        base="teams:\n  sales: {heads: 3}\nshop:\n  acounts: 3\n",
        child="extends: base.yaml\nwekks: 3\nshop:\n  churn_rate: 5%\n  graph: {kind: rign}\n",
    )
    assert lines(company, "child.yaml") == [
        "child.yaml:2:1: wekks: unknown name 'wekks'; did you mean 'weeks'?",
        "child.yaml:4:15: shop.churn_rate: expected a number between 0 and 1 (probability), got '5%'; "
        "did you mean 0.05?",
        "child.yaml:5:17: shop.graph.kind: expected 'ring' or 'complete', got 'rign'; did you mean 'ring'?",
        "base.yaml:4:3: shop.acounts: unknown name 'acounts'; did you mean 'accounts'?",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("churn_rate: 0.2", "f.yaml:1:1: churn_rate: unknown name 'churn_rate' here; did you mean 'shop.churn_rate'?"),
        ("shop.accounts: 3", "f.yaml:1:1: shop.accounts: unknown name 'shop.accounts'; in a file or a dict blocks "
         "stand inside one another: shop: {accounts: ...}"),
        ("shop: {graph.kind: ring}", "f.yaml:1:8: shop.graph.kind: unknown name 'graph.kind'; in a file or a dict "
         "blocks stand inside one another: graph: {kind: ...}"),
        ("teams.sales.heads: 3", "f.yaml:1:1: teams.sales.heads: unknown name 'teams.sales.heads'; in a file or a dict "
         "blocks stand inside one another: teams: {sales: {heads: ...}}"),
        ("shop: {enabled: yes}", "f.yaml:1:17: shop.enabled: expected true or false, got 'yes'; did you mean true?"),
        ("shop: {enabled: 1}", "f.yaml:1:17: shop.enabled: expected true or false, got 1"),
        ("weeks: 2.5", "f.yaml:1:8: weeks: expected a whole number of at least 1 (weeks), got 2.5"),
        ("weeks: 1_000", "f.yaml:1:8: weeks: expected a whole number of at least 1 (weeks), got '1_000'; "
         "did you mean 1000?"),
        ("weeks: true", "f.yaml:1:8: weeks: expected a whole number of at least 1 (weeks), got true"),
        ("shop: 3", "f.yaml:1:7: shop: expected a mapping of settings, got 3"),
        ("axes: x", "f.yaml:1:7: axes: expected a list of texts, got 'x'"),
        ("axes: [x, 3]", "f.yaml:1:11: axes.1: expected text, got 3"),
        ("title: 3", "f.yaml:1:8: title: expected text, got 3"),
        ("teams: {sales: {}}", "f.yaml:1:9: teams.sales.heads: missing, expected a whole number of at least 0 (heads)"),
        ("teams: {sales: {heads: 1}, sale: {skill: 2}}", "f.yaml:1:28: teams.sale.heads: missing for the new entry "
         "'sale', expected a whole number of at least 0 (heads); did you mean 'sales'?"),
        ("teams: {a.b: {heads: 1}}", "f.yaml:1:9: teams: expected a name without dots, got 'a.b'"),
        ('teams: {"a\\e[31m": {heads: 1}}',
         "f.yaml:1:9: teams: expected a name of visible characters, got 'a\\x1b[31m'"),
        ('teams: {"a\\nb": {heads: 1}}', "f.yaml:1:9: teams: expected a name of visible characters, got 'a\\nb'"),
        ('teams: {"a\\u2028b": {heads: 1}}',
         "f.yaml:1:9: teams: expected a name of visible characters, got 'a\\u2028b'"),
        ('title: "a\\0b"', "f.yaml:1:8: title: expected text without control characters, got 'a\\x00b'"),
        ('axes: [x, "\\e]0;y\\a"]', "f.yaml:1:7: axes: expected text without control characters, got '\\x1b]0;y\\x07'"),
        ("- a", "f.yaml:1:1: expected a mapping (name: value, one per line), got a list of 1"),
        ("just words", "f.yaml:1:1: expected a mapping (name: value, one per line), got 'just words'"),
    ],
)  # fmt: skip
def test_in_plain_words(write, company, text, message):
    write(f=text)
    assert lines(company, "f.yaml") == [message]


def test_a_name_that_does_not_exist_is_found_beside_other_mistakes(write, company):
    write(f="boss: salez\nweeks: x\nteams: {sales: {heads: 1}}\nwekks: 1")
    assert [line.split(": ")[1] for line in lines(company, "f.yaml")] == ["boss", "weeks", "wekks"]
    assert lines(company, "f.yaml")[0].endswith("did you mean 'sales'?")


def test_a_repair_invents_no_mistakes(write, company):
    write(f="boss: sales\nteams: {sales: {heads: x}}")
    assert [line.split(": ")[1] for line in lines(company, "f.yaml")] == ["teams.sales.heads"]


def test_reading_and_checking_are_reported_together(write, company):
    write(f="weeks: &a 3\nboss: *a\nshop: {accounts: .nan, enabled: on}\n")
    assert [line.split(": ")[1] for line in lines(company, "f.yaml")] == [
        "weeks",
        "boss",
        "shop.accounts",
        "shop.enabled",
    ]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (3, "expected a name, a path, a dict or a Scenario, got 3"),
        (None, "expected a name, a path, a dict or a Scenario, got nothing"),
        ({}, "expected settings, got an empty dict"),
        ("", "expected a name or a path, got ''"),
        ("missing.yaml", "missing.yaml: no such file"),
        ("no/such", "neither a shipped scenario nor a file: 'no/such'; see `flywheel scenario list`"),
        ({"weeks": float("nan")}, "weeks: expected a finite number, got nan"),
        ({"weeks": {1: 2}}, "weeks: expected names as text, got 1"),
        ({"weeks": object}, "weeks: expected numbers, texts, lists and mappings, got type"),
    ],
)
def test_what_load_is_given(write, company, spec, message):
    write()
    assert lines(company, spec)[0] == message
    with pytest.raises(ScenarioError):
        load(spec)


def test_a_dict_that_holds_itself(company):
    spec: dict[str, object] = {"weeks": 1}
    spec["shop"] = spec
    assert any("nested deeper than 20" in line for line in lines(company, spec))


def test_paths_that_cannot_be(company):
    assert "no such file" in lines(company, "a\0.yaml")[0]
    assert len(lines(company, "a" * 5000 + ".yaml")) == 1


def test_an_error_survives_pickling():
    import pickle

    error = ScenarioError([Problem("f", 1, 2, "a.b", "wrong", "b")])
    assert pickle.loads(pickle.dumps(error)).problems == error.problems
    assert error.problems[0].as_dict() == {
        "file": "f", "line": 1, "column": 2, "field": "a.b", "message": "wrong", "suggestion": "b",
    }  # fmt: skip


def test_nearest_ignores_case_and_dashes():
    assert nearest("Churn-Rate", ["churn_rate", "chunk"]) == "churn_rate"


@pytest.mark.parametrize(
    ("lines", "where"),
    [
        ("extends: b2b-two-teams\ntitle: {a: 1}\n", "mine.yaml:2:8: title: expected text"),
        ("extends: b2b-two-teams\njourney: {touchpoints: {help: {owner: {a: 1}}}}\n", "owner: expected text"),
        ("", "mine.yaml:1:1: the file is empty"),
    ],
)
def test_what_is_laid_over_a_wrong_file_does_not_hide_what_is_wrong(lines, where, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(lines)
    with pytest.raises(ScenarioError, match=re.escape(where)):
        load("mine.yaml+churn-pay")
