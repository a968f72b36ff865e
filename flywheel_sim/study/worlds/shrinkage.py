r"""The differences of worlds without the luck of their runs.

A world counts by its *expected* difference, and one run of it shows that difference plus luck.  Luck pulls the share of
better worlds towards a half: where it is twice as large as the spread of the worlds, 84 better worlds of 100 look like
67.  Some worlds are therefore run more than once, with different luck, which tells both variances (analysis of
variance of a random factor): the mean square within worlds is that of luck, :math:`\sigma^2`; what runs of different
worlds differ by beyond that is the worlds', :math:`\tau^2`.

Of a world with r runs, luck leaves the share :math:`B = \tau^2 / (\tau^2 + \sigma^2 / r)` of what its mean differs by.
Its *best guess* is :math:`m + B (\bar y - m)`.  Best guesses lie closer together than the truths they guess at, so that
their share of better worlds is too far from a half (98 of 100 in the example above).  What counts worlds is therefore
taken with their spread kept, :math:`m + \sqrt{B} (\bar y - m)` (constrained empirical Bayes; Louis 1984, Ghosh 1992):
right in mean and variance, and in every share where worlds and luck are about normal.

Where luck is large, many worlds know little.  So many worlds known without luck would tell the share as well
(`Shrunk.n_eff`): :math:`p (1 - p) / v`, where p and v are mean and variance of the share when m and :math:`\tau` vary
as far as they are uncertain; never more than there are.  With luck alone that is a handful, and nothing follows.

Some spread is always left over by luck alone, so what it would be worth to know the world is 0 unless worlds differ by
more than luck does in 95 of 100 data sets (F test), `Shrunk.evpi`.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.study.worlds.value_of_information import LEVEL, evpi

__all__ = ["Shrunk", "shrink"]

Floats = NDArray[np.float64]

#: Draws of mean and spread that tell how well the share is known.
_DRAWS = 2000


@dataclass(frozen=True, eq=False)
class Shrunk:
    """Differences of worlds, luck taken out.

    Parameters
    ----------
    effects : float64 array, shape (n,)
        Differences with the spread of the worlds alone: what shares, intervals and the EVPI count.
    guesses : float64 array, shape (n,)
        Best guess of each world.
    means : float64 array, shape (n,)
        Means of the runs of each world, as they came.
    luck, worlds : float
        Standard deviations of luck in one run and of the worlds.
    chance : float
        Share of data sets of luck alone in which worlds seem to differ as much (F test); NaN where luck is not known.
    n_eff : float
        Worlds known without luck that would tell the share as well.
    again : int
        Runs beyond the first of a world, which tell how large luck is; with none luck is not known.
    """

    effects: Floats
    guesses: Floats
    means: Floats
    luck: float
    worlds: float
    chance: float
    n_eff: float
    again: int

    def evpi(self, weights: Floats | None = None) -> float:
        """Return the expected value of perfect information; 0 where luck alone would look like these worlds.

        Parameters
        ----------
        weights : float64 array, shape (n,), optional
            Of the worlds; all the same where not given.
        """
        return 0.0 if self.chance > LEVEL else evpi(self.effects, weights)

    @property
    def sentence(self) -> str:
        """What was done, for a page."""
        from flywheel_sim.results.words import money

        if not self.again:
            return "every world was run once: luck is part of its difference, which pulls the share towards a half"
        return (
            f"luck moves one run by {money(self.luck)}, what is not known moves a world by {money(self.worlds)} "
            f"(standard deviations, from {self.again} further runs of the same worlds); luck is taken out, which "
            f"leaves as much as {self.n_eff:.0f} worlds without luck would tell"
        )


def shrink(runs: Floats, world: NDArray[np.int64], weights: Floats | None = None, *, seed: int = 1) -> Shrunk:
    """Take the luck out of differences of worlds, some of which were run more than once.

    Parameters
    ----------
    runs : float64 array, shape (r,)
        Difference of every run.
    world : int array, shape (r,)
        Which world each run belongs to, 0 to n - 1, every one at least once.
    weights : float64 array, shape (n,), optional
        Of the worlds; all the same where not given.
    seed : int
        Of the draws behind ``n_eff``.

    Raises
    ------
    ValueError
        When lengths differ, a world has no run, or a number is not finite.

    Examples
    --------
    >>> luck = np.random.default_rng(1)
    >>> truth, world = luck.normal(1.0, 1.0, 2000), np.r_[0:2000, 0:500]
    >>> shown = truth[world] + luck.normal(0.0, 2.0, 2500)
    >>> shrunk = shrink(shown, world)
    >>> f"true {np.mean(truth > 0):.2f}, seen {np.mean(shown > 0):.2f}, shrunk {np.mean(shrunk.effects > 0):.2f}"
    'true 0.83, seen 0.68, shrunk 0.83'
    """
    from scipy.special import fdtrc

    runs, world = np.asarray(runs, np.float64), np.asarray(world, np.int64)
    if runs.ndim != 1 or runs.shape != world.shape or not len(runs):
        raise ValueError(f"expected one world for each run, not {world.shape} for {runs.shape}")
    count = int(world.max()) + 1
    times = np.bincount(world, minlength=count) if world.min() >= 0 else np.zeros(1)
    if not times.all():
        raise ValueError("expected worlds to be numbered from 0 on, each with a run")
    if not np.isfinite(runs).all():
        raise ValueError("a difference is not a finite number")
    weights = np.ones(count) if weights is None else np.asarray(weights, np.float64)
    if weights.shape != (count,) or not np.isfinite(weights).all() or weights.min() < 0 or weights.sum() <= 0:
        raise ValueError(f"expected a weight of at least 0 for each of {count} worlds, not all 0")
    shares = weights / weights.sum()
    means = np.bincount(world, runs) / times
    kish = float(1.0 / np.sum(shares**2))
    again = len(runs) - count
    middle = float(shares @ means)
    if not again or count < 3:
        return Shrunk(
            effects=means,
            guesses=means.copy(),
            means=means,
            luck=math.nan,
            worlds=float(np.sqrt(shares @ (means - middle) ** 2)),
            chance=math.nan,
            n_eff=kish,
            again=again,
        )
    luck2 = float(np.sum((runs - means[world]) ** 2) / again)
    between = float(times @ (means - times @ means / times.sum()) ** 2) / (count - 1)
    chance = float(fdtrc(count - 1, again, between / luck2)) if luck2 > 0 else float(between == 0)
    spread2 = _spread(means, times, shares, luck2)
    # worlds weigh in the middle by how well each is known
    weight = shares / (spread2 + luck2 / times) if spread2 + luck2 > 0 else shares
    middle = float(weight @ means / weight.sum())
    left = spread2 / (spread2 + luck2 / times) if spread2 > 0 else np.zeros(count)
    known = _worth(middle, spread2, luck2, times, kish, again, seed)
    return Shrunk(
        effects=middle + np.sqrt(left) * (means - middle),
        guesses=middle + left * (means - middle),
        means=means,
        luck=math.sqrt(luck2),
        worlds=math.sqrt(spread2),
        chance=chance,
        n_eff=known,
        again=again,
    )


def _spread(means: Floats, times: NDArray[Any], shares: Floats, luck2: float) -> float:
    """Return the variance of the worlds by moments; 0 where luck explains it all.

    With weights w the mean of (y - m)^2 is expected to be the sum of w (1 - w) (tau^2 + sigma^2 / r): of any worlds,
    normal or not (DerSimonian and Laird 1986 for w of their own).
    """
    middle = shares @ means
    room = shares * (1.0 - shares)
    return max(float((shares @ (means - middle) ** 2 - room @ (luck2 / times)) / room.sum()), 0.0)


def _worth(
    middle: float, spread2: float, luck2: float, times: NDArray[Any], kish: float, again: int, seed: int
) -> float:
    """Return how many worlds known without luck would tell the share as well."""
    from scipy.special import ndtr

    draw = np.random.default_rng([seed, 20218])
    noise = luck2 * float(np.mean(1.0 / times))
    total = spread2 + noise
    if total == 0.0:
        return kish
    degrees = max(kish - 1.0, 1.0)
    possible = total * degrees / draw.chisquare(degrees, _DRAWS) - noise * again / draw.chisquare(again, _DRAWS)
    mean = middle + math.sqrt(total / kish) * draw.standard_normal(_DRAWS)
    # the smaller of the two shares: one that rounds to 1 would say that it is worth no world at all
    share = ndtr((-mean if middle > 0.0 else mean) / np.sqrt(np.maximum(possible, 1e-12 * total)))
    p, v = float(share.mean()), float(share.var())
    return kish if v <= p * (1 - p) / kish else p * (1 - p) / v
