"""Split the difference between two scenarios over the blocks in which they differ; see `results.bridge` for the value.

Every block that differs is a group.  A mixture of the two scenarios can be invalid (a meeting whose members are teams
that only the challenger has): then the groups that depend on one another are merged into one, and the result says so.
Up to `MOST_EXACT` groups every combination is run; above, random orders in opposite pairs, with the error of sampling
them in the intervals.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.execute.runs import Runs
from flywheel_sim.results import SUMMARY
from flywheel_sim.results.bridge import Bridge, Group
from flywheel_sim.results.naming import differences, labels
from flywheel_sim.scenario import Scenario, ScenarioError, load
from flywheel_sim.scenario.hashing import WORDS

__all__ = ["MOST_EXACT", "Mixture", "bridge", "shapley", "weights"]

Floats = NDArray[np.float64]
Coalition = frozenset[int]

#: Up to so many groups every combination is run.
MOST_EXACT = 8
#: About so many combinations are run when there are more groups.
BUDGET = 256
#: Combinations in one call of the runner: what is kept of them is small, what they are while they run is not.
AT_ONCE = 16
#: Blocks that change no result.
_IDLE = (*WORDS, "version", "observed")
_TITLES = {"teams": "Teams", "segments": "Segments", "axes": "Axes"}
_ORDER_SEED = 20211


@dataclass
class Mixture:
    """Scenarios between a baseline and a challenger.

    Parameters
    ----------
    baseline, challenger : Scenario

    Examples
    --------
    >>> a = load("b2b-saas")
    >>> b = a.with_({"word_of_mouth.rate": 0.01, "market.price": 1.1})
    >>> between = Mixture(a, b)
    >>> between.groups
    [('market',), ('word_of_mouth',)]
    >>> between.scenario(frozenset({0})).get("market.price"), between.scenario(frozenset({0, 1})) == b
    (1.1, True)
    """

    baseline: Scenario
    challenger: Scenario

    def __post_init__(self) -> None:
        self._from, self._to = self.baseline.resolved(), self.challenger.resolved()
        self.groups: list[tuple[str, ...]] = [
            (name,) for name in self._to if name not in _IDLE and self._from.get(name) != self._to[name]
        ]
        self.notes: list[str] = []
        self._made: dict[frozenset[str], Scenario | None] = {}

    def scenario(self, coalition: Coalition) -> Scenario:
        """Return the baseline with the groups of ``coalition`` as in the challenger.

        Raises
        ------
        ScenarioError
            When there is no such scenario.
        """
        blocks = self._blocks(coalition)
        if blocks not in self._made:
            self._made[blocks] = self._make(blocks)
        mixed = self._made[blocks]
        if mixed is None:
            raise ScenarioError.single(f"no valid scenario changes only {', '.join(sorted(blocks))}")
        return mixed

    def valid(self, coalition: Coalition) -> bool:
        """Tell whether there is such a scenario."""
        try:
            self.scenario(coalition)
        except ScenarioError:
            return False
        return True

    def merge(self, coalition: Coalition) -> None:
        """Merge the groups that keep ``coalition`` from being valid: what it lacks with what needs it."""
        everything = frozenset(range(len(self.groups)))
        missing = self._least(everything - coalition, lambda more: self.valid(coalition | more))
        needing = self._least(coalition, lambda less: self.valid(coalition - less))
        together = sorted(missing | needing)
        names = [self.title(g) for g in together]
        self.notes.append(
            f"{' and '.join((', '.join(names[:-1]), names[-1]))} are changed together: one without the other is no "
            f"valid scenario"
        )
        merged = tuple(name for g in together for name in self.groups[g])
        self.groups = [
            merged if g == together[0] else group
            for g, group in enumerate(self.groups)
            if g == together[0] or g not in together
        ]

    def title(self, group: int) -> str:
        """Return a group's title in words."""
        fields = type(self.baseline.model).model_fields

        def words(name: str) -> str:
            text = re.sub(r"^M\d+ ", "", fields[name].description or "").removesuffix(".")
            return _TITLES.get(name) or (text[:1].upper() + text[1:]) or name

        return " + ".join(words(name) for name in self.groups[group])

    def described(self) -> tuple[Group, ...]:
        """Return the groups as they stand in the result."""
        paths = list(differences([self.baseline, self.challenger]))
        return tuple(
            Group(self.title(g), blocks, tuple(path for path in paths if path.split(".", 1)[0] in blocks))
            for g, blocks in enumerate(self.groups)
        )

    def _blocks(self, coalition: Coalition) -> frozenset[str]:
        return frozenset(name for g in coalition for name in self.groups[g])

    def _make(self, blocks: frozenset[str]) -> Scenario | None:
        if not blocks:
            return self.baseline
        if blocks == self._blocks(frozenset(range(len(self.groups)))):
            return self.challenger
        try:
            return load({**self._from, **{name: self._to[name] for name in blocks}})
        except ScenarioError:
            return None

    @staticmethod
    def _least(candidates: Coalition, enough: Callable[[Coalition], bool]) -> Coalition:
        """Return a smallest subset that is enough: none of it can be left out."""
        kept = candidates
        for one in sorted(candidates):
            if enough(kept - {one}):
                kept = kept - {one}
        return kept


