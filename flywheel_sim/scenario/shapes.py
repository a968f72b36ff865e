"""What may stand where in a scenario, read off the pydantic blocks.

A `Shape` is what one dotted path may hold.  Error messages, suggestions, dotted-path edits, the commented template and
units in a diff all ask the same question here: what is expected at this path?
"""

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types as limits
from pydantic import BaseModel
from pydantic.fields import FieldInfo

__all__ = ["NAME", "Shape", "along", "declared", "every_path", "root"]

#: Stands for any name in the paths that `every_path` lists.
NAME = "<name>"


@dataclass(frozen=True, slots=True)
class Shape:
    """What a path may hold.

    Parameters
    ----------
    kinds : tuple of str
        Plain words for the scalars allowed, with limits: ``("a number between 0 and 1",)``.
    block : type or None
        The block, when a block is expected.
    entries : Shape or None
        What each named entry is, when a mapping of names is expected.
    items : Shape or None
        What each item is, when a list is expected.
    choices : tuple of str
        The words allowed, when it is a choice.
    nullable, anything : bool
    metadata : tuple
        The limits of a number, as annotated types.
    field : FieldInfo or None
        The declaration, with unit and description.
    """

    kinds: tuple[str, ...] = ()
    block: type[BaseModel] | None = None
    entries: "Shape | None" = None
    items: "Shape | None" = None
    choices: tuple[str, ...] = ()
    nullable: bool = False
    anything: bool = False
    metadata: tuple[Any, ...] = ()
    field: FieldInfo | None = None

    @property
    def unit(self) -> str:
        """Unit of the number, ``""`` when it has none."""
        return str(self.extra.get("unit", ""))

    @property
    def text(self) -> str:
        """What it means, in the model's words; ``""`` when it is not declared."""
        return (self.field.description or "") if self.field is not None else ""

    @property
    def label(self) -> str:
        """What strategists read for it; ``""`` when its meaning is plain already."""
        return str(self.extra.get("label", ""))

    @property
    def extra(self) -> Mapping[str, Any]:
        """Unit, evidence, source and advanced, as declared by ``param``."""
        declared = self.field.json_schema_extra if self.field is not None else None
        return declared if isinstance(declared, dict) else {}

    @property
    def names(self) -> tuple[str, ...]:
        """Names a file may write inside this block, in order of declaration."""
        return tuple(_fields(self.block)) if self.block is not None else ()

    @property
    def bare(self) -> bool:
        """Whether a bare word may stand for this block's ``kind``."""
        return self.block is not None and "kind" in _fields(self.block)

    def child(self, name: str) -> "Shape | None":
        """Return the shape of what is called ``name`` in here, ``None`` when there is no such thing."""
        if self.anything:
            return self
        if self.block is not None:
            return _fields(self.block).get(name)
        if self.entries is not None:
            return self.entries
        return self.items if name.isdigit() else None

    def expected(self) -> str:
        """Return what is expected here, in words."""
        parts = [*self.kinds]
        if self.choices:
            words = [f"'{word}'" for word in self.choices]
            parts.append(" or ".join(words) if len(words) < 3 else "one of " + ", ".join(words))
        if self.block is not None:
            parts.append("a mapping of settings")
        if self.entries is not None:
            parts.append("a mapping from names to " + self.entries.plural())
        if self.items is not None:
            parts.append("a list of " + self.items.plural())
        text = " or ".join(parts) or "another value"
        unit = self.unit
        return f"{text} ({unit})" if unit and self.kinds and unit not in text else text

    def plural(self) -> str:
        """Return several of these, in words."""
        if self.block is not None:
            return "settings"
        first = (self.kinds or ("value",))[0]
        if "whole" in first:
            return "whole numbers"
        return first.removeprefix("a ").split(" ")[0] + "s"

    def harmless(self) -> Any:
        """Return some value that may stand here."""
        if self.choices:
            return self.choices[0]
        if self.block is not None or self.items is not None:
            return {} if self.block is not None else []
        if self.entries is not None:
            return {}
        return {"text": "?", "true or false": False}.get((self.kinds or ("",))[0], 1)


def root(model: type[BaseModel]) -> Shape:
    """Return the shape of a whole file for ``model``."""
    return Shape(block=model)


def along(shape: Shape, path: tuple[str, ...]) -> Shape | None:
    """Return the shape at the end of ``path``; ``None`` when there can be no such path."""
    here: Shape | None = shape
    for name in path:
        if here is None:
            return None
        here = here.child(name)
    return here


