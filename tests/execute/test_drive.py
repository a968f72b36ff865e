"""Driving a design: the same rows wherever they are made, failures as rows, stops that lose nothing."""

import itertools
import json
import os
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import failing_workers
import numpy as np
import pyarrow as pa
import pytest

from flywheel_sim.execute import backends as engines
from flywheel_sim.execute import drive
from flywheel_sim.execute.backends import place
from flywheel_sim.execute.checksums import summed
from flywheel_sim.execute.chunk import Chunk, OtherRun, run_chunk
from flywheel_sim.execute.design import Design, Point
from flywheel_sim.execute.drive import ENDED, run_design
from flywheel_sim.execute.parts import encoded, read_part
from flywheel_sim.execute.run import batch
from flywheel_sim.execute.spread import spread
from flywheel_sim.execute.store import Experiment, Standing, Store
from flywheel_sim.execute.versions import CodeMismatch, code
from flywheel_sim.results import ResultError

from .conftest import TINY, heads

SALES, FATE = "teams.sales.headcount", "ledger.overhead"


def fates(*what: float, replicates: int = 1) -> Design:
    """Points that fail (1), end their process (2) or do nothing of the kind."""
    return Design([Point({SALES: k + 1, FATE: float(fate)}) for k, fate in enumerate(what)], replicates)


def test_real_runs_are_those_of_a_batch(tmp_path, experiment):
    with Store.create(tmp_path / "real", experiment, heads((4, 8), 3)) as store:
        seen: list[Standing] = []
        ended = run_design(None, "threads", store, seen.append, workers=2)
        assert not ended.stopped and seen[-1].done == 6 and seen[-1].failed == 0 and seen[-1].seconds_left == 0
    base = experiment.scenarios["tiny"]
    expected = batch([base.with_({SALES: n}) for n in (4, 8)], replicates=3, seed=7)
    table, series = store.table(), store.series()
    assert table["npv"].tolist() == [run.summary["npv"] for runs in expected for run in runs]
    assert table["customers.end"].tolist() == [run.weekly["customers"].iloc[-1] for runs in expected for run in runs]
    one = series[series["run"] == 4]
    assert one["week"].tolist() == [2, 4, 6]
    assert one["cash"].tolist() == expected[1][1].weekly["cash"].iloc[[1, 3, 5]].tolist()


def test_real_chunks_do_not_matter_and_a_bad_point_is_a_row(experiment, tmp_path):
    design = Design([Point({SALES: 4}), Point({"market.churn.mean": 3}), Point({SALES: 8, "horizon_weeks": 5})], 2)
    with Store.create(tmp_path / "one", experiment, design) as store:
        jobs = tuple(store.jobs(range(6)))

        def chunk(some):
            return run_chunk(Chunk(store.code, store.texts, some, experiment.outcomes, experiment.columns))

        whole = chunk(jobs)
        assert [error is None for error in whole.errors] == [True, True, False, False, True, True]
        assert whole.errors[2] == "market.churn.mean: expected a number between 0 and 1 (probability), got 3"
        for k, job in enumerate(jobs):
            np.testing.assert_array_equal(chunk((job,)).outcomes[0], whole.outcomes[k])


@pytest.mark.parametrize("change", ["design", "scenario"])
def test_real_a_run_that_is_not_what_its_name_says_is_not_made(experiment, tmp_path, change):
    """Whoever changes a file and its checksum still cannot get the runs of another design under these names."""
    with Store.create(tmp_path / "runs", experiment, heads((4, 6), 2)) as store:
        run_design(None, "threads", store, workers=1)
        store.extend(heads((8,), 1))
    study = json.loads((store.folder / "study.json").read_text())
    design = store.folder / "design.parquet"
    for part in (store.folder / "runs").glob("part-*"):
        part.unlink()
    if change == "design":
        table = read_part(design)
        at = table.schema.get_field_index(SALES)
        design.write_bytes(encoded(table.set_column(at, table.schema.field(at), pa.array([5] * 4))))
    else:
        study["scenarios"]["tiny"]["resolved"]["market"]["price"] = 2.0
    (store.folder / "study.json").write_text(json.dumps(summed(study, design.read_bytes())))
    with Store.open(store.folder, write=True) as again:
        with pytest.raises(
            OtherRun, match=r"runs': run 0 is named \w+, which is not the run of tiny with .* = [45], seed 7"
        ):
            run_design(None, "threads", again, workers=1)
        assert again.standing().done == 0


