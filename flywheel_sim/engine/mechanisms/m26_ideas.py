r"""M26 Ideas and product.

Neutral setting: ``enabled: false``: product quality stays as the scenario states it.
"""

from typing import Any

from flywheel_sim.engine.jit import part

__all__ = ["step_product"]


@part
def step_product(p: Any, tb: Any, st: Any, q: int, t: int) -> None:
    """Nothing yet."""
