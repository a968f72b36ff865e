"""A line that says how far runs are, in notebooks and in terminals, for every ``progress`` argument."""

import numbers
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flywheel_sim.execute.experiment import Standing

__all__ = ["Line", "progress"]

#: Seconds between two changes of the line.
_EACH = 0.25


class Line:
    """One line that is written again and again; made by `progress`."""

    def __init__(self, title: str, write: Callable[[str], object], now: Callable[[], float]) -> None:
        self.title, self._write, self._now = title, write, now
        self._begun, self._last = now(), float("-inf")

    def __call__(self, done: "int | Standing", total: int | None = None) -> None:
        """Say how far it is: weeks done and weeks in all, or how many runs of a study stand where."""
        unit, failed = "", 0
        if isinstance(done, numbers.Integral):
            so_far, whole = int(done), int(total or 0)
        else:
            so_far, whole, unit, failed = done.done, done.total, " runs", done.failed  # type: ignore[union-attr]
        at, finished = self._now(), so_far >= whole > 0
        if at - self._last < _EACH and not finished:
            return
        self._last = at
        self._write(self.words(so_far, whole, at - self._begun, unit, failed))

    def words(self, done: int, total: int, seconds: float, unit: str = "", failed: int = 0) -> str:
        """Return what the line says.

        Examples
        --------
        >>> Line("Sweep", print, lambda: 0.0).words(30, 120, 60.0, " runs", 2)
        'Sweep: 25 %, 30 of 120 runs, 2 failed, 180 s left'
        """
        share = f"{100 * done // total} %" if total else "begun"
        said = [share, f"{done:,} of {total:,}{unit}"] if unit else [share]
        said += [f"{failed} failed"] if failed else []
        if 0 < done < total:
            said.append(f"{seconds * (total - done) / done:.0f} s left")
        elif total and done >= total:
            said.append(f"done in {seconds:.0f} s")
        return f"{self.title + ': ' if self.title else ''}{', '.join(said)}"


def progress(title: str = "") -> Line:
    """Make what ``progress`` arguments take: a line under a notebook's cell, or at the bottom of a terminal.

    Parameters
    ----------
    title : str
        What the line begins with.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> small = {"extends": "b2b-saas", "horizon_weeks": 4}
    >>> runs = fs.batch([small], replicates=2, progress=fs.progress("Runs"))
    """
    return Line(title, _in_a_notebook() or _in_a_terminal(), time.monotonic)


def _in_a_notebook() -> Callable[[str], object] | None:
    """Return what writes into the output of a notebook's cell; None outside one."""
    shell: Any = sys.modules.get("IPython")
    running = shell.get_ipython() if shell is not None else None
    if running is None or not hasattr(running, "kernel"):
        return None
    from IPython.display import display

    handle: Any = display({"text/plain": ""}, raw=True, display_id=True)
    return lambda text: handle.update({"text/plain": text}, raw=True)


def _in_a_terminal() -> Callable[[str], object]:
    """Return what writes over the last line of standard error; a new line where that is no terminal."""
    if sys.stderr.isatty():
        return lambda text: sys.stderr.write(f"\r\x1b[K{text}")
    return lambda text: sys.stderr.write(f"{text}\n")
