"""Same key, same bits: whatever the threads, slices, steps, batch, process or position in a batch."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flywheel_sim import FlywheelModel, load, run
from flywheel_sim.engine import run as engine_run
from flywheel_sim.engine.run import Simulation
from flywheel_sim.execute.run import batch
from flywheel_sim.model import Team

SMALL = {
    "extends": "b2b-saas",
    "horizon_weeks": 40,
    "market": {"accounts": 1500, "initial_customers": 150, "external": 0.004},
}


def same(a, b):
    """Assert that two runs left exactly the same arrays behind."""
    assert (a.seed, a.replicate, a.weeks) == (b.seed, b.replicate, b.weeks)
    for name in ("initial", "weekly", "teams", "life"):
        x, y = getattr(a, name), getattr(b, name)
        assert np.array_equal(x, y, equal_nan=True), f"{name} differs"
    assert a.accounts.keys() == b.accounts.keys()
    for name, column in a.accounts.items():
        assert np.array_equal(column, b.accounts[name]), f"accounts.{name} differs"


def simulate(spec, seed=1, **how):
    simulation = Simulation([load(spec).model], [(0, seed, 0)])
    simulation.advance(**how)
    return simulation.arrays(0)


def test_something_happens_in_the_small_company():
    """Equal bits would mean little if nothing moved."""
    weekly = run(SMALL).weekly
    for column in ("new_customers", "referred_new", "churned", "handled", "renewals_due", "defects"):
        assert weekly[column].sum() > 0, column


def test_another_key_is_other_luck():
    assert not np.array_equal(run(SMALL, seed=1).arrays.weekly, run(SMALL, seed=2).arrays.weekly)
    assert not np.array_equal(run(SMALL, seed=1).arrays.weekly, run(SMALL, seed=1, replicate=1).arrays.weekly)


def test_threads_of_a_batch():
    other = {**SMALL, "horizon_weeks": 30, "word_of_mouth": {"enabled": False}}
    one = batch([SMALL, other], replicates=3, seed=5, workers=1, accounts=True)
    two = batch([SMALL, other], replicates=3, seed=5, workers=2, accounts=True)
    models = [load(SMALL).model, load(other).model]
    many = Simulation(models, [(s, 5, k) for k in range(3) for s in range(2)])
    many.advance(threads=4)
    for s in range(2):
        for k in range(3):
            same(one[s][k].arrays, two[s][k].arrays)
            same(one[s][k].arrays, many.arrays(2 * k + s))


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_of_one_big_run(monkeypatch, threads):
    """Five blocks of accounts shared out over threads within every week."""
    big = {"extends": "b2b-saas", "horizon_weeks": 12, "market": {"initial_customers": 1000, "external": 0.01}}
    whole = simulate(big)
    monkeypatch.setattr(engine_run, "BIG", 1000)
    calls = []
    monkeypatch.setattr(Simulation, "_advance_big", spied(Simulation._advance_big, calls))
    same(whole, simulate(big, threads=threads))
    assert calls == [threads]


def spied(function, calls):
    def spy(self, t1, threads, progress):
        calls.append(threads)
        return function(self, t1, threads, progress)

    return spy


@pytest.mark.parametrize("kind", ["complete", "pairs", "ring", "barabasi-albert", "configuration", "blocks"])
def test_a_week_at_a_time(kind):
    spec = {**SMALL, "market": {**SMALL["market"], "accounts": 1100, "network": {"kind": kind}}}
    simulation = Simulation([load(spec).model], [(0, 1, 0)])
    while simulation.week < simulation.horizon:
        simulation.advance(1)
    same(run(spec).arrays, simulation.arrays(0))


@settings(max_examples=20, deadline=None, database=None, derandomize=True)
@given(slices=st.lists(st.integers(0, 15), max_size=8), threads=st.integers(1, 3))
def test_any_slices(slices, threads):
    simulation = Simulation([load(SMALL).model], [(0, 1, 0)])
    for weeks in slices:
        simulation.advance(weeks, threads=threads)
    simulation.advance(threads=threads, progress=lambda done, total: None)
    same(run(SMALL).arrays, simulation.arrays(0))


def test_a_run_does_not_depend_on_its_company_in_a_batch():
    """Not on how many runs there are, where it stands, nor on how large or long the others are."""
    wide = {
        **SMALL,
        "horizon_weeks": 55,
        "market": {"accounts": 2500, "initial_customers": 10, "network": {"kind": "complete"}},
        "axes": ["acquire", "value", "ease", "care", "novelty"],
        "timeline": {"changes": {"later": {"from_week": 20, "set": {"market.external": 0.01}}}},
    }
    models = [load(wide).model, load(SMALL).model]
    runs = [(0, 9, 4), (1, 1, 0), (0, 1, 0), (1, 9, 4), (1, 9, 5)]
    simulation = Simulation(models, runs)
    simulation.advance(threads=2)
    for q, (s, seed, replicate) in enumerate(runs):
        alone = run([wide, SMALL][s], seed=seed, replicate=replicate)
        assert alone.arrays.accounts.keys() == simulation.arrays(q).accounts.keys()
        same(alone.arrays, shorn(simulation.arrays(q), alone.arrays))


def shorn(wide, narrow):
    """Cut the columns of axes that only others in the batch have."""
    assert not wide.teams[:, :, narrow.teams.shape[2] :].any()
    return wide.__class__(**{**vars(wide), "teams": wide.teams[:, :, : narrow.teams.shape[2]]})


SCRIPT = """
import hashlib, sys
from flywheel_sim.execute.run import batch
digest = hashlib.sha256()
for runs in batch([eval(sys.argv[1])], replicates=3, seed=1, accounts=True):
    for run in runs:
        a = run.arrays
        for array in (a.initial, a.weekly, a.teams, a.life, *a.accounts.values()):
            digest.update(array.astype(str).tobytes() if array.dtype.kind == "U" else array.tobytes())
print(digest.hexdigest())
"""


def test_another_process():
    found = set()
    for workers, hash_seed in ((1, 1), (2, 2)):
        env = os.environ | {"FLYWHEEL_WORKERS": str(workers), "PYTHONHASHSEED": str(hash_seed)}
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, repr(SMALL)], capture_output=True, text=True, env=env, check=False
        )
        assert done.returncode == 0, done.stderr
        found.add(done.stdout.strip())
    assert len(found) == 1


class Nothing:
    """A hook that only looks."""

    def __init__(self):
        self.seen = []

    def step(self, model):
        self.seen.append((model.week, model.customers.relationship.sum(), model.teams[0].direction[0], model.results()))


class Undecided(Team):
    def decide(self):
        assert self.magnitude >= 0 and self.model.need.shape == self.direction.shape
        return None


def test_hooks_that_do_nothing():
    before, after = Nothing(), Nothing()
    model = FlywheelModel(SMALL, rng=3, interventions=[before], analyzers=[after], team_class=Undecided)
    model.run_model()
    assert [week for week, *_ in before.seen] == list(range(40))
    assert [week for week, *_ in after.seen] == list(range(1, 41))
    same(run(SMALL, seed=3).arrays, model.results().arrays)


def test_a_fork_without_changes():
    model = FlywheelModel(SMALL, rng=3)
    for _ in range(17):
        model.step()
    twin = model.fork()
    twin.run_model()
    assert model.week == 17, "a fork leaves the original where it was"
    model.run_model()
    whole = run(SMALL, seed=3).arrays
    same(whole, twin.results().arrays)
    same(whole, model.results().arrays)