def bridge(
    baseline: Scenario,
    challenger: Scenario,
    runs: Runs,
    *,
    names: Sequence[str] | None = None,
) -> Bridge:
    """Split the difference in every summary key over the blocks that differ.

    Parameters
    ----------
    baseline, challenger : Scenario
    runs : Runs
        How every mixture is run.
    names : (str, str), optional
        What to call the two.

    Raises
    ------
    ScenarioError
        When the two do not differ in anything that acts, or in their horizons.
    """
    said = tuple(names or labels([baseline, challenger]))
    if baseline.model.horizon_weeks != challenger.model.horizon_weeks:
        raise ScenarioError.single("a bridge needs the same horizon on both sides; set horizon_weeks")
    mixture = Mixture(baseline, challenger)
    if not mixture.groups:
        raise ScenarioError.single(f"{said[0]} and {said[1]} do not differ in anything that acts: there is no bridge")
    orders = _plan(mixture)
    count = len(mixture.groups)
    needed = _needed(count, orders)
    finals, paths = _outcomes(mixture, needed, runs)
    place = {coalition: n for n, coalition in enumerate(needed)}
    whole = frozenset(range(count))
    # A number a run cannot say (NaN, "never") has no parts.
    with np.errstate(invalid="ignore"):
        if orders:
            parts, error = _sampled(finals, place, count, orders)
            weekly, _ = _sampled(paths[:, None, :], place, count, orders)
        else:
            parts = shapley(finals, place, count)
            weekly, error = shapley(paths[:, None, :], place, count), np.zeros((count, len(SUMMARY)))
        first = np.array([finals[place[frozenset({g})]] - finals[place[frozenset()]] for g in range(count)])
        last = np.array([finals[place[whole]] - finals[place[whole - {g}]] for g in range(count)])
    return Bridge(
        baseline=said[0],
        challenger=said[1],
        groups=mixture.described(),
        keys=tuple(SUMMARY),
        parts=parts,
        alone=first,
        last=last,
        weekly=weekly[:, 0, :],
        coalitions=len(needed),
        orders=len(orders),
        order_error=error,
        notes=tuple(mixture.notes),
    )


def weights(count: int) -> list[float]:
    """Return the weight of a coalition of 0, 1, ..., count - 1 others in a group's Shapley value.

    Examples
    --------
    >>> [round(w, 4) for w in weights(3)]
    [0.3333, 0.1667, 0.3333]
    """
    return [factorial(size) * factorial(count - size - 1) / factorial(count) for size in range(count)]


