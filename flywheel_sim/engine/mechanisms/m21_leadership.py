r"""M21 Leadership: the chief customer officer.

*Tenure* (A24, C64, C65).  The incumbent leaves at the end of a week with probability 1 - exp(-h),

    h = 12/(52 x tenure_months) x B^{-1},                                 B = 1 unless patience is finite, see below,

the office is then vacant for ``vacancy_weeks``, and the effect m is a step: 1 from the week after ``lag_weeks`` of
*this* incumbent on.  An exit leaves m (1 - lost_at_exit) to the successors, at the hours of the last incumbent, until
one of them matures.  With exits at the end of a tick the share of matured weeks is (1-p)^L / (1 + p v), which tends to
mu e^{-L/mu}/(mu + v).

*Hours* (C54, C57, C58, C66).  The week is shared over three legs in proportion to their weights.  Issues pre-empt it:
the CCO handles the share 1 - clarity of all open issues, so that the utilisation is

    u = min(1, (1 - clarity) x issues x issue_hours / gross_hours),

and a leg with share s of the hours works at

    e = min(1, s (1 - u)/enough) x skill x (1 - w + w x support x F),         F = min(1, B),   w = support_weight.

Profitable behaviour multiplies the friction of handoffs by 1 - friction_effect e m; culture multiplies the coupling by
1 + (coupling_effect - 1) e m and builds culture_effect e m a month; proof multiplies the attribution noise by
1 - proof_effect e, at once, since it is about showing and not about doing.  Under ``style: command`` the second leg
adds command_pull e m to the pull of the strategy instead of coupling, and costs morale as long as it is exerted.

*Proof* (C63, C66, C78).  What executives can be shown is the gain

    g = behaviour_value x friction removed + culture_value x coupling (or pull) added,

lagged with time constant ``attribution_lag_weeks``; every quarter they appraise it with noise, and a new incumbent is
given the benefit of the doubt (the hurdle) until the first appraisal:  perceived = g_lagged + noise x N(0,1).  With
finite patience B = exp((perceived - hurdle)/patience), its exponent clipped to +-3, divides the hazard, and
F = min(1, B) scales support and funding.  Noise shortens tenure even where it is fair, because the hazard is convex in
it.

Neutral setting: ``enabled: false``: no office, every factor exactly 1.  C54 vanishes at effect sizes 0 (coupling_effect
1), C57 at clarity 1, C58 at support_weight 0, C63 and C78's effect on tenure at patience 0 (without end) or
attribution_noise 0, C64 at tenure_months 0, C65 at effect sizes 0 or a lag beyond all tenures.
"""

from typing import Any

from flywheel_sim.engine.jit import law, part
from flywheel_sim.engine.maths import exp64, normal_quantile
from flywheel_sim.engine.random import LEADER, unit64, words

__all__ = ["backing", "leg", "step_leadership"]

_APPOINTED, _COMMAND = 0, 1


@law
def backing(perceived: float, hurdle: float, patience: float) -> float:
    """B: what finite patience makes of a perceived gain; 1 when patience is without end."""
    if patience <= 0.0:
        return 1.0
    return exp64(min(max((perceived - hurdle) / patience, -3.0), 3.0))


@law
def leg(share: float, free: float, enough: float, influence: float) -> float:
    """e: how far a leg that has this share of the free hours takes effect."""
    return min(1.0, share * free / enough) * influence


@part
def hold_office(r: Any, p: Any) -> None:
    """Who holds the office this week: exits and appointments that the end of last week brought."""
    c = p.leadership
    if r.leader_open == 0.0:
        r.leader_open, r.leader_out = 1.0, 0.0
        r.leader_tenure, r.leader_gap = 0.0, 0.0 if c.start == _APPOINTED else float(c.vacancy_weeks)
        r.leader_perceived = c.hurdle
    elif r.leader_out > 0.0:
        r.leader_out, r.leader_tenure, r.leader_gap = 0.0, 0.0, float(c.vacancy_weeks)
        r.leader_kept *= 1.0 - c.lost_at_exit
    if r.leader_tenure > 0.0:
        r.leader_tenure += 1.0
    elif r.leader_gap > 0.0:
        r.leader_gap -= 1.0
    else:
        r.leader_tenure, r.leader_perceived = 1.0, c.hurdle


@part
def step_leadership(p: Any, tb: Any, st: Any, q: int, t: int) -> None:
    """One week of the office: tenure, hours, effect, and what executives see of it."""
    r, c = st.run[q], p.leadership
    r.leader_matured = r.leader_use = r.leader_support = 0.0
    if not c.enabled:
        r.leader_open = r.leader_tenure = r.leader_kept = r.leader_shown = r.leader_perceived = 0.0
        return
    hold_office(r, p)
    seated = r.leader_tenure > 0.0
    matured = seated and r.leader_tenure > c.lag_weeks
    if matured:
        r.leader_matured = r.leader_kept = 1.0
    back = backing(r.leader_perceived, c.hurdle, c.patience)
    granted = min(1.0, back)
    r.funding *= granted
    r.leader_support = c.support * granted
    if seated:
        load = (1.0 - c.clarity) * r.service_demand * c.issue_hours / p.capacity.gross_hours
        r.leader_use = min(1.0, load)
        r.leader_free = 1.0 - r.leader_use
        r.programme += c.salary / 52.0 + c.budget * granted / 52.0
    weight = c.behaviour + c.culture + c.proof
    share = 1.0 / weight if weight > 0.0 else 0.0
    influence = c.skill * (1.0 - c.support_weight + c.support_weight * r.leader_support)
    behaviour = leg(c.behaviour * share, r.leader_free, c.enough, influence)
    culture = leg(c.culture * share, r.leader_free, c.enough, influence)
    removed = min(1.0, c.friction_effect * behaviour * r.leader_kept)
    r.friction_factor *= 1.0 - removed
    r.culture_added += c.culture_effect * culture * r.leader_kept
    if c.style == _COMMAND:
        added = c.command_pull * culture * r.leader_kept
        r.lead_added += added
        r.morale_added -= c.command_morale * culture if seated else 0.0
    else:
        added = (c.coupling_effect - 1.0) * culture * r.leader_kept
        r.coupling_factor *= 1.0 + added
    gain = c.behaviour_value * removed + c.culture_value * added
    r.leader_shown += (gain - r.leader_shown) / c.attribution_lag_weeks
    leaves, noise, _, _ = words(r.seed, r.replicate, 0, t, LEADER, 0)
    if seated and t % 13 == 12:
        proof = min(1.0, leg(c.proof * share, r.leader_free, c.enough, influence))
        sd = c.attribution_noise * (1.0 - c.proof_effect * proof)
        r.leader_perceived = r.leader_shown + sd * normal_quantile(unit64(noise))
    if seated and c.tenure_months > 0.0:
        hazard = 12.0 / (52.0 * c.tenure_months) / back
        r.leader_out = 1.0 if unit64(leaves) < 1.0 - exp64(-hazard) else 0.0
