r"""M10 Root causes and firefighting.

Neutral setting: ``enabled: false``: no root causes.
"""

from typing import Any

from flywheel_sim.engine.jit import part

__all__ = ["step_causes"]


@part
def step_causes(p: Any, tb: Any, st: Any, q: int, t: int) -> None:
    """Nothing yet."""
