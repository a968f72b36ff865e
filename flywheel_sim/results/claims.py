"""What a trial of claims found: sizes without and with an effect, where it vanished, and a verdict on each claim."""

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flywheel_sim.results.intervals import LEVEL
from flywheel_sim.results.saving import finite
from flywheel_sim.results.words import money, number, percent
from flywheel_sim.results.world_answer import word_of
from flywheel_sim.scenario.columns import COLUMNS

__all__ = ["VERDICTS", "InWorlds", "Seen", "Trial", "Trials", "Vanished", "settings"]

#: Verdict -> what it means.
VERDICTS: Mapping[str, str] = {
    "holds": "an effect that luck does not explain, in the direction claimed, and gone where it must be",
    "holds by construction": "as claimed and gone where it must be, but in the equations: only the size is found",
    "effect": "an effect that luck does not explain, and gone where it must be; no direction was written down before",
    "null holds": "the claim is that nothing changes, and nothing does, to the bit",
    "no": "an effect in the opposite direction; or one where the claim is that there is none",
    "not shown": "no effect that luck does not explain",
    "fault": "it does not vanish where it must: an error of ours, which says nothing about the claim",
    "not tried": "there is no experiment of this kind",
}
_UNITS = {name: unit for name, unit, _ in COLUMNS}
_MEANINGS = {name: meaning for name, _, meaning in COLUMNS}
#: Units that say nothing a reader needs beside the number.
_PLAIN = ("share", "ratio", "0..1", "-1..1", "probability", "0 or 1")


@dataclass(frozen=True)
class Seen:
    """One thing observed: its mean over weeks, without and with the effect, over paired runs.

    Parameters
    ----------
    name : str
        A weekly column, or one over another.
    without, with_effect : float
        Mean over runs.
    difference : float
        Mean of the paired differences.
    interval : (float, float)
        80 % interval of that mean (paired t).
    p : float
        Paired t test of this one alone.
    sees : float
        Smallest difference that would be found 9 times in 10, at the threshold of the whole table.
    same : bool
        Every week of every run is the same to the bit.

    Examples
    --------
    >>> one = Seen("customers", 200.0, 190.0, -10.0, (-11.0, -9.0), 0.001, 2.0, False)
    >>> one.share, one.told, one.change
    (-0.05, '200 → 190 accounts', '−10 (−11 to −9), −5 %')
    >>> one.detectable, one.also
    ('2 accounts (1 %)', 'customers −5 %')
    """

    name: str
    without: float
    with_effect: float
    difference: float
    interval: tuple[float, float]
    p: float
    sees: float
    same: bool

    @property
    def share(self) -> float:
        """The difference as a share of what there is without the effect; NaN where there is nothing."""
        return self.difference / abs(self.without) if self.without else math.nan

    @property
    def unit(self) -> str:
        """Unit; of one column over another, both units."""
        return " per ".join(_UNITS.get(part, "") for part in self.name.split("/"))

    @property
    def meaning(self) -> str:
        """What is observed, in words."""
        return ", over: ".join(_MEANINGS.get(part, "") for part in self.name.split("/"))

    @property
    def told(self) -> str:
        """Without and with the effect, in words."""
        return f"{self._said(self.without)} → {self._said(self.with_effect)}{self._tail}"

    @property
    def change(self) -> str:
        """The difference with its interval, and what share that is, in words."""
        if self.same:
            return "the same to the bit"
        low, high = (self._signed(end) for end in self.interval)
        share = f", {self.relative}" if self.relative else ""
        return f"{self._signed(self.difference)} ({low} to {high}){share}"

    @property
    def relative(self) -> str:
        """The share in words; empty where there is none."""
        if not math.isfinite(self.share):
            return ""
        share = self.share if abs(self.share) >= 0.0005 else 0.0
        return ("+" if share > 0 else "") + percent(share)

    @property
    def also(self) -> str:
        """Where it moves and how much, in a few words, for what is told beside."""
        if self.same:
            return f"{self.name} the same to the bit"
        luck = " (luck may explain it)" if self.interval[0] <= 0 <= self.interval[1] else ""
        return f"{self.name} {self.relative or self._signed(self.difference) + self._tail}{luck}"

    @property
    def detectable(self) -> str:
        """The smallest difference that would be found, in words."""
        share = abs(self.sees / self.without) if self.without else math.nan
        return self._said(self.sees) + self._tail + (f" ({percent(share)})" if math.isfinite(share) else "")

    @property
    def _money(self) -> bool:
        return self.unit.startswith("$") and max(abs(self.without), abs(self.with_effect)) >= 1000

    @property
    def _tail(self) -> str:
        """Unit after a number, as people say it."""
        if self.unit == "1/week per accounts":
            return " a week"
        unit = "" if self.unit in _PLAIN or self.unit == self.name else self.unit
        unit = unit.removeprefix("$") if self._money else unit
        unit = unit.replace("1/week", "a week").replace("/week", " a week").strip()
        return f" {unit}" if unit else ""

    def _nothing(self, value: float) -> bool:
        return abs(value) <= 1e-12 * max(abs(self.without), abs(self.with_effect))

    def _said(self, value: float) -> str:
        value = 0.0 if self._nothing(value) else value
        return money(value) if self._money else number(value)

    def _signed(self, value: float) -> str:
        return ("+" if value > 0 and not self._nothing(value) else "") + self._said(value)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            "observed": self.name, "unit": self.unit, "without": self.without, "with": self.with_effect,
            "difference": self.difference, "interval": list(self.interval), "share": self.share, "p": self.p,
            "detects": self.sees, "same": self.same,
        }  # fmt: skip


