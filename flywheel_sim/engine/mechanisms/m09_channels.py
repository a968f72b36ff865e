r"""M9 Channels and technology.

Neutral setting: ``enabled: false``: no self-service, every contact live, no technology.
"""

from typing import Any

from flywheel_sim.engine.jit import part

__all__ = ["serve_channels"]


@part
def serve_channels(p: Any, tb: Any, st: Any, q: int) -> None:
    """Nothing yet."""
