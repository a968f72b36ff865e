"""The store: all there or not there, one writer, every run once, and broken files found out."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from failing_workers import made_up

import flywheel_sim
from flywheel_sim.cli import flywheel
from flywheel_sim.execute import parts, versions
from flywheel_sim.execute import store as store_module
from flywheel_sim.execute.checksums import summed
from flywheel_sim.execute.chunk import Chunk
from flywheel_sim.execute.design import Design, Names, Point
from flywheel_sim.execute.parts import number_of, read_part, write_part
from flywheel_sim.execute.rows import Rows
from flywheel_sim.execute.store import Experiment, Store
from flywheel_sim.execute.versions import CodeMismatch
from flywheel_sim.results import ResultError
from flywheel_sim.scenario import load

from .conftest import TINY, heads


def rows_of(store: Store, runs: list[int]) -> Rows:
    experiment = store.experiment
    return made_up(Chunk(store.code, {}, tuple(store.jobs(runs)), experiment.outcomes, experiment.columns))


def hash_of(store: Store, runs) -> str:
    """What the hash is when these runs are there and none has ever failed."""
    with Store.create(store.folder.parent / "fresh", store.experiment, heads()) as fresh:
        fresh.append(rows_of(fresh, list(runs)))
        return fresh.hash()


def parquet(folder: Path) -> list[Path]:
    return sorted(folder.glob("part-*.parquet"))


def test_design_comes_first_and_says_what_every_run_is(store):
    design = pd.read_parquet(store.folder / "design.parquet")
    assert design["run"].tolist() == list(range(12))
    assert design["point"].tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert design["replicate"].tolist() == [0, 1, 2, 3] * 3
    assert design["teams.sales.headcount"].tolist() == [4] * 4 + [6] * 4 + [8] * 4
    assert set(design["seed"]) == {7} and design["run_id"].is_unique
    assert store.pending().tolist() == list(range(12))
    study = json.loads((store.folder / "study.json").read_text())
    assert study["schema"] == "flywheel.store/1" and study["scenarios"]["tiny"]["resolved"]["horizon_weeks"] == 6


def test_rows_are_kept_to_the_last_bit_and_survive_reopening(store):
    some = rows_of(store, [0, 5, 2])
    store.append(some)
    store.append([rows_of(store, [1]), rows_of(store, [11])])
    store.close()
    again = Store.open(store.folder)
    assert again.pending().tolist() == [3, 4, 6, 7, 8, 9, 10]
    got = again.runs().set_index("run").loc[[0, 5, 2], ["npv", "customers.end"]].to_numpy()
    np.testing.assert_array_equal(got, some.outcomes)
    assert again.series().groupby("run")["week"].count().tolist() == [3] * 5
    table = again.table()
    assert table["teams.sales.headcount"].tolist() == [4, 4, 4, 6, 8]
    assert again.standing().done == 5 and again.standing().left == 7


def test_a_run_is_written_once(store):
    store.append(rows_of(store, [3]))
    with pytest.raises(ValueError, match="there already"):
        store.append(rows_of(store, [3]))


def test_a_reader_cannot_write(store):
    reader = Store.open(store.folder)
    with pytest.raises(ResultError, match="reading only"):
        reader.append(rows_of(store, [0]))
    with pytest.raises(ResultError, match="reading only"):
        reader.extend(heads())


def test_a_second_writer_is_refused_and_the_first_one_named(store):
    with pytest.raises(ResultError, match=rf"another process \(process {os.getpid()} on .*\) is at work"):
        Store.open(store.folder, write=True)
    assert Store.open(store.folder).writer().startswith(f"process {os.getpid()}")
    store.close()
    assert Store.open(store.folder).writer() == ""
    Store.open(store.folder, write=True).close()


def test_extending_asks_only_for_what_is_new_and_names_runs_by_what_they_are(store, tmp_path, experiment):
    store.append(rows_of(store, [4]))
    numbers = store.extend(Design([Point({"teams.sales.headcount": 6}), Point({"teams.sales.headcount": 7})], 5))
    assert numbers.tolist() == [[4, 5, 6, 7, 12], [13, 14, 15, 16, 17]]
    assert 4 not in store.pending() and len(store.pending()) == 17
    store.append(rows_of(store, [13]))
    store.close()
    with Store.open(store.folder, write=True) as again:
        assert again.standing().total == 18
        assert again.extend(heads((7,), 5)).tolist() == [[13, 14, 15, 16, 17]]
        assert [job.changes for job in again.jobs([12, 13])] == [
            (("teams.sales.headcount", 6),),
            (("teams.sales.headcount", 7),),
        ]
        design = again.design()
    assert design["point"].nunique() == 5, "the rest of a point that was there is a point of its own"
    with Store.create(tmp_path / "other", experiment, heads((7, 6), 5)) as other:
        mine = design.set_index(["teams.sales.headcount", "replicate"])["run_id"]
        theirs = other.design().set_index(["teams.sales.headcount", "replicate"])["run_id"]
        assert mine[theirs.index].tolist() == theirs.tolist()


@pytest.mark.parametrize(
    "changes",
    [
        {"teams.sales.headcount": 5},
        {"teams.sales.headcount": 5.5, "horizon_weeks": 9, "ledger.discount_rate": 0},
        {"word_of_mouth.enabled": False, "market.network.kind": "ring"},
        {"market.network": "ring"},
        {"title": "Other"},
        {"axes": ["acquire", "value", "ease", "care"]},
        {},
    ],
)
def test_the_fast_name_is_the_hash_of_the_scenario(changes):
    base = load("b2b-saas").with_(TINY)
    names = Names(base, {"engine": "x"})
    expected = base.with_(changes).hash if changes else base.hash
    assert names.hash_of(changes) == expected
    assert names.hash_of(dict(reversed(changes.items()))) == expected
    other = {path: (6 if value == 5 else value) for path, value in changes.items()}
    assert (names.hash_of(other) == expected) == (other == changes)


def test_a_name_depends_on_code_scenario_seed_and_replicate():
    base = load("b2b-saas")
    one, two = Names(base, {"engine": "x"}), Names(base, {"engine": "y"})
    ids = {one.run_id("h", 1, 0), one.run_id("h", 1, 1), one.run_id("h", 2, 0), one.run_id("i", 1, 0)}
    assert len(ids | {two.run_id("h", 1, 0)}) == 5


def test_values_of_every_kind_come_back_as_they_were(tmp_path, experiment):
    network = {"kind": "ring", "degree": 4}
    points = [
        {"word_of_mouth.enabled": True, "ledger.overhead": 0.1 + 0.2},
        {"market.network": network},
        {"market.network": "ring", "ledger.overhead": 3},
        {"horizon_weeks": 12},
    ]
    with Store.create(tmp_path / "kinds", experiment, Design([Point(changes) for changes in points])) as store:
        assert [dict(job.changes) for job in store.jobs(range(4))] == points
    got = {job.run: dict(job.changes) for job in Store.open(store.folder).jobs([0, 1, 2, 3])}
    assert list(got.values()) == points


def test_values_of_another_kind_in_a_later_question_are_told_as_json(store):
    """A search that asks for numbers first and for names later: the parts of its design differ in kind."""
    for value in (3, 2.5, "ring", {"kind": "ring"}, True):
        store.extend(Design([Point({"market.network.degree": value})]))
    design = store.design()["market.network.degree"]
    assert design.tolist()[12:] == ["3", "2.5", '"ring"', '{"kind": "ring"}', "true"] and design[:12].isna().all()
    assert [dict(job.changes)["market.network.degree"] for job in store.jobs(range(12, 17))] == [
        3, 2.5, "ring", {"kind": "ring"}, True
    ]  # fmt: skip


def test_failed_runs_are_asked_for_again_and_the_rest_stays(store):
    store.append([rows_of(store, [0, 1]), Rows.lost([2], "no memory", 2, 2)])
    store.append([Rows.lost([3, 4], "no memory", 2, 2)])
    store.append(rows_of(store, [5]))
    assert store.standing().failed == 3
    assert store.forget_failed() == 3 and store.forget_failed() == 0
    assert store.standing().failed == 0 and store.pending().tolist() == [2, 3, 4, *range(6, 12)]
    store.append(rows_of(store, [3, 2]))
    store.close()
    with Store.open(store.folder, write=True) as again:
        assert not again.broken and again.pending().tolist() == [4, *range(6, 12)]
        assert pd.read_parquet(again.folder / "series")["run"].unique().tolist() == [0, 1, 5, 3, 2]
        again.append(rows_of(again, [4]))
        assert again.hash() == hash_of(again, range(6))


@pytest.mark.parametrize("call", ["write_part", "unlink"])
def test_an_end_while_failed_runs_are_forgotten_loses_nothing(store, monkeypatch, call):
    store.append([rows_of(store, [0, 1]), Rows.lost([2], "no memory", 2, 2)])

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "pulled the plug")

    monkeypatch.setattr(*((store_module, call) if call == "write_part" else (Path, call)), fail)
    with pytest.raises(ResultError, match="pulled the plug"):
        store.forget_failed()
    monkeypatch.undo()
    store.close()
    with Store.open(store.folder, write=True) as again:
        assert again.standing().done == 3 and again.standing().failed == 1
        assert again.forget_failed() == 1 and again.pending().tolist() == list(range(2, 12))
        assert pd.read_parquet(again.folder / "runs")["run"].tolist() == [0, 1]


@pytest.mark.parametrize("damage", ["cut", "bit", "empty", "gone"])
@pytest.mark.parametrize("folder", ["runs", "series"])
def test_damaged_parts_are_put_aside_and_their_runs_asked_for_again(store, folder, damage):
    store.append(rows_of(store, [0, 1]))
    store.append(rows_of(store, [2, 3]))
    before = store.hash()
    store.close()
    path = parquet(store.folder / folder)[-1]
    data = bytearray(path.read_bytes())
    if damage == "gone":
        path.unlink()
    else:
        data[len(data) // 2] ^= 1
        path.write_bytes({"cut": data[:-7], "bit": data, "empty": b""}[damage])
    with Store.open(store.folder, write=True) as again:
        assert again.pending().tolist() == list(range(2, 12))
        again.append(rows_of(again, [2, 3]))
        assert again.hash() == before
        assert (again.folder / "broken").exists() or damage == "gone"
        assert len(pd.read_parquet(again.folder / "runs")) == 4
        assert pd.read_parquet(again.folder / "series").groupby("run").size().tolist() == [3] * 4


def test_a_reader_leaves_damaged_parts_where_they_are(store):
    store.append(rows_of(store, [0]))
    path = parquet(store.folder / "runs")[-1]
    path.write_bytes(path.read_bytes()[:-1])
    reader = Store.open(store.folder)
    assert reader.broken == [f"runs/{path.name}"] and reader.standing().done == 0 and path.exists()


def test_a_series_without_its_commit_record_is_no_run(store):
    store.append(rows_of(store, [0]))
    store.append(rows_of(store, [1]))
    store.close()
    parquet(store.folder / "runs")[-1].unlink()
    (store.folder / ".drafts" / "part-000009-00000000.parquet").write_bytes(b"half")
    with Store.open(store.folder, write=True) as again:
        assert again.pending().tolist() == list(range(1, 12))
        assert len(parquet(again.folder / "series")) == 2
        assert not list((again.folder / ".drafts").iterdir())
        again.append(rows_of(again, [1]))
    assert pd.read_parquet(store.folder / "series")["run"].value_counts().to_dict() == {0: 3, 1: 3}


@pytest.mark.parametrize("name", ["design.parquet", "study.json"])
@pytest.mark.parametrize("content", [b"", b"{", None])
def test_without_its_design_a_store_is_refused_in_words(store, name, content):
    path = store.folder / name
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(ResultError, match=r"started again|is not a sweep"):
        Store.open(store.folder)


def test_a_run_that_is_asked_for_twice_is_made_once_and_has_two_rows(tmp_path, experiment):
    with Store.create(tmp_path / "twice", experiment, heads((6, 8, 6), 2)) as store:
        assert store.design()["teams.sales.headcount"].tolist() == [6, 6, 8, 8, 6, 6]
        assert store.standing().total == 6
        assert store.pending().tolist() == [0, 1, 2, 3]
        store.append(rows_of(store, [1, 2]))
        assert store.standing().done == 3
        assert store.pending().tolist() == [0, 3]
        store.append(rows_of(store, [0, 3]))
        table = store.table()
        assert table["point"].tolist() == [0, 0, 1, 1, 2, 2]
        assert table["npv"][4:].tolist() == table["npv"][:2].tolist()
        assert store.series()["run"].value_counts().to_dict() == dict.fromkeys(range(6), 3)
    with Store.open(store.folder, write=True) as again:
        assert again.standing().left == 0 and not len(again.pending())
        assert again.extend(heads((6, 6), 2)).tolist() == [[0, 1], [0, 1]], "a search is answered with the first"
    with Store.create(tmp_path / "once", experiment, heads((6, 8), 2)) as once:
        once.append(rows_of(once, [0, 1, 2, 3]))
        assert once.hash() == store.hash(), "the same runs"


def test_a_failed_run_that_is_asked_for_twice_is_made_again_once(tmp_path, experiment):
    with Store.create(tmp_path / "twice", experiment, heads((6, 6), 1)) as store:
        store.append(Rows.lost([0], "no memory", 2, 2))
        assert (store.standing().done, store.standing().failed) == (2, 2)
        assert store.forget_failed() == 2
        assert store.pending().tolist() == [0]


def rewritten(path: Path, **columns: object) -> None:
    """A parquet file read and written by pandas, with some columns replaced."""
    pd.read_parquet(path).assign(**columns).to_parquet(path, index=False)


@pytest.mark.parametrize("columns", [{}, {"teams.sales.headcount": 5}])
@pytest.mark.parametrize("write", [False, True])
def test_a_design_that_another_program_has_rewritten_is_refused(store, columns, write):
    """pandas drops the notes that say which columns are set in the scenario: every run would be the base case."""
    store.close()
    rewritten(store.folder / "design.parquet", **columns)
    with pytest.raises(ResultError, match=r"design\.parquet' .*another program has changed it.*started again"):
        Store.open(store.folder, write=write)


@pytest.mark.parametrize(("name", "value"), [("seed", 8), ("outcomes", ["customers.end", "npv"]), ("every", 1)])
def test_a_study_that_has_been_edited_is_refused(store, name, value):
    path = store.folder / "study.json"
    study = json.loads(path.read_text())
    store.close()
    path.write_text(json.dumps(study))
    assert Store.open(store.folder).standing().total == 12, "the layout of the file is nobody's business"
    path.write_text(json.dumps(study | {name: value}))
    with pytest.raises(ResultError, match=r"study\.json' has been changed since the sweep began"):
        Store.open(store.folder)


def test_rows_under_the_name_of_another_run_are_no_rows_of_this_one(store):
    store.append(rows_of(store, [0]))
    store.append(rows_of(store, [1]))
    store.close()
    one, other = (path for path in parquet(store.folder / "runs") if len(pd.read_parquet(path)))
    table = read_part(other)
    swapped = table.set_column(1, "run_id", [read_part(one).column("run_id").combine_chunks()])
    number, notes = number_of(other.name), {"series": table.schema.metadata[b"series"].decode()}
    other.unlink()
    name = write_part(store.folder, "runs", number, swapped, notes)
    with Store.open(store.folder, write=True) as again:
        assert again.broken == [f"runs/{name}"]
        assert again.pending()[0] == 1


def test_places_that_hold_no_store(tmp_path, experiment):
    with pytest.raises(ResultError, match="there is no sweep"):
        Store.open(tmp_path / "none")
    with pytest.raises(ResultError, match=r"it has no study\.json"):
        Store.open(tmp_path)
    (tmp_path / "study.json").write_text('{"schema": "flywheel.store/9"}')
    with pytest.raises(ResultError, match=r"has format 'flywheel\.store/9'"):
        Store.open(tmp_path)
    with pytest.raises(ResultError, match="already there"):
        Store.create(tmp_path, experiment)


def test_other_code_may_look_and_not_write(store):
    study = json.loads((store.folder / "study.json").read_text())
    study["code"]["engine"] = "0123456789abcdef"
    store.close()
    design = (store.folder / "design.parquet").read_bytes()
    (store.folder / "study.json").write_text(json.dumps(summed(study, design)))
    with pytest.raises(CodeMismatch, match="was made by other code: engine 0123456789abcdef"):
        Store.open(store.folder, write=True)
    assert Store.open(store.folder).standing().total == 12


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_what_cannot_be_written_leaves_nothing_half(store, experiment, tmp_path, monkeypatch, number):
    store.append(rows_of(store, [0]))
    before = store.hash()

    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(parts.os, "fsync", fail)
    with pytest.raises(ResultError, match=os.strerror(number)):
        store.append(rows_of(store, [1]))
    with pytest.raises(ResultError, match=os.strerror(number)):
        store.extend(heads((9,)))
    with pytest.raises(ResultError, match=os.strerror(number)):
        Store.create(tmp_path / "another", experiment, heads())
    monkeypatch.undo()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["runs"]
    assert store.hash() == before and store.pending().tolist() == list(range(1, 12))
    store.append(rows_of(store, [1]))
    assert Store.open(store.folder).standing().done == 2


@pytest.mark.skipif(not hasattr(os, "setuid"), reason="needs another user")
def test_a_folder_that_may_not_be_written(store, tmp_path):
    """Really read-only: as a user who may not write there."""
    store.close()
    homes = [Path(place).resolve() for place in (flywheel_sim.__file__, sys.prefix, sys.base_prefix)]
    closed = any(not folder.stat().st_mode & 0o001 for home in homes for folder in home.parents)
    if os.getuid() == 0 and closed:
        pytest.skip("another user cannot read this installation")
    script = (
        "import os, sys\n"
        "from flywheel_sim.execute.store import Store\n"
        "if os.getuid() == 0: os.setuid(65534)\n"
        "try: Store.open(sys.argv[1], write=True)\n"
        "except ValueError as error: print(error)\n"
        "print(Store.open(sys.argv[1]).standing().total)\n"
    )
    for path in (tmp_path, *tmp_path.parents):  # however deep a run in several processes lays its folders
        if not path.stat().st_mode & 0o001:
            path.chmod(0o755)
    for path in (store.folder, *store.folder.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    done = subprocess.run([sys.executable, "-c", script, str(store.folder)], capture_output=True, text=True)
    if "ModuleNotFoundError" in done.stderr:
        pytest.skip("another user cannot read this installation")
    assert done.stdout == f"cannot write to '{store.folder}': Permission denied\n12\n", done.stderr


def test_other_programs_read_it_while_it_grows(store):
    assert len(pd.read_parquet(store.folder / "runs")) == 0, "before the first run as well"
    store.append(rows_of(store, [0, 1]))
    store.append(rows_of(store, [2]))
    runs = pd.read_parquet(store.folder / "runs").merge(pd.read_parquet(store.folder / "design.parquet"), on="run")
    assert runs["teams.sales.headcount"].tolist() == [4, 4, 4]
    assert runs["npv"].notna().all()


def test_other_programs_polars(store):
    polars = pytest.importorskip("polars")
    store.append(rows_of(store, [0, 1]))
    assert polars.read_parquet(f"{store.folder}/runs/*.parquet").height == 2


def test_other_programs_duckdb(store):
    duckdb = pytest.importorskip("duckdb")
    store.append(rows_of(store, [0, 1]))
    assert duckdb.sql(f"select count(*) from '{store.folder}/runs/*.parquet'").fetchall() == [(2,)]


def test_other_programs_xarray(store):
    pytest.importorskip("xarray")
    store.append(rows_of(store, [0, 1]))
    cube = pd.read_parquet(store.folder / "series").set_index(["run", "week"]).to_xarray()
    assert dict(cube.sizes) == {"run": 2, "week": 3}


def test_the_hash_is_of_the_runs_alone(store, tmp_path, experiment):
    store.append(rows_of(store, list(range(12))))
    with Store.create(tmp_path / "other", experiment, heads((8, 4, 6))) as other:
        for run in reversed(range(12)):
            other.append(rows_of(other, [run]))
        assert other.hash() == store.hash()
    with Store.create(tmp_path / "third", Experiment(experiment.scenarios, 8, experiment.outcomes), heads()) as third:
        third.append(rows_of(third, list(range(12))))
        assert third.hash() != store.hash()


def test_runs_are_the_same_runs_whatever_library_made_them(tmp_path, monkeypatch):
    """Their names and the hash of all of them hold scenario, changes and luck; versions stand apart and are told."""
    import flywheel_sim as fs

    study = {"scenario": "b2b-saas", "set": {"market.accounts": 200, "horizon_weeks": 4, "market.initial_customers": 9},
             "parameters": {"market.price": [1.0, 1.2]}, "outcomes": ["npv"], "series": ["customers"]}  # fmt: skip
    ours = fs.sweep(study, tmp_path / "ours")
    monkeypatch.setattr(versions, "_library", lambda name: f"{name}-of-another-day")
    theirs = fs.sweep(study, tmp_path / "theirs")
    assert theirs.table["run_id"].tolist() == ours.table["run_id"].tolist()
    assert theirs.store.hash() == ours.store.hash()
    assert theirs.to_dict()["code"]["numpy"] == "numpy-of-another-day" != ours.to_dict()["code"]["numpy"]
    with pytest.raises(ResultError, match=r"other code: numpy .* \(here numpy-of-another-day\)"):
        fs.resume(tmp_path / "ours")
    said = CliRunner().invoke(flywheel, ["status", str(tmp_path / "ours")]).output
    assert "made by other code: numpy" in said and "numba-of-another-day" in said
    monkeypatch.undo()
    other = fs.sweep({**study, "parameters": {"market.price": [1.0, 1.3]}}, tmp_path / "other")
    assert other.store.hash() != ours.store.hash()


def test_parts_and_frames_say_units(tmp_path):
    import flywheel_sim as fs

    study = {"scenario": "b2b-saas", "set": {"market.accounts": 200, "horizon_weeks": 4, "market.initial_customers": 9},
             "parameters": {"market.price": [1.0]}, "outcomes": ["npv", "revenue.sum"],
             "series": ["customers", "cash"]}  # fmt: skip
    found = fs.sweep(study, tmp_path / "runs")
    (series,) = [p for p in (tmp_path / "runs" / "series").glob("*.parquet") if read_part(p).num_rows]
    units = {field.name: (field.metadata or {}).get(b"unit") for field in read_part(series).schema}
    assert units == {"run": None, "week": b"weeks", "customers": b"accounts", "cash": b"$"}
    assert found.series.attrs["units"] == {"week": "weeks", "customers": "accounts", "cash": "$"}
    (runs,) = [p for p in (tmp_path / "runs" / "runs").glob("*.parquet") if read_part(p).num_rows]
    assert read_part(runs).schema.field("npv").metadata == {b"unit": b"$"}
