"""A scenario as text in a link: the name of a shipped scenario and what was changed, as JSON.

Nothing in a link, a field or a file is ever evaluated: names are looked up among the shipped scenarios, changes are
read as JSON and checked by the schema like any other scenario.
"""

import contextlib
import hashlib
import json
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from flywheel_sim.app.bounds import FILE_BYTES, KEPT_BYTES, LINK_CHARACTERS
from flywheel_sim.engine.cache_root import cache_root
from flywheel_sim.files import write_text
from flywheel_sim.scenario import Scenario, ScenarioError, load
from flywheel_sim.scenario.errors import nearest
from flywheel_sim.scenario.hashing import WORDS
from flywheel_sim.scenario.library import index
from flywheel_sim.scenario.reading import parse, plain
from flywheel_sim.scenario.writing import differing

__all__ = ["Pick", "laid_on", "opened", "pick_of", "read_pick", "shipped"]

#: Before the name of a scenario that is too long for a link.
_MARK = "kept~"

#: What a file that extends nothing is written as a change of.
_PLAIN = "b2b-saas"


@lru_cache(maxsize=128)
def shipped(name: str) -> Scenario:
    """Return a shipped scenario, or several laid over one another; files are read once, as reading takes longer than a
    run.

    Raises
    ------
    ScenarioError
        When there is no such scenario.
    """
    for one in name.split("+"):
        known = one.partition(":")[0]
        if known not in index():
            near = nearest(known, index())
            raise ScenarioError.single(f"no shipped scenario has this name: '{known[:80]}'", suggestion=near)
    return load(name)


@dataclass(frozen=True)
class Pick:
    """A shipped scenario and what was changed in it."""

    base: str
    changes: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def scenario(self) -> Scenario:
        """Return the scenario that the link means.

        Raises
        ------
        ScenarioError
            When there is no such scenario, or a change is not allowed.
        """
        return self._scenario

    @cached_property
    def _scenario(self) -> Scenario:
        scenario = shipped(self.base)
        return scenario.with_(dict(self.changes)) if self.changes else scenario

    def with_(self, changes: Mapping[str, Any]) -> "Pick":
        """Return the same with more changes; a value that is the shipped one is no change.

        Examples
        --------
        >>> Pick("b2b-saas").with_({"horizon_weeks": 52}).text, Pick("b2b-saas").with_({"horizon_weeks": 260}).text
        ('b2b-saas:{"horizon_weeks":52}', 'b2b-saas')
        """
        base, merged = shipped(self.base), {**self.changes, **changes}
        kept = {path: value for path, value in merged.items() if not _same(base, path, value)}
        return Pick(self.base, MappingProxyType(kept))

    @property
    def text(self) -> str:
        """The pick as one word of a link; of one that is too long, the name under which the app keeps it."""
        return self._whole if len(self._whole) <= LINK_CHARACTERS else f"{_MARK}{_kept.put(self._whole)}"

    @cached_property
    def _whole(self) -> str:
        if not self.changes:
            return self.base
        return f"{self.base}:{json.dumps(dict(self.changes), separators=(',', ':'), ensure_ascii=False)}"

    @property
    def kept(self) -> bool:
        """Whether a link only names it, so that it leads nowhere but on this machine."""
        return self.text.startswith(_MARK)


def read_pick(text: str) -> Pick:
    """Return the pick that a word of a link means; it is checked by `Pick.scenario`.

    Raises
    ------
    ScenarioError
        When the text is too long or no such word.

    Examples
    --------
    >>> read_pick('b2b-saas:{"cadence.pull":0.5}').changes["cadence.pull"]
    0.5
    """
    if len(text) > LINK_CHARACTERS:
        raise ScenarioError.single(f"the scenario in this link is too long: {len(text):,} characters")
    if text.startswith(_MARK):
        text = _kept.get(text.removeprefix(_MARK))
    base, colon, rest = text.partition(":{")  # a plan may be limited to teams: churn-pay:sales:{...}
    if not colon:
        return Pick(text)
    rest = f"{{{rest}"
    try:
        changes = json.loads(rest, parse_constant=_refuse)
        json.dumps(changes, ensure_ascii=False).encode()  # half a character can be written in JSON, but not shown
    except (ValueError, RecursionError):
        raise ScenarioError.single(f"the changes in this link are not JSON: {rest[:60]}") from None
    if not isinstance(changes, dict):
        raise ScenarioError.single(f"the changes in this link are no mapping: {rest[:60]}")
    return Pick(base, MappingProxyType(changes))


def opened(text: str, name: str, files: Mapping[str, str] | None = None, below: Pick | None = None) -> Pick:
    """Return the pick that a scenario file means.

    Parameters
    ----------
    text : str
        What the file holds.
    name : str
        What to call the file in messages.
    files : mapping, optional
        Texts of files opened before, by the name without its ending: beside shipped scenarios, ``extends`` and ``on``
        may name these.
    below : Pick, optional
        What a plan, a file that says ``on``, is laid over instead of the company it names.

    Raises
    ------
    ScenarioError
        With every mistake in it, by line and column.
    """
    if len(text.encode()) > FILE_BYTES:
        raise ScenarioError.single(f"'{name}' is too long for a scenario: more than {FILE_BYTES:,} bytes")
    content, before = plain(parse(text)), dict(files or {})
    named = _named(content, name, before)
    stem = called(name)
    with tempfile.TemporaryDirectory() as folder:
        for other, told in before.items():
            (Path(folder) / f"{other}.yaml").write_text(told, encoding="utf-8")
        path = Path(folder) / f"{stem}.yaml"
        path.write_text(text, encoding="utf-8")
        try:
            scenario = below.scenario().plus(path) if below is not None and _is_plan(content) else load(path)
        except ScenarioError as error:
            own = {str(path), f"{stem}.yaml", path.name, None}
            raise ScenarioError(
                replace(one, file=name) if one.file in own or Path(str(one.file)).parent == Path(folder) else one
                for one in error.problems
            ) from None
    if below is not None and _is_plan(content):
        return pick_of(scenario, below.base)
    bases = [one for one in named if one in index()] or [one for one in scenario.files if one in index()]
    return pick_of(scenario, bases[0] if bases else _PLAIN)


