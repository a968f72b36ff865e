import json
import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from random_walk_runs import company, run, shared

from flywheel_sim.cli import flywheel
from flywheel_sim.commands import demo as demo_module
from flywheel_sim.commands.progress import Report
from flywheel_sim.execute import run as running
from flywheel_sim.results import Run
from flywheel_sim.scenario import Scenario


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two scenario files, and an engine that makes its results up."""
    (tmp_path / "silo.yaml").write_text(company().to_yaml())
    (tmp_path / "shared.yaml").write_text(shared().to_yaml())
    (tmp_path / "short.yaml").write_text(shared(horizon_weeks=20).to_yaml())

    def one(scenario: Scenario, seed: int = 1, **_: object) -> Run:
        return run(scenario, seed)

    def batch(
        scenarios: list[Scenario], *, replicates: int, seed: int, progress: object, first: int = 0, **_: object
    ) -> list[list[Run]]:
        if callable(progress):
            progress(1, 2)
        return [
            [
                run(one, seed, k, better=0.9 * one.cadence.enabled, accounts=False)
                for k in range(first, first + replicates)
            ]
            for one in scenarios
        ]

    monkeypatch.setattr(running, "run", one)
    monkeypatch.setattr(running, "batch", batch)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(*words: str) -> Result:
    return CliRunner().invoke(flywheel, list(words))


def told(result: Result) -> dict[str, object]:
    assert result.exit_code == 0, result.output
    whole = json.loads(result.stdout)
    assert whole["status"] == "ok"
    return dict(whole)


def test_compare_answers_in_json_with_a_verdict(folder: Path) -> None:
    whole = told(call("compare", "silo.yaml", "shared.yaml", "--replicates", "6", "--seed", "4", "--json"))
    assert whole["schema"] == "flywheel.compare/1"
    verdict = whole["data"]["verdict"]  # type: ignore[index]
    assert set(verdict) >= {"sentence", "winner", "wins_of_100", "difference", "interval"}
    assert verdict["winner"] == "Shared relationship pay"
    assert whole["manifest"]["seeds"] == {"seed": 4, "replicate": 0, "replicates": 6}  # type: ignore[index]
    assert whole["manifest"]["command"] == "flywheel compare silo.yaml shared.yaml --replicates 6 --as-assumed --seed 4"  # type: ignore[index]


def test_compare_with_the_funnel_twin_says_what_it_changed(folder: Path) -> None:
    whole = told(call("compare", "silo.yaml", "--funnel-twin", "--replicates", "6", "--json"))
    listed = {change["path"]: change for change in whole["data"]["funnel_twin"]}  # type: ignore[index]
    assert set(listed["word_of_mouth.advocate"]) == {"path", "before", "after", "why"}
    assert "funnel twin" in whole["data"]["verdict"]["sentence"].lower()  # type: ignore[index]
    text = call("compare", "silo.yaml", "--funnel-twin", "--keep", "savings", "--replicates", "6")
    assert "the funnel twin changes" in text.stdout and "word_of_mouth.advocate" in text.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("silo.yaml", "shared.yaml", "--funnel-twin"), "takes one scenario, got 2"),
        (("silo.yaml", "shared.yaml", "--keep", "savings"), "add --funnel-twin"),
        (("limits/a03-sbg-regular", "--funnel-twin"), "is a funnel already"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_funnel_twin_needs_one_wheel(folder: Path, words: tuple[str, ...], said: str) -> None:
    result = call("compare", *words)
    assert result.exit_code == 2
    assert said in result.stderr


def test_compare_prints_the_verdict_first_and_talks_on_stderr_only(folder: Path) -> None:
    result = call("compare", "silo.yaml", "shared.yaml", "--replicates", "5", "--out", "saved", "--report", "r.html")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0].startswith("Shared relationship pay is worth $")
    assert "baseline" in result.stdout
    assert "saved saved" in result.stderr
    assert "wrote r.html" in result.stderr
    assert "wrote" not in result.stdout
    assert (folder / "r.html").read_text().startswith("<!DOCTYPE html>")


def test_quiet_says_nothing_on_stderr(folder: Path) -> None:
    result = call("compare", "silo.yaml", "shared.yaml", "--replicates", "3", "--quiet", "--report", "r.html")
    assert result.exit_code == 0
    assert result.stderr == ""


def test_a_saved_comparison_and_a_saved_run_are_drawn_again(folder: Path) -> None:
    call("compare", "silo.yaml", "shared.yaml", "--replicates", "3", "--out", "both", "--report", "first.html")
    assert told(call("report", "both", "--out", "again.html", "--json"))["data"]["path"] == "again.html"  # type: ignore[index]
    assert (folder / "first.html").read_bytes() == (folder / "again.html").read_bytes()
    assert call("run", "silo.yaml", "--out", "one").exit_code == 0
    assert call("report", "one").exit_code == 0
    assert "One run is one possible history" in (folder / "report.html").read_text()


def test_run_once_and_many_times(folder: Path) -> None:
    once = told(call("run", "silo.yaml", "--json"))["data"]
    assert once["summary"]["customers_end"] > 0  # type: ignore[index]
    assert once["interval"] is None  # type: ignore[index]
    many = told(call("run", "silo.yaml", "--replicates", "4", "--json"))["data"]
    low, high = many["interval"]["npv"]  # type: ignore[index]
    assert low < many["summary"]["npv"] < high  # type: ignore[index]
    assert "80 % of runs" in call("run", "silo.yaml", "--replicates", "4").stdout


def test_a_precision_adds_runs_and_says_when_the_limit_came_first(folder: Path) -> None:
    words = ("compare", "silo.yaml", "shared.yaml", "--replicates", "12", "--json")
    plain = told(call(*words))["data"]
    low, high = plain["verdict"]["interval"]  # type: ignore[index]
    half = (high - low) / 2
    data = told(call(*words, "--precision", f"{0.6 * half:.0f}"))["data"]
    assert data["replicates"] > 20  # type: ignore[index]
    assert data["precision"]["reached"] is True  # type: ignore[index]
    assert data["precision"]["half_width"] <= 0.6 * half  # type: ignore[index]
    low, high = data["verdict"]["interval"]  # type: ignore[index]
    assert (high - low) / 2 == pytest.approx(data["precision"]["half_width"])  # type: ignore[index]
    short = call(*words, "--precision", "1", "--limit", "14")
    assert short.exit_code == 1
    whole = json.loads(short.stdout)
    assert whole["status"] == "failed"
    assert whole["data"]["replicates"] == 14
    assert whole["data"]["precision"]["reached"] is False
    assert "still wider" in short.stderr


def test_the_best_of_three_is_chosen(folder: Path) -> None:
    files = ("silo.yaml", "shared.yaml", "silo.yaml")
    whole = told(call("compare", *files, "--best", "--indifference", "50k", "--json"))
    chosen = whole["data"]["chosen"]  # type: ignore[index]
    assert chosen["scenario"] == "Shared relationship pay"
    assert chosen["decided"] is True
    assert chosen["total_runs"] == sum(chosen["runs"])
    text = call("compare", *files, "--best", "--indifference", "50k").stdout
    assert text.startswith("Shared relationship pay is the best of 3, or within $50.0k of it")
    budget = told(call("compare", *files, "--best", "--budget", "90", "--json"))["data"]
    assert budget["chosen"]["method"] == "ocba"  # type: ignore[index]
    assert budget["chosen"]["total_runs"] <= 90  # type: ignore[index]


def test_a_bridge_is_told_saved_and_drawn(folder: Path) -> None:
    words = ("compare", "silo.yaml", "shared.yaml", "--replicates", "4", "--bridge")
    result = call(*words, "--out", "saved", "--report", "r.html")
    assert result.exit_code == 0, result.output
    assert "Cadence" in result.stdout
    assert "changed alone" in result.stdout
    call("report", "saved", "--out", "again.html")
    assert (folder / "again.html").read_bytes() == (folder / "r.html").read_bytes()
    found = told(call(*words, "--json"))["data"]["bridge"]  # type: ignore[index]
    assert {part["group"] for part in found["parts"]} == {"Cadence", "Team vectors"}
    assert found["difference"] == pytest.approx(sum(part["mean"] for part in found["parts"]))


@pytest.mark.parametrize(
    "words",
    [
        ("--replicates", "12", "--precision", "40000"),
        ("--replicates", "12", "--precision", "3000", "--limit", "15"),
        ("--replicates", "10", "--best", "--indifference", "50000"),
        ("--replicates", "10", "--best", "--budget", "44"),
        ("--replicates", "4", "--bridge"),
    ],
)
def test_the_command_of_an_answer_makes_it_again(folder: Path, words: tuple[str, ...]) -> None:
    whole = json.loads(call("compare", "silo.yaml", "shared.yaml", *words, "--json").stdout)
    again = call(*whole["manifest"]["command"].split()[1:], "--json")
    assert json.loads(again.stdout) == whole


def test_a_small_difference_can_be_practically_none(folder: Path) -> None:
    data = told(call("compare", "silo.yaml", "shared.yaml", "--replicates", "6", "--indifference", "1bn", "--json"))
    verdict = data["data"]["verdict"]  # type: ignore[index]
    assert verdict["practically_equal"] is True
    assert verdict["winner"] is None
    assert "practically equal" in verdict["sentence"]


def test_one_horizon_for_all(folder: Path) -> None:
    data = told(call("compare", "silo.yaml", "short.yaml", "--replicates", "3", "--horizon", "30", "--json"))["data"]
    assert data["weeks"] == 30  # type: ignore[index]


def test_set_applies_to_every_scenario(folder: Path) -> None:
    words = ("compare", "silo.yaml", "shared.yaml", "--replicates", "2", "--json", "--set", "market.price=1.5")
    command = told(call(*words))["manifest"]["command"]  # type: ignore[index]
    assert "--set market.price=1.5" in command


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("compare", "silo.yaml"), "at least two scenarios"),
        (("compare", "silo.yaml", "short.yaml"), "horizons differ"),
        (("compare", "silo.yaml", "shared.yaml", "--replicates", "1"), "at least 2 replicates"),
        (("compare", "silo.yaml", "nonsense"), "nonsense"),
        (("compare", "silo.yaml", "shared.yaml", "--precision", "fine"), "expected an amount such as"),
        (("compare", "silo.yaml", "shared.yaml", "--precision", "0"), "half-width above 0"),
        (("compare", "silo.yaml", "shared.yaml", "--precision", "5", "--replicates", "4"), "first stage of 10"),
        (("compare", "silo.yaml", "shared.yaml", "--precision", "5", "--best"), "give one of them"),
        (("compare", "silo.yaml", "shared.yaml", "--best"), "needs an indifference zone"),
        (("compare", "silo.yaml", "shared.yaml", "--best", "--budget", "9"), "does not pay"),
        (("compare", "silo.yaml", "shared.yaml", "--budget", "900"), "--budget is for --best"),
        (("compare", "silo.yaml", "silo.yaml", "--bridge"), "there is no bridge"),
        (("compare", "silo.yaml", "short.yaml", "--horizon", "9", "--set", "horizon_weeks=9"), "horizon once"),
        (("run", "silo.yaml", "--set", "market.acounts=3"), "accounts"),
        (("run", "silo.yaml", "--report", "."), "got a folder"),
        (("run", "silo.yaml", "--report", "no/such/r.html"), "there is no folder"),
        (("run", "silo.yaml", "--out", "taken"), "already there"),
        (("report", "nothing"), "no saved result"),
        (("report", "taken"), "not a saved result"),
    ],
)
def test_bad_input_is_one_message_and_exit_2(folder: Path, words: tuple[str, ...], said: str) -> None:
    (folder / "taken").mkdir()
    (folder / "taken" / "thing.txt").write_text("mine")
    before = sorted(path.name for path in folder.rglob("*"))
    result = call(*words)
    assert result.exit_code == 2, result.output
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert sorted(path.name for path in folder.rglob("*")) == before
    whole = json.loads(call(*words, "--json").stdout)
    assert whole["status"] == "error"
    assert whole["errors"][0]["message"]


def test_the_demo_leaves_a_report_here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_module, "SCENARIOS", ("silo.yaml", "shared.yaml"))
    whole = told(call("demo", "--replicates", "3", "--json"))
    assert whole["schema"] == "flywheel.demo/1"
    assert whole["data"]["verdict"]["sentence"]  # type: ignore[index]
    assert (folder / "report.html").is_file()


def test_progress_counts_on_one_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    report = Report("Comparing")
    for done in range(1, 101):
        clock[0] = float(done)
        report(done, 100)
    report.close()
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 9
    assert lines[0].startswith("Comparing: 11 % done, about 89 s left")


def test_progress_names_the_stages_of_what_takes_more_than_was_known(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A choice of the best asks for more runs when it sees the first ones: once the rest was "about 0 s left"."""
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    report = Report("Comparing")
    for done in [*range(1, 21), *range(1, 41)]:
        clock[0] += 1.0
        report(done, 40 if clock[0] > 20 else 20)
    report.close()
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Comparing: 55 % done, about 9 s left"
    assert lines[1].startswith("Comparing, stage 2: ") and lines[-1].startswith("Comparing, stage 2: ")
    percent, left = (int(word) for word in lines[-1].split() if word.isdecimal() and word != "2")
    assert abs(left - 40 * (1 - percent / 100)) <= 1


