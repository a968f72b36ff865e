"""The engine's version: a hash of the sources that decide what a run computes."""

import hashlib
from functools import cache
from pathlib import Path

__all__ = ["engine_hash"]


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
    sources = [*(package / "engine").rglob("*.py"), *(package / "scenario" / "blocks").rglob("*.py"), *schema]
    digest = hashlib.sha256()
    for path in sorted(sources, key=lambda path: path.relative_to(package).as_posix()):
        digest.update(path.relative_to(package).as_posix().encode() + b"\0")
        digest.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()[:16]
