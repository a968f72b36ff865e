"""Compare scenarios over worlds: which worlds, in which order they are run, and what the first of them say."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.execute.runs import Runs
from flywheel_sim.results import Outcomes, Run
from flywheel_sim.scenario import Scenario, ScenarioError
from flywheel_sim.study.worlds.answering import again, answered
from flywheel_sim.study.worlds.drawing import WorldDrawing, drawing, usual_drawing

__all__ = ["EARLY", "drawn_for", "once_more", "one_of", "over_worlds", "values_of"]

Floats = NDArray[np.float64]
Some = TypeVar("Some", bound=Outcomes)

#: Worlds that answer first.
EARLY = 24


def one_of(**given: Any) -> None:
    """Refuse two arguments that both say what is run.

    Raises
    ------
    ScenarioError
    """
    names = [name for name, value in given.items() if value is not None and value is not False]
    if len(names) > 1:
        raise ScenarioError.single(f"{names[0]} and {names[1]} both say what is run; give one of them", field=names[0])


def drawn_for(
    scenarios: Sequence[Scenario], worlds: int | None, worlds_from: Any, as_assumed: bool, least: int | None
) -> tuple[WorldDrawing | None, str]:
    """Return what runs draw, and why it is no worlds where nobody said so; arguments as of `compare`.

    Parameters
    ----------
    least : int, optional
        So many worlds are needed, where there are any.
    """
    if worlds is not None:
        return drawing(scenarios, worlds_from, least=least or 1), ""
    return (None, "") if as_assumed else usual_drawing(scenarios, worlds_from, least=least or 1)


def over_worlds(
    how: Runs,
    scenarios: Sequence[Scenario],
    drawn: WorldDrawing,
    judge: Callable[[list[list[Run]]], Some],
    early: Callable[[Some], None] | None = None,
) -> Some:
    """Run scenarios over worlds, and judge them; of several, some worlds are run under other luck as well.

    Parameters
    ----------
    how : Runs
        Its replicates are the worlds.
    scenarios : sequence of Scenario
    drawn : WorldDrawing
    judge : callable
        Makes a comparison of runs, by scenario and world.
    early : callable, optional
        Takes the answer over the first 24 worlds, before the others are run.
    """
    count, repeats = how.replicates, again(how.replicates) if len(scenarios) > 1 else 0
    total = count + repeats
    weeks, done = scenarios[0].model.horizon_weeks * len(scenarios), 0

    def more(first: int, replicates: int) -> list[list[Run]]:
        nonlocal done
        before, tell = done * weeks, how.progress
        done += replicates
        report = None if tell is None else lambda now, of: tell(min(before + now, weeks * total), weeks * total)
        return how.of(scenarios, first=first, replicates=replicates, teams=True, progress=report)

    runs: list[list[Run]] = [[] for _ in scenarios]
    twice = np.empty((len(scenarios), 0))
    if early is not None and count > EARLY:
        _add(runs, more(0, EARLY))
        # numbers beyond those of the worlds have other luck, and come round to the first world
        twice = values_of(more(drawn.rows, again(EARLY)))
        early(answered(judge(runs), drawn, twice, whole=False))
    _add(runs, more(len(runs[0]), count - len(runs[0])))
    if left := repeats - twice.shape[1]:
        twice = np.concatenate((twice, values_of(more(drawn.rows + twice.shape[1], left))), axis=1)
    return answered(judge(runs), drawn, twice)


def once_more(comparison: Some, how: Runs, scenarios: Sequence[Scenario], drawn: WorldDrawing) -> Some:
    """Run the first worlds of a comparison under other luck as well, and judge all of them."""
    more = how.of(scenarios, first=drawn.rows, replicates=again(comparison.replicates), progress=lambda done, of: None)
    return answered(comparison, drawn, values_of(more))


def values_of(runs: Sequence[Sequence[Run]]) -> Floats:
    """Return net present values, shape (scenarios, runs)."""
    return np.array([[run.summary["npv"] for run in row] for row in runs])


def _add(runs: list[list[Run]], more: list[list[Run]]) -> None:
    for row, added in zip(runs, more, strict=True):
        row += added