def shapley(values: Floats, place: dict[Coalition, int], count: int) -> Floats:
    """Compute exact Shapley values.

    Parameters
    ----------
    values : float64 array, shape (2**count, ...)
        Outcome of every coalition.
    place : dict
        Row of each coalition.
    count : int
        Groups.

    Returns
    -------
    float64 array, shape (count, ...)

    Examples
    --------
    Two groups worth 1 and 2, and 4 more together:

    >>> place = {frozenset(): 0, frozenset({0}): 1, frozenset({1}): 2, frozenset({0, 1}): 3}
    >>> shapley(np.array([0.0, 1.0, 2.0, 7.0]), place, 2).tolist()
    [3.0, 4.0]
    """
    weight = weights(count)
    out = np.zeros((count, *values.shape[1:]))
    for coalition, row in place.items():
        for g in range(count):
            if g not in coalition:
                out[g] += weight[len(coalition)] * (values[place[coalition | {g}]] - values[row])
    return out


def _plan(mixture: Mixture) -> list[tuple[int, ...]]:
    """Merge until everything that will be run is valid; the orders to sample, none when all combinations are run."""
    while True:
        count = len(mixture.groups)
        orders = _orders(count) if count > MOST_EXACT else []
        broken = next((c for c in _needed(count, orders) if not mixture.valid(c)), None)
        if broken is None:
            return orders
        mixture.merge(broken)


def _orders(count: int) -> list[tuple[int, ...]]:
    """Return random orders, each followed by its opposite."""
    luck = np.random.default_rng(_ORDER_SEED)
    pairs = max(8, BUDGET // (2 * (count - 1)))
    drawn = [tuple(int(g) for g in luck.permutation(count)) for _ in range(pairs)]
    return [order for one in drawn for order in (one, one[::-1])]


def _needed(count: int, orders: list[tuple[int, ...]]) -> list[Coalition]:
    """Return every coalition that is run, small ones first."""
    whole = frozenset(range(count))
    coalitions: Iterable[Coalition]
    if orders:
        ends = (c for g in range(count) for c in (frozenset({g}), whole - {g}))
        coalitions = (frozenset(order[:n]) for order in orders for n in range(count + 1))
        coalitions = [*coalitions, *ends]
    else:
        coalitions = (frozenset(g for g in range(count) if mask >> g & 1) for mask in range(2**count))
    return sorted(set(coalitions), key=lambda coalition: (len(coalition), sorted(coalition)))


def _sampled(
    values: Floats, place: dict[Coalition, int], count: int, orders: list[tuple[int, ...]]
) -> tuple[Floats, Floats]:
    """Return the mean marginal contributions over the orders, and their standard error over opposite pairs, averaged
    over runs.
    """
    each = np.zeros((len(orders), count, *values.shape[1:]))
    for n, order in enumerate(orders):
        for position, g in enumerate(order):
            before = frozenset(order[:position])
            each[n, g] = values[place[before | {g}]] - values[place[before]]
    pairs = 0.5 * (each[0::2] + each[1::2])
    by_pair = pairs.mean(axis=2)
    return pairs.mean(axis=0), by_pair.std(axis=0, ddof=1) / np.sqrt(len(pairs))


def _outcomes(mixture: Mixture, coalitions: list[Coalition], runs: Runs) -> tuple[Floats, Floats]:
    """Return summaries (C, R, K) and mean cumulative value by week (C, W + 1) of every coalition."""
    finals, paths = [], []
    for done, some in _slices(coalitions):
        scenarios = [mixture.scenario(one) for one in some]

        def report(now: int, of: int, done: int = done, here: int = len(scenarios)) -> None:
            if runs.progress is not None:
                each = of / max(here, 1)
                runs.progress(round(done * each + now), round(len(coalitions) * each))

        for row in runs.of(scenarios, progress=report):
            finals.append([[run.summary[key] for key in SUMMARY] for run in row])
            paths.append(np.mean([run.series("value", start=True) for run in row], axis=0))
    return np.array(finals, np.float64), np.array(paths, np.float64)


def _slices(items: list[Any]) -> Iterator[tuple[int, list[Any]]]:
    for start in range(0, len(items), AT_ONCE):
        yield start, items[start : start + AT_ONCE]
