"""Mappings and lists that refuse to be changed, so that a scenario stays what its hash says."""

from typing import Any, NoReturn

from pydantic import BaseModel

__all__ = ["Entries", "Items", "freeze"]


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
