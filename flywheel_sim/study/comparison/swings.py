"""Move one assumption at a time, in every scenario that it acts in, and see what becomes of their difference.

Assumptions are found, not listed: every number that acts in either scenario and that nobody decides is tried on a few
runs first, at both ends of its range, under the same luck.  Those that move the difference most are then moved in as
many runs as were asked for.  What only one scenario uses is moved there; the runs of the other stay as they are.

Every assumption goes to half and to one and a half times its value, as far as the schema lets it; run k has the same
luck everywhere.  An effect that only one scenario uses goes to nothing at all instead of half: that it works is what
the scenario claims, and as effects level off, half of one is often as good as all of it.  When some of them turn the
difference round, the one that does so nearest to its value is followed by halving, to say where.  What the two
scenarios decide differently is the decision, not an assumption, and stays; how strongly it works is one, and moves.

Where runs draw parameters from a table, run k draws its row everywhere, and a bar says what the mean over the draws
becomes.  An assumption that is drawn itself is held at either end of the middle 90 % of its draws while the rest is
drawn: what the difference would be if that much of what is not known were known.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.execute.runs import Runs
from flywheel_sim.results.assumptions import acting, key_assumptions
from flywheel_sim.results.naming import labels
from flywheel_sim.results.swings import Bar, Flip, Screened, Swings
from flywheel_sim.scenario import Scenario, ScenarioError
from flywheel_sim.scenario.roles import role_of
from flywheel_sim.scenario.shapes import along, root

if TYPE_CHECKING:
    from flywheel_sim.study.worlds.drawing import WorldDrawing

Floats = NDArray[np.float64]

__all__ = ["FACTORS", "QUANTILES", "swings"]

#: Ends of a range, as multiples of the value; of what is drawn, as quantiles.
FACTORS, QUANTILES = (0.5, 1.5), (0.05, 0.95)
#: How far from a limit that is itself not allowed an end stays, as a share of the way to the value.
WITHIN = 0.01
#: Halvings on the way to where the verdict turns.
HALVINGS = 5
#: Scenarios in one call of the runner.
AT_ONCE = 16
#: Runs of each scenario at each end that an assumption is tried on, and how many are then looked at closely.
TRIAL, CLOSELY = 2, 20


def swings(
    baseline: Scenario,
    challenger: Scenario,
    runs: Runs,
    *,
    names: Sequence[str] | None = None,
    paths: Sequence[str] | None = None,
    drawn: "WorldDrawing | None" = None,
    middle: float | None = None,
) -> Swings:
    """Move the assumptions that two scenarios rest on one at a time.

    Parameters
    ----------
    baseline, challenger : Scenario
    runs : Runs
        How the pair is run, moved and not.
    names : (str, str), optional
        What to call the two.
    paths : sequence of str, optional
        Only these assumptions.
    drawn : WorldDrawing, optional
        Worlds that the runner takes.
    middle : float, optional
        Mean difference where nothing moves, known from more runs than these; default: of these.

    Raises
    ------
    ScenarioError
        When there is no assumption that could be moved.
    """
    replicates = runs.replicates
    said = tuple(names or labels([baseline, challenger]))
    table = dict(drawn.table) if drawn is not None else {}
    pair = (baseline, challenger)
    assumptions = _assumptions(pair, paths, table)
    moves = [move for one in assumptions for move in _moves(pair, one, table.get(one.path))]
    if not moves:
        raise ScenarioError.single(f"{said[0]} and {said[1]} rest on no assumption that could be moved")
    work = _Work(pair, runs, (len(moves), min(len(assumptions), CLOSELY)))

    trial = min(TRIAL, replicates)
    shifts = work.shifts(moves, trial)
    most: dict[str, float] = {}
    for move, shift in zip(moves, shifts, strict=True):
        most[move.one.path] = max(most.get(move.one.path, 0.0), abs(shift) if math.isfinite(shift) else 0.0)
    order = sorted((one for one in assumptions if most.get(one.path, 0.0) > 0.0), key=lambda one: -most[one.path])
    closely = {one.path for one in order[:CLOSELY]}
    close = [move for move in moves if move.one.path in closely]
    shifts = work.shifts(close, replicates)
    middle = work.middle(replicates) if middle is None else middle

    at: dict[str, list[tuple[float, float]]] = {}
    for move, shift in zip(close, shifts, strict=True):
        at.setdefault(move.one.path, []).append((move.end, middle + shift))
    bars = [_bar(one, at[one.path], middle) for one in order[:CLOSELY]]
    bars.sort(key=lambda bar: -bar.width)
    by_path = {one.path: one for one in assumptions}

    def worth(path: str, value: float) -> float:
        move = _move(pair, by_path[path], value, table.get(path) is not None)
        return math.nan if move is None else middle + work.shifts([move], replicates)[0]

    flip = _flip(bars, middle, worth)
    alone = tuple(bar.path for bar in bars if _alone(by_path[bar.path]) and bar.path not in table)
    held = tuple(bar.path for bar in bars if bar.path in table)
    screened = tuple(Screened(one.path, one.text, one.unit, one.value, most[one.path]) for one in order)
    work.done()
    return Swings(
        baseline=said[0],
        challenger=said[1],
        middle=middle,
        bars=tuple(bars),
        flip=flip,
        factors=FACTORS,
        runs=replicates,
        drawn=held,
        screened=screened,
        tried=len(by_path),
        alone=alone,
    )


class _One(NamedTuple):
    """An assumption: its value in the pair (NaN where it does not act), and the one that is told."""

    path: str
    text: str
    unit: str
    values: tuple[float, float]
    value: float


class _Move(NamedTuple):
    """An assumption moved: where to, as it is told, and the scenarios that it changes (None: stays as it is)."""

    one: _One
    end: float
    pair: tuple[Scenario | None, Scenario | None]


@dataclass
class _Work:
    """Runs of the pair, moved and not, with what they came to."""

    pair: tuple[Scenario, Scenario]
    runs: Runs
    planned: tuple[int, int]
    ran: int = 0
    unmoved: "list[Floats]" = field(default_factory=list)

    def shifts(self, moves: Sequence[_Move], replicates: int) -> list[float]:
        """Return by how much each move changes the mean difference, paired run by run."""
        before = self._unmoved(replicates)
        flat = [scenario for move in moves for scenario in move.pair if scenario is not None]
        rows = iter(self._worth(flat, replicates))
        means = []
        for move in moves:
            one, other = (before[k] if made is None else next(rows) for k, made in enumerate(move.pair))
            means.append(float(np.mean((other - one) - (before[1] - before[0]))))
        return means

    def middle(self, replicates: int) -> float:
        """Return the mean difference where nothing moves."""
        one, other = self._unmoved(replicates)
        return float(np.mean(other - one))

    def done(self) -> None:
        """Say that all is done, which takes fewer runs than it may."""
        if self.runs.progress:
            self.runs.progress(self._total, self._total)

    def _unmoved(self, replicates: int) -> "list[Floats]":
        if not self.unmoved:
            self.unmoved = self._worth(self.pair, self.runs.replicates)
        return [row[:replicates] for row in self.unmoved]

    @property
    def _total(self) -> int:
        """Weeks that it takes at most, each move made in both scenarios."""
        ends, close = self.planned
        each = self.runs.replicates
        count = 2 * ends * min(TRIAL, each) + (2 + 4 * close + 2 * HALVINGS) * each
        return count * self.pair[0].model.horizon_weeks

    def _worth(self, scenarios: Sequence[Scenario], replicates: int) -> "list[Floats]":
        """Return the net present value of every run, a row per scenario."""
        weeks, values = self.pair[0].model.horizon_weeks, []

        def report(done: int, of: int) -> None:
            if self.runs.progress:
                self.runs.progress(min(self.ran + done, self._total), self._total)

        for start in range(0, len(scenarios), AT_ONCE):
            some = list(scenarios[start : start + AT_ONCE])
            rows = self.runs.of(some, replicates=replicates, progress=report)
            values += [np.array([run.summary["npv"] for run in row]) for row in rows]
            self.ran += len(some) * replicates * weeks
        return values


def _assumptions(
    pair: tuple[Scenario, Scenario], paths: Sequence[str] | None, table: Mapping[str, Floats]
) -> list[_One]:
    """Return what either scenario rests on."""
    both = [acting(scenario) for scenario in pair]
    assumptions = []
    for row in key_assumptions(pair):
        if paths is not None and row.path not in paths:
            continue
        values = tuple(values.get(row.path, math.nan) for values in both)
        if row.path in table:
            values = (float(np.median(table[row.path])),) * 2
        told = values[1] if math.isfinite(values[1]) else values[0]
        assumptions.append(_One(row.path, row.text, row.unit, (values[0], values[1]), told))
    return assumptions


def _moves(pair: tuple[Scenario, Scenario], one: _One, draws: Floats | None) -> list[_Move]:
    """Return an assumption at the ends of its range, where that makes scenarios."""
    scenario = pair[1] if math.isfinite(one.values[1]) else pair[0]
    ends = _ends(scenario, one.path, one.value, draws)
    moves = [_move(pair, one, end, draws is not None) for end in ends]
    if draws is None and _alone(one) and (none := _move(pair, one, 0.0, False)) is not None:
        moves = [none, *(move for move in moves if move is not None and move.end > one.value)]
    return [move for move in moves if move is not None]


def _alone(one: _One) -> bool:
    """Say whether it is an effect that only one of the two scenarios uses."""
    return math.isfinite(one.values[0]) != math.isfinite(one.values[1]) and role_of(one.path) == "effect"


def _move(pair: tuple[Scenario, Scenario], one: _One, end: float, drawn: bool) -> _Move | None:
    """Return both scenarios with the assumption moved to ``end``; one whose value is another, by as large a factor."""
    scenarios: list[Scenario | None] = []
    for scenario, value in zip(pair, one.values, strict=True):
        there = end if drawn or value == one.value else value * end / one.value
        if not drawn and there != end:
            low, high = _limits(scenario, one.path, value)
            there = min(max(there, low), high)
        if not math.isfinite(value):
            scenarios.append(None)
            continue
        whole = _whole(scenario, one.path)
        try:
            held = {"doubt.known": [*scenario.model.doubt.known, one.path]} if drawn else {}
            scenarios.append(scenario.with_({one.path: round(there) if whole else there, **held}))
        except ScenarioError:
            return None
    return _Move(one, end, (scenarios[0], scenarios[1]))


def _limits(scenario: Scenario, path: str, value: float) -> tuple[float, float]:
    """Return the smallest and the largest value that the schema allows; next to a limit that is itself not allowed."""
    shape = along(root(type(scenario.model)), tuple(path.split(".")))
    limits: dict[str, Any] = {}
    for one in shape.field.metadata if shape is not None and shape.field is not None else ():
        limits |= {name: getattr(one, name) for name in ("ge", "gt", "le", "lt") if hasattr(one, name)}
    within = {name: end + WITHIN * (value - end) for name, end in limits.items()}
    return (
        limits.get("ge", within.get("gt", -math.inf)),
        limits.get("le", within.get("lt", math.inf)),
    )


def _whole(scenario: Scenario, path: str) -> bool:
    """Tell whether only whole numbers will do."""
    shape = along(root(type(scenario.model)), tuple(path.split(".")))
    return shape is not None and shape.field is not None and shape.field.annotation is int


def _ends(scenario: Scenario, path: str, value: float, draws: Floats | None = None) -> list[float]:
    """Return the ends of the range that the schema allows and that differ from the value."""
    low, high = _limits(scenario, path, value)
    values = [value * factor for factor in FACTORS] if draws is None else np.quantile(draws, QUANTILES).tolist()
    ends = [min(max(end, low), high) for end in values]
    if _whole(scenario, path):
        ends = [float(round(end)) for end in ends]
    return [end for end in ends if not math.isclose(end, value)]


def _bar(one: _One, at: list[tuple[float, float]], middle: float) -> Bar:
    """Return a bar from the ends that could be run; where one could not, it ends at the value itself."""
    low = next(((end, worth) for end, worth in at if end < one.value), (one.value, middle))
    high = next(((end, worth) for end, worth in at if end > one.value), (one.value, middle))
    return Bar(
        path=one.path,
        text=one.text,
        unit=one.unit,
        value=one.value,
        low=low[0],
        high=high[0],
        at_low=low[1],
        at_high=high[1],
    )


def _flip(bars: Sequence[Bar], middle: float, worth: Any) -> Flip | None:
    """Return the assumption that turns the difference round with the smallest relative move, and where."""
    nearest: tuple[float, Bar, float, float] | None = None
    for bar in bars:
        for end, there in ((bar.low, bar.at_low), (bar.high, bar.at_high)):
            if there * middle < 0:
                share = middle / (middle - there) * abs(end - bar.value) / abs(bar.value)
                if nearest is None or share < nearest[0]:
                    nearest = (share, bar, end, there)
    if nearest is None:
        return None
    _, bar, far, _ = nearest
    near = bar.value
    for _ in range(HALVINGS):
        between = (near + far) / 2.0
        there = worth(bar.path, between)
        if not math.isfinite(there):
            break
        if there * middle > 0:
            near = between
        else:
            far = between
    return Flip(bar.path, bar.text, bar.unit, bar.value, (near + far) / 2.0)
