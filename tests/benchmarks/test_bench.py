import json
import math
import os
import select
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from benchmarks import bench as bench_module
from benchmarks import long_sweep as long_module
from benchmarks.bench import BARS, FULL, QUICK, Bar, Bench, Plan, bench
from benchmarks.big_run import BigRun, big_run, said_left
from benchmarks.floor import account_columns, floor_of, floor_week
from benchmarks.long_sweep import LongSweep, long_sweep
from benchmarks.roofline import roofline
from benchmarks.small_runs import batch_and_single, kernels
from benchmarks.speed import bandwidth, bytes_of, scaled
from benchmarks.timing import fresh, interleaved, machine, slope
from click.testing import CliRunner

import flywheel_sim
from flywheel_sim.cli import flywheel
from flywheel_sim.engine.run import Simulation
from flywheel_sim.scenario import Scenario
from flywheel_sim.study import benchmarks

TINY = Plan(
    sizes=(500, 1500), small=200, small_runs=4, small_weeks=6, swept=16, warm_up=2, weeks=1, repetitions=2, starts=0,
    rivals=(("columns", 2000),), replicates=4, pairs=0,
)  # fmt: skip


@pytest.fixture(scope="module")
def tiny() -> Bench:
    """A bench of a few hundred accounts, without fresh processes."""
    lines: list[str] = []
    found = bench(plan=TINY, cores=2, progress=lines.append)
    assert any("1,500 accounts" in line for line in lines)
    return found


def test_a_bench_holds_ratios_machine_and_table(tiny: Bench) -> None:
    keys = {bar.key for bar in BARS}
    assert set(tiny.ratios) == keys == {row["key"] for row in tiny.table}
    measured = {"floor_ratio", "scaling_exponent", "bytes_per_account", "sweep_overhead", "numpy_ratio"}
    assert {key for key, value in tiny.ratios.items() if value is not None} >= measured
    assert tiny.ratios["compile_s"] is None
    assert {"processor", "cores", "python", "numpy", "numba"} <= set(tiny.machine)
    assert json.loads(json.dumps(tiny.to_dict(), allow_nan=False)) == tiny.to_dict()


def test_ratios_are_made_from_the_timings(tiny: Bench) -> None:
    small, large = tiny.timings
    assert (small["accounts"], large["accounts"]) == TINY.sizes
    assert tiny.ratios["floor_ratio"] == large["engine_ns"] / large["floor_ns"]
    grown = math.log(3 * large["engine_ns"] / small["engine_ns"]) / math.log(3)
    assert tiny.ratios["scaling_exponent"] == pytest.approx(grown)
    assert any("1,500 accounts" in note for note in tiny.notes)


def test_rivals_are_compared_before_they_are_timed(tiny: Bench) -> None:
    (row,) = tiny.rivals
    assert (row["rival"], row["accounts"]) == ("columns", 2000)
    assert tiny.ratios["numpy_ratio"] == row["ratio"] == row["rival_ns"] / row["engine_ns"]
    assert tiny.ratios["mesa_ratio"] is None
    assert any(note.startswith("columns agree with the engine in") for note in tiny.notes)


def test_a_rival_with_other_laws_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks import rivals

    right = rivals.RIVALS["columns"]

    def wrong(scenario: Scenario, seed: int) -> rivals.Rival:
        return right(scenario.with_({"service.issues": 0.9}), seed)

    monkeypatch.setitem(rivals.RIVALS, "columns", wrong)
    ratios: dict[str, float | None] = {bar.key: None for bar in BARS}
    notes: list[str] = []
    plan = replace(TINY, small=1000, replicates=6)
    assert bench_module._rivals(plan, lambda _: None, ratios, notes) == []
    assert ratios["numpy_ratio"] is None
    assert "do not agree" in notes[0] and "handled" in notes[0]


def test_a_batch_and_single_runs_have_the_same_bits() -> None:
    found = batch_and_single(scaled(300, 8), 40, portions=3)
    assert found.runs == 40 and found.same_bits
    assert found.run_ms > 0


def test_other_bits_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    from flywheel_sim.execute import run as running

    right = running.run
    monkeypatch.setattr(running, "run", lambda s, **given: right(s, **{**given, "seed": 2}))
    assert not batch_and_single(scaled(300, 4), 4, portions=1).same_bits


