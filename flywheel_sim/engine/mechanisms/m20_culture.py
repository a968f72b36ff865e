r"""M20 Culture as a stock.

    C <- lambda C + q,   capped at 1,   lambda_week = lambda_month^(12/52),   q_week = q_month 12/52        (A29)

Disciplines (adherence to the map, the pull of themes and meetings) yield the share

    y = c0 + (1 - c0) C / C_ref                                                                            (C26)

of their full effect.  Neutral setting: ``enabled: false`` or c0 = 1: y = 1 whatever C is.
"""

from typing import Any

from flywheel_sim.engine.jit import law, part
from flywheel_sim.engine.maths import exp64, log64

__all__ = ["discipline_yield", "step_culture"]


@law
def discipline_yield(p: Any, culture: float) -> float:
    """y: share of a discipline's effect that this culture lets through."""
    c = p.culture
    return c.independence + (1.0 - c.independence) * culture / c.reference if c.enabled else 1.0


@part
def step_culture(p: Any, st: Any, q: int) -> None:
    """One week of decay and building."""
    r, c = st.run[q], p.culture
    if c.enabled:
        kept = exp64(log64(c.retention_month) * 12.0 / 52.0) if c.retention_month > 0.0 else 0.0
        r.culture = min(1.0, kept * r.culture + (c.effort_month + r.culture_added) * 12.0 / 52.0)
