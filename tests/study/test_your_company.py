"""The page on a company from two files to three plans, as it is printed."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from flywheel_sim.cli import flywheel
from flywheel_sim.scenario import load

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "your-company.md").read_text("utf-8")
COMMANDS = [line.removeprefix("$ flywheel ") for line in PAGE.splitlines() if line.startswith("$ flywheel ")]
SAID, ADDED = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.S)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for file in (DOCS / "examples" / "school").iterdir():
        shutil.copy(file, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def typed(line):
    flywheel.main(shlex.split(line), standalone_mode=False)


def with_what_is_known(folder):
    file = folder / "school.yaml"
    text = file.read_text("utf-8")
    assert text.startswith(SAID), "what the page shows is what is written"
    file.write_text(text.replace(SAID, SAID + ADDED), encoding="utf-8")


def test_the_files_of_the_page_are_read_as_it_shows(folder):
    assert len(COMMANDS) <= 12 and COMMANDS[0].startswith("scenario new")
    typed(COMMANDS[0])
    with_what_is_known(folder)
    typed(COMMANDS[1])
    assert len(load("school").known) == 7


@pytest.mark.slow
def test_the_page_runs_as_printed(folder, capsys):
    typed(COMMANDS[0])
    with_what_is_known(folder)
    for line in COMMANDS[1:]:
        typed(line)
    told = capsys.readouterr().out
    assert "NOT MET" not in told and (folder / "school.html").is_file()
    fitted = load("school-fitted")
    assert fitted.frozen.hash == fitted.hash and fitted.frozen.targets["churn_monthly"].achieved == pytest.approx(
        0.0308, rel=0.05
    )
