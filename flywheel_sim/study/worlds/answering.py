"""From runs over worlds to an answer: luck taken out, what to find out first, and where a plan fails."""

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.results import Outcomes
from flywheel_sim.results.world_answer import WorldRuns
from flywheel_sim.results.world_draws import FEWEST_TELLING, WorldDraws
from flywheel_sim.study.worlds.failing import failing
from flywheel_sim.study.worlds.prior import Doubtful
from flywheel_sim.study.worlds.shrinkage import shrink
from flywheel_sim.study.worlds.value_of_information import learn_first

if TYPE_CHECKING:
    from flywheel_sim.study.worlds.drawing import WorldDrawing

__all__ = ["again", "answered", "table_of"]

Floats = NDArray[np.float64]
Some = TypeVar("Some", bound=Outcomes)

#: Worlds that are run once more: one of so many, and at least.
EVERY, FEWEST = 10, 6


def again(worlds: int) -> int:
    """Return how many worlds are run under other luck as well, to tell worlds from luck.

    Examples
    --------
    >>> again(200), again(24), again(4)
    (20, 6, 4)
    """
    return min(worlds, max(FEWEST, worlds // EVERY))


def answered(comparison: Some, drawn: "WorldDrawing", values: Floats | None = None, *, whole: bool = True) -> Some:
    """Return a comparison over worlds with what was learned over them.

    Parameters
    ----------
    comparison : Outcomes
        Run k of every scenario is of world k.
    drawn : WorldDrawing
    values : float64 array, shape (S, m), optional
        Net present values of the first m worlds under other luck; none for one scenario alone.
    whole : bool
        Whether to look for what is worth finding out and where the plan fails, too.
    """
    count, runs = len(comparison.scenarios), comparison.replicates
    values = np.empty((count, 0)) if values is None else values
    differences, more = comparison.differences(), values - values[0]
    world = np.concatenate((np.arange(runs), np.arange(values.shape[1])))
    shrunk = [shrink(np.concatenate((differences[s], more[s])), world) for s in range(1, count)]
    zero = np.zeros(runs)
    answer = WorldRuns(
        company=drawn.worlds.company,
        source=drawn.source,
        digest=drawn.digest,
        seed=drawn.worlds.seed,
        numbers=drawn.worlds.numbers[:runs],
        draws=table_of(comparison, drawn),
        again=values,
        effects=np.array([zero, *(one.effects for one in shrunk)]),
        luck=np.array([0.0, *(one.luck for one in shrunk)]),
        n_eff=np.array([float(runs), *(min(one.n_eff, float(runs)) for one in shrunk)]),
        fitted=bool(drawn.worlds.aims or drawn.worlds.values),
        given=drawn.given,
        notes=drawn.worlds.notes,
    )
    result = replace(comparison, worlds_run=answer)
    if not whole or count == 1:
        return result
    best, worth = result.best, shrunk[result.best - 1].evpi()
    first = (
        learn_first(answer.draws, shrunk[best - 1].means, seed=comparison.seed, whole=worth)
        if runs >= FEWEST_TELLING and worth > 0
        else []
    )
    fails = failing(answer.draws, answer.effects[best], seed=comparison.seed)
    answer = answer.with_findings(evpi=worth, learn_first=tuple(first), fails_where=fails.sentence, region=fails)
    return replace(comparison, worlds_run=answer)


def table_of(outcomes: Outcomes, drawn: "WorldDrawing") -> WorldDraws:
    """Return what is drawn in each world of a comparison, over all its scenarios."""
    columns: dict[str, tuple[Floats, Doubtful]] = {}
    for scenario in outcomes.scenarios:
        numbers, values = drawn.values_of(scenario)
        for k, one in enumerate(numbers):
            columns[one.path] = values[: outcomes.replicates, k], one
    own = [one for _, one in columns.values()]
    return WorldDraws(
        values=np.array([column for column, _ in columns.values()]).reshape(len(columns), outcomes.replicates).T,
        paths=tuple(columns),
        labels=[one.label for one in own],
        groups=[one.group for one in own],
        units=[one.unit for one in own],
        options={one.path: one.law.options for one in own if one.law.options},
    )
