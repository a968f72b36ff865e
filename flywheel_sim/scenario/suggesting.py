"""What to write in place of a path that does not exist: only what would itself be accepted."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from flywheel_sim.scenario.editing import look_up, paths_of
from flywheel_sim.scenario.errors import Problem

__all__ = ["with_what_works"]


def with_what_works(
    problem: Problem, model: type[BaseModel], values: Mapping[str, Any], takes: Callable[[str], bool]
) -> Problem:
    """Return the same problem without a suggestion that would be refused in its turn; the paths of that name instead.

    Parameters
    ----------
    problem : Problem
        Of an unknown name.
    model, values
        Of the scenario in which it was to be set: its schema and its resolved values.
    takes : callable
        Whether the value may be set at a path.
    """
    if problem.suggestion and takes(problem.suggestion):
        return problem
    last = (problem.suggestion or problem.field).rpartition(".")[2]
    named = [path for path in paths_of(values) if path.rpartition(".")[2] == last]
    numbers = [path for path in named if not isinstance(look_up(model, values, path), dict)]
    fine = [path for path in numbers if takes(path)]
    if len(fine) == 1:
        return replace(problem, suggestion=fine[0])
    message = problem.message.removesuffix(" here")
    if fine:
        more = f" and {len(fine) - 5} more" if len(fine) > 5 else ""
        message += f" here; there are {', '.join(fine[:5])}{more}"
    elif named and not numbers:
        message += f" here; '{named[0]}' is a block with {', '.join(look_up(model, values, named[0]))}"
    return replace(problem, message=message, suggestion=None)
