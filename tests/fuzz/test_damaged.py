"""Every kind of saved result, cut, rewritten or made of something else: a message that names the file, and exit 2."""

import json
import shutil

import pytest

import flywheel_sim as fs
from flywheel_sim.cli import flywheel
from flywheel_sim.results import Outcomes, ResultError, open_run
from flywheel_sim.results.saving import MANIFEST, read_manifest

SMALL = {"horizon_weeks": 4, "market.accounts": 64, "market.initial_customers": 20}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A saved run and a saved comparison."""
    folder = tmp_path_factory.mktemp("kept")
    plain = fs.load("b2b-two-teams").with_(SMALL)
    fs.run(plain).save(folder / "run")
    fs.compare([plain, plain.with_({"cadence.pull": 0.1})], replicates=2).save(folder / "comparison")
    return folder


@pytest.fixture(params=["run", "comparison"])
def saved(request, kept, tmp_path):
    shutil.copytree(kept / request.param, tmp_path / request.param)
    return tmp_path / request.param


def opened(folder):
    return (open_run if folder.name == "run" else Outcomes.open)(folder)


def code_of(*words):
    with pytest.raises(SystemExit) as ended:
        flywheel(list(words))
    return ended.value.code


def test_checksums_of_all_tables_are_kept(saved):
    manifest = read_manifest(saved)
    assert sorted(manifest["checksums"]) == manifest["tables"] == sorted(p.stem for p in saved.glob("*.parquet"))
    opened(saved)


@pytest.mark.parametrize("how", ["cut", "swapped", "gone", "text", "one bit"])
def test_a_table_that_is_not_what_was_written_is_refused_by_name(saved, how):
    import pyarrow as pa
    import pyarrow.parquet as pq

    for table in sorted(saved.glob("*.parquet")):
        before = table.read_bytes()
        if how == "cut":
            table.write_bytes(before[: len(before) // 2])
        elif how == "swapped":
            table.write_bytes(next(p for p in sorted(saved.glob("*.parquet")) if p != table).read_bytes())
        elif how == "gone":
            table.unlink()
        elif how == "text":
            names = pq.read_table(table).column_names
            pq.write_table(pa.table({name: ["a text"] for name in names}), table)
        else:
            table.write_bytes(before[:-20] + bytes([before[-20] ^ 1]) + before[-19:])
        with pytest.raises(ResultError, match=table.name):
            opened(saved)
        table.write_bytes(before)
    opened(saved)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "7", '{"schema": 1}', '{"schema": "flywheel.saved-run/1"}', "[" * 100_000, "\x00\xff"],
)
def test_a_manifest_of_anything_else_is_refused(saved, text, capsys):
    (saved / MANIFEST).write_text(text, encoding="latin-1")
    with pytest.raises(ResultError, match=f"{MANIFEST}|expected a 'flywheel"):
        opened(saved)
    assert code_of("report", str(saved), "--out", str(saved / "x.html")) == 2
    assert MANIFEST in capsys.readouterr().err


def test_a_changed_manifest_is_refused(saved):
    manifest = json.loads((saved / MANIFEST).read_text("utf-8"))
    for name, value in (("seed", manifest["seed"] + 1), ("weeks", "four"), ("scenarios", []), ("tables", ["life"])):
        (saved / MANIFEST).write_text(json.dumps({**manifest, name: value}), "utf-8")
        with pytest.raises(ResultError, match="is not what was written"):
            opened(saved)


def test_what_fits_its_checksums_and_not_its_kind_is_refused_all_the_same(kept, tmp_path):
    from flywheel_sim.results.saving import write_folder

    manifest = json.loads((kept / "run" / MANIFEST).read_text("utf-8"))
    tables = {name: {"week": ["a", "b"]} for name in manifest["tables"]}
    write_folder(tmp_path / "run", manifest, tables)
    with pytest.raises(ResultError, match="does not fit this version"):
        open_run(tmp_path / "run")
    assert code_of("report", str(tmp_path / "run"), "--out", str(tmp_path / "x.html")) == 2
