"""A saved result is made again to the last bit, and what is not the same is named."""

import hashlib
import inspect
import json
import pickle

import numpy as np
import pytest
from click.testing import CliRunner

import flywheel_sim as fs
from flywheel_sim import FlywheelModel
from flywheel_sim.cli import flywheel
from flywheel_sim.execute.design import Design, Point
from flywheel_sim.execute.experiment import Experiment
from flywheel_sim.execute.rerun import begun_again
from flywheel_sim.execute.rows import Rows
from flywheel_sim.execute.store import Store
from flywheel_sim.model import Team
from flywheel_sim.present.report import render
from flywheel_sim.results.run import open_run
from flywheel_sim.results.saving import ResultError, read_table, write_folder
from flywheel_sim.study.verification.reproduce import moved, reproduce

SMALL = {"market.accounts": 400, "market.initial_customers": 60, "horizon_weeks": 12}


@pytest.fixture
def saved(tmp_path):
    scenario = fs.load("b2b-saas").with_(SMALL)
    return fs.run(scenario, seed=5).save(tmp_path / "run")


def test_a_run_is_the_same_to_the_last_bit(saved):
    found = reproduce(saved)
    assert found.same and not found.changes
    assert found.numbers > 12 * 100
    assert not list(saved.parent.glob(".run*")), "nothing is left behind"


class Listens(Team):
    """A team that decides for itself."""

    def decide(self):
        return 4.0 * self.model.need


class Freeze:
    """A rule that acts through the scenario."""

    def step(self, model):
        if model.week == 3:
            model.set("teams.sales.headcount", 1)


class Watch:
    """An analyzer: it only looks."""

    def step(self, model):
        assert model.week


def modelled(week: int = 12, kind: type[FlywheelModel] = FlywheelModel, **rules: object) -> FlywheelModel:
    model = kind(fs.load("b2b-saas").with_(SMALL), rng=5, **rules)
    for _ in range(week):
        model.step()
    return model


def source_of(kind: type) -> str:
    return hashlib.sha256(inspect.getsource(kind).encode()).hexdigest()[:16]


def test_a_run_in_which_a_team_decided_names_its_class_and_no_command(tmp_path):
    made = modelled(team_class={"sales": Listens}, analyzers=[Watch()]).results()
    name = f"team {__name__}.Listens"
    assert made.provenance.rules == {name: source_of(Listens)}
    assert made.provenance.command == ""
    plain = fs.run(made.scenario, seed=5)
    assert not plain.weekly.equals(made.weekly), "no command could make it again"
    folder = made.save(tmp_path / "run")
    assert open_run(folder).provenance == made.provenance
    with pytest.raises(ResultError, match=rf"not saved with it: {name} \(source {source_of(Listens)}\); make it again"):
        reproduce(folder)
    refused = CliRunner().invoke(flywheel, ["reproduce", str(folder)])
    assert refused.exit_code == 2 and name in refused.stderr
    assert f"{name}</code>" in render(open_run(folder))


def test_what_an_intervention_did_stands_in_the_timeline_and_is_made_again(tmp_path):
    made = modelled(interventions=[Freeze()]).results()
    name = f"intervention {__name__}.Freeze"
    assert (made.provenance.rules, made.provenance.command) == ({name: source_of(Freeze)}, "")
    found = reproduce(made.save(tmp_path / "run"))
    assert found.same and name in found.sentence


def test_rules_of_the_past_are_remembered_by_forks_saved_states_and_pickles(tmp_path):
    model = modelled(4, team_class={"sales": Listens})
    model.save(tmp_path / "state.npz")
    for again in (FlywheelModel.load(tmp_path / "state.npz"), model.fork(), pickle.loads(pickle.dumps(model))):
        again.run_model()
        assert list(again.results().provenance.rules) == [f"team {__name__}.Listens"]
    assert not modelled(2, analyzers=[Watch()]).results().provenance.rules

    class Other(FlywheelModel):
        def step(self):
            super().step()

    [name] = modelled(2, Other).results().provenance.rules
    assert name.startswith("model ") and name.endswith("Other")


