"""How a scenario block declares its numbers.

Every mechanism has one block: a frozen pydantic model whose scalar fields are, one for one, the parameters its kernel
reads.  A field carries its unit, its evidence mark and its source, so that the reference page, the report and the
editor schema are generated from the same line.

How well a number is known is said by its evidence mark, in the words of `EVIDENCE` everywhere.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["EVIDENCE", "MANY", "Block", "Evidence", "Problem", "Role", "Weight", "param"]

#: How well a number is known.
Evidence = Literal["V", "V2", "M", "X", "a"]
#: What an evidence mark means, for readers.
EVIDENCE: dict[str, str] = {
    "V": "source seen",
    "V2": "second-hand source",
    "M": "quoted, not checked",
    "X": "computed",
    "a": "assumption",
}
#: What a setting is: `roles.py` says what each word means.
Role = Literal["company", "decision", "effect", "record"]
#: A component of a vector, or a weight of one thing among others: only ratios matter, so a million is no limit to them.
Weight = Annotated[float, Field(ge=-1e6, le=1e6)]

#: A mistake: dotted path of the value, what was expected, and the names among which to look for a near one.
Problem: TypeAlias = tuple[str, str, tuple[str, ...]]

#: Things of one kind that a scenario may name at most: the engine numbers segments in a byte, and tables of pairs grow
#: with the square.
MANY = 256


class Block(BaseModel):
    """A frozen piece of a scenario that refuses names it does not know."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=False, validate_default=False
    )

    def references(self, at: str, model: Any) -> Iterator[Problem]:
        """Yield what in this block does not fit the rest of the scenario; a block that refers to others overrides this.

        Parameters
        ----------
        at : dotted path of the block.
        model : the scenario, a ``ScenarioModel``.

        Yields
        ------
        tuple
            The dotted path of a value, what was expected, and the valid names among which to look for a near one.
        """
        yield from ()


def param(
    default: Any = ...,
    text: str = "",
    *,
    label: str = "",
    unit: str = "",
    evidence: Evidence = "a",
    source: str = "",
    advanced: bool = False,
    role: Role | None = None,
    acts: str = "",
    **limits: Any,
) -> Any:
    """Declare one number of a block.

    Parameters
    ----------
    default : value, or ``...`` when the scenario must give one.
    text : str
        What the number means, in one sentence a user can read.
    label : str
        The same in the plain words of a strategist, where ``text`` says it in those of the model: what report, app and
        terminal print, and the title in the editor's schema.
    unit : str
        Its unit, e.g. ``"1/week"``, ``"$"``, ``"hours"``, ``"probability"``, ``"share"``.
    evidence, source
        Evidence mark and where the default comes from.
    advanced : bool
        Left out of the template that ``flywheel scenario new`` writes.
    role : str, optional
        What it is: true of the ``company``, a ``decision``, an ``effect`` or a ``record``; else `roles.py` says so.
    acts : str
        Where it acts only if another setting is not neutral, that condition: ``"swing > 0"``; `idle.py` says how it is
        written, and has those of several fields.
    **limits
        pydantic limits: ``ge``, ``gt``, ``le``, ``lt``, ``min_length``, ...

    Examples
    --------
    >>> from flywheel_sim.scenario.fields import Block, param
    >>> class Demo(Block):
    ...     rate: float = param(0.004, "New customers an advocate brings a week.", unit="1/week", ge=0)
    >>> Demo().rate
    0.004
    """
    extra: dict[str, Any] = {"unit": unit, "evidence": evidence, "source": source, "advanced": advanced}
    extra |= {key: value for key, value in (("role", role), ("acts", acts), ("label", label)) if value}
    return Field(default, title=label or None, description=text, json_schema_extra=extra, **limits)
