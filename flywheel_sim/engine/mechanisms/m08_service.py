r"""M8 Service.

Issues arrive per customer as Poisson(lambda),

    lambda = base exp(b (fit_ref - fit)) g (1 + w n) + failure demand x failed touches,

fit_ref the fit at which the base rate was found (M1), g the account's own need of help, for life, Gamma with mean 1 and
coefficient of variation ``issue_spread`` (shape 1/spread^2), so that counts of a year are negative binomial; n how
often it has bought more in this spell (M7), and w the ``product_work`` that each brings (S16, S17: what customers cost
differs more than what they pay).
A customer's open issues are one *case*, served oldest first.  At the end of each week the open cases are counted by
age; service can handle K issues a week, so there is a cut-off age: older cases are handled, younger ones wait, and at
the cut-off each is handled with the share that still fits (keyed luck at the margin).  Within the week the wait is
Erlang's,

    W_q = C(c, a) / (c mu - lambda)                                                              (A21),

when K exceeds demand, else backlog / K.  A handled case stays fixed with probability FCR; if not, one issue returns
after an exponential delay (load lambda / (1 - f); A21).  Contacts, waiting and failed fixes are remembered as effort.

**Event-timed form** (``event_timed``; small firms, and the A21 limit).  Inside the week issues arrive at keyed
instants, handling takes an exponential time, c servers take the oldest issue, and what is begun, waits or will return
is carried over the week's end; see ``engine/event_queue.py``.  Waits in working hours are then exact at any tick:
Erlang's C and W_q, load lambda / (1 - f).  The week has ``capacity.gross_hours`` working hours, and a server is a head
of the service team with a mean handling time of heads / K weeks, so that all of them handle K a week, whatever slows
the team down.  ``servers`` sets another number of servers who work at the same pace; with capacity off, handling takes
the stated hours.  ``patience_hours`` > 0 lets issues be given up: without failed fixes that is Erlang A (A30).

The standard of service s follows the level delivered, min(1, K/demand), down with tau = 19 weeks and up hardly ever
(A26); a lower standard means hastier work: hours per issue x s, FCR x s.

**Waiting is felt while it lasts.**  A customer whose case nobody took for a whole week remembers ``open_effort`` and a
touch that failed, of weight ``open_weight``; both are charged once a customer and week, however long the queue and
however many issues the case has.  What is charged when the case is handled (``wait_effort`` a week) comes on top.

**Patience ends.**  In each such week the customer gives up with probability 1 - exp(-1/``patience_weeks``), by keyed
luck.  Giving up is a contact that failed: effort of the contact, of the wait, of a failed fix, of a handoff that lost
the issue (where handoffs can) and ``give_up_effort`` more, and a failed touch of full weight.  So it is never better
than the worst answer after the same wait, and impatience cannot pay for dismissing the team.  Nothing is solved: with
probability ``give_up_return`` the issues come back after the delay of a failed fix.  In the event-timed form an issue
that is given up costs the same, and comes back the same way.  Source: an argument; that callers give up at a rate and
call again is Erlang's A with retrials (Garnett, Mandelbaum & Reiman 2002; A30 without retrials).

**Parts of servers.**  With ``fractional_servers``, c = K h / gross need not be whole: n servers of speed c/n carry the
load a if a < c, and the wait is interpolated between n = floor(c) and floor(c) + 1,

    W(c) = (1 - p) W_n + p W_(n+1),    W_n = (n/c) W_q(n, a n/c),    p = c - floor(c),

below one server W_1; whole c are Erlang's own.  A capped wait of a week hands over to backlog / K.  With capacity on
and nobody in the team K is 0: all wait, the limit of few.

Laws of the whole: neglect is felt by who waits while it lasts (1); as heads go to 0 the share handled goes to 0 and all
give up or wait on, without a step (3).

Neutral setting: ``enabled: false``: no issues.  ``issue_spread: 0`` and ``product_work: 0``: all customers are alike.
``patience_weeks: 0`` and ``patience_hours: 0`` are endless patience,
``open_effort: 0`` and ``open_weight: 0`` a wait that is felt at its end only, ``fractional_servers: false`` whole
servers, one at least.
"""

from flywheel_sim.engine.event_queue import serve_week
from flywheel_sim.engine.jit import f32, inlined, step
from flywheel_sim.engine.kernel_types import Par, State, Sums, Tables
from flywheel_sim.engine.state import ACC, AGES
from flywheel_sim.scenario.columns import COL