@dataclass(frozen=True)
class InWorlds:
    """In how many worlds of its company an effect goes which way, luck taken out.

    Parameters
    ----------
    n : int
        Worlds.
    share : float
        Share of them in which it goes as claimed: of a claim that nothing changes, in which nothing does, to the bit;
        where no direction is claimed, in which it goes as it does on average.
    low, high : float
        80 % interval of that share (Jeffreys, with the effective number of worlds).
    company : str
        Whose worlds.

    Examples
    --------
    >>> InWorlds(200, 0.93, 0.9, 0.95, "b2b-saas").told("as claimed")
    'probably: as claimed in 93 of 100 worlds (90 to 95)'
    >>> InWorlds(40, 0.5, 0.4, 0.6, "b2b-saas").told("up")
    'open: up in 50 of 100 worlds (40 to 60)'
    """

    n: int
    share: float
    low: float
    high: float
    company: str

    def told(self, what: str) -> str:
        """Say it in words that go by the nearer end of the interval, as those of a comparison do."""
        other = self.high < 0.5
        word = word_of(1.0 - self.high if other else self.low) or "open"
        if word.startswith("Leans"):
            word = "leans against it" if other else "leans to it"
        elif other and word != "open":
            word += " not"
        count = f"{100 * self.share:.0f} of 100 worlds ({100 * self.low:.0f} to {100 * self.high:.0f})"
        return f"{word.lower()}: {what} in {count}"


@dataclass(frozen=True)
class Vanished:
    """The same effect at a setting at which it must be gone.

    ``exact`` is whether it must be gone to the bit, or within luck; ``gone`` whether it was.
    """

    settings: Mapping[str, Any]
    exact: bool
    gone: bool
    seen: tuple[Seen, ...]

    @property
    def told(self) -> str:
        """What became of it, in words."""
        if self.gone:
            return "gone, to the bit" if self.exact else f"gone, within luck: {self.seen[0].change}"
        left = ", ".join(f"{one.name} {one.change}" for one in self.seen if not one.same)
        return f"NOT GONE: {left}"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        seen = [one.to_dict() for one in self.seen]
        return {"settings": dict(self.settings), "exact": self.exact, "gone": self.gone, "seen": seen}


