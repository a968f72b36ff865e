"""What a mistake is answered with: what the message names is there, and the command it prints works."""

import json
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from flywheel_sim.cli import flywheel


def call(*words: str) -> Result:
    return CliRunner().invoke(flywheel, list(words))


def printed(result: Result) -> list[str]:
    """The first command after ``try:``."""
    assert result.exit_code == 2, result.output
    (line,) = [one for one in result.stderr.splitlines() if one.startswith("try: ")]
    first = line.removeprefix("try: ").partition(", ")[0]
    words = shlex.split(first)
    assert words[0] == "flywheel", line
    return words[1:]


#: A small company, so that what a hint says can be run.
SMALL = ("--set", "market.accounts=200", "--set", "market.initial_customers=20", "--set", "horizon_weeks=3")


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (("run", "b2b-saas", "--set", "churn=0.03"), "flywheel explain market.churn"),
        (("run", "b2b-saas", "--set", "headcount=3"), "flywheel explain teams.marketing.headcount"),
        (("claims", "C34", "--worlds", "24", "--worlds-from", "nowhere.json"), "flywheel claims --help"),
        (("compare", "b2b-two-teams", "churn-pay", "--worlds", "9"), "flywheel worlds b2b-two-teams"),
        (("run", "b2b-saas", "--set", "price=2", *SMALL), None),
        (("run", "b2b-saas", "--set", "horizon_week=3"), "flywheel run b2b-saas --set horizon_weeks=3"),
        (("run", "b2b-saas", "--set", "contracts.kind=montly", *SMALL), None),
        (("run", "b2b-saas", "--set", "market.churn=0.03"), "flywheel explain market.churn"),
        (("run", "b2b-saas", "--set", "teams.sale.headcount=3", *SMALL), None),
        (("run", "b2b-sass", *SMALL), None),
        (("compare", "siloed-close-rate", "npspay", "--replicates", "2", *SMALL), None),
        (("explain", "nps_tru"), "flywheel explain nps_true"),
        (("explain", "M28"), None),
        (("explain", "S99"), None),
        (("explain", "market.acounts"), "flywheel explain market.accounts"),
        (("scenario", "sho", "nps-pay"), "flywheel scenario show nps-pay"),
        (("scenario", "list", "--kind", "companies"), None),
        (("scenario", "show", "nps pay"), None),
        (("verify", "A99"), None),
        (("claims", "C99"), None),
        (("run", "b2b-saas", "--replicate", "1", *SMALL), None),
        (("sweep", "heads-and-tlak", "--check"), None),
        (("expalin", "M1"), "flywheel explain M1"),
        (("run", "b2b-saas+churn-pya", *SMALL), shlex.join(["flywheel", "run", "b2b-saas+churn-pay", *SMALL])),
        (("run", "b2b-sas+churn-pya", *SMALL), shlex.join(["flywheel", "run", "b2b-saas+churn-pay", *SMALL])),
        (
            ("run", "b2b-saas+churn-pay:service,sales+flywheel-grop", *SMALL),
            shlex.join(["flywheel", "run", "b2b-saas+churn-pay:service,sales+flywheel-group", *SMALL]),
        ),
        (
            ("run", "b2b-saas+churn-pay:servce,sales", *SMALL),
            shlex.join(["flywheel", "run", "b2b-saas+churn-pay:service,sales", *SMALL]),
        ),
        (
            ("compare", "b2b-saas", "b2b-saas+churn-pya", "--replicates", "2", *SMALL),
            shlex.join(["flywheel", "compare", "b2b-saas", "b2b-saas+churn-pay", "--replicates", "2", *SMALL]),
        ),
        (("scenario", "show", "b2b-saas+churn-pya"), "flywheel scenario show b2b-saas+churn-pay"),
    ],
    ids=lambda value: " ".join(value[:4]) if isinstance(value, tuple) else "",
)
def test_the_command_after_a_mistake_works(wrong, hint, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = printed(call(*wrong))
    assert hint is None or words == shlex.split(hint)[1:]
    if words[0] in ("verify", "claims", "sweep", "worlds"):  # these take minutes: that it is accepted is enough
        words = [*words, "--help"]
    done = call(*words)
    assert done.exit_code == 0, f"{shlex.join(words)}: {done.output[-500:]}"


def test_a_name_that_several_things_have_names_them_and_guesses_none():
    found = call("explain", "NPS")
    assert found.exit_code == 2 and all(name in found.stderr for name in ("nps_true", "nps_survey", "nps_taken"))
    assert "npv" not in found.stderr


@pytest.mark.parametrize("words", [("reproduce", "no\0where"), ("scenario", "show", "--out", "a\0b"), ("run", "\0")])
def test_a_zero_byte_is_refused_and_named(words):
    found = call(*words)
    assert found.exit_code == 2 and "holds a zero byte: " in found.stderr and "\0" not in found.stderr


def test_after_a_mistake_in_data_the_hint_is_about_these_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for content in (None, "", "a;b\n1;2\n", "date,customers\nyesterday,5\n"):
        if content is not None:
            Path("my data.csv").write_text(content)
        found = call("calibrate", "hubspot", "my data.csv")
        assert found.exit_code == 2 and "Traceback" not in found.output
        assert printed(found) == ["calibrate", "hubspot", "my data.csv"], found.stderr
        assert "b2b-saas" not in found.stderr
    Path("mine.yaml").write_text("extends: b2b-saas\nmarket: {acounts: 5}\n")
    assert printed(call("run", "mine.yaml")) == ["scenario", "validate", "mine.yaml"]
    Path("study.yaml").write_text("scenario: mine.yaml\nparameters: {teams.sales.headcount: [4]}\n")
    found = call("sweep", "study.yaml")
    assert printed(found) == ["sweep", "study.yaml"] and "once mine.yaml is fixed" in found.stderr


def test_a_folder_that_is_taken_is_answered_with_one_that_is_free(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("kept-2").mkdir()
    for taken in ("kept", "other one"):
        Path(taken).write_text("mine")
        words = printed(call("run", "b2b-two-teams", *SMALL, "--out", taken))
        assert words == ["run", "b2b-two-teams", *SMALL, "--out", {"kept": "kept-3"}.get(taken, f"{taken}-2")]
        assert call(*words).exit_code == 0 and Path(words[-1], "manifest.json").exists()
        assert Path(taken).read_text() == "mine"


def test_who_has_a_folder_of_their_own_is_sent_to_no_shipped_study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine").mkdir()
    Path("mine", "study.json").write_text("{")
    for name in ("status", "resume"):
        found = call(name, "mine")
        assert printed(found) == [name, "--help"] and "heads-and-talk" not in found.stderr
        assert call(name, "--help").exit_code == 0


def test_show_tells_what_a_scenario_changes_with_units():
    found = json.loads(call("scenario", "show", "nps-pay", "--json").stdout)["data"]
    assert found["against"] == "b2b-saas"
    rows = {row["path"]: row for row in found["changes"]}
    assert rows["incentives.pay.sales.bonus"]["unit"] == "share" and rows["incentives.pay.sales.bonus"]["value"] == 0.1
    assert rows["strategy.established"]["before"] is True
    text = call("scenario", "show", "nps-pay").stdout
    assert len(text.splitlines()) < 60 and "Bonus at target as a share of salary." in text
    more = shlex.split(text.splitlines()[-1].partition(": ")[2])[1:]
    assert call(*more).exit_code == 0 and len(call(*more).stdout.splitlines()) > 400
    changed = json.loads(call("scenario", "show", "nps-pay", "--set", "market.price=2", "--json").stdout)["data"]
    assert {"path": "market.price", "before": 1.0, "value": 2.0}.items() <= {
        row["path"]: row for row in changed["changes"]
    }["market.price"].items()
    alone = json.loads(call("scenario", "show", "b2b-saas", "--json").stdout)["data"]
    assert alone["against"] == "the defaults" and {"market.churn.mean"} <= {row["path"] for row in alone["changes"]}
