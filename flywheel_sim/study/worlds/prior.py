r"""What a company may be like before anything is held against it: a law for every number that is not known.

A number is drawn when nobody decides it, it acts or may act, and it is not known for certain:

* one that its file gives as a range (``LOW to HIGH``), from that;
* others by their evidence mark, with the widths of `flywheel_sim.scenario.blocks.doubt.WIDTHS` or of the scenario;
* not one that a scenario states of its own company without a mark, nor what `doubt.known` lists, sizes, references
  (worked out anew), and what is 0 or stands at the end of where it may be: it is off.

A choice that nobody knows (`doubt.structure`: the shape of the network, who hears whom, ...) is drawn as well, by the
weights of its options; where a plan makes it, the plan's choice stays.

How strongly something works is never known without a mark, so an effect that a plan states is drawn as an assumption.

A draw is a standard normal score for each path, by key: seed, number of the draw, and path.  Every plan takes the same
scores, so what one plan alone uses is drawn like the rest, and a number that two plans state differently is high in
both or low in both.  Scores of a mechanism have a factor in common,

.. math:: z = \sqrt{\rho}\, z_{mechanism} + \sqrt{1 - \rho}\, z_{path}, \quad \rho = `SHARED`,

and paths that are tied have one score.  The score of a choice has no part in common with anything, and falls into as
many intervals as there are options, as likely as these are.
"""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results.assumptions import acting, evidence_of, plain_label
from flywheel_sim.scenario import Scenario
from flywheel_sim.scenario.blocks.doubt import WIDTHS
from flywheel_sim.scenario.ranges import Z95, Law, bounds_of, choice_between
from flywheel_sim.scenario.roles import role_of
from flywheel_sim.scenario.shapes import along, root

__all__ = ["SHARED", "Doubtful", "Prior", "scores", "stated", "values_at"]

Floats = NDArray[np.float64]

#: Share of a score's variance that all numbers of a mechanism have in common.
SHARED = 0.2
#: Second word of the key of draws, so that they share no luck with runs.
_KEY = 0xD0B7
#: Whole numbers of which only multiples will do: on a ring there are as many neighbours on either side.
_STEPS = {"market.network.degree": 2}


class Doubtful(NamedTuple):
    """A number or a choice that is drawn.

    Parameters
    ----------
    path, label : str
    group : str
        Its mechanism.
    law : Law
    why : str
        Evidence mark, ``"range"``, or ``"structure"``.
    tie : str
        What its score is keyed by: its path, or the name of what it is tied with.
    unit : str
    """

    path: str
    label: str
    group: str
    law: Law
    why: str
    tie: str
    unit: str = ""


