"""Every numba option of the engine, and the place where compiled code is kept.

Three decorators: :func:`kernel` for the few functions Python calls (cached on disk, releases the GIL), :func:`law` for
the small functions of customers (inlined by LLVM, never called from Python, not cached) and :func:`part` for the serial
steps of a week (called, not inlined).  No fastmath anywhere: it changes bits and measured no faster.

numba does not notice edits in functions called from another file, so the cache folder carries the hash of all engine
sources, the numba version and the Python version.  ``FLYWHEEL_CACHE`` moves the folder; ``FLYWHEEL_CACHE=off`` turns
caching off.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba

from flywheel_sim.engine.fingerprint import engine_hash

__all__ = ["cache_dir", "kernel", "law", "part"]

F = TypeVar("F", bound=Callable[..., Any])
_KEPT = 4
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "boundscheck": False}


def _root() -> Path:
    if os.environ.get("FLYWHEEL_CACHE"):
        return Path(os.environ["FLYWHEEL_CACHE"])
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home() / "AppData" / "Local"))) / "flywheel_sim"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "flywheel_sim"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "flywheel_sim"


@cache
def cache_dir() -> Path | None:
    """Folder for compiled code, or None when caching is off or no folder can be written."""
    if os.environ.get("FLYWHEEL_CACHE", "").lower() in ("off", "0", "no"):
        return None
    try:
        root = _root()
        name = f"{engine_hash()}-numba{numba.__version__}-py{sys.version_info[0]}{sys.version_info[1]}"
        folder = root / name
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        os.utime(folder)
        others = [p for p in root.iterdir() if p.is_dir() and "-numba" in p.name and p.name != name]
        for old in sorted(others, key=lambda p: p.stat().st_mtime, reverse=True)[_KEPT - 1 :]:
            shutil.rmtree(old, ignore_errors=True)
        return folder
    except (OSError, RuntimeError):
        return None


def kernel(function: F) -> F:
    """Compile a function that Python calls: arrays in, arrays out, GIL released, kept on disk."""
    folder = cache_dir()
    if folder is None:
        return numba.njit(**_OPTIONS)(function)  # type: ignore[no-any-return]
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(folder)
    try:
        return numba.njit(cache=True, **_OPTIONS)(function)  # type: ignore[no-any-return]
    finally:
        numba.config.CACHE_DIR = before


def law(function: F) -> F:
    """Compile a small function for use inside kernels; Python reaches the original as ``law.py_func``."""
    return numba.njit(forceinline=True, no_cpython_wrapper=True, no_cfunc_wrapper=True, **_OPTIONS)(function)  # type: ignore[no-any-return]


def part(function: F) -> F:
    """Compile a serial part of a tick for use inside kernels: called, not inlined, to keep compilation short."""
    return numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, **_OPTIONS)(function)  # type: ignore[no-any-return]
