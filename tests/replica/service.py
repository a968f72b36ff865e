"""M8 Service by age of the case, and M9's self-service before it."""

from collections.abc import Callable
from functools import partial
from typing import Any

from replica import luck
from replica.arithmetic import clip32, exp32, exp64, f32, log64, poisson32
from replica.luck import below, unit
from replica.queue import given_up, hear_of_service, serve_week
from replica.world import Account, Rules, Sums, World

__all__ = ["close_queue", "contact_and_service"]

_AGES = 32  # the last age holds all older cases
Felt = Callable[..., None]


def contact_and_service(
    w: World, p: Rules, account: Account, week: Any, t: int, sums: Sums, live_through: Felt
) -> None:
    """The open case may be handled; new issues arise; some are contained; what is open is counted by age."""
    if not p.service.enabled:
        return
    s = p.service
    if s.event_timed:
        hear_of_service(w, p, account, week, live_through)
    else:
        handle_case(w, p, account, week, t, sums, partial(live_through, depth=f32(p.service_depth)))
    worse = clip32(f32(s.fit_effect) * (f32(p.market.fit_reference or p.market.fit_mean) - week.fit), 3.0)
    own = f32(1.0)
    if s.issue_spread > 0.0 or s.product_work > 0.0:
        own = account.issues * (f32(1.0) + f32(s.product_work) * f32(account.bought))
    mean = f32(s.issues * w.issue_factor) * exp32(worse) * own + f32(s.failure_demand) * f32(week.failures)
    new = poisson32(w.words(account.number, t, luck.LIFE)[3], mean * w.now.live)
    if s.event_timed:
        account.fresh = new = max(0, min(new, 8 - account.open_issues))
    elif new > 0:
        if account.open_issues == 0:
            account.since = t
        account.open_issues = min(account.open_issues + new, 255)
    sums.add("new_issues", new)
    self_service(w, p, account, week, t, new, mean, sums, live_through)
    age = t - account.since
    passed_over = account.open_issues > 0 and age > 0 and not s.event_timed
    felt = partial(live_through, depth=f32(p.service_depth))
    if passed_over and pass_over(w, p, account, week, t, sums, felt):
        sums.add("contacts", new)
        age = t - account.since
    if account.open_issues > 0 and age >= 0 and not s.event_timed:
        sums.add("backlog", account.open_issues)
        w.cases[min(age, _AGES - 1)] = w.cases.get(min(age, _AGES - 1), 0.0) + account.open_issues
        sums.add("contacts", account.open_issues if age == 0 else new)


def handle_case(w: World, p: Rules, account: Account, week: Any, t: int, sums: Sums, live_through: Felt) -> None:
    """Cases older than the cut-off are handled, those at the cut-off with the share that still fits."""
    s, now = p.service, w.now
    age, cutoff = min(t - 1 - account.since, _AGES - 1), int(now.cutoff)
    if account.open_issues == 0 or age < 0 or age < cutoff:
        return
    w_margin, w_fix, w_delay, w_lost = w.words(account.number, t, luck.CARE)
    if age == cutoff and not below(w_margin, now.margin):
        return
    issues = f32(account.open_issues)
    sums.add("handled", issues)
    account.cost += issues * f32(s.live_cost)
    week.shock += f32(s.contact_effort) + now.wait_effort + f32(s.wait_effort) * f32(age)
    week.contact = True
    lost, fixed = below(w_lost, now.lost_issue), below(w_fix, now.fix)
    account.open_issues = 0
    live_through(p, account, f32(1.0 if fixed and not lost else 0.0))
    if lost:
        sums.add("handoffs_lost")
        week.shock += f32(p.handoffs.effort_of_loss)
    if not fixed:
        week.shock += f32(s.failed_fix_effort)
    hours = float(issues) * w.service_hours
    account.failed, account.contacts = account.failed + int(lost or not fixed), account.contacts + int(issues)
    account.hours, account.week_hours = account.hours + f32(hours), account.week_hours + f32(hours)
    if lost or not fixed:
        sums.add("repeat_contacts")
        delay = int(-log64(unit(w_delay)) * s.return_delay_weeks) if s.return_delay_weeks > 0.0 else 0
        account.open_issues, account.since = 1, t + min(delay, 100)


