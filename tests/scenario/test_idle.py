"""Settings that do nothing are named, with what keeps them from it."""

from pathlib import Path

from click.testing import CliRunner

from flywheel_sim.cli import flywheel
from flywheel_sim.scenario import load
from flywheel_sim.scenario.idle import idle


def test_what_is_off_or_neutral_holds_back_what_stands_below_it() -> None:
    base = load("b2b-saas").with_(
        {"cadence.enabled": False, "channels.enabled": True, "channels.technology.scale": 0.0}
    )
    paths = ["cadence.interval_weeks", "cadence.enabled", "market.price", "channels.technology.spend"]
    assert list(idle(base, paths)) == [
        ("cadence.interval_weeks", "cadence.enabled is false"),
        ("channels.technology.spend", "channels.technology.scale is 0"),
    ]
    assert not list(idle(base.with_({"cadence.enabled": True, "channels.technology.scale": 5.0}), paths))


def test_validate_says_so() -> None:
    words = ["scenario", "validate", "b2b-saas", "--set", "cadence.enabled=false", "--set", "cadence.interval_weeks=4"]
    told = CliRunner().invoke(flywheel, words)
    assert told.exit_code == 0
    assert "cadence.interval_weeks has no effect in b2b-saas: cadence.enabled is false" in told.stderr


def test_a_study_that_varies_what_is_off_says_so(tmp_path: Path) -> None:
    study = "scenario: b2b-saas\nset: {cadence.enabled: false}\nparameters: {cadence.interval_weeks: [2, 4]%s}\n"
    for more, said in (("", True), (", cadence.enabled: [true, false]", False)):
        (tmp_path / "s.yaml").write_text(study % more)
        told = CliRunner().invoke(flywheel, ["sweep", str(tmp_path / "s.yaml"), "--check"])
        assert told.exit_code == 0, told.output
        assert ("cadence.interval_weeks has no effect in b2b-saas" in told.stderr) is said