def test_overheads_are_over_the_kernels_of_the_same_runs() -> None:
    ticks = iter(range(100))  # every reading of the clock is a second later
    found = batch_and_single(scaled(300, 4), 6, portions=2, clock=lambda: float(next(ticks)))
    assert (found.batch_overhead, found.single_overhead) == (0.0, 0.0)
    ticks = iter(range(100))
    assert kernels(scaled(300, 4), 3, clock=lambda: float(next(ticks))) == 1.0


def test_the_memory_is_timed() -> None:
    assert bandwidth(1, 2) > 1e8


def test_rows_say_met_or_how_far() -> None:
    less, more = Bar("a", 8.0, 3.0, ""), Bar("b", 1.6, 1.9, "", more=True)
    got = [(row["met"], row["aim_met"], row["distance"]) for row in (less.row(2.0), less.row(4.0), less.row(16.0))]
    assert got == [(True, True, 0.25), (True, False, 0.5), (False, False, 2.0)]
    got = [(row["met"], row["aim_met"], row["distance"]) for row in (more.row(2.0), more.row(0.8), more.row(None))]
    assert got == [(True, True, 0.8), (False, False, 2.0), (None, None, None)]


def test_bytes_are_counted_from_the_arrays() -> None:
    n = 10 * 1024
    state = Simulation([scaled(n, 4).model], [(0, 1, 0)]).state
    columns = account_columns(state)
    assert not {"edge", "friend", "run", "acc"} & set(columns)
    network = 4 * (n + 1) + 4 * 8 * n  # offsets, and friends at a mean degree of 8
    assert state.edge.nbytes + state.friend.nbytes == network
    per_account = bytes_of(state) / n
    widths = sum(column.dtype.itemsize for column in columns.values())
    assert state.tally.nbytes == 32 * n  # what accounts took, where payroll is shared out by it
    grown = widths + (network + state.tally.nbytes) / n
    assert grown < per_account < grown + 2


def test_the_floor_has_the_widths_of_the_state_and_touches_every_value_once() -> None:
    state = Simulation([scaled(1500, 4).model], [(0, 1, 0)]).state
    columns = floor_of(state)
    assert sum(part.nbytes for part in columns) == sum(column.nbytes for column in account_columns(state).values())
    key, rows = np.uint32(1), len(state.status)
    floor_week(columns, rows, key, key, key)
    changed = np.mean(columns.four != 1)
    assert changed > 0.999
    floor_week(columns, rows, key, key, key)  # the same draws again: back where it was
    assert all((part == 1).all() for part in columns)


@pytest.mark.parametrize("accounts", [2_000, 50_000])
def test_a_scaled_company_is_the_same_company(accounts: int) -> None:
    model, base = (scaled(n, 30, "b2b-saas").model for n in (accounts, 5_000))
    k = accounts / 5_000
    assert model.market.initial_customers == 200 * k
    assert model.teams["sales"].headcount == pytest.approx(base.teams["sales"].headcount * k)
    assert model.ledger.cost_per_lead == base.ledger.cost_per_lead
    got, expected = (Simulation([m], [(0, 1, 0)]) for m in (model, base))
    got.advance()
    expected.advance()
    share = (simulation.arrays(0).weekly[-1] for simulation in (got, expected))
    from flywheel_sim.scenario.columns import COL

    mine, theirs = share
    assert mine[COL.coordination_share] == pytest.approx(theirs[COL.coordination_share], rel=0.25)
    assert mine[COL.customers] / accounts == pytest.approx(theirs[COL.customers] / 5_000, rel=0.15)


def test_timing_is_interleaved_and_takes_medians() -> None:
    order: list[str] = []
    given = {"a": [3.0, 1.0, 2.0], "b": [7.0, 9.0, 8.0]}

    def job(name: str) -> float:
        order.append(name)
        return given[name][order.count(name) - 1]

    assert interleaved({"a": lambda: job("a"), "b": lambda: job("b")}, 3) == {"a": 2.0, "b": 8.0}
    assert order == ["a", "b"] * 3
    assert slope([10, 1000], [5.0, 50.0]) == pytest.approx(0.5)


