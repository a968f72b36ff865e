"""M21 Leadership: who holds the office of the CCO, what it brings about, and what executives see of it."""

from replica import luck
from replica.arithmetic import exp64, normal_quantile
from replica.luck import unit
from replica.world import Rules, World

__all__ = ["step_leadership"]


def backing(p: Rules, perceived: float) -> float:
    """B: what finite patience makes of a perceived gain."""
    c = p.leadership
    return 1.0 if c.patience <= 0.0 else exp64(min(max((perceived - c.hurdle) / c.patience, -3.0), 3.0))


def hold_office(w: World, p: Rules) -> None:
    """Exits and appointments that the end of last week brought."""
    c = p.leadership
    if w.leader_open == 0.0:
        w.leader_open, w.leader_out = 1.0, 0.0
        w.leader_tenure_weeks, w.leader_gap = 0.0, 0.0 if c.start == "appointed" else float(c.vacancy_weeks)
        w.leader_perceived_roi = c.hurdle
    elif w.leader_out > 0.0:
        w.leader_out, w.leader_tenure_weeks, w.leader_gap = 0.0, 0.0, float(c.vacancy_weeks)
        w.leader_kept *= 1.0 - c.lost_at_exit
    if w.leader_tenure_weeks > 0.0:
        w.leader_tenure_weeks += 1.0
    elif w.leader_gap > 0.0:
        w.leader_gap -= 1.0
    else:
        w.leader_tenure_weeks, w.leader_perceived_roi = 1.0, c.hurdle


def step_leadership(w: World, p: Rules, t: int) -> None:
    """One week of the office: tenure, hours, effect, proof."""
    c = p.leadership
    w.leader_matured = w.leader_utilisation = w.leader_support = 0.0
    if not c.enabled:
        w.leader_open = w.leader_tenure_weeks = w.leader_kept = w.leader_shown = w.leader_perceived_roi = 0.0
        return
    hold_office(w, p)
    seated = w.leader_tenure_weeks > 0.0
    if seated and w.leader_tenure_weeks > c.lag_weeks:
        w.leader_matured = w.leader_kept = 1.0
    back = backing(p, w.leader_perceived_roi)
    granted = min(1.0, back)
    w.funding *= granted
    w.leader_support = c.support * granted
    if seated:
        load = (1.0 - c.clarity) * w.service_demand * c.issue_hours / p.capacity.gross_hours
        w.leader_utilisation = min(1.0, load)
        w.leader_free = 1.0 - w.leader_utilisation
        w.programme += c.salary / 52.0 + c.budget * granted / 52.0
    exert(w, p, seated)
    w_leaves, w_noise, _, _ = w.words(0, t, luck.LEADER)
    if seated and t % 13 == 12:  # a quarterly appraisal
        sd = c.attribution_noise * (1.0 - c.proof_effect * min(1.0, leg(w, p, c.proof)))
        w.leader_perceived_roi = w.leader_shown + sd * normal_quantile(unit(w_noise))
    if seated and c.tenure_months > 0.0:
        hazard = 12.0 / (52.0 * c.tenure_months) / back
        w.leader_out = 1.0 if unit(w_leaves) < 1.0 - exp64(-hazard) else 0.0


def leg(w: World, p: Rules, hours: float) -> float:
    """e: how far a leg with this weight takes effect, by its share of the free hours, skill and support."""
    c = p.leadership
    weight = c.behaviour + c.culture + c.proof
    share = 1.0 / weight if weight > 0.0 else 0.0
    influence = c.skill * (1.0 - c.support_weight + c.support_weight * w.leader_support)
    return float(min(1.0, hours * share * w.leader_free / c.enough) * influence)


def exert(w: World, p: Rules, seated: bool) -> None:
    """Profitable behaviour cuts friction; culture couples teams, or commands them; executives are shown the gain."""
    c = p.leadership
    culture = leg(w, p, c.culture)
    removed = min(1.0, c.friction_effect * leg(w, p, c.behaviour) * w.leader_kept)
    w.friction_factor *= 1.0 - removed
    w.culture_added += c.culture_effect * culture * w.leader_kept
    if c.style == "command":
        added = c.command_pull * culture * w.leader_kept
        w.lead_added += added
        w.morale_added -= c.command_morale * culture if seated else 0.0
    else:
        added = (c.coupling_effect - 1.0) * culture * w.leader_kept
        w.coupling_factor *= 1.0 + added
    gain = c.behaviour_value * removed + c.culture_value * added
    w.leader_shown += (gain - w.leader_shown) / c.attribution_lag_weeks
