r"""Whether answers over worlds mean what they say: companies whose truth is known, asked about as if it were not.

Truths are draws of the prior.  Each is run once as the base case, which is all that is seen of it: what its targets
come to.  The other draws of the prior, with runs of their own, are conditioned on that by the linear update that makes
worlds (`making`), in one step and on the results themselves,

.. math:: \delta_k \leftarrow \delta_k + C_{\delta d} C_{dd}^{-1} (d^* - d_k),

with luck of its own in every :math:`d`.  That gives, for every decision, draws of the difference it makes in that
company, the share of them above 0, and the rank of what it then made in a run that had no part in any of it.  If the
arithmetic is right, decisions said to be better with probability p are better in p of all cases, and ranks are uniform.

What this tests is the conditioning, not the model: truths from the own prior are never wrong in form.  Truths with a
structure that the worlds do not have test that, too.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.engine.fingerprint import engine_hash
from flywheel_sim.execute.run import batch, worker_count
from flywheel_sim.results.worlds import Worlds
from flywheel_sim.scenario import Scenario, load
from flywheel_sim.study.calibration.freezing import references_of
from flywheel_sim.study.worlds.drawing import WorldDrawing
from flywheel_sim.study.worlds.prior import Prior
from flywheel_sim.study.worlds.targets import known_targets

__all__ = ["Reliability", "Seen", "known_truths", "reliability", "see"]

Floats = NDArray[np.float64]

#: Draws that are run at a time, first replicate of the runs that references are read from, and weeks between looks.
_PART, _LOOKING, _EVERY = 20, 2**31, 13
#: Bins of ranks and of probabilities.
BINS = 10
#: Draws that say nothing, by which a line through the nearer draws is held back.
_HELD = 20.0


@dataclass(frozen=True, eq=False)
class Seen:
    """What was seen of draws, and what decisions made in them.

    Parameters
    ----------
    quantities : float64 array, shape (n, q)
        What the targets came to in one run of the base case, in widths of their bands.
    differences : float64 array, shape (n, decisions)
        What each decision made, in $, in another run.
    """

    quantities: Floats
    differences: Floats


@dataclass(frozen=True, eq=False)
class Reliability:
    """How well probabilities hold.

    Parameters
    ----------
    truths, decisions, draws : int
    slope, error : float
        Of a logistic regression of what came true on the logit of its probability, 1 where they hold; and its standard
        error, by truths drawn again with all their decisions.
    brier, base : float
        Mean squared error of the probabilities, and of the base rate of each decision.
    ranks : int array, shape (BINS,)
        How often what came true ranked in each tenth of its draws.
    chi2 : float
        Of uniform ranks, with BINS - 1 degrees of freedom where decisions of a truth were independent.
    chance : float
        Of ranks as uneven, with the truths as what is independent (Hotelling's T squared of the counts of each truth).
    said, came : float64 arrays, shape (BINS,)
        Mean probability in each tenth of the probabilities, and how often it came true.
    """

    truths: int
    decisions: int
    draws: int
    slope: float
    error: float
    brier: float
    base: float
    ranks: NDArray[np.int64]
    chi2: float
    chance: float
    said: Floats
    came: Floats

    def to_dict(self) -> dict[str, Any]:
        """Return everything as values JSON can hold."""
        return {name: v.tolist() if isinstance(v, np.ndarray) else v for name, v in vars(self).items()}


def see(
    company: "Scenario | str",
    decisions: Sequence[str | Mapping[str, Any]],
    draws: Sequence[int] | NDArray[np.int64],
    *,
    structure: Mapping[str, Any] | None = None,
    seed: int = 1,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Seen:
    """Run draws of a company's prior as they are, and with each of some decisions.

    Parameters
    ----------
    company : Scenario or name
    decisions : sequence of plan names, or of what plans would say
    draws : sequence of int
        Numbers of the draws.
    structure : mapping, optional
        Dotted path -> value, set in the company of these draws and not drawn.
    seed, workers
        As for `flywheel_sim.worlds`.
    progress : callable, optional
        Called with the draws done and the draws there are.
    """
    own = load(company)
    base = own.base()
    if structure:
        known = [*own.model.doubt.known, *structure]
        base = own.with_({**structure, "doubt.known": known}).settled().base()
    arms = [base, *(base.plus(one) for one in decisions)]
    targets, prior, numbers = known_targets(base), Prior.of(base), np.asarray(draws, np.int64)
    scaled: list[Floats] = []
    made: list[Floats] = []
    for first in range(0, len(numbers), _PART):
        some = numbers[first : first + _PART]
        drawn = [prior.of_draw(row) for row in prior.values(prior.scores(some, seed))]
        rows = references_of(
            drawn, [(seed, _LOOKING + int(k)) for k in some], every=_EVERY, paired=True, workers=worker_count(workers)
        )
        # what a draw's run says nothing of stays as the company states it: nobody wins a customer in some draws
        paths = sorted(set().union(*rows))
        references = {path: np.array([row.get(path, base.get(path)) for row in rows]) for path in paths}
        worlds = Worlds(base.name, prior.hash, engine_hash(), seed, len(some), some, {}, references)
        each = WorldDrawing(worlds, base).each
        # luck that differs from draw to draw, and from what is seen to what decisions make
        luck: dict[str, Any] = {"seed": seed + 1 + int(some[0]), "each": each, "workers": workers, "teams": False}
        (shown,) = batch([base], replicates=len(some), **luck)
        worth = batch(arms, replicates=len(some), first=len(some), **luck)
        scaled.append(np.array([[float(one.scaled(np.array(one.read(run)))) for one in targets] for run in shown]))
        npv = np.array([[run.summary["npv"] for run in row] for row in worth])
        made.append((npv[1:] - npv[0]).T)
        if progress:
            progress(first + len(some), len(numbers))
    return Seen(np.concatenate(scaled), np.concatenate(made))


def reliability(prior: Seen, truths: Seen, seed: int = 1, nearest: float = 1.0) -> Reliability:
    """Judge answers about decisions in every truth, from what was seen of it and the draws of the prior.

    Parameters
    ----------
    prior, truths : Seen
    seed : int
        Of ranks among equals, and of truths drawn again.
    nearest : float
        Share of the draws that answer: those whose run came nearest to what was seen.  Below 1 they count the less the
        further away, and a line of their own is fitted to them (Beaumont, Zhang and Balding 2002).

    Examples
    --------
    A quantity that tells the difference up to noise, and truths of the same prior:

    >>> noise = np.random.default_rng(1)
    >>> def drawn(n):
    ...     z = noise.normal(size=(n, 1))
    ...     return Seen(z + 0.5 * noise.normal(size=(n, 1)), 1e6 * (z + 0.3 * noise.normal(size=(n, 1))))
    >>> found = reliability(drawn(4000), drawn(1000))
    >>> 0.8 < found.slope < 1.2, found.brier < 0.6 * found.base
    (True, True)
    """
    fine = np.isfinite(prior.quantities).all(axis=1) & np.isfinite(prior.differences).all(axis=1)
    d, made = prior.quantities[fine], prior.differences[fine]
    known = np.isfinite(truths.quantities).all(axis=1) & np.isfinite(truths.differences).all(axis=1)
    unit = np.median(np.abs(made), axis=0) + 1e-9
    x, true = np.arcsinh(made / unit), np.arcsinh(truths.differences[known] / unit)
    n, seen = len(d), truths.quantities[known]
    said, rank = np.empty(true.shape), np.empty(true.shape)
    luck = np.random.default_rng(seed)
    for j, shown in enumerate(seen):
        counts = _counts(d, shown, nearest)
        moved = x + (shown - d) @ _gain(d, x, counts)
        total = counts.sum() ** 2 / (counts**2).sum()  # so many draws that count alike
        share = counts * (total / counts.sum())
        # Jeffreys: no share of so many draws is known to be 0 or 1
        said[j] = (share @ (moved > 0) + 0.5) / (total + 1.0)
        # what comes out the same for all, as of a decision that does nothing, has any rank among them
        alike = np.isclose(moved, true[j], rtol=1e-12, atol=1e-12)
        below = share @ ((moved < true[j]) & ~alike)
        rank[j] = (below + luck.random(true.shape[1]) * (share @ alike + 1.0)) / (total + 1.0)
    came = true > 0
    rate = np.mean(x > 0, axis=0)
    each = np.array([np.histogram(row, BINS, (0.0, 1.0))[0] for row in rank])
    ranks = each.sum(axis=0)
    expected = rank.size / BINS
    edges = np.linspace(0.0, 1.0, BINS + 1)
    place = np.clip(np.digitize(said.ravel(), edges) - 1, 0, BINS - 1)
    with np.errstate(invalid="ignore"):
        told = [(_mean(said.ravel()[place == k]), _mean(came.ravel()[place == k])) for k in range(BINS)]
    again = [_slope(said[rows], came[rows]) for rows in luck.integers(0, len(true), (200, len(true)))]
    return Reliability(
        truths=len(true), decisions=true.shape[1], draws=n, slope=_slope(said, came), error=float(np.nanstd(again)),
        brier=float(np.mean((said - came) ** 2)), base=float(np.mean((rate - came) ** 2)), ranks=ranks,
        chi2=float(np.sum((ranks - expected) ** 2 / expected)), chance=_uneven(each),
        said=np.array([one for one, _ in told]), came=np.array([one for _, one in told]),
    )  # fmt: skip


def _counts(d: Floats, shown: Floats, nearest: float) -> Floats:
    """Return by how much each draw counts: all alike, or the less the further what was seen of it is from ``shown``."""
    if nearest >= 1.0:
        return np.ones(len(d))
    off = d - shown
    distance2 = np.einsum("ki,ij,kj->k", off, np.linalg.pinv(np.atleast_2d(np.cov(d.T))), off)
    return np.asarray(np.clip(1.0 - distance2 / (1.0001 * np.quantile(distance2, nearest)), 0.0, None))


def _gain(d: Floats, x: Floats, counts: Floats) -> Floats:
    """Return the slopes of a line from what was seen to what decisions made, shape (quantities, decisions)."""
    share = counts / counts.sum()
    dd, dx = d - share @ d, x - share @ x
    held = np.diag(d.var(axis=0)) * (_HELD if np.ptp(counts) > 0 else 0.0)
    return np.asarray(np.linalg.pinv((dd.T * counts) @ dd + held) @ ((dd.T * counts) @ dx))


def known_truths(
    company: "Scenario | str",
    decisions: Sequence[str | Mapping[str, Any]],
    *,
    truths: int = 200,
    draws: int = 400,
    structure: Mapping[str, Any] | None = None,
    seed: int = 1,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Reliability:
    """Draw truths, see of each what its targets say, and hold answers about decisions against what they then make.

    Parameters
    ----------
    company, decisions, structure, seed, workers, progress
        As for `see`; ``structure`` is that of the truths alone.
    truths, draws : int
        Draws that are asked about, and others that answer.

    Examples
    --------
    >>> known_truths("b2b-saas", ["churn-pay", "flywheel-group"], truths=20, draws=50)  # doctest: +SKIP
    """
    total, before = truths + draws, 0

    def step(done: int, of: int) -> None:
        if progress:
            progress(before + done, total)

    how: dict[str, Any] = {"seed": seed, "workers": workers, "progress": step}
    prior = see(company, decisions, np.arange(draws), **how)
    before = draws
    asked = see(company, decisions, np.arange(draws, draws + truths), structure=structure, **how)
    return reliability(prior, asked, seed)


def _uneven(counts: NDArray[np.int64]) -> float:
    """Return the chance of counts as uneven as these, shape (truths, bins), where only truths are independent."""
    from scipy.stats import f

    n, bins = counts.shape
    off = counts[:, 1:] - counts.sum(axis=1, keepdims=True) / bins
    if n <= bins:
        return math.nan
    mean = off.mean(axis=0)
    t2 = n * mean @ np.linalg.pinv(np.cov(off.T)) @ mean
    p = bins - 1
    return float(f.sf(t2 * (n - p) / (p * (n - 1)), p, n - p))


def _mean(values: NDArray[Any]) -> float:
    return float(np.mean(values)) if len(values) else math.nan


def _slope(said: Floats, came: NDArray[np.bool_]) -> float:
    """Return the slope of a logistic regression on the logit of a probability, with an intercept."""
    from scipy.optimize import minimize

    x, sign = np.log(said / (1.0 - said)).ravel(), np.where(came.ravel(), 1.0, -1.0)

    def lost(b: Floats) -> tuple[float, Floats]:
        """Return minus the log likelihood, with a little of a prior around 1, so that being right is no infinite
        slope.
        """
        margin = sign * (b[0] + b[1] * x)
        pull = -sign / (1.0 + np.exp(np.clip(margin, -700.0, 700.0)))
        worth = float(np.logaddexp(0.0, -margin).sum() + 5e-4 * (b[0] ** 2 + (b[1] - 1.0) ** 2))
        return worth, np.array([pull.sum() + 1e-3 * b[0], pull @ x + 1e-3 * (b[1] - 1.0)])

    return float(minimize(lost, np.array([0.0, 1.0]), jac=True, method="BFGS").x[1])
