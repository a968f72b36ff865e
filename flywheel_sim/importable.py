"""Python that is named in a file or on the command line: ``package.module:name``."""

import hashlib
import inspect
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from flywheel_sim.scenario.errors import ScenarioError, nearest

__all__ = ["called", "is_name", "resolve", "source_hash"]


def is_name(text: str) -> bool:
    """Say whether a text has the form of an importable name; whether anything is there is another question.

    Examples
    --------
    >>> is_name("mine.rules:Freeze"), is_name("customers.end"), is_name("a b:c")
    (True, False, False)
    """
    module, colon, name = text.partition(":")
    return bool(colon) and all(part.isidentifier() for part in (*module.split("."), *name.split(".")))


def resolve(text: str, what: str = "") -> Any:
    """Import what a name stands for; modules of the current folder are found as well.

    Parameters
    ----------
    text : str
        ``package.module:name``.
    what : str
        The field that holds it, for messages.

    Raises
    ------
    ScenarioError
        When it is no such name, the module cannot be imported, or has nothing of that name.

    Examples
    --------
    >>> resolve("math:sqrt")(9.0)
    3.0
    >>> resolve("math:sqrd")
    Traceback (most recent call last):
    ...
    flywheel_sim.scenario.errors.ScenarioError: there is no 'sqrd' in the module 'math'; did you mean 'math:sqrt'?
    """
    if not is_name(text):
        raise ScenarioError.single(f"expected a name to import, as in 'package.module:name', got '{text}'", field=what)
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)
    module_name, _, path = text.partition(":")
    try:
        value: Any = import_module(module_name)
    except Exception as error:
        said = (str(error).splitlines() or [""])[0]
        raise ScenarioError.single(
            f"the module '{module_name}' cannot be imported: {type(error).__name__}: {said}", field=what
        ) from error
    for part in path.split("."):
        if not hasattr(value, part):
            near = nearest(part, [name for name in dir(value) if not name.startswith("_")])
            raise ScenarioError.single(
                f"there is no '{part}' in the module '{module_name}'",
                field=what,
                suggestion=f"{module_name}:{near}" if near else None,
            )
        value = getattr(value, part)
    return value


def called(value: Any) -> str:
    """Return the name under which a class or a function can be imported elsewhere; empty where there is none.

    Examples
    --------
    >>> called(Path), called(lambda: 1)
    ('pathlib:Path', '')
    """
    module, name = getattr(value, "__module__", ""), getattr(value, "__qualname__", "")
    text = f"{module}:{name}"
    if module in ("", "__main__") or not is_name(text) or module not in sys.modules:
        return ""
    there: Any = sys.modules[module]
    for part in name.split("."):
        there = getattr(there, part, None)
    return text if there is value else ""


def source_hash(value: Any) -> str:
    """Return the hash of the module that a class or a function is defined in; empty where no file holds it.

    Examples
    --------
    >>> len(source_hash(source_hash)), source_hash(len)
    (16, '')
    """
    try:
        text = inspect.getsource(inspect.getmodule(value))  # type: ignore[arg-type]
    except (OSError, TypeError):
        return ""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
