"""The verdict on paired runs: the same luck in every scenario, so that differences are about the scenarios.

Two intervals, two questions.  The *interval of the mean* (paired t) says how well the average difference is known; more
runs make it narrower.  The *interval of the runs* (10 % to 90 % quantile) says how much one company's luck varies; more
runs do not.

Paired runs tell luck, and nothing else: they count, and say no word of certainty, which is for answers over worlds
(`flywheel_sim.results.world_answer`).  A scenario wins when the share of runs won, ties counted half, is known to be
.60 or more: by the lower end of its 80 % Jeffreys interval; the same the other way round when the baseline wins.  Hence
it takes 3 runs at least, all of them won.  With an indifference zone, two scenarios are practically equal when the
whole interval of the mean lies inside it (two one-sided tests, 10 % error each).
"""

import math
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results.intervals import LEVEL, mean_interval, paired_p, share_interval, superiority_interval
from flywheel_sim.results.words import counted, money, signed_money, span
from flywheel_sim.results.world_answer import WorldVerdict

__all__ = [
    "LEVEL", "Band", "Dip", "Verdict", "band", "deepest_dip", "lasting_gain_week", "mean_interval", "verdict",
    "wins_of_100", "won",
]  # fmt: skip

Floats = NDArray[np.float64]

TAIL = (1.0 - LEVEL) / 2.0
#: Share of runs that a winner has won at least, by the lower end of its interval.
_LEAST = 0.60
#: So many runs know the share well.
_MANY = 1_000_000


class Band(NamedTuple):
    """Low end, middle and high end of an 80 % interval."""

    low: float
    middle: float
    high: float


class Dip(NamedTuple):
    """The lowest point of the median cumulative difference, and its week; 0 and 0 when it never is below 0."""

    value: float
    week: int


@dataclass(frozen=True)
class Verdict:
    """What a comparison says, by rule.

    Parameters
    ----------
    sentence : str
        The verdict in words.
    winner : str or None
        Label of the better scenario; None when there is no clear winner.
    wins_of_100 : float
        Runs of 100 in which the challenger has the higher net present value; ties count half.
    difference : float
        Mean of the paired differences in net present value, challenger less baseline.
    interval : (float, float)
        80 % interval of that mean (paired t).
    runs_interval : (float, float)
        80 % of the runs: 10 % and 90 % quantile of the paired differences.
    breakeven_week : float
        Median over runs of the first week after which the cumulative difference stays positive; infinite = never.
    breakeven_interval : (float, float)
        10 % and 90 % quantile of that week.
    never_share : float
        Share of runs in which it never does.
    deepest_dip : Dip
        Lowest point of the median cumulative difference.
    challenger, baseline : str
        The two labels.
    superiority : (float, float)
        80 % interval (Jeffreys) of the chance that a run of the challenger is the better one, 0 to 1.
    variance_reduction : float
        How many times more runs independent seeds would need.
    p_value : float
        Paired t test of no mean difference; adjusted by Holm where several challengers were compared.
    indifference : float
        Differences up to this do not matter; 0 = every one does.
    practically_equal : bool
        Whether the interval of the mean lies wholly inside the indifference zone.
    worlds : WorldVerdict, optional
        In how many worlds the challenger is worth more; None where the runs are of one company.
    evpi : float
        What it would be worth to know everything that worlds draw, in $; NaN where the runs are of one company.
    """

    sentence: str
    winner: str | None
    wins_of_100: float
    difference: float
    interval: tuple[float, float]
    runs_interval: tuple[float, float]
    breakeven_week: float
    breakeven_interval: tuple[float, float]
    never_share: float
    deepest_dip: Dip
    challenger: str
    baseline: str
    superiority: tuple[float, float] = (math.nan, math.nan)
    variance_reduction: float = math.nan
    p_value: float = math.nan
    indifference: float = 0.0
    practically_equal: bool = False
    worlds: WorldVerdict | None = None
    evpi: float = math.nan

    def to_dict(self) -> dict[str, Any]:
        """Return plain values; infinite weeks are for the caller to turn into null."""
        values = asdict(self)
        values["deepest_dip"] = self.deepest_dip._asdict()
        return values


def wins_of_100(differences: Floats) -> float:
    """Return wins of 100 runs, ties counted half.

    Examples
    --------
    >>> wins_of_100(np.array([1.0, 2.0, 0.0, -1.0]))
    62.5
    """
    return float(100.0 * (np.mean(differences > 0) + 0.5 * np.mean(differences == 0)))


def won(wins: float, runs: int) -> bool:
    """Tell whether so many wins of 100 in so many runs make a winner, of whoever has the more.

    Parameters
    ----------
    wins : float
        Wins of 100 runs, ties counted half.
    runs : int
        Runs that there are.

    Examples
    --------
    >>> [won(100.0, runs) for runs in (2, 3, 1000)], [won(wins, 1000) for wins in (63, 61, 3)]
    ([False, True, True], [True, False, True])
    """
    return share_interval(max(wins, 100.0 - wins) * runs / 100.0, runs)[0] >= _LEAST


def band(values: Floats) -> Band:
    """Return 10 %, 50 % and 90 % quantile; infinite values ("never") are allowed and stay whole.

    Examples
    --------
    >>> band(np.array([1.0, 2.0, 3.0]))
    Band(low=1.2, middle=2.0, high=2.8)
    >>> band(np.array([10.0, 20.0, np.inf])).middle
    20.0
    """
    values = values[~np.isnan(values)]
    if values.size == 0:
        return Band(math.nan, math.nan, math.nan)
    method = "linear" if np.isfinite(values).all() else "inverted_cdf"
    low, middle, high = np.quantile(values, (TAIL, 0.5, 1.0 - TAIL), method=method)  # type: ignore[call-overload]
    return Band(float(low), float(middle), float(high))


