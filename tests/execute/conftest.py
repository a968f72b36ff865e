from pathlib import Path

import failing_workers
import pytest

from flywheel_sim.execute.design import Design, Point
from flywheel_sim.execute.drive import run_design
from flywheel_sim.execute.store import Experiment, Store
from flywheel_sim.scenario import load

TINY = {"market.accounts": 200, "market.initial_customers": 20, "horizon_weeks": 6}


def heads(counts=(4, 6, 8), replicates=4, **more):
    """Points that differ in one number."""
    return Design([Point({"teams.sales.headcount": n, **more}) for n in counts], replicates)


@pytest.fixture(scope="session")
def experiment():
    """A tiny company of which two numbers and two weekly columns are kept."""
    return Experiment(
        {"tiny": load("b2b-saas").with_(TINY)}, 7, ("npv", "customers.end"), ("customers", "cash"), 2, {"title": "Tiny"}
    )


@pytest.fixture
def store(tmp_path: Path, experiment):
    """A new store of twelve runs, open for writing."""
    with Store.create(tmp_path / "runs", experiment, heads()) as made:
        yield made


@pytest.fixture
def made(tmp_path, experiment):
    """Make a store and drive a design through it."""
    count = iter(range(100))

    def make(design, on=None, **options):
        options = {"work": failing_workers.made_up, "workers": 2} | options
        with Store.create(tmp_path / f"runs-{next(count)}", experiment, design) as store:
            ended = run_design(None, on, store, **options)
        return Store.open(store.folder), ended

    return make
