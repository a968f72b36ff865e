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

import numpy as np

from flywheel_sim.engine.customer_tables import NUM
from flywheel_sim.engine.jit import f32, inlined, step
from flywheel_sim.engine.kernel_types import Firm, Lot, Par, Rates, Row, State, Sums
from flywheel_sim.engine.portable_math import normal_quantile
from flywheel_sim.engine.random import SURVEY, below, unit64, words
from flywheel_sim.engine.state import ACC, COUNTED, TALLY
from flywheel_sim.scenario.columns import COL

__all__ = ["INFLATION_POINTS", "answer_survey", "check_week", "read_week", "replies"]

#: NPS points that one unit of gaming effort adds to a surveyed score (an assumption, evidence mark a).
INFLATION_POINTS = 20.0
_ONE = f32(1.0)

# sums that are columns as they stand: where they are, and where they go
_COUNTED = np.array([(getattr(ACC, name), getattr(COL, name)) for name in COUNTED])


@inlined
def replies(bond: np.float32, z: np.float32, e: np.float32, silent: np.float32) -> bool:
    """Whether a customer z standard deviations from the mean relationship answers, with luck e."""
    return bool(bond * z + np.sqrt(_ONE - bond * bond) * e > silent)


@inlined
def answer_survey(state: State, firm: Firm, week: int, j: int, m: int, num: Lot, rates: Rates, sums: Sums) -> bool:
    """Answer this week's survey, or not: read, never felt; return whether the answer is a detractor's."""
    detracts = False
    w_kind, w_reply, w_happy, _ = words(firm.seed, firm.replicate, j, week, SURVEY, 0)
    promoter = below(w_kind, num[NUM.promoter, m])
    answers = below(w_reply, rates.happy_answers if promoter else rates.answers)
    if rates.bond > f32(0.0):
        z = (num[NUM.relationship, m] - rates.relationship_reference) * rates.per_deviation
        answers = replies(rates.bond, z, f32(normal_quantile(unit64(w_reply))), rates.silent)
    if answers:
        detracts = not promoter and below(w_kind, num[NUM.promoter, m] + num[NUM.detractor, m])
        if firm.tally0 >= 0:
            tally, here = state.tally, firm.tally0 + j
            tally[here, TALLY.answers] += _ONE
            tally[here, TALLY.promoting] += f32(promoter)
            tally[here, TALLY.detracting] += f32(detracts)
        sums[ACC.survey_answers] += 1.0
        if promoter:
            sums[ACC.answers_up] += 1.0
        elif detracts:
            sums[ACC.answers_down] += 1.0
        if below(w_happy, num[NUM.recent, m]):
            sums[ACC.answers_satisfied] += 1.0
    return detracts


@step
def read_week(par: Par, state: State, run: int, week: int, total: Sums, last: Row, row: Row) -> None:
    """Write the sums and means over customers, and the scores; all else is written by who knows it."""
    customers = total[ACC.customers]
    share = 1.0 / customers if customers > 0.0 else 0.0
    for n in range(_COUNTED.shape[0]):
        row[_COUNTED[n, 1]] = total[_COUNTED[n, 0]]
    row[COL.relationship] = total[ACC.relationship] * share if customers > 0.0 else last[COL.relationship]
    row[COL.effort] = total[ACC.effort] * share if customers > 0.0 else last[COL.effort]
    row[COL.experience] = total[ACC.experience] * share if customers > 0.0 else last[COL.experience]
    row[COL.exposure], row[COL.csat_true] = total[ACC.exposure] * share, row[COL.experience]
    row[COL.nps_true] = last[COL.nps_true]
    if par.measures.enabled and customers > 0.0:
        row[COL.nps_true] = 100.0 * (total[ACC.promoters] - total[ACC.detractor_scores]) / max(total[ACC.asked], 1.0)
    read_survey(par, state, run, week, total, last, row)


@step
def read_survey(par: Par, state: State, run: int, week: int, total: Sums, last: Row, row: Row) -> None:
    """Write the scores of the last survey, inflated by gaming, and those that are seen, and paid on, after the lag."""
    firm, answers = state.run[run], total[ACC.survey_answers]
    row[COL.score_inflation] = INFLATION_POINTS * row[COL.gaming]
    row[COL.nps_taken], row[COL.csat_taken] = last[COL.nps_taken], last[COL.csat_taken]
    if answers > 0.0:
        up, down = total[ACC.answers_up] / answers, total[ACC.answers_down] / answers
        firm.survey_sd = 100.0 * math.sqrt(max(0.0, up + down - (up - down) * (up - down)) / answers)
        paid = 100.0 * (total[ACC.answers_up] - total[ACC.answers_down]) / answers + row[COL.score_inflation]
        row[COL.nps_taken] = min(100.0, paid)
        row[COL.csat_taken] = min(1.0, total[ACC.answers_satisfied] / answers + row[COL.score_inflation] / 200.0)
    lag = par.sensing.survey_lag_weeks
    seen = row if lag == 0 else (state.initial[run] if lag > week else state.weekly[firm.week0 + week - lag])
    row[COL.nps_survey], row[COL.csat_survey] = seen[COL.nps_taken], seen[COL.csat_taken]


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
