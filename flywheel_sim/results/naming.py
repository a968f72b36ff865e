"""How scenarios are told apart, written down with a result, and asked for again."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flywheel_sim.typed import command

if TYPE_CHECKING:
    from flywheel_sim.scenario import Scenario

__all__ = ["command_for", "differences", "labels", "leaves", "origin", "pack", "shared_part", "unpack"]


def leaves(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield dotted path and value of every leaf of a nested dict; a list is a leaf.

    Examples
    --------
    >>> dict(leaves({"market": {"accounts": 5, "network": {"kind": "ring"}}, "axes": ["a", "b"], "pay": {}}))
    {'market.accounts': 5, 'market.network.kind': 'ring', 'axes': ['a', 'b']}
    """
    for name, value in values.items():
        here = f"{path}.{name}" if path else str(name)
        if isinstance(value, Mapping):
            yield from leaves(value, here)
        else:
            yield here, value


def differences(scenarios: Sequence["Scenario"]) -> dict[str, tuple[Any, ...]]:
    """Return paths whose values are not the same in all scenarios, with the value in each (None where there is none).

    A mapping from names to numbers, such as what a team is paid on, is one value.
    """
    from flywheel_sim.scenario.hashing import WORDS

    flat = [_gathered(scenario) for scenario in scenarios]
    paths = dict.fromkeys(path for values in flat for path in values)
    values_of = {path: tuple(values.get(path) for values in flat) for path in paths if path not in WORDS}
    return {path: values for path, values in values_of.items() if any(value != values[0] for value in values[1:])}


def _gathered(scenario: "Scenario") -> dict[str, Any]:
    """Return leaves by path, with mappings from names to numbers left whole."""
    from flywheel_sim.scenario.shapes import along, root

    top = root(type(scenario.model))
    gathered: dict[str, Any] = {}
    for path, value in leaves(scenario.resolved()):
        above, _, last = path.rpartition(".")
        shape = along(top, tuple(above.split("."))) if above else None
        if shape is not None and shape.entries is not None and shape.entries.block is None:
            gathered.setdefault(above, {})[last] = value
        else:
            gathered[path] = value
    return gathered


def labels(scenarios: Sequence["Scenario"]) -> tuple[str, ...]:
    """Return a name for every scenario that people can tell apart: the title, with what was changed where titles
    repeat.

    What all of them are laid on is not repeated in every name: `shared_part` says it once.
    """
    titles = _short([scenario.title for scenario in scenarios])
    long = [f"{title} ({_changes(scenario)})" for title, scenario in zip(titles, scenarios, strict=True)]
    names: list[str] = []
    for title, full, scenario in zip(titles, long, scenarios, strict=True):
        telling = titles.count(title) > 1 and long.count(full) == 1 and scenario.changes
        label = full if telling else title
        again = 2
        while label in names:
            label = f"{title} ({again})"
            again += 1
        names.append(label)
    return tuple(names)


def shared_part(scenarios: Sequence["Scenario"]) -> str:
    """Return what all scenarios of a comparison are laid on, where no label says it by itself; else nothing.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> plans = [load(f"b2b-two-teams+{plan}") for plan in ("churn-pay", "nps-pay")]
    >>> labels(plans), shared_part(plans)
    (('Churn pay', 'NPS pay'), 'B2B software, two teams')
    >>> plans = [load(name) for name in ("b2b-two-teams", "b2b-two-teams+churn-pay")]
    >>> labels(plans), shared_part(plans)
    (('B2B software, two teams', 'Churn pay'), '')
    """
    parts = _common([scenario.title for scenario in scenarios])
    bare = any(scenario.title == _PLUS.join(parts) for scenario in scenarios)
    return "" if bare else _PLUS.join(parts)


#: Between the titles of what lies on what (`scenario.loading` puts it there).
_PLUS = " + "


def _common(titles: Sequence[str]) -> list[str]:
    """Return the parts with which all titles begin, where there is more than one title."""
    split = [title.split(_PLUS) for title in titles]
    common: list[str] = []
    for parts in zip(*split, strict=False):
        if len(set(titles)) < 2 or any(part != parts[0] for part in parts):
            break
        common.append(parts[0])
    return common


def _short(titles: Sequence[str]) -> list[str]:
    """Return titles without the parts that all share; a title of nothing else stays."""
    common = _common(titles)
    return [_PLUS.join(title.split(_PLUS)[len(common) :]) or title for title in titles]