def test_a_fresh_process_is_timed_and_its_failure_told() -> None:
    found = fresh(["-c", "import sys; print('talk', file=sys.stderr); print('result')"])
    assert found.out == "result\n"
    assert 0 < found.spoke <= found.wall
    assert math.isnan(fresh(["-c", "pass"]).spoke)
    with pytest.raises(RuntimeError, match="broken on purpose"):
        fresh(["-c", "raise SystemExit('broken on purpose')"])


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_a_fresh_process_ends_with_all_that_it_has_started_when_it_is_interrupted(tmp_path: Path) -> None:
    """Once it was waited for after Ctrl-C: for half a minute, or, when it waited itself, for ever."""
    held = tmp_path / "held"
    os.mkfifo(held)
    below = f"import signal; here = open({str(held)!r}, 'w'); print('up', flush=True); signal.pause()"
    child = f"import subprocess, sys; below = subprocess.Popen([sys.executable, '-c', {below!r}], stdout=sys.stderr)"
    started: list[int] = []
    with os.fdopen(os.open(held, os.O_RDONLY | os.O_NONBLOCK)) as ended:
        with pytest.raises(KeyboardInterrupt):
            fresh(
                ["-c", f"{child}; below.wait()"],
                hear=lambda _: os.kill(os.getpid(), signal.SIGINT), begun=started.append,
            )  # fmt: skip
        with pytest.raises(ChildProcessError):
            os.waitpid(started[0], os.WNOHANG)  # ended, and waited for
        assert select.select([ended], [], [], 60)[0] and ended.read() == "", "nobody holds it open"