def test_a_run_that_was_looked_at_before_its_end_is_made_again_up_to_there(tmp_path):
    made = modelled(5).results()
    assert made.provenance.command == "", "a command makes whole runs"
    assert reproduce(made.save(tmp_path / "run")).same


def test_a_comparison_too(tmp_path):
    pair = [fs.load(name).with_(SMALL) for name in ("nps-pay", "relationship-pay")]
    folder = fs.compare(pair, replicates=3, seed=2).save(tmp_path / "comparison")
    assert reproduce(folder).same


def test_a_sweep_too_its_weekly_columns_and_what_failed_included(tmp_path):
    study = {
        "scenario": "b2b-saas", "set": SMALL, "replicates": 2, "parameters": {"teams.sales.headcount": [4, 8]},
        "outcomes": ["npv", "customers.end"], "series": ["customers"],
    }  # fmt: skip
    fs.sweep(study, tmp_path / "runs")
    found = reproduce(tmp_path / "runs")
    assert found.same and not found.changes
    assert found.numbers == 4 * (3 + 2) + 4 * 12 * 3
    assert found.then.command == f"flywheel reproduce {tmp_path / 'runs'}"
    saved = Store.open(tmp_path / "runs")
    values = saved.outcomes(np.arange(4)).copy()
    values[2, 0] += 1.0
    weekly = saved.series()
    told = Rows(np.arange(4), values, (None,) * 4, weekly["run"], weekly["week"], weekly[["customers"]].to_numpy())
    with begun_again(saved, tmp_path / "told") as other:
        other.append(told)
    again = reproduce(tmp_path / "told")
    assert [(one.table, one.column, one.rows, one.first) for one in again.moved] == [("runs", "npv", 1, 2)]
    assert again.moved[0].largest == pytest.approx(1.0, abs=1e-6)


def test_a_sweep_is_finished_before_it_is_made_again(tmp_path):
    experiment = Experiment({"base": fs.load("b2b-saas").with_(SMALL)}, outcomes=("npv",))
    Store.create(tmp_path / "runs", experiment, Design([Point({})], 2)).close()
    with pytest.raises(ResultError, match=r"2 runs are to be made.*flywheel resume"):
        reproduce(tmp_path / "runs")


def test_what_moved_is_named_and_measured(saved):
    manifest = json.loads((saved / "manifest.json").read_text())
    manifest["provenance"]["engine"] = "another"
    tables = {name: read_table(saved, name) for name in manifest["tables"]}
    cash = tables["weekly"]["cash"].copy()
    cash[7:] += 100.0
    tables["weekly"] |= {"cash": cash, "gone": cash}
    saved = write_folder(saved.with_name("of-other-code"), manifest, tables)
    found = reproduce(saved)
    assert not found.same
    assert [(one.column, one.rows, one.first) for one in found.moved] == [("cash", 5, 7)]
    assert found.moved[0].largest == pytest.approx(100.0)
    assert found.missing == ("weekly.gone",)
    assert found.changes["engine"][0] == "another"
    answer = CliRunner().invoke(flywheel, ["reproduce", str(saved), "--json", "--quiet"])
    assert answer.exit_code == 1
    assert json.loads(answer.output)["data"]["moved"][0]["column"] == "cash"
    assert "cash" in CliRunner().invoke(flywheel, ["reproduce", str(saved), "--quiet"]).output


def test_from_the_command_line(saved, tmp_path):
    answer = CliRunner().invoke(flywheel, ["reproduce", str(saved), "--quiet"])
    assert answer.exit_code == 0 and "same to the last bit" in answer.output
    assert CliRunner().invoke(flywheel, ["reproduce", str(tmp_path / "nothing")]).exit_code == 2
    with pytest.raises(ResultError):
        reproduce(tmp_path)


def test_bits_not_numbers():
    assert moved("t", "c", np.array([0.0]), np.array([-0.0])) is not None
    assert moved("t", "c", np.array([1]), np.array([3])).largest == 2
    assert moved("t", "c", np.array(["a"]), np.array(["a"])) is None
    assert moved("t", "c", np.array([1.0]), np.array([1.0, 2.0])).rows == 1
