r"""M24 Measures: readouts, which never cause anything by themselves.

True NPS is the mean over all customers of 100 (P(promoter) - P(detractor)); surveyed NPS and CSAT come from the sampled
answers of the last survey, plus the inflation that gaming adds (``inflation_points`` per unit of gaming effort), and
are seen with M13's lag.  An answer is satisfied with the probability of the customer's recent experience, so true CSAT
is its mean.  R_f, the flywheel's reproduction number, is made from the life table in ``results``, as are the wheel's
speed (referred wins and expansions per customer-week), friction (customers lost per customer-week; handoff friction is
a column of its own) and mass (recurring revenue that turns with it).

Neutral setting: ``enabled: false`` leaves scores as they start; nothing depends on them unless it is paid on them.

In debug mode every week is checked (customers = previous + won + won back + added - lost; statuses partition the
accounts; ledger lines sum to the change in cash; a referred sale has one referrer); each violation is counted, and the
run refuses its result.
"""

import math
from typing import Any

from flywheel_sim.engine.jit import part
from flywheel_sim.engine.state import ACC
from flywheel_sim.scenario.columns import COL

__all__ = ["INFLATION_POINTS", "check_week", "read_week"]

#: NPS points that one unit of gaming effort adds to a surveyed score (an assumption, evidence mark a).
INFLATION_POINTS = 20.0


@part
def read_week(p: Any, st: Any, q: int, t: int, total: Any, last: Any, row: Any) -> None:
    """Write every column but money."""
    r = st.run[q]
    customers = total[ACC.customers]
    share = 1.0 / customers if customers > 0.0 else 0.0
    row[COL.prospects], row[COL.customers], row[COL.former] = total[ACC.prospects], customers, total[ACC.former]
    row[COL.advocates], row[COL.detractors], row[COL.blocked] = (
        total[ACC.advocates],
        total[ACC.detractors],
        total[ACC.blocked],
    )
    row[COL.leads], row[COL.qualified], row[COL.proposals] = (
        total[ACC.leads],
        total[ACC.qualified],
        total[ACC.proposals],
    )
    row[COL.sold], row[COL.new_customers], row[COL.referred_new] = (
        total[ACC.sold],
        total[ACC.won],
        total[ACC.won_referred],
    )
    row[COL.sold_waiting] = total[ACC.sold_waiting]
    row[COL.won_back], row[COL.churned] = total[ACC.won_back], total[ACC.churned]
    row[COL.churned_involuntary], row[COL.renewals_due] = total[ACC.involuntary], total[ACC.due]
    row[COL.expansions], row[COL.added] = total[ACC.expansions], r.added
    row[COL.expanded_spend], row[COL.churned_spend] = total[ACC.expanded_spend], total[ACC.churned_spend]
    row[COL.spend], row[COL.stayed], row[COL.stayed_spend] = (
        total[ACC.spend],
        total[ACC.stayed],
        total[ACC.stayed_spend],
    )
    row[COL.relationship] = total[ACC.relationship] * share if customers > 0.0 else last[COL.relationship]
    row[COL.effort] = total[ACC.effort] * share if customers > 0.0 else last[COL.effort]
    row[COL.experience] = total[ACC.recent] * share if customers > 0.0 else last[COL.experience]
    row[COL.touches], row[COL.defects] = total[ACC.touches], total[ACC.failed]
    row[COL.friction], row[COL.handoffs_lost] = r.friction, total[ACC.lost]
    row[COL.contacts], row[COL.contained], row[COL.handled] = (
        total[ACC.contacts],
        total[ACC.contained],
        total[ACC.handled],
    )
    row[COL.self_service] = total[ACC.tries]
    row[COL.repeat_contacts], row[COL.backlog] = total[ACC.repeats], total[ACC.backlog]
    row[COL.waited], row[COL.abandoned] = total[ACC.waited], total[ACC.abandoned]
    row[COL.wait_weeks], row[COL.service_standard] = r.wait, r.standard
    row[COL.utilisation] = r.service_demand / r.service_capacity if 0.0 < r.service_capacity < 1e200 else 0.0
    if p.measures.enabled and customers > 0.0:
        row[COL.nps_true] = 100.0 * (total[ACC.promoters] - total[ACC.detractor_scores]) / max(total[ACC.asked], 1.0)
    else:
        row[COL.nps_true] = last[COL.nps_true]
    row[COL.score_inflation] = INFLATION_POINTS * r.gaming
    answers = total[ACC.answers]
    row[COL.survey_answers] = answers
    if answers > 0.0:
        up, down = total[ACC.answers_up] / answers, total[ACC.answers_down] / answers
        r.survey_sd = 100.0 * math.sqrt(max(0.0, up + down - (up - down) * (up - down)) / answers)
        paid = 100.0 * (total[ACC.answers_up] - total[ACC.answers_down]) / answers + row[COL.score_inflation]
        r.nps_taken = min(100.0, paid)
        r.csat_taken = min(1.0, total[ACC.answers_satisfied] / answers + row[COL.score_inflation] / 200.0)
    row[COL.nps_taken], row[COL.csat_taken] = r.nps_taken, r.csat_taken
    lag = p.sensing.survey_lag_weeks
    seen = row if lag == 0 else (st.initial[q] if lag > t else st.weekly[r.week0 + t - lag])
    r.nps_survey, r.csat_survey = seen[COL.nps_taken], seen[COL.csat_taken]
    row[COL.nps_survey], row[COL.csat_survey] = r.nps_survey, r.csat_survey
    row[COL.csat_true], row[COL.map_accuracy] = row[COL.experience], r.accuracy
    row[COL.alignment], row[COL.alignment_weighted] = r.alignment, r.alignment_weighted
    row[COL.customer_alignment], row[COL.net_force] = r.customer_alignment, r.net_force
    row[COL.decision_weeks], row[COL.rework_rate] = r.decision_weeks, r.rework_rate
    row[COL.misfit], row[COL.decision_error] = r.misfit, r.decision_error
    row[COL.blockers_new], row[COL.blockers_open] = r.blockers_new, r.blockers
    row[COL.blockers_resolved], row[COL.blockers_reopened] = r.blockers_resolved, r.blockers_reopened
    row[COL.blockers_dropped], row[COL.resolve_weeks] = r.blockers_dropped, r.resolve_weeks
    row[COL.ideas], row[COL.idea_pairs], row[COL.idea_uptake] = r.ideas, r.idea_pairs, r.idea_uptake
    row[COL.product_quality] = r.product
    row[COL.belief_cosine], row[COL.overload] = r.belief_cosine, r.overload
    row[COL.sales_delay_weeks], row[COL.effort_level] = r.sales_delay, r.effort_level
    row[COL.onboarding_wait_weeks] = r.onboarding_wait
    row[COL.gaming], row[COL.culture] = r.gaming, r.culture
    row[COL.purchases], row[COL.exposure] = total[ACC.purchases], total[ACC.exposure] * share
    row[COL.causes], row[COL.causes_hidden], row[COL.firefighting] = r.causes, r.causes_hidden, r.firefighting
    row[COL.score_mean], row[COL.score_variance] = r.score_mean, r.score_variance
    row[COL.activity], row[COL.projects], row[COL.effort_mismatch] = r.activity, r.projects, r.effort_mismatch
    row[COL.executive_belief], row[COL.belief_gap] = r.executive_belief, r.belief_gap
    row[COL.leader_tenure_weeks], row[COL.leader_matured] = r.leader_tenure, r.leader_matured
    row[COL.leader_utilisation], row[COL.leader_support] = r.leader_use, r.leader_support
    row[COL.leader_perceived_roi], row[COL.attention] = r.leader_perceived, r.attention
    row[COL.deals_turned_away], row[COL.lone_deals] = total[ACC.turned_away], total[ACC.lone_deals]
    row[COL.lone_churned] = total[ACC.lone_churned]
    row[COL.morale], row[COL.norms], row[COL.service_orientation] = r.morale, r.norm, r.trait
    row[COL.knowledge], row[COL.project_fixes], row[COL.competencies] = r.knowledge, r.fixes, r.competencies
    row[COL.adherence], row[COL.adherence_reported] = r.adherence, r.adherence_reported
    row[COL.members], row[COL.member_churned] = total[ACC.members], total[ACC.member_churned]
    row[COL.rewards] = total[ACC.redeemed]


