"""Every source mark leads to a reference that ships."""

import importlib.util
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from flywheel_sim.cli import flywheel
from flywheel_sim.scenario.bibliography import RATINGS, bibliography, marks_in
from flywheel_sim.scenario.schema import ScenarioModel
from flywheel_sim.scenario.shapes import along, every_path, root
from flywheel_sim.study.claim_table import claim_table
from flywheel_sim.study.explain import explain
from flywheel_sim.theory import ANCHORS

ROOT = Path(__file__).parents[1]
MARK = re.compile(r"\b[SA]\d{1,2}\b")


def test_facts_forms_and_texts_are_all_there():
    wanted = {f"S{n}" for n in range(1, 29)} | {f"A{n}" for n in range(1, 30)} | {f"00{n}" for n in range(5)}
    assert set(bibliography()) == wanted
    for source in bibliography().values():
        assert source.references and source.rating in RATINGS
        assert source.fact or source.mark in ANCHORS


def test_no_setting_and_no_claim_names_a_source_that_is_not_there():
    said = []
    for path in every_path(ScenarioModel):
        shape = along(root(ScenarioModel), path)
        said.append(str(shape.extra.get("source") or "") if shape is not None else "")
    for claim in claim_table().values():
        said += [*claim.facts, *claim.anchors, *claim.text]
        assert set(marks_in(" ".join(claim.text))) == set(claim.text)
    found = set(MARK.findall(" ".join(said)))
    assert len(found) > 30 and found <= set(bibliography())


@pytest.mark.parametrize("mark", ["S11", "s3", "A26", "002", "C37", "market.churn.mean"])
def test_explain_leads_to_the_reference(mark):
    assert explain(mark).references
    told = CliRunner().invoke(flywheel, ["explain", mark])
    assert told.exit_code == 0 and "From" in told.stdout and explain(mark).references[0][:20] in told.stdout


def test_a_source_says_what_rests_on_it():
    source = explain("S24")
    assert source.kind == "source" and "market.churn.mean" in dict(source.facts)["settings"]
    assert dict(source.facts)["rating"] == "C: a vendor"
    assert dict(explain("004").claims)


def test_the_page_is_made_from_the_bibliography():
    spec = importlib.util.spec_from_file_location("make_bibliography", ROOT / "docs" / "make_bibliography.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.TARGET.read_text("utf-8") == module.page(), "run: python docs/make_bibliography.py"
