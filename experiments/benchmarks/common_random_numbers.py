r"""What common random numbers are worth: paired differences in value against those of independent seeds.

Run k of every scenario has the same luck.  Over R replicates of two scenarios with values A and B,

.. math:: (var\,A + var\,B) / var(A - B)

is how many times more runs independent seeds would need to know the mean difference as well; 1 = nothing was shared.
One batch of runs serves every pair.  Between *schemes* much is different and luck is worth less; *near* means one
parameter of the company moved by a tenth.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import Any

import numpy as np

from flywheel_sim.results.intervals import variance_reduction
from flywheel_sim.results.saving import finite
from flywheel_sim.scenario import load, scenarios

__all__ = ["NEAR", "STEP", "CommonLuck", "common_luck"]

#: Parameters that are moved one at a time: of the market, of customers, of teams, of the company.
NEAR = (
    "market.external", "market.churn.mean", "market.price", "market.network.rewiring", "word_of_mouth.rate",
    "relationship.gain", "journey.touchpoints.product-use.base_success", "handoffs.base_friction", "service.issues",
    "vectors.coupling.fixed", "vectors.diffusion", "teams.sales.headcount", "teams.service.headcount",
    "ledger.overhead",
)  # fmt: skip
#: Moved by so much of their value.
STEP = 0.1


@dataclass(frozen=True)
class CommonLuck:
    """Variance of a difference in value with independent seeds over that with common luck.

    Parameters
    ----------
    pairs : mapping of (str, str) to float
        Every pair of schemes; infinite where luck cancels out.
    near : mapping of str to float
        Path of the parameter that was moved.
    replicates, seed : int
    """

    pairs: Mapping[tuple[str, str], float]
    near: Mapping[str, float]
    replicates: int
    seed: int

    @property
    def ratio(self) -> float:
        """Median over the pairs of schemes."""
        return median(self.pairs.values())

    @property
    def ratio_near(self) -> float:
        """Median over the parameters that were moved."""
        return median(self.near.values())

    def to_dict(self) -> dict[str, Any]:
        """Values strict JSON can hold; the pair that shares least comes first."""
        pairs = sorted(self.pairs.items(), key=lambda one: one[1])
        return dict(
            finite(
                {
                    "ratio": self.ratio,
                    "ratio_near": self.ratio_near,
                    "pairs": [{"a": a, "b": b, "ratio": value} for (a, b), value in pairs],
                    "near": dict(sorted(self.near.items(), key=lambda one: one[1])),
                    "replicates": self.replicates,
                    "seed": self.seed,
                }
            )
        )


def common_luck(
    schemes: Sequence[str] | None = None,
    *,
    company: str = "b2b-saas",
    near: Sequence[str] = NEAR,
    changes: Mapping[str, Any] | None = None,
    replicates: int = 40,
    seed: int = 1,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> CommonLuck:
    """Measure what pairing is worth between schemes, and for one parameter moved by a tenth.

    Parameters
    ----------
    schemes : sequence of str, optional
        Scenarios of which every pair is compared; every shipped scheme by default.
    company : str
        The scenario whose parameters are moved.
    near : sequence of str
        Dotted paths of numbers.
    changes : mapping, optional
        Set on every scenario, for instance a shorter horizon.
    replicates, seed, workers, progress
        As for `flywheel_sim.batch`.

    Returns
    -------
    CommonLuck

    Raises
    ------
    ValueError
        With fewer than three replicates, two schemes or one parameter.

    Examples
    --------
    >>> small = {"market.accounts": 300, "market.initial_customers": 40, "horizon_weeks": 26}
    >>> living = small | {"ledger.can_fail": False}
    >>> found = common_luck(["nps-pay", "tickets-pay"], near=["market.price"], changes=living, replicates=8)
    >>> found.ratio > 1 and found.ratio_near > 1
    True
    """
    from flywheel_sim.execute.run import batch

    names = [name for name, entry in scenarios().items() if entry.kind == "scheme"] if schemes is None else [*schemes]
    if replicates < 3 or len(names) < 2 or not near:
        raise ValueError("three replicates, two schemes and one parameter are the least that can be compared")
    base = load(company).with_(changes or {})
    moved = [base.with_({path: (1.0 + STEP) * base.get(path)}) for path in near]
    made = [base, *moved, *(load(name).with_(changes or {}) for name in names)]
    runs = batch(made, replicates=replicates, seed=seed, workers=workers, progress=progress, teams=False)
    value = np.array([[run.series("value")[-1] for run in some] for some in runs])
    ahead = 1 + len(moved)
    return CommonLuck(
        pairs={
            (names[i], names[j]): variance_reduction(value[ahead + j], value[ahead + i])
            for i, j in combinations(range(len(names)), 2)
        },
        near={path: variance_reduction(value[1 + k], value[0]) for k, path in enumerate(near)},
        replicates=replicates,
        seed=seed,
    )
