"""The list of faults fits the sources, and the recorded results fit the list (`python -m tests.faults.run`)."""

import ast
from collections import Counter

import pytest

from flywheel_sim.scenario.schema import MECHANISMS
from tests.faults.run import control_of, last_trials, lines_of
from tests.faults.sources import ROOT, Edit, Fault, place_of, put_in, read_faults
from tests.faults.trials import COMPANIES, Kinds, companies

FAULTS = read_faults()


def test_there_are_many_faults_of_all_kinds():
    assert len(FAULTS) >= 30
    assert {fault.mechanism for fault in FAULTS} - {"luck"} <= set(MECHANISMS)
    assert len({fault.mechanism for fault in FAULTS}) >= 15
    assert max(Counter(fault.text for fault in FAULTS).values()) == 1, "no fault stands twice"


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_a_fault_fits_the_sources(fault):
    """Its texts stand once where it says, in engine and replica, or in what both read."""
    for edit in fault.edits:
        place_of((ROOT / edit.file).read_text("utf-8").split("\n"), edit.old)
        assert edit.old != edit.new
    sides = {edit.file.split("/")[1] for edit in fault.edits}
    assert sides == {"engine", "replica"} or fault.name in ("noise-not-squared", "price-weights-not-scaled")
    for suspect in fault.suspects:
        file, _, test = suspect.partition("::")
        path = ROOT / "tests" / file
        tree = ast.parse((path if path.suffix else path.with_suffix(".py")).read_text("utf-8"))
        names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert not test or test.partition("[")[0] in names, suspect


def test_faulty_sources_are_programs(tmp_path):
    """All faults at once, chosen by number, and each one alone."""
    files = sorted({edit.file for fault in FAULTS for edit in fault.edits})

    def fresh():
        for name in files:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes((ROOT / name).read_bytes())

    fresh()
    put_in(tmp_path, FAULTS, chosen_by_number=True)
    for name in files:
        told = (tmp_path / name).read_text("utf-8")
        ast.parse(told)
        for fault in FAULTS:
            count = sum(edit.file == name for edit in fault.edits)
            assert told.count(f"if FAULT[0] == {fault.number}:") == count
    for fault in FAULTS:
        fresh()
        put_in(tmp_path, [fault], chosen_by_number=False)
        for edit in fault.edits:
            changed = (tmp_path / edit.file).read_text("utf-8")
            ast.parse(changed)
            assert changed != (ROOT / edit.file).read_text("utf-8")


def test_a_place_must_be_the_only_one():
    lines = ["def f():", "    x = 1", "    if x:", "        x = 1"]
    assert place_of(lines, "if x:\n    x = 1") == (2, 2)
    for block in ("x = 1", "x = 2"):
        with pytest.raises(ValueError, match="times"):
            place_of(lines, block)


def test_recorded_results_are_those_of_the_list_and_every_fault_is_caught():
    trials = last_trials()
    assert list(trials) == [fault.name for fault in FAULTS], "run: python -m tests.faults.run"
    kinds = set(Kinds().rules)
    for fault in FAULTS:
        line = trials[fault.name]
        assert line["text"] == fault.text, f"{fault.name} has changed; run: python -m tests.faults.run {fault.name}"
        assert line["agrees"] and line["shows_in"] > 0, f"{fault.name} is not in engine and replica"
        assert line["caught_by"] and line["kind"] in kinds, f"{fault.name} is not caught"
        file, _, test = line["caught_by"].partition("::")
        assert f"def {test.partition('[')[0]}(" in (ROOT / file).read_text("utf-8"), line["caught_by"]
    assert control_of(lines_of())["caught_by"] is None, "without a fault nothing may be caught"


def test_a_fault_keeps_its_text_when_variables_are_renamed_or_statements_move():
    def text(file, old, new):
        return Fault(1, "x", "", "M1", (Edit(file, old, new),), ()).text

    right = text("a.py", "kick = math.sqrt(2.0 * noise * dt)", "kick = math.sqrt(noise * dt)")
    assert right == text("b.py", "push = math.sqrt(2.0 * noise * step)", "push = math.sqrt(\n    noise * step\n)")
    assert right != text("a.py", "kick = math.sqrt(2.0 * noise * dt)", "kick = math.sqrt(noise * noise)")
    assert right != text("a.py", "kick = math.sqrt(3.0 * noise * dt)", "kick = math.sqrt(noise * dt)")
    assert right != text("a.py", "kick = math.exp(2.0 * noise * dt)", "kick = math.exp(noise * dt)")


def test_every_company_of_the_trials_is_legal():
    assert len(companies()) == len(COMPANIES)
