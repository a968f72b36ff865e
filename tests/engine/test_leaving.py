"""Whoever waits for the engine can leave, whatever it is at: no kernel is waited for to its end."""

import threading

import numpy as np
import pytest

from flywheel_sim.app.jobs import Cancelled, Job
from flywheel_sim.engine import compilation, interruptible
from flywheel_sim.engine import run as engine_run
from flywheel_sim.engine.interruptible import Left, aside, together
from flywheel_sim.engine.run import Simulation
from flywheel_sim.execute.chunk import ABANDON, Abandoned, _heed
from flywheel_sim.scenario import load

SMALL = load("b2b-saas").with_({"horizon_weeks": 12, "market.accounts": 300, "market.initial_customers": 40})


class Enough(Exception):
    """Somebody has had enough."""


@pytest.fixture
def stuck(monkeypatch):
    """An engine whose weeks end only when they are let go; tells that one has begun, and counts those that do."""

    class Stuck:
        begun, go, calls = threading.Event(), threading.Event(), []

        def look(self, *_):
            if self.begun.is_set():
                raise Enough

    here, true = Stuck(), Simulation._call

    def call(self, t0, t1, *rest):
        here.calls.append((t0, t1))
        if t0 >= 4:
            here.begun.set()
            assert here.go.wait(60)
        true(self, t0, t1, *rest)

    monkeypatch.setattr(Simulation, "_call", call)
    monkeypatch.setattr(engine_run, "_SLICE", 0.0)  # a slice is a week
    monkeypatch.setattr(engine_run, "_AT_ONCE", 0.0)  # nothing is done by the thread that waits
    monkeypatch.setattr(interruptible, "PATIENCE", 0.0)
    yield here
    here.go.set()
    for thread in threading.enumerate():
        if thread.name == "flywheel-work":
            thread.join(60)


def test_works_come_to_the_end_of_their_slice():
    slices, two = [], threading.Event()

    def work(stop):
        while not stop.is_set():
            slices.append(1)
            two.set()

    def look():
        if two.is_set():
            raise Enough

    with pytest.raises(Enough) as stopped:
        together([work], look, patience=60)
    assert not stopped.value.left
    count = len(slices)
    assert not [thread for thread in threading.enumerate() if thread.name == "flywheel-work"] and len(slices) == count


def test_the_first_failure_stops_the_others():
    def wrong(stop):
        raise ValueError("a mistake")

    with pytest.raises(ValueError, match="a mistake") as failed:
        together([lambda stop: stop.wait(60), wrong], patience=60)
    assert not failed.value.left


def test_what_is_deaf_is_left_behind():
    go, begun = threading.Event(), threading.Event()

    def look():
        if begun.is_set():
            raise Enough

    with pytest.raises(Enough) as stopped:
        aside(look, lambda: (begun.set(), go.wait(60)))
    assert stopped.value.left
    assert any(thread.name == "flywheel-work" and thread.daemon for thread in threading.enumerate())
    go.set()


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("runs", [1, 5])
def test_a_week_that_does_not_end_is_left_and_its_runs_are_told_so(stuck, threads, runs, monkeypatch):
    monkeypatch.setattr(engine_run, "BIG", 100)
    simulation = Simulation([SMALL.model], [(0, 1, k) for k in range(runs)])
    with pytest.raises(Enough):
        simulation.advance(threads=threads, progress=stuck.look)
    begun = len(stuck.calls)
    with pytest.raises(Left, match="stopped between week 4 and week 12" if runs == 1 else "stopped between week"):
        simulation.advance()
    stuck.go.set()
    for thread in threading.enumerate():
        if thread.name == "flywheel-work":
            thread.join(60)
    # a thread that was about to begin its next slice when it was told may begin that one
    ours = (("a large run", 1, 2) if runs == 1 and threads == 2 else ("a batch", threads, 1))[1:]
    last = stuck.calls[begun:]
    assert len({t0 for t0, _ in last}) <= ours[0] and all(t1 - t0 == 1 for t0, t1 in last)


def test_who_stops_between_weeks_can_go_on(monkeypatch):
    monkeypatch.setattr(engine_run, "_SLICE", 0.0)
    whole = Simulation([SMALL.model], [(0, 1, 0)])
    whole.advance()
    simulation = Simulation([SMALL.model], [(0, 1, 0)])
    true, third = Simulation._call, threading.Event()

    def call(self, t0, t1, *rest):
        true(self, t0, t1, *rest)
        if t0 == 2:
            third.set()
            assert seen.wait(60)

    seen = threading.Event()

    def look(done, total):
        if third.is_set():
            seen.set()
            raise Enough

    monkeypatch.setattr(Simulation, "_call", call)
    monkeypatch.setattr(interruptible, "PATIENCE", 60)
    with pytest.raises(Enough):
        simulation.advance(progress=look)
    monkeypatch.undo()
    assert 2 <= simulation.week < 12
    simulation.advance()
    assert np.array_equal(simulation.arrays(0).weekly, whole.arrays(0).weekly)


def test_what_lasts_is_never_done_by_the_thread_that_waits(monkeypatch):
    callers, true = [], Simulation._call

    def call(self, t0, t1, *rest):
        callers.append((t0, threading.current_thread().name == "flywheel-work"))
        true(self, t0, t1, *rest)

    monkeypatch.setattr(Simulation, "_call", call)
    monkeypatch.setattr(engine_run, "_AT_ONCE", 60.0)
    changed = SMALL.with_({"timeline.changes": {"price": {"from_week": 9, "values": {"market.price": 1.1}}}})
    simulation = Simulation([changed.model], [(0, 1, 0)])
    for _ in range(12):
        simulation.advance(1)
    apart_from = [t for t, aside_ in callers if aside_]
    assert apart_from == [0, 8], "a week is done here once one like it has been measured"


def test_a_compiler_is_left_and_takes_the_second_process_with_it(monkeypatch):
    begun, go, ended = threading.Event(), threading.Event(), []

    class Second:
        def terminate(self):
            ended.append(1)

    def ready(program, state):
        begun.set()
        assert go.wait(60)

    def look():
        if begun.is_set():
            raise Enough

    monkeypatch.setattr(compilation, "_ready", ready)
    monkeypatch.setattr(compilation, "_done", False)
    monkeypatch.setattr(compilation, "_second", [Second()])
    with pytest.raises(Enough):
        compilation.prepare(None, None, look)
    go.set()
    assert ended == [1]


def test_a_chunk_leaves_its_engine(stuck):
    simulation = Simulation([SMALL.model], [(0, 1, 0)])

    def look(*_):
        if stuck.begun.is_set():
            ABANDON.set()
        _heed()

    try:
        with pytest.raises(Abandoned):
            simulation.advance(progress=look)
    finally:
        ABANDON.clear()


def test_stop_in_the_app_leaves_a_week_that_does_not_end(stuck):
    job = Job()
    threading.Thread(target=lambda: (stuck.begun.wait(60), job.cancel()), daemon=True).start()
    with pytest.raises(Cancelled):
        job.runs([SMALL], 1, 1)
    assert not stuck.go.is_set()
