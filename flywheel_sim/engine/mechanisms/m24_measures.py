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

from flywheel_sim.engine.customer_tables import NUM
from flywheel_sim.engine.jit import inlined, step
from flywheel_sim.engine.kinds import Firm, Lot, Par, Rates, Row, State, Sums
from flywheel_sim.engine.random import SURVEY, below, words
from flywheel_sim.engine.state import ACC
from flywheel_sim.scenario.columns import COL

__all__ = ["INFLATION_POINTS", "answer_survey", "check_week", "read_week"]

#: NPS points that one unit of gaming effort adds to a surveyed score (an assumption, evidence mark a).
INFLATION_POINTS = 20.0


@inlined
def answer_survey(firm: Firm, week: int, j: int, m: int, num: Lot, rates: Rates, sums: Sums) -> None:
    """Answer this week's survey, or not: read, never felt."""
    w_kind, w_reply, w_happy, _ = words(firm.seed, firm.replicate, j, week, SURVEY, 0)
    promoter = below(w_kind, num[NUM.promoter, m])
    if below(w_reply, rates.happy_answers if promoter else rates.answers):
        sums[ACC.answers] += 1.0
        if promoter:
            sums[ACC.answers_up] += 1.0
        elif below(w_kind, num[NUM.promoter, m] + num[NUM.detractor, m]):
            sums[ACC.answers_down] += 1.0
        if below(w_happy, num[NUM.recent, m]):
            sums[ACC.answers_satisfied] += 1.0


