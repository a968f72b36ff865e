"""What comes with the package."""

from pathlib import Path

import pytest

from flywheel_sim.scenario import ScenarioError, library, load, scenarios, shipped_path
from flywheel_sim.scenario.editor import json_schema
from flywheel_sim.scenario.reading import parse, plain
from flywheel_sim.scenario.schema import ScenarioModel

NAMES = list(scenarios())


def test_names_follow_folders():
    for name, entry in scenarios().items():
        assert entry.path.is_file() and name == ("limits/" if entry.kind == "limit" else "") + entry.path.stem
    stems = [path.stem for path in shipped_path().glob("*/*.yaml") if path.parent.name not in ("limits", "data")]
    assert len(stems) == len(set(stems)), "two shipped scenarios have one name"


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_scenario_loads_and_reads_back(name):
    s = load(name)
    assert s.name == name and s.title != name, "a shipped scenario has a title"
    assert load(plain(parse(s.to_yaml()))) == s
    assert load(scenarios()[name].path) == s


def test_hashes_tell_shipped_scenarios_apart():
    hashes: dict[str, str] = {}
    for name in NAMES:
        assert hashes.setdefault(load(name).hash, name) == name


@pytest.mark.parametrize("name", NAMES)
def test_the_editor_schema_accepts_the_file(name):
    import jsonschema

    values = plain(parse(scenarios()[name].path.read_text(encoding="utf-8")))
    jsonschema.Draft202012Validator(json_schema(ScenarioModel)).validate(values)


def test_a_path_only_when_it_looks_like_one(tmp_path, monkeypatch):
    """A folder or file here does not shadow a shipped name; a shipped name does not shadow a path."""
    folder = tmp_path / "installed" / "scenarios"
    for name in ("companies/b2b-saas", "limits/a01-bass"):
        path = folder / f"{name}.yaml"
        path.parent.mkdir(parents=True)
        path.write_text("title: T\nsegments: {all: {need: {value: 1}}}\n", encoding="utf-8")
    monkeypatch.setattr(library, "_PACKAGE", folder.parent / "flywheel_sim")
    monkeypatch.chdir(tmp_path)
    Path("b2b-saas").mkdir()
    Path("limits").mkdir()
    Path("limits/a01-bass").write_text("horizon_weeks: 3", encoding="utf-8")
    Path("b2b-saas.yaml").write_text("extends: b2b-saas\nhorizon_weeks: 7\n", encoding="utf-8")
    assert load("b2b-saas").files[0] == "b2b-saas"
    assert load("b2b-saas.yaml").horizon_weeks == 7
    assert load("./b2b-saas.yaml").files[:2] == ("./b2b-saas.yaml", "b2b-saas")
    assert load("limits/a01-bass").title == "T"
    assert {name: entry[:2] for name, entry in scenarios().items()} == {
        "b2b-saas": ("T", "company"),
        "limits/a01-bass": ("T", "limit"),
    }
    with pytest.raises(ScenarioError, match="did you mean 'b2b-saas'"):
        load("b2b-sas")
    with pytest.raises(ScenarioError, match="did you mean 'limits/a01-bass'"):
        load("limits/a01-bas")


def test_data_is_found_or_said_to_be_missing():
    assert shipped_path("scenarios").is_dir()
    with pytest.raises(FileNotFoundError, match="came without"):
        shipped_path("no-such-folder")


@pytest.mark.parametrize("name", [name for name, entry in scenarios().items() if entry.kind == "company"])
def test_base_cases_are_as_they_were_frozen_and_meet_their_targets(name):
    company = load(name)
    if company.model.observed.file:
        return  # fitted to its own data instead
    frozen = company.model.frozen
    assert frozen.hash == company.hash, f"edited since: flywheel scenario freeze scenarios/companies/{name}.yaml"
    assert frozen.replicates >= 40 and frozen.targets
    for quantity, target in frozen.targets.items():
        assert target.low <= target.achieved <= target.high, quantity
        assert target.error > 0
