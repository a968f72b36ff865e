"""What a verification found: quantities of closed forms beside those of the simulation, and a verdict on each."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from flywheel_sim.results.saving import finite

__all__ = ["Check", "Quantity", "Verification"]

#: Deviations, as shares of theory, that the power of a suite is stated for.
_SIZES = (0.01, 0.03, 0.1)


@dataclass(frozen=True)
class Quantity:
    """One number that theory and simulation must agree on.

    Parameters
    ----------
    name : str
    theory, model : float
    error : float
        Standard error of model - theory; 0 where luck plays no part.
    bias : float
        How far the two may lie apart for a stated reason; of an exact quantity, its tolerance.
    freedom : float
        Degrees of freedom of an estimated error; infinite where the error is known.
    line : str
        Curve of the picture this is a point of; its own name without one.
    x : float, optional
        Place on that curve.

    Examples
    --------
    >>> Quantity("share", 0.5, 0.75, 0.125).z
    2.0
    >>> Quantity("output", 5.5, 5.5).exact
    True
    """

    name: str
    theory: float
    model: float
    error: float = 0.0
    bias: float = 0.0
    freedom: float = math.inf
    line: str = ""
    x: float | None = None

    @property
    def exact(self) -> bool:
        """Whether luck plays no part."""
        return self.error == 0.0

    @property
    def z(self) -> float:
        """Distance beyond the stated bias in standard errors; of an exact quantity, in tolerances."""
        apart = self.model - self.theory
        beyond = math.copysign(max(abs(apart) - self.bias, 0.0), apart)
        if not self.exact:
            return beyond / self.error
        return 0.0 if beyond == 0.0 else math.copysign(math.inf, apart)


@dataclass(frozen=True)
class Check:
    """A limit that was run: its quantities, p-values, verdicts and what could have been seen.

    ``p`` is NaN and ``sees`` the tolerance for exact quantities; ``sees`` is the smallest deviation found with 90 %
    power at the threshold of the whole suite.  ``paths`` is theory between the points of a curve, to draw.
    """

    key: str
    anchor: str
    title: str
    scenario: str
    scenario_hash: str
    bias: str
    replicates: int
    seconds: float
    quantities: tuple[Quantity, ...]
    p: tuple[float, ...]
    passed: tuple[bool, ...]
    sees: tuple[float, ...]
    paths: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether every quantity agrees."""
        return all(self.passed)


@dataclass(frozen=True)
class Verification:
    """Checks, closed forms that are theory only and why, and the statistics of the whole suite.

    Parameters
    ----------
    checks : tuple of Check
    theory_only : mapping
        Closed form -> why nothing is run for it.
    mode : str
        ``quick`` or ``full``.
    false_alarm : float
        Chance that anything at all fails while all is well, at most.
    seed : int
    hashes : mapping
        Scenario -> hash, and the engine's.
    """

    checks: tuple[Check, ...]
    theory_only: Mapping[str, str]
    mode: str
    false_alarm: float
    seed: int
    hashes: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether everything agrees."""
        return all(check.ok for check in self.checks)

    @property
    def counts(self) -> tuple[int, int, int]:
        """Quantities compared, those with luck in them, those that disagree."""
        every = [(q, ok) for check in self.checks for q, ok in zip(check.quantities, check.passed, strict=True)]
        return len(every), sum(not q.exact for q, _ in every), sum(not ok for _, ok in every)

    @property
    def sentence(self) -> str:
        """Say the verdict in one sentence."""
        every, lucky, failed = self.counts
        forms = len({check.anchor for check in self.checks})
        what = f"{every} quantities of {forms} closed form{'s' if forms != 1 else ''}"
        rate = f"; chance of any false alarm at most {100 * self.false_alarm:g} % over {lucky} tests (Holm)"
        said = f"{failed} of {what} disagree with theory" if failed else f"All {what} agree with theory"
        return f"{said}{rate if lucky else '; none has luck in it'}."

    @property
    def shares_seen(self) -> list[float]:
        """Smallest deviation found with 90 % power as a share of theory, of every quantity with luck and theory not 0.

        Ascending, stated bias included.
        """
        return sorted(
            sees / abs(q.theory)
            for check in self.checks
            for q, sees in zip(check.quantities, check.sees, strict=True)
            if not q.exact and q.theory != 0.0
        )

    @property
    def power(self) -> str:
        """What could have been seen, in words; empty where nothing has luck in it."""
        shares = self.shares_seen
        if not shares:
            return ""
        listed = ", ".join(f"{100 * size:g} % in {sum(x <= size for x in shares)}" for size in _SIZES)
        return (
            f"Power: of {len(shares)} quantities with luck in them a deviation from theory would be found, 9 times in "
            f"10 and if it were the only one, of {listed}; at the median of {100 * median(shares):.2g} %."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return values strict JSON can hold."""
        rows = []
        for check in self.checks:
            for q, p, ok, sees in zip(check.quantities, check.p, check.passed, check.sees, strict=True):
                rows.append(
                    {
                        "limit": check.key,
                        "anchor": check.anchor,
                        "quantity": q.name,
                        "theory": q.theory,
                        "model": q.model,
                        "standard_error": q.error,
                        "bias_allowed": q.bias,
                        "z": q.z,
                        "p": p,
                        "detects": sees,
                        "exact": q.exact,
                        "passed": ok,
                        "scenario": check.scenario,
                        "replicates": check.replicates,
                    }
                )
        whole = {
            "ok": self.ok,
            "sentence": self.sentence,
            "power": self.power,
            "mode": self.mode,
            "false_alarm": self.false_alarm,
            "checks": rows,
            "theory_only": dict(self.theory_only),
            "seconds": {check.key: round(check.seconds, 2) for check in self.checks},
        }
        return dict(finite(whole))
