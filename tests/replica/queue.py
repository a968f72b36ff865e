"""M8 in time: every issue has its instant, every server its work (multi-server Lindley recursion).

Time runs in weeks of ``capacity.gross_hours`` working hours.  The server that is free first takes the oldest issue, no
issue is begun after the week is over, and what is begun, waits or will return is carried over.
"""

import math
from dataclasses import dataclass
from typing import Any

from replica import luck
from replica.arithmetic import f32, log64
from replica.luck import below, unit
from replica.world import CUSTOMER, Account, Rules, Sums, World

__all__ = ["Issue", "Server", "given_up", "hear_of_service", "serve_week"]

_SERVERS = 1000
_NEVER = 1e300


@dataclass
class Issue:
    """An issue that waits for a server, or will."""

    instant: float
    account: Account
    born: int  # week in which it first arose
    key: int  # its number in that week, 16 more at every visit

    @property
    def again(self) -> bool:
        """Whether it has been handled before."""
        return self.key >= 16


@dataclass
class Server:
    """One server, and what it has in hand."""

    until: float = 0.0
    account: Account | None = None
    wait: float = 0.0
    unfixed: bool = False
    lost: bool = False


def exponential(word: int, mean: float) -> float:
    """Exponential time of this mean."""
    return -log64(unit(word)) * mean


def given_up(w: World, p: Rules) -> Any:
    """Effort of giving up beside the wait: contact, failed fix, issue lost in a handoff, and more."""
    s = p.service
    effort = f32(s.contact_effort) + f32(s.failed_fix_effort) + f32(s.give_up_effort)
    return effort + f32(p.handoffs.effort_of_loss) if w.now.lost_issue > 0 else effort


def hear_of_service(w: World, p: Rules, account: Account, week: Any, live_through: Any) -> None:
    """What a customer lives through of the service of last week: contact, waiting, fixes that failed."""
    s = p.service
    if account.passed:
        week.shock += f32(s.open_effort)
        if s.open_weight > 0.0:
            live_through(p, account, f32(0.0), weight=f32(s.open_weight), depth=f32(p.service_depth))
    if account.given > 0:
        week.shock += given_up(w, p) * f32(account.given)
        for _ in range(account.given):
            live_through(p, account, f32(0.0), depth=f32(p.service_depth))
    if not account.passed and account.handled == 0 and account.waited <= 0:
        return
    week.contact = week.contact or account.handled > 0
    week.shock += (
        f32(s.contact_effort) * f32(account.handled)
        + f32(s.wait_effort) * account.waited
        + f32(s.failed_fix_effort) * f32(account.unfixed)
        + f32(p.handoffs.effort_of_loss) * f32(account.lost)
    )
    hours = account.handled * w.service_hours
    account.failed, account.contacts = account.failed + account.bad, account.contacts + account.handled
    account.hours, account.week_hours = account.hours + f32(hours), account.week_hours + f32(hours)
    for visit in range(account.handled):
        live_through(p, account, f32(0.0 if visit < account.bad else 1.0), depth=f32(p.service_depth))
    forget(account)


def forget(account: Account) -> None:
    """Nothing is left to tell."""
    account.fresh = account.handled = account.unfixed = account.lost = account.bad = account.given = 0
    account.passed = False
    account.waited = f32(0.0)


def crew(w: World, p: Rules) -> tuple[int, float]:
    """Servers, and mean handling time of one in weeks, from the hours the service team has this week."""
    s, heads, hours = p.service, 0.0, p.service.handling_hours
    for touch in p.touch:
        if touch.stage == "service":
            heads = w.teams[touch.owner].heads
            if s.handling_hours <= 0.0:
                hours = touch.hours
    servers = s.servers if s.servers > 0 else min(math.ceil(heads), _SERVERS)
    handling = hours * w.service_standard * w.issue_hours / w.gross_hours
    if p.capacity.enabled and w.service_capacity < 1e200:
        if w.service_capacity <= 0.0:
            return 0, handling
        handling = (heads if s.servers > 0 else float(servers)) / w.service_capacity
    return servers, max(handling, 1.0 / 60.0 / w.gross_hours)


def admit(w: World, t: int, total: Sums) -> list[Issue]:
    """Issues of those who left go with them; new ones come in."""
    waiting = [x for x in w.issues if x.account.status_next in CUSTOMER and x.instant >= x.account.start]
    for server in w.servers:
        if server.account is not None and server.account.status_next not in CUSTOMER:
            server.account = None  # it ends what it began, for nobody
    for account in w.accounts:
        if account.status_next not in CUSTOMER:
            forget(account)
            continue
        for x in range(account.fresh):
            instant = t + unit(w.words(account.number, t, luck.QUEUE, x)[0])
            waiting.append(Issue(instant, account, t, x))
        account.open_issues += account.fresh
        total.add("contacts", account.fresh)
        account.fresh = 0
    return waiting


