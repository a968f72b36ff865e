"""Evidence marks have one vocabulary."""

from typing import get_args

from flywheel_sim.results import assumptions
from flywheel_sim.scenario.fields import EVIDENCE, Evidence
from flywheel_sim.scenario.library import shipped_path
from flywheel_sim.scenario.loading import load
from flywheel_sim.scenario.template import template


def test_every_mark_has_words_and_all_use_the_same():
    assert set(EVIDENCE) == set(get_args(Evidence))
    assert {mark: assumptions.EVIDENCE[mark] for mark in EVIDENCE} == EVIDENCE
    text = template("Mine", "b2b-saas", load("b2b-saas"))
    for mark, words in EVIDENCE.items():
        assert f"{mark} {words}" in text.replace("\n# ", " ")
        assert f"{mark} {words}" in (shipped_path() / "companies" / "b2b-saas.yaml").read_text("utf-8")
