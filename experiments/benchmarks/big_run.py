"""One very large run through the command line, as anybody would start it: time, peak memory, and the time it announced.

Ten million accounts for five years by default, the B2B company as it is shipped, in a process of its own, so that the
peak is that of this run and the time left is what a person would have read.
"""

import json
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.speed import scaled
from benchmarks.timing import fresh, machine
from flywheel_sim.scenario import load

__all__ = ["COMPANY", "BigRun", "big_run", "said_left"]

#: The company that is scaled: every mechanism as it is by default.
COMPANY = "b2b-saas"

_LINE = re.compile(r": (\d+) % done, about (.*) left")
_UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0}


@dataclass(frozen=True)
class BigRun:
    """What a large run took.

    Attributes
    ----------
    accounts, weeks, cores : int
    seconds, cpu_seconds : float
        Of the whole process, by the clock and of all cores together.
    peak_bytes : float
        Most memory it ever held; NaN where the system does not say.
    estimates : list of dicts
        Every line of progress: ``done`` (share), ``said`` and ``took``, the seconds it announced and those that were
        then left.
    customers_end : float
    machine : dict
    """

    accounts: int
    weeks: int
    cores: int
    seconds: float
    cpu_seconds: float
    peak_bytes: float
    estimates: list[dict[str, float]]
    customers_end: float
    machine: dict[str, Any]

    @property
    def error_at_a_tenth(self) -> float | None:
        """Announced over true time left, minus 1, at the first line after a tenth of the run."""
        for one in self.estimates:
            if one["done"] >= 0.1:
                return one["said"] / one["took"] - 1.0
        return None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return dict(vars(self)) | {"error_at_a_tenth": self.error_at_a_tenth}


def said_left(said: Sequence[tuple[float, str]], end: float) -> list[dict[str, float]]:
    """Announced and true time left of every line of progress.

    Parameters
    ----------
    said : sequence of (seconds, line)
    end : float
        Seconds at which the run was over.

    Examples
    --------
    >>> said_left([(10.0, "B2B: 12 % done, about 1 min 10 s left")], 90.0)
    [{'done': 0.12, 'said': 70.0, 'took': 80.0}]
    """
    found = []
    for at, line in said:
        match = _LINE.search(line)
        if match:
            words = match[2].split()
            left = sum(float(x) * _UNITS[unit] for x, unit in zip(words[::2], words[1::2], strict=True))
            found.append({"done": int(match[1]) / 100.0, "said": left, "took": end - at})
    return found


def big_run(
    accounts: int = 10_000_000,
    weeks: int = 260,
    *,
    cores: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> BigRun:
    """Run a company of so many accounts through ``flywheel run``.

    Parameters
    ----------
    accounts, weeks : int
    cores : int, optional
        Cores to use at most.
    progress : callable, optional
        Told every line the run says.
    """
    from flywheel_sim.execute.run import worker_count

    threads = worker_count(cores)
    with tempfile.TemporaryDirectory(prefix="flywheel-bench-") as folder:
        file = Path(folder) / "big.yaml"
        file.write_text(scaled(accounts, weeks, COMPANY).to_yaml(load(COMPANY)), "utf-8")
        words = ["-m", "flywheel_sim.cli", "run", str(file), "--json", "--workers", str(threads)]
        done = fresh(words, hear=progress)
    summary = json.loads(done.out)["data"]["summary"]
    return BigRun(
        accounts, weeks, threads, done.wall, done.cpu, done.peak, said_left(done.said, done.wall),
        float(summary["customers_end"]), machine(),
    )  # fmt: skip
