r"""M22 Loyalty programme.

Neutral setting: ``enabled: false``: no programme.
"""

from typing import Any

from flywheel_sim.engine.jit import part

__all__ = ["step_loyalty"]


@part
def step_loyalty(p: Any, tb: Any, st: Any, q: int, t: int) -> None:
    """Nothing yet."""
