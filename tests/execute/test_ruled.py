"""Python that takes part in runs, by its importable name: the same runs as the model's own, in every way of running."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from own_rules import Dismiss, Listens

import flywheel_sim as fs
from flywheel_sim.cli import flywheel
from flywheel_sim.execute import ruled
from flywheel_sim.execute.ruled import Rules, rules
from flywheel_sim.results import ResultError
from flywheel_sim.scenario import ScenarioError

SMALL = {"market.accounts": 200, "market.initial_customers": 40, "horizon_weeks": 12}
BASE = fs.load("b2b-saas").with_(SMALL)
BOTH = {"interventions": ["own_rules:Dismiss"], "team_class": {"service": "own_rules:Listens"}}


def by_hand(scenario=BASE, seed=1, replicate=0):
    model = fs.FlywheelModel(
        scenario, seed, replicate=replicate, interventions=[Dismiss()], team_class={"service": Listens}
    )
    model.run_model()
    return model.results()


def same(one, other):
    np.testing.assert_array_equal(one.arrays.weekly, other.arrays.weekly)
    np.testing.assert_array_equal(one.arrays.teams, other.arrays.teams)


def test_a_run_with_rules_is_the_models_own_run():
    hand = by_hand()
    assert not np.array_equal(hand.arrays.weekly, fs.run(BASE).arrays.weekly)
    same(fs.run(BASE, **BOTH), hand)
    same(fs.run(BASE, interventions=Dismiss, team_class={"service": Listens}), hand)
    same(fs.run(BASE, interventions=[Dismiss()], team_class={"service": Listens}), hand)
    assert fs.run(BASE, **BOTH).provenance.rules == hand.provenance.rules
    assert fs.run(BASE, **BOTH).provenance.command == ""


def test_every_run_of_a_batch_has_an_intervention_of_its_own():
    hook = Dismiss()
    runs = fs.batch(
        [BASE, BASE.with_({"market.price": 1.2})], replicates=2, interventions=[hook], team_class={"service": Listens}
    )
    assert hook.seen == 0
    for k in range(2):
        same(runs[0][k], by_hand(replicate=k))
        same(runs[1][k], by_hand(BASE.with_({"market.price": 1.2}), replicate=k))


def test_a_class_for_all_teams_is_the_models():
    model = fs.FlywheelModel(BASE, 1, team_class=Listens)
    model.run_model()
    same(fs.run(BASE, team_class="own_rules:Listens"), model.results())
    same(fs.run(BASE, team_class={"all": Listens}), model.results())


def test_a_comparison_holds_them_and_goes_on_with_them(tmp_path):
    pair = [BASE, BASE.with_({"market.price": 1.2, "teams.sales.headcount": 2})]
    found = fs.compare(pair, replicates=2, **BOTH)
    expected = [[by_hand(one, replicate=k).summary["npv"] for k in range(2)] for one in pair]
    np.testing.assert_array_equal(found.finals[:, :, 0], expected)
    assert found.scenarios == tuple(pair)
    assert {name.split()[0] for name in found.provenance.rules} == {"intervention", "team"}
    assert found.provenance.command == ""
    parts = found.bridge().parts[:, :, 0].sum(axis=0)
    np.testing.assert_allclose(parts, found.finals[1, :, 0] - found.finals[0, :, 0])
    found.save(tmp_path / "saved")
    again = fs.open(tmp_path / "saved")
    assert again.provenance.rules == found.provenance.rules
    with pytest.raises(ScenarioError, match="Python took part in these runs"):
        again.bridge()


def test_a_sweep_keeps_their_names_and_hashes(tmp_path):
    study = {"scenario": "b2b-saas", "set": SMALL, "parameters": {"market.price": [1.0, 1.2]}, "replicates": 2,
             "outcomes": ["npv"]}  # fmt: skip
    plain, ruled = fs.sweep(study), fs.sweep({**study, **BOTH}, tmp_path / "ruled")
    expected = [
        by_hand(BASE.with_({"market.price": p}), replicate=k).summary["npv"] for p in (1.0, 1.2) for k in (0, 1)
    ]
    np.testing.assert_array_equal(ruled.table.sort_values("run")["npv"], expected)
    assert not set(plain.table["run_id"]) & set(ruled.table["run_id"])
    assert list(ruled.store.rules) == ["own_rules:Dismiss", "service=own_rules:Listens"]
    given = fs.sweep(study, interventions=Dismiss, team_class={"service": Listens})
    processes = fs.sweep({**study, **BOTH}, on="processes", workers=2)
    assert given.store.hash() == ruled.store.hash() == processes.store.hash() != plain.store.hash()
    assert fs.resume(tmp_path / "ruled").standing.left == 0


def test_rules_that_have_changed_since_are_refused(tmp_path, monkeypatch):
    study = {"scenario": "b2b-saas", "set": SMALL, "parameters": {"market.price": [1.0]}, **BOTH}
    fs.sweep(study, tmp_path / "runs")
    monkeypatch.setattr(ruled, "source_hash", lambda _: "another")
    with pytest.raises(ResultError, match="used another 'own_rules:Dismiss'"):
        fs.resume(tmp_path / "runs")
    assert fs.open(tmp_path / "runs").standing.done == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"interventions": ["own_rules:Dismis"]}, "did you mean 'own_rules:Dismiss'"),
        ({"interventions": ["own_rules:NOT_A_RULE"]}, "expected a class with a step"),
        ({"interventions": ["nowhere:Dismiss"]}, "the module 'nowhere' cannot be imported"),
        ({"interventions": ["Dismiss"]}, "expected a name to import"),
        ({"team_class": {"service": "own_rules:Dismiss"}}, "expected a subclass of flywheel_sim.Team"),
        ({"team_class": {"servce": "own_rules:Listens"}}, "did you mean 'service'"),
    ],
)
def test_what_is_no_rule_is_refused_by_all(given, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study = {"scenario": "b2b-saas", "set": SMALL, "parameters": {"market.price": [1.0]}}
    for call in (lambda: fs.run(BASE, **given), lambda: fs.batch([BASE], **given),
                 lambda: fs.compare([BASE, BASE], **given), lambda: fs.sweep({**study, **given})):  # fmt: skip
        with pytest.raises(ScenarioError, match=said):
            call()
    words = [f"--intervention={one}" for one in given.get("interventions", ())]
    words += [f"--team-class={team}={name}" for team, name in given.get("team_class", {}).items()]
    done = CliRunner().invoke(flywheel, ["run", "b2b-saas", *words])
    assert done.exit_code == 2 and said in done.stderr


def test_the_command_line_runs_what_is_in_this_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules_of_mine.py").write_text(
        "class Cut:\n    def step(self, m):\n        if m.week == 2:\n            m.set('market.price', 2.0)\n"
    )
    small = [word for path, value in SMALL.items() for word in ("--set", f"{path}={value}")]
    done = CliRunner().invoke(flywheel, ["run", "b2b-saas", *small, "--intervention", "rules_of_mine:Cut", "--json"])
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert list(answer["manifest"]["rules"]) == ["intervention rules_of_mine.Cut"]
    assert answer["data"]["summary"]["npv"] != fs.run(BASE).summary["npv"]
    (tmp_path / "mine.yaml").write_text(
        "scenario: b2b-saas\nset: {market.accounts: 200, market.initial_customers: 40, horizon_weeks: 12}\n"
        "parameters: {market.price: [1.0]}\ninterventions: ['rules_of_mine:Cutt']\noutcomes: [npv]\n"
    )
    done = CliRunner().invoke(flywheel, ["sweep", "mine.yaml", "--check"])
    assert done.exit_code == 2 and "mine.yaml:4" in done.stderr and "rules_of_mine:Cut'" in done.stderr
    words = ["sweep", "mine.yaml", "--intervention", "rules_of_mine:Cut"]
    (tmp_path / "mine.yaml").write_text(
        (tmp_path / "mine.yaml").read_text().replace("interventions: ['rules_of_mine:Cutt']\n", "")
    )
    assert CliRunner().invoke(flywheel, words).exit_code == 0
    assert fs.open("mine-runs").table["npv"][0] == answer["data"]["summary"]["npv"]


def test_rules_without_a_name_cannot_be_kept():
    class Local:
        def step(self, model):
            pass

    assert rules(Local).names == () and isinstance(rules(Local), Rules)
    same(fs.run(BASE, interventions=Local), fs.run(BASE))
    with pytest.raises(ScenarioError, match="importable names"):
        fs.sweep({"scenario": BASE, "parameters": {"market.price": [1.0]}}, interventions=Local)
