"""The engine's first hour: compiled once after an install, by two processes where there are two cores.

numba holds Python's lock while it compiles, so threads would not help.  A second process compiles what customers do
(:func:`~flywheel_sim.engine.customers.customers_block`) and then what week 0 needs; this one meanwhile the company's
week.  They meet in the cache folder: what is not there when it is needed, because the other process failed or has not
come so far, is compiled here, as everything is where nothing is kept or there is one core.
"""

import gc
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numba

from flywheel_sim.engine.compile_memo import answers_kept
from flywheel_sim.engine.customers import customers_block
from flywheel_sim.engine.interruptible import aside
from flywheel_sim.engine.jit import cache_dir
from flywheel_sim.engine.lowering import Program
from flywheel_sim.engine.state import State
from flywheel_sim.engine.tick import advance

__all__ = ["help_out", "prepare"]

_typeof: Any = numba.typeof
_advance: Any = advance
_customers: Any = customers_block
_lock = threading.Lock()
_done = _helping = False
_second: list["subprocess.Popen[str]"] = []


def prepare(program: Program, state: State, look: Callable[[], None] = lambda: None) -> None:
    """Have the engine's week loaded or compiled; the arrays of any batch say of which types its arguments are.

    A compiler is deaf as well, so it works aside.  Who stops waiting, by Ctrl-C or by what ``look`` raises, takes the
    second process away; what this process is at is done when somebody asks again.
    """
    if _done:
        return
    try:
        aside(look, _ready, program, state)
    except BaseException:
        for helper in _second:
            helper.terminate()
        raise


def _ready(program: Program, state: State) -> None:
    """Load or compile, once."""
    global _done
    with _lock, _no_collection(), answers_kept():
        if _done:
            return
        kinds = tuple(map(_typeof, (program.tables, state)))
        if _helping:
            _customers.compile((_typeof(program.par[0]), *kinds, *[numba.intp] * 3))
            print("customers", flush=True)
        else:
            week = (_typeof(program.par), kinds[0], _typeof(program.calendar), kinds[1], *[numba.intp] * 7)
            helper = _helper() if _worth_it() else None
            _second[:] = [helper] if helper is not None else []
            if helper is None:
                _advance.compile(week)
            else:
                _compile_with(helper, week)
        _second.clear()
        _done = True


def _compile_with(helper: "subprocess.Popen[str]", week: tuple[Any, ...]) -> None:
    """Compile the week, and wait for the customers where they are needed."""
    compile_here = _customers.compile
    waited: list[str] = []

    def once_it_is_there(signature: Any) -> Any:
        if not waited and helper.stdout is not None:
            waited.append(helper.stdout.readline())  # its word, or nothing when it has ended without
        return compile_here(signature)

    _customers.compile = once_it_is_there
    try:
        with helper:
            try:
                _advance.compile(week)
            except BaseException:
                helper.terminate()
                raise
    finally:
        del _customers.compile


@contextmanager
def _no_collection() -> Iterator[None]:
    """A compiler makes millions of objects and few cycles: the search for cycles would take a good part of its time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _worth_it() -> bool:
    """Whether a second process helps: there is a folder to meet in, the engine is not in it, and a core is free."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if cache_dir() is None or cores < 2 or not sys.executable:
        return False
    return not any(Path(_advance.stats.cache_path).glob("tick.advance-*.nbc"))


def _helper() -> "subprocess.Popen[str] | None":
    """Start a second process that compiles the customers and week 0."""
    paths = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    try:
        return subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import help_out; help_out()"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
    except OSError:
        return None


def help_out() -> None:
    """Compile the customers, say so, and compile what week 0 needs: the work of the second process."""
    global _helping
    from flywheel_sim.engine.run import Simulation
    from flywheel_sim.scenario import load

    _helping = True
    small = {"horizon_weeks": 1, "market.accounts": 64, "market.initial_customers": 8}
    with _no_collection(), answers_kept():
        Simulation([load("b2b-saas").with_(small).model], [(0, 1, 0)])
