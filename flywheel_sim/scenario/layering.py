"""Files that extend files: one tree out of a chain, every leaf with the place that holds it.

A file says with ``extends`` what it changes, one scenario or several in order.  One that says ``on`` instead, or
extends one that does, is an overlay: alone it lies on the company it names, and it can be laid over any other.

Mappings merge, everything else replaces, and so does what a team is paid on.  An explicit ``null`` over an inherited
entry takes it away (a team vanishes, a number falls back to its default); a name followed by nothing is a mistake,
because it is usually an unfinished edit.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from flywheel_sim.scenario.base_case import own_targets
from flywheel_sim.scenario.composing import MOST_PARTS, Part, named_parts
from flywheel_sim.scenario.errors import Problem, ScenarioError, shown
from flywheel_sim.scenario.known import Known, known_numbers
from flywheel_sim.scenario.library import Origin
from flywheel_sim.scenario.reading import Node, Place, plain, read
from flywheel_sim.scenario.shapes import Shape
from flywheel_sim.scenario.team_roles import Company, paid_on, with_teams
from flywheel_sim.scenario.trees import collect, drop_blanks, merge, node_of, without_nulls

__all__ = [
    "FORMAT_VERSION",
    "About",
    "Clash",
    "Layers",
    "called_as",
    "normal",
    "stack",
    "stack_mapping",
    "stack_over",
]

#: Version of the scenario format this package reads.
FORMAT_VERSION = 1
MAX_CHAIN = 20
#: Files that one scenario may be laid from, however often each.
MAX_FILES = 200


@dataclass(slots=True)
class Layers:
    """What a chain of files says together.

    Parameters
    ----------
    root : Node
    files : tuple of str
        The last laid first.
    problems : list of Problem
    complete : bool
        False when a file could not be read.
    below : str
        What to type to mean what the uppermost file was laid over.
    laid : frozenset of str
        Files that are overlays, and no part of the company below.
    notes : tuple of Clash
        Where two overlays set the same thing.
    company : Node or None
        What the company at the bottom says, where overlays lie on it.
    known : mapping of str to Known
        Numbers that are known of the company, by name.
    """

    root: Node
    files: tuple[str, ...] = ()
    problems: list[Problem] = field(default_factory=list)
    complete: bool = True
    below: str = ""
    laid: frozenset[str] = frozenset()
    notes: tuple["Clash", ...] = ()
    company: Node | None = None
    known: Mapping[str, Known] = field(default_factory=dict)

    def about(self, typed: str) -> "About":
        """Return what a scenario remembers of how it was laid."""
        company = plain(self.company) if self.company is not None else None
        first = self.files[0] if self.files else ""
        return About(
            typed or first, self.below, tuple(sorted(self.laid)), self.notes, company, known=tuple(self.known.values())
        )

    def places(self) -> dict[tuple[str, ...], tuple[Place, Place]]:
        """Return the path -> (place of the name, place of the value)."""
        places: dict[tuple[str, ...], tuple[Place, Place]] = {}
        collect(self.root, (), places)
        return places


class About(NamedTuple):
    """How a scenario was laid: what to type, what lies below, which files are overlays, where they clash, on what."""

    typed: str = ""
    below: str = ""
    laid: tuple[str, ...] = ()
    clashes: tuple["Clash", ...] = ()
    company: Mapping[str, Any] | None = None
    targets: tuple[tuple[str, float], ...] = ()
    known: tuple[Known, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """Where order matters, a sentence for each pair of overlays."""
        clashing: dict[tuple[str, str], dict[str, int]] = {}
        for clash in self.clashes:
            by_team = clash.path[:2] == ("incentives", "pay") and len(clash.path) > 3
            path = ".".join(("incentives.pay.<team>", *clash.path[3:]) if by_team else clash.path)
            paths = clashing.setdefault((clash.winner, clash.loser), {})
            paths[path] = paths.get(path, 0) + 1
        return tuple(
            f"order matters: {winner} and {loser} both set "
            + ", ".join(path + (f" ({n} teams)" if n > 1 else "") for path, n in paths.items())
            + f"; {winner} comes later and wins"
            for (winner, loser), paths in clashing.items()
        )


@dataclass(frozen=True, slots=True)
class Clash:
    """A setting that two overlays set to different values; the later one wins."""

    path: tuple[str, ...]
    loser: str
    winner: str


def stack(parts: Sequence[Part], shape: Shape) -> Layers:
    """Read a file and everything it extends, and lay the others over it.

    Parameters
    ----------
    parts : sequence of Part
        The scenario to start from, and its overlays in order.
    shape : Shape
        Shape of a whole file; it says where ``null`` is a value and where names stand.
    """
    return _Stacking(shape).all(parts, None, ())


def stack_mapping(data: Mapping[str, Any], shape: Shape) -> Layers:
    """Return the same for a dict, whose ``extends`` is read relative to the current folder."""
    problems: list[Problem] = []
    root = node_of(_as_text(data), (), 0, problems)
    layers = _Stacking(shape).one(root, None, None, ())
    layers.problems[:0] = problems
    return layers


def stack_over(below: Layers, overlays: Sequence["Part | Mapping[str, Any]"], shape: Shape) -> Layers:
    """Return overlays, as files or as dicts, laid over what has been read."""
    work = _Stacking(shape)
    problems: list[Problem] = []
    for overlay in overlays:
        if isinstance(overlay, Part):
            below = work.all([overlay], below, ())
        else:
            below = work.one(node_of(_as_text(overlay), (), 0, problems), None, below, ())
        problems += below.problems
    below.problems[:] = list(dict.fromkeys(problems))
    return below


def _as_text(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return paths as text where scenarios are named."""
    given = {name: data[name] for name in ("extends", "on") if name in data}
    for name, value in given.items():
        if isinstance(value, os.PathLike):
            given[name] = os.fspath(value)
        elif isinstance(value, list | tuple):
            given[name] = [os.fspath(one) if isinstance(one, os.PathLike) else one for one in value]
    return {**data, **given}


