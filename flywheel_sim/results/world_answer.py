"""What runs over worlds say: in how many worlds a scenario is worth more, apart from luck.

How sure the verdict sounds goes by the lower end of the 80 % Jeffreys interval of that share, with the effective number
of worlds: .95 or more is "almost surely", .80 "probably", .60 "leans", below that the question is open; the same the
other way round when the baseline is ahead.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results.failing import FailsWhere
from flywheel_sim.results.intervals import share_interval
from flywheel_sim.results.words import counted, money, percent, signed_money, span
from flywheel_sim.results.world_draws import FEWEST_TELLING, ToLearn, WorldDraws

__all__ = ["AS_ASSUMED", "NOTHING_TO_LEARN", "TOO_FEW", "WorldRuns", "WorldVerdict", "over_worlds", "word_of"]

Floats = NDArray[np.float64]

#: What a page says that speaks of one company.
AS_ASSUMED = "As assumed: every number as the scenarios state it, so the doubt is about luck alone."
#: What it is worth to find anything out: not to be told, and nothing.
TOO_FEW = f"So few worlds cannot tell what would be worth finding out first; it takes {FEWEST_TELLING} at least."
NOTHING_TO_LEARN = "As far as these worlds tell, nothing that could be found out would change the choice."
#: Word of a verdict, and the share of worlds that must be passed by the lower end of its interval.
_WORDS = (("Almost surely", 0.95), ("Probably", 0.80), ("Leans to", 0.60))


@dataclass(frozen=True, eq=False)
class WorldRuns:
    """Which worlds the runs of a comparison are of, and what was learned over them.

    Parameters
    ----------
    company, source, digest : str
        Whose worlds, where they were read from, and their checksum.
    seed : int
        Of the draws.
    numbers : int64 array, shape (R,)
        Number of the draw that run k of every scenario is of.
    draws : WorldDraws
        What is drawn in each; where scenarios state it differently, as the last that states it has it.
    again : float64 array, shape (S, m)
        Net present values of the first m worlds under other luck.
    effects : float64 array, shape (S, R)
        Differences to the baseline with luck taken out.
    luck, n_eff : float64 arrays, shape (S,)
        Standard deviation of luck in one run's difference; how many worlds known without luck would tell as much.
    fitted, given : bool
        Whether anything that is known could rule worlds out; whether somebody said where they are.
    evpi : float
        What it would be worth to know everything that is drawn before choosing between the best challenger and the
        baseline, in $.
    learn_first : tuple of ToLearn
        What to find out first: ``name``, ``path``, ``evppi``, ``evpi_share``, ``distinguishable``.
    fails_where : str
        In which worlds the best challenger loses.
    region : FailsWhere, optional
        The same in numbers.
    """

    company: str
    source: str
    digest: str
    seed: int
    numbers: NDArray[np.int64]
    draws: WorldDraws
    again: Floats
    effects: Floats
    luck: Floats
    n_eff: Floats
    fitted: bool = True
    given: bool = False
    evpi: float = math.nan
    learn_first: tuple[ToLearn, ...] = ()
    fails_where: str = ""
    region: FailsWhere | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def n(self) -> int:
        """How many worlds the runs are of."""
        return len(self.numbers)

    @property
    def note(self) -> str:
        """Where the worlds are, with the head of their checksum, for the provenance."""
        return f"{self.source} {self.digest[:16]}"

    def with_findings(self, **findings: Any) -> "WorldRuns":
        """Return the same with what was found over the worlds."""
        return replace(self, **findings)

    @property
    def basis(self) -> str:
        """Which answer this is, in a sentence."""
        fit = " that fit what is known" if self.fitted else ", which nothing that is known could rule out"
        return f"Over {self.n} worlds of {self.company}{fit}: what nobody knows is drawn, the same in every scenario."

    @property
    def lines(self) -> tuple[str, ...]:
        """What is worth finding out, and where the plan fails, a sentence each."""
        sentences = []
        if self.n < FEWEST_TELLING:
            sentences.append(TOO_FEW)
        elif self.evpi == 0:
            sentences.append(NOTHING_TO_LEARN)
        elif math.isfinite(self.evpi):
            sentences.append(f"To know everything that is drawn before choosing would be worth {money(self.evpi)}.")
        telling = [one for one in self.learn_first if one["distinguishable"]][:3]
        sentences += [
            f"Find out first: {one['name']} ({one['path']}), worth {money(one['evppi'])}, "
            f"{percent(one['evpi_share'])} of that."
            for one in telling
        ]
        if self.learn_first and not telling:
            sentences.append("No single mechanism is worth more to know than luck would make it look.")
        if self.fails_where:
            sentences.append(self.fails_where)
        return (*sentences, *self.notes)

    def about(self) -> dict[str, Any]:
        """Return what a saved comparison says of it beside its tables."""
        options = {path: list(one) for path, one in self.draws.options.items()}
        return {
            "company": self.company,
            "source": self.source,
            "digest": self.digest,
            "seed": self.seed,
            "fitted": self.fitted,
            "given": self.given,
            "evpi": self.evpi,
            "learn_first": [dict(one) for one in self.learn_first],
            "fails_where": self.fails_where,
            "region": self.region.to_dict() if self.region else None,
            "notes": list(self.notes),
            "inputs": [
                list(one)
                for one in zip(self.draws.paths, self.draws.labels, self.draws.groups, self.draws.units, strict=True)
            ],
            **({"options": options} if options else {}),
            "luck": self.luck.tolist(),
            "n_eff": self.n_eff.tolist(),
        }

    def tables(self) -> dict[str, Mapping[str, Any]]:
        """Return the tables of a saved comparison."""
        worlds: dict[str, Any] = {"world": self.numbers}
        worlds |= {f"effect-{s}": np.ascontiguousarray(row) for s, row in enumerate(self.effects)}
        worlds |= {path: np.ascontiguousarray(self.draws.column(path)) for path in self.draws.paths}
        again = {f"npv-{s}": np.ascontiguousarray(row) for s, row in enumerate(self.again)}
        return {"worlds": worlds, "worlds-again": again}

    @classmethod
    def of(cls, about: Mapping[str, Any], read: Any) -> "WorldRuns":
        """Return what `about` and `tables` have written; ``read`` gives a table by its name."""
        worlds, again = read("worlds"), read("worlds-again")
        paths, labels, groups, units = zip(*about["inputs"], strict=True)
        values = np.column_stack([worlds[path] for path in paths])
        options = {path: tuple(one) for path, one in about.get("options", {}).items()}
        count = len(about["luck"])
        nan = float("nan")
        return cls(
            company=about["company"],
            source=about["source"],
            digest=about["digest"],
            seed=int(about["seed"]),
            numbers=np.asarray(worlds["world"], np.int64),
            draws=WorldDraws(values=values, paths=paths, labels=labels, groups=groups, units=units, options=options),
            again=np.array([again[f"npv-{s}"] for s in range(count)]),
            effects=np.array([worlds[f"effect-{s}"] for s in range(count)]),
            luck=np.array([nan if x is None else x for x in about["luck"]]),
            n_eff=np.array([nan if x is None else x for x in about["n_eff"]]),
            fitted=bool(about["fitted"]),
            given=bool(about["given"]),
            evpi=nan if about["evpi"] is None else float(about["evpi"]),
            learn_first=tuple(about["learn_first"]),
            fails_where=about["fails_where"],
            region=FailsWhere.from_dict(about["region"]) if about.get("region") else None,
            notes=tuple(about["notes"]),
        )


@dataclass(frozen=True)
class WorldVerdict:
    """What worlds say of a challenger and the baseline.

    Parameters
    ----------
    n : int
        Worlds.
    n_eff : float
        Effective number of them: how many known without luck would tell the share as well.
    share : float
        Share of worlds in which the challenger is expected to be worth more.
    low, high : float
        80 % interval of that share (Jeffreys).
    median : float
        Expected difference of the world in the middle, in $.
    interval80 : (float, float)
        10 % and 90 % quantile of the expected differences, in $.
    """

    n: int
    n_eff: float
    share: float
    low: float
    high: float
    median: float
    interval80: tuple[float, float]


def over_worlds(
    runs: WorldRuns, index: int, weeks: int, challenger: str, baseline: str
) -> tuple[WorldVerdict, str, str | None]:
    """Judge a challenger over worlds.

    Parameters
    ----------
    runs : WorldRuns
    index : int
        Number of the challenger among the scenarios.
    weeks : int
        Horizon.
    challenger, baseline : str
        What to call them.

    Returns
    -------
    verdict : WorldVerdict
    sentence : str
    winner : str or None
    """
    effects, n = runs.effects[index], float(runs.n_eff[index])
    share = float(np.mean(effects > 0) + 0.5 * np.mean(effects == 0))
    low, high = share_interval(share * n, n)  # type: ignore[arg-type]
    ends = np.quantile(effects, (0.1, 0.5, 0.9))
    verdict = WorldVerdict(
        n=runs.n,
        n_eff=n,
        share=share,
        low=low,
        high=high,
        median=float(ends[1]),
        interval80=(float(ends[0]), float(ends[2])),
    )
    other = share < 0.5
    least = 1.0 - high if other else low
    word = word_of(least)
    won, (bottom, middle, top) = (1.0 - share, -ends[::-1]) if other else (share, ends)
    better, worse = (baseline, challenger) if other else (challenger, baseline)
    fit = " that fit what is known" if runs.fitted else ""
    among = f"in {counted(100.0 * won, runs.n)} worlds{fit}"
    dollars = f"{signed_money(middle)} in the middle, {signed_money(bottom)} to {signed_money(top)} in eight of ten"
    after = span(weeks)
    if word is None:
        said = f"Open: {among}, {better} is worth more than {worse} after {after}: {dollars}."
    else:
        said = f"{word} {better}: {among}, it is worth more than {worse} after {after}: {dollars}."
    return verdict, f"{said} {_luck(float(runs.luck[index]), float(middle))}", None if word is None else better


def word_of(least: float) -> str | None:
    """Return how sure a share of worlds is, by the lower end of its interval; None where the question is open.

    Examples
    --------
    >>> word_of(0.96), word_of(0.7), word_of(0.4)
    ('Almost surely', 'Leans to', None)
    """
    return next((word for word, needed in _WORDS if least >= needed), None)


def _luck(luck: float, middle: float) -> str:
    """Say what luck alone would leave of doubt in the world in the middle."""
    if not math.isfinite(luck):
        return "How much of it is luck is not known."
    sure = 0.5 * (1.0 + math.erf(abs(middle) / (luck * math.sqrt(2.0)))) if luck > 0 else 1.0
    if sure >= 0.95:
        return "Luck alone would leave no doubt."
    if sure >= 0.80:
        return "Luck alone would leave little doubt."
    return f"Luck adds to the doubt: of 100 companies in the world in the middle, {round(100 * sure)} come out ahead."
