r"""M21 Leadership.

Neutral setting: ``enabled: false``: nobody holds the office.
"""

from typing import Any

from flywheel_sim.engine.jit import part

__all__ = ["step_leadership"]


@part
def step_leadership(p: Any, tb: Any, st: Any, q: int, t: int) -> None:
    """Nothing yet."""
