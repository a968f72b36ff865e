"""Measure facts in runs: every measure says what each run contributes, and how the contributions make the value.

A measure takes the arms and the arguments of its part, and returns rows, shape (R, k), with a function of their mean:
what is a ratio of sums stays one over all runs, and its error comes from leaving out one run at a time.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.execute.stages import Stage
from flywheel_sim.results import Run
from flywheel_sim.study.facts.estimators import correlation, rank_correlation, shares_by_third, top_share, unprofitable
from flywheel_sim.study.facts.following import FOLLOWED, Followed

__all__ = ["MEASURES", "STAGES", "Arms", "Measured", "arms_of"]

#: Weeks at which the runs of the company as it is are read.
STAGES = (104, 156, 208, 260)
YEAR = 52

Floats = NDArray[np.float64]
Measured = tuple[Floats, Callable[[Floats], float]]
Combined = Mapping[str, float]


class Arms:
    """Runs of a company by arm; run k has the same luck in every arm.

    Parameters
    ----------
    stages : mapping of str to sequence of sequence of Stage
        Arm -> run -> week at which it was read.
    """

    def __init__(self, stages: Mapping[str, Sequence[Sequence[Stage]]]) -> None:
        self.stages = stages
        self._followed: dict[int, Followed] = {}

    def runs(self, arm: str = "base") -> list[Run]:
        """Return runs of an arm, at their ends."""
        return [stages[-1].run for stages in self.stages[arm]]

    def followed(self, k: int) -> Followed:
        """Return the accounts of run k of the company as it is."""
        if k not in self._followed:
            self._followed[k] = Followed.of(self.stages["base"][k])
        return self._followed[k]

    def sums(self, columns: Combined, arm: str = "base", start: int = 0, stop: int | None = None) -> Floats:
        """Return a combination of weekly columns summed over weeks, by run."""
        return np.array(
            [sum(c * run.series(name)[start:stop].sum() for name, c in columns.items()) for run in self.runs(arm)]
        )


def arms_of(arguments: Mapping[str, Any]) -> set[str]:
    """Return arms that the arguments of a part name, and the company as it is."""
    return {"base"} | {str(arguments[key]) for key in ("arm", "against", "other", "small", "large") if key in arguments}


def _ratio(above: Floats, below: Floats, less: float = 0.0) -> Measured:
    def of(mean: Floats) -> float:
        return float(mean[0] / mean[1] - less) if mean[1] else float("nan")

    return np.column_stack((above, below)), of


def _mean(values: Sequence[float] | Floats) -> Measured:
    return np.asarray(values, float)[:, None], lambda mean: float(mean[0])


def total(arms: Arms, columns: Combined, per: Combined, arm: str = "base") -> Measured:
    """Return one sum of weekly columns over another."""
    return _ratio(arms.sums(columns, arm), arms.sums(per, arm))


def change(
    arms: Arms,
    columns: Combined,
    arm: str,
    against: str = "base",
    per: Combined | None = None,
    plus: float = 0.0,
    **when: int,
) -> Measured:
    """Return the relative change of a sum, or of one over another, from one arm to the other."""
    start, stop = when.get("from", 0), when.get("to")
    four = [arms.sums(columns, one, start, stop) for one in (arm, against)]
    four += [arms.sums(per, one, start, stop) if per else np.ones(len(four[0])) for one in (arm, against)]

    def of(mean: Floats) -> float:
        return float(mean[0] / mean[2] / (mean[1] / mean[3]) - 1.0 + plus)

    return np.column_stack(four), of


def difference(arms: Arms, columns: Combined, arm: str, against: str) -> Measured:
    """Return the difference of the weekly means of two arms."""
    weeks = arms.runs(arm)[0].weeks
    return _mean((arms.sums(columns, arm) - arms.sums(columns, against)) / weeks)


def slope(arms: Arms, column: str, arm: str, path: str) -> Measured:
    """Return change of a column's mean per unit of what was changed."""
    moved, base = arms.runs(arm)[0], arms.runs()[0]
    step = float(moved.scenario.get(path)) - float(base.scenario.get(path))
    return _mean((arms.sums({column: 1}, arm) - arms.sums({column: 1})) / base.weeks / step)


def elasticity(arms: Arms, columns: Combined, arm: str, step: float, to: int | None = None) -> Measured:
    """Log change of a sum over the log change of what was raised."""

    def of(mean: Floats) -> float:
        return float(np.log(mean[0] / mean[1]) / np.log1p(step))

    return np.column_stack((arms.sums(columns, arm, 0, to), arms.sums(columns, "base", 0, to))), of


