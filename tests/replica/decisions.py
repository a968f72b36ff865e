"""What concerns two teams: M16 Decision rights, M18 Blockers, M26 Ideas and product."""

from dataclasses import dataclass

from replica import luck
from replica.arithmetic import exp64, log64, poisson64
from replica.cadence import carried, clears_blockers
from replica.journey import dot
from replica.luck import unit
from replica.world import Rules, Sums, World

__all__ = ["Blocker", "count_handoffs", "decide", "step_blockers", "step_product", "work_together"]


def gap_between(w: World, i: int, j: int) -> float:
    """(1 - cos)/2: 0 for teams that look the same way, 1 for opposite ones."""
    return (1.0 - dot(w.teams[i].direction, w.teams[j].direction)) * 0.5


def pairs(w: World) -> list[tuple[int, int]]:
    """All pairs of teams."""
    return [(i, j) for i in range(len(w.teams)) for j in range(i)]


def decide_together(p: Rules, i: int, j: int) -> bool:
    """Whether two teams are both in a group that meets."""
    return bool(p.cadence.enabled and p.team[i].member and p.team[j].member)


def kept_apart(p: Rules, i: int, j: int) -> float:
    """Share of what two teams should decide together that they decide apart."""
    return 1.0 - carried(p) if decide_together(p, i, j) else 1.0


# --- hours together ---------------------------------------------------------------------------------------------------


def work_together(w: World, p: Rules, t: int) -> None:
    """Hours of pairs of teams are charged to both, and couple them."""
    c, teams = p.vectors.coupling, w.teams
    begun = p.strategy.established or not p.strategy.enabled or t > 1
    w.coupling = w.together_hours = 0.0
    for i, j in pairs(w):
        mine, theirs = teams[i].heads, teams[j].heads
        planned = p.together[i][j]
        if p.decisions.enabled:
            own = (1.0 - p.decisions.centralisation) * p.decisions.rate
            planned += (1.0 - kept_apart(p, i, j)) * own * p.coupled[i][j] * p.decisions.joint_hours
        staffed = min(1.0, mine) * min(1.0, theirs)
        hours = staffed * (planned + w.passed[i][j])
        teams[i].taken += hours
        teams[j].taken += hours
        w.together_hours += 2.0 * hours
        kappa = 0.0
        if p.vectors.enabled and c.gain > 0.0:
            spent = hours if begun else staffed * w.passed[i][j]
            met = 2.0 * spent / (mine + theirs) if staffed > 0.0 else 0.0
            build = c.gain * met / (met + c.half_hours)
            rate = build / c.most + 1.0 / c.memory_weeks
            kappa = build / rate
            if t > 1:
                kappa += (w.made[i][j] - kappa) * exp64(-rate)
        w.made[i][j] = w.made[j][i] = kappa
        heard = p.overlap[i][j] * 2.0 / (len(teams) * (len(teams) - 1))
        if p.vectors.enabled:
            w.coupling += (c.fixed + kappa) * heard


def count_handoffs(w: World, p: Rules, total: Sums) -> None:
    """Hours that each pair of teams spent on handing over this week."""
    count = {"lead": "leads", "sale": "sold", "issue": "handled", "expansion": "expansions"}
    w.passed = [[0.0] * len(w.teams) for _ in w.teams]
    if not p.handoffs.enabled or p.handoffs.hours <= 0.0:
        return
    for link in p.link:
        if link.giver != link.taker:
            hours = p.handoffs.hours * link.share * total[count[link.when]]
            w.passed[link.giver][link.taker] += hours
            w.passed[link.taker][link.giver] += hours


# --- M16 --------------------------------------------------------------------------------------------------------------


def decide(w: World, p: Rules, t: int) -> None:
    """Book the week's rework, set how long decisions take, and what their errors cost the touchpoints."""
    g = p.decisions
    w.decision_weeks = w.rework_rate = w.misfit = w.decision_error = 0.0
    if not g.enabled:
        return
    total = wait = reworked = apart = 0.0
    own = 1.0 - g.centralisation
    for i, j in pairs(w):
        v = p.coupled[i][j]
        total += v
        if v <= 0.0:
            continue
        alone = kept_apart(p, i, j)
        wait += v * (1.0 - alone) * p.cadence.interval_weeks * 0.5
        if alone <= 0.0:
            continue
        v *= alone
        attempts = exp64(g.rework * gap_between(w, i, j))
        wait += v * (attempts - 1.0) * g.rework_weeks
        reworked += v * (1.0 - 1.0 / attempts)
        apart += v
        hours = own * g.rate * v * (attempts - 1.0) * g.rework_hours
        w.teams[i].taken += hours
        w.teams[j].taken += hours
    if total > 0.0:
        w.decision_weeks = g.centralisation * g.centre_weeks + own * wait / total
        w.rework_rate = own * reworked / total
        w.misfit = own * apart
    for touch, point in zip(p.touch, w.touchpoints, strict=True):
        error = error_of(w, p, touch.owner)
        w.decision_error += error / len(w.touchpoints)
        point.shift -= g.error_effect * (error - g.reference_variance)


