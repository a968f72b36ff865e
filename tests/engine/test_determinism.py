"""Same key, same bits: threads x slices x run, step, save and load, fork x three companies, batches, processes.

Every way of making a run must leave behind exactly what the shortest one leaves: one call, one thread.  Accounts,
weekly columns, directions of teams and life tables are compared to the byte.
"""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flywheel_sim import FlywheelModel, load, run
from flywheel_sim.engine import run as engine_run
from flywheel_sim.engine.run import Simulation
from flywheel_sim.engine.saving import copied, load_simulation, save_simulation
from flywheel_sim.execute import run as running
from flywheel_sim.execute.run import batch
from flywheel_sim.model import Team
from flywheel_sim.results.accounts import Accounts

SMALL = {
    "extends": "b2b-saas",
    "horizon_weeks": 40,
    "market": {"accounts": 1500, "initial_customers": 150, "external": 0.004},
}
#: Three blocks of accounts each, so that threads have something to share; contracts, networks and mechanisms differ.
COMPANIES = {
    "everything on": {
        "extends": "everything-on",
        "horizon_weeks": 30,
        "market": {"accounts": 2500, "initial_customers": 250, "external": 0.004},
    },
    "subscription": {
        "extends": "b2c-subscription",
        "horizon_weeks": 30,
        "market": {"accounts": 2200, "initial_customers": 400, "network": {"kind": "barabasi-albert"}},
    },
    "among strangers, in time": {
        "extends": "b2b-saas",
        "horizon_weeks": 30,
        "market": {"accounts": 2100, "initial_customers": 200, "external": 0.004, "network": {"kind": "complete"}},
        "service": {"event_timed": True, "servers": 5},
        "word_of_mouth": {"talk_spread": 0.0},
        "timeline": {
            "changes": {"late": {"from_week": 11, "ramp_weeks": 5, "set": {"word_of_mouth.rate": 0.02}}},
            "customers": {"gift": {"week": 14, "add": 30}},
        },
    },
    "ruined on the way": {
        "extends": "b2b-saas",
        "horizon_weeks": 30,
        "market": {"accounts": 2100, "initial_customers": 200, "external": 0.004},
        "word_of_mouth": {"rate": 0.03},
        "ledger": {"credit_limit": 0.4, "overhead": 60_000},
    },
}


def bits(arrays):
    """A digest of everything a run has left behind, with names, types and shapes."""
    digest = hashlib.sha256(repr((arrays.seed, arrays.replicate, arrays.weeks)).encode())
    parts = {name: getattr(arrays, name) for name in ("initial", "weekly", "teams", "life", "need")}
    for name, array in (parts | dict(arrays.accounts)).items():
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def left(simulation, q=0):
    """What a run has left behind, its accounts included."""
    return replace(simulation.arrays(q), accounts=Accounts.of(simulation, q))


@cache
def shortest(name, seed=1, replicate=0):
    """One call and one thread."""
    simulation = Simulation([load(COMPANIES[name]).model], [(0, seed, replicate)])
    simulation.advance()
    return bits(left(simulation))


@pytest.mark.parametrize("name", COMPANIES)
def test_something_happens(name):
    """Equal bits would mean little if nothing moved."""
    weekly = run(COMPANIES[name]).weekly
    for column in ("new_customers", "referred_new", "churned", "handled", "touches", "alignment"):
        assert weekly[column].to_numpy().any(), column
    assert len({shortest(name), shortest(name, 2), shortest(name, 1, 1)}) == 3, "another key is other luck"


def test_a_company_is_ruined_after_it_is_handed_over_and_before_the_end():
    ruin = [run(COMPANIES["ruined on the way"], seed).summary["ruin_week"] for seed in (1, 2)]
    assert all(13 < week < 30 for week in ruin), ruin


# --- threads x slices x way x company -----------------------------------------------------------------------------

#: Weeks before and after the middle, where a run is handed over.
SLICES = {
    "at once": ([13], [17]),
    "a week at a time": ([1] * 13, [1] * 17),
    "uneven": ([5, 0, 8], [2, 1, 14]),
}


def straight(simulation, folder):
    return simulation


def saved(simulation, folder):
    return load_simulation(save_simulation(simulation, folder / "state.npz"))[0]


def forked(simulation, folder):
    twin = copied(simulation)
    simulation.advance()  # the other branch goes first
    return twin


@pytest.mark.parametrize("way", [straight, saved, forked], ids=lambda way: way.__name__)
@pytest.mark.parametrize("slices", SLICES)
@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("name", COMPANIES)
def test_matrix(monkeypatch, tmp_path, name, threads, slices, way):
    monkeypatch.setattr(engine_run, "BIG", 2000)  # so that blocks of one run are shared out within every week
    shared, real = set(), Simulation._in_blocks
    monkeypatch.setattr(Simulation, "_in_blocks", lambda self, t1, n, at: (shared.add(n), real(self, t1, n, at))[1])
    simulation = Simulation([load(COMPANIES[name]).model], [(0, 1, 0)])
    before, after = SLICES[slices]
    for weeks in before:
        simulation.advance(weeks, threads=threads)
    simulation = way(simulation, tmp_path)
    assert simulation.week == sum(before)
    for weeks in after:
        simulation.advance(weeks, threads=threads)
    assert bits(left(simulation)) == shortest(name)
    assert shared == ({threads} if threads > 1 else set()), "blocks were shared out"


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