def elasticity_ratio(arms: Arms, columns: Combined, arm: str, other: str, step: float) -> Measured:
    """Return one elasticity over another; they were raised by the same share."""

    def of(mean: Floats) -> float:
        return float(np.log(mean[0] / mean[2]) / np.log(mean[1] / mean[2]))

    return np.column_stack([arms.sums(columns, one) for one in (arm, other, "base")]), of


def summary(arms: Arms, key: str) -> Measured:
    """Measure a number of the summary."""
    return _mean([run.summary[key] for run in arms.runs()])


def _renewed(run: Run) -> tuple[float, float, float, float]:
    """Return customers renewed and due: in the first fifth of the renewals, and in the last."""
    table = run.renewals
    part = max(len(table) // 5, 1)
    first, last = table.iloc[:part], table.iloc[-part:]
    return tuple(float(some[name].sum()) for some in (first, last) for name in ("renewed", "due"))  # type: ignore[return-value]


def _gain(four: Floats) -> float:
    return float(four[2] / four[3] - four[0] / four[1])


def retention_gain(arms: Arms) -> Measured:
    """Return the rate of late renewals less that of the first."""
    return np.array([_renewed(run) for run in arms.runs()]), _gain


def gain_left(arms: Arms, arm: str) -> Measured:
    """Return the same gain in an arm over that in the company as it is."""
    rows = [_renewed(run) + _renewed(other) for run, other in zip(arms.runs(arm), arms.runs(), strict=True)]
    return np.array(rows), lambda mean: _gain(mean[:4]) / _gain(mean[4:])


def _discounted(run: Run, columns: Combined) -> float:
    rate = run.scenario.model.ledger.discount_rate
    weights = (1.0 + rate) ** (-np.arange(1, run.weeks + 1) / YEAR)
    return float(sum(c * (run.series(name) @ weights) for name, c in columns.items()))


_MARGIN = {"revenue": 1.0, "cost_of_revenue": -1.0}
_ACQUISITION = {"acquisition_cost": 1.0, "acquisition_pay": 1.0}


def retention_over_margin(arms: Arms, arm: str, against: str) -> Measured:
    """Return the value of a year's retention, per share of it, over the value of margin, per share of it."""
    rows = []
    for moved, base in zip(arms.runs(arm), arms.runs(against), strict=True):
        kept = [1.0 - run.summary["churn_annual"] for run in (moved, base)]
        gained = float(moved.series("value")[-1] - base.series("value")[-1])
        rows.append((gained, kept[0], kept[1], _discounted(base, _MARGIN)))

    def of(mean: Floats) -> float:
        return float(mean[0] / (mean[1] / mean[2] - 1.0) / mean[3])

    return np.array(rows), of


def acquisition_over_margin(arms: Arms, arm: str) -> Measured:
    """Return the discounted cost of acquisition, pay included, over discounted margin."""
    runs = arms.runs(arm)
    return _ratio(
        np.array([_discounted(run, _ACQUISITION) for run in runs]),
        np.array([_discounted(run, _MARGIN) for run in runs]),
    )


def failure_demand(arms: Arms, arm: str) -> Measured:
    """Return contacts that are there because something failed, repeats included, over all contacts."""
    all_of_them, without, repeats = arms.sums({"contacts": 1}), arms.sums({"contacts": 1}, arm), {"repeat_contacts": 1}
    return _ratio(all_of_them - without + arms.sums(repeats, arm), all_of_them)


def expansion_share(arms: Arms) -> Measured:
    """Spend added by expansion over all that was added."""
    runs = arms.runs()
    grown = np.array([float(np.diff(run.series("spend", start=True)).sum()) for run in runs])
    return _ratio(arms.sums({"expanded_spend": 1}), grown + arms.sums({"churned_spend": 1}))


def behavior_over_attitude(arms: Arms, arm: str) -> Measured:
    """Return the relative fall of churn less relative rise of the relationship."""
    names = ({"churned": 1.0}, {"customers": 1.0}, {"relationship": 1.0})
    rows = np.column_stack([arms.sums(columns, one) for one in (arm, "base") for columns in names])

    def of(mean: Floats) -> float:
        churn = mean[0] / mean[1] / (mean[3] / mean[4]) - 1.0
        return float(-churn - (mean[2] / mean[5] - 1.0))

    return rows, of


def persistence(arms: Arms, column: str) -> Measured:
    """Return the growth of years 3 to 5 over growth of years 2 to 4."""
    rows = []
    for run in arms.runs():
        yearly = run.series(column, start=True)[::YEAR]
        growth = yearly[1:] / yearly[:-1] - 1.0
        rows.append((growth[2:].sum(), growth[1:-1].sum()))
    above, below = np.array(rows).T
    return _ratio(above, below)


def size_variance(arms: Arms, small: str, large: str, factor: float) -> Measured:
    """Return the exponent with which the spread of growth over runs falls with size."""

    def growth(arm: str) -> Floats:
        yearly = np.array([run.series("revenue").reshape(-1, YEAR).sum(axis=1) for run in arms.runs(arm)])
        return np.asarray(np.diff(np.log(yearly), axis=1))

    both = [growth(small), growth(large)]
    years = both[0].shape[1]
    rows = np.column_stack([part for one in both for part in (one, one**2)])

    def of(mean: Floats) -> float:
        first, first_square, second, second_square = mean.reshape(4, years)
        spread = [
            np.sqrt(np.maximum(square - one**2, 0).mean())
            for one, square in ((first, first_square), (second, second_square))
        ]
        return float(np.log(spread[0] / spread[1]) / np.log(factor)) if min(spread) > 0 else float("nan")

    return rows, of


def _by_run(arms: Arms, read: Callable[[Followed], Any]) -> list[Any]:
    return [read(arms.followed(k)) for k in range(len(arms.stages["base"]))]


def _followed(name: str) -> Callable[..., Measured]:
    """Return a measure whose runs contribute numerator and denominator."""

    def measure(arms: Arms, **arguments: Any) -> Measured:
        pairs = np.array(_by_run(arms, lambda followed: FOLLOWED[name](followed, **arguments)), float)
        return _ratio(pairs[:, 0], pairs[:, 1])

    return measure


def contagion(arms: Arms, weeks: int) -> Measured:
    """Return the ratio of hazards by neighbours who left, over that by the neighbours of another account."""
    rows = np.array(_by_run(arms, lambda followed: followed.contagion(weeks)), float)
    return rows, lambda mean: float(mean[0] / mean[1] / (mean[2] / mean[3]))


def concentration(arms: Arms, column: str, fraction: float) -> Measured:
    """Return the share of the total that the best have, of all who ever were customers."""
    return _mean(_by_run(arms, lambda followed: top_share(followed.ever(column), fraction)))


def cross_buyers(arms: Arms, arm: str, of: str) -> Measured:
    """Return the share of cross-buyers that lose money, or their share of all that customers lose."""
    rows = []
    for run in arms.runs(arm):
        accounts = run.accounts
        assert accounts is not None
        ever = accounts["spells"] > 0
        rows.append(unprofitable(accounts["profit"][ever], accounts["bought"][ever]))
    four = np.array(rows)
    return _ratio(*(four[:, :2] if of == "buyers" else four[:, 2:]).T)


def disloyal(arms: Arms, arm: str, third: str) -> Measured:
    """Return the share of detractors among the answers of the third of customers with most, or least, effort."""
    rows = []
    for run in arms.runs(arm):
        accounts = run.accounts
        assert accounts is not None
        here = accounts["state"] == "customer"
        rows.append(shares_by_third(*(accounts[name][here] for name in ("effort", "detracting", "answers"))))
    four = np.array(rows)
    return _ratio(*(four[:, :2] if third == "least" else four[:, 2:]).T)


def tenure_profit(arms: Arms) -> Measured:
    """Return the correlation of weeks as a customer with profit."""
    return _mean(_by_run(arms, lambda followed: correlation(*followed.tenure_and_profit())))


def value_referrals(arms: Arms) -> Measured:
    """Rank correlation of own profit with customers brought."""
    return _mean(_by_run(arms, lambda followed: rank_correlation(*followed.profit_and_referrals())))


def curvature_of_retention(arms: Arms) -> Measured:
    """Tell whether retention rises faster the better the relationship."""
    return _mean(_by_run(arms, Followed.curvature))


def profits_missed(arms: Arms, fraction: float) -> Measured:
    """Return the share of the best to come that the past does not name."""
    return _mean(_by_run(arms, lambda followed: followed.missed(fraction)))


#: Name -> measure.
MEASURES: Mapping[str, Callable[..., Measured]] = {
    "total": total,
    "change": change,
    "difference": difference,
    "slope": slope,
    "elasticity": elasticity,
    "elasticity-ratio": elasticity_ratio,
    "summary": summary,
    "retention-gain": retention_gain,
    "gain-left": gain_left,
    "retention-over-margin": retention_over_margin,
    "acquisition-over-margin": acquisition_over_margin,
    "failure-demand": failure_demand,
    "expansion-share": expansion_share,
    "behaviour-over-attitude": behavior_over_attitude,
    "persistence": persistence,
    "size-variance": size_variance,
    "contagion": contagion,
    "top-share": concentration,
    "cross-buyers": cross_buyers,
    "disloyal": disloyal,
    "tenure-profit": tenure_profit,
    "value-referrals": value_referrals,
    "retention-curvature": curvature_of_retention,
    "misclassified": profits_missed,
    **{name: _followed(name) for name in FOLLOWED},
}
