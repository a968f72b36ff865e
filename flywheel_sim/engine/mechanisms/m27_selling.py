r"""M27 Selling behaviour.

Neutral setting: ``enabled: false``: sellers sell as at reference.
"""

from typing import Any

from flywheel_sim.engine.jit import part

__all__ = ["step_selling"]


@part
def step_selling(p: Any, tb: Any, st: Any, q: int, t: int) -> None:
    """Nothing yet."""
