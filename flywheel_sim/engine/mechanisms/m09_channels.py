r"""M9 Channels and technology.

**Channels.**  A touchpoint of onboarding or use says through which channels it happens; segments may prefer some
(``channel_taste``), and policy may hand a share of a channel's contacts to another one (``replaced``).  Means over the
mix give every touchpoint and segment a cost and an effort per touch, a factor of its hours, and a factor g of the
relationship's gain,

    R <- R + g alpha x (1 - R)      x > 0          (M2)

Only a good touch gains by the channel: a failed one burns in full, through whatever channel it came.  So money falls
in a straight line with the digital share and the relationship along a curve, and lifetime profit may have its best
share inside (C10; with equal gain and cost in all channels the mix is of no account).

**Self-service** is offered first for the share s of the issues.  Being easy it calls forth the share a of extra
contacts, so all contacts are 1 + a s times as many.  Every offered contact tries it and pays c_S.  It contains a type k
of issue with

    rho_k = solvable_k (1 - exp(-spend/scale)),         rho = sum share_k rho_k,

a plateau below 1 however much is spent (C9), unless every type is solvable.  What is not contained goes on to live
service, waits, and pays c_L as well.  Issues being Poisson, their routes are independent Poisson streams (thinning):

    contained   lambda s (1 + a) rho
    live        lambda [(1 - s) + s (1 + a)(1 - rho)],   share that has tried before   q = s (1 + a)(1 - rho)/[...].

Which live issue has tried is not drawn: cost and effort of its try are charged in expectation, q each.  At s = 1 and
FCR = 1 an issue costs (1 + a)[c_S + (1 - rho) c_L]: no less than c_L up to the containment

    rho* = 1 - (c_L - (1 + a) c_S) / ((1 + a) c_L)                                               (S13; C71).

A try that solves nothing costs ``failed_try_effort`` beside: who is sent to a person after it tells everything again.
``simplest_first`` offers self-service for the share s that is most likely solved by it,

    s_k = min(1, max(0, s - sum of shares of more solvable types) / share_k)   in place of s,

type by type, so that more and more of it wins less and less, and for everything is too much (law 2 of the whole).

The types that fall through are the hard ones: the hours of a live issue change by the mean hours of the live mix over
those of all issues.  A repeat after a failed fix goes straight to people.  Effort falls with containment as a try costs
less effort than a live contact (C70), and matters to voice and churn only through M1's weights of effort (C72).  A
contained contact is a good touch of the weight ``self_service_gain`` (0: nothing felt); it never keeps a relationship
from leaking, because nobody was met.

**Analytics** of saturation v = 1 - exp(-spend/scale) removes error of the experience map as far as there is human
contact to make sense of the data, h = touches with a person over those of the mix before replacement:

    1 - A <- (1 - A)(1 - gain v h)                                                               (C11)

and sellers learn budget windows ``timing`` v faster.  **Personalisation**: touches in use gain the logit
personalisation x integration x sharing, data joined by those who share the context (C51).

Neutral setting: ``enabled: false``: no self-service, every contact live, no technology.  Each part alone: no channels
at touchpoints; ``offered: 0``; ``analytics.gain`` and ``timing`` 0; ``personalisation: 0``.
"""

from flywheel_sim.engine.jit import f32, inlined, step
from flywheel_sim.engine.kernel_types import Par, State, Tables
from flywheel_sim.engine.mechanisms.m03_journey import STAGE
from flywheel_sim.engine.portable_math import exp64

__all__ = ["routes", "saturation", "serve_channels"]


@inlined
def saturation(spend: float, scale: float) -> float:
    """Share of the full effect that money has bought; scale 0: all of it."""
    return 1.0 - exp64(-spend / scale) if scale > 0.0 else 1.0


@inlined
def routes(offered: float, augmentation: float, containment: float) -> tuple[float, float, float]:
    """Contained and live contacts per issue, and the share of the live ones that tried self-service before."""
    tries = offered * (1.0 + augmentation)
    failed = tries * (1.0 - containment)
    live = (1.0 - offered) + failed
    return tries * containment, live, failed / live if live > 0.0 else 0.0


@inlined
def offered_to(par: Par, tables: Tables, n: int) -> float:
    """Return the share of the issues of one type for which self-service is the first thing offered."""
    channels, at, ahead = par.channels, par.size.issue0, 0.0
    if not channels.simplest_first:
        return channels.offered  # type: ignore[no-any-return]
    kind = tables.issue[at + n]
    for other in range(par.size.issues):
        solvable = tables.issue[at + other].solvable
        if solvable > kind.solvable or (solvable == kind.solvable and other < n):
            ahead += tables.issue[at + other].share
    left = max(0.0, channels.offered - ahead)
    return min(1.0, left / kind.share) if kind.share > 0.0 else 0.0  # type: ignore[no-any-return]


@step
def serve_channels(par: Par, tables: Tables, state: State, run: int) -> None:
    """Set the routes of this week's issues, and what technology gives to the map, to timing and to touches in use."""
    firm, now, channels, size = state.run[run], state.now[run], par.channels, par.size
    now.contained, now.live, now.tried = f32(0.0), f32(1.0), f32(0.0)
    if not channels.enabled:
        return
    reach = saturation(channels.technology.spend, channels.technology.scale)
    contained, hours, live, live_hours, solved, failed = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for n in range(size.issues):
        kind = tables.issue[size.issue0 + n]
        alone, here, again = routes(offered_to(par, tables, n), channels.augmentation, kind.solvable * reach)
        solved += kind.share * alone
        failed += kind.share * here * again
        contained += kind.share * kind.solvable * reach
        hours += kind.share * kind.hours
        live += kind.share * here
        live_hours += kind.share * here * kind.hours
    easy, people, tried = routes(channels.offered, channels.augmentation, contained)
    if channels.simplest_first:
        easy, people, tried = solved, live, failed / live if live > 0.0 else 0.0
    now.contained, now.live, now.tried = f32(easy), f32(people), f32(tried)
    if channels.offered > 0.0 and live > 0.0 and hours > 0.0:
        firm.issue_hours *= live_hours / live / hours
    seen = saturation(channels.analytics.spend, channels.analytics.scale)
    insight = min(1.0, channels.analytics.gain * seen * par.contact_richness)
    if insight > 0.0:  # 1 - (1 - A) would change the last bit
        firm.map_accuracy = 1.0 - (1.0 - firm.map_accuracy) * (1.0 - insight)
    firm.timing += channels.analytics.timing * seen
    if par.handoffs.enabled and par.sensing.enabled:
        lift = channels.personalisation * par.handoffs.integration * par.sensing.sharing
        for n in range(size.touchpoints):
            if tables.touch[size.touch0 + n].stage == STAGE.use:
                state.shift[firm.success0 + n] += lift