def test_real_a_run_that_is_asked_for_twice_is_made_once(experiment, tmp_path):
    seen: list[int] = []

    def counted(chunk):
        seen.extend(job.run for job in chunk.jobs)
        return run_chunk(chunk)

    with Store.create(tmp_path / "runs", experiment, heads((6, 8, 6), 2)) as store:
        told: list[Standing] = []
        run_design(None, "threads", store, told.append, workers=1, work=counted)
        assert sorted(seen) == [0, 1, 2, 3]
        assert (told[-1].done, told[-1].total, told[-1].seconds_left) == (6, 6, 0)
        outcomes = store.table()[["npv", "customers.end"]].to_numpy()
        np.testing.assert_array_equal(outcomes[:2], outcomes[4:])
        assert store.series().groupby("run").size().tolist() == [3] * 6


def test_real_a_run_that_raises_spoils_no_other(experiment, tmp_path, monkeypatch):
    from flywheel_sim.engine import run as engine_run

    true = engine_run.Simulation.advance

    def advance(self, *args, **more):
        if 1 in self.state.run["replicate"].tolist():
            raise engine_run.ConservationError("a dollar was lost")
        return true(self, *args, **more)

    monkeypatch.setattr(engine_run.Simulation, "advance", advance)
    with Store.create(tmp_path / "one", experiment, heads((4, 8), 3)) as store:
        run_design(None, "threads", store, workers=1)
        got = store.table()
    assert got["error"].notna().tolist() == [False, True, False] * 2
    assert set(got["error"].dropna()) == {"ConservationError: a dollar was lost"}
    assert got["npv"].isna().tolist() == [False, True, False] * 2


@pytest.mark.slow
def test_real_runs_in_processes_are_the_same(tmp_path, experiment):
    hashes = set()
    for on in ("threads", "processes"):
        with Store.create(tmp_path / on, experiment, heads((4, 8), 3)) as store:
            run_design(None, on, store, workers=2)
            hashes.add(store.hash())
    assert len(hashes) == 1


def test_every_place_gives_the_same_rows(made):
    design = heads(range(1, 30), 3)
    hashes = {made(design, "threads", workers=workers)[0].hash() for workers in (1, 2)}
    hashes.add(made(design, "processes")[0].hash())
    with ThreadPoolExecutor(3) as mine:
        hashes.add(made(design, mine)[0].hash())
        mine.submit(int).result()  # left open
    with place("threads", 1) as here:
        hashes.add(made(design, here)[0].hash())
    assert len(hashes) == 1


def test_a_search_asks_as_it_goes_and_is_answered_from_the_store(tmp_path, experiment):
    calls: list[int] = []

    def work(chunk):
        calls.extend(job.run for job in chunk.jobs)
        return failing_workers.made_up(chunk)

    def search(store):
        told = []
        with place("threads", 1) as here:
            for n in (5, 6, 5, 7):
                runs = run_design(heads((n,), 2), here, store, work=work).runs
                told.append(store.table().set_index("run").loc[runs.ravel(), "npv"].mean())
        return told

    with Store.create(tmp_path / "search", experiment) as store:
        first = search(store)
    with Store.open(tmp_path / "search", write=True) as store:
        assert search(store) == first
        run_design(heads((9, 9), 1), "threads", store, work=work)
    assert calls == [0, 1, 2, 3, 4, 5, 6], "no run twice"


def test_failed_runs_are_rows_and_the_rest_goes_on(made):
    store, ended = made(fates(0, 1, 0, 0, 1, 0, replicates=3))
    got = store.table()
    assert got["error"].notna().tolist() == [fate == 1 for fate in (0, 1, 0, 0, 1, 0) for _ in range(3)]
    assert store.errors() == {"ValueError: made to fail": 6} and not ended.stopped


