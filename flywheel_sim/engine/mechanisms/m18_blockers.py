r"""M18 Blockers and response.

Neutral setting: ``enabled: false``: no blockers.
"""

from typing import Any

from flywheel_sim.engine.jit import part

__all__ = ["step_blockers"]


@part
def step_blockers(p: Any, tb: Any, st: Any, q: int, t: int) -> None:
    """Nothing yet."""
