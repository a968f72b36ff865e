"""No number of a shipped scenario changes in silence."""

import copy
import json

import pytest
from click.testing import CliRunner

from flywheel_sim import scenarios
from flywheel_sim.cli import flywheel
from flywheel_sim.results.provenance import Provenance, provenance
from flywheel_sim.results.saving import ResultError
from flywheel_sim.study.verification import baseline

FEW = ["b2b-two-teams", "limits/a22-brooks", "limits/a25-tampering"]
HELP = "on purpose? look at `flywheel reproduce baseline`, then add --update and commit the file"


@pytest.fixture(scope="module")
def few():
    return baseline.made_now(FEW)


def test_every_shipped_scenario_is_what_it_was():
    kept = baseline.read_baseline()
    pinned = {"python", "version", "engine"}
    if other := set(provenance({}, 1).unlike(Provenance(**kept["made"]))) - pinned:
        pytest.skip(f"bits are promised for one platform and pinned versions; others here: {', '.join(sorted(other))}")
    now = baseline.made_now()
    assert set(now["scenarios"]) == set(scenarios())
    found = baseline.drift(kept, now)
    moved = [(one.scenario, one.number, one.then, one.now) for one in found.shifts[:20]]
    assert found.same, f"{found.sentence} {moved} {found.weekly} {found.missing} {found.added}; {HELP}"


def test_it_is_written_and_read_to_the_bit(few, tmp_path):
    path = baseline.write(few, tmp_path / "kept.json")
    assert baseline.drift(baseline.read_baseline(path), few).same
    assert len(path.read_text().splitlines()) == len(FEW) + 6, "a line a scenario"


def test_what_moved_is_named_and_a_changed_engine_told_apart(few):
    kept = copy.deepcopy(few)
    assert "same engine" in baseline.drift(kept, few).sentence
    kept["made"]["engine"] = "another"
    found = baseline.drift(kept, few)
    assert found.same and "with another engine" in found.sentence and found.changes["engine"][0] == "another"
    kept["scenarios"][FEW[0]]["summary"]["npv"] *= 1.01
    kept["scenarios"][FEW[0]]["weekly"] = "x"
    kept["scenarios"][FEW[2]]["weekly"] = "x"
    kept["scenarios"][FEW[1]]["hash"] = "x"
    found = baseline.drift(kept, few)
    assert not found.same and found.weekly == (FEW[0], FEW[2]) and found.described == (FEW[1],)
    (one,) = found.shifts
    assert (one.scenario, one.number) == (FEW[0], "npv")
    assert one.relative == pytest.approx(0.01 / 1.01)
    assert "2 of 3 scenarios moved, 1 of them in their summary" in found.sentence
    del kept["scenarios"][FEW[1]], kept["scenarios"][FEW[0]]["summary"]["npv"]
    found = baseline.drift(kept, few)
    assert found.added == (FEW[1],) and found.shifts[0].then is None
    json.dumps(found.to_dict(), allow_nan=False)


def test_the_command_checks_and_updates(few, tmp_path, monkeypatch):
    place = tmp_path / "baseline.json"
    monkeypatch.setattr(baseline, "baseline_path", lambda: place)
    monkeypatch.setattr(baseline, "made_now", lambda **_: few)

    def call(*words):
        return CliRunner().invoke(flywheel, ["reproduce", "baseline", *words])

    assert call().exit_code == 2, "there is none yet"
    told = call("--update")
    assert told.exit_code == 0 and "New: " + ", ".join(FEW) in told.output and place.exists()
    assert call("--quiet").exit_code == 0
    kept = json.loads(place.read_text())
    kept["scenarios"][FEW[0]]["summary"]["npv"] += 1000
    place.write_text(json.dumps(kept))
    told = call("--quiet")
    assert told.exit_code == 1 and "npv" in told.output and "-1e+03" in told.output
    assert json.loads(call("--json", "--quiet").output)["data"]["moved"][0]["by"] == pytest.approx(-1000)
    assert call("--update", "--quiet").exit_code == 0
    assert call("--quiet").exit_code == 0


def test_places_that_hold_no_baseline(few, tmp_path):
    (tmp_path / "x").write_text("{}")
    with pytest.raises(ResultError, match="broken"):
        baseline.read_baseline(tmp_path / "x")
    with pytest.raises(ResultError, match="installed package"):
        baseline.write(few, tmp_path / "_shipped" / "baseline.json")
    assert CliRunner().invoke(flywheel, ["reproduce", str(tmp_path), "--update"]).exit_code == 2
