"""How far a long run is, on stderr: a bar with the time left on a terminal, a line now and then elsewhere."""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import click

from flywheel_sim.commands.command_output import say
from flywheel_sim.commands.eta import Pace, in_words

__all__ = ["Report", "progress"]

#: After so many seconds without a first step, say why.
PATIENCE = 0.4
#: Seconds between two lines where there is no terminal.
EVERY = 10.0


class Report:
    """Called by a runner with the weeks done and the weeks there are.

    Parameters
    ----------
    what : str
        What is running, in a few words.
    work : callable, optional
        How much work is done after 0, 1, 2, ... weeks, where somebody knows; asked once, when it is needed.
    """

    def __init__(self, what: str, work: Callable[[], Sequence[float] | None] | None = None) -> None:
        self.what = what
        self.stage, self.over = 1, False
        self.work = cache(work or (lambda: None))
        self.begun: float | None = None
        self.last = 0.0
        self.pace = Pace()
        self.bar: Any = None
        self.task: Any = None
        self.lock = threading.Lock()
        self.timer: threading.Timer
        self._wait(PATIENCE)

    def __call__(self, done: int, total: int, note: str = "", left: float | None = None) -> None:
        """Show that ``done`` of ``total`` weeks or runs are over, a word beside it, and the seconds left if known."""
        if not done and not note:
            return  # runs are made ready still, which the timer tells
        with self.lock:
            now = time.monotonic()
            self.timer.cancel()
            if self.begun is None:
                self.begun = self.last = now
                if sys.stderr.isatty():
                    self._open(total)
            if self.over and done < total:  # so much was to be done at first, and it has shown that it takes more
                self.pace, self.stage = Pace(), self.stage + 1
            self.over = done >= total
            self.pace.mark(done, now, time.process_time())
            what = f"{self.what}, stage {self.stage}" if self.stage > 1 else self.what
            if self.bar is None and (now - self.last < EVERY or done >= total):
                return
            said = in_words(self.pace.left(total, self.work()) if left is None else left)
            if self.bar is not None:
                what = f"{what} ({note})" if note else what
                self.bar.update(self.task, completed=done, total=total, description=what, left=said)
            else:
                self.last = now
                say(f"{what}: {100 * done // total} % done, {said}{', ' + note if note else ''}")

    def close(self) -> None:
        """Remove the bar from the terminal."""
        with self.lock:
            self.timer.cancel()
            self.begun = self.begun or time.monotonic()
        if self.bar is not None:
            self.bar.stop()

    def _open(self, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        self.bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[left]}", markup=False),
            console=Console(stderr=True),
            transient=True,
        )
        self.task = self.bar.add_task(self.what, total=total, left="")
        self.bar.start()

    def _explain(self) -> None:
        """Say why nothing moves yet, when the reason is a compiler."""
        engine = sys.modules.get("flywheel_sim.engine.jit")
        if not hasattr(engine, "cache_dir"):
            self._wait(PATIENCE / 8)
            return
        folder = engine.cache_dir()  # type: ignore[union-attr]
        compiled = folder is not None and any(folder.rglob("*.nbc"))
        with self.lock:
            if self.begun is None and not compiled:
                often = "once after an install" if folder is not None else "every time: no folder for it can be written"
                click.echo(f"Compiling the engine ({often}); this takes up to a minute.", err=True)

    def _wait(self, seconds: float) -> None:
        with self.lock:
            if self.begun is None:
                self.timer = threading.Timer(seconds, self._explain)
                self.timer.daemon = True
                self.timer.start()


@contextmanager
def progress(what: str, work: Callable[[], Sequence[float] | None] | None = None) -> Iterator[Report | None]:
    """Show how far a run is while the block lasts.

    Parameters
    ----------
    what : str
        What is running, in a few words.
    work : callable, optional
        As for `Report`.

    Yields
    ------
    Report or None
        What the runner calls as ``report(done, total)``; None under ``--quiet``.
    """
    context = click.get_current_context(silent=True)
    if context is not None and context.meta.get("flywheel.quiet"):
        yield None
        return
    report = Report(what, work)
    try:
        yield report
    finally:
        report.close()
