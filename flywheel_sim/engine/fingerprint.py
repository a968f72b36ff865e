"""The engine's version: a hash of the code that decides what a run computes.

Prose is free: what is hashed is the syntax tree, without comments, layout, docstrings and what `param` tells readers,
so that a corrected sentence leaves every saved sweep, every compiled kernel and every measured page valid.  Blocks of a
scenario that no run reads are left out for the same reason.
"""

import ast
import hashlib
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from flywheel_sim.engine.cache_root import cache_root

__all__ = ["code_hash", "engine_hash"]

#: What readers are told of a parameter; the default and the limits decide what a run computes.
_TOLD = ("text", "label", "unit", "evidence", "source", "advanced", "role", "acts")

#: Blocks that say how well a company is known; what is drawn of them stands in the scenarios that are run.
_UNREAD = ("doubt", "frozen", "observed")


def _bare(node: ast.AST) -> ast.AST:
    """Return a node without prose."""
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        node.body = [
            x for x in node.body if not (isinstance(x, ast.Expr) and isinstance(getattr(x.value, "value", None), str))
        ]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "param":
        node.args = node.args[:1]
        node.keywords = [keyword for keyword in node.keywords if keyword.arg not in _TOLD]
    return node


def _written(value: Any) -> str:
    """Write a tree down, alike on every version of Python: fields that are empty are left out."""
    if isinstance(value, list):
        return f"[{','.join(map(_written, value))}]"
    if not isinstance(value, ast.AST):
        return f"{type(value).__name__}:{value!r}"
    fields = ast.iter_fields(_bare(value))
    told = [f"{name}={_written(x)}" for name, x in fields if x is not None and x != [] and name not in ("ctx", "kind")]
    return f"{type(value).__name__}({','.join(told)})"


def code_hash(paths: Iterable[Path], root: Path) -> str:
    """Hash Python sources by what they do, not by how they are worded.

    Parameters
    ----------
    paths : iterable of Path
        The files, in any order.
    root : Path
        A file counts by its place below this folder.

    Returns
    -------
    str
        16 hexadecimal digits; kept in the user's cache under a hash of the files' bytes, since parsing takes longer.
    """
    files = [(name, path.read_bytes()) for name, path in sorted((p.relative_to(root).as_posix(), p) for p in paths)]
    text = hashlib.sha256(repr(files).encode() + Path(__file__).read_bytes()).hexdigest()[:32]
    kept = _kept(text)
    if kept is not None:
        with suppress(OSError):
            digest = kept.read_text("ascii")
            if len(digest) == 16:
                return digest
    trees = hashlib.sha256()
    for name, source in files:
        trees.update(name.encode() + b"\0" + _written(ast.parse(source)).encode() + b"\0")
    digest = trees.hexdigest()[:16]
    if kept is not None:
        with suppress(OSError):
            kept.parent.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile("w", dir=kept.parent, delete=False) as file:
                file.write(digest)
            Path(file.name).replace(kept)
    return digest


def _kept(text: str) -> Path | None:
    """Return where the hash of sources is kept whose bytes have the hash ``text``; parsing them takes .2 s."""
    try:
        root = cache_root()
        return None if root is None else root / "hashes" / f"{text}-py{sys.version_info[0]}{sys.version_info[1]}"
    except RuntimeError:
        return None


@cache
def engine_hash() -> str:
    """Hash of the engine and of the schema its records are made from; two results with different hashes need not agree.

    Examples
    --------
    >>> len(engine_hash())
    16
    """
    package = Path(__file__).parents[1]
    schema = [package / "scenario" / name for name in ("schema.py", "fields.py", "columns.py")]
    blocks = [path for path in (package / "scenario" / "blocks").rglob("*.py") if path.stem not in _UNREAD]
    sources = [*(package / "engine").rglob("*.py"), *blocks, *schema]
    return code_hash(sources, package)
