"""The command line: results on stdout, talk on stderr, exit codes, JSON."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import jsonschema
import pytest
from click.testing import CliRunner

import flywheel_sim
from flywheel_sim.cli import flywheel
from flywheel_sim.commands import command_output as envelope
from flywheel_sim.scenario import load
from flywheel_sim.scenario.reading import parse, plain

ROOT = Path(flywheel_sim.__file__).parent.parent
SHOP = """\
version: 1
title: Shop
horizon_weeks: 52
teams:
  sales: {headcount: 3, craft: {acquire: 1}}
segments:
  all: {need: {value: 1}}
"""


@pytest.fixture
def call(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("shop.yaml").write_text(SHOP, encoding="utf-8")
    Path("bad.yaml").write_text(SHOP + "markt: {}\nmarket: {accounts: no}\n", encoding="utf-8")
    return lambda *words: CliRunner().invoke(flywheel, [str(word) for word in words])


def test_help_version_and_list(call):
    assert "scenario" in call("--help").stdout
    assert call("--version").stdout == f"flywheel {flywheel_sim.__version__}\n"
    listed = json.loads(call("scenario", "list", "--json").stdout)
    assert listed["schema"] == "flywheel.scenario.list/1" and listed["status"] == "ok"
    assert listed["manifest"]["version"] == flywheel_sim.__version__
    assert {entry["name"] for entry in listed["data"]["scenarios"]} == set(flywheel_sim.scenarios())


def test_show_source_and_resolved(call):
    shown = call("scenario", "show", "shop.yaml", "--full", "--set", "teams.sales.headcount=12")
    assert shown.exit_code == 0 and shown.stderr == ""
    assert plain(parse(shown.stdout))["teams"]["sales"]["headcount"] == 12
    resolved = call("scenario", "show", "shop.yaml", "--resolved")
    assert load(plain(parse(resolved.stdout))) == load("shop.yaml")
    data = json.loads(call("scenario", "show", "shop.yaml", "--resolved", "--json").stdout)["data"]
    assert data["resolved"] == load("shop.yaml").resolved() and data["hash"] == load("shop.yaml").hash


def test_validate_lists_every_mistake_and_exits_2(call):
    assert call("scenario", "validate", "shop.yaml").stdout == "shop.yaml: ok\n"
    bad = call("scenario", "validate", "shop.yaml", "bad.yaml")
    assert (bad.exit_code, bad.stdout) == (2, "")
    assert bad.stderr.splitlines() == [
        "bad.yaml:8:1: markt: unknown name 'markt'; did you mean 'market'?",
        "bad.yaml:9:20: market.accounts: expected a whole number between 1 and 100000000, got 'no'",
        "try: flywheel scenario validate shop.yaml bad.yaml, once it is fixed",
    ]
    errors = json.loads(call("scenario", "validate", "bad.yaml", "--json").stdout)
    assert errors["status"] == "error"
    assert errors["errors"][0] == {
        "file": "bad.yaml", "line": 8, "column": 1, "field": "markt", "message": "unknown name 'markt'",
        "suggestion": "market",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["scenari"], "no such command 'scenari'; did you mean 'scenario'?"),
        (["scenario", "lst"], "no such command 'lst'; did you mean 'list'?"),
        (["scenario", "show"], "Missing argument 'SCENARIO'"),
        (["scenario", "show", "shop.yaml", "--jsn"], "No such option"),
        (["scenario", "show", "b2b-nothing-like-it.yaml"], "no such file"),
        (["scenario", "show", "shop.yaml", "--set", "x"], "--set: expected path=value, got 'x'"),
        (["scenario", "show", "shop.yaml", "--set", "market.acounts=3"], "did you mean 'market.accounts'?"),
        (["scenario", "show", "shop.yaml", "--set", "market.accounts=.nan"], "expected a finite number"),
        (["scenario", "show", "shop.yaml", "--set", "market.accounts=[1"], "market.accounts: not valid YAML"),
        (["scenario", "diff", "shop.yaml"], "expected two scenarios, or one and --set"),
        (["scenario", "show", "shop.yaml", "--out", "no/such/folder/x"], "there is no folder no/such/folder"),
        (["scenario", "show", "shop.yaml", "--out", "."], "is a directory"),
    ],
)
def test_bad_input_is_one_message_and_exit_2(call, words, said):
    result = call(*words)
    assert result.exit_code == 2 and result.stdout == "" and said in result.stderr
    assert "Traceback" not in result.stderr
    as_json = json.loads(call(*words, "--json").stdout)
    assert as_json["status"] == "error" and as_json["errors"]


@pytest.mark.parametrize(
    ("words", "then"),
    [
        (["rnu", "shop.yaml"], "flywheel run shop.yaml"),
        (["scenario", "lst"], "flywheel scenario list"),
        (["compare"], "flywheel compare siloed-close-rate nps-pay, or flywheel compare --help"),
        (["compare", "shop.yaml", "npspay"], "flywheel compare shop.yaml nps-pay"),
        (["run", "shop.yaml", "--replicate", "3"], "flywheel run shop.yaml --replicates 3"),
        (
            ["run", "shop.yaml", "--set", "teams.sale.headcount=3"],
            "flywheel run shop.yaml --set teams.sales.headcount=3",
        ),
        (["run", "bad.yaml"], "flywheel scenario validate bad.yaml, once it is fixed"),
        (["run", "xyz"], "flywheel scenario list"),
        (["resume", "nowhere"], "flywheel sweep heads-and-talk, or flywheel resume --help"),
        (["explain", "chrn"], "flywheel explain churned"),
        (["--hlp"], "flywheel --help"),
    ],
)
def test_a_mistake_is_followed_by_the_command_to_type_next(call, words, then):
    result = call(*words)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == f"try: {then}"
    assert "try:" not in call(*words, "--json").stdout


def test_the_commands_that_are_suggested_name_things_that_are_there():
    from flywheel_sim.cli import COMMANDS
    from flywheel_sim.commands.next_step import _EXAMPLES
    from flywheel_sim.scenario import scenarios
    from flywheel_sim.study.design.study_file import shipped_studies

    named = {name for text in _EXAMPLES.values() for name in text.replace(",", "").split()}
    known = {*COMMANDS, *scenarios(), *shipped_studies(), "flywheel", "then", "saved", "list", "A1", "bash"}
    assert {name for name in named if not name.startswith("--")} <= known


def test_diff_shows_path_values_and_unit(call):
    lines = call("scenario", "diff", "shop.yaml", "--set", "horizon_weeks=26").stdout.splitlines()
    assert lines[1].split() == ["horizon_weeks", "52", "26", "weeks"] and len(lines) == 2
    assert call("scenario", "diff", "shop.yaml", "shop.yaml").stdout == "no difference\n"
    data = json.loads(call("scenario", "diff", "shop.yaml", "--set", "horizon_weeks=26", "--json").stdout)["data"]
    assert data["differences"] == [{"path": "horizon_weeks", "a": 52, "b": 26, "unit": "weeks"}]


def test_new_writes_a_commented_file_once(call):
    written = call("scenario", "new", "mine", "--extends", "shop.yaml")
    assert (written.exit_code, written.stdout) == (0, "mine.yaml\n") and "validate mine.yaml" in written.stderr
    text = Path("mine.yaml").read_text(encoding="utf-8")
    assert "# horizon_weeks: 52  # Length of a run. [weeks] (a)" in text
    assert load("mine.yaml") == load("shop.yaml") and load("mine.yaml").title == "mine"
    again = call("scenario", "new", "mine", "--extends", "shop.yaml", "--quiet")
    assert again.exit_code == 2 and "not overwritten" in again.stderr
    assert Path("mine.yaml").read_text(encoding="utf-8") == text


def test_the_template_is_right_once_uncommented(call):
    call("scenario", "new", "mine", "--extends", "shop.yaml", "--quiet")
    lines = Path("mine.yaml").read_text(encoding="utf-8").splitlines()
    start = lines.index("") + 1
    body = [line.removeprefix("# ") for line in lines[start:] if line[:2] == "# "][4:]
    Path("full.yaml").write_text("\n".join([*lines[: start - 1], *body]), encoding="utf-8")
    assert load("full.yaml") == load("shop.yaml")


def test_new_in_another_folder_finds_its_parent(call):
    Path("sub").mkdir()
    assert call("scenario", "new", "sub/mine", "--extends", "shop.yaml").exit_code == 0
    assert load("sub/mine.yaml") == load("shop.yaml")


def test_schema_accepts_what_the_loader_accepts(call):
    schema = json.loads(call("scenario", "schema").stdout)
    check = jsonschema.Draft202012Validator(schema)
    check.check_schema(schema)
    check.validate(load("shop.yaml").resolved())
    check.validate({"extends": "b2b-saas", "teams": {"people": None}, "market": {"network": "ring"}})
    assert not check.is_valid({"markt": {}}) and not check.is_valid({"market": {"network": "rign"}})
    assert "[weeks]" in schema["properties"]["horizon_weeks"]["description"]


def test_out_holds_the_result(call):
    result = call("scenario", "list", "--json", "--out", "list.json")
    assert result.stdout == "" and result.stderr == "wrote list.json\n"
    assert json.loads(Path("list.json").read_text(encoding="utf-8"))["status"] == "ok"
    assert call("scenario", "list", "--out", "list.txt", "--quiet").stderr == ""
    assert not list(Path().glob(".list*")), "no temporary file may stay behind"


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyError("x"), 70, "internal error: KeyError"),
        (ValueError("bad\nlines"), 70, "internal error: ValueError: bad (--debug"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (click.Abort(), 130, "interrupted"),
        (OSError(28, "No space left on device", "run.npz"), 2, "run.npz: No space left on device"),
        (MemoryError(), 2, "not enough memory"),
        (click.UsageError("no"), 2, "no"),
        (BrokenPipeError(), 0, ""),
    ],
)
def test_every_failure_has_its_exit_code(error, code, said, capsys):
    def fail():
        raise error

    assert envelope.guarded(fail, []) == code
    told = capsys.readouterr().err
    assert said in told and len(told.splitlines()) <= 1 and "Traceback" not in told
    if code == 70:
        envelope.guarded(fail, ["--debug"])
        assert "Traceback" in capsys.readouterr().err


def test_an_answer_that_is_failed_exits_1():
    @click.command()
    @envelope.answers("verify", "seed", "workers", "replicates")
    def verify(seed: int, workers: int | None, replicates: int | None) -> envelope.Answer:
        return envelope.Answer({"checks": float("nan"), "seed": seed}, "1 of 2 failed", failed=True)

    result = CliRunner().invoke(verify, ["--json", "--seed", "7"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["data"] == {"checks": None, "seed": 7}
    assert json.loads(result.stdout)["status"] == "failed"
    assert CliRunner().invoke(verify, ["--seed", "4294967296"]).exit_code == 2


def test_as_a_program(tmp_path):
    (tmp_path / "shop.yaml").write_text(SHOP, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}

    def program(words: str, **more: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "flywheel_sim", *words.split()]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)

    good = program("scenario validate shop.yaml")
    assert (good.returncode, good.stdout, good.stderr) == (0, "shop.yaml: ok\n", "")
    bad = program("scenario validate none.yaml")
    assert (bad.returncode, bad.stdout, bad.stderr) == (
        2,
        "",
        "none.yaml: no such file\ntry: flywheel scenario validate none.yaml, once it is fixed\n",
    )


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_closed_pipe_is_quiet(unbuffered):
    command = f"{sys.executable} -m flywheel_sim scenario schema | head -c 1; echo ${{PIPESTATUS[0]}}"
    env = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, cwd=ROOT, env=env, check=False)
    assert (done.stdout, done.stderr) == ("{0\n", "")


def test_a_shell_completes_commands_and_names_of_scenarios(tmp_path):
    (tmp_path / "b2b-mine.yaml").write_text("extends: b2b-saas\n")

    def completed(words, at):
        asked = {"_FLYWHEEL_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(at)}
        done = subprocess.run(
            [sys.executable, "-m", "flywheel_sim"], env={**os.environ, "PYTHONPATH": str(ROOT), **asked}, cwd=tmp_path,
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return [line.partition(",")[2] for line in done.stdout.splitlines()]

    assert completed("flywheel sc", 1) == ["scenario"]
    assert completed("flywheel compare nps-pay b2b-", 3)[-1] == "b2b-mine.yaml"
    assert "b2b-saas" in completed("flywheel run b2b", 2)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_code_that_asks_the_program(call, shell):
    printed = call("completion", shell)
    assert printed.exit_code == 0 and f"_FLYWHEEL_COMPLETE={shell}_complete" in printed.stdout
