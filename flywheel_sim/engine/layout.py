"""The record types the kernels read: derived from the scenario's blocks, never written twice.

A scalar field of a block becomes a field of the same name and place in :data:`PAR` (``market.churn.mean`` in the file
is ``par.market.churn.mean`` in a kernel); choices become their position in the list of choices.  Names, mappings and
vectors become rows of the tables in ``lowering.py``.  The type is the same for every scenario, whatever its size, so
the engine compiles once.
"""

import types
import typing
from functools import cache
from typing import Any, Literal, get_origin

import numpy as np

from flywheel_sim.engine.choices import choice
from flywheel_sim.scenario.fields import Block
from flywheel_sim.scenario.schema import MECHANISMS, ScenarioModel

__all__ = ["PAR", "SIZES", "fill_record", "record_dtype"]


def _leaf(annotation: Any) -> str | np.dtype[Any] | None:
    """numpy type of a scalar annotation, or None for what belongs in a table."""
    if annotation is bool:
        return "u1"
    if annotation is int:
        return "i8"
    if annotation is float:
        return "f8"
    if get_origin(annotation) is Literal:
        return "i8"
    if isinstance(annotation, type) and issubclass(annotation, Block):
        return record_dtype(annotation)
    if get_origin(annotation) in (typing.Union, types.UnionType):
        raise TypeError(f"a parameter may not be a union: {annotation}")
    return None


def record_dtype(block: type[Block]) -> np.dtype[Any]:
    """Record type of a block: its scalar fields, nested blocks as nested records."""
    fields = [(name, _leaf(field.annotation)) for name, field in block.model_fields.items()]
    return np.dtype([(name, kind) for name, kind in fields if kind is not None], align=True)


@cache
def _scalars(block: type[Block]) -> tuple[tuple[str, Any], ...]:
    """Names of what goes into a record of a block, each with the choices it is one of, if any."""
    return tuple(
        (name, field.annotation if get_origin(field.annotation) is Literal else None)
        for name, field in block.model_fields.items()
        if _leaf(field.annotation) is not None
    )


def fill_record(record: Any, block: Block) -> None:
    """Copy the scalars of a block into a record of :func:`record_dtype`."""
    for name, choices in _scalars(type(block)):
        value = getattr(block, name)
        if isinstance(value, Block):
            fill_record(record[name], value)
        else:
            record[name] = value if choices is None else choice(value, choices)


#: How many of each named thing the scenario has, and where its rows start in the tables.
SIZES = np.dtype(
    [
        (name, "i8")
        for name in (
            "epoch", "axes", "teams", "segments", "touchpoints", "links", "bonuses", "readings", "issues",
            "team0", "segment0", "touch0", "link0", "bonus0", "reading0", "trait0", "pulse0", "pulses", "horizon",
            "cell0", "issue0", "event0", "events",
        )
    ],
    align=True,
)  # fmt: skip

#: Everything scalar about one scenario in one stretch of weeks.
PAR = np.dtype(
    [
        (block, record_dtype(typing.cast(type[Block], ScenarioModel.model_fields[block].annotation)))
        for block in MECHANISMS.values()
    ]
    + [("size", SIZES), ("conversion_reference", "f8"), ("contact_richness", "f8"), ("service_depth", "f8")],
    align=True,
)