def error_of(w: World, p: Rules, f: int) -> float:
    """Error variance of decisions about a touchpoint of team f."""
    g, scattered, coupled = p.decisions, 0.0, 0.0
    for j in range(len(w.teams)):
        v = p.coupled[f][j]
        coupled += v
        alone = kept_apart(p, f, j)
        if v > 0.0 and alone > 0.0:
            scattered += v * alone * gap_between(w, f, j)
    if coupled > 0.0:
        scattered /= coupled
    centre = g.centre_sd * g.centre_sd * (1.0 - p.team[f].competence)
    own = g.team_sd * g.team_sd + g.scatter_sd * g.scatter_sd * scattered
    return float(g.centralisation * centre + (1.0 - g.centralisation) * own)


# --- M18 --------------------------------------------------------------------------------------------------------------


@dataclass
class Blocker:
    """An open issue between two teams."""

    i: int
    j: int
    number: int
    born: float
    ready: float
    attempts: int = 0

    @property
    def pair(self) -> int:
        """The two teams as one agent."""
        return 65536 * self.i + self.j


def path_weeks(w: World, p: Rules, i: int, j: int) -> float:
    """How long an issue travels between two teams: along the lines of reporting, or a lateral link."""
    b = p.blockers
    link = unit(w.words(65536 * i + j, 0, luck.BLOCKER, 1 << 30)[0])
    return float(b.hop_weeks * (1.0 if link < b.lateral else p.hops[i][j]))


def arrive(w: World, p: Rules, t: int) -> None:
    """Issues of the week: their instants, and when they are seen and have come to whoever can settle them."""
    b = p.blockers
    for i, j in pairs(w):
        mean = b.rate * p.coupled[i][j]
        if mean <= 0.0:
            continue
        pair = 65536 * i + j
        for n in range(poisson64(unit(w.words(pair, t, luck.BLOCKER)[0]), mean)):
            if len(w.blockers) >= 512:
                w.blockers_dropped += 1.0
                continue
            w_instant, w_seen, w_later, _ = w.words(pair, t, luck.BLOCKER, n + 1)
            born = t + unit(w_instant)
            seen = born
            if unit(w_seen) >= p.vectors.transparency:
                seen -= b.discovery_weeks * log64(unit(w_later))
            w.blockers.append(Blocker(i, j, n, born, seen + path_weeks(w, p, i, j)))
            w.blockers_new += 1.0


def step_blockers(w: World, p: Rules, t: int) -> None:
    """One week of issues between teams: they arrive, are settled or not, and cost hours."""
    w.blockers_new = w.blockers_resolved = w.blockers_reopened = w.blockers_dropped = 0.0
    if not p.blockers.enabled:
        w.blockers = []
        return
    arrive(w, p, t)
    still_open, waited = [], 0.0
    for blocker in w.blockers:
        closed = settle(w, p, blocker, t)
        until = t + 1.0 if closed is None else closed
        hours = p.blockers.idle_hours * (until - max(blocker.born, float(t)))
        w.teams[blocker.i].taken += hours
        w.teams[blocker.j].taken += hours
        if closed is None:
            still_open.append(blocker)
        else:
            w.blockers_resolved += 1.0
            waited += closed - blocker.born
    w.blockers = still_open
    if w.blockers_resolved > 0.0:
        w.resolve_weeks = waited / w.blockers_resolved


def settle(w: World, p: Rules, blocker: Blocker, t: int) -> float | None:
    """Instant at which an issue is settled for good this week, if it is; up to eight tries a week."""
    b, end = p.blockers, t + 1.0
    joint = decide_together(p, blocker.i, blocker.j)
    cleared = clears_blockers(p, blocker.i, blocker.j, t)
    for _ in range(8):
        if blocker.ready > end:
            return None
        k = 65536 * (blocker.attempts + 1) + blocker.number + 1
        w_time, w_holds, _, _ = w.words(blocker.pair, int(blocker.born), luck.BLOCKER, k)
        at = end + 1.0
        if not joint or b.between_meetings:
            at = max(blocker.ready - b.solo_weeks * log64(unit(w_time)), float(t))
        if cleared:
            at = min(at, end)
        if at > end:
            return None
        blocker.attempts += 1
        if unit(w_holds) >= b.reopen * gap_between(w, blocker.i, blocker.j):
            return at
        w.blockers_reopened += 1.0
        blocker.ready = at
        if at == end:
            return None
    return None


# --- M26 --------------------------------------------------------------------------------------------------------------


def step_product(w: World, p: Rules, t: int) -> None:
    """Ideas of teams that work together raise the quality of the product; the market moves on."""
    g = p.ideas
    w.ideas = w.idea_pairs = w.idea_uptake = 0.0
    if not g.enabled:
        return
    able = takers = 0.0
    for i, team in enumerate(w.teams):
        if p.team[i].takes_up:
            takers += 1.0
            able += team.magnitude * team.done
        for j in range(i):
            near = decide_together(p, i, j) or p.partner[i][j] > 0.0
            w.idea_pairs += p.overlap[i][j] * (1.0 if near else g.far)
    if w.idea_pairs > 0.0 and g.rate > 0.0:
        mean = g.rate * w.idea_pairs / g.reference_pairs
        w.ideas = float(poisson64(unit(w.words(0, t, luck.IDEA)[0]), mean))
    w.idea_uptake = able / takers / (1.0 + w.decision_weeks) if takers > 0.0 else 0.0
    quality = w.product_quality + w.product_gain
    gain = g.value * w.ideas * w.idea_uptake / g.reference_uptake * (1.0 - quality)
    change = gain - g.decay * quality
    w.product_gain += min(max(change, -quality), 1.0 - quality)
    w.product_quality += w.product_gain