@dataclass(frozen=True)
class Trial:
    """One claim and what became of it.

    ``p`` is adjusted by Holm over the claims tried together; ``seen`` has the first thing observed first, the one that
    the verdict goes by.  ``before`` is what stands without the effect where it is set.  ``reason`` says why a claim was
    not tried, ``worlds`` in how many worlds it holds, where run k was of world k.
    """

    number: str
    claim: str
    verdict: str
    mechanisms: tuple[str, ...] = ()
    base: str = ""
    effect: Mapping[str, Any] = field(default_factory=dict)
    before: Mapping[str, Any] = field(default_factory=dict)
    direction: str = ""
    null: bool = False
    by_construction: bool = False
    p: float = math.nan
    seen: tuple[Seen, ...] = ()
    vanished: tuple[Vanished, ...] = ()
    weeks: int = 0
    reason: str = ""
    worlds: InWorlds | None = None

    @property
    def in_worlds(self) -> str:
        """In how many worlds it holds, in words; empty where it was tried as assumed."""
        if self.worlds is None:
            return ""
        moved = "up" if self.seen[0].difference > 0 else "down"
        return self.worlds.told("as claimed" if self.null or self.direction else moved)

    @property
    def label(self) -> str:
        """The verdict, with a word where a direction that nobody claimed is built in."""
        built_in = self.by_construction and self.verdict == "effect"
        return f"{self.verdict}, by construction" if built_in else self.verdict

    @property
    def says(self) -> str:
        """The reason for the verdict in words."""
        if self.verdict == "not tried":
            return self.reason
        if self.verdict == "fault":
            return "the effect does not vanish where it must; the fault is ours, not the claim's"
        first = self.seen[0]
        moved = "up" if first.difference > 0 else "down"
        if self.null:
            return "nothing observed changes" if self.verdict != "no" else f"{first.name} should stay, and goes {moved}"
        if self.verdict == "not shown":
            if first.same:
                return f"{first.name} is the same to the bit"
            return f"luck may explain it; a change of {first.detectable} would have been found 9 times in 10"
        if self.verdict == "no":
            return f"{first.name} goes {moved}; claimed: {self.direction}"
        return f"{first.name} goes {moved}" + (", as claimed" if self.direction else "; no direction claimed")

    @property
    def gone(self) -> str:
        """Whether it vanished where it must, in a few words."""
        if not self.vanished:
            return "" if self.verdict == "not tried" else "the null is the claim"
        if not all(one.gone for one in self.vanished):
            return "NOT GONE"
        return "to the bit" if all(one.exact for one in self.vanished) else "within luck"

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            "number": self.number, "claim": self.claim, "verdict": self.verdict, "label": self.label,
            "says": self.says, "gone": self.gone,
            "mechanisms": list(self.mechanisms), "base": self.base, "weeks": self.weeks, "set": dict(self.effect),
            "before": dict(self.before),
            "worlds": vars(self.worlds) | {"told": self.in_worlds} if self.worlds else None,
            "direction": self.direction, "null": self.null, "by_construction": self.by_construction, "p": self.p,
            "seen": [one.to_dict() for one in self.seen], "vanished": [one.to_dict() for one in self.vanished],
        }  # fmt: skip


@dataclass(frozen=True)
class Trials:
    """Every claim that was asked for, and the verdicts.

    Parameters
    ----------
    trials : tuple of Trial
    replicates, seed : int
        Paired runs of every arm, and their root of luck.
    mode : {"full", "quick"}
    error_rate : float
        Chance that any effect is called one while there is none, at most.
    false_alarm : float
        Chance that anything is called a fault by luck, at most.
    hashes : mapping
        Company -> hash, as shipped.
    seconds : float
        By the clock.
    """

    trials: tuple[Trial, ...]
    replicates: int
    seed: int
    mode: str
    error_rate: float
    false_alarm: float
    hashes: Mapping[str, str] = field(default_factory=dict)
    seconds: float = math.nan

    @property
    def ok(self) -> bool:
        """Whether every effect vanished where it must; a claim that comes out false is a result."""
        return not self.of("fault")

    def of(self, verdict: str) -> list[str]:
        """Return numbers of the claims with this verdict."""
        return [trial.number for trial in self.trials if trial.verdict == verdict]

    @property
    def counts(self) -> dict[str, int]:
        """Claims by verdict, every verdict there is."""
        by_verdict = Counter(trial.verdict for trial in self.trials)
        return {verdict: by_verdict[verdict] for verdict in VERDICTS}

    @property
    def sentence(self) -> str:
        """Say all verdicts in one sentence."""
        parts = []
        for verdict, count in self.counts.items():
            if count:
                named = f" ({', '.join(self.of(verdict))})" if verdict in _NAMED and len(self.trials) > 1 else ""
                parts.append(f"{verdict} {count}{named}")
        return f"{len(self.trials)} claim{'s' if len(self.trials) != 1 else ''}: {'; '.join(parts)}."

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        whole = {
            "ok": self.ok, "sentence": self.sentence, "counts": self.counts, "mode": self.mode,
            "replicates": self.replicates, "error_rate": self.error_rate, "false_alarm": self.false_alarm,
            "level": LEVEL, "seconds": round(self.seconds, 1), "claims": [trial.to_dict() for trial in self.trials],
        }  # fmt: skip
        return dict(finite(whole))


#: Verdicts whose claims are named in the sentence.
_NAMED = ("no", "not shown", "fault", "not tried")


def settings(given: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> str:
    """Return settings as one would type them, with an arrow from what stood there where that is known.

    Examples
    --------
    >>> settings({"strategy.angle": 120, "teams.*.direction": {"care": 1}}, {"strategy.angle": 0.0})
    'strategy.angle: 0 → 120, teams.*.direction: {"care": 1}'
    """
    parts = []
    for path, value in given.items():
        old = f"{_plain(before[path])} → " if before and path in before else ""
        parts.append(f"{path}: {old}{_plain(value)}")
    return ", ".join(parts)


def _plain(value: Any) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return json.dumps(int(value) if whole else value)
