"""What a start costs, in fresh processes: compiling with an empty cache, running with a warm one, importing."""

import math
import tempfile
from collections.abc import Callable
from statistics import median

from benchmarks.timing import fresh, interleaved

__all__ = ["starts"]

_IMPORT = "import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)"
_SMALL = ("market.accounts=500", "horizon_weeks=4", "market.initial_customers=50")


def starts(repetitions: int, say: Callable[[str], None], notes: list[str]) -> dict[str, float | None]:
    """Measure every ratio about a start.

    Parameters
    ----------
    repetitions : int
        Of what is warm; compiling is done once.
    say : callable
        Told what is going on.
    notes : list of str
        Gets a line about the first run.
    """
    words = ["-m", "flywheel_sim.cli", "run", "b2b-saas", *(word for one in _SMALL for word in ("--set", one))]
    say("compiling in a fresh process")
    with tempfile.TemporaryDirectory(prefix="flywheel-bench-") as folder:
        cache = {"FLYWHEEL_CACHE": folder}
        cold = fresh(words, cache)
        notes.append(f"the first run took {cold.wall:.0f} s by the clock and {cold.cpu:.0f} s of processor time")
        say("starting with what is compiled already")
        warm = [fresh(words, cache) for _ in range(repetitions)]
    used = median(one.cpu for one in warm)
    notes.append(f"a warm run took {used:.2f} s of processor time")
    say("importing")
    ours, theirs = (
        lambda names=names: float(fresh(["-c", _IMPORT.format(names)]).out)
        for names in ("flywheel_sim", "numpy, pandas")
    )
    took = interleaved({"ours": ours, "theirs": theirs}, repetitions)
    return {
        "compile_s": cold.wall,
        "compile_says_s": None if math.isnan(cold.spoke) else cold.spoke,
        "warm_run_s": median(one.wall for one in warm),
        "import_ratio": took["ours"] / took["theirs"],
    }