def command_for(
    scenarios: Sequence["Scenario"],
    seed: int,
    *,
    replicate: int = 0,
    replicates: int = 1,
    options: Mapping[str, Any] | None = None,
) -> str:
    """Return what to type to make a result again: a shell command, or Python where the command line cannot say it.

    ``options`` are those of ``flywheel compare`` beside, by name; True for a flag.
    """
    options = options or {}
    changes = [scenario.changes for scenario in scenarios]
    sets = [f"{path}={_said(value)}" for path, value in changes[0].items()]
    plain = all(not isinstance(value, dict | list) for value in changes[0].values())
    reachable = all(_reachable(scenario) for scenario in scenarios)
    if reachable and replicate == 0 and plain and all(other == changes[0] for other in changes):
        words = ["flywheel", "run" if len(scenarios) == 1 else "compare", *map(origin, scenarios)]
        words += [word for item in sets for word in ("--set", item)]
        several = (replicates > 1 or len(scenarios) > 1) and "worlds" not in options
        words += ["--replicates", str(replicates)] if several else []
        for name, value in options.items():
            if name == "groups":  # --report makes them
                continue
            option = f"--{name.replace('_', '-')}"
            words += [option] if value is True else [option, _word(value)]
        return command(*words, "--seed", str(seed))
    expressions = [_expression(scenario) for scenario in scenarios]
    if len(expressions) == 1 and replicates == 1:
        more = f", replicate={replicate}" if replicate else ""
        return f"fs.run({expressions[0]}, seed={seed}{more})"
    if "best" in options:
        known = ("worlds_from", "as_assumed", "indifference", "confidence", "budget", "limit")
        given = "".join(f", {k}={v!r}" for k, v in options.items() if k in known)
        call = "flywheel_sim.study.comparison.compare.choose"
        made_by = f"{call}([{', '.join(expressions)}]{given}, first_stage={replicates}, seed={seed})"
    else:
        given = "".join(f", {k}={v!r}" for k, v in options.items() if v is not True or k == "as_assumed")
        often = "" if "worlds" in options else f"replicates={replicates}, "
        made_by = f"fs.compare([{', '.join(expressions)}], {often}seed={seed}{given})"
    return made_by + "".join(f".with_{name}()" for name in ("bridge", "swings", "groups") if name in options)


def pack(scenario: "Scenario") -> dict[str, Any]:
    """Return a scenario as JSON values: everything needed to make it again without its files."""
    ranges = {path: one.said for path, one in scenario.ranges.items()}
    return {
        **({"ranges": ranges} if ranges else {}),
        "name": scenario.name,
        "origin": origin(scenario),
        "hash": scenario.hash,
        "changes": scenario.changes,
        "marks": {path: list(mark) for path, mark in scenario.marks.items()},
        "resolved": scenario.resolved(),
    }


def unpack(packed: Mapping[str, Any]) -> "Scenario":
    """Return the scenario that `pack` wrote down."""
    from flywheel_sim.scenario import Scenario, load

    checked = load(packed["resolved"])
    files = () if packed["origin"] == packed["name"] else (packed["origin"],)
    marks = {path: (str(mark), str(source)) for path, (mark, source) in packed.get("marks", {}).items()}
    if packed.get("ranges"):
        checked = checked.with_(packed["ranges"])
    return Scenario(
        checked.model, checked.source, name=packed["name"], files=files, changes=packed["changes"], marks=marks
    )


def origin(scenario: "Scenario") -> str:
    """Return what the user would type: the shipped name, the file, or what it is composed of."""
    from flywheel_sim.scenario.library import index

    if scenario.name in index() or not scenario.files:
        return scenario.name
    return scenario.typed or scenario.files[0]


def _changes(scenario: "Scenario") -> str:
    each = [f"{path.rpartition('.')[2]} {_said(value)}" for path, value in scenario.changes.items()]
    whole = ", ".join(each)
    return whole if len(whole) <= 40 else f"{each[0]:.30} and {len(each) - 1} more"


def _reachable(scenario: "Scenario") -> bool:
    """Tell whether a name or a file leads to the scenario; one made of a dict has neither."""
    from flywheel_sim.scenario.library import index

    return bool(scenario.files) or scenario.name in index()


def _expression(scenario: "Scenario") -> str:
    loaded = f"fs.load({origin(scenario)!r})" if _reachable(scenario) else "fs.load({...})"
    return f"{loaded}.with_({scenario.changes!r})" if scenario.changes else loaded


def _word(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.15g}"


def _said(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
