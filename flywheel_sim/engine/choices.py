"""What kernels call a choice of the scenario: ``STAGE.service`` for ``stage: service``.

A choice reaches kernels as its position in the list that the schema offers.  The names of the positions are made from
that same list, so neither a new choice nor another order can part what is written from what is compared.
"""

from collections import namedtuple
from typing import Any, get_args

from flywheel_sim.engine.bundle import names
from flywheel_sim.scenario.fields import Block

__all__ = ["choice", "codes"]


def choice(value: Any, annotation: Any) -> int:
    """Return the position of a choice in its list."""
    return get_args(annotation).index(value)


def codes(block: type[Block], field: str) -> Any:
    """Return the choices of a field by name, as constants of compiled code; a hyphen becomes an underscore.

    Examples
    --------
    >>> from flywheel_sim.scenario.blocks.m06_contracts import Contracts
    >>> codes(Contracts, "kind").non_contractual
    2
    """
    offered = [str(value).replace("-", "_") for value in get_args(block.model_fields[field].annotation)]
    return names(namedtuple(f"{block.__name__}_{field}", offered)(*range(len(offered))))  # type: ignore[misc]
