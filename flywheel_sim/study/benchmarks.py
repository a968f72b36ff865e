"""The way from the package to its benchmarks, which stand beside it in a checkout and in no wheel."""

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

__all__ = ["bench", "benchmark"]

#: Folder of the checkout that holds the benchmarks as a package of their own.
_FOLDER = Path(__file__).resolve().parents[2] / "experiments"


def benchmark(module: str) -> Any:
    """Import a module of ``experiments/benchmarks``.

    Parameters
    ----------
    module : str
        Such as ``"bench"`` or ``"big_run"``.

    Raises
    ------
    FileNotFoundError
        Where the package was installed without its sources, as from a wheel.
    """
    if not (_FOLDER / "benchmarks" / f"{module}.py").is_file():
        raise FileNotFoundError(
            "benchmarks are not part of an installed package, they run from a checkout of its sources: "
            "go there, run 'pip install -e .' and then 'flywheel bench' again"
        )
    if str(_FOLDER) not in sys.path:
        sys.path.append(str(_FOLDER))
    return import_module(f"benchmarks.{module}")


def bench(
    quick: bool = False,
    *,
    plan: Any = None,
    cores: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> Any:
    """Measure speed, memory and start-up on this machine; from a checkout only.

    Parameters
    ----------
    quick : bool
        Up to 10^5 accounts, fewer repetitions: at most three minutes.
    plan : benchmarks.bench.Plan, optional
        What to measure instead.
    cores : int, optional
        Cores to use at most; default: every core.
    progress : callable, optional
        Called with a line of text before every part.

    Returns
    -------
    benchmarks.bench.Bench
        Ratios, the machine they were measured on, and how they stand against the bars.

    Raises
    ------
    FileNotFoundError
        Where the package was installed without its sources, as from a wheel.

    Examples
    --------
    >>> import flywheel_sim as fs
    >>> fs.bench(quick=True).ratios["floor_ratio"]  # doctest: +SKIP
    """
    return benchmark("bench").bench(quick, plan=plan, cores=cores, progress=progress)
