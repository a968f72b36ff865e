"""What touches cost, and customers with an issue: those whom crowd.py has marked are looked at one by one."""

from typing import Any

from flywheel_sim.engine.crowd import LOT, NUM, WHO
from flywheel_sim.engine.jit import f32, i16, i64, law, u8
from flywheel_sim.engine.maths import log64
from flywheel_sim.engine.mechanisms.m02_relationship import expected, felt, moved
from flywheel_sim.engine.mechanisms.m08_service import poisson_count
from flywheel_sim.engine.random import CARE, below, unit64, words
from flywheel_sim.engine.state import ACC, AGES, ISSUES, MARKS

__all__ = ["pay_touches", "serve"]

_ZERO, _ONE = f32(0.0), f32(1.0)


@law
def pay_touches(p: Any, tb: Any, st: Any, first: int, count: int, who: Any, hits: Any, a: Any) -> None:
    """M3, M9: book what this week's touches cost, with the block and with each customer."""
    size, costs = p.size, st.cost
    dear = False
    for n in range(size.touchpoints):
        for s in range(size.segments):
            dear |= tb.touch[size.touch0 + n].cost + tb.cell[size.cell0 + n * size.segments + s, 2] > 0.0
    if not dear:
        return
    for m in range(count):
        if who[WHO.contact, m] != 0:
            i = first + who[WHO.place, m]
            for n in range(size.touchpoints):
                if hits[n, m]:
                    cell = size.cell0 + n * size.segments + who[WHO.segment, m]
                    outlay = tb.touch[size.touch0 + n].cost + tb.cell[cell, 2]
                    if outlay > 0.0:
                        a[ACC.touch_cost] += outlay
                        costs[i] += f32(outlay)


@law
def serve(
    p: Any, st: Any, q: int, t: int, first: int, count: int, num: Any, who: Any, lot: Any, a: Any, cases: Any
) -> None:
    """M8, M9: cases are handled, new issues open one, and some are solved without help."""
    r, now, service, rel = st.run[q], st.now[q], p.service, p.relationship
    seed, replicate = r.seed, r.replicate
    gain, loss = f32(rel.gain), f32(rel.gain * rel.asymmetry)
    spill, adapt, norm = f32(rel.spill_over), f32(rel.expectation_adaptation), f32(rel.market_norm)
    recent_w, history_w = f32(rel.recent_weight), f32(rel.history_weight)
    fail_shock, contact_shock = f32(service.failed_fix_effort), f32(service.contact_effort)
    loss_shock = f32(p.handoffs.effort_of_loss)
    self_cost, self_effort = f32(p.channels.self_service_cost), f32(p.channels.self_service_effort)
    self_gain = f32(p.channels.self_service_gain)
    timed = service.event_timed and r.item_room > 0
    marks, waited = st.marks, st.waited
    looked = 0
    for m in range(count):
        who[WHO.marked, looked] = m
        looked += timed or who[WHO.busy, m] != 0
    for n in range(looked):
        m = who[WHO.marked, n]
        i = first + who[WHO.place, m]
        j = i - r.account0
        relationship, recent, history = num[NUM.relationship, m], num[NUM.recent, m], num[NUM.history, m]
        effort_new, contact = num[NUM.shock, m], who[WHO.contact, m] != 0
        if timed:
            here = r.mark0 + j
            handled = i64(marks[here, MARKS.handled])
            if handled > 0 or waited[here] > _ZERO:
                bad_ones = i64(marks[here, MARKS.bad])
                contact = contact or handled > 0
                effort_new += (
                    contact_shock * f32(handled)
                    + f32(service.wait_effort) * waited[here]
                    + fail_shock * f32(marks[here, MARKS.unfixed])
                    + loss_shock * f32(marks[here, MARKS.lost])
                )
                if rel.enabled:
                    for h in range(handled):
                        outcome = _ZERO if h < bad_ones else _ONE
                        surprise = felt(outcome, recent, spill) - expected(norm, history, adapt)
                        relationship = moved(relationship, surprise, gain, loss)
                        recent += recent_w * (outcome - recent)
                        history += history_w * (outcome - history)
                marks[here, :] = 0
                waited[here] = _ZERO
        elif st.open[i] > 0:
            case_age = min(t - 1 - i64(st.since[i]), AGES - 1)
            cutoff = i64(now.cutoff)
            if case_age >= 0 and case_age >= cutoff:
                w_margin, w_fix, w_delay, w_lost = words(seed, replicate, j, t, CARE, 0)
                if case_age > cutoff or below(w_margin, now.margin):
                    issues = f32(st.open[i])
                    a[ACC.handled] += issues
                    st.cost[i] += issues * f32(service.live_cost)
                    effort_new += contact_shock + now.wait_effort + f32(service.wait_effort) * f32(case_age)
                    contact = True
                    lost = below(w_lost, now.lost_issue)
                    fixed = below(w_fix, now.fix)
                    st.open[i] = 0
                    if rel.enabled:
                        outcome = _ONE if fixed and not lost else _ZERO
                        surprise = felt(outcome, recent, spill) - expected(norm, history, adapt)
                        relationship = moved(relationship, surprise, gain, loss)
                        recent += recent_w * (outcome - recent)
                        history += history_w * (outcome - history)
                    if lost:
                        a[ACC.lost] += 1.0
                        effort_new += loss_shock
                    if lost or not fixed:
                        if not fixed:
                            effort_new += fail_shock
                        a[ACC.repeats] += 1.0
                        delay = 0
                        if service.return_delay_weeks > 0.0:
                            delay = i64(-log64(unit64(w_delay)) * service.return_delay_weeks)
                        st.open[i] = 1
                        st.since[i] = i16(t + min(delay, 100))
        mean = num[NUM.mean, m]
        new = poisson_count(lot[LOT.issues, m], mean * now.live)
        if new > 0:
            if timed:
                new = max(0, min(new, ISSUES - i64(st.open[i])))
                marks[r.mark0 + j, MARKS.fresh] = u8(new)
            else:
                if st.open[i] == 0:
                    st.since[i] = i16(t)
                st.open[i] = u8(min(i64(st.open[i]) + new, 255))
            a[ACC.new_issues] += new
        if now.contained > _ZERO or now.tried > _ZERO:  # self-service is offered
            easy = 0
            if now.contained > _ZERO:
                easy = poisson_count(lot[LOT.channel0, m], mean * now.contained)
            tries = f32(easy) + now.tried * f32(new)
            if tries > _ZERO:
                a[ACC.contacts] += easy
                a[ACC.contained] += easy
                a[ACC.tries] += tries
                st.cost[i] += self_cost * tries
                effort_new += self_effort * tries
                if rel.enabled and self_gain > _ZERO:
                    for _ in range(easy):
                        surprise = felt(_ONE, recent, spill) - expected(norm, history, adapt)
                        relationship = moved(relationship, surprise, gain * self_gain, loss * self_gain)
                        recent += recent_w * self_gain * (_ONE - recent)
                        history += history_w * self_gain * (_ONE - history)
        if st.open[i] > 0 and not timed:
            case_age = t - i64(st.since[i])
            if case_age >= 0:
                a[ACC.backlog] += st.open[i]
                cases[min(case_age, AGES - 1)] += st.open[i]
                # a case that opens is counted whole; later only what joins it
                a[ACC.contacts] += i64(st.open[i]) if case_age == 0 else i64(new)
        num[NUM.relationship, m], num[NUM.recent, m], num[NUM.history, m] = relationship, recent, history
        num[NUM.shock, m], who[WHO.contact, m] = effort_new, contact
