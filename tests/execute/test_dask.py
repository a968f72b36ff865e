"""A real scheduler and two real workers on loopback: the same rows, and workers that end."""

import failing_workers
import pytest

from flywheel_sim.execute import backends as engines
from flywheel_sim.execute.design import Design, Point
from flywheel_sim.execute.drive import ENDED, run_design
from flywheel_sim.execute.store import Store
from flywheel_sim.execute.versions import CodeMismatch
from flywheel_sim.results import ResultError

from .cluster import Cluster, until
from .conftest import heads

pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    made.worker()
    made.worker()
    yield made
    made.close()


def test_the_same_rows_as_on_threads(cluster, tmp_path, experiment):
    hashes = set()
    for on in ("threads", str(cluster.file)):
        with Store.create(tmp_path / on.replace("/", "-"), experiment, heads(range(1, 20), 3)) as store:
            run_design(None, on, store, work=failing_workers.made_up)
            hashes.add(store.hash())
    assert len(hashes) == 1


def test_the_address_of_the_scheduler_will_do(cluster):
    import json

    address = json.loads(cluster.file.read_text())["address"]
    assert address.startswith("tcp://")
    with engines.place(address) as here:
        assert here.executor.submit(sum, [1, 2]).result() == 3
        until(lambda: here.slots() == 2)
        assert here.lost() == ""


def test_a_run_that_ends_its_worker_is_the_only_one_that_fails(cluster, tmp_path, experiment):
    points = [Point({"ledger.overhead": 2.0 if k == 7 else 0.0, "teams.sales.headcount": k + 1}) for k in range(12)]
    with Store.create(tmp_path / "runs", experiment, Design(points)) as store:
        run_design(None, str(cluster.file), store, work=failing_workers.made_up)
        got = store.table()
    assert got["error"].tolist()[7] == ENDED and got["error"].notna().sum() == 1


def test_other_code_is_refused(cluster, tmp_path, experiment):
    with (
        Store.create(tmp_path / "runs", experiment, heads()) as store,
        pytest.raises(CodeMismatch, match="engine 0000"),
    ):
        run_design(None, str(cluster.file), store, work=failing_workers.other_code)


def test_a_worker_killed_in_between_changes_nothing(tmp_path, experiment):
    mine = Cluster(tmp_path)
    try:
        workers = [mine.worker("--no-nanny"), mine.worker("--no-nanny")]
        design = heads(range(1, 61), 4)
        killed: list[int] = []

        def progress(now):
            if now.done > 40 and not killed:
                killed.append(workers[0].pid)
                workers[0].kill()

        with Store.create(tmp_path / "runs", experiment, design) as store:
            run_design(None, str(mine.file), store, progress, work=failing_workers.leave_a_trace)
            assert killed and store.standing().failed == 0 and store.standing().left == 0
            with Store.create(tmp_path / "whole", experiment, design) as whole:
                run_design(None, "threads", whole, work=failing_workers.made_up)
                assert whole.hash() == store.hash()
    finally:
        mine.close()


def test_a_scheduler_that_ends_loses_nothing_written(tmp_path, experiment):
    mine = Cluster(tmp_path)
    try:
        mine.worker("--no-nanny")

        def progress(now):
            if now.done > 20:
                mine.running[0].kill()

        with Store.create(tmp_path / "runs", experiment, heads(range(1, 61), 4)) as store:
            with pytest.raises(ResultError, match=r"runs are kept; go on with: flywheel resume"):
                run_design(None, str(mine.file), store, progress, work=failing_workers.leave_a_trace)
            done = store.standing().done
            assert 20 < done < 240 and store.standing().failed == 0
            run_design(None, "threads", store, work=failing_workers.made_up)
            assert store.standing().left == 0 and store.standing().failed == 0
    finally:
        mine.close()


def test_where_nobody_answers_it_is_said(monkeypatch):
    monkeypatch.setattr(engines, "ANSWER", 1)
    with (
        pytest.raises(ResultError, match=r"no Dask scheduler answers at 'tcp://127\.0\.0\.1:1'.*dask scheduler"),
        engines.place("tcp://127.0.0.1:1"),
    ):
        pass


def test_a_scheduler_without_workers_is_said_so(tmp_path, monkeypatch):
    monkeypatch.setattr(engines, "FIRST_WORKER", 0.5)
    mine = Cluster(tmp_path)
    try:
        with (
            pytest.raises(ResultError, match="has no workers; start one with: dask worker tcp://"),
            engines.place(mine.file),
        ):
            pass
    finally:
        mine.close()


def test_without_the_package_it_says_what_to_install(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(engines, "import_module", missing)
    with pytest.raises(ResultError, match=r"flywheel-sim\[dask\]"), engines.place("tcp://127.0.0.1:1"):
        pass
