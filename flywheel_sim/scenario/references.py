"""What in a scenario does not fit the rest of it: names that do not exist, and values that contradict each other.

Each block says so of itself, in ``references``; here is what they share, and the walk over all of them.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, get_args

from flywheel_sim.scenario.fields import Block, Problem

__all__ = ["NOTHING", "Problem", "all_problems", "bad_weights", "nowhere", "unknown", "unknown_axes"]

#: Below this a component of a vector is 0.
NOTHING = 1e-9


def nowhere(vector: Mapping[str, float]) -> bool:
    """Return whether a vector has no component that is not 0."""
    return all(abs(x) < NOTHING for x in vector.values())


def unknown(at: str, used: Iterable[str], known: Iterable[str], what: str) -> Iterator[Problem]:
    """Yield the names that are used and not known, all at one path.

    Examples
    --------
    >>> list(unknown("ideas.owner", ["sale"], ["sales", "service"], "team"))
    [('ideas.owner', "unknown team 'sale'", ('sales', 'service'))]
    """
    for name in used:
        if name not in known:
            yield at, f"unknown {what} {name!r}", tuple(known)


def unknown_axes(at: str, vector: Mapping[str, float], model: Any) -> Iterator[Problem]:
    """Yield the components of a vector along axes that the scenario does not have."""
    for axis in vector:
        yield from unknown(f"{at}.{axis}", [axis], model.axes, "axis")


def bad_weights(
    at: str, weights: Mapping[str, float], known: Iterable[str], what: str, most: float = 1e9
) -> Iterator[Problem]:
    """Yield unknown names, and weights that are negative or above ``most``."""
    for name, x in weights.items():
        yield from unknown(f"{at}.{name}", [name], known, what)
        if not 0 <= x <= most:
            expected = "a share between 0 and 1" if most == 1 else "a weight that is not negative"
            yield f"{at}.{name}", f"expected {expected}, got {x}", ()


@cache
def _with_blocks(block: type[Block]) -> tuple[str, ...]:
    """Return the fields of a block that are blocks, or mappings of blocks."""
    return tuple(
        name
        for name, field in block.model_fields.items()
        if any(isinstance(x, type) and issubclass(x, Block) for x in (field.annotation, *get_args(field.annotation)))
    )


def all_problems(model: Block) -> Iterator[Problem]:
    """Yield what does not fit in a scenario, block by block in the order of the schema."""
    return _problems(model, "", model)


def _problems(block: Block, at: str, model: Block) -> Iterator[Problem]:
    yield from block.references(at, model)
    for field in _with_blocks(type(block)):
        value, path = getattr(block, field), f"{at}.{field}" if at else field
        for name, part in value.items() if isinstance(value, dict) else [("", value)]:
            yield from _problems(part, f"{path}.{name}" if name else path, model)