@dataclass(frozen=True)
class Prior:
    """What a scenario may be like.

    Parameters
    ----------
    scenario : Scenario
    numbers : tuple of Doubtful
    told : tuple of str
        Ranges that are not drawn, with the reason, as sentences.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> prior = Prior.of(load("b2b-saas"))
    >>> "cadence.interval_weeks" in prior.paths, "word_of_mouth.rate" in prior.paths
    (False, True)
    """

    scenario: Scenario
    numbers: tuple[Doubtful, ...]
    told: tuple[str, ...] = ()

    @classmethod
    def of(cls, scenario: Scenario) -> "Prior":
        """Return the prior of a scenario."""
        doubt = scenario.model.doubt
        factors = {**WIDTHS, **doubt.widths}
        ties = {path: name for name, paths in doubt.tied.items() for path in paths}
        numbers, notes = [], []
        acts = acting(scenario)
        acts |= {path: float(one.median) for path, one in scenario.ranges.items() if _draws(scenario, path)}
        for path, value in acts.items():
            if any(f"{path}.".startswith(f"{one}.") for one in doubt.known):
                continue
            law, why = _law(scenario, path, value, factors)
            if law is not None:
                group = path.partition(".")[0]
                numbers.append(
                    Doubtful(
                        path=path,
                        label=plain_label(path),
                        group=group,
                        law=law,
                        why=why,
                        tie=ties.get(path, path),
                        unit=_unit(scenario, path),
                    )
                )
        for choice in doubt.structure.values():
            if role_of(choice.path) not in ("company", "effect"):
                notes.append(f"{choice.path} is not drawn: {_why_not(scenario, choice.path)}; what is stated is taken")
        for path in scenario.ranges:
            if path in acts or any(f"{path}.".startswith(f"{one}.") for one in doubt.known):
                continue
            notes.append(f"{path} is not drawn: {_why_not(scenario, path)}; its median is taken")
        numbers += [
            one for one in _choices(scenario) if not any(f"{one.path}.".startswith(f"{k}.") for k in doubt.known)
        ]
        return cls(scenario, tuple(numbers), tuple(notes))

    @property
    def paths(self) -> tuple[str, ...]:
        """Dotted paths of what is drawn."""
        return tuple(number.path for number in self.numbers)

    @property
    def groups(self) -> tuple[str, ...]:
        """Mechanism of each of them."""
        return tuple(number.group for number in self.numbers)

    @property
    def labels(self) -> tuple[str, ...]:
        """What strategists call them."""
        return tuple(number.label for number in self.numbers)

    def scores(
        self, draws: Sequence[int] | NDArray[Any], seed: int, shifts: Mapping[str, Floats] | None = None
    ) -> Floats:
        """Return the standard normal scores of draws, shape (draws, numbers), moved by ``shifts``, by what a number is
        keyed by.
        """
        ties = [number.tie for number in self.numbers]
        alone = [f"choice of {number.path}" if number.law.options else number.group for number in self.numbers]
        drawn_scores = scores(ties, alone, np.asarray(draws, np.int64), seed)
        for k, one in enumerate(self.numbers):
            if shifts and one.tie in shifts:
                drawn_scores[:, k] += shifts[one.tie]
        return drawn_scores

    def values(self, z: Floats) -> Floats:
        """Return what numbers are at scores, shape (draws, numbers)."""
        return np.stack([values_at(one.law, z[:, k]) for k, one in enumerate(self.numbers)], axis=1) if z.size else z

    @property
    def alternatives(self) -> list[Scenario]:
        """The scenario, and what it is with each option of each choice that nobody knows."""
        other = [
            self.scenario.varied({number.path: option})
            for number in self.numbers
            for option in number.law.options
            if option != self.scenario.get(number.path)
        ]
        return [self.scenario, *other]

    def entries(self, row: Floats) -> dict[str, float | int | str]:
        """Return one row of `values` as a scenario states them, by path."""
        return {one.path: one.law.entry(x) for one, x in zip(self.numbers, row.tolist(), strict=True)}

    def of_draw(self, row: Floats) -> Scenario:
        """Return the scenario with one row of `values`."""
        return self.scenario.varied(self.entries(row))

    @cached_property
    def hash(self) -> str:
        """Hash of what is drawn, and from what; with the scenario's hash it decides what a draw is."""
        said = [
            [
                number.path,
                number.tie,
                number.law.kind,
                *(f"{getattr(number.law, name):.12g}" for name in _FIGURES),
                *number.law.options,
                *(f"{cut:.12g}" for cut in number.law.cuts),
            ]
            for number in self.numbers
        ]
        text = json.dumps([SHARED, self.scenario.hash, said], separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def stated(scenario: Scenario, path: str) -> Doubtful:
    """Return a number that somebody else has drawn: what it is called, without a law."""
    law = Law(kind="plain", middle=float(scenario.get(path)), spread=0.0, low=-math.inf, high=math.inf, step=0)
    group = path.partition(".")[0]
    return Doubtful(
        path=path, label=plain_label(path), group=group, law=law, why="calibrated", tie=path, unit=_unit(scenario, path)
    )


_FIGURES = ("middle", "spread", "low", "high", "step")


def _law(scenario: Scenario, path: str, value: float, factors: Mapping[str, float]) -> tuple[Law | None, str]:
    """Return the law of a number that acts, and what it goes by; None where it is not drawn."""
    stated = scenario.ranges.get(path)
    if stated is not None:
        return replace(stated.law, step=stated.law.step * _STEPS.get(path, 1)), "range"
    mark = evidence_of(scenario, path)
    if mark == "set":
        if role_of(path) != "effect":
            return None, mark
        mark = "a"
    factor = factors.get(mark, 1.0)
    if factor <= 1.0:
        return None, mark
    shape = along(root(type(scenario.model)), tuple(path.split(".")))
    assert shape is not None
    least, most = bounds_of(shape)
    if not least < value < most:
        return None, mark
    spread = math.log(factor) / Z95
    step = int(any(kind.startswith("a whole number") for kind in shape.kinds)) * _STEPS.get(path, 1)
    if least >= 0.0 and most <= 1.0:
        return Law(
            kind="logit", middle=math.log(value / (1.0 - value)), spread=spread, low=least, high=most, step=step
        ), mark
    if least >= 0.0:
        return Law(kind="log", middle=math.log(value), spread=spread, low=least, high=most, step=step), mark
    return Law(kind="plain", middle=value, spread=spread * abs(value), low=least, high=most, step=step), mark


def _choices(scenario: Scenario) -> Iterator[Doubtful]:
    """Yield choices that nobody knows and that no plan makes."""
    structure = scenario.model.doubt.structure
    base = scenario.base() if structure else scenario
    for choice in structure.values():
        path, law = choice.path, choice_between(choice.options)
        if role_of(path) not in ("company", "effect"):
            continue
        if scenario.get(path) == base.get(path) and scenario.get(path) in law.options:
            yield Doubtful(path=path, label=plain_label(path), group="structure", law=law, why="structure", tie=path)


def _unit(scenario: Scenario, path: str) -> str:
    shape = along(root(type(scenario.model)), tuple(path.split(".")))
    return shape.unit if shape is not None else ""


def _draws(scenario: Scenario, path: str) -> bool:
    """Tell whether a range is drawn: of what nobody decides, nobody works out, and is not off."""
    parts = path.split(".")
    if parts[0] == "timeline" or "reference" in parts[-1] or role_of(path) not in ("company", "effect"):
        return False
    blocks = (".".join((*parts[:k], "enabled")) for k in range(1, len(parts)))
    flat = scenario.resolved()
    return all(_at(flat, block) is not False for block in blocks)


def _at(tree: Any, path: str) -> Any:
    for part in path.split("."):
        tree = tree.get(part) if isinstance(tree, Mapping) else None
    return tree


def _why_not(scenario: Scenario, path: str) -> str:
    changed = path.startswith("timeline.changes.") and ".set." in path
    role = role_of(path)
    if changed:
        return "it stands in the timeline"
    if role == "decision":
        return "it is a decision, which somebody takes, and no doubt"
    if role == "record":
        return "it says how a run is computed or read"
    return "it is a reference, which is worked out anew, or what it belongs to is off"


def values_at(law: Law, z: Floats) -> Floats:
    """Return the values of a law at standard normal scores, in the shape of the scores.

    Examples
    --------
    >>> values_at(Law("plain", 1.0, 2.0, 0.0), np.array([-1.0, 0.0, 1.0])).tolist()
    [0.0, 1.0, 3.0]
    """
    x = law.middle + law.spread * np.asarray(z, np.float64)
    if law.options:
        return np.searchsorted(law.cuts, z, side="right").astype(np.float64)
    if law.kind == "log":
        x = np.exp(x)
    elif law.kind == "logit":
        x = 1.0 / (1.0 + np.exp(-x))
    x = np.clip(x, law.low, law.high)
    return np.rint(x / law.step) * law.step if law.step else x


def scores(ties: Sequence[str], groups: Sequence[str], draws: NDArray[np.int64], seed: int) -> Floats:
    """Return standard normal scores by key, shape (draws, numbers).

    Parameters
    ----------
    ties, groups : sequence of str
        What the own part and the part in common of each number is keyed by.
    draws : int64 array
        Numbers of draws, from 0.
    seed : int

    Examples
    --------
    >>> one = scores(["a", "b"], ["m", "m"], np.arange(4), 1)
    >>> bool((one[2:] == scores(["a", "b"], ["m", "m"], np.arange(2, 4), 1)).all())
    True
    """
    own, both = _normal([f"path {tie}" for tie in ties], draws, seed), {}
    for group in dict.fromkeys(groups):
        both[group] = _normal([f"mechanism {group}"], draws, seed)[:, 0]
    together = np.stack([both[group] for group in groups], axis=1) if groups else own
    tied = [k for k, tie in enumerate(ties) if ties.index(tie) != k]
    normal = math.sqrt(SHARED) * together + math.sqrt(1.0 - SHARED) * own
    for k in tied:
        normal[:, k] = normal[:, ties.index(ties[k])]
    return np.asarray(normal)


def _normal(names: Sequence[str], draws: NDArray[np.int64], seed: int) -> Floats:
    """Return standard normal numbers by key, shape (draws, names)."""
    from scipy.special import ndtri

    from flywheel_sim.engine.random import philox_words

    out = np.empty((len(draws), len(names)))
    counter = np.zeros((len(draws), 4), np.uint32)
    words = np.zeros((len(draws), 4), np.uint32)
    key = np.array([seed, _KEY], np.uint32)
    for k, name in enumerate(names):
        counter[:, 0], counter[:, 1] = _words(name)
        counter[:, 2] = draws
        philox_words(counter, key, words)
        fine = words[:, 0].astype(np.float64) + words[:, 1].astype(np.float64) * 2.0**-32
        out[:, k] = ndtri((fine + 2.0**-33) * 2.0**-32)
    return out


@lru_cache(maxsize=65536)
def _words(name: str) -> tuple[int, int]:
    digest = hashlib.sha256(name.encode()).digest()
    return int.from_bytes(digest[:4], "big"), int.from_bytes(digest[4:8], "big")