def hooked(name):
    """Hooks and teams that look at everything and do nothing."""
    hooks = {"interventions": [Nothing()], "analyzers": [Nothing()], "team_class": Undecided}
    return FlywheelModel(COMPANIES[name], rng=1, **hooks), hooks


@pytest.mark.parametrize("way", [straight, saved, forked], ids=lambda way: way.__name__)
@pytest.mark.parametrize("name", COMPANIES)
def test_stepped_in_mesa(tmp_path, name, way):
    model, hooks = hooked(name)
    while model.week < 13:
        model.step()
    if way is saved:
        model.save(tmp_path / "model.npz")
        model = FlywheelModel.load(tmp_path / "model.npz", **hooks)
    elif way is forked:
        other, model = model, model.fork()
        other.run_model()
        assert model.week == 13 and bits(other.results().arrays) == shortest(name)
    model.run_model()
    assert bits(model.results().arrays) == shortest(name)
    assert {week for week, *_ in hooks["interventions"][0].seen} >= set(range(13))


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("chunk", [1, 4, 256])
def test_batches(monkeypatch, workers, chunk):
    """All three companies, of other sizes and lengths, two replicates each, in chunks of so many runs."""
    monkeypatch.setattr(running, "_CHUNK_RUNS", chunk)
    for name, runs in zip(
        COMPANIES, batch(list(COMPANIES.values()), replicates=2, workers=workers, accounts=True), strict=True
    ):
        for replicate, one in enumerate(runs):
            assert bits(one.arrays) == shortest(name, 1, replicate), f"{name}, replicate {replicate}"


PROCESS = """
import runpy, sys
here = runpy.run_path(sys.argv[1])
for (run,) in here["batch"](list(here["COMPANIES"].values()), replicates=1, accounts=True):
    print(here["bits"](run.arrays))
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_another_process(workers):
    env = os.environ | {"FLYWHEEL_WORKERS": str(workers), "PYTHONHASHSEED": str(workers)}
    done = subprocess.run(
        [sys.executable, "-c", PROCESS, __file__], capture_output=True, text=True, env=env, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [shortest(name) for name in COMPANIES]


# --- more of one kind ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["pairs", "ring", "configuration", "blocks"])
def test_a_week_at_a_time_on_other_networks(kind):
    spec = {**SMALL, "market": {**SMALL["market"], "accounts": 1100, "network": {"kind": kind}}}
    simulation = Simulation([load(spec).model], [(0, 1, 0)])
    while simulation.week < simulation.horizon:
        simulation.advance(1)
    assert bits(left(simulation)) == bits(run(spec).arrays)


@settings(max_examples=20, deadline=None, database=None, derandomize=True)
@given(slices=st.lists(st.integers(0, 15), max_size=8), threads=st.integers(1, 3))
def test_any_slices(slices, threads):
    simulation = Simulation([load(SMALL).model], [(0, 1, 0)])
    for weeks in slices:
        simulation.advance(weeks, threads=threads)
    simulation.advance(threads=threads, progress=lambda done, total: None)
    assert bits(run(SMALL).arrays) == bits(left(simulation))


def test_a_run_does_not_depend_on_its_company_in_a_batch():
    """Not on how many runs there are, where it stands, nor on how large, long or wide the others are."""
    wide = {
        **SMALL,
        "horizon_weeks": 55,
        "market": {"accounts": 2500, "initial_customers": 10, "network": {"kind": "complete"}},
        "word_of_mouth": {"talk_spread": 0.0},
        "axes": ["acquire", "value", "ease", "care", *"bcdefghi"],
        "timeline": {"changes": {"later": {"from_week": 20, "set": {"market.external": 0.01}}}},
    }
    specs = [wide, SMALL, {**SMALL, "extends": "b2b-thirty-teams"}, {**SMALL, "extends": "b2b-two-teams"}]
    models = [load(spec).model for spec in specs]
    runs = [(0, 9, 4), (1, 1, 0), (3, 1, 0), (0, 1, 0), (1, 9, 4), (2, 9, 4), (1, 9, 5)]
    simulation = Simulation(models, runs)
    simulation.advance(threads=2)
    for q, (s, seed, replicate) in enumerate(runs):
        alone = run(specs[s], seed=seed, replicate=replicate).arrays
        assert bits(alone) == bits(shorn(left(simulation, q), alone))


def shorn(wide, narrow):
    """Cut the columns of axes that only others in the batch have."""
    axes = narrow.teams.shape[2]
    assert not wide.teams[:, :, axes:].any() and not wide.need[:, axes - 1 :].any()
    return replace(wide, teams=wide.teams[:, :, :axes], need=wide.need[:, : axes - 1])