def normal(value: Any, field: str = "") -> Any:
    """Return a Python value as a file would hold it (text keys, plain numbers, lists); raises ``ScenarioError``."""
    problems: list[Problem] = []
    node = node_of(value, tuple(field.split(".")) if field else (), 0, problems)
    if problems:
        raise ScenarioError(problems)
    return plain(node)


@dataclass(slots=True)
class _Stacking:
    """Lays files over one another."""

    shape: Shape
    read: int = 0

    def all(self, parts: Sequence[Part], below: Layers | None, above: tuple[Origin, ...]) -> Layers:
        """Return parts in order, each over what came before."""
        first = below is None
        for k, part in enumerate(parts):
            before = below
            below = self.one(None, part, below, above)
            if before is not None:
                below.notes = (*before.notes, *below.notes, *_clashes(before, below))
                below.problems[:0] = [problem for problem in before.problems if problem not in below.problems]
            if first and k:
                below.below = called_as(parts[:k])
        assert below is not None
        return below

    def one(self, root: Node | None, part: Part | None, below: Layers | None, above: tuple[Origin, ...]) -> Layers:
        """Return one file or dict, over what it extends or over what lies below."""
        origin = part.origin if part is not None else None
        problems: list[Problem] = []
        self.read += 1
        if self.read > MAX_FILES:
            raise ScenarioError.single(f"laid from more than {MAX_FILES} files", field="extends")
        if root is None:
            assert origin is not None
            root = _read(origin, self.shape, problems, parent=bool(above))
        files = (origin.shown,) if origin is not None else ()
        if not isinstance(root.value, dict):
            message = f"expected a mapping (name: value, one per line), got {shown(plain(root))}"
            raise ScenarioError([*problems, Problem(*root.place, "", message)])
        _check_version(root, problems)
        drop_blanks(root, (), problems)
        extends, default = root.value.pop("extends", None), root.value.pop("on", None)
        known = _known(root.value.pop("known", None), problems)
        chain = (*above, origin) if origin is not None else above
        over, company = below is not None, below
        try:
            if default is not None and not over:
                company = self.named(default, "on", origin, None, chain)
            if over and default is None and extends is None and "segments" in root.value:
                raise ScenarioError.single(_whole(origin))
            if extends is not None:
                company = self.named(extends, "extends", origin, company, chain)
        except ScenarioError as error:
            where = extends if extends is not None else default
            if where is None:
                raise
            here = [_placed(problem, where) for problem in error.problems]
            return Layers(without_nulls(root, self.shape, (), []), files, problems + here, complete=False)
        only = part.only if part is not None else ()
        overlay = over or default is not None or (company is not None and extends is not None and bool(company.laid))
        made = self.laid(root, company, files, problems, only, overlay=overlay, over=over)
        made.known = {**(company.known if company is not None else {}), **known}
        return made

    def named(
        self, node: Node, field: str, origin: Origin | None, below: Layers | None, chain: tuple[Origin, ...]
    ) -> Layers:
        """Return what a file names under ``extends`` or ``on``, laid over what is there already."""
        parts = _parents(node, field, origin, chain)
        layers = self.all(parts, below, chain)
        layers.below = called_as(parts) if below is None or not below.below else f"{below.below}+{called_as(parts)}"
        return layers

    def laid(
        self,
        root: Node,
        company: Layers | None,
        files: tuple[str, ...],
        problems: list[Problem],
        only: tuple[str, ...],
        *,
        overlay: bool,
        over: bool,
    ) -> Layers:
        """Return one file's own settings over what lies below it."""
        known = company.root if company is not None else Node({}, root.place)
        teams = known.value.get("teams")
        below_teams = teams.value if teams is not None and isinstance(teams.value, dict) else {}
        seen = Company.of(merge(known, root, self.shape), below_teams)
        own, roles = with_teams(root, seen, only, strict=overlay)
        if company is None or company.complete:
            problems = problems + roles
        merged = own_targets(known, own, merge(known, own, self.shape), overlay=overlay) if company is not None else own
        merged = _also_paid(merged)
        kept = without_nulls(merged, self.shape, (), problems)
        if company is None:
            return Layers(kept, files, problems)
        laid = company.laid | set(files) if overlay else company.laid
        return Layers(
            root=kept,
            files=files + company.files,
            problems=problems + company.problems,
            complete=company.complete,
            below=company.below,
            laid=laid,
            notes=() if over else company.notes,
            company=(company.company or company.root) if overlay else company.company,
        )


