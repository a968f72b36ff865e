"""What one assumption at a time does to the difference between two scenarios, and which one flips the verdict."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from flywheel_sim.results.words import number

__all__ = ["Bar", "Flip", "Screened", "Swings"]


@dataclass(frozen=True)
class Bar:
    """One assumption, moved to the two ends of its range in every scenario that it acts in.

    Parameters
    ----------
    path, text, unit : str
        Where it is, what it means, and its unit.
    value : float
        What it is in the challenger, or in the baseline where the challenger has no use for it.
    low, high : float
        The ends of the range.
    at_low, at_high : float
        Mean difference in net present value there.
    """

    path: str
    text: str
    unit: str
    value: float
    low: float
    high: float
    at_low: float
    at_high: float

    @property
    def width(self) -> float:
        """How far the difference moves."""
        return abs(self.at_high - self.at_low)


@dataclass(frozen=True)
class Screened:
    """An assumption that a few runs were tried on, and by how much these moved the difference at most."""

    path: str
    text: str
    unit: str
    value: float
    shift: float


@dataclass(frozen=True)
class Flip:
    """The assumption nearest to turning the verdict, and where it does."""

    path: str
    text: str
    unit: str
    value: float
    at: float

    @property
    def below(self) -> bool:
        """Whether the verdict turns when the assumption is smaller."""
        return self.at < self.value


@dataclass(frozen=True)
class Swings:
    """A one-at-a-time study of a difference.

    Parameters
    ----------
    baseline, challenger : str
        Labels.
    middle : float
        Mean difference where nothing is moved, in all the runs that a comparison has; ends are told as this and the
        mean shift from it in ``runs`` paired runs, so that a difference has one value wherever it stands.
    bars : tuple of Bar
        The widest first.
    flip : Flip or None
        None when no assumption turns the difference round within its range.
    factors : (float, float)
        The ends of the ranges as multiples of the value; limits of the schema cut them.
    runs : int
        Runs of each scenario at each end.
    screened : tuple of Screened
        Every assumption that moved anything in a few runs, the strongest first; the bars are of the first of them.
    tried : int
        Assumptions that these few runs were made for.
    alone : tuple of str
        Bars of effects that only one of the two uses; their lower end is no effect at all.
    drawn : tuple of str
        Paths that runs draw; their ends are those of the middle 90 % of the draws, and their value is the middle one.
    """

    baseline: str
    challenger: str
    middle: float
    bars: tuple[Bar, ...]
    flip: Flip | None
    factors: tuple[float, float]
    runs: int
    drawn: tuple[str, ...] = ()
    screened: tuple[Screened, ...] = ()
    tried: int = 0
    alone: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, which `of` takes back."""
        return asdict(self)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Swings":
        """Read back what `to_dict` has written."""
        flip = values["flip"]
        return cls(
            baseline=values["baseline"],
            challenger=values["challenger"],
            middle=float(values["middle"]),
            bars=tuple(Bar(**bar) for bar in values["bars"]),
            flip=Flip(**flip) if flip else None,
            factors=(float(values["factors"][0]), float(values["factors"][1])),
            runs=int(values["runs"]),
            drawn=tuple(values.get("drawn", ())),
            screened=tuple(Screened(**one) for one in values.get("screened", ())),
            tried=int(values.get("tried", 0)),
            alone=tuple(values.get("alone", ())),
        )

    @property
    def ends(self) -> str:
        """Where assumptions are moved to, in words.

        Examples
        --------
        >>> Swings("a", "b", 1.0, (), None, (0.5, 1.5), 10, ("market.external",)).ends
        '0.5 and 1.5 times its value (what is drawn: to the ends of the middle 90 % of its draws)'
        """
        low, high = (number(factor, 2) for factor in self.factors)
        drawn = " (what is drawn: to the ends of the middle 90 % of its draws)" if self.drawn else ""
        alone = " (an effect that only one of them uses: from none at all)" if self.alone else ""
        return f"{low} and {high} times its value{alone}{drawn}"

    def turns(self, bar: Bar) -> bool:
        """Tell whether a bar reaches the other side of 0."""
        return min(bar.at_low * self.middle, bar.at_high * self.middle) < 0 and math.isfinite(bar.width)
