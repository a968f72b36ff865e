"""Settings that do nothing are named, with what keeps them from it; what is named does nothing."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import flywheel_sim as fs
from flywheel_sim.cli import flywheel
from flywheel_sim.scenario import Scenario, ScenarioError, load
from flywheel_sim.scenario.editing import paths_of
from flywheel_sim.scenario.idle import NEEDS, Need, idle, own, sentences
from flywheel_sim.scenario.schema import MECHANISMS, ScenarioModel
from flywheel_sim.scenario.shapes import NAME, Shape, along, every_path, root

WEEKS = 60
#: A company with every mechanism on that is small enough to be run a thousand times.
BUSY = {f"{block}.enabled": True for block in MECHANISMS.values()} | {
    "market.accounts": 300,
    "market.initial_customers": 100,
    "horizon_weeks": WEEKS,
    "timeline.enabled": False,
    "ledger.credit_limit": 1000.0,  # so few customers cannot pay for so many people
}
#: How the words for readers say that a setting is for one kind alone.
SAYS = re.compile(r"\(`(?:[a-z]+: )?([\w-]+)`(?: only)?\)|`([\w-]+)` only")


@cache
def busy() -> Scenario:
    return load("everything-on").with_(BUSY)


def bits(scenario: Scenario) -> tuple[bytes, str]:
    """All that a run leaves."""
    run = fs.run(scenario, accounts=False)
    return run.arrays.weekly.tobytes(), repr(sorted(run.summary.items()))


def starred(path: str) -> list[str]:
    """The paths that a row stands for in the busy company."""
    known = paths_of(busy().resolved())
    pattern = re.compile(re.escape(path).replace(r"\*", r"[^.]+"))
    found = [one for one in known if pattern.fullmatch(one)]
    return found[:1]


def moves(scenario: Scenario, path: str) -> Iterator[Scenario]:
    """The scenario with other values at a path."""
    value, shape = scenario.get(path), along(root(ScenarioModel), tuple(path.split(".")))
    assert shape is not None
    others: list[Any] = []
    if isinstance(value, bool):
        others = [not value]
    elif shape.choices:
        others = [word for word in shape.choices if word != value]
    elif isinstance(value, dict):
        others = [{name: 0.5 * x + 0.25 for name, x in value.items()}, {}] if value else []
    elif isinstance(value, int | float):
        others = [value * 1.5, value * 0.5, value + 1, value + 0.1, value - 0.1, 0]
        others = [round(x) for x in others] if any("whole" in kind for kind in shape.kinds) else others
    made = 0
    for other in others:
        try:
            if other != value and made < 3:
                yield scenario.with_({path: other})
                made += 1
        except ScenarioError:
            continue


def shut(need: Need) -> list[Any]:
    """Values of a gate under which others do nothing."""
    shape = along(root(ScenarioModel), tuple(need.path.split(".")))
    assert shape is not None, need
    if need.op in "<>":
        return [int(need.values[0]) if any("whole" in kind for kind in shape.kinds) else need.values[0]]
    if need.op == "!=":
        return list(need.values)
    if isinstance(need.values[0], bool):
        return [not need.values[0]]
    if isinstance(need.values[0], int | float):
        return [need.values[0] + 0.5]
    return [word for word in shape.choices if word not in need.values]


def closed(path: str, position: int) -> Scenario | None:
    """The busy company with one row of what a setting needs not met, and all else in its favour."""
    rows = NEEDS[path]
    (here,) = starred(path)
    parts = here.split(".")

    def named(way: Need) -> str:
        return ".".join(parts[k] if part == "*" else part for k, part in enumerate(way.path.split(".")))

    changes: dict[str, Any] = {}
    for way in rows[position].ways:
        values = shut(way)
        changes[named(way)] = values[0]
    if changes.get("market.network.kind") == "complete":
        changes["word_of_mouth.talk_spread"] = 0  # talkers need a network with ties
    return busy().with_(changes)


@pytest.mark.parametrize("path", sorted(NEEDS))
def test_what_is_named_does_nothing(path: str) -> None:
    here = starred(path)
    if not here:
        assert along(root(ScenarioModel), tuple(path.replace("*", "x").split("."))) is not None
        pytest.skip("the busy company has no such entry")
    for position, row in enumerate(NEEDS[path]):
        scenario = closed(path, position)
        assert scenario is not None
        told = list(idle(scenario, here))
        assert told and all(way.path.rpartition(".")[2] in told[0].why or len(NEEDS[path]) > 1 for way in row.ways)
        if row.costs:
            scenario = scenario.with_({"ledger.enabled": False})
        before = bits(scenario)
        for other in moves(scenario, here[0]):
            assert bits(other) == before, (row, here)


def leaves(shape: Shape, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Single settings of the busy company; of entries with names those of the first."""
    for name in shape.names:
        below = shape.child(name)
        assert below is not None
        if below.entries is not None and below.entries.block is not None:
            for first in list(busy().get(".".join((*path, name))))[:1]:
                yield from leaves(below.entries, (*path, name, first))
        elif below.block is not None:
            yield from leaves(below, (*path, name))
        else:
            yield ".".join((*path, name))