@step
def read_week(par: Par, state: State, run: int, week: int, total: Sums, last: Row, row: Row) -> None:
    """Write every column but money."""
    firm = state.run[run]
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
    row[COL.expansions], row[COL.added] = total[ACC.expansions], firm.added
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
    row[COL.friction], row[COL.handoffs_lost] = firm.friction, total[ACC.lost]
    row[COL.contacts], row[COL.contained], row[COL.handled] = (
        total[ACC.contacts],
        total[ACC.contained],
        total[ACC.handled],
    )
    row[COL.self_service] = total[ACC.tries]
    row[COL.repeat_contacts], row[COL.backlog] = total[ACC.repeats], total[ACC.backlog]
    row[COL.waited], row[COL.abandoned] = total[ACC.waited], total[ACC.abandoned]
    row[COL.wait_weeks], row[COL.service_standard] = firm.wait, firm.standard
    row[COL.utilisation] = firm.service_demand / firm.service_capacity if 0.0 < firm.service_capacity < 1e200 else 0.0
    if par.measures.enabled and customers > 0.0:
        row[COL.nps_true] = 100.0 * (total[ACC.promoters] - total[ACC.detractor_scores]) / max(total[ACC.asked], 1.0)
    else:
        row[COL.nps_true] = last[COL.nps_true]
    row[COL.score_inflation] = INFLATION_POINTS * firm.gaming
    answers = total[ACC.answers]
    row[COL.survey_answers] = answers
    if answers > 0.0:
        up, down = total[ACC.answers_up] / answers, total[ACC.answers_down] / answers
        firm.survey_sd = 100.0 * math.sqrt(max(0.0, up + down - (up - down) * (up - down)) / answers)
        paid = 100.0 * (total[ACC.answers_up] - total[ACC.answers_down]) / answers + row[COL.score_inflation]
        firm.nps_taken = min(100.0, paid)
        firm.csat_taken = min(1.0, total[ACC.answers_satisfied] / answers + row[COL.score_inflation] / 200.0)
    row[COL.nps_taken], row[COL.csat_taken] = firm.nps_taken, firm.csat_taken
    lag = par.sensing.survey_lag_weeks
    seen = row if lag == 0 else (state.initial[run] if lag > week else state.weekly[firm.week0 + week - lag])
    firm.nps_survey, firm.csat_survey = seen[COL.nps_taken], seen[COL.csat_taken]
    row[COL.nps_survey], row[COL.csat_survey] = firm.nps_survey, firm.csat_survey
    row[COL.csat_true], row[COL.map_accuracy] = row[COL.experience], firm.accuracy
    row[COL.alignment], row[COL.alignment_weighted] = firm.alignment, firm.alignment_weighted
    row[COL.customer_alignment], row[COL.net_force] = firm.customer_alignment, firm.net_force
    row[COL.decision_weeks], row[COL.rework_rate] = firm.decision_weeks, firm.rework_rate
    row[COL.misfit], row[COL.decision_error] = firm.misfit, firm.decision_error
    row[COL.blockers_new], row[COL.blockers_open] = firm.blockers_new, firm.blockers
    row[COL.blockers_resolved], row[COL.blockers_reopened] = firm.blockers_resolved, firm.blockers_reopened
    row[COL.blockers_dropped], row[COL.resolve_weeks] = firm.blockers_dropped, firm.resolve_weeks
    row[COL.ideas], row[COL.idea_pairs], row[COL.idea_uptake] = firm.ideas, firm.idea_pairs, firm.idea_uptake
    row[COL.product_quality] = firm.product
    row[COL.belief_cosine], row[COL.overload] = firm.belief_cosine, firm.overload
    row[COL.sales_delay_weeks], row[COL.effort_level] = firm.sales_delay, firm.effort_level
    row[COL.onboarding_wait_weeks] = firm.onboarding_wait
    row[COL.gaming], row[COL.culture] = firm.gaming, firm.culture
    row[COL.purchases], row[COL.exposure] = total[ACC.purchases], total[ACC.exposure] * share
    row[COL.causes], row[COL.causes_hidden], row[COL.firefighting] = firm.causes, firm.causes_hidden, firm.firefighting
    row[COL.score_mean], row[COL.score_variance] = firm.score_mean, firm.score_variance
    row[COL.activity], row[COL.projects], row[COL.effort_mismatch] = firm.activity, firm.projects, firm.effort_mismatch
    row[COL.executive_belief], row[COL.belief_gap] = firm.executive_belief, firm.belief_gap
    row[COL.leader_tenure_weeks], row[COL.leader_matured] = firm.leader_tenure, firm.leader_matured
    row[COL.leader_utilisation], row[COL.leader_support] = firm.leader_use, firm.leader_support
    row[COL.leader_perceived_roi], row[COL.attention] = firm.leader_perceived, firm.attention
    row[COL.deals_turned_away], row[COL.lone_deals] = total[ACC.turned_away], total[ACC.lone_deals]
    row[COL.lone_churned] = total[ACC.lone_churned]
    row[COL.morale], row[COL.norms], row[COL.service_orientation] = firm.morale, firm.norm, firm.trait
    row[COL.knowledge], row[COL.project_fixes], row[COL.competencies] = firm.knowledge, firm.fixes, firm.competencies
    row[COL.adherence], row[COL.adherence_reported] = firm.adherence, firm.adherence_reported
    row[COL.members], row[COL.member_churned] = total[ACC.members], total[ACC.member_churned]
    row[COL.rewards] = total[ACC.redeemed]


@step
def check_week(par: Par, state: State, run: int, last: Row, row: Row) -> None:
    """Count violations of conservation in this week."""
    firm = state.run[run]
    flow = row[COL.new_customers] + row[COL.won_back] + row[COL.added] - row[COL.churned]
    bad = 0.0
    if row[COL.customers] != last[COL.customers] + flow:
        bad += 1.0
    if row[COL.prospects] + row[COL.customers] + row[COL.former] != firm.accounts:
        bad += 1.0
    if row[COL.referred_new] > row[COL.new_customers] or row[COL.advocates] + row[COL.detractors] > row[COL.customers]:
        bad += 1.0
    open_now = last[COL.blockers_open] + row[COL.blockers_new] - row[COL.blockers_resolved]
    if par.blockers.enabled and row[COL.blockers_open] != open_now:
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
    firm.violations += bad