def _also_paid(node: Node) -> Node:
    """Add what a team is paid on besides (``also``) to what it is paid on."""
    pay = node.value.get("incentives") if isinstance(node.value, dict) else None
    pay = pay.value.get("pay") if pay is not None and isinstance(pay.value, dict) else None
    if pay is None or not isinstance(pay.value, dict):
        return node
    teams = {}
    for team, one in pay.value.items():
        said = one.value if isinstance(one.value, dict) else {}
        more = said.get("also")
        if more is not None and isinstance(more.value, dict):
            on = dict(said["on"].value) if "on" in said and isinstance(said["on"].value, dict) else {}
            for name, weight in more.value.items():
                on[name] = Node(
                    _sum(on[name].value, weight.value) if name in on else weight.value, weight.place, weight.key
                )
            rest = {name: value for name, value in said.items() if name != "also"}
            one = Node({**rest, "on": Node(on, more.place, more.key)}, one.place, one.key)
        teams[team] = one
    block = node.value["incentives"]
    changed = Node({**block.value, "pay": Node(teams, pay.place, pay.key)}, block.place, block.key)
    return Node({**node.value, "incentives": changed}, node.place, node.key)


def _sum(one: Any, other: Any) -> Any:
    numbers = all(isinstance(x, int | float) and not isinstance(x, bool) for x in (one, other))
    return one + other if numbers else other


def _known(node: Node | None, problems: list[Problem]) -> dict[str, Known]:
    numbers, more = known_numbers(node) if node is not None and node.value is not None else ({}, [])
    problems += more
    return numbers


def called_as(parts: Sequence[Part]) -> str:
    """Return what to type to mean a composition."""
    return "+".join(part.typed for part in parts)


_WHOLE = "is a whole company"


def _whole(origin: Origin | None) -> str:
    name = f"'{origin.shown}'" if origin is not None else "this"
    return (
        f"{name} {_WHOLE}, so it cannot be laid over another; put it first, or write `on:` in place of `extends:` in a "
        "plan that changes it"
    )


