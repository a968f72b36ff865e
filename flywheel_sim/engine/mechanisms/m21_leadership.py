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

from flywheel_sim.engine.choices import codes
from flywheel_sim.engine.jit import inlined, step
from flywheel_sim.engine.kernel_types import Firm, Par, State, Tables
from flywheel_sim.engine.portable_math import exp64, normal_quantile
from flywheel_sim.engine.random import LEADER, unit64, words
from flywheel_sim.scenario.blocks.m21_leadership import Leadership
from flywheel_sim.scenario.columns import COL

__all__ = ["backing", "leg", "step_leadership"]

OFFICE = codes(Leadership, "start")
STYLE = codes(Leadership, "style")


@inlined
def backing(perceived: float, hurdle: float, patience: float) -> float:
    """B: what finite patience makes of a perceived gain; 1 when patience is without end."""
    if patience <= 0.0:
        return 1.0
    return exp64(min(max((perceived - hurdle) / patience, -3.0), 3.0))


@inlined
def leg(share: float, free: float, enough: float, influence: float) -> float:
    """e: how far a leg that has this share of the free hours takes effect."""
    return min(1.0, share * free / enough) * influence


@step
def hold_office(firm: Firm, par: Par) -> None:
    """Who holds the office this week: exits and appointments that the end of last week brought."""
    leadership = par.leadership
    if firm.leader_open == 0.0:
        firm.leader_open, firm.leader_out = 1.0, 0.0
        firm.leader_tenure_weeks, firm.leader_gap = (
            0.0,
            0.0 if leadership.start == OFFICE.appointed else float(leadership.vacancy_weeks),
        )
        firm.leader_perceived_roi = leadership.hurdle
    elif firm.leader_out > 0.0:
        firm.leader_out, firm.leader_tenure_weeks, firm.leader_gap = 0.0, 0.0, float(leadership.vacancy_weeks)
        firm.leader_kept *= 1.0 - leadership.lost_at_exit
    if firm.leader_tenure_weeks > 0.0:
        firm.leader_tenure_weeks += 1.0
    elif firm.leader_gap > 0.0:
        firm.leader_gap -= 1.0
    else:
        firm.leader_tenure_weeks, firm.leader_perceived_roi = 1.0, leadership.hurdle


@step
def step_leadership(par: Par, tables: Tables, state: State, run: int, week: int) -> None:
    """One week of the office: tenure, hours, effect, and what executives see of it."""
    firm, leadership = state.run[run], par.leadership
    weekly = state.weekly[firm.week0 + week]
    if not leadership.enabled:
        firm.leader_open = firm.leader_tenure_weeks = firm.leader_kept = firm.leader_shown = (
            firm.leader_perceived_roi
        ) = 0.0
        return
    hold_office(firm, par)
    seated = firm.leader_tenure_weeks > 0.0
    matured = seated and firm.leader_tenure_weeks > leadership.lag_weeks
    if matured:
        weekly[COL.leader_matured] = firm.leader_kept = 1.0
    back = backing(firm.leader_perceived_roi, leadership.hurdle, leadership.patience)
    granted = min(1.0, back)
    firm.funding *= granted
    weekly[COL.leader_support] = leadership.support * granted
    if seated:
        load = (1.0 - leadership.clarity) * firm.service_demand * leadership.issue_hours / par.capacity.gross_hours
        weekly[COL.leader_utilisation] = min(1.0, load)
        firm.leader_free = 1.0 - weekly[COL.leader_utilisation]
        firm.programme += leadership.salary / 52.0 + leadership.budget * granted / 52.0
    weight = leadership.behaviour + leadership.culture + leadership.proof
    share = 1.0 / weight if weight > 0.0 else 0.0
    influence = leadership.skill * (
        1.0 - leadership.support_weight + leadership.support_weight * weekly[COL.leader_support]
    )
    behaviour = leg(leadership.behaviour * share, firm.leader_free, leadership.enough, influence)
    culture = leg(leadership.culture * share, firm.leader_free, leadership.enough, influence)
    removed = min(1.0, leadership.friction_effect * behaviour * firm.leader_kept)
    firm.friction_factor *= 1.0 - removed
    firm.culture_added += leadership.culture_effect * culture * firm.leader_kept
    if leadership.style == STYLE.command:
        added = leadership.command_pull * culture * firm.leader_kept
        firm.lead_added += added
        firm.morale_added -= leadership.command_morale * culture if seated else 0.0
    else:
        added = (leadership.coupling_effect - 1.0) * culture * firm.leader_kept
        firm.coupling_factor *= 1.0 + added
    gain = leadership.behaviour_value * removed + leadership.culture_value * added
    firm.leader_shown += (gain - firm.leader_shown) / leadership.attribution_lag_weeks
    leaves, noise, _, _ = words(firm.seed, firm.replicate, 0, week, LEADER, 0)
    if seated and week % 13 == 12:
        proof = min(1.0, leg(leadership.proof * share, firm.leader_free, leadership.enough, influence))
        sd = leadership.attribution_noise * (1.0 - leadership.proof_effect * proof)
        firm.leader_perceived_roi = firm.leader_shown + sd * normal_quantile(unit64(noise))
    if seated and leadership.tenure_months > 0.0:
        hazard = 12.0 / (52.0 * leadership.tenure_months) / back
        firm.leader_out = 1.0 if unit64(leaves) < 1.0 - exp64(-hazard) else 0.0
    weekly[COL.leader_tenure_weeks] = firm.leader_tenure_weeks
    weekly[COL.leader_perceived_roi] = firm.leader_perceived_roi