def pass_over(w: World, p: Rules, account: Account, week: Any, t: int, sums: Sums, live_through: Felt) -> bool:
    """Nobody took the case all week: the customer feels it, and may give up."""
    s, age = p.service, t - account.since
    week.shock += f32(s.open_effort)
    if s.open_weight > 0.0:
        live_through(p, account, f32(0.0), weight=f32(s.open_weight))
    if s.patience_weeks <= 0.0:
        return False
    w_gives_up, w_returns, w_delay, _ = w.words(account.number, t, luck.ABANDON)
    if not below(w_gives_up, f32(1.0 - exp64(-1.0 / s.patience_weeks))):
        return False
    sums.add("abandoned", account.open_issues)
    week.shock += w.now.wait_effort + f32(s.wait_effort) * f32(age) + given_up(w, p)
    live_through(p, account, f32(0.0))
    if below(w_returns, f32(s.give_up_return)):
        delay = int(-log64(unit(w_delay)) * s.return_delay_weeks) if s.return_delay_weeks > 0.0 else 0
        account.since = t + min(delay, 100)
    else:
        account.open_issues = 0
    return True


def self_service(
    w: World, p: Rules, account: Account, week: Any, t: int, new: int, mean: Any, sums: Sums, live_through: Felt
) -> None:
    """M9: contacts contained by self-service, and those that tried it first."""
    now, c = w.now, p.channels
    if not (now.contained > 0 or now.tried > 0):
        return
    easy = 0
    if now.contained > 0:
        easy = poisson32(w.words(account.number, t, luck.CHANNEL)[0], mean * now.contained)
    tries = f32(easy) + now.tried * f32(new)
    if tries > 0:
        sums.add("contacts", easy)
        sums.add("contained", easy)
        sums.add("self_service", tries)
        account.cost += f32(c.self_service_cost) * tries
        week.shock += f32(c.self_service_effort) * tries
        week.shock += f32(c.failed_try_effort) * (now.tried * f32(new))
        if c.self_service_gain > 0.0:
            for _ in range(easy):
                live_through(p, account, f32(1.0), weight=f32(c.self_service_gain))


def erlang_wait(servers: int, load: float) -> float:
    """Mean wait of M/M/c in handling times (A21), by the recursion of Erlang's B."""
    if servers <= 0 or load <= 0.0:
        return 0.0
    if load >= servers:
        return 50.0
    first, b = 1, 1.0
    if servers > 100_000:
        first = servers - 100_000 + 1
        b = max(0.0, 1.0 - (first - 1) / load)
    for k in range(first, servers + 1):
        b = load * b / (k + load * b)
    rho = load / servers
    return b / (1.0 - rho * (1.0 - b)) / (servers - load)


def wait_between(servers: float, load: float) -> float:
    """Mean wait of c servers, c any number: between n and n + 1 servers that are as fast together."""

    if servers <= 0.0:
        return 50.0 if load > 0.0 else 0.0
    n = int(servers)
    part, above, below = servers - n, (n + 1) / servers, n / servers
    wait = erlang_wait(n + 1, load * above) * above
    return part * wait + (1.0 - part) * erlang_wait(n, load * below) * below if n > 0 else wait


def close_queue(w: World, p: Rules, t: int, total: Sums) -> None:
    """Who is served next week, how long issues wait, and what that does to the standard."""
    s, now = p.service, w.now
    now.cutoff, now.margin = f32(-1.0), f32(1.0)
    w.wait_weeks = w.service_demand = 0.0
    if not s.enabled:
        return
    backlog, capacity = total["backlog"], w.service_capacity
    if s.event_timed:
        backlog = serve_week(w, p, t, total)
        capacity = w.service_capacity
    else:
        wait_by_age(w, p, backlog)
    w.service_demand = backlog
    if s.erosion:
        level = min(1.0, capacity / backlog) if backlog > 0.0 else 1.0
        if level < w.service_standard:
            w.service_standard += (level - w.service_standard) / s.standard_decay_weeks
        elif s.standard_recovery_weeks > 0.0:
            w.service_standard += (level - w.service_standard) / max(s.standard_recovery_weeks, 1.0)


def wait_by_age(w: World, p: Rules, backlog: float) -> None:
    """Cut-off age, share served at it, and the expected wait."""
    now, capacity = w.now, w.service_capacity
    if backlog > capacity:
        left = capacity
        for age in range(_AGES - 1, -1, -1):
            here = w.cases.get(age, 0.0)
            if here > left:
                now.cutoff, now.margin = f32(age), f32(left / here)
                break
            left -= here
        w.wait_weeks = backlog / capacity if capacity > 0.0 else 52.0
    elif w.service_hours > 0.0 and capacity > 0.0:
        hours = w.service_hours
        servers, load = min(capacity * hours / w.gross_hours, 1e10), backlog * hours / w.gross_hours
        waits = wait_between(servers, load) if p.service.fractional_servers else erlang_wait(max(1, int(servers)), load)
        w.wait_weeks = waits * hours / w.gross_hours
        w.wait_weeks = min(w.wait_weeks, 1.0)