def lasting_gain_week(paths: Floats) -> Floats:
    """Return the first week after which a cumulative difference stays positive; infinite when it does not.

    Parameters
    ----------
    paths : float64 array, shape (..., W + 1)
        Cumulative differences by week, week 0 first.

    Examples
    --------
    >>> lasting_gain_week(np.array([[0.0, -1.0, 1.0, 2.0], [0.0, 1.0, 2.0, -1.0], [0.0, 0.0, 0.0, 1.0]]))
    array([ 2., inf,  3.])
    """
    positive = np.asarray(paths > 0)
    length = positive.shape[-1]
    # Weeks at the end that are positive without a gap.
    held = np.cumprod(positive[..., ::-1], axis=-1).sum(axis=-1)
    return np.where(held > 0, np.maximum(length - held, 1), np.inf).astype(np.float64)


def deepest_dip(median_path: Floats) -> Dip:
    """Return the lowest point below 0 of a cumulative difference.

    Examples
    --------
    >>> deepest_dip(np.array([0.0, -2.0, -5.0, 1.0])), deepest_dip(np.array([0.0, 1.0]))
    (Dip(value=-5.0, week=2), Dip(value=0.0, week=0))
    """
    week = int(np.argmin(median_path))
    value = float(median_path[week])
    return Dip(value, week) if value < 0 else Dip(0.0, 0)


def verdict(
    differences: Floats,
    gain_weeks: Floats,
    median_path: Floats,
    challenger: str,
    baseline: str,
    *,
    reduction: float = math.nan,
    p_value: float | None = None,
    indifference: float = 0.0,
    first_stage: int = 0,
    of: str = "of one set of assumptions",
) -> Verdict:
    """Judge a challenger against the baseline.

    Parameters
    ----------
    differences : float64 array, shape (R,)
        Paired differences in net present value.
    gain_weeks : float64 array, shape (R,)
        `lasting_gain_week` of every run.
    median_path : float64 array, shape (W + 1,)
        Median cumulative difference by week.
    challenger, baseline : str
        What to call them.
    reduction : float
        What pairing was worth, see `flywheel_sim.results.intervals.variance_reduction`.
    p_value : float, optional
        Adjusted for other challengers; default: of this pair alone.
    indifference : float
        Differences up to this do not matter.
    first_stage : int
        So many first runs decided how many there are; 0 when the number was fixed.
    of : str
        What the runs are of, after their number.
    """
    wins = wins_of_100(differences)
    mean = float(np.mean(differences))
    weeks = band(gain_weeks)
    runs = band(differences)
    interval = mean_interval(differences, first_stage=first_stage)
    equal = indifference > 0 and -indifference < interval[0] and interval[1] < indifference
    winner = None if equal or not won(wins, len(differences)) else challenger if wins > 50 else baseline
    span_of_weeks = len(median_path) - 1
    said = (
        _equal_sentence(mean, interval, indifference, span_of_weeks, challenger, baseline)
        if equal
        else _sentence(wins, len(differences), mean, span_of_weeks, challenger, baseline, of)
    )
    return Verdict(
        sentence=said,
        winner=winner,
        wins_of_100=wins,
        difference=mean,
        interval=interval,
        runs_interval=(runs.low, runs.high),
        breakeven_week=weeks.middle,
        breakeven_interval=(weeks.low, weeks.high),
        never_share=float(np.mean(np.isinf(gain_weeks))),
        deepest_dip=deepest_dip(median_path),
        challenger=challenger,
        baseline=baseline,
        superiority=superiority_interval(differences),
        variance_reduction=reduction,
        p_value=paired_p(differences) if p_value is None else p_value,
        indifference=indifference,
        practically_equal=equal,
    )


def _equal_sentence(
    mean: float, interval: tuple[float, float], indifference: float, weeks: int, challenger: str, baseline: str
) -> str:
    low, high = interval
    return (
        f"{challenger} and {baseline} are practically equal: after {span(weeks)} they are {money(abs(mean))} apart on "
        f"average, {signed_money(low)} to {signed_money(high)} (80 % interval), and up to {money(indifference)} does "
        f"not matter."
    )


def _counted(wins: float, runs: int, of: str) -> str:
    """Say how many of the paired runs were won."""
    return f"all {runs} paired runs {of}" if wins == 100.0 else f"{counted(wins, runs)} paired runs {of}"


def _sentence(wins: float, runs: int, mean: float, weeks: int, challenger: str, baseline: str, of: str) -> str:
    after = span(weeks)
    if not won(wins, runs):
        if mean == 0 and wins == 50:
            return f"No clear winner: after {after}, {challenger} and {baseline} come to the same."
        apart = f"{money(abs(mean))} {'ahead of' if mean > 0 else 'behind'} {baseline}"
        lead = "Too few runs to name a winner" if won(wins, _MANY) else "No clear winner"
        return f"{lead}: after {after}, {challenger} is {apart} on average, and ahead in {_counted(wins, runs, of)}."
    if wins < 50:
        wins, mean, challenger, baseline = 100.0 - wins, -mean, baseline, challenger
    among = _counted(wins, runs, of)
    if mean >= 0:
        return f"{challenger} is worth {money(mean)} more than {baseline} after {after}: ahead in {among}."
    return (
        f"{challenger} is ahead of {baseline} in {among} after {after}, although a few bad runs make it worth "
        f"{money(-mean)} less on average."
    )
