"""Timing that a busy machine disturbs little: interleaved repetitions, medians, fresh processes."""

import contextlib
import math
import os
import platform
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any

import flywheel_sim

__all__ = ["Fresh", "fresh", "interleaved", "machine", "slope"]


def interleaved(
    jobs: Mapping[str, Callable[[], Any]], repetitions: int, clock: Callable[[], float] = time.perf_counter
) -> dict[str, float]:
    """Median seconds of every job, done in turn, so that a slow minute hits all of them.

    Parameters
    ----------
    jobs : mapping of name to callable
        What to time.  A callable that returns a float is taken at its word: it timed a part of itself.
    repetitions : int
        How often each is done.
    clock : callable
        ``time.perf_counter`` for what uses several cores, ``time.process_time`` for what uses one.

    Examples
    --------
    >>> sorted(interleaved({"a": lambda: None, "b": lambda: 2.5}, 3).items())[1]
    ('b', 2.5)
    """
    took: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(repetitions):
        for name, job in jobs.items():
            before = clock()
            said = job()
            took[name].append(said if isinstance(said, float) else clock() - before)
    return {name: median(seconds) for name, seconds in took.items()}


def slope(sizes: Sequence[int], costs: Sequence[float]) -> float:
    """Exponent of growth: slope of log(cost) over log(size), least squares.

    Examples
    --------
    >>> slope([10, 100, 1000], [2.0, 20.0, 200.0])
    1.0
    """
    import numpy as np

    return round(float(np.polyfit(np.log(sizes), np.log(costs), 1)[0]), 12)


@dataclass(frozen=True)
class Fresh:
    """What a fresh process took.

    Attributes
    ----------
    wall, cpu : float
        Seconds on the clock, and of all cores together (NaN where the system does not say).
    spoke : float
        Seconds until its first word on stderr; NaN if it said nothing.
    out : str
        What it printed.
    said : tuple of (float, str)
        Lines on stderr, and after how many seconds each came.
    peak : float
        Most bytes of memory it ever held (NaN where the system does not say).
    """

    wall: float
    cpu: float
    spoke: float
    out: str
    said: tuple[tuple[float, str], ...] = ()
    peak: float = math.nan


def fresh(
    words: Sequence[str],
    environment: Mapping[str, str] | None = None,
    hear: Callable[[str], None] | None = None,
    begun: Callable[[int], None] | None = None,
) -> Fresh:
    """Run this Python with ``words`` as arguments in a fresh process.

    Parameters
    ----------
    words : sequence of str
    environment : mapping, optional
        Set beside what is set here.
    hear : callable, optional
        Told every line on stderr as it comes.
    begun : callable, optional
        Told the number of the process when it has started.

    Raises
    ------
    RuntimeError
        If it fails; the message ends with what it said.
    KeyboardInterrupt
        After Ctrl-C, once it has been ended with all that it has started.

    Examples
    --------
    >>> fresh(["-c", "print(6 * 7)"]).out
    '42\\n'
    """
    root = str(Path(flywheel_sim.__file__).parents[1])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    settings = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **(environment or {})}
    said: list[tuple[float, str]] = []
    before = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *words], env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        errors = process.stderr

        def listen() -> None:
            for line in errors:
                said.append((time.perf_counter() - before, line))
                if hear:
                    hear(line.rstrip())

        listener = threading.Thread(target=listen)
        listener.start()
        try:
            if begun:
                begun(process.pid)
            out = process.stdout.read()
            cpu, peak = _end(process)
        except BaseException:
            _kill(process)
            raise
        finally:
            listener.join()  # it may hear the last word a moment after the process has ended
        wall = time.perf_counter() - before
    if process.returncode != 0:
        raise RuntimeError("a fresh process failed: " + "".join(line for _, line in said)[-2000:])
    return Fresh(wall, cpu, said[0][0] if said else math.nan, out, tuple(said), peak)


def _kill(process: "subprocess.Popen[str]") -> None:
    """End a process that nobody waits for any more, and those that it has started."""
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # in a session of its own, it leads a group


def _end(process: "subprocess.Popen[str]") -> tuple[float, float]:
    """Wait for a process; its processor seconds and the most memory it held, where the system tells."""
    if sys.platform == "win32":
        process.wait()
        return math.nan, math.nan
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return used.ru_utime + used.ru_stime, used.ru_maxrss * (1.0 if sys.platform == "darwin" else 1024.0)


def machine() -> dict[str, Any]:
    """What this machine is: processor, cores, memory, system and the versions that matter for speed."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "processor": _processor(),
        "cores": cores,
        "memory_gb": _memory(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: _version(name) for name in ("numpy", "numba", "llvmlite")},
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    name = platform.processor() or "unknown"
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model n")]
        name = names[0] if names else name
    return f"{name} ({import_module('llvmlite.binding').get_host_cpu_name()})"


def _memory() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
    except (AttributeError, OSError, ValueError):
        return None