__all__ = ["close_queue", "erlang_wait", "wait_between", "write_service"]


#: Steps of Erlang's recursion at most, so that the work of a week does not grow with the number of servers.
_RECURSION = 100_000
#: More servers than the world has people are no more.
_CROWD = 1e10


@inlined
def erlang_wait(servers: int, load: float) -> float:
    """Mean wait in handling times of M/M/c with this offered load; capped where the queue has no equilibrium."""
    if servers <= 0 or load <= 0.0:
        return 0.0
    if load >= servers:
        return 50.0
    first, b = 1, 1.0
    if servers > _RECURSION:  # the recursion forgets where it began: start it late, at what it is near there
        first = servers - _RECURSION + 1
        b = max(0.0, 1.0 - (first - 1) / load)
    for k in range(first, servers + 1):
        b = load * b / (k + load * b)
    rho = load / servers
    return b / (1.0 - rho * (1.0 - b)) / (servers - load)


@inlined
def wait_between(servers: float, load: float) -> float:
    """Mean wait in handling times where c servers need not be a whole number: continuous in c, stable if load < c."""
    if servers <= 0.0:
        return 0.0 if load <= 0.0 else 50.0
    least, part = int(servers), servers - int(servers)
    more = (least + 1) / servers  # handling time of one of so many slower servers
    wait = erlang_wait(least + 1, load * more) * more
    if least > 0:
        fewer = least / servers
        wait = part * wait + (1.0 - part) * erlang_wait(least, load * fewer) * fewer
    return wait  # type: ignore[no-any-return]


@step
def close_queue(par: Par, tables: Tables, state: State, run: int, week: int, total: Sums) -> None:
    """Set who is served next week and how long issues wait: from the open cases by age, or by serving them in time."""
    firm, service, now = state.run[run], par.service, state.now[run]
    now.cutoff, now.margin = -1.0, 1.0
    firm.wait_weeks = firm.service_demand = 0.0
    if not service.enabled:
        return
    if service.event_timed and firm.item_room > 0:
        backlog = serve_week(par, tables, state, run, week, total)
        capacity = firm.service_capacity
    else:
        backlog, capacity = total[ACC.backlog], firm.service_capacity
        wait_by_age(state, run, backlog, service.fractional_servers)
    firm.service_demand = backlog
    if service.erosion:
        level = min(1.0, capacity / backlog) if backlog > 0.0 else 1.0
        if level < firm.service_standard:
            firm.service_standard += (level - firm.service_standard) / service.standard_decay_weeks
        elif service.standard_recovery_weeks > 0.0:
            firm.service_standard += (level - firm.service_standard) / max(service.standard_recovery_weeks, 1.0)


@step
def write_service(state: State, run: int, week: int) -> None:
    """Write how service stands at the end of the week."""
    firm = state.run[run]
    weekly = state.weekly[firm.week0 + week]
    weekly[COL.wait_weeks], weekly[COL.service_standard] = firm.wait_weeks, firm.service_standard
    if 0.0 < firm.service_capacity < 1e200:
        weekly[COL.utilisation] = firm.service_demand / firm.service_capacity


@step
def wait_by_age(state: State, run: int, backlog: float, fractional: bool) -> None:
    """Set the cut-off age, the share served at it, and the expected wait."""
    firm, now, capacity = state.run[run], state.now[run], state.run[run].service_capacity
    if backlog > capacity:
        left = capacity
        for age in range(AGES - 1, -1, -1):
            here = 0.0
            for b in range(firm.block0, firm.block0 + firm.blocks):
                here += state.cases[b, age]
            if here > left:
                now.cutoff, now.margin = f32(age), f32(left / here)
                break
            left -= here
        firm.wait_weeks = backlog / capacity if capacity > 0.0 else 52.0
    elif firm.service_hours > 0.0 and capacity > 0.0:
        hours = firm.service_hours
        servers, load = min(capacity * hours / firm.gross_hours, _CROWD), backlog * hours / firm.gross_hours
        if fractional:
            firm.wait_weeks = wait_between(servers, load) * hours / firm.gross_hours
        else:
            firm.wait_weeks = erlang_wait(max(1, int(servers)), load) * hours / firm.gross_hours
        firm.wait_weeks = min(firm.wait_weeks, 1.0)