def test_stop_on_error_keeps_what_is_there(made):
    ninth = spread(np.arange(309), np.zeros(309, np.int64), scatter=True)[8]
    store, ended = made(fates(*(point == ninth for point in range(309))), stop_on_error=True, workers=1)
    assert ended.stopped == "a run failed: ValueError: made to fail"
    assert 8 < store.standing().done < 300 and store.standing().failed == 1


def test_a_study_whose_first_runs_all_fail_is_stopped(made):
    store, ended = made(fates(*[1] * 200))
    assert ended.stopped.startswith("the first ") and "made to fail" in ended.stopped
    assert 10 <= store.standing().failed == store.standing().done < 200
    store, ended = made(fates(*[1] * 8))
    assert not ended.stopped and store.standing().failed == 8, "they were all there are"


def test_a_run_that_ends_its_process_is_the_only_one_that_fails(made):
    design = fates(*[0] * 20, 2, *[0] * 30, 2)
    store, _ = made(design, "processes")
    got = store.table()
    assert got.index[got["error"].notna()].tolist() == [20, 51]
    assert set(got["error"].dropna()) == {ENDED}
    assert store.standing().left == 0


def test_an_executor_of_others_that_breaks_is_said_so(made):
    import multiprocessing

    with (
        ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as mine,
        pytest.raises(ResultError, match=r"the executor .*; \d of 2 runs are kept; go on with: flywheel resume"),
    ):
        made(fates(2, 2), mine)


def test_other_code_is_refused_by_the_worker(made):
    with pytest.raises(CodeMismatch, match=r"the driver runs other code: engine 0000 \(here .*install the same"):
        made(heads(), work=failing_workers.other_code)


def test_a_worker_that_lacks_something_is_said_so(made):
    def work(chunk):
        import no_such_module  # noqa: F401

    with pytest.raises(ResultError, match="a worker cannot run this: No module named 'no_such_module'"):
        made(heads(), work=work)


def test_no_such_place(made, monkeypatch):
    monkeypatch.setattr(engines, "FIRST_FILE", 0.1)
    with pytest.raises(ResultError, match="did you mean 'processes'"):
        made(heads(), "process")
    with pytest.raises(ResultError, match=r"is no place to run: .*tcp://"):
        made(heads(), "nowhere.json")


def test_chunks_grow_from_one_run_and_shrink_towards_the_end(made, monkeypatch):
    sizes: list[int] = []

    def work(chunk):
        sizes.append(len(chunk.jobs))
        return failing_workers.made_up(chunk)  # which says that a run takes a millisecond

    store, _ = made(heads(range(1, 201), 20), work=work, workers=1)
    assert store.standing().done == 4000
    assert sizes[0] == 1 and sizes[1] <= 4 and sizes[2] <= 16 and 900 < max(sizes) <= drive.MOST_RUNS
    sizes.clear()
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(4)), raising=False)
    made(heads(range(1, 201), 20), work=work, workers=4)
    assert 90 <= sizes[-2] <= max(sizes) / 2, "a tenth of a second at least"