def settings() -> list[str]:
    out = ("observed", "frozen", "timeline", "version", "title", "question", "description", "horizon_weeks", "axes")
    return [path for path in leaves(root(ScenarioModel)) if path.partition(".")[0] not in out]


def switched_off(path: str) -> Iterator[Any]:
    """Values of a setting that take something away, by its kind or by the words for readers: words, false, 0 = off."""
    shape = along(root(ScenarioModel), tuple(path.split(".")))
    assert shape is not None
    value, text = busy().get(path), shape.field.description or "" if shape.field is not None else ""
    if isinstance(value, bool):
        yield not value
    yield from (word for word in shape.choices if word != value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        for neutral in re.findall(r"\b(\d+) = (?:off|none|no\b|nobody|nothing|not at all|all alike)", text):
            yield int(neutral)


def acts(scenario: Scenario, path: str) -> bool:
    before = bits(scenario)
    return any(bits(other) != before for other in moves(scenario, path))


#: What a run of so few weeks cannot tell, though it acts: later, or in a company that differs in something else too.
ACT = {
    "strategy.established": "strategy.transition strategy.relearn_weeks",  # a change of pay is a transition as well
    "journey.touchpoints.account-review.stage": "journey.touchpoints.account-review.need",  # few are onboarded
    "journey.directions": "journey.culture_effect",  # culture has hardly left its reference
    "service.event_timed": "service.wait_effort",  # nobody waits for a week
    "culture.monitoring.enabled": "culture.norms.gaming",  # nobody is paid on what can be gamed
    "leadership.start": "leadership.friction_effect leadership.coupling_effect leadership.culture_effect",  # too early
    "selling.lone_wolves": "selling.borrowed",  # few deals
}


@pytest.mark.slow
def test_whatever_a_switch_takes_away_is_named() -> None:
    """Every setting that acts, and does not once another of its block is switched off, is told then."""
    blocks: dict[str, list[str]] = {}
    for path in settings():
        blocks.setdefault(path.partition(".")[0], []).append(path)
    missing, looked = [], 0
    for paths in blocks.values():
        alive = [path for path in paths if acts(busy(), path)]
        for gate in paths:
            for off in switched_off(gate):
                try:
                    without = busy().with_({gate: off})
                except ScenarioError:  # the company must then say something else
                    continue
                told = {one.path for one in idle(without, alive)} | set(ACT.get(gate, "").split()) | {gate}
                looked += len(alive)
                missing += [(path, gate, off) for path in alive if path not in told and not acts(without, path)]
    assert looked > 1000
    assert not missing, "\n".join(map(str, missing))


def test_the_words_for_readers_and_the_rows_agree() -> None:
    """A setting whose own sentence says that it is for one kind alone has a row that says so."""
    looked, missing = 0, []
    for path in every_path(ScenarioModel):
        shape = along(root(ScenarioModel), path)
        text = shape.field.description or "" if shape is not None and shape.field is not None else ""
        if path[0] in ("observed", "frozen") or not SAYS.search(text):
            continue
        known = ".".join("*" if part == NAME else part for part in path)
        looked += 1
        missing += [known] if known not in NEEDS else []
    assert looked > 10 and not missing


def test_what_is_off_or_neutral_holds_back_what_stands_below_it() -> None:
    base = load("b2b-saas").with_(
        {"cadence.enabled": False, "channels.enabled": True, "channels.technology.scale": 0.0}
    )
    paths = ["cadence.interval_weeks", "cadence.enabled", "market.price", "channels.technology.spend"]
    assert [one.sentence("it") for one in idle(base, paths)] == [
        "cadence.interval_weeks has no effect in it: cadence.enabled is false",
        "channels.technology.spend has no effect but its cost in it: channels.technology.scale is 0",
    ]
    works = {"cadence.enabled": True, "channels.technology.scale": 5.0, "channels.offered": 0.5}
    assert not list(idle(base.with_(works), paths))


def test_what_the_timeline_switches_on_is_not_told() -> None:
    later = {"timeline.changes.group": {"from_week": 5, "set": {"cadence.enabled": True}}}
    base = load("b2b-saas").with_({"cadence.enabled": False, "cadence.interval_weeks": 4})
    assert sentences([base]) and not sentences([base.with_(later)])
    assert sentences([base.with_({**later, "timeline.enabled": False})])


def test_own_values_are_those_of_the_users_files_and_of_python(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("extends: b2b-saas\ncadence: {enabled: false, interval_weeks: 4}\n")
    (tmp_path / "plan.yaml").write_text("extends: base.yaml\nmarket: {price: 1.1}\n")
    plan = load(tmp_path / "plan.yaml")
    assert set(own(plan)) == {"cadence.enabled", "cadence.interval_weeks", "market.price"}
    assert own(load("relationship-flywheel")) == []
    assert own(load("b2b-saas").with_({"cadence": {"interval_weeks": 4}})) == ["cadence.interval_weeks"]


@pytest.mark.parametrize("words", [["scenario", "validate"], ["run"], ["compare", "b2b-saas"]])
def test_commands_say_so_of_a_file(tmp_path: Path, words: list[str]) -> None:
    text = "extends: b2b-saas\nhorizon_weeks: 4\ncadence: {enabled: false, interval_weeks: 4}\n"
    (tmp_path / "mine.yaml").write_text(text)
    more = ["--set", "horizon_weeks=4", "--replicates", "2"] if words[0] == "compare" else []
    told = CliRunner().invoke(flywheel, [*words, str(tmp_path / "mine.yaml"), *more])
    assert told.exit_code == 0, told.stderr
    assert "note: cadence.interval_weeks has no effect in mine: cadence.enabled is false" in told.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["scenario", "validate", "siloed-close-rate"], True),
        (["run", "siloed-close-rate"], True),
        (["compare", "siloed-close-rate", "close-rate-with-group", "--replicates", "2"], False),
        (["compare", "siloed-close-rate", "bookings-quota", "--replicates", "2"], True),
    ],
)
def test_what_is_set_for_all_is_told_if_it_acts_in_none(words: list[str], said: bool) -> None:
    what = ["--set", "cadence.interval_weeks=4"] + (["--set", "horizon_weeks=4"] if words[0] != "scenario" else [])
    told = CliRunner().invoke(flywheel, [*words, *what])
    assert told.exit_code == 0, told.stderr
    assert ("cadence.interval_weeks has no effect in siloed-close-rate" in told.stderr) is said


