r"""M16 Decision rights.

Neutral setting: ``enabled: false``: decisions cost nothing and err no more than at reference.
"""

from typing import Any

from flywheel_sim.engine.jit import part

__all__ = ["decide"]


@part
def decide(p: Any, tb: Any, st: Any, q: int, t: int) -> None:
    """Nothing yet."""