def test_chunks_end_where_points_do_unless_that_is_far_back(made):
    """A point that is cut in two is validated and lowered twice."""
    chunks: list[list[int]] = []

    def work(chunk):
        chunks.append([job.run for job in chunk.jobs])
        return failing_workers.made_up(chunk)

    store, _ = made(heads(range(1, 61), 16), work=work, workers=1)
    assert store.standing().done == 960
    turns = [run for chunk in chunks for run in chunk]
    assert turns == store.in_turn(np.arange(960)).tolist(), "each once, in the order of the store"
    cuts = [(len(chunk), chunk[-1] // 16 == after[0] // 16) for chunk, after in itertools.pairwise(chunks)]
    assert not any(cut for length, cut in cuts if length > 30) and sum(length > 30 for length, _ in cuts) > 1
    chunks.clear()
    store, _ = made(heads(range(1, 3), 3000), work=work, workers=1)
    assert max(map(len, chunks)) == drive.MOST_RUNS, "a point of many runs is cut"
    assert any(chunk[-1] // 3000 == after[0] // 3000 for chunk, after in itertools.pairwise(chunks))


def test_the_time_left_does_not_count_the_start(made, monkeypatch):
    """The first chunk takes an hour, as if it compiled; every later run a second."""
    clock = [0.0]

    def work(chunk):
        clock[0] += 3600.0 if chunk.jobs[0].run == 0 else len(chunk.jobs)
        return failing_workers.made_up(chunk)

    monkeypatch.setattr(drive.time, "monotonic", lambda: clock[0])
    told: list[Standing] = []
    made(heads(range(1, 41), 5), work=work, workers=1, progress=told.append)
    assert told[0].seconds_left is None and told[-1].seconds_left == 0.0
    later = [now for now in told if 20 < now.done < 200]
    assert later and all(now.seconds_left < 2000 for now in later)


def test_the_first_chunk_goes_alone(made):
    at_once, most, lock = [0], [0], threading.Lock()

    def work(chunk):
        with lock:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0]) if chunk.jobs[0].run else at_once[0]
            if chunk.jobs[0].run == 0:
                assert at_once[0] == 1
        rows = failing_workers.made_up(chunk)
        with lock:
            at_once[0] -= 1
        return rows

    store, _ = made(fates(*[0] * 20), work=work, workers=4)
    assert store.standing().failed == 0


def test_rows_are_written_as_they_come_and_not_one_by_one(made, monkeypatch):
    monkeypatch.setattr(drive, "WRITE_SECONDS", 0.0)
    store, _ = made(heads(range(1, 40), 2))
    eager = len(list((store.folder / "runs").iterdir()))
    monkeypatch.undo()
    store, _ = made(heads(range(1, 40), 2))
    assert eager > 3 and len(list((store.folder / "runs").iterdir())) == 2


def test_a_full_disk_stops_with_one_message_and_loses_nothing_written(made, monkeypatch, tmp_path):
    monkeypatch.setattr(drive, "WRITE_SECONDS", 0.0)
    true, calls = Store._write, []

    def write(self, rows, number):
        calls.append(number)
        if len(calls) == 4:
            raise OSError(28, "No space left on device")
        return true(self, rows, number)

    monkeypatch.setattr(Store, "_write", write)
    with pytest.raises(ResultError, match=r"No space left on device; \d+ of 120 runs are kept; go on with: flywheel"):
        made(heads(range(1, 41), 3))
    monkeypatch.undo()
    with Store.open(tmp_path / "runs-0", write=True) as store:
        assert 0 < store.standing().done < 120
        run_design(None, "threads", store, work=failing_workers.made_up)
        whole, _ = made(heads(range(1, 41), 3))
        assert store.hash() == whole.hash()


def test_what_is_asked_of_a_worker_is_plain(store):
    """A chunk says all that a worker needs; it holds the driver's code."""
    [job] = store.jobs([7])
    assert job == (7, "tiny", ((SALES, 6),), 7, 3, store.design()["run_id"][7])
    assert store.code == code()


def test_experiments_without_series_have_no_folder_for_them(tmp_path, experiment):
    plain = Experiment(experiment.scenarios, 1, ("npv",))
    with Store.create(tmp_path / "plain", plain, heads()) as store:
        run_design(None, "threads", store, work=failing_workers.made_up)
        assert not (store.folder / "series").exists() and len(store.runs()) == 12
        with pytest.raises(ResultError, match="keeps no weekly columns"):
            store.series()


def test_sizes_of_runs_are_taken_from_the_point(tmp_path, experiment):
    """Chunks are cut by accounts as well, so that a batch fits into memory."""
    design = Design([Point({"market.accounts": 3_000_000 + k}) for k in range(6)])
    sizes: list[int] = []

    def work(chunk):
        sizes.append(len(chunk.jobs))
        return failing_workers.made_up(chunk)

    with Store.create(tmp_path / "big", experiment, design) as store:
        run_design(None, "threads", store, work=work, workers=1)
    assert sizes == [1] * 6
    assert TINY["market.accounts"] == 200
