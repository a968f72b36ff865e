"""``flywheel worlds`` and ``flywheel compare --worlds``, as somebody types them."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from flywheel_sim.commands.command_output import guarded
from flywheel_sim.results.saving import ResultError
from flywheel_sim.study.worlds import making

LINES = "extends: b2b-two-teams\nhorizon_weeks: 112\nmarket: {accounts: 300, initial_customers: 60}\n"
LINES += "frozen: {targets: {churn_annual: {low: 0.09, high: 0.15}}}\nknown: {utilisation: 30% +- 15%}\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a company and a plan, where making worlds is quick."""
    monkeypatch.chdir(tmp_path)
    for name, value in {"LUCK_RUNS": 3, "STEPS": 1, "SETTLING": 1, "TARGET_RUNS": 2, "IMPLAUSIBLE": 50.0}.items():
        monkeypatch.setattr(making, name, value)
    (tmp_path / "mine.yaml").write_text(LINES)
    (tmp_path / "plan.yaml").write_text("on: mine.yaml\ncadence: {enabled: true, pull: 0.2 to 0.6}\n")
    return tmp_path


def typed(*words: str) -> tuple[int, str, str]:
    from flywheel_sim.cli import flywheel

    result = CliRunner().invoke(flywheel, list(words))
    return result.exit_code, result.stdout, result.stderr


def test_worlds_are_made_and_asked(here: Path) -> None:
    code, out, _ = typed("worlds", "mine.yaml", "--draws", "24", "--json", "--quiet")
    answer = json.loads(out)
    assert code == 1  # fewer than a hundred: the answer is that there are too few
    data = answer["data"]
    assert data["tried"] == 24
    assert 8 <= data["worlds"] == len(data["numbers"]) <= 24
    assert not data["enough"]
    assert {aim["name"] for aim in data["aims"]} == {"churn_annual", "known.utilisation"}
    assert (here / "mine-worlds" / "worlds.json").is_file()

    code, out, _ = typed("compare", "mine.yaml", "plan.yaml", "--worlds", "8", "--json", "--quiet")
    found = json.loads(out)["data"]
    assert code == 0
    assert found["verdict"]["worlds"]["n"] == 8
    assert found["basis"].startswith("Over 8 worlds of mine.yaml")
    assert isinstance(found["learn_first"], list)
    assert isinstance(found["fails_where"], str)
    assert isinstance(found["verdict"]["evpi"], float)

    code, out, _ = typed("compare", "mine.yaml", "plan.yaml", "--worlds", "8", "--quiet")
    assert "Over 8 worlds of mine.yaml that fit what is known" in out
    code, out, _ = typed("compare", "mine.yaml", "plan.yaml", "--as-assumed", "--replicates", "2", "--quiet")
    assert code == 0
    assert "As assumed: every number as the scenarios state it" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("compare", "mine.yaml", "plan.yaml", "--worlds", "8"), "flywheel worlds mine.yaml"),
        (("compare", "mine.yaml", "plan.yaml", "--worlds", "8", "--as-assumed"), "leave --as-assumed out"),
        (("compare", "mine.yaml", "plan.yaml", "--worlds", "8", "--precision", "1m"), "leave --precision out"),
        (("compare", "mine.yaml", "plan.yaml", "--worlds-from", "x", "--as-assumed"), "leave --as-assumed out"),
        (("compare", "mine.yaml", "plan.yaml", "--worlds-from", "x"), "there are no worlds at 'x'"),
        (("worlds", "mien.yaml"), "no such file"),
        (("worlds", "mine.yaml", "--set", "word_of_mouth.rate=9 to 4"), "'4 to 9'"),
    ],
)
def test_what_cannot_be_done_is_told_with_what_can(
    here: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    from flywheel_sim.cli import flywheel

    code = guarded(lambda: flywheel(list(words), standalone_mode=False), list(words))
    assert code == 2
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told


def test_a_company_of_which_all_is_known_has_one_world(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from flywheel_sim.cli import flywheel

    (here / "sure.yaml").write_text(
        "extends: mine.yaml\ndoubt: {widths: {a: 1, M: 1, V2: 1, V: 1}, known: [market.network.kind, "
        "word_of_mouth.normalise, journey.directions, contracts.window_effect]}\n"
        "handoffs: {angle_friction: 0.12}\njourney: {match_effect: 0.7}\n"
    )
    words = ["worlds", "sure.yaml"]
    assert guarded(lambda: flywheel(words, standalone_mode=False), words) == 2
    assert "there is one world" in capsys.readouterr().err


def test_draws_too_few_for_what_is_known_are_refused_before_any_run(here: Path) -> None:
    with pytest.raises(ResultError, match=r"24 draws are too few: where 12 figures .* it takes 39 or more"):
        making.worlds("b2b-saas", draws=24)
    assert not (here / "b2b-saas-worlds").exists()
