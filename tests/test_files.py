"""Where files are written, how, and with whose permissions."""

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import flywheel_sim as fs
from flywheel_sim.cli import flywheel
from flywheel_sim.files import PlaceError, draft_folder, is_folder, place, whole_file, write_text
from flywheel_sim.typed import command

posix = pytest.mark.skipif(os.name == "nt", reason="devices, pipes and masks of POSIX")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(params=[0o022, 0o077, 0o002], ids=["022", "077", "002"])
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@posix
def test_new_files_and_folders_follow_the_umask(tmp_path, umask):
    write_text(tmp_path / "a.txt", "a")
    with draft_folder(tmp_path / "saved") as draft:
        (draft / "inside.txt").write_text("b")
    assert mode(tmp_path / "a.txt") == 0o666 & ~umask
    assert mode(tmp_path / "saved") == 0o777 & ~umask and mode(tmp_path / "saved/inside.txt") == 0o666 & ~umask


@posix
def test_every_kind_of_result_follows_the_umask(tmp_path, umask):
    tiny = {"extends": "b2b-saas", "market.accounts": 200, "market.initial_customers": 20, "horizon_weeks": 4}
    small = fs.load("b2b-saas").with_({path: v for path, v in tiny.items() if path != "extends"})
    fs.run(small).save(tmp_path / "run")
    sets = {path: value for path, value in tiny.items() if path != "extends"}
    study = {"scenario": "b2b-saas", "set": sets, "parameters": {"teams.sales.headcount": [4]}, "outcomes": ["npv"]}
    fs.sweep(study, tmp_path / "runs")
    for path in [tmp_path / "run", tmp_path / "runs", *(tmp_path / "run").rglob("*"), *(tmp_path / "runs").rglob("*")]:
        if path.name == "lock":
            continue
        assert mode(path) == (0o777 if path.is_dir() else 0o666) & ~umask, path


@posix
def test_a_file_that_is_replaced_keeps_its_permissions_and_a_link_stays_a_link(tmp_path):
    real, link = tmp_path / "real.txt", tmp_path / "link.txt"
    real.write_text("old")
    real.chmod(0o640)
    link.symlink_to("real.txt")
    write_text(link, "new")
    assert link.is_symlink() and real.read_text() == "new" and mode(real) == 0o640


@posix
def test_what_is_no_file_is_written_to_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    heard: list[str] = []
    listening = threading.Thread(target=lambda: heard.append(pipe.read_text()), daemon=True)
    listening.start()
    result = CliRunner().invoke(flywheel, ["explain", "A22", "--out", str(pipe)])
    listening.join(10)
    assert result.exit_code == 0 and "Coordination cost" in heard[0]
    assert stat.S_ISFIFO(pipe.stat().st_mode) and list(tmp_path.iterdir()) == [pipe]
    write_text("/dev/null", "nothing")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    with pytest.raises(OSError, match="space"):
        write_text("/dev/full", "x")


@posix
def test_what_is_no_file_takes_what_is_written_out_of_order_and_nothing_half():
    """An archive goes back to its beginning; a device and a pipe cannot be sought in."""
    read, write = os.pipe()
    with whole_file(f"/dev/fd/{write}") as draft, draft.open("wb") as file:
        file.write(b"b")
        file.seek(0)
        file.write(b"a")
    with pytest.raises(RuntimeError), whole_file(f"/dev/fd/{write}") as draft:
        draft.write_text("half")
        raise RuntimeError
    os.close(write)
    with open(read, "rb") as stream:  # noqa: PTH123
        assert stream.read() == b"a"


def test_a_folder_that_may_not_be_looked_into_is_not_said_to_be_absent(tmp_path, monkeypatch):
    from flywheel_sim.execute.checksums import read_study
    from flywheel_sim.results.saving import read_manifest

    assert is_folder(tmp_path) and not is_folder(tmp_path / "none") and not is_folder(Path("n" * 300))

    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", refused)
        for read in (is_folder, read_study, read_manifest):
            with pytest.raises(PermissionError):
                read(tmp_path)


