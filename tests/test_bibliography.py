"""Every source mark leads to a reference that ships."""

import importlib.util
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from flywheel_sim.cli import flywheel
from flywheel_sim.scenario import load, scenarios, shipped_path
from flywheel_sim.scenario.bibliography import RATINGS, bibliography, marks_in
from flywheel_sim.scenario.marks import mark_of
from flywheel_sim.scenario.schema import ScenarioModel
from flywheel_sim.scenario.shapes import along, every_path, root
from flywheel_sim.study.claims.table import claim_table
from flywheel_sim.study.explain import explain
from flywheel_sim.theory import ANCHORS

ROOT = Path(__file__).parents[1]
MARK = re.compile(r"\b[SA]\d{1,2}\b")


def test_facts_forms_and_texts_are_all_there():
    wanted = {f"S{n}" for n in range(1, 41)} | {f"A{n}" for n in range(1, 31)} | {f"00{n}" for n in range(5)}
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


def test_every_mark_in_a_shipped_file_and_in_the_schema_leads_somewhere():
    """Comments, sources of bands, and what the schema says of its own values: facts, forms, texts and claims."""
    known = set(bibliography()) | set(claim_table())
    said = {}
    for folder in ("scenarios", "experiments"):
        for path in sorted(shipped_path(folder).rglob("*.yaml")):
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
                found = mark_of(line)
                text = line.partition("#")[2] + (found[1] if found else "") + line.partition("source:")[2]
                said[f"{path.name}:{number}"] = text
    for path in every_path(ScenarioModel):
        shape = along(root(ScenarioModel), path)
        if shape is not None and shape.field is not None:
            said[".".join(path)] = f"{shape.field.description} {shape.extra.get('source', '')}"
    used = {place: marks for place, text in said.items() if (marks := set(re.findall(r"\b[SAC]\d{1,2}\b", text)))}
    assert len(used) > 100
    assert {place: marks - known for place, marks in used.items() if marks - known} == {}
    for name in scenarios():
        for path, (_, source) in load(name).marks.items():
            assert set(re.findall(r"\b[SAC]\d{1,2}\b", source)) <= known, f"{name}: {path}"


def test_a_reference_is_whole_or_says_that_it_has_not_been_looked_up():
    """Author, year in brackets, title, and where it appeared: anything less begins with "As cited"."""
    whole = re.compile(r"[^(]+ \((?:19|20)\d\d\)\. \S.+[.?] \S.+")
    own = ("A derivation of this project", "Erlang's delay formula")
    for source in bibliography().values():
        for reference in source.references:
            assert reference.startswith(("As cited: ", *own)) or whole.fullmatch(reference), reference


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