def test_progress_counts_the_work_where_it_is_known(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock, asked = [0.0], []

    def work() -> list[float]:
        asked.append(clock[0])
        return [float(done) for done in range(51)] + [50.0 + 3.0 * done for done in range(1, 51)] + [210.0]

    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    report = Report("A company", work)
    for done in range(1, 101):
        clock[0] = float(done) if done <= 50 else 50.0 + 3.0 * (done - 50)
        report(done, 100)
    report.close()
    lines = capsys.readouterr().err.splitlines()
    # 39 weeks like these, 50 thrice as long, and the end
    assert lines[0] == "A company: 11 % done, about 3 min 20 s left"
    assert lines[-1] == "A company: 99 % done, about 13 s left"
    assert asked == [11.0], "once, with the first line"


def test_progress_leaves_no_thread_behind() -> None:
    before = set(threading.enumerate())
    report = Report("x")
    report(1, 2)
    report.close()
    for thread in set(threading.enumerate()) - before:
        thread.join(1)
    assert not set(threading.enumerate()) - before


def test_run_and_compare_work_on_the_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    short = ("--set", "horizon_weeks=6", "--set", "market.accounts=300", "--set", "market.initial_customers=50")
    once = told(call("run", "b2b-saas", *short, "--out", "one", "--json"))["data"]
    again = told(call("run", "b2b-saas", *short, "--json"))["data"]
    assert once == again
    both = told(call("compare", "b2b-saas", "b2b-saas", *short, "--replicates", "2", "--json"))["data"]
    assert both["verdict"]["winner"] is None  # type: ignore[index]
    assert both["verdict"]["wins_of_100"] == 50.0  # type: ignore[index]


def test_a_comparison_is_kept_before_its_verdict_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C as the verdict appears: once nothing had been written by then, and nothing was said of how to go on."""

    def interrupted(text: str) -> None:
        raise KeyboardInterrupt

    compare = ("compare", "silo.yaml", "shared.yaml", "--replicates", "4", "--bridge")
    with monkeypatch.context() as patch:
        patch.setattr("flywheel_sim.commands.comparison_stages.say", interrupted)
        stopped = call(*compare, "--out", "saved")
    assert stopped.exit_code == 130 and "go on with: flywheel resume saved" in stopped.stderr
    resumed, at_once = told(call("resume", "saved", "--json")), told(call(*compare, "--json"))
    assert resumed["data"] == at_once["data"]


def test_what_a_long_comparison_knows_outlives_its_interruption(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from flywheel_sim.study.comparison.compare import Comparison

    def interrupted(self: Comparison, **_: object) -> Comparison:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Comparison, "with_swings", interrupted)
        stopped = call(
            "compare",
            "silo.yaml",
            "shared.yaml",
            "--replicates",
            "4",
            "--full",
            "--out",
            "my saved",
            "--report",
            "r.html",
        )
    assert stopped.exit_code == 130 and "Traceback" not in stopped.output
    first = next(line for line in stopped.stderr.splitlines() if not line.startswith("note: "))
    assert "Shared relationship pay" in first and "Silo pay" in first, (
        "the verdict comes first, after notes on the files"
    )
    assert "not done: moving one assumption at a time, looking at teams and segments" in stopped.stderr
    assert "go on with: flywheel resume 'my saved'" in stopped.stderr
    assert 'id="bridge"' in (folder / "r.html").read_text(), "the bridge was done"
    kept = Comparison.open(folder / "my saved")
    assert kept.split is not None and kept.swings is None
    done: list[str] = []
    for stage in ("swings", "groups"):
        monkeypatch.setattr(Comparison, f"with_{stage}", lambda self, stage=stage, **_: done.append(stage) or self)
    (folder / "r.html").unlink()
    monkeypatch.chdir(folder.parent)
    resumed = call("resume", f"{folder.name}/my saved")
    assert resumed.exit_code == 0, resumed.output
    assert done == ["swings", "groups"], "the bridge is not made again"
    assert 'id="bridge"' in (folder / "r.html").read_text() and f"wrote {folder.name}/r.html" in resumed.stderr
    monkeypatch.chdir(folder)
    assert call("resume", "my saved").exit_code == 0 and done == ["swings", "groups"], "nothing is left"
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


def test_a_comparison_interrupted_while_its_last_state_is_written_can_be_gone_on_with(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in the last report: once the folder said that nothing was left, and the report stayed as it was."""
    from flywheel_sim.present import report

    write, written = report.write_report, []

    def interrupted(what: object, path: Path, *rest: object, **named: object) -> object:
        written.append(path)
        if len(written) == 3:
            raise KeyboardInterrupt
        return write(what, path, *rest, **named)  # type: ignore[arg-type]

    compare = ("compare", "silo.yaml", "shared.yaml", "--replicates", "4", "--bridge")
    with monkeypatch.context() as patch:
        patch.setattr(report, "write_report", interrupted)
        stopped = call(*compare, "--out", "saved", "--report", "r.html")
    assert stopped.exit_code == 130 and "not done: looking at teams and segments" in stopped.stderr
    assert "go on with: flywheel resume saved" in stopped.stderr
    so_far = (folder / "r.html").read_text()
    resumed = told(call("resume", "saved", "--json"))
    at_once = told(call(*compare, "--report", "whole.html", "--json"))
    assert resumed["data"] == at_once["data"]
    assert len((folder / "r.html").read_text()) > len(so_far), "the report so far was without teams and segments"


def test_a_comparison_interrupted_before_it_is_kept_names_no_folder_to_go_on_with(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flywheel_sim.study.comparison.compare import Comparison

    def interrupted(self: Comparison, *_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Comparison, "save", interrupted)
    stopped = call("compare", "silo.yaml", "shared.yaml", "--replicates", "4", "--bridge", "--out", "saved")
    assert stopped.exit_code == 130 and "saved was not written yet" in stopped.stderr
    assert "resume" not in stopped.stderr and not (folder / "saved").exists()