def patience_of(w: World, p: Rules, issue: Issue) -> float:
    """How long an issue waits before it is given up."""
    if p.service.patience_hours <= 0.0:
        return _NEVER
    word = w.words(issue.account.number, issue.born, luck.PATIENCE, issue.key)[0]
    return exponential(word, p.service.patience_hours / w.gross_hours)


def give_up(w: World, p: Rules, issue: Issue, after: float, total: Sums) -> Issue | None:
    """An issue is given up after this wait; returns it as it will come again."""
    account = issue.account
    total.add("abandoned")
    account.waited += f32(after)
    account.given = min(account.given + 1, 255)
    _, _, w_returns, w_delay = w.words(account.number, issue.born, luck.PATIENCE, issue.key)
    if below(w_returns, f32(p.service.give_up_return)):
        instant = issue.instant + after + exponential(w_delay, p.service.return_delay_weeks)
        return Issue(instant, account, issue.born, issue.key + 16)
    account.open_issues = max(0, account.open_issues - 1)
    return None


def finish(p: Rules, server: Server, total: Sums) -> float:
    """Close what a server has in hand, and tell its customer; returns how long it had waited."""
    account, bad = server.account, server.unfixed or server.lost
    assert account is not None
    total.add("handled")
    total.add("waited", server.wait > 0.0)
    total.add("repeat_contacts", bad)
    total.add("handoffs_lost", server.lost)
    if account.handled < 255:
        account.handled += 1
        account.unfixed += server.unfixed
        account.lost += server.lost
        account.bad += bad
    account.waited += f32(server.wait)
    account.cost += f32(p.service.live_cost)
    if not bad and account.open_issues > 0:
        account.open_issues -= 1
    server.account = None
    return server.wait


def begin(w: World, p: Rules, server: Server, issue: Issue, start: float, handling: float) -> Issue | None:
    """Take an issue in hand; returns it as it will come again, if it is not solved."""
    number, now = issue.account.number, w.now
    _, w_time, w_fix, w_delay = w.words(number, issue.born, luck.QUEUE, issue.key)
    server.until, server.wait = start + exponential(w_time, handling), start - issue.instant
    server.account = issue.account
    server.unfixed = not below(w_fix, now.fix)
    server.lost = now.lost_issue > 0 and below(w.words(number, issue.born, luck.PATIENCE, issue.key)[1], now.lost_issue)
    if server.unfixed or server.lost:
        instant = server.until + exponential(w_delay, p.service.return_delay_weeks)
        return Issue(instant, issue.account, issue.born, issue.key + 16)
    return None


def serve_week(w: World, p: Rules, t: int, total: Sums) -> float:
    """Serve a week; returns the issues that asked for hours."""
    if not w.servers:
        w.servers = [Server() for _ in range(_SERVERS)]
    servers, handling = crew(w, p)
    waiting, begun, gone, waits, close = admit(w, t, total), 0.0, 0.0, 0.0, t + 1.0
    while servers > 0 and waiting and begun + gone < 64.0 * len(w.accounts):
        issue = min(waiting, key=lambda x: x.instant)
        if issue.instant >= close:
            break
        server = min(w.servers[:servers], key=lambda s: s.until)
        start = max(issue.instant, server.until, float(t))
        if start >= close:
            break
        waiting.remove(issue)
        total.add("contacts", issue.again and issue.instant >= t)
        stays = patience_of(w, p, issue)
        if issue.instant + stays < start:
            gone += 1.0
            returns = give_up(w, p, issue, stays, total)
            if returns is not None:
                waiting.append(returns)
            continue
        if server.account is not None:
            waits += finish(p, server, total)
        begun += 1.0
        returns = begin(w, p, server, issue, start, handling)
        if returns is not None and len(waiting) < 8 * len(w.accounts):
            waiting.append(returns)
    for server in w.servers:
        if server.account is not None:
            if server.until < close:
                waits += finish(p, server, total)
            else:
                total.add("backlog")
    left, age = end_of_week(w, p, waiting, t, total)
    total.add("backlog", left)
    w.service_capacity = servers / handling if handling > 0.0 else 1e300
    w.wait_weeks = 0.0
    if total["handled"] > 0.0:
        w.wait_weeks = waits / total["handled"]
    elif left > 0.0:
        w.wait_weeks = age / left
    return begun + left


def end_of_week(w: World, p: Rules, waiting: list[Issue], t: int, total: Sums) -> tuple[float, float]:
    """What waits over the week's end is counted, unless it was given up before; returns how many, and their ages."""
    left, age, close, kept = 0.0, 0.0, t + 1.0, []
    for issue in waiting:
        stays, here = _NEVER, issue.instant < close
        if here:
            total.add("contacts", issue.again and issue.instant >= t)
            stays = patience_of(w, p, issue)
        if issue.instant + stays < close:
            returns = give_up(w, p, issue, stays, total)
            if returns is not None:
                returns.instant = max(returns.instant, close)  # nobody is there before
                kept.append(returns)
            continue
        if here:
            left += 1.0
            age += math.floor((close - issue.instant) * 2**30) / 2**30
            issue.account.passed = issue.account.passed or issue.instant <= t
        kept.append(issue)
    w.issues = kept
    return left, age
