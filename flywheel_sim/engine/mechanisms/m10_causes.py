r"""M10 Root causes and firefighting.

Every touchpoint j has root causes X_j = V_j + W_j in [0, 1], visible ones V and hidden ones W.  Symptoms of what shows
take the share f of the hours for improving; what is left removes visible causes, patches hide them, and hidden ones
come back:

    f     = min(1, rho (1 - k (1 - V)))                                                                     (A27)
    dV/dt = delta z (1 - X) - (1 - f) (1 - l) e y [(1 - s) a + s] V - patching f V + W / tau
    dW/dt =                   (1 - f) (1 - l) e y s V               + patching f V - W / tau

rho     hours of symptoms over hours for improving, were every cause there: ``load``, or times demand over hours of the
        touchpoint's owner (``observed``)
z >= 0  1 + b_h (handoffs lost per issue handled last week - reference) + b_c (owner's log skill not yet relearned)
a >= 0  alignment of those who serve j: 1 - effect (1 - sum_k omega_jk u_owner . u_k); 1 if the owner serves alone
y       yield of culture (M20);  l  share of the hours that letters pre-empt,  s  share that goes into patches (M14)

What is hidden is out of reach: nobody fixes a cause that does not show, and it presses no one.  Visible causes move a
touch by the logit -q_cause (V - X_ref) (M3) and issues by exp(b (mean V - X_ref)) (M8), where they become hours and
effort; firefighting itself takes no further hours of M19.  At z = a = y = 1 without patches C = 1 - X is A27, with a
tipping point where rho >= 1.  A week is four steps of Runge-Kutta of fourth order: below 1e-6 of the exact path for
e <= .2 a week, also over the kink of f.  Where causes come up many times faster than a step, every stage is kept
inside [0, 1], so that they fill up at once instead of being carried off.

Neutral setting: ``enabled: false``.  C60's whack-a-mole vanishes at ``patching: 0`` (here and in M14), the trap at
load 0.
"""

from flywheel_sim.engine.choices import codes
from flywheel_sim.engine.jit import inlined, step
from flywheel_sim.engine.kernel_types import Firm, Par, State, Tables
from flywheel_sim.engine.mechanisms.m20_culture import discipline_yield
from flywheel_sim.engine.portable_math import exp64
from flywheel_sim.scenario.blocks.m10_causes import Causes
from flywheel_sim.scenario.columns import COL

__all__ = ["alignment_behind", "cause_rates", "step_causes"]

PRESSURE = codes(Causes, "pressure")

_STEPS = 4


@inlined
def cause_rates(
    v: float, w: float, rho: float, k: float, grow: float, fix: float, stick: float, patch: float, back: float
) -> tuple[float, float]:
    """dV/dt and dW/dt: hours left over remove (``fix``) or hide (``stick``), hours spent on fires hide (``patch``)."""
    f = min(1.0, rho * (1.0 - k * (1.0 - v)))
    hide = ((1.0 - f) * stick + patch * f) * v - back * w
    return grow * (1.0 - v - w) - (1.0 - f) * fix * v - hide, hide


@inlined
def alignment_behind(par: Par, tables: Tables, state: State, firm: Firm, n: int) -> float:
    """Mean cosine of touchpoint n's owner with all who serve it, weighted by the dependency on them."""
    row = par.size.touch0 + n
    owner, cosine = firm.team0 + tables.touch[row].owner, 0.0
    for k in range(par.size.teams):
        for a in range(par.size.axes):
            cosine += tables.dependency[row, k] * state.direction[owner, a] * state.direction[firm.team0 + k, a]
    return cosine


@step
def step_causes(par: Par, tables: Tables, state: State, run: int, week: int) -> None:
    """One week of causes, symptoms and fixes; what shows moves touches and issues."""
    firm, causes, touchpoints = state.run[run], par.causes, par.size.touchpoints
    weekly = state.weekly[firm.week0 + week]
    if not causes.enabled or touchpoints == 0:
        return
    first, firm.causes_begun = firm.causes_begun == 0.0, 1.0
    lost = 0.0
    if week > 0:
        handled = state.weekly[firm.week0 + week - 1, COL.handled]
        if handled > 0.0:
            lost = state.weekly[firm.week0 + week - 1, COL.handoffs_lost] / handled - causes.handoff_reference
    back, h = 1.0 / causes.return_weeks, 1.0 / _STEPS
    able = causes.fix_rate * discipline_yield(par, firm.culture) * (1.0 - firm.preempted)
    for n in range(touchpoints):
        cell = firm.success0 + n
        if first:
            state.visible[cell], state.hidden[cell] = causes.start, 0.0
        owner = firm.team0 + tables.touch[par.size.touch0 + n].owner
        rho = causes.load
        if causes.pressure == PRESSURE.observed:
            rho *= state.demand[owner] / state.hours[owner] if state.hours[owner] > 0.0 else 100.0
        apart = causes.alignment_effect * (1.0 - alignment_behind(par, tables, state, firm, n))
        grow = causes.growth * max(
            0.0, 1.0 + causes.handoff_effect * lost + causes.change_effect * state.unlearned[owner]
        )
        fix = able * (1.0 - state.patched[cell]) * max(0.0, 1.0 - apart)
        stick = able * state.patched[cell]
        v, w = state.visible[cell], state.hidden[cell]
        for _ in range(_STEPS):
            v1, w1 = v, w
            dv, dw = 0.0, 0.0
            for stage in range(4):
                a, b = cause_rates(v1, w1, rho, causes.prevention, grow, fix, stick, causes.patching, back)
                weight = h / 6.0 if stage == 0 or stage == 3 else h / 3.0
                dv += weight * a
                dw += weight * b
                ahead = h if stage == 2 else 0.5 * h
                v1, w1 = min(1.0, max(0.0, v + ahead * a)), min(1.0, max(0.0, w + ahead * b))
            v, w = max(0.0, v + dv), max(0.0, w + dw)
            if v + w > 1.0:
                v, w = v / (v + w), w / (v + w)
        state.visible[cell], state.hidden[cell] = v, w
        state.shift[cell] -= causes.quality_effect * (v - causes.reference)
        weekly[COL.causes] += (v + w) / touchpoints
        weekly[COL.causes_hidden] += w / touchpoints
        weekly[COL.firefighting] += min(1.0, rho * (1.0 - causes.prevention * (1.0 - v))) / touchpoints
    showing = weekly[COL.causes] - weekly[COL.causes_hidden]
    firm.issue_factor *= exp64(causes.issue_effect * (showing - causes.reference))
