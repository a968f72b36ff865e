"""The what-ifs in ``scenarios/examples``: each says what came out, and it comes out again under luck of its own."""

import importlib.util
import math
from pathlib import Path

import pytest

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
