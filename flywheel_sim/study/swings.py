"""Move one shared assumption at a time, in both scenarios, and see what becomes of their difference.

Every assumption goes to half and to one and a half times its value, as far as the schema lets it; run k has the same
luck everywhere.  When some of them turn the difference round, the one that does so nearest to its value is followed by
halving, to say where.  What the two scenarios do differently is the decision, not an assumption, and stays.

Where runs draw parameters from a table, run k draws its row everywhere, and a bar says what the mean over the draws
becomes.  An assumption that is drawn itself is held at either end of the middle 90 % of its draws while the rest is
drawn: what the difference would be if that much of what is not known were known.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.present.assumptions import key_assumptions
from flywheel_sim.results.naming import differences, labels, leaves
from flywheel_sim.results.swings import Bar, Flip, Swings
from flywheel_sim.scenario import Scenario, ScenarioError
from flywheel_sim.scenario.shapes import along, root

if TYPE_CHECKING:
    from flywheel_sim.present.assumptions import Assumption
    from flywheel_sim.results.drawn import Drawn
    from flywheel_sim.study.compare import Progress, Runner

__all__ = ["FACTORS", "QUANTILES", "swings"]

#: Ends of a range, as multiples of the value; of what is drawn, as quantiles.
FACTORS, QUANTILES = (0.5, 1.5), (0.05, 0.95)
#: Halvings on the way to where the verdict turns.
HALVINGS = 5
#: Scenarios in one call of the runner.
AT_ONCE = 16
#: Sizes that do not scale a company but make another one.
_NOT = ("market.accounts", "market.initial_customers")


def swings(
    baseline: Scenario,
    challenger: Scenario,
    *,
    replicates: int,
    seed: int,
    workers: int | None = None,
    progress: "Progress | None" = None,
    runner: "Runner | None" = None,
    names: Sequence[str] | None = None,
    paths: Sequence[str] | None = None,
    drawn: "Drawn | None" = None,
) -> Swings:
    """Move the key assumptions of two scenarios one at a time.

    Parameters
    ----------
    baseline, challenger : Scenario
    replicates, seed : int
        Run k has the key (seed, k).
    workers, progress, runner
        As in `flywheel_sim.compare`.
    names : (str, str), optional
        What to call the two.
    paths : sequence of str, optional
        Only these of the key assumptions.
    drawn : Drawn, optional
        What the runner draws parameters from.

    Raises
    ------
    ScenarioError
        When the two share no assumption that could be moved.
    """
    if runner is None:
        from flywheel_sim.execute.run import batch

        runner = batch
    said = tuple(names or labels([baseline, challenger]))
    table = dict(drawn.table) if drawn is not None else {}
    shared = [
        (one, float(np.median(table[one.path])) if one.path in table else value)
        for one, value in _shared(baseline, challenger, paths)
    ]
    ends = [(one, value, end) for one, value in shared for end in _ends(baseline, one.path, value, table.get(one.path))]
    pairs = [_moved((baseline, challenger), one.path, end) for one, _, end in ends]
    usable = [k for k, pair in enumerate(pairs) if pair is not None]
    if not usable:
        raise ScenarioError.single(f"{said[0]} and {said[1]} share no key assumption that could be moved")
    wanted = [(baseline, challenger), *(pair for pair in pairs if pair is not None)]
    weeks = baseline.model.horizon_weeks
    total = 2 * len(wanted) * replicates * weeks

    def difference(these: "Sequence[tuple[Scenario, Scenario]]", before: int | None = None) -> list[float]:
        def report(done: int, of: int) -> None:
            if progress and before is not None:
                progress(min(before + done, total), total)

        flat = [scenario for pair in these for scenario in pair]
        rows = runner(
            flat, replicates=replicates, seed=seed, workers=workers, progress=report, accounts=False, teams=False
        )
        worth = [float(np.mean([run.summary["npv"] for run in row])) for row in rows]
        return [after - first for first, after in zip(worth[::2], worth[1::2], strict=True)]

    found: list[float] = []
    for start in range(0, len(wanted), AT_ONCE // 2):
        found += difference(wanted[start : start + AT_ONCE // 2], 2 * start * replicates * weeks)
    middle = found[0]
    at: dict[str, list[tuple[float, float]]] = {}
    for k, worth in zip(usable, found[1:], strict=True):
        at.setdefault(ends[k][0].path, []).append((ends[k][2], worth))
    bars = [_bar(one, value, at[one.path], middle) for one, value in shared if one.path in at]
    bars.sort(key=lambda bar: -bar.width)
    flip = _flip(bars, middle, lambda path, value: _at(path, value, baseline, challenger, difference))
    held = tuple(bar.path for bar in bars if bar.path in table)
    return Swings(said[0], said[1], middle, tuple(bars), flip, FACTORS, replicates, held)


def _shared(baseline: Scenario, challenger: Scenario, paths: Sequence[str] | None) -> "list[tuple[Assumption, float]]":
    """Key assumptions that are numbers other than 0 and the same in both; those of mechanisms that one has count."""
    differ = set(differences([baseline, challenger]))
    flat = dict(leaves(baseline.resolved()))
    found: dict[str, tuple[Assumption, float]] = {}
    for scenario in (baseline, challenger):
        for one in key_assumptions(scenario):
            value = flat.get(one.path)
            allowed = one.path not in _NOT if paths is None else one.path in paths
            if not isinstance(value, int | float) or isinstance(value, bool) or value == 0:
                continue
            if allowed and one.path not in differ:
                found.setdefault(one.path, (one, float(value)))
    return list(found.values())


def _ends(scenario: Scenario, path: str, value: float, draws: NDArray[np.float64] | None = None) -> list[float]:
    """The ends of the range that the schema allows and that differ from the value."""
    shape = along(root(type(scenario.model)), tuple(path.split(".")))
    limits: dict[str, Any] = {}
    for one in shape.field.metadata if shape is not None and shape.field is not None else ():
        limits |= {name: getattr(one, name) for name in ("ge", "gt", "le", "lt") if hasattr(one, name)}
    low, high = limits.get("ge", limits.get("gt", -math.inf)), limits.get("le", limits.get("lt", math.inf))
    wanted = [value * factor for factor in FACTORS] if draws is None else np.quantile(draws, QUANTILES).tolist()
    ends = [min(max(end, low), high) for end in wanted]
    if isinstance(scenario.get(path), int):
        whole = shape is not None and shape.field is not None and shape.field.annotation is int
        ends = [float(round(end)) for end in ends] if whole else ends
    return [end for end in ends if not math.isclose(end, value)]


def _moved(pair: tuple[Scenario, Scenario], path: str, value: float) -> tuple[Scenario, Scenario] | None:
    """Both scenarios with the assumption moved; None where that is no scenario."""
    whole = isinstance(pair[0].get(path), int) and value == int(value)
    try:
        one, other = (scenario.with_({path: int(value) if whole else value}) for scenario in pair)
    except ScenarioError:
        return None
    return one, other


def _bar(one: "Assumption", value: float, at: list[tuple[float, float]], middle: float) -> Bar:
    """A bar from the ends that could be run; where one could not, it ends at the value itself."""
    low = next(((end, worth) for end, worth in at if end < value), (value, middle))
    high = next(((end, worth) for end, worth in at if end > value), (value, middle))
    return Bar(one.path, one.text, one.unit, value, low[0], high[0], low[1], high[1])


def _at(path: str, value: float, baseline: Scenario, challenger: Scenario, difference: Any) -> float:
    pair = _moved((baseline, challenger), path, value)
    return math.nan if pair is None else float(difference([pair])[0])


def _flip(bars: Sequence[Bar], middle: float, worth: Any) -> Flip | None:
    """The assumption that turns the difference round with the smallest relative move, and where."""
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