def test_python_is_warned_once_where_it_calls() -> None:
    tiny = {"extends": "b2b-saas", "horizon_weeks": 3, "market": {"accounts": 200, "initial_customers": 20}}
    without = {**tiny, "cadence": {"enabled": False, "interval_weeks": 4}}
    calls = {
        "run": lambda: fs.run(without),
        "batch": lambda: fs.batch([without], replicates=1),
        "compare": lambda: fs.compare([without, tiny | {"market": {"accounts": 200}}], replicates=2),
        "model": lambda: fs.FlywheelModel(without),
        "sweep": lambda: fs.sweep({"scenario": "b2b-saas", "set": {"horizon_weeks": 3, "market.accounts": 200,
            "market.initial_customers": 20, "cadence.enabled": False}, "parameters": {"cadence.interval_weeks": [3]}}),
    }  # fmt: skip
    for name, call in calls.items():
        with pytest.warns(UserWarning, match="cadence.interval_weeks has no effect in") as caught:
            call()
        assert len(caught) == 1 and caught[0].filename == __file__, name


def test_a_study_that_varies_what_is_off_says_so(tmp_path: Path) -> None:
    study = "scenario: b2b-saas\nset: {cadence.enabled: false}\nparameters: {cadence.interval_weeks: [2, 4]%s}\n"
    for more, said in (("", True), (", cadence.enabled: [true, false]", False)):
        (tmp_path / "s.yaml").write_text(study % more)
        told = CliRunner().invoke(flywheel, ["sweep", str(tmp_path / "s.yaml"), "--check"])
        assert told.exit_code == 0, told.output
        assert ("cadence.interval_weeks has no effect in b2b-saas" in told.stderr) is said
