"""A scenario as text in a link: the name of a shipped scenario and what was changed, as JSON.

Nothing in a link, a field or a file is ever evaluated: names are looked up among the shipped scenarios, changes are
read as JSON and checked by the schema like any other scenario.
"""

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
from flywheel_sim.scenario import Scenario, ScenarioError, load
from flywheel_sim.scenario.errors import nearest
from flywheel_sim.scenario.library import index
from flywheel_sim.scenario.reading import parse, plain
from flywheel_sim.scenario.scenario import WORDS
from flywheel_sim.scenario.writing import differing

__all__ = ["Pick", "opened", "pick_of", "read_pick", "shipped"]

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
        found = shipped(self.base)
        return found.with_(dict(self.changes)) if self.changes else found

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
        """Whether a link only names it, so that it leads nowhere once the app has ended."""
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


def opened(text: str, name: str) -> Pick:
    """Return the pick that a scenario file means.

    Parameters
    ----------
    text : str
        What the file holds; ``extends`` may name shipped scenarios only.
    name : str
        What to call the file in messages.

    Raises
    ------
    ScenarioError
        With every mistake in it, by line and column.
    """
    if len(text.encode()) > FILE_BYTES:
        raise ScenarioError.single(f"'{name}' is too long for a scenario: more than {FILE_BYTES:,} bytes")
    content = plain(parse(text))
    named = content.get("extends") if isinstance(content, dict) else None
    extends = [one for one in (named if isinstance(named, list) else [named]) if one is not None]
    for one in extends:
        if not isinstance(one, str) or one not in index():
            near = nearest(str(one), index())
            raise ScenarioError.single(
                f"'{name}' extends '{str(one)[:80]}'; the app opens files that extend shipped scenarios",
                suggestion=near,
            )
    with tempfile.TemporaryDirectory() as folder:
        safe = Path(Path(name).name).stem[:60] or "scenario"
        path = Path(folder) / f"{''.join(c if c.isalnum() or c in '-_ ' else '-' for c in safe)}.yaml"
        path.write_text(text, encoding="utf-8")
        try:
            scenario = load(path)
        except ScenarioError as error:
            raise ScenarioError(replace(problem, file=name) for problem in error.problems) from None
    return pick_of(scenario, extends[0] if extends else _PLAIN)


def pick_of(scenario: Scenario, base: str) -> Pick:
    """Return what makes ``scenario`` out of a shipped one."""
    before, after = shipped(base).resolved(), scenario.resolved()
    fine = {".".join(path): value for path, _, value in differing(before, after)}
    for changes in (fine, {name: after.get(name) for name in after if after[name] != before.get(name)}):
        try:
            made = Pick(base, MappingProxyType(changes))
            if made.scenario() == scenario:
                return made
        except ScenarioError:
            continue
    raise ScenarioError.single(f"'{scenario.title}' is too different from '{base}' to be opened here")


class _Kept:
    """Scenarios too long for a link, under names made from what they say; the oldest give way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._texts: OrderedDict[str, str] = OrderedDict()

    def put(self, text: str) -> str:
        """Keep a text and return its name."""
        name = hashlib.sha256(text.encode()).hexdigest()[:32]
        with self._lock:
            self._texts[name] = text
            self._texts.move_to_end(name)
            while len(self._texts) > 1 and sum(map(len, self._texts.values())) > KEPT_BYTES:
                self._texts.popitem(last=False)
        return name

    def get(self, name: str) -> str:
        """Return the text kept under a name."""
        with self._lock:
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
