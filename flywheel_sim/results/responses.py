"""What pulling levers did to a whole company: one curve for each lever, outcome, company and year."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flywheel_sim.results.saving import finite

__all__ = ["VERDICTS", "CurvePoint", "Response", "Responses"]

#: Verdict -> what it means.
VERDICTS: Mapping[str, str] = {
    "holds": "the curve has the shape that was expected, and luck does not explain it",
    "fails": "the curve has another shape, and luck does not explain it",
    "open": "luck may explain it either way; this is not a pass",
}


@dataclass(frozen=True)
class CurvePoint:
    """The outcome at one value of the lever: mean over runs, with its 80 % interval."""

    x: float
    mean: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float]:
        """Return plain values, ready for JSON."""
        return {"x": self.x, "mean": self.mean, "low": self.low, "high": self.high}


@dataclass(frozen=True, kw_only=True)
class Response:
    """One curve and the verdict on it.

    Parameters
    ----------
    name, title : str
        Of the lever.
    company, lever : str
        Where it was pulled, and its dotted path.
    outcome, unit, meaning : str
        What was read.
    year : int
        At the end of which year.
    expected : str
        Shape that was expected, with its band or factor.
    why : str
        The argument for it.
    verdict : {"holds", "fails", "open"}
    says : str
        The reason for the verdict.
    own : float
        Value of the lever in the company as it is.
    points : tuple of CurvePoint
    excused : str
        Why the expectation turned out to be wrong; empty where it stands.
    """

    name: str
    title: str
    company: str
    lever: str
    outcome: str
    unit: str
    meaning: str
    year: int
    expected: str
    why: str
    verdict: str
    says: str
    own: float
    points: tuple[CurvePoint, ...]
    excused: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return {
            "name": self.name, "title": self.title, "company": self.company, "lever": self.lever,
            "outcome": self.outcome, "unit": self.unit, "year": self.year, "expected": self.expected,
            "verdict": self.verdict, "says": self.says, "why": self.why, "own": self.own, "excused": self.excused,
            "points": [point.to_dict() for point in self.points],
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Responses:
    """Every curve that was asked for.

    Parameters
    ----------
    curves : tuple of Response
    replicates, seed : int
        Paired runs at every point, and their root of luck.
    hashes : mapping
        Company -> hash, as shipped.
    seconds : float
        By the clock.
    """

    curves: tuple[Response, ...]
    replicates: int
    seed: int
    hashes: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def counts(self) -> dict[str, int]:
        """Count the curves by verdict."""
        by_verdict = Counter(curve.verdict for curve in self.curves)
        return {verdict: by_verdict[verdict] for verdict in VERDICTS}

    @property
    def ok(self) -> bool:
        """Whether nothing fails but what is excused."""
        return all(curve.verdict != "fails" or curve.excused for curve in self.curves)

    @property
    def sentence(self) -> str:
        """Say how many curves have the expected shape."""
        levers = len({curve.name for curve in self.curves})
        companies = len({curve.company for curve in self.curves})
        parts = [f"{count} {verdict}" for verdict, count in self.counts.items() if count]
        excused = sum(bool(curve.excused) and curve.verdict == "fails" for curve in self.curves)
        tail = f"; of those that fail, {excused} are listed with the reason why" if excused else ""
        return (
            f"{len(self.curves)} curves of {levers} lever{'s' * (levers != 1)} in {companies} "
            f"compan{'ies' if companies != 1 else 'y'}: {', '.join(parts)}{tail}."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return values that strict JSON can hold."""
        return dict(
            finite(
                {
                    "ok": self.ok, "sentence": self.sentence, "counts": self.counts, "replicates": self.replicates,
                    "seconds": round(self.seconds, 1), "responses": [curve.to_dict() for curve in self.curves],
                }
            )
        )  # fmt: skip
