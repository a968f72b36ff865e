"""The core as NumPy columns: what the engine's mechanisms look like vectorised, without a compiler.

One array per attribute, one row per account, a week is some hundred array operations on those rows that need them; no
Python loop over accounts.  Written to be good: rows are picked once and then worked on together, single precision where
the engine has it, exponentials only where an event is possible, voices as sums over a CSR network that are changed only
where a voice changes.  The laws are those of docs/odd.md for M1-M8 and M23; luck is NumPy's own generator, so that
results agree with the engine's in law, not to the bit (:mod:`benchmarks.rivals` tests that).
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.core import (
    ADVOCATE,
    DETRACTOR,
    FLOWS,
    FORMER,
    NEUTRAL,
    PROSPECT,
    SOUR,
    STOCKS,
    base_logit,
    books,
    check_core,
    halved,
    happens,
    sale_stages,
    support_weights,
    survivals,
    unit_vector,
    week_rates,
)
from flywheel_sim.scenario import Scenario

__all__ = ["Columns", "ring_with_shortcuts"]

Rows = NDArray[np.intp]
F32 = NDArray[np.float32]


def ring_with_shortcuts(
    n: int, degree: int, rewiring: float, rng: np.random.Generator
) -> tuple[Rows, NDArray[np.int32]]:
    """Watts and Strogatz's graph as a CSR matrix: the friends of i are ``friend[edge[i]:edge[i + 1]]``.

    Examples
    --------
    >>> edge, friend = ring_with_shortcuts(6, 2, 0.0, np.random.default_rng(1))
    >>> sorted(friend[edge[0] : edge[1]].tolist())
    [1, 5]
    """
    half = degree // 2
    start = np.repeat(np.arange(n), half)
    end = (start + np.tile(np.arange(1, half + 1), n)) % n
    todo = np.flatnonzero(rng.random(start.size) < rewiring)
    for _ in range(8):  # a tie that would be one's own, or there already, is drawn again; then it stays as it is
        there = np.sort(np.minimum(start, end) * n + np.maximum(start, end))
        new = rng.integers(0, n, todo.size)
        code = np.minimum(start[todo], new) * n + np.maximum(start[todo], new)
        at = np.minimum(np.searchsorted(there, code), there.size - 1)
        gap = np.abs(start[todo] - new)
        free = (there[at] != code) & (np.minimum(gap, n - gap) > half)
        first = np.zeros(todo.size, bool)
        first[np.unique(code, return_index=True)[1]] = True
        free &= first
        end[todo[free]] = new[free]
        todo = todo[~free]
        if todo.size == 0:
            break
    ends = np.concatenate((start, end))
    order = np.argsort(ends, kind="stable")
    edge = np.zeros(n + 1, np.intp)
    np.cumsum(np.bincount(ends, minlength=n), out=edge[1:])
    return edge, np.concatenate((end, start))[order].astype(np.int32)


class Columns:
    """The core as arrays.

    Parameters
    ----------
    scenario : Scenario
        As :func:`~benchmarks.core.core_of` makes it.
    seed : int
        Of NumPy's generator.

    Raises
    ------
    ValueError
        For a scenario the rivals are not written for.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> from benchmarks.core import core_of
    >>> small = core_of(load({"extends": "b2b-parts", "market": {"accounts": 200, "initial_customers": 20}}))
    >>> columns = Columns(small, seed=1)
    >>> columns.step()
    >>> columns.rows[-1]["prospects"] + columns.rows[-1]["customers"] + columns.rows[-1]["former"]
    200
    """

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.m = m = scenario.model
        check_core(m)
        self.rng, self.week = np.random.default_rng(seed), 0
        self.rows: list[dict[str, float]] = []
        wom, n, segments = m.word_of_mouth, m.market.accounts, list(m.segments.values())
        self.segments = segments
        self.shares = np.array([s.share for s in segments]) / sum(s.share for s in segments)
        self.loudness = np.array([0.0, wom.neutral, wom.advocate, wom.detractor, 0.0, 0.0], np.float32)
        self.bad_word = np.array([0, 0, 0, 1, 0, 1], np.float32)
        names = ("relationship_weight", "product_weight", "service_weight", "price_weight", "outside_option", "spend")
        self.of_segment = {name: np.array([getattr(s, name) for s in segments], np.float32) for name in names}
        self._endow(n)
        self._organise()
        self._populate()

    # --- week 0 -----------------------------------------------------------------------------------------------------

    def _endow(self, n: int) -> None:
        m, rng = self.m, self.rng

        def traits(mean: float, dispersion: float) -> NDArray[np.float64]:
            size = 1.0 / dispersion - 1.0 if dispersion > 0.0 else 0.0
            return rng.beta(mean * size, (1.0 - mean) * size, n) if size else np.full(n, mean)

        self.status = np.zeros(n, np.uint8)
        self.segment = rng.choice(len(self.segments), n, p=self.shares).astype(np.uint8)
        leaving = traits(m.market.churn.mean, m.market.churn.dispersion)
        self.propensity = -np.log(np.maximum(1.0 - leaving, 1e-13)).astype(np.float32)
        self.fit = traits(m.market.fit_mean, m.market.fit_dispersion).astype(np.float32)
        worse = np.clip(m.service.fit_effect * (m.market.fit_mean - self.fit), -3.0, 3.0)
        self.issues = (m.service.issues * np.exp(worse)).astype(np.float32)
        self.fiscal = rng.integers(0, 52, n).astype(np.uint8)
        self.slow = rng.random(n, np.float32)
        self.relationship, self.effort, self.recent, self.history, self.spend, self.exposure, self.good, self.bad = (
            np.zeros(n, np.float32) for _ in range(8)
        )
        self.start, self.blocked_until, self.since, self.thanked = (np.zeros(n, np.int16) for _ in range(4))
        self.open = np.zeros(n, np.uint8)
        self.referrer = np.full(n, -1, np.int32)
        network = m.market.network
        rewiring = network.rewiring if network.kind == "watts-strogatz" else 0.0
        self.edge, self.friend = ring_with_shortcuts(n, network.degree, rewiring, rng)
        self.share = (1.0 / np.diff(self.edge)).astype(np.float32)
        self.was = np.zeros(n, bool)

    def _organise(self) -> None:
        """Teams, and what touchpoints ask of them."""
        m, axes = self.m, self.m.axes
        touches, teams = list(m.journey.touchpoints.values()), m.teams.values()
        self.touchpoints, self.names = touches, list(m.teams)
        self.look = np.array([unit_vector(t.direction if t.start == "given" else t.craft, axes) for t in teams])
        tone = float(np.linalg.norm(self.look[[team.front for team in teams]].mean(0)))
        self.logit = np.array([base_logit(m, x, tone) for x in touches])
        support = [support_weights(m, x) for x in touches]
        self.weights = np.array([[x.get(name, 0.0) for name in m.teams] for x in support])
        self.weights *= np.array([team.skill for team in teams])
        need = np.array([unit_vector(s.need, axes) for s in self.segments])
        self.wanted = need[None] + np.array([[x.need.get(a, 0.0) for a in axes] for x in touches])[:, None]
        self.wanted /= np.linalg.norm(self.wanted, axis=2, keepdims=True)

    def _populate(self) -> None:
        m, rng = self.m, self.rng
        chosen = rng.choice(m.market.accounts, m.market.initial_customers, replace=False)
        self._begin(chosen, 0)
        ages = rng.integers(0, 52, chosen.size) if m.market.start == "uniform" else np.zeros(chosen.size, np.int64)
        self.start[chosen] = -ages
        loud, u = m.market.initial_advocates, rng.random(chosen.size)
        self.cash = m.ledger.opening_cash + 52.0 * float(self.spend[chosen][ages == 0].sum())
        sour = u < loud + m.market.initial_detractors
        self._publish(chosen, np.where(u < loud, ADVOCATE, np.where(sour, DETRACTOR, NEUTRAL)).astype(np.uint8))

    def _begin(self, rows: Rows, week: int) -> None:
        """Begin a spell as a customer at the end of a week."""
        rel = self.m.relationship
        self.was[rows], self.start[rows] = True, week
        self.relationship[rows], self.effort[rows] = rel.start, 0.0
        self.recent[rows] = self.history[rows] = rel.market_norm
        self.spend[rows] = self.of_segment["spend"][self.segment[rows]] / 52.0 * self.m.market.price
        self.open[rows], self.thanked[rows], self.exposure[rows] = 0, 0, 0.0

    # --- M5: voices ---------------------------------------------------------------------------------------------------

    def _ties(self, rows: Rows) -> tuple[Rows, Rows]:
        """Friends of some accounts, one after the other, and for each which of the accounts it belongs to."""
        count = np.diff(self.edge)[rows] if rows.size > 4096 else self.edge[rows + 1] - self.edge[rows]
        of = np.repeat(np.arange(rows.size), count)
        at = np.arange(of.size) - np.repeat(np.cumsum(count) - count, count) + np.repeat(self.edge[rows], count)
        return self.friend[at].astype(np.intp), of

    def _publish(self, rows: Rows, after: NDArray[np.uint8]) -> None:
        """Let accounts take their new statuses in front of everybody."""
        before = self.status[rows]
        self.status[rows] = after
        more = self.loudness[after] - self.loudness[before]
        worse = self.bad_word[after] - self.bad_word[before]
        for voice, change in ((self.good, more), (self.bad, worse)):
            who = np.flatnonzero(change)
            if who.size:
                friends, of = self._ties(rows[who])
                np.add.at(voice, friends, (change[who] * self.share[rows[who]])[of])

    def _referrers(self, rows: Rows) -> NDArray[np.int32]:
        """One of the friends who speak, for each account, in proportion to how loud it is there."""
        friends, of = self._ties(rows)
        loud = np.cumsum(self.loudness[self.status[friends]] * self.share[friends], dtype=np.float64)
        last = np.cumsum(np.bincount(of, minlength=rows.size))
        before = np.concatenate(([0.0], loud))[np.concatenate(([0], last[:-1]))]
        mark = before + (loud[last - 1] - before) * self.rng.random(rows.size)
        return friends[np.minimum(np.searchsorted(loud, mark, side="right"), last - 1)].astype(np.int32)

    # --- a week -------------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """One week: the company, the market, customers, the books, and then everybody sees what has changed."""
        self.now: dict[str, float] = dict.fromkeys((*STOCKS, *FLOWS), 0.0)
        self._open_market()
        changes = [self._prospects(), self._former(), self._customers()]
        rows = np.concatenate([c[0] for c in changes])
        after = np.concatenate([c[1] for c in changes])
        won = rows[(after == NEUTRAL) & ((self.status[rows] == PROSPECT) | (self.status[rows] >= FORMER))]
        self.thanked[self.referrer[won][self.referrer[won] >= 0]] = self.week + 1
        self._publish(rows, after)
        if self.m.word_of_mouth.contagion != 1.0 and self.left.size:
            friends, _ = self._ties(self.left)
            status = self.status[friends]
            np.add.at(self.exposure, friends[(status >= NEUTRAL) & (status <= DETRACTOR)], np.float32(1.0))
        self._read(won)
        self.week += 1

    def _read(self, won: Rows) -> None:
        now, count = self.now, np.bincount(self.status, minlength=6).tolist()
        now |= {"prospects": count[PROSPECT], "customers": sum(count[NEUTRAL:FORMER]), "former": sum(count[FORMER:])}
        now |= {"advocates": count[ADVOCATE], "detractors": count[DETRACTOR]}
        for name, column in (("relationship", self.relationship), ("effort", self.effort), ("experience", self.recent)):
            now[name] = (now[name] + float(column[won].sum())) / max(now["customers"], 1)
        now["spend"] += float(self.spend[won].sum())
        done = books(self.m, now)
        self.cash += done["flow"]
        self.rows.append(now | done | {"cash": self.cash})

    def _open_market(self) -> None:
        """M3, M4, M1: what everybody meets this week, given where the teams look."""
        m, touches, names = self.m, self.touchpoints, self.names
        match = np.einsum("jk,ka,jsa->js", self.weights, self.look, self.wanted)
        success = 1.0 / (1.0 + np.exp(-(self.logit[:, None] + m.journey.match_effect * match)))
        cosine = self.look @ self.look.T
        survival = survivals(m, lambda a, b: float(cosine[names.index(a), names.index(b)]))
        relative = success / np.array([x.base_success for x in touches])[:, None]
        lift = {}
        for stage in ("awareness", "sale", "onboarding", "service"):
            here = [j for j, x in enumerate(touches) if x.stage == stage]
            lift[stage] = relative[here].mean(0) if here else np.ones(len(self.segments))
        self.rates = week_rates(m, self.week, float(self.shares @ lift["awareness"]), survival)
        self.fix = min(1.0, m.service.first_contact_resolution * float(lift["service"][0]))
        of = [{stage: float(row[s]) for stage, row in lift.items()} for s in range(len(self.segments))]
        chances = [sale_stages(m, *row, survival) for row in zip(self.segments, of, strict=True)]
        self.sold, self.live = np.array(chances, np.float32).T
        self.touches = []
        for touch, row in zip(touches, success, strict=True):
            if touch.stage in ("onboarding", "use") and touch.rate > 0.0:
                chance = happens(touch.rate)
                fails = (chance * (1.0 - row)).astype(np.float32)
                self.touches.append((chance, fails, touch.cost, touch.stage == "onboarding"))

    def _window(self, rows: Rows) -> NDArray[np.bool_]:
        """M6: whose budget is open this week."""
        contracts = self.m.contracts
        phase = (self.week + 1 - contracts.fiscal_shift_weeks - self.fiscal[rows].astype(np.int16)) % 52
        return np.asarray(phase < contracts.window_weeks)

    def _prospects(self) -> tuple[Rows, NDArray[np.uint8]]:
        """M1, M5: bad words keep prospects away, good ones and marketing make leads of them."""
        m, rng, rates, now = self.m, self.rng, self.rates, self.now
        here = np.flatnonzero(self.status == PROSPECT)
        awake = self.blocked_until[here] <= self.week
        now["blocked"] = here.size - int(np.count_nonzero(awake))
        warned = here[self.bad[here] > 1e-6]
        scared = happens32(m.word_of_mouth.negative * m.word_of_mouth.rate * self.bad[warned])
        warned = warned[rng.random(warned.size, np.float32) < scared]
        here = here[awake]
        self.blocked_until[warned] = min(self.week + 1 + m.word_of_mouth.negative_weeks, 32767)
        word = self.good[here]
        word *= np.float32(rates["word"])
        word[word < 1e-9] = 0.0
        u = rng.random(here.size, np.float32)
        maybe = np.flatnonzero(u < word + np.float32(rates["external"]))  # 1 - exp(-x) <= x
        hazard = word[maybe] + np.float32(rates["external"])
        lead = maybe[u[maybe] < happens32(hazard)]
        rows, word = here[lead], word[lead]
        now["leads"] += rows.size
        self.referrer[rows] = -1
        by_word = rows[rng.random(rows.size, np.float32) * (word + np.float32(rates["external"])) < word]
        now["leads_word"] += by_word.size
        if by_word.size:
            self.referrer[by_word] = self._referrers(by_word)
        return self._sell(rows, PROSPECT)

    def _former(self) -> tuple[Rows, NDArray[np.uint8]]:
        """M1, M5: former customers may come back, or stop speaking badly."""
        here = np.flatnonzero(self.status >= FORMER)
        back = self.rng.random(here.size) < self.rates["win_back"]
        rows, rest = here[back], here[~back]
        self.referrer[rows] = -1
        self.now["leads"] += rows.size
        sour = rest[self.status[rest] == SOUR]
        calm = sour[self.rng.random(sour.size) < 1.0 - halved(self.m.word_of_mouth.former_half_life_weeks)]
        won, after = self._sell(rows, FORMER)
        return np.concatenate((won, calm)), np.concatenate((after, np.full(calm.size, FORMER, np.uint8)))

    def _sell(self, rows: Rows, otherwise: int) -> tuple[Rows, NDArray[np.uint8]]:
        """M1, M4, M6: leads go through the stages of a sale, if their budget is open."""
        now, u, segment = self.now, self.rng.random(rows.size, np.float32), self.segment[rows]
        close = np.flatnonzero(u < self.sold[segment])
        timely = self._window(rows[close]) | (self.slow[rows[close]] < self.rates["window_known"])
        close = close[timely]
        now["sold"] += close.size
        won = close[u[close] < self.live[segment[close]]]
        new = rows[won]
        now["won_back" if otherwise == FORMER else "new_customers"] += new.size
        if otherwise == PROSPECT:
            now["referred_new"] += int(np.count_nonzero(self.referrer[new] != -1))
        self._begin(new, self.week + 1)
        now["billed"] += 52.0 * float(self.spend[new].sum())
        if otherwise == PROSPECT:
            return new, np.full(new.size, NEUTRAL, np.uint8)
        after = np.full(rows.size, otherwise, np.uint8)
        after[won] = NEUTRAL
        return rows, after

    def _feel(self, c: dict[str, Any], at: Rows, outcome: Any) -> None:
        """M2: one touch of some customers, felt against what is expected; losses weigh more than gains."""
        rel = self.m.relationship
        recent, history, relationship = c["recent"][at], c["history"][at], c["relationship"][at]
        adapt = rel.expectation_adaptation
        surprise = (1.0 - rel.spill_over) * outcome + rel.spill_over * recent
        surprise -= (1.0 - adapt) * rel.market_norm + adapt * history
        better = rel.gain * surprise * (1.0 - relationship)
        worse = (rel.gain * rel.asymmetry) * surprise * relationship
        c["relationship"][at] = np.clip(relationship + np.where(surprise > 0.0, better, worse), 0.0, 1.0)
        c["recent"][at] = recent + rel.recent_weight * (outcome - recent)
        c["history"][at] = history + rel.history_weight * (outcome - history)

    def _customers(self) -> tuple[Rows, NDArray[np.uint8]]:
        """A week of all customers: touches, service, renewal, expansion, voice."""
        m, rng, now, t = self.m, self.rng, self.now, self.week
        rows = np.flatnonzero((self.status >= NEUTRAL) & (self.status <= DETRACTOR))
        names = ("relationship", "effort", "recent", "history", "spend", "segment", "status")
        c: dict[str, Any] = {name: getattr(self, name)[rows] for name in names}
        c["age"] = t + 1 - self.start[rows].astype(np.int32)
        failures = np.zeros(rows.size, np.float32)
        contact = np.zeros(rows.size, bool)
        for chance, fails, cost, early in self.touches:
            u = rng.random(rows.size, np.float32)
            met = (u < chance) & (c["age"] <= m.journey.onboarding_weeks) if early else u < chance
            at = np.flatnonzero(met)
            good = (u[at] >= fails[c["segment"][at]]).astype(np.float32)
            self._feel(c, at, good)
            failures[at] += 1.0 - good
            contact |= met
            now["touch_cost"] += cost * at.size
        shock = self._serve(c, rows, failures, contact)
        c["relationship"][~contact] *= np.float32(1.0 - m.relationship.depreciation)
        c["effort"] *= np.float32(halved(m.relationship.effort_half_life_weeks))
        c["effort"] += shock
        now["touches"] += int(np.count_nonzero(contact))
        now["defects"] += float(failures.sum())
        now["revenue"] += float(c["spend"].sum(dtype=np.float64))
        first = np.flatnonzero((c["age"] <= 52) & (self.referrer[rows] != -1))
        now["referral_margin"] += float((c["spend"][first] * (53 - c["age"][first]) / 52.0).sum())

        after = c["status"].copy()
        self._renew(c, rows, after)
        faint = self.exposure[rows]
        exposed = np.flatnonzero(faint)
        kept = np.where(faint[exposed] > 1e-6, halved(m.word_of_mouth.contagion_half_life_weeks), 0.0)
        self.exposure[rows[exposed]] *= kept.astype(np.float32)
        stay = np.flatnonzero(after < FORMER)
        self._expand(c, rows, stay)
        self._speak(c, stay, after)
        for name in ("relationship", "effort", "recent", "history", "spend"):
            getattr(self, name)[rows] = c[name]
        for name, key in (("relationship",) * 2, ("effort",) * 2, ("recent", "experience"), ("spend",) * 2):
            now[key] += float(c[name][stay].sum(dtype=np.float64))
        changed = np.flatnonzero(after != c["status"])
        return rows[changed], after[changed]

    def _serve(self, c: dict[str, Any], rows: Rows, failures: F32, contact: NDArray[np.bool_]) -> F32:
        """M8: last week's cases are handled, new issues arise; returns the effort, and marks who had contact."""
        m, rng, now, s, t = self.m, self.rng, self.now, self.m.service, self.week
        shock, cases, since = np.zeros(rows.size, np.float32), self.open[rows], self.since[rows]
        at = np.flatnonzero((cases > 0) & (since < t))
        now["handled"] += int(cases[at].sum(dtype=np.int64))
        lost = rng.random(at.size, np.float32) < self.rates["lost"]
        fixed = rng.random(at.size, np.float32) < self.fix
        effort = s.contact_effort + s.wait_effort * (t - 1 - since[at].astype(np.float32))
        effort += m.handoffs.effort_of_loss * lost + s.failed_fix_effort * ~fixed
        shock[at] = effort
        contact[at] = True
        self._feel(c, at, (fixed & ~lost).astype(np.float32))
        again = at[lost | ~fixed]
        now["handoffs_lost"] += int(np.count_nonzero(lost))
        now["repeat_contacts"] += again.size
        cases[at] = 0
        cases[again] = 1
        delay = (rng.exponential(1.0, again.size) * s.return_delay_weeks).astype(np.int16)
        since[again] = t + np.minimum(delay, 100)
        new = rng.poisson(self.issues[rows] + s.failure_demand * failures).astype(np.uint8)
        since[(cases == 0) & (new > 0)] = t
        cases += new
        seen = np.flatnonzero((cases > 0) & (since <= t))
        now["backlog"] += int(cases[seen].sum(dtype=np.int64))
        now["contacts"] += int(np.where(since[seen] == t, cases[seen], new[seen]).sum(dtype=np.int64))
        self.open[rows], self.since[rows] = cases, since
        return shock

    def _renew(self, c: dict[str, Any], rows: Rows, after: NDArray[np.uint8]) -> None:
        """M1, M5, M6: leave or stay on the anniversary."""
        m, rng, now, rel, wom = self.m, self.rng, self.now, self.m.relationship, self.m.word_of_mouth
        at = np.flatnonzero((c["age"] > 0) & (c["age"] % 52 == 0))
        who, segment = rows[at], c["segment"][at]
        now["renewals_due"] += at.size
        referrer = self.referrer[who]
        fit = self.fit[who] + wom.referred_fit * (1.0 - self.fit[who]) * (referrer != -1)
        product = m.market.product_quality / max(m.market.product_reference * m.market.fit_mean, 1e-9)
        weight = {name: column[segment] for name, column in self.of_segment.items()}
        factor = m.market.churn.sensitivity * (
            m.market.churn.effort_effect * (c["effort"][at] - rel.effort_reference)
            - weight["relationship_weight"] * (c["relationship"][at] - rel.relationship_reference)
            - weight["product_weight"] * (product * fit - 1.0)
            - weight["service_weight"] * (c["recent"][at] - rel.market_norm)
            + weight["price_weight"] * math.log2(m.market.price)
        )
        factor += weight["outside_option"] + math.log(wom.contagion) * self.exposure[who]
        tied = self.status[np.maximum(referrer, 0)]
        factor += math.log(wom.referred_churn) * ((referrer >= 0) & (tied >= NEUTRAL) & (tied <= DETRACTOR))
        thanked = (self.thanked[who] > 0) & (self.week + 1 - self.thanked[who] <= 52)
        factor += math.log(wom.referrer_churn) * thanked
        leave = happens32(self.propensity[who] * np.exp(np.clip(factor, -3.0, 3.0)))
        u = rng.random(at.size, np.float32)
        gone = u < 1.0 - (1.0 - leave) * (1.0 - m.contracts.involuntary)
        own = gone & (u < leave)
        now["churned"] += int(np.count_nonzero(gone))
        now["churned_involuntary"] += int(np.count_nonzero(gone & ~own))
        speaks = own & (rng.random(at.size) < (wom.former_voice if wom.negative > 0.0 else 0.0))
        after[at[gone]] = FORMER
        after[at[speaks]] = SOUR
        self.left = who[own]
        stays = at[~gone]
        c["spend"][stays] *= np.float32(1.0 + m.market.price_rise)
        now["billed"] += 52.0 * float(c["spend"][stays].sum())

    def _expand(self, c: dict[str, Any], rows: Rows, stay: Rows) -> None:
        """M7: buy more, where the budget is open, up to the wallet."""
        x, now = self.m.expansion, self.now
        at = stay[self._window(rows[stay])]
        pull = x.relationship_effect * (c["relationship"][at] - self.m.relationship.relationship_reference)
        chance = happens32(np.float32(self.rates["expansion"]) * np.exp(np.clip(pull, -3.0, 3.0)))
        at = at[self.rng.random(at.size, np.float32) < chance]
        spend, cap = c["spend"][at], self.of_segment["spend"][c["segment"][at]] / 52.0 * x.wallet
        more = np.maximum(spend, np.minimum(spend * (1.0 + x.step), cap)) - spend
        now["expansions"] += int(np.count_nonzero(more > 0.0))
        now["billed"] += float((more * (52 - c["age"][at] % 52)).sum())
        c["spend"][at] = spend + more

    def _speak(self, c: dict[str, Any], stay: Rows, after: NDArray[np.uint8]) -> None:
        """M1: speak better, or worse, from next week on."""
        voice, rel = self.m.market.voice, self.m.relationship
        pull = voice.relationship_effect * (c["relationship"][stay] - rel.relationship_reference)
        pull -= voice.effort_effect * (c["effort"][stay] - rel.effort_reference)
        up = np.exp(np.clip(pull, -3.0, 3.0))
        status = c["status"][stay]
        rise = np.array([0, voice.neutral_to_advocate, 0, voice.detractor_to_neutral], np.float32)[status] * up
        fall = np.array([0, voice.neutral_to_detractor, voice.advocate_to_neutral, 0], np.float32)[status] / up
        turns = happens32(rise + fall)
        u = self.rng.random(stay.size, np.float32)
        at = np.flatnonzero(u < turns)
        better = u[at] * (rise[at] + fall[at]) < turns[at] * rise[at]
        after[stay[at]] = np.where(status[at] != NEUTRAL, NEUTRAL, np.where(better, ADVOCATE, DETRACTOR))


def happens32(rate: Any) -> F32:
    """Chance per week of events at these rates.

    Examples
    --------
    >>> float(happens32(np.float32(np.log(2.0))).round(6))
    0.5
    """
    return np.asarray(-np.expm1(-rate), np.float32)