@lru_cache(maxsize=64)
def every_path(model: type[BaseModel]) -> tuple[tuple[str, ...], ...]:
    """Return every path a file for ``model`` can have, names of entries written ``<name>``."""
    return tuple(_walk(root(model), (), 0))


def declared(model: type[BaseModel], key: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield what fields declare under ``key``, by their paths, in which any name is written ``*``."""
    for path in every_path(model):
        shape = along(root(model), path)
        if shape is not None and key in shape.extra:
            yield tuple("*" if part == NAME else part for part in path), shape.extra[key]


def _walk(shape: Shape, path: tuple[str, ...], depth: int) -> Iterator[tuple[str, ...]]:
    if depth > 8:
        return
    if path:
        yield path
    for name in shape.names:
        below = shape.child(name)
        if below is not None:
            yield from _walk(below, (*path, name), depth + 1)
    if shape.entries is not None:
        yield from _walk(shape.entries, (*path, NAME), depth + 1)


@lru_cache(maxsize=256)
def _fields(block: type[BaseModel]) -> dict[str, Shape]:
    return {
        info.alias or name: _shape(info.annotation, tuple(info.metadata), info)
        for name, info in block.model_fields.items()
    }


def _shape(annotation: Any, metadata: tuple[Any, ...] = (), info: FieldInfo | None = None) -> Shape:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        inner = (
            limit for part in arguments[1:] for limit in (part.metadata if isinstance(part, FieldInfo) else (part,))
        )
        return _shape(arguments[0], (*metadata, *inner), info)
    if origin is Union or origin is types.UnionType:
        parts = [_shape(part, metadata, info) for part in arguments if part is not type(None)]
        return Shape(
            kinds=tuple(kind for part in parts for kind in part.kinds),
            block=next((part.block for part in parts if part.block), None),
            entries=next((part.entries for part in parts if part.entries), None),
            items=next((part.items for part in parts if part.items), None),
            choices=tuple(word for part in parts for word in part.choices),
            nullable=type(None) in arguments,
            anything=any(part.anything for part in parts),
            metadata=next((part.metadata for part in parts if part.metadata), ()),
            field=info,
        )
    if origin is Literal:
        words = tuple(word for word in arguments if isinstance(word, str))
        others = tuple(str(word) for word in arguments if not isinstance(word, str | None))
        return Shape(kinds=others, choices=words, nullable=None in arguments, field=info)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return Shape(block=annotation, field=info)
    if origin is not None and issubclass(origin, Mapping):
        return Shape(entries=_shape(arguments[1]), field=info)
    if origin in (list, tuple, set, frozenset):
        return Shape(items=_shape(arguments[0]), field=info)
    names: dict[Any, str] = {float: "a number", int: "a whole number", str: "text", bool: "true or false"}
    if annotation in names:
        return Shape(kinds=(names[annotation] + _limits(metadata, annotation),), metadata=metadata, field=info)
    return Shape(anything=True, field=info)


def _limits(metadata: tuple[Any, ...], annotation: Any) -> str:
    """Return `` between 0 and 1``, `` of at least 0``, `` above 0`` and their like."""
    if annotation not in (int, float):
        return ""
    low: tuple[float, bool] | None = None
    high: tuple[float, bool] | None = None
    for limit in metadata:
        if isinstance(limit, limits.Ge | limits.Gt):
            low = (limit.ge, True) if isinstance(limit, limits.Ge) else (limit.gt, False)  # type: ignore[assignment]
        elif isinstance(limit, limits.Le | limits.Lt):
            high = (limit.le, True) if isinstance(limit, limits.Le) else (limit.lt, False)  # type: ignore[assignment]
    low, high = (None if end is None else (_plainly(end[0]), end[1]) for end in (low, high))
    if low and high and low[1] and high[1]:
        return f" between {low[0]} and {high[0]}"
    above = f"{'at least' if low[1] else 'above'} {low[0]}" if low else ""
    below = f"{'at most' if high[1] else 'below'} {high[0]}" if high else ""
    both = " and ".join(part for part in (above, below) if part)
    return f" of {both}" if both.startswith("at") else f" {both}" if both else ""


def _plainly(limit: float) -> float:
    """Return a limit as people write it: 1000000000, not 1000000000.0."""
    return int(limit) if float(limit).is_integer() and abs(limit) < 1e16 else limit
