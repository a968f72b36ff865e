"""M9 Channels and technology: the routes of issues, sharper maps, learned windows, joined data."""

from replica.arithmetic import exp64, f32
from replica.world import Rules, World

__all__ = ["serve_channels"]


def saturation(spend: float, scale: float) -> float:
    """Share of the full effect that money has bought."""
    return 1.0 - exp64(-spend / scale) if scale > 0.0 else 1.0


def routes(offered: float, augmentation: float, containment: float) -> tuple[float, float, float]:
    """Contained and live contacts per issue, and the share of the live ones that tried self-service before."""
    tries = offered * (1.0 + augmentation)
    failed = tries * (1.0 - containment)
    live = (1.0 - offered) + failed
    return tries * containment, live, failed / live if live > 0.0 else 0.0


def offered_to(p: Rules, n: int) -> float:
    """Return the share of the issues of one type for which self-service is the first thing offered."""
    c, kind, ahead = p.channels, p.issue[n], 0.0
    if not c.simplest_first:
        return c.offered
    for other, more in enumerate(p.issue):
        if more.solvable > kind.solvable or (more.solvable == kind.solvable and other < n):
            ahead += more.share
    left = max(0.0, c.offered - ahead)
    return min(1.0, left / kind.share) if kind.share > 0.0 else 0.0


def serve_channels(w: World, p: Rules) -> None:
    """Set the routes of the week's issues, and what technology gives to the map, to timing, to touches in use."""
    now, c = w.now, p.channels
    now.contained, now.live, now.tried = f32(0.0), f32(1.0), f32(0.0)
    if not c.enabled:
        return
    reach = saturation(c.technology.spend, c.technology.scale)
    contained = hours = live = live_hours = solved = failed = 0.0
    for n, kind in enumerate(p.issue):
        alone, here, again = routes(offered_to(p, n), c.augmentation, kind.solvable * reach)
        solved += kind.share * alone
        failed += kind.share * here * again
        contained += kind.share * kind.solvable * reach
        hours += kind.share * kind.hours
        live += kind.share * here
        live_hours += kind.share * here * kind.hours
    easy, people, tried = routes(c.offered, c.augmentation, contained)
    if c.simplest_first:
        easy, people, tried = solved, live, failed / live if live > 0.0 else 0.0
    now.contained, now.live, now.tried = f32(easy), f32(people), f32(tried)
    if c.offered > 0.0 and live > 0.0 and hours > 0.0:
        w.issue_hours *= live_hours / live / hours
    seen = saturation(c.analytics.spend, c.analytics.scale)
    insight = min(1.0, c.analytics.gain * seen * p.contact_richness)
    if insight > 0.0:
        w.map_accuracy = 1.0 - (1.0 - w.map_accuracy) * (1.0 - insight)
    w.timing += c.analytics.timing * seen
    if p.handoffs.enabled and p.sensing.enabled:
        lift = c.personalisation * p.handoffs.integration * p.sensing.sharing
        for touch, point in zip(p.touch, w.touchpoints, strict=True):
            if touch.stage == "use":
                point.shift += lift
