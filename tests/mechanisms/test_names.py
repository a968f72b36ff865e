"""Scenario block, kernel and test of a mechanism share one name."""

import re
from pathlib import Path

import flywheel_sim
from flywheel_sim.scenario.schema import MECHANISMS

PACKAGE = Path(flywheel_sim.__file__).parent
NAME = re.compile(r"m\d\d_[a-z_]+")


def names(folder, prefix=""):
    found = {path.stem.removeprefix(prefix) for path in folder.glob(f"{prefix}m*.py")}
    return {name for name in found if NAME.fullmatch(name)}


def test_blocks_kernels_and_tests_agree():
    stated = {f"m{int(number[1:]):02d}_{block}" for number, block in MECHANISMS.items()}
    kernels = names(PACKAGE / "engine" / "mechanisms")
    assert kernels >= stated
    assert {name[:3] for name in kernels} == {name[:3] for name in stated}, "more files of a mechanism carry its number"
    assert names(PACKAGE / "scenario" / "blocks") == stated
    tests = names(Path(__file__).parent, "test_")
    assert tests >= stated
    assert {name[:3] for name in tests} == {name[:3] for name in stated}, "more tests of a mechanism carry its number"


def test_every_mechanism_says_how_it_is_switched_off():
    for path in (PACKAGE / "engine" / "mechanisms").glob("m*.py"):
        text = path.read_text(encoding="utf-8")
        assert "Neutral setting" in text or "never cause anything" in text, path.name


def test_every_block_has_a_switch():
    from flywheel_sim.scenario.schema import ScenarioModel

    for block in MECHANISMS.values():
        assert "enabled" in ScenarioModel.model_fields[block].annotation.model_fields, block