def test_a_write_that_fails_leaves_the_old_file_and_no_draft(tmp_path):
    path = write_text(tmp_path / "a.txt", "old")
    with pytest.raises(RuntimeError), whole_file(path) as draft:
        draft.write_text("half")
        raise RuntimeError
    with pytest.raises(RuntimeError), draft_folder(tmp_path / "saved"):
        raise RuntimeError
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]
    with pytest.raises(PlaceError, match="exists and is not overwritten"):
        write_text(path, "new", overwrite=False)


def test_a_name_of_250_letters_can_be_written(tmp_path):
    path = tmp_path / ("n" * 250)
    assert write_text(path, "a").read_text() == "a"


@pytest.mark.parametrize(
    ("name", "said", "better"),
    [
        ("x.pdf", "a report is written as HTML, not pdf", "x.html"),
        ("x.v2.docx", "a report is written as HTML", "x.v2.html"),
        ("missing/x.html", "there is no folder", None),
        (".", "got a folder", None),
    ],
)
def test_places_are_refused_before_the_work(tmp_path, monkeypatch, name, said, better):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PlaceError, match=said) as caught:
        place(name, ".html", ".htm", what="a report")
    assert caught.value.problems[0].suggestion == better


@pytest.mark.parametrize(
    ("words", "better"),
    [
        (["compare", "siloed-close-rate", "nps-pay", "--report", "x.pdf"], "--report x.html"),
        (["run", "hubspot", "--figure", "x.png"], "--figure x.svg"),
        (["optimize", "heads-under-doubt", "--figure", "x.svg"], "--figure x.png"),
        (["optimize", "heads-under-doubt", "--best", "x.json"], "--best x.yaml"),
        (["sensitivity", "what-moves-the-verdict", "--figure", "x.pdf"], "--figure x.png"),
        (["calibrate", "hubspot", "--out", "x.csv"], "--out x.yaml"),
        (["verify", "A1", "--report", "x.txt"], "--report x.html"),
        (["bench", "--quick", "--figure", "x.png"], "--figure x.svg"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_name_that_promises_another_format_is_refused_with_the_command_that_works(
    tmp_path, monkeypatch, words, better
):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(flywheel, words)
    assert result.exit_code == 2 and f"try: {command('flywheel', *words[:-2])} {better}\n" in result.stderr
    assert not list(tmp_path.iterdir())


def test_a_report_in_python_refuses_the_same(tmp_path):
    run = fs.run(
        fs.load("b2b-saas").with_({"market.accounts": 200, "market.initial_customers": 20, "horizon_weeks": 4})
    )
    from flywheel_sim.present.report import write_report

    with pytest.raises(PlaceError, match="written as HTML"):
        write_report(run, tmp_path / "x.pdf")


def test_numbers_are_replaced_in_place_and_line_ends_and_marks_stay(tmp_path):
    from flywheel_sim.scenario.in_place import replaced

    for ends, mark in (("\r\n", ""), ("\n", ""), ("\r\n", "\ufeff"), ("\r", "")):
        path = tmp_path / "mine.yaml"
        lines = ["extends: b2b-saas", "horizon_weeks: 52  # a year", "market:", "  price: 1.5", ""]
        path.write_bytes((mark + ends.join(lines)).encode())
        write_text(path, replaced(fs.load(str(path)), path, {"horizon_weeks": 104, "market.price": 2.5}))
        wanted = [lines[0], "horizon_weeks: 104  # a year", "market:", "  price: 2.5", ""]
        assert path.read_bytes() == (mark + ends.join(wanted)).encode()


def test_commands_are_quoted():
    assert command("flywheel", "run", Path("my file.yaml")) == "flywheel run 'my file.yaml'" or os.name == "nt"
    assert command("flywheel", "resume", Path("-x")) == f"flywheel resume .{os.sep}-x"


SECRET = "hunter2 is the password"


@pytest.mark.parametrize(
    "content",
    [SECRET, f"- {SECRET}", f"password: {SECRET}", "&hunter2 a: b: c", "!hunter2 x", f"'{SECRET}", f"{SECRET}: [",
     "root:x:0:0:hunter2:/root\n"],
)  # fmt: skip
def test_extends_tells_nothing_of_a_file_that_is_no_scenario(tmp_path, content):
    (tmp_path / "secret").write_text(content)
    mine = tmp_path / "mine.yaml"
    mine.write_text("extends: ./secret\nhorizon_weeks: 8\n")
    with pytest.raises(fs.ScenarioError) as caught:
        fs.load(str(mine))
    assert not any(word in str(caught.value) for word in ("hunter2", "password", "root:"))
    assert caught.value.problems[0].line == 1 or "secret" in str(caught.value)


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "cp437", "utf-8"])
@pytest.mark.parametrize("words", [["explain", "A19"], ["explain"], ["scenario", "list"]], ids=" ".join)
def test_output_fits_every_encoding(encoding, words):
    env = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run([sys.executable, "-m", "flywheel_sim", *words], capture_output=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode(encoding)


def test_a_minus_stays_a_minus_where_there_is_none():
    import io

    from flywheel_sim.commands.streams import printable

    stream = io.TextIOWrapper(io.BytesIO(), "cp1252")
    printable(stream)
    stream.write("\N{MINUS SIGN}$2.4m \N{RIGHTWARDS ARROW} \N{GREEK SMALL LETTER KAPPA} \N{GREATER-THAN OR EQUAL TO} 3")
    stream.flush()
    assert stream.buffer.getvalue().decode("cp1252") == "-$2.4m -> kappa >= 3"  # type: ignore[attr-defined]


@posix
def test_a_file_name_that_is_no_text_is_a_plain_mistake(tmp_path):
    if sys.platform == "darwin":
        pytest.skip("its file system knows no such names")
    done = subprocess.run(
        [sys.executable.encode(), b"-m", b"flywheel_sim", b"run", b"no-\xff.yaml"], capture_output=True, check=False
    )
    assert done.returncode == 2 and b"no-\xff.yaml" in done.stderr


def test_a_sweep_into_the_folder_of_an_edited_study_is_not_sent_to_resume(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study = (
        "scenario: b2b-saas\nset: {market.accounts: 200, market.initial_customers: 20, horizon_weeks: 4}\n"
        "parameters: {teams.sales.headcount: [4, 6]}\nreplicates: 2\noutcomes: [npv]\n"
    )
    Path("my study.yaml").write_text(study)
    assert CliRunner().invoke(flywheel, ["sweep", "my study.yaml"]).exit_code == 0
    again = CliRunner().invoke(flywheel, ["sweep", "my study.yaml"])
    assert again.exit_code == 2 and "go on with them: flywheel resume 'my study-runs'" in again.stderr
    for edited, named in (
        (study.replace("[4, 6]", "[4, 8]"), "points"),
        (study.replace("replicates: 2", "replicates: 3"), "points"),
        (study.replace("[npv]", "[npv, nps_true]"), "outcomes"),
        (study.replace("horizon_weeks: 4", "horizon_weeks: 5"), "scenario"),
        (study + "seed: 9\n", "seed"),
    ):
        Path("my study.yaml").write_text(edited)
        result = CliRunner().invoke(flywheel, ["sweep", "my study.yaml"])
        assert result.exit_code == 2 and named in result.stderr and "resume" not in result.stderr
        assert "flywheel sweep 'my study.yaml' --out 'my study-runs-2'" in result.stderr
    Path("my study.yaml").write_text(study + "title: The same runs under another title\n")
    assert "resume" in CliRunner().invoke(flywheel, ["sweep", "my study.yaml"]).stderr


def test_a_figure_is_written_whole(tmp_path):
    from flywheel_sim.present.drawing import canvas, save_png

    assert save_png(canvas(), tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(PlaceError):
        save_png(canvas(), tmp_path / "a.jpg")
    assert np.array_equal(sorted(p.name for p in tmp_path.iterdir()), ["a.png"])
