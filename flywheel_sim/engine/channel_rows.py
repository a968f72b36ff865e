"""Lower the channels of M9: what a touch costs and builds, by touchpoint and segment.

A touchpoint names the channels it uses.  A segment uses channel c in proportion to share x taste; then policy moves the
share ``replaced`` of a channel to ``replaced_by``.  What kernels need of it are means over the mix, written as
x_1 + sum m_c (x_c - x_1), so that equal channels give exactly the same however they are mixed.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from flywheel_sim.engine.rows import Room, Rows
from flywheel_sim.scenario.blocks.m03_journey import Touchpoint
from flywheel_sim.scenario.schema import ScenarioModel, Segment

__all__ = [
    "ISSUE", "cell_rows", "channel_mix", "channel_rows", "contact_richness", "hours_factor", "issue_rows",
    "service_depth",
]  # fmt: skip

#: A kind of issue: its share of all, the share that is solvable, hours relative to the mean.
ISSUE = np.dtype([("share", "f8"), ("solvable", "f8"), ("hours", "f8")], align=True)


def channel_mix(m: ScenarioModel, touch: Touchpoint, segment: Segment, replaced: bool = True) -> dict[str, float]:
    """Share of each channel in the contacts of a segment at a touchpoint; empty where none is stated.

    Parameters
    ----------
    m : scenario.
    touch, segment : the touchpoint and the segment.
    replaced : whether ``channels.replaced`` is applied.
    """
    if not m.channels.enabled:
        return {}
    weight = {name: x * segment.channel_taste.get(name, 1.0) for name, x in touch.channels.items() if x > 0}
    total = sum(weight.values())
    if total <= 0:
        return {}
    mix = {name: x / total for name, x in weight.items()}
    if replaced:
        for name, share in m.channels.replaced.items():
            moved = mix.get(name, 0.0) * share
            if moved > 0 and name != m.channels.replaced_by:
                mix[name] -= moved
                mix[m.channels.replaced_by] = mix.get(m.channels.replaced_by, 0.0) + moved
    return mix


def _mean(m: ScenarioModel, mix: dict[str, float], field: str, neutral: float) -> float:
    if not mix:
        return neutral
    values = [float(getattr(m.channels.kinds[name], field)) for name in mix]
    return values[0] + sum(share * (x - values[0]) for share, x in zip(mix.values(), values, strict=True))


def cell_rows(m: ScenarioModel) -> NDArray[np.float32]:
    """Rows (touchpoints x segments, 5): factor of the relationship's gain, effort, cost, depth and rate of a touch."""
    rows = np.zeros((len(m.journey.touchpoints) * len(m.segments), 5), np.float32)
    rows[:, 0] = 1.0
    cells = ((touch, name) for touch in m.journey.touchpoints.values() for name in m.segments)
    for row, (touch, name) in zip(rows, cells, strict=True):
        segment = m.segments[name]
        mix = channel_mix(m, touch, segment)
        means = _mean(m, mix, "gain", 1.0), _mean(m, mix, "effort", 0.0), _mean(m, mix, "cost", 0.0)
        row[:] = *means, touch.depth, touch.segments.get(name, 1.0)
    return rows


def hours_factor(m: ScenarioModel, touch: Touchpoint) -> float:
    """Hours of a contact relative to those of its touchpoint, over the segments by size and how often they are met."""
    shares = [segment.share * touch.segments.get(name, 1.0) for name, segment in m.segments.items()]
    values = [_mean(m, channel_mix(m, touch, segment), "hours", 1.0) for segment in m.segments.values()]
    return values[0] + sum(w * (x - values[0]) for w, x in zip(shares, values, strict=True)) / (sum(shares) or 1.0)


def service_depth(m: ScenarioModel) -> float:
    """Depth of a contact with service: that of the first touchpoint of the stage; 1 if there is none."""
    return next((touch.depth for touch in m.journey.touchpoints.values() if touch.stage == "service"), 1.0)


def contact_richness(m: ScenarioModel) -> float:
    """Contacts in which a customer meets a person, relative to the mix before anything was replaced.

    Counted over the touchpoints that state their channels; 1 if none does, 0 if nobody is ever met.
    """
    met, before = 0.0, 0.0
    stated = [touch for touch in m.journey.touchpoints.values() if touch.channels]
    for touch in stated:
        for of, segment in m.segments.items():
            weight = segment.share * touch.rate * touch.segments.get(of, 1.0)
            for name, share in channel_mix(m, touch, segment).items():
                met += weight * share * m.channels.kinds[name].human
            for name, share in channel_mix(m, touch, segment, replaced=False).items():
                before += weight * share * m.channels.kinds[name].human
    if not stated or not m.channels.enabled:
        return 1.0
    return met / before if before > 0 else 0.0


def issue_rows(m: ScenarioModel) -> NDArray[Any]:
    """Kinds of issue with their shares of all; none if there are none."""
    kinds = m.channels.issue_types.values()
    total = sum(kind.share for kind in kinds) or 1.0
    return np.array([(kind.share / total, kind.solvable, kind.hours) for kind in kinds], ISSUE)


def channel_rows(m: ScenarioModel, room: Room) -> Rows:
    """Return what a touch of each segment costs and builds, and the kinds of issue."""
    return {"cell": cell_rows(m), "issue": issue_rows(m)}
