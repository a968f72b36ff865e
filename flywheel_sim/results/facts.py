"""How far companies of the model agree with what is known of the world: one finding for each fact, part and company."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from flywheel_sim.results.saving import finite

__all__ = ["EASY", "VERDICTS", "Fact", "Facts", "Tally"]

#: Verdict -> what it means.
VERDICTS: Mapping[str, str] = {
    "agrees": "the value lies in the band; where only a sign was published, beyond 0 by two standard errors",
    "fails": "it does not",
    "no interface": "no run says it; the reason is given",
}
#: A fact that holds in a larger share of companies drawn from the prior says little of the model.
EASY = 0.7


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One number of a fact in one company, and the verdict on it.

    Parameters
    ----------
    mark, part, company, role : str
        The fact's mark in the bibliography, what of it was measured, where, and its part in the model.
    value, error : float
        What was measured, and its standard error; NaN where there is no interface.
    low, high : float
        Band in which it should lie; infinite where it is open.
    unit : str
    verdict : {"agrees", "fails", "no interface"}
    sign : bool
        Only the sign was published.
    says : str
        Why there is no interface; empty otherwise.
    pass_rate : float
        Share of companies drawn from the prior in which the whole fact agrees; NaN where it was not tried.
    """

    mark: str
    part: str
    company: str
    role: str
    value: float
    error: float
    low: float
    high: float
    unit: str
    verdict: str
    sign: bool = False
    says: str = ""
    pass_rate: float = float("nan")

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; a band's open end is none."""
        return {
            "id": self.mark, "part": self.part, "company": self.company, "role": self.role, "value": self.value,
            "error": self.error, "low": self.low, "high": self.high, "unit": self.unit, "verdict": self.verdict,
            "sign": self.sign, "says": self.says, "pass_rate": self.pass_rate,
        }  # fmt: skip


@dataclass(frozen=True)
class Tally:
    """Facts that agree, that were measured, and that have no interface; a fact counts once a company."""

    agree: int
    measured: int
    unseen: int


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Every fact that was asked for.

    Parameters
    ----------
    facts : tuple of Fact
    replicates, draws, seed : int
        Runs of every arm, companies drawn from the prior, and the root of luck.
    hashes : mapping
        Company -> hash, as shipped.
    seconds : float
        By the clock.
    """

    facts: tuple[Fact, ...]
    replicates: int
    draws: int
    seed: int
    hashes: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def whole(self) -> list[tuple[Fact, ...]]:
        """Return findings by fact and company: its parts together."""
        return [tuple(parts) for _, parts in groupby(self.facts, key=lambda one: (one.mark, one.company))]

    @property
    def tallies(self) -> dict[str, Tally]:
        """Facts by role; those that validate in three: by band, by sign alone, and easy ones of either kind."""
        return {
            "put in": _tally(self._with("put in")),
            "calibrates": _tally(self._with("calibrates")),
            "validates": _tally(p for p in self._with("validates") if not _easy(p) and not _sign(p)),
            "validates, sign alone": _tally(p for p in self._with("validates") if not _easy(p) and _sign(p)),
            "validates, easy": _tally(p for p in self._with("validates") if _easy(p)),
        }

    def _with(self, role: str) -> list[tuple[Fact, ...]]:
        return [parts for parts in self.whole() if parts[0].role == role]

    @property
    def sentence(self) -> str:
        """Say how many facts agree, validating ones first."""
        tallies = self.tallies
        said = []
        for name, words in (
            ("validates", "validating facts with a band"),
            ("validates, sign alone", "validating facts of sign alone"),
            ("validates, easy", "validating facts that are easy"),
            ("put in", "facts that were put in"),
            ("calibrates", "facts used for calibration"),
        ):
            tally = tallies[name]
            if tally.measured:
                said.append(f"{tally.agree} of {tally.measured} {words}")
        unseen = sum(tally.unseen for tally in tallies.values())
        tail = f"; {unseen} have no interface" if unseen else ""
        return f"Agree, each fact once a company: {', '.join(said)}{tail}." if said else f"Nothing was measured{tail}."

    def to_dict(self) -> dict[str, Any]:
        """Return values that strict JSON can hold."""
        return dict(
            finite(
                {
                    "sentence": self.sentence,
                    "tallies": {
                        name: {"agree": tally.agree, "measured": tally.measured, "no_interface": tally.unseen}
                        for name, tally in self.tallies.items()
                    },
                    "replicates": self.replicates,
                    "draws": self.draws,
                    "seconds": round(self.seconds, 1),
                    "facts": [fact.to_dict() for fact in self.facts],
                }
            )
        )


def _sign(parts: tuple[Fact, ...]) -> bool:
    return all(part.sign for part in parts)


def _easy(parts: tuple[Fact, ...]) -> bool:
    return parts[0].pass_rate > EASY


def _tally(facts: Iterable[tuple[Fact, ...]]) -> Tally:
    listed = list(facts)
    measured = [parts for parts in listed if all(part.verdict != "no interface" for part in parts)]
    agree = sum(all(part.verdict == "agrees" for part in parts) for parts in measured)
    return Tally(agree, len(measured), len(listed) - len(measured))
