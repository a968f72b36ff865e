"""Worlds that come with the package, and that comparisons run over them unless somebody says else."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flywheel_sim as fs
from flywheel_sim.engine.fingerprint import engine_hash
from flywheel_sim.results.worlds import Worlds, read_worlds
from flywheel_sim.scenario import Scenario, load
from flywheel_sim.study.comparison.compare import choose
from flywheel_sim.study.worlds import drawing as module
from flywheel_sim.study.worlds.drawing import shipped_worlds, usual_drawing
from flywheel_sim.study.worlds.prior import Prior

PAIR = ("siloed-close-rate", "relationship-flywheel")
SMALL = {"market.accounts": 300, "market.initial_customers": 60, "horizon_weeks": 20}


@pytest.fixture(autouse=True)
def looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let worlds that come with the package be found, which other tests do without."""
    monkeypatch.setattr(module, "shipped_worlds", shipped_worlds)


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Thirty worlds of b2b-saas, as they come with the package; nothing ruled any out."""
    base = load("b2b-saas").base()
    made = Worlds(
        company="b2b-saas", prior=Prior.of(base).hash, engine=engine_hash(), seed=1, tried=30, numbers=np.arange(30),
        shifts={}, references={},
    )  # fmt: skip
    path = tmp_path / "scenarios" / "worlds" / "b2b-saas.json"
    path.parent.mkdir(parents=True)
    made.save(path)
    monkeypatch.setattr(module, "shipped_path", lambda folder: tmp_path / folder)
    monkeypatch.chdir(tmp_path)
    return path


def pair(names: tuple[str, ...] = PAIR) -> list[Scenario]:
    return [load(name).with_(SMALL) for name in names]


def test_worlds_that_come_with_the_package_fit_the_engine_and_the_company() -> None:
    assert "b2b-saas" in shipped_worlds()
    for name, path in shipped_worlds().items():
        found, why = usual_drawing([load(name)], path)
        assert found is not None, f"{why} python docs/make_worlds.py makes them again"
        assert found.worlds.enough
        assert path.stat().st_size <= 200_000


def test_a_comparison_runs_over_shipped_worlds_unless_told(shipped: Path) -> None:
    found = fs.compare(pair())
    assert found.replicates == 30
    assert found.verdict.worlds is not None
    assert found.basis.startswith("Over 30 worlds of b2b-saas")
    assert found.provenance.command.endswith("--worlds 30 --seed 1")
    assumed = fs.compare(pair(), replicates=3, as_assumed=True)
    assert assumed.verdict.worlds is None
    assert assumed.basis == "As assumed: every number as the scenarios state it, so the doubt is about luck alone."
    assert "--as-assumed --seed 1" in assumed.provenance.command
    assert fs.compare(pair(), replicates=9).verdict.worlds is not None


@pytest.mark.parametrize("names", [("b2b-saas", "b2b-saas+churn-pay"), ("b2b-saas+flywheel-group", "nps-pay")])
def test_what_is_laid_over_a_company_has_its_worlds(shipped: Path, names: tuple[str, ...]) -> None:
    found, why = usual_drawing([load(name) for name in names])
    assert (found and found.worlds.n, why) == (30, "")


def test_a_file_that_extends_a_company_has_its_worlds_unless_it_is_another(shipped: Path) -> None:
    Path("more.yaml").write_text("extends: b2b-saas\nteams: {sales: {headcount: 12}}\n")
    assert usual_drawing([load("b2b-saas"), load("more.yaml")])[0] is not None
    assert usual_drawing([load("more.yaml"), load("b2b-saas")])[0] is not None
    Path("plan.yaml").write_text("extends: b2b-saas\ncadence: {enabled: true, pull: 0.2 to 0.6}\n")
    assert usual_drawing([load("plan.yaml"), load("b2b-saas")])[0] is not None
    for text, what in (
        ("market: {accounts: 900}", "market.accounts"),
        ("doubt: {widths: {a: 1.5}}", "doubt"),
        ("word_of_mouth: {rate: 0.002 to 0.02}", "a range"),
        ("frozen: {targets: {churn_annual: {low: 0.2, high: 0.3}}}", "what is known of it"),
    ):
        Path("other.yaml").write_text(f"extends: b2b-saas\n{text}\n")
        found, why = usual_drawing([load("other.yaml"), load("other.yaml+churn-pay")])
        assert found is None
        assert why == (
            f"There are no worlds of other.yaml yet (those of b2b-saas are not: {what} differs); make them with: "
            f"flywheel worlds other.yaml"
        )


def test_where_there_are_no_worlds_one_line_says_so_and_what_makes_them(shipped: Path) -> None:
    of_none = pair(("b2c-subscription", "b2c-subscription+churn-pay"))
    found = fs.compare(of_none, replicates=3)
    why = "There are no worlds of b2c-subscription yet; make them with: flywheel worlds b2c-subscription"
    assert found.grounds == f"{found.basis} {why}"
    assert found.no_worlds == why
    assert fs.open(found.save("kept")).grounds == found.grounds
    assert why in Path(found.report("r.html")).read_text().replace("&#39;", "'")
    made_of_numbers = {"extends": "b2b-saas", "market": {"accounts": 900}}
    assert usual_drawing([load(made_of_numbers)] * 2)[1].endswith(
        "make them with: fs.worlds(company, out='b2b-saas-worlds')"
    )
    assert usual_drawing([load("b2b-saas"), load("b2c-subscription")]) == (
        None, "Worlds are those of one company, and these scenarios are several."
    )  # fmt: skip
    chosen = [choice.path for choice in load("b2b-saas").model.doubt.structure.values()]
    sure = {
        "extends": "b2b-saas", "doubt": {"widths": {"a": 1, "M": 1, "V2": 1, "V": 1}, "known": chosen},
        "handoffs": {"angle_friction": 0.12}, "journey": {"match_effect": 0.7},
    }  # fmt: skip
    assert usual_drawing([load(sure)]) == (None, "")


@pytest.mark.parametrize(("name", "said"), [("engine_hash", "the engine"), ("Prior", "what is drawn of the company")])
def test_stale_worlds_are_told_and_not_used(
    shipped: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    class Other(Prior):
        hash = "another"  # type: ignore[assignment]

    monkeypatch.setattr(module, name, Other if name == "Prior" else lambda: "another")
    found = fs.compare(pair(), replicates=3)
    assert found.verdict.worlds is None
    assert f"are out of date: {said} changed since; make them again with: flywheel worlds b2b-saas" in found.grounds
    shipped.write_text("{}")
    found, why = usual_drawing(pair())  # type: ignore[assignment]
    assert found is None
    assert "broken" in why


def test_the_first_worlds_answer_early_and_change_nothing(shipped: Path) -> None:
    first: list[Any] = []
    steps: list[tuple[int, int]] = []
    found = fs.compare(pair(), early=first.append, progress=lambda done, of: steps.append((done, of)))
    whole = fs.compare(pair())
    assert [one.replicates for one in first] == [24]
    assert first[0].verdict.sentence.startswith(("Almost", "Prob", "Leans", "Open"))
    assert np.array_equal(found.finals, whole.finals, equal_nan=True)
    assert found.worlds_run is not None and whole.worlds_run is not None
    assert np.array_equal(found.worlds_run.again, whole.worlds_run.again)
    assert found.verdict == whole.verdict
    assert steps == sorted(steps)
    assert steps[-1][0] == steps[-1][1]
    fs.compare(pair(), worlds=10, early=first.append)
    assert len(first) == 1


def test_precision_and_choice_go_over_worlds(shipped: Path) -> None:
    found = fs.compare(pair(), replicates=10, precision=1.0)
    assert found.replicates == 30
    assert not found.precise
    assert found.verdict.worlds is not None
    chosen = choose(pair(), indifference=1e9)
    assert chosen.verdict.worlds is not None
    spent = choose(pair(), budget=100, first_stage=10)
    assert spent.chosen is not None and max(spent.chosen.runs) > 30
    assert spent.replicates <= 30
    assert spent.verdict.worlds is not None
    assert choose(pair(), indifference=1e9, as_assumed=True).verdict.worlds is None


def test_two_words_on_what_is_run_are_refused(shipped: Path) -> None:
    for given in ({"precision": 1e6}, {"replicates": 20}, {"as_assumed": True}):
        with pytest.raises(ValueError, match=r"worlds and .* both say what is run"):
            fs.compare(pair(), worlds=10, **given)
    with pytest.raises(ValueError, match="worlds_from and as_assumed both say"):
        fs.compare(pair(), worlds_from=shipped, as_assumed=True)
    with pytest.raises(ValueError, match="there are 30 worlds of b2b-saas, not 31; make more with"):
        fs.compare(pair(), replicates=31)


def test_few_worlds_promise_nothing_of_what_is_worth_finding_out(shipped: Path) -> None:
    few = fs.compare(pair(), replicates=29).worlds_run
    assert few is not None
    assert few.lines[0] == "So few worlds cannot tell what would be worth finding out first; it takes 30 at least."
    assert not any("$0" in line for line in few.lines)
    assert read_worlds(shipped).n == 30