@part
def check_week(p: Any, st: Any, q: int, last: Any, row: Any) -> None:
    """Count violations of conservation in this week."""
    r = st.run[q]
    flow = row[COL.new_customers] + row[COL.won_back] + row[COL.added] - row[COL.churned]
    bad = 0.0
    if row[COL.customers] != last[COL.customers] + flow:
        bad += 1.0
    if row[COL.prospects] + row[COL.customers] + row[COL.former] != r.accounts:
        bad += 1.0
    if row[COL.referred_new] > row[COL.new_customers] or row[COL.advocates] + row[COL.detractors] > row[COL.customers]:
        bad += 1.0
    open_now = last[COL.blockers_open] + row[COL.blockers_new] - row[COL.blockers_resolved]
    if p.blockers.enabled and row[COL.blockers_open] != open_now:
        bad += 1.0
    size = abs(row[COL.cash]) + abs(row[COL.billed]) + abs(row[COL.total_cost]) + 1.0
    if abs(row[COL.cash] - last[COL.cash] - row[COL.billed] + row[COL.total_cost]) > 1e-9 * size:
        bad += 1.0
    size = abs(row[COL.deferred]) + abs(row[COL.billed]) + abs(row[COL.revenue]) + 1.0
    if (
        row[COL.deferred] < -1e-6 * size
        or abs(row[COL.deferred] - last[COL.deferred] - row[COL.billed] + row[COL.revenue]) > 1e-9 * size
    ):
        bad += 1.0
    r.violations += bad
