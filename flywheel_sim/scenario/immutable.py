"""Mappings and lists that refuse to be changed, so that a scenario stays what its hash says."""

from collections.abc import Mapping
from functools import cache
from typing import Any, NoReturn

from pydantic import BaseModel

__all__ = ["Entries", "Items", "freeze", "replaced"]


def _refuse(self: object, *args: Any, **kwargs: Any) -> NoReturn:
    raise TypeError("a scenario cannot be changed; use with_({path: value}) to make another")


class Entries(dict[str, Any]):
    """A dict to read from."""

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return Entries, (dict(self),)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Entries":
        return self


class Items(list[Any]):
    """A list to read from."""

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        return Items, (list(self),)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Items":
        return self


def freeze(value: Any) -> Any:
    """Make a freshly validated model read-only all the way down, and return it.

    Examples
    --------
    >>> freeze({"a": [1, 2]})["a"].append(3)
    Traceback (most recent call last):
    ...
    TypeError: a scenario cannot be changed; use with_({path: value}) to make another
    """
    if isinstance(value, BaseModel):
        fields = value.__dict__
        for name, entry in fields.items():
            if isinstance(entry, BaseModel | dict | list):
                fields[name] = freeze(entry)
        return value
    if isinstance(value, dict):
        return value if isinstance(value, Entries) else Entries({name: freeze(entry) for name, entry in value.items()})
    if isinstance(value, list):
        return value if isinstance(value, Items) else Items([freeze(item) for item in value])
    return value


def replaced(model: Any, values: Mapping[str, float | str]) -> Any:
    """Return a frozen model with other numbers in place of numbers, and words of words, sharing the other blocks.

    Parameters
    ----------
    model : BaseModel
    values : mapping
        Dotted path, by the names of a file -> number, word or switch; taken without a check.

    Raises
    ------
    KeyError
        Where the model has nothing of the kind at a path.
    """
    tree: dict[str, Any] = {}
    for path, value in values.items():
        *above, last = path.split(".")
        inside = tree
        for name in above:
            inside = inside.setdefault(name, {})
        inside[last] = value
    return _replaced(model, tree)


def _replaced(old: Any, tree: Any) -> Any:
    if not isinstance(tree, dict):
        if (isinstance(tree, str) and isinstance(old, str)) or (isinstance(tree, bool) and isinstance(old, bool)):
            return tree
        if isinstance(old, bool) or not isinstance(old, int | float) or isinstance(tree, str | bool):
            kind = "a word" if isinstance(tree, str) else "a switch" if isinstance(tree, bool) else "a number"
            raise KeyError(f"expected {kind} to replace, got {old!r}")
        return int(tree) if isinstance(old, int) else float(tree)
    if isinstance(old, BaseModel):
        names = _by_alias(type(old))
        return old.model_copy(
            update={names[name]: _replaced(getattr(old, names[name]), below) for name, below in tree.items()}
        )
    return Entries({**old, **{name: _replaced(old[name], below) for name, below in tree.items()}})


@cache
def _by_alias(block: type[BaseModel]) -> dict[str, str]:
    return {info.alias or name: name for name, info in block.model_fields.items()}