def laid_on(pick: Pick, plan: str) -> Pick:
    """Return a pick with a shipped plan laid over it: the plan wins where both set the same.

    Raises
    ------
    ScenarioError
        When the plan speaks of what this company does not have.

    Examples
    --------
    >>> laid_on(Pick("b2b-two-teams").with_({"horizon_weeks": 52}), "churn-pay").text
    'b2b-two-teams+churn-pay:{"horizon_weeks":52}'
    """
    return pick_of(pick.scenario().plus(plan), f"{pick.base}+{plan}")


def called(name: str) -> str:
    """Return what a file is called, without folder and ending, in plain characters."""
    safe = Path(Path(name).name).stem[:60] or "scenario"
    return "".join(c if c.isalnum() or c in "-_ " else "-" for c in safe)


def _is_plan(content: Any) -> bool:
    return isinstance(content, dict) and content.get("on") is not None


def _named(content: Any, name: str, files: Mapping[str, str]) -> list[str]:
    """Return what a file lies on, if it all is known here."""
    names: list[str] = []
    for word in ("extends", "on"):
        said = content.get(word) if isinstance(content, dict) else None
        for one in said if isinstance(said, list) else [said]:
            if one is None:
                continue
            parts = [part.partition(":")[0] for part in one.split("+")] if isinstance(one, str) else [str(one)]
            for part in parts:
                if part not in index() and part.removesuffix(".yaml").removesuffix(".yml") not in files:
                    near = nearest(part, [*index(), *files])
                    raise ScenarioError.single(
                        f"'{name}' extends '{part[:80]}'; the app opens files that extend shipped scenarios, or files "
                        "opened here before: open that one first",
                        suggestion=near,
                    )
            names += parts
    return names


def pick_of(scenario: Scenario, base: str) -> Pick:
    """Return what makes ``scenario`` out of a shipped one."""
    before, after = shipped(base).resolved(), scenario.resolved()
    fine = {".".join(path): value for path, _, value in differing(before, after)}
    for changes in (fine, {name: after.get(name) for name in after if after[name] != before.get(name)}):
        try:
            pick = Pick(base, MappingProxyType(changes))
            if pick.scenario() == scenario:
                return pick
        except ScenarioError:
            continue
    raise ScenarioError.single(f"'{scenario.title}' is too different from '{base}' to be opened here")


class _Kept:
    """Scenarios too long for a link, under names made from what they say; the oldest give way.

    They stand in a folder of the user's as well, so that a link still leads somewhere after the app has ended.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._texts: OrderedDict[str, str] = OrderedDict()

    def _folder(self) -> Path | None:
        try:
            root = cache_root()
        except RuntimeError:
            return None
        return root / "app" if root is not None else None

    def put(self, text: str) -> str:
        """Keep a text and return its name."""
        name = hashlib.sha256(text.encode()).hexdigest()[:32]
        with self._lock:
            self._texts[name] = text
            self._texts.move_to_end(name)
            while len(self._texts) > 1 and sum(map(len, self._texts.values())) > KEPT_BYTES:
                self._texts.popitem(last=False)
            self._write(name, text)
        return name

    def _write(self, name: str, text: str) -> None:
        """Keep a text on disk, where that can be done, and as many of the others as there is room for."""
        folder = self._folder()
        if folder is None or (folder / f"{name}.json").is_file():
            return
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            write_text(folder / f"{name}.json", text)
            kept = sorted(folder.glob("*.json"), key=lambda file: file.stat().st_mtime, reverse=True)
            room = KEPT_BYTES
            for file in kept:
                room -= file.stat().st_size
                if room < 0 and file.stem != name:
                    file.unlink()

    def _read(self, name: str) -> str | None:
        """Return what is kept on disk under a name, if it is what the name says."""
        folder = self._folder()
        if folder is None or not name.isalnum():
            return None
        with contextlib.suppress(OSError, UnicodeDecodeError):
            text = (folder / f"{name}.json").read_text("utf-8")
            return text if hashlib.sha256(text.encode()).hexdigest()[:32] == name else None
        return None

    def get(self, name: str) -> str:
        """Return the text kept under a name."""
        with self._lock:
            if name not in self._texts and (text := self._read(name)) is not None:
                self._texts[name] = text
            if name not in self._texts:
                raise ScenarioError.single(
                    "this link only names a scenario that was too long for a link, and the app does not hold it any "
                    "more; open its file again"
                )
            self._texts.move_to_end(name)
            return self._texts[name]


_kept = _Kept()


def _same(base: Scenario, path: str, value: Any) -> bool:
    try:
        return bool(base.get(path) == value) and path not in WORDS
    except ScenarioError:
        return False


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no number")
