"""The what-ifs in ``scenarios/examples``: each says what came out, and it comes out again under luck of its own."""

import importlib.util
import math
from pathlib import Path

import pytest
from ruamel.yaml import YAML

import flywheel_sim as fs

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("make_what_ifs", ROOT / "docs" / "make_what_ifs.py")
made = importlib.util.module_from_spec(spec)
spec.loader.exec_module(made)
EXAMPLES = made.files()
PAIRS, FRESH = 6, 7


def test_there_are_fifteen_or_more_and_they_are_listed():
    assert len(EXAMPLES) >= 15
    assert {name for name, entry in fs.scenarios().items() if entry.kind == "example"} == set(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_what_if_comes_out_as_it_says(name):
    path = EXAMPLES[name]
    verdict, pairs, told = made.read(path)
    assert pairs == made.PAIRS and made.why(path), "every example says in a sentence why"
    assert verdict == made.verdict(*told["npv"])
    found = made.differences(name, PAIRS, FRESH)
    for outcome, (mean, error) in told.items():
        # few pairs know their own spread badly, so what many said of it is taken; where a queue runs away in one pair
        # of twelve, the many may have met none, and the few know better
        spread = max(error * math.sqrt(pairs), float(found[outcome].std(ddof=1)))
        off = math.hypot(error, spread / math.sqrt(PAIRS))
        here = float(found[outcome].mean())
        assert abs(here - mean) <= 4 * off + 1e-12, (outcome, here, mean, off)
        if abs(mean) > 4 * off:
            assert here * mean > 0, outcome


def test_the_page_of_what_ifs_is_made_from_the_files():
    text = made.TARGET.read_text("utf-8")
    assert text == made.page(text), "run: python docs/make_what_ifs.py"


def test_plans_for_heads_start_from_the_heads_there_are():
    """A third fewer, fifteen in a hundred, one more a quarter: of the company as it is now, to a tenth of a head."""
    base = fs.load("b2b-saas")
    heads = {name: base.get(f"teams.{name}.headcount") for name in base.get("teams")}

    def planned(name):
        changes = fs.load(f"b2b-saas+{name}").get("timeline.changes")
        return [one["set"] for one in changes.values()]

    (fewer,) = planned("fewer-in-support")
    assert fewer == {"teams.service.headcount": pytest.approx(heads["service"] * 2 / 3, abs=0.05)}
    (layoff,) = planned("layoff")
    assert layoff == {f"teams.{name}.headcount": pytest.approx(0.85 * n, abs=0.05) for name, n in heads.items()}
    plan = [one["teams.service.headcount"] for one in planned("hiring-plan")]
    assert plan == pytest.approx([heads["service"] + k for k in (1, 2, 3)])


def test_half_a_million_is_what_the_mix_may_cost_beyond_today():
    study = YAML(typ="safe").load(ROOT / "experiments" / "sweeps" / "budget-mix.yaml")
    base, (limit,) = fs.load("b2b-saas"), study["search"]["constraints"]
    assert {path: one["range"][0] for path, one in study["parameters"].items()} == {
        path: base.get(path) for path in study["parameters"]
    }
    today = sum(weight * base.get(path) for path, weight in limit["sum"].items())
    assert limit["at_most"] - today == pytest.approx(500_000)