@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal")
def test_kernels_that_are_timed_are_left_when_they_are_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once Ctrl-C waited for the threads to end, for as long as it takes."""
    goes_on = threading.Event()

    def kernels(*_: object, **__: object) -> float:
        os.kill(os.getpid(), signal.SIGINT)
        goes_on.wait()
        return 0.0

    monkeypatch.setattr(long_module, "kernels", kernels)
    try:
        with pytest.raises(KeyboardInterrupt) as stopped:
            long_module._run_ms(long_module.scaled(200, 2), 1)
        assert stopped.value.left  # type: ignore[attr-defined]
    finally:
        goes_on.set()


def test_plans_stay_within_what_the_bars_are_for() -> None:
    assert FULL.sizes[-1] == 1_000_000
    assert QUICK.sizes[-1] == 100_000
    assert (FULL.small, FULL.small_weeks, FULL.warm_up) == (2_000, 156, 26)
    assert machine()["cores"] >= 1


def test_the_command_answers_in_json_and_in_words(monkeypatch: pytest.MonkeyPatch, tiny: Bench) -> None:
    def made_up(quick: bool, **_: object) -> Bench:
        assert quick
        return tiny

    monkeypatch.setattr(bench_module, "bench", made_up)
    whole = json.loads(CliRunner().invoke(flywheel, ["bench", "--quick", "--json"]).stdout)
    assert (whole["schema"], whole["status"]) == ("flywheel.bench/1", "ok")
    assert whole["data"]["ratios"]["floor_ratio"] == tiny.ratios["floor_ratio"]
    assert {row["key"] for row in whole["data"]["table"]} == set(tiny.ratios)
    text = CliRunner().invoke(flywheel, ["bench", "--quick"]).stdout
    assert "floor_ratio" in text
    assert "not measured" in text
    assert "1,500" in text


def test_the_roofline_shows_every_series_that_was_measured(
    tiny: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tiny.to_dict()
    (axes,) = roofline(data).axes
    shown = {line.get_label(): np.asarray(line.get_ydata()).tolist() for line in axes.lines}
    assert shown["engine, every mechanism"] == [row["engine_ns"] for row in data["timings"]]
    assert shown["NumPy columns, the core"] == [data["rivals"][0]["rival_ns"]]
    assert not any("agents" in name for name in shown)
    heavy = [{**row, "rival": "agents", "rival_bytes": x} for row in data["rivals"] for x in (None, 1500.0)]
    (more,) = roofline(data | {"rivals": heavy}).axes
    (agents,) = [line for line in more.lines if "agents" in line.get_label()]
    assert np.asarray(agents.get_xdata()).tolist() == [3000.0, 3000.0], "what one size tells is taken for the others"
    ceiling = np.asarray(axes.lines[0].get_xydata())
    assert np.allclose(ceiling[:, 1], ceiling[:, 0] / data["bandwidth"] * 1e9)
    monkeypatch.setattr(bench_module, "bench", lambda *_, **__: tiny)
    file = tmp_path / "roofline.svg"
    assert CliRunner().invoke(flywheel, ["bench", "--figure", str(file)]).exit_code == 0
    assert "<svg" in file.read_text("utf-8")


def test_a_big_run_is_judged_by_what_it_announced() -> None:
    said = [
        (20.0, "B2B software company: 4 % done, about 2 min left"),
        (30.0, "B2B software company: 11 % done, about 1 min 30 s left"),
        (40.0, "B2B software company: 20 % done, time left not known yet"),
        (50.0, "B2B software company: 31 % done, about 60 s left, interrupted"),
    ]
    found = said_left(said, 130.0)
    assert [(one["done"], one["said"], one["took"]) for one in found] == [
        (0.04, 120.0, 110.0),
        (0.11, 90.0, 100.0),
        (0.31, 60.0, 80.0),
    ]
    run = BigRun(10, 5, 2, 130.0, 200.0, 1e9, found, 3.0, {})
    assert run.error_at_a_tenth == pytest.approx(-0.1)
    assert replace(run, estimates=found[:1]).error_at_a_tenth is None


def test_a_large_run_is_made_through_the_command_line() -> None:
    found = big_run(2000, 3, cores=1)
    assert (found.accounts, found.weeks, found.cores) == (2000, 3, 1)
    assert found.customers_end > 0
    assert found.cpu_seconds > 0 and 1e7 < found.peak_bytes < 4e9


def test_a_long_sweep_is_made_through_the_command_line() -> None:
    said: list[str] = []
    found = long_sweep(50, accounts=200, weeks=6, cores=2, portions=1, progress=said.append)
    assert (found.runs, found.points, found.rows, found.failed) == (48, 3, 48, 0)
    assert found.once and found.same_hash and len(found.hash) == 64
    assert len(found.kernel_ms) == 2 and min(found.kernel_ms) > 0
    assert found.files >= 5 and found.bytes > 1000
    assert any("48 runs: runs go to" in line for line in said), "what the sweep says is passed on"
    if Path("/proc/self/status").exists():
        assert found.memory[-1]["done"] == 1.0 and 1e7 < found.memory[-1]["peak"] < 4e9
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_long_sweep_is_held_against_its_kernels_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = [{"done": d, "bytes": 1e8 * p, "peak": 1e8 * p} for d, p in ((0.04, 3), (0.12, 4), (0.55, 5), (1.0, 6))]
    made = LongSweep(
        1000, 63, 2000, 156, 2, 8.0, 15.0, [10.0, 12.0, 13.0, 15.0], 1000, 0, True, True, "ab", 9, 4_000_000, memory,
        [], {},
    )  # fmt: skip
    # 1 000 runs of 12.5 ms
    assert made.kernel_seconds == pytest.approx(12.5) and made.overhead == pytest.approx(0.2)
    assert [made.memory_at(share)["peak"] for share in (0.1, 0.5, 1.0)] == [4e8, 5e8, 6e8]
    monkeypatch.setattr(long_module, "long_sweep", lambda runs, **_: replace(made, runs=runs, rows=runs))
    done = CliRunner().invoke(flywheel, ["bench", "--sweep", "--json"])
    assert done.exit_code == 0 and json.loads(done.stdout)["data"]["rows"] == 100_000
    text = CliRunner().invoke(flywheel, ["bench", "--sweep", "1000"]).stdout
    assert "+20.0 % over the kernels' 12 s" in text and "400 MB at 10 %, 500 MB at 50 %, 600 MB at 100 %" in text
    monkeypatch.setattr(long_module, "long_sweep", lambda runs, **_: replace(made, once=False))
    done = CliRunner().invoke(flywheel, ["bench", "--sweep", "1000"])
    assert done.exit_code == 1 and "NOT every run exactly once" in done.stdout
    assert CliRunner().invoke(flywheel, ["bench", "--sweep", "1000", "--big"]).exit_code == 2


def test_kernels_of_shared_luck_are_those_of_the_first_replicates(monkeypatch: pytest.MonkeyPatch) -> None:
    keys: list[list[tuple[int, int, int]]] = []

    class Bare:
        def __init__(self, models: object, runs: list[tuple[int, int, int]], keep_teams: bool) -> None:
            keys.append(runs)

        def advance(self, threads: int) -> None: ...

    monkeypatch.setattr("benchmarks.small_runs.Simulation", Bare)
    kernels(scaled(200, 2), 300, lucks=16)
    assert [len(some) for some in keys] == [256, 44] and {k for some in keys for _, _, k in some} == set(range(16))


def test_an_installed_package_says_where_benchmarks_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(benchmarks, "_FOLDER", tmp_path)
    with pytest.raises(FileNotFoundError, match="from a checkout"):
        flywheel_sim.bench(quick=True)
    for options in ([], ["--big"], ["--sweep"], ["--mechanisms"]):
        with pytest.raises(SystemExit) as ended:
            flywheel.main(["bench", *options])
        assert ended.value.code == 2
        said = capsys.readouterr()
        assert "run from a checkout" in said.err and "pip install -e ." in said.err and "Traceback" not in said.err
