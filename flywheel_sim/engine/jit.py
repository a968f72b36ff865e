"""Every numba option of the engine, and the place where compiled code is kept.

Five decorators say how a function is compiled: :func:`kernel` for the few that Python calls (kept on disk, releases the
GIL), :func:`separate` for what kernels call but a second process may compile (kept, too), :func:`inlined` for the small
laws of customers (inlined by LLVM, never called from Python, not kept), :func:`step` for the serial steps of a week
(called, not inlined) and :func:`spliced` for the lists of steps that a week is made of.  No fastmath anywhere: it
changes bits and measured no faster.

numba does not notice edits in functions called from another file, so the cache folder carries the hash of the engine's
code, the numba version and the Python version.  ``FLYWHEEL_CACHE`` moves the folder; ``FLYWHEEL_CACHE=off`` turns
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
import numpy as np

from flywheel_sim.engine.cache_root import cache_root
from flywheel_sim.engine.deferred_codegen import DeferredCodegen
from flywheel_sim.engine.fingerprint import engine_hash

__all__ = ["cache_dir", "f32", "f64", "i16", "i64", "inlined", "kernel", "separate", "spliced", "step", "u8"]

F = TypeVar("F", bound=Callable[..., Any])

# numpy scalar types as kernels use them; untyped, because type checkers do not know that a kernel's scalars are numba's
f32: Any = np.float32
f64: Any = np.float64
i16: Any = np.int16
i64: Any = np.int64
u8: Any = np.uint8

_njit: Any = numba.njit
_unliteral: Any = numba.types.unliteral
_KEPT = 4
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "boundscheck": False}
_INNER: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True} | _OPTIONS
_LINKED: dict[str, Any] = {"pipeline_class": DeferredCodegen} | _INNER


@cache
def cache_dir() -> Path | None:
    """Folder for compiled code, or None when caching is off or no folder can be written."""
    try:
        root = cache_root()
        if root is None:
            return None
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


def _kept(function: Callable[..., Any], options: dict[str, Any]) -> Any:
    """Compile, and keep what was compiled where a folder can be written."""
    folder = cache_dir()
    if folder is None:
        return _njit(**options)(function)
    config: Any = numba.config
    before = config.CACHE_DIR
    config.CACHE_DIR = str(folder)
    try:
        return _njit(cache=True, **options)(function)
    finally:
        config.CACHE_DIR = before


def _plain(dispatcher: Any) -> Any:
    """Compile once for all constants: numba would take ``f(x, 1)`` and ``f(x, 2)`` for calls with two types."""
    template = dispatcher.get_call_template

    def get_call_template(args: Any, kws: Any) -> Any:
        kinds = {name: _unliteral(kind) for name, kind in kws.items()}
        return template(tuple(map(_unliteral, args)), kinds)

    dispatcher.get_call_template = get_call_template
    return dispatcher


def kernel(function: F) -> F:
    """Compile a function that Python calls: arrays in, arrays out, GIL released, kept on disk."""
    return _kept(function, _OPTIONS)  # type: ignore[no-any-return]


def separate(function: Callable[..., Any]) -> Any:
    """Compile a large share of a kernel apart from it, kept on disk, so that another process can do it."""
    return _plain(_kept(function, _INNER))


def inlined(function: Callable[..., Any]) -> Any:
    """Compile a small function for use inside kernels, inlined; Python cannot call it."""
    return _plain(_njit(forceinline=True, **_LINKED)(function))


def step(function: Callable[..., Any]) -> Any:
    """Compile a serial step of a week for use inside kernels: called, not inlined, to keep compilation short."""
    return _plain(_njit(**_LINKED)(function))


def spliced(function: Callable[..., Any]) -> Any:
    """Compile a list of steps as if it stood where it is called, in one place only: LLVM then sees the steps once."""
    return _njit(inline="always", **_INNER)(function)
