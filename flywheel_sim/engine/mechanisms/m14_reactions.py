r"""M14 Reaction to scores.

Neutral setting: ``enabled: false``: nobody reacts to a score.
"""

from typing import Any

from flywheel_sim.engine.jit import part

__all__ = ["react"]


@part
def react(p: Any, tb: Any, st: Any, q: int, t: int) -> None:
    """Nothing yet."""
