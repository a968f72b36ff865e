"""The part of a report that a reader can argue with: narrow what is believed possible, and the answer follows.

There is no script in a report, and there need not be: every answer is worked out here, by the one rule of the verdict,
and the page only shows the one that belongs to the stops that are chosen.  A stop is a radio button, so arrow keys move
it; worlds outside go dim by the same choice.  Classes of an assumption hold about equally many worlds, few enough that
all answers stay below a thousand.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, product

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results.words import number
from flywheel_sim.results.world_draws import ToLearn, WorldDraws

__all__ = ["Argument", "argument", "that_matter"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Assumptions that can be narrowed, and classes of each, by how many there are.
MOST, CLASSES = 3, {1: 10, 2: 7, 3: 4}
#: Worlds drawn one by one; of more, so many are drawn, evenly over what the plan is worth.
MOST_DOTS = 400


@dataclass(frozen=True)
class Stop:
    """One end of a range that can be chosen: its number, what it says, and whether it leaves everything open."""

    number: int
    text: str
    open: bool


@dataclass(frozen=True)
class Narrowed:
    """One assumption: what it is, where its ends can be put, and how many worlds of each class are better."""

    number: int
    path: str
    label: str
    unit: str
    lows: tuple[Stop, ...]
    highs: tuple[Stop, ...]
    better: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Answer:
    """What is said for one choice of ranges."""

    left: int
    sentence: str


@dataclass(frozen=True, eq=False)
class Argument:
    """Everything the section needs.

    Parameters
    ----------
    assumptions : tuple of Narrowed
    dots : tuple of (bool, tuple of int)
        Worlds that are drawn, from the worst to the best for the plan: whether it is better, and the class of each
        assumption.
    ranges : tuple of tuple of (int, int)
        For each assumption every range that can be chosen: first and last class.
    answers : dict
        One range an assumption -> what is said.
    worlds : int
        How many there are.
    """

    assumptions: tuple[Narrowed, ...]
    dots: tuple[tuple[bool, tuple[int, ...]], ...]
    ranges: tuple[tuple[tuple[int, int], ...], ...]
    answers: dict[tuple[tuple[int, int], ...], Answer]
    worlds: int

    @property
    def css(self) -> str:
        """Rules that show the answer of the chosen ranges, dim what is outside, and keep ends from crossing."""
        rules = []
        for assumption in self.assumptions:
            a, last = assumption.number, len(assumption.lows) - 1
            for k in range(last + 1):
                low, high = f"#argue:has(#a{a}l{k}:checked)", f"#argue:has(#a{a}h{k}:checked)"
                if k > 0:
                    rules.append(f"{_each(low, [f'.a{a}c{c}' for c in range(k)])}{{opacity:.13}}")
                    rules.append(f"{_each(low, [f'.a{a}hs{c}' for c in range(k)])}{{display:none}}")
                if k < last:
                    rules.append(f"{_each(high, [f'.a{a}c{c}' for c in range(k + 1, last + 1)])}{{opacity:.13}}")
                    rules.append(f"{_each(high, [f'.a{a}ls{c}' for c in range(k + 1, last + 1)])}{{display:none}}")
            for k, m in self.ranges[a]:
                rules.append(f"#argue:has(#a{a}l{k}:checked):has(#a{a}h{m}:checked) .r{a}-{k}-{m}{{display:block}}")
        return "\n".join(rules)

    def under(self, *chosen: tuple[int, int]) -> Answer:
        """Return what is said where each assumption is kept in a range of its classes."""
        return self.answers[chosen]


def _each(when: str, what: Sequence[str]) -> str:
    return ",".join(f"{when} {one}" for one in what)


def that_matter(draws: WorldDraws, effects: Floats, learn_first: Sequence[ToLearn] = ()) -> list[str]:
    """Return the paths of the assumptions that a reader may narrow.

    First what is worth finding out, then what goes most with the difference (by rank).

    Examples
    --------
    >>> x = np.random.default_rng(1).random((50, 4))
    >>> draws = WorldDraws(x, tuple("abcd"), tuple("abcd"), tuple("abcd"))
    >>> that_matter(draws, x[:, 2])[0]
    'c'
    """
    from scipy.stats import rankdata

    first = [one["path"] for one in learn_first if one["distinguishable"] and one["path"] in draws.paths]
    ranks, goes = rankdata(draws.values, axis=0), rankdata(effects)
    ranks, goes = ranks - ranks.mean(axis=0), goes - goes.mean()
    size = np.sqrt((ranks**2).sum(axis=0) * (goes**2).sum())
    strength = np.abs(goes @ ranks) / np.where(size > 0, size, np.inf)
    rest = [draws.paths[k] for k in np.argsort(-strength, kind="stable") if size[k] > 0]
    return list(dict.fromkeys([*first, *rest]))[:MOST]


def argument(draws: WorldDraws, effects: Floats, paths: Sequence[str], say: Callable[[Mask], str]) -> Argument | None:
    """Work out every answer that a reader can come to.

    Parameters
    ----------
    draws : WorldDraws
    effects : float64 array, shape (n,)
        Expected difference of each world.
    paths : sequence of str
        Assumptions to be narrowed, three at most.
    say : callable
        Worlds that are left (bool array, shape (n,)), one at least -> the verdict about them.

    Returns
    -------
    Argument or None
        None where no assumption takes more than one value.

    Examples
    --------
    >>> x = np.linspace(0.0, 1.0, 40)[:, None]
    >>> draws = WorldDraws(x, ["a.b"], ["Reach"], ["a"])
    >>> argued = argument(draws, x[:, 0] - 0.5, ["a.b"], lambda left: f"{left.sum()}")
    >>> argued.under((0, 9)).left, argued.under((5, 6)).sentence
    (40, '8')
    """
    paths = [path for path in paths if np.ptp(draws.column(path)) > 0][:MOST]
    if not paths:
        return None
    narrowed = [_narrowed(k, path, draws, effects, CLASSES[len(paths)]) for k, path in enumerate(paths)]
    assumptions, classes = tuple(one for one, _ in narrowed), np.column_stack([answer for _, answer in narrowed])
    ranges = tuple(tuple(combinations_with_replacement(range(len(assumption.lows)), 2)) for assumption in assumptions)
    inside = [
        {(low, high): (column >= low) & (column <= high) for low, high in choices}
        for column, choices in zip(classes.T, ranges, strict=True)
    ]
    answers = {}
    for chosen in product(*ranges):
        left = np.logical_and.reduce([inside[a][one] for a, one in enumerate(chosen)])
        count = int(left.sum())
        answers[chosen] = Answer(count, say(left) if count else "")
    order = np.argsort(effects, kind="stable")
    if len(order) > MOST_DOTS:
        order = order[((np.arange(MOST_DOTS) + 0.5) * len(order) / MOST_DOTS).astype(np.int64)]
    dots = tuple((bool(effects[k] > 0), tuple(int(c) for c in classes[k])) for k in order)
    return Argument(assumptions, dots, ranges, answers, len(effects))


def _narrowed(
    place: int, path: str, draws: WorldDraws, effects: Floats, most: int
) -> tuple[Narrowed, NDArray[np.int64]]:
    """Return one assumption with its stops, and the class of each world."""
    k = draws.paths.index(path)
    values = draws.values[:, k]
    options = draws.options.get(path, ())
    whole = bool(np.all(values == np.round(values)))
    # edges are what the page says, so that a reader who checks a world by its number finds it where the page has it
    edges = np.arange(1, len(options)) if options else np.quantile(values, np.arange(1, most) / most)
    inner = np.unique([_said(float(edge), whole) for edge in edges])
    inner = inner[(inner > values.min()) & (inner <= values.max())]
    classes = np.searchsorted(inner, values, side="right")
    last = len(inner)
    ends = [(float(values.min()), *map(float, inner)), (*map(float, inner), float(values.max()))]
    if whole:
        ends[1] = (*(edge - 1.0 for edge in ends[1][:-1]), ends[1][-1])
    said = (lambda end: options[int(end)]) if options else number
    lows = tuple(Stop(c, said(ends[0][c]), c == 0) for c in range(last + 1))
    highs = tuple(Stop(c, said(ends[1][c]), c == last) for c in range(last + 1))
    better = tuple((int(np.sum(effects[classes == c] > 0)), int(np.sum(classes == c))) for c in range(last + 1))
    label = draws.labels[k].removesuffix(".")
    return Narrowed(
        number=place, path=path, label=label, unit=draws.units[k], lows=lows, highs=highs, better=better
    ), classes.astype(np.int64)


def _said(value: float, whole: bool) -> float:
    """Return a number as the page rounds it: three digits, or whole."""
    if whole or value == 0:
        return float(np.ceil(value))
    return float(f"{value:.2e}")
