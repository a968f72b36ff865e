"""Where chunks run: the one place that knows threads, processes and Dask; everything else knows an ``Executor``.

Threads are the default: kernels release the GIL, nothing is pickled, and they end with their process.  Processes end
with their parent, however it ends.  An address leads to a Dask scheduler, on this machine, on SLURM or on Kubernetes.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from flywheel_sim.results.saving import ResultError
from flywheel_sim.scenario.arguments import whole_or_none
from flywheel_sim.scenario.errors import nearest, shown

__all__ = ["Place", "place"]

#: Seconds to wait for a scheduler to answer, for its file, and for its first worker.
ANSWER, FIRST_FILE, FIRST_WORKER = 15, 60, 120


@dataclass
class Place:
    """Somewhere chunks run.

    Parameters
    ----------
    executor : Executor
    slots : callable
        How many chunks can run at the same time; asked again now and then, as workers come and go.
    renew : callable, optional
        Another executor, when this one has broken.
    lost : callable
        Why nothing can run there any more, ``""`` while it can.
    local : bool
        Chunks run in this process.
    """

    executor: Executor
    slots: Callable[[], int]
    renew: Callable[[], Executor] | None = None
    lost: Callable[[], str] = lambda: ""
    local: bool = False


@contextlib.contextmanager
def place(on: "str | os.PathLike[str] | Executor | Place | None" = None, workers: int | None = None) -> Iterator[Place]:
    """Open a place for chunks, and close it in the end.

    Parameters
    ----------
    on : str, path, Executor or Place, optional
        ``"threads"`` (default), ``"processes"``, the address of a Dask scheduler (``tcp://host:8786``, ``tls://...``),
        the path of a scheduler file, or any ``concurrent.futures.Executor``, which is left open.
    workers : int, optional
        Threads or processes at most.

    Raises
    ------
    ResultError
        When there is no such place.

    Examples
    --------
    >>> with place("threads", 1) as here:
    ...     here.executor.submit(sum, [1, 2]).result(), here.slots()
    (3, 1)
    """
    from flywheel_sim.execute.run import worker_count

    workers = checked(on, workers)
    if isinstance(on, Place):
        yield on
    elif isinstance(on, Executor):
        yield Place(on, lambda: int(getattr(on, "_max_workers", 0) or os.cpu_count() or 1))
    elif on is None or on == "threads":
        count = worker_count(workers)
        threads = ThreadPoolExecutor(count, "flywheel")
        try:
            yield Place(threads, lambda: count, local=True)
        finally:
            threads.shutdown(wait=True, cancel_futures=True)
    elif on == "processes":
        yield from _processes(worker_count(workers))
    else:
        yield from _dask(str(on))


def checked(on: "str | os.PathLike[str] | Executor | Place | None", workers: int | None) -> int | None:
    """Refuse what is no place to run, or no number of workers, before anything is written; the number of workers.

    Raises
    ------
    ResultError
        When there is no such place.
    ScenarioError
        When the workers are no whole number from 1.

    Examples
    --------
    >>> checked("process", 2)
    Traceback (most recent call last):
    ...
    flywheel_sim.results.saving.ResultError: 'process' is no place to run: ...; did you mean 'processes'?
    """
    count = whole_or_none("workers", workers, 1, 4096)
    if on is None or isinstance(on, Place | Executor) or on in ("threads", "processes"):
        return count
    if isinstance(on, str | os.PathLike) and ("://" in str(on) or _file(Path(on))):
        return count
    near = nearest(str(on), ("threads", "processes"))
    hint = f"; did you mean '{near}'?" if near else ""
    raise ResultError(
        f"{shown(on)} is no place to run: expected threads, processes, the address of a Dask scheduler such as "
        f"tcp://127.0.0.1:8786, or a scheduler file{hint}"
    )


def _processes(count: int) -> Iterator[Place]:
    import multiprocessing

    context = multiprocessing.get_context("spawn")
    open_now: list[ProcessPoolExecutor] = []

    def renew() -> ProcessPoolExecutor:
        for old in open_now:
            old.shutdown(wait=False, cancel_futures=True)
        open_now[:] = [ProcessPoolExecutor(count, context, initializer=_end_with_parent)]
        return open_now[0]

    try:
        yield Place(renew(), lambda: count, renew)
    except BaseException:
        # nobody waits for them: whatever they are at is not kept
        for process in list((getattr(open_now[0], "_processes", None) or {}).values()):
            process.terminate()
        raise
    finally:
        open_now[0].shutdown(wait=True, cancel_futures=True)


def _end_with_parent() -> None:
    """Leave Ctrl-C to the parent, and end when the parent has ended, whatever this worker is running."""
    import multiprocessing
    import signal
    import threading

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)  # a kernel may hold the main thread: nothing gentler would end it

    threading.Thread(target=watch, name="flywheel-parent", daemon=True).start()


def _file(path: Path) -> bool:
    """Tell whether this is a scheduler file; a scheduler that has just been started may take a moment to write it."""
    until = time.monotonic() + FIRST_FILE
    while path.suffix == ".json" and not path.is_file() and time.monotonic() < until:
        time.sleep(0.1)
    return path.is_file()


def _dask(address: str) -> Iterator[Place]:
    try:
        dask: Any = import_module("distributed")
    except ImportError:
        raise ResultError("a Dask cluster needs the package 'distributed': pip install 'flywheel-sim[dask]'") from None
    where: dict[str, Any] = {"address": address} if "://" in address else {"scheduler_file": address}
    try:
        client = dask.Client(**where, timeout=ANSWER, set_as_default=False, name="flywheel")
    except (OSError, TimeoutError, ValueError, ImportError) as error:
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise ResultError(f"no Dask scheduler answers at '{address}' ({why}); start one with: dask scheduler") from None
    try:
        try:
            client.wait_for_workers(1, timeout=FIRST_WORKER)
        except TimeoutError:
            to = client.scheduler.address
            raise ResultError(
                f"the scheduler at '{address}' has no workers; start one with: dask worker {to}"
            ) from None

        def slots() -> int:
            return max(1, sum(client.ncores().values())) if client.status == "running" else 1

        def lost() -> str:
            return "" if client.status == "running" else f"the scheduler at '{address}' is gone"

        yield Place(client.get_executor(pure=False, retries=0), slots, lost=lost)
    finally:
        with contextlib.suppress(Exception):
            client.close(timeout=5)