def _clashes(before: Layers, after: Layers) -> list[Clash]:
    """Return settings that one overlay set and the next sets to something else."""
    clashes: list[Clash] = []

    def walk(old: Node, new: Node | None, path: tuple[str, ...]) -> None:
        if isinstance(old.value, dict) and not paid_on(path):
            entries = new.value if new is not None and isinstance(new.value, dict) else {}
            for name, value in old.value.items():
                walk(value, entries.get(name), (*path, name))
        elif old.place.file in before.laid and path[0] not in _WORDS and (new is None or plain(new) != plain(old)):
            winner = new.place.file if new is not None else after.files[0]
            if winner != old.place.file:
                clashes.append(Clash(path, str(old.place.file), str(winner or "a later change")))

    walk(before.root, after.root, ())
    return clashes


#: Words for people, which every file has its own of.
_WORDS = ("title", "question", "description", "version", "")


def _read(origin: Origin, shape: Shape, problems: list[Problem], *, parent: bool) -> Node:
    """Read a file; of one that another file names, and that is no scenario, nothing is told but that.

    Whoever writes ``extends`` decides which file is opened, and need not be who runs it and sees the message.
    """
    if not parent or origin.shipped:
        return read(origin.path, origin.shown, problems)
    own: list[Problem] = []
    no_scenario = Problem(origin.shown, None, None, "", "this file is no scenario; extends takes one")
    try:
        root = read(origin.path, origin.shown, own)
    except ScenarioError as error:
        unreadable = all(problem.line is None for problem in error.problems)
        raise error if unreadable else ScenarioError([_syntax(error.problems[-1], no_scenario)]) from None
    if not isinstance(root.value, dict) or not {*shape.names, "extends", "on", "known", "version"} & set(root.value):
        raise ScenarioError([no_scenario])
    problems += own
    return root


def _syntax(problem: Problem, otherwise: Problem) -> Problem:
    """Tell where the YAML ends to be YAML, without the words that stand there."""
    if not problem.message.startswith("not valid YAML"):
        return otherwise
    return Problem(problem.file, problem.line, problem.column, "", "not valid YAML; look at it there")


def _parents(node: Node, field: str, origin: Origin | None, chain: tuple[Origin, ...]) -> tuple[Part, ...]:
    """Return the scenarios named under ``extends`` or ``on``, in order."""
    listed = node.value if isinstance(node.value, list) else [node]
    texts = [item.value for item in listed]
    if not texts or not all(isinstance(text, str) for text in texts) or len(texts) > MOST_PARTS:
        message = (
            f"expected the name or path of a scenario, or a list of at most {MOST_PARTS}, got {shown(plain(node))}"
        )
        raise ScenarioError.single(message, field=field)
    folder = origin.path.parent if origin is not None else Path()
    shown_folder = str(Path(origin.shown).parent) if origin is not None and not origin.shipped else ""
    parents: list[Part] = []
    for text in texts:
        parents += named_parts(text, folder, "" if shown_folder == "." else shown_folder)
    names = [link.shown for link in chain]
    for part in parents:
        for position, link in enumerate(chain):
            if link.path.resolve() == part.origin.path.resolve():
                circle = " -> ".join([*names[position:], part.origin.shown])
                raise ScenarioError.single(f"these files extend each other in a circle: {circle}", field=field)
    if len(chain) >= MAX_CHAIN:
        raise ScenarioError.single(f"more than {MAX_CHAIN} files extend one another", field=field)
    return tuple(parents)


def _placed(problem: Problem, extends: Node) -> Problem:
    """Return a problem without a place of its own belongs to the ``extends`` line."""
    if problem.line is not None:
        return problem
    message = problem.message if problem.file is None else f"{problem.file}: {problem.message}"
    return Problem(*extends.place, problem.field or "extends", message, problem.suggestion)


def _check_version(root: Node, problems: list[Problem]) -> None:
    node: Node | None = root.value.get("version")
    if node is None or node.value == FORMAT_VERSION or not isinstance(node.value, int) or isinstance(node.value, bool):
        return
    if node.value > FORMAT_VERSION:
        how = "update with `pip install -U flywheel-sim`"
    else:
        how = f"compare it with `flywheel scenario new` and write version: {FORMAT_VERSION}"
    message = f"this package reads scenario format {FORMAT_VERSION}, this file is format {node.value}: {how}"
    problems.append(Problem(*node.place, "version", message))
    node.value = FORMAT_VERSION
