"""Wait for compiled code so that the wait can always be left.

Compiled code cannot be interrupted, and Python hears Ctrl-C only between two steps of the thread that waits.  So work
that may last is done by threads of its own while the caller looks up every :data:`LOOK` seconds.  Who is told to stop
gives the threads :data:`PATIENCE` seconds to come to the end of their slice; what does not end by then is left behind:
its threads are daemons, its result is dropped, and a process may end without it.
"""

import time
from collections.abc import Callable, Sequence
from threading import Event, Thread
from typing import Any

__all__ = ["LOOK", "PATIENCE", "Left", "aside", "together"]

#: Seconds between two looks at whether to go on.
LOOK = 0.05
#: Seconds that work gets to come to the end of its slice, once it is told to stop.
PATIENCE = 0.3


class Left(RuntimeError):
    """What this batch was at was left behind; nothing can be read from it any more."""


def together(
    works: Sequence[Callable[[Event], None]], look: Callable[[], None] = lambda: None, patience: float | None = None
) -> None:
    """Do several things at once, each on a thread of its own, and wait for all of them.

    Parameters
    ----------
    works : sequence of callables
        Each takes an event; once it is set, a work returns after the slice in hand.
    look : callable
        Called every :data:`LOOK` seconds by the thread that waits; what it raises stops the works.
    patience : float, optional
        Seconds that the works get to end, once stopped; :data:`PATIENCE` if not given.

    Raises
    ------
    BaseException
        What ``look`` or the first work to fail has raised, or KeyboardInterrupt; with the attribute ``left`` set to
        True if a work had not ended by then.

    Examples
    --------
    >>> done = []
    >>> together([lambda stop: done.append(1), lambda stop: done.append(2)])
    >>> sorted(done)
    [1, 2]
    """
    stop = Event()
    failed: list[BaseException] = []

    def tried(work: Callable[[Event], None]) -> None:
        try:
            work(stop)
        except BaseException as error:
            failed.append(error)
            stop.set()

    threads = [Thread(target=tried, args=(work,), name="flywheel-work", daemon=True) for work in works]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive() and not failed:
                look()
                thread.join(LOOK)
    except BaseException as error:
        error.left = not _over(threads, stop, patience)  # type: ignore[attr-defined]
        raise
    if failed:
        failed[0].left = not _over(threads, stop, patience)  # type: ignore[attr-defined]
        raise failed[0]


def _over(threads: Sequence[Thread], stop: Event, patience: float | None) -> bool:
    """Tell threads to stop; whether all have ended in time."""
    stop.set()
    until = time.monotonic() + (PATIENCE if patience is None else patience)
    for thread in threads:
        if thread.ident is not None:
            thread.join(max(0.0, until - time.monotonic()))
    return not any(thread.is_alive() for thread in threads)


def aside(look: Callable[[], None], function: Callable[..., Any], *given: Any) -> Any:
    """Call a function on a thread of its own, which Ctrl-C and what ``look`` raises leave behind at once.

    Examples
    --------
    >>> aside(lambda: None, max, 1, 2)
    2
    """
    results: list[Any] = []
    together([lambda stop: results.append(function(*given))], look, patience=0.0)
    return results[0]
