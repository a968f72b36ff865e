r"""Judge the shape of a response curve from paired runs.

``runs`` holds an outcome by point and run; run k of every point has the same luck, so every test is on paired
differences.  A verdict is ``holds``, ``fails`` or ``open``: what luck may explain is open, neither shown nor refuted.

increasing, decreasing
    Fails where a step between neighbouring points goes the wrong way by more than luck explains (paired t, Holm over
    the steps, `ERROR_RATE`), or the whole does; holds where, besides, the last point differs from the first the right
    way.
concave
    As increasing, and the slope never rises by more than luck explains; holds where the last slope is below the first.
saturating
    As increasing, and the last slope is at most half of the first.
optimum, valley
    The best (lowest) mean lies strictly between the ends in at least `INSIDE` of bootstrap samples over runs, inside
    the stated band, and both ends are worse by at least `MARGIN` of the base; fails where it lies inside in at most
    1 - `INSIDE` of them, or outside the band in at least `INSIDE`.
continuous
    The step from 0 to the smallest point is no larger than the next step, or than the slope after it explains and
    `JUMP` of the whole range more: 0 is the limit of little, and a smooth curve may bend on its way there.
bounded
    The best point is at most ``factor`` times the base (less than base + (factor - 1) |base| where the base is
    negative).
none
    No point differs from the base by more than `SAME` of it.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results.intervals import holm, mean_interval, paired_p

__all__ = ["ERROR_RATE", "INSIDE", "JUMP", "MARGIN", "SAME", "SHAPES", "Judgment", "judge"]

Floats = NDArray[np.float64]

#: Chance that a step is called wrong while luck is all, at most, over the steps of one curve.
ERROR_RATE = 0.05
#: Share of bootstrap samples in which an optimum must lie inside.
INSIDE = 0.9
#: How much worse than the optimum both ends must be, as a share of the base.
MARGIN = 0.02
#: A step at 0 up to this share of the curve's range is no jump.
JUMP = 0.05
#: A difference up to this share of the base is none.
SAME = 0.01
_SAMPLES, _SEED = 2000, 4711


class Judgment(NamedTuple):
    """A verdict and its reason."""

    verdict: str
    says: str


def judge(
    shape: str,
    x: Floats,
    runs: Floats,
    base: int,
    *,
    inside: tuple[float, float] | None = None,
    factor: float = 0.0,
) -> Judgment:
    """Judge whether a curve has a shape.

    Parameters
    ----------
    shape : str
        One of `SHAPES`.
    x : float64 array, shape (P,)
        Values of the lever, rising.
    runs : float64 array, shape (P, R)
        Outcome by point and run.
    base : int
        Number of the point that the company has itself.
    inside, factor
        As in `flywheel_sim.study.responses.table`.

    Examples
    --------
    >>> luck = np.linspace(-1, 1, 20)
    >>> judge("increasing", np.array([0.0, 1, 2]), np.array([[0.0], [5], [6]]) + luck, 1).verdict
    'holds'
    >>> judge("increasing", np.array([0.0, 1, 2]), np.array([[0.0], [5], [4]]) + luck, 1)
    Judgment(verdict='fails', says='falls from 1 to 2')
    >>> judge("optimum", np.array([0.0, 1, 2]), np.array([[0.0], [5], [4]]) + luck, 1).verdict
    'holds'
    """
    whole = runs[:, np.isfinite(runs).all(axis=0)]
    if whole.shape[1] < 2:
        return Judgment("open", "fewer than two runs have this outcome at every point")
    if shape in ("optimum", "valley"):
        return _optimum(x, whole if shape == "optimum" else -whole, base, inside, shape)
    if shape == "bounded":
        return _bounded(x, whole, base, factor)
    return _JUDGES[shape](x, whole, base)


def _monotone(x: Floats, runs: Floats, sign: float) -> Judgment:
    steps = sign * np.diff(runs, axis=0)
    p = holm(np.array([paired_p(step) for step in steps]))
    goes = "falls" if sign > 0 else "rises"
    for k, step in enumerate(steps):
        if p[k] < ERROR_RATE and step.mean() < 0 and not _nothing(step, runs):
            return Judgment("fails", f"{goes} from {x[k]:.4g} to {x[k + 1]:.4g}")
    whole = sign * (runs[-1] - runs[0])
    if _nothing(whole, runs) or paired_p(whole) >= ERROR_RATE:
        return Judgment("open", "no difference between the ends that luck does not explain")
    if whole.mean() < 0:
        return Judgment("fails", f"{goes} from {x[0]:.4g} to {x[-1]:.4g}")
    return Judgment("holds", "no step goes the wrong way")


def _concave(x: Floats, runs: Floats, base: int) -> Judgment:
    first = _monotone(x, runs, 1.0)
    if first.verdict == "fails":
        return first
    slopes = np.diff(runs, axis=0) / np.diff(x)[:, None]
    bends = np.diff(slopes, axis=0)
    p = holm(np.array([paired_p(bend) for bend in bends]))
    for k, bend in enumerate(bends):
        if p[k] < ERROR_RATE and bend.mean() > 0:
            return Judgment("fails", f"becomes steeper at {x[k + 1]:.4g}")
    over_all = slopes[-1] - slopes[0]
    if first.verdict == "holds" and paired_p(over_all) < ERROR_RATE and over_all.mean() < 0:
        return Judgment("holds", "rises, and ever more slowly")
    return Judgment("open", first.says if first.verdict == "open" else "luck may explain that it bends")


def _saturating(x: Floats, runs: Floats, base: int) -> Judgment:
    first = _monotone(x, runs, 1.0)
    if first.verdict != "holds":
        return first
    slopes = np.diff(runs, axis=0) / np.diff(x)[:, None]
    beyond = slopes[-1] - 0.5 * slopes[0]
    if paired_p(beyond) >= ERROR_RATE:
        return Judgment("open", "luck may explain how the last slope compares with half of the first")
    if beyond.mean() > 0:
        return Judgment("fails", "the last slope is more than half of the first")
    return Judgment("holds", "rises, and at the end at most half as steeply")


def _optimum(x: Floats, runs: Floats, base: int, band: tuple[float, float] | None, shape: str) -> Judgment:
    rng = np.random.Generator(np.random.Philox(key=_SEED))
    count = runs.shape[1]
    weights = rng.multinomial(count, np.full(count, 1.0 / count), size=_SAMPLES).T / count
    best = np.argmax(runs @ weights, axis=0)
    interior = float(np.mean((best > 0) & (best < len(x) - 1)))
    where = int(np.argmax(runs.mean(axis=1)))
    at = f"{'best' if shape == 'optimum' else 'lowest'} at {x[where]:.4g}"
    if interior <= 1.0 - INSIDE:
        return Judgment("fails", f"{at}, an end of the range")
    if band is not None:
        banded = float(np.mean((x[best] >= band[0] - 1e-9) & (x[best] <= band[1] + 1e-9)))
        if banded <= 1.0 - INSIDE:
            return Judgment("fails", f"{at}, expected between {band[0]:g} and {band[1]:g}")
        interior = min(interior, banded)
    least = MARGIN * abs(float(runs[base].mean()))
    lost = [float((runs[where] - runs[end]).mean()) for end in (0, -1)]
    if interior < INSIDE:
        return Judgment("open", f"{at}, inside in {100 * interior:.0f} of 100 samples")
    for end, loss in zip((0, -1), lost, strict=True):
        if loss < least:
            return Judgment("open", f"{at}, and at {x[end]:.4g} worse by less than {100 * MARGIN:g} % of the base")
    return Judgment("holds", at)


def _continuous(x: Floats, runs: Floats, base: int) -> Judgment:
    jump, following = np.abs(runs[1] - runs[0]), float(np.abs((runs[2] - runs[1]).mean()))
    explained = following * float((x[1] - x[0]) / (x[2] - x[1]))
    allowed = max(following, explained + JUMP * float(np.ptp(runs.mean(axis=1))))
    size = float(np.abs((runs[1] - runs[0]).mean()))
    low, high = mean_interval(np.sign((runs[1] - runs[0]).mean()) * (runs[1] - runs[0]), 0.95)
    if not np.any(jump):
        return Judgment("holds", "no step at 0")
    if high <= allowed:
        return Judgment("holds", "the step at 0 is no larger than what follows explains")
    if low > allowed:
        return Judgment("fails", f"jumps by {size:.4g} between 0 and {x[1]:.4g}, then moves by {following:.4g}")
    return Judgment("open", "luck may explain the step at 0")


def _bounded(x: Floats, runs: Floats, base: int, factor: float) -> Judgment:
    own = float(runs[base].mean())
    edge = own + (factor - 1.0) * abs(own)
    best = int(np.argmax(runs.mean(axis=1)))
    low, high = mean_interval(runs[best] - runs[base], 0.95)
    room = edge - own
    reached = f"{x[best]:.4g} comes to {1.0 + float((runs[best] - runs[base]).mean()) / abs(own):.2f} times the base"
    if math.isnan(low) or high <= room:
        return Judgment("holds", reached)
    return Judgment("fails", reached) if low > room else Judgment("open", reached)


def _none(x: Floats, runs: Floats, base: int) -> Judgment:
    own = abs(float(runs[base].mean()))
    verdict = Judgment("holds", "the same within 1 %")
    for k in range(len(x)):
        apart = runs[k] - runs[base]
        if not np.any(apart):
            continue
        low, high = mean_interval(apart, 0.95)
        if low > SAME * own or high < -SAME * own:
            return Judgment("fails", f"differs at {x[k]:.4g} by {100 * apart.mean() / own:.2g} %")
        if low < -SAME * own or high > SAME * own:
            verdict = Judgment("open", f"luck hides whether it differs at {x[k]:.4g}")
    return verdict


def _nothing(step: Floats, runs: Floats) -> bool:
    return bool(np.abs(step).max() <= 1e-12 * np.abs(runs).max())


_JUDGES: dict[str, Callable[[Floats, Floats, int], Judgment]] = {
    "increasing": lambda x, runs, base: _monotone(x, runs, 1.0),
    "decreasing": lambda x, runs, base: _monotone(x, runs, -1.0),
    "concave": _concave,
    "saturating": _saturating,
    "continuous": _continuous,
    "none": _none,
}

#: Every shape there is.
SHAPES = (*_JUDGES, "optimum", "valley", "bounded")
