"""The core as plain Mesa agents: what the engine's mechanisms look like written the usual way.

Every account is a ``Customer``, every team a ``Team``, both ``mesa.Agent``; a week is ``model.step()``.  Written to be
good: accounts hear only of voices that change, nobody scans his friends; chances that are the same for everybody are
worked out once a week; an account that nothing happens to costs a call, a draw and a comparison.  The laws are those of
docs/odd.md for M1-M8 and M23; luck is Mesa's own generator, so that results agree with the engine's in law, not to the
bit (:mod:`benchmarks.rivals` tests that).
"""

import math

import mesa
import networkx as nx
import numpy as np

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

__all__ = ["CoreModel", "Customer", "Team"]


class Team(mesa.Agent):  # type: ignore[misc]
    """A team: where it looks, and the touchpoints it owns."""

    model: "CoreModel"

    def __init__(self, model: "CoreModel", name: str) -> None:
        super().__init__(model)
        m, team = model.m, model.m.teams[name]
        self.name, self.front, self.magnitude = name, team.front, team.skill
        self.direction = unit_vector(team.direction if team.start == "given" else team.craft, m.axes)
        self.owned = {key: touch for key, touch in m.journey.touchpoints.items() if touch.owner == name}

    def cosine(self, other: "Team") -> float:
        """Cosine of the two teams' directions."""
        return math.fsum(a * b for a, b in zip(self.direction, other.direction, strict=True))

    def step(self) -> None:
        """M3: how touches at this team's touchpoints go this week, for every segment."""
        model = self.model
        for key, touch in self.owned.items():
            logit = base_logit(model.m, touch, model.tone)
            offset = [touch.need.get(axis, 0.0) for axis in model.m.axes]
            weights = support_weights(model.m, touch)
            rows = []
            for need in model.needs:
                wanted = unit_vector([n + o for n, o in zip(need, offset, strict=True)], model.m.axes)
                match = 0.0
                for name, weight in weights.items():
                    team = model.team[name]
                    match += weight * team.magnitude * sum(a * b for a, b in zip(team.direction, wanted, strict=True))
                rows.append(1.0 / (1.0 + math.exp(-(logit + model.m.journey.match_effect * match))))
            model.success[key] = rows


class Customer(mesa.Agent):  # type: ignore[misc]
    """An account: a prospect, a customer, or a former one."""

    model: "CoreModel"

    def __init__(self, model: "CoreModel", segment: int, leaving: float, fit: float) -> None:
        super().__init__(model)
        draw = model.draw
        self.status = PROSPECT
        self.segment = segment
        self.propensity = -math.log(max(1.0 - leaving, 1e-13))
        self.fiscal = int(draw() * 52)
        self.slow = draw()  # how late a seller learns its budget window
        self.fit = fit
        self.issues = model.m.service.issues * math.exp(
            max(-3.0, min(3.0, model.m.service.fit_effect * (model.m.market.fit_mean - fit)))
        )
        self.friends: list[Customer] = []
        self.good = self.bad = 0.0  # friends' voices, each divided by how many friends the speaker has
        self.blocked_until = 0
        self.referrer: Customer | None = None
        self.referred = False
        self.was_customer = False
        self.exposure = 0.0

    # --- M5: voices -----------------------------------------------------------------------------------------------

    def become(self, status: int) -> None:
        """Take a new status in front of everybody: friends hear a voice that begins or ends."""
        good, bad = self.model.loudness[status], status in (DETRACTOR, SOUR)
        more = (good - self.model.loudness[self.status]) / len(self.friends)
        worse = (bad - (self.status in (DETRACTOR, SOUR))) / len(self.friends)
        self.status = status
        if more or worse:
            for friend in self.friends:
                friend.good += more
                friend.bad += worse

    # --- a week ---------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """One week, by what the account is."""
        if self.status == PROSPECT:
            self.listen()
        elif self.status < FORMER:
            self.use()
        else:
            self.remember()

    def listen(self) -> None:
        """M1, M5: bad words keep a prospect away, good ones and marketing make a lead of it."""
        model = self.model
        blocked = self.blocked_until > model.week
        if self.bad > 1e-9 and model.draw() < happens(model.bad_rate * self.bad):
            self.blocked_until = model.week + 1 + model.m.word_of_mouth.negative_weeks
        if blocked:
            model.now["blocked"] += 1
            return
        if self.good > 1e-9:
            word = model.rates["word"] * self.good
            hazard = model.rates["external"] + word
            if model.draw() < happens(hazard):
                self.referred, self.referrer = False, None
                if model.draw() * hazard < word:
                    self.find_referrer()
                self.consider(PROSPECT)
        elif model.draw() < model.lead_alone:
            self.referred, self.referrer = False, None
            self.consider(PROSPECT)

    def find_referrer(self) -> None:
        """M5: one of those who speak, in proportion to how loud they are here."""
        speakers = [friend for friend in self.friends if self.model.loudness[friend.status] > 0.0]
        weights = [self.model.loudness[friend.status] / len(friend.friends) for friend in speakers]
        self.referred = True
        self.model.now["leads_word"] += 1
        self.referrer = self.random.choices(speakers, weights)[0] if speakers else None

    def remember(self) -> None:
        """M1, M5: a former customer may come back, or stop speaking badly."""
        model = self.model
        if model.draw() < model.rates["win_back"]:
            self.referred, self.referrer = False, None
            self.consider(FORMER)
        elif self.status == SOUR and model.draw() < model.fading:
            model.changed.append((self, FORMER))

    def consider(self, otherwise: int) -> None:
        """M1, M4, M6: a lead goes through the stages of a sale, if its budget is open."""
        model, now = self.model, self.model.now
        now["leads"] += 1
        sold, live = model.stages[self.segment]
        u = model.draw()
        if u < sold and (model.window_open(self.fiscal) or self.slow < model.rates["window_known"]):
            now["sold"] += 1
            if u < live:
                now["won_back" if self.was_customer else "new_customers"] += 1
                if self.referred and not self.was_customer:
                    now["referred_new"] += 1
                now["billed"] += self.begin(model.week + 1)
                model.changed.append((self, NEUTRAL))
                return
        if self.status != otherwise:
            model.changed.append((self, otherwise))

    def begin(self, week: int) -> float:
        """Begin a spell as a customer at the end of a week; returns the bill of the first year."""
        rel = self.model.m.relationship
        self.was_customer, self.start = True, week
        self.relationship, self.effort = rel.start, 0.0
        self.recent = self.history = rel.market_norm
        self.spend = self.model.list_price[self.segment]
        self.open, self.since, self.thanked = 0, 0, 0
        self.exposure = 0.0
        return self.spend * 52.0

    def feel(self, outcome: float) -> None:
        """M2: one touch, felt against what is expected; losses weigh more than gains."""
        rel = self.model.m.relationship
        felt = (1.0 - rel.spill_over) * outcome + rel.spill_over * self.recent
        adapt = rel.expectation_adaptation
        surprise = felt - (1.0 - adapt) * rel.market_norm - adapt * self.history
        if surprise > 0.0:
            self.relationship = min(1.0, self.relationship + rel.gain * surprise * (1.0 - self.relationship))
        else:
            self.relationship = max(0.0, self.relationship * (1.0 + rel.gain * rel.asymmetry * surprise))
        self.recent += rel.recent_weight * (outcome - self.recent)
        self.history += rel.history_weight * (outcome - self.history)

    def use(self) -> None:
        """A customer's week: touches, service, renewal, expansion, voice."""
        model, now, m = self.model, self.model.now, self.model.m
        age, draw = model.week + 1 - self.start, self.model.draw
        failures, contact = 0, False
        for touched, fails, cost, early in model.touches[self.segment]:
            if early and age > m.journey.onboarding_weeks:
                continue
            u = draw()
            if u < touched:
                failed = u < fails
                failures += failed
                contact = True
                self.feel(0.0 if failed else 1.0)
                now["touch_cost"] += cost
        shock, served = self.serve(failures)
        if contact or served:
            now["touches"] += 1
        else:
            self.relationship *= model.leak
        self.effort = self.effort * model.keep_effort + shock
        now["defects"] += failures

        paid, gone = self.spend, False
        if age > 0 and age % 52 == 0:
            gone = self.renew()
        if self.exposure > 0.0:
            self.exposure *= model.keep_exposure if self.exposure > 1e-6 else 0.0
        now["revenue"] += paid
        if self.referred and age <= 52:
            now["referral_margin"] += paid * (53 - age) / 52.0
        if not gone:
            if model.rates["expansion"] > 0.0 and model.window_open(self.fiscal):
                self.expand(age)
            self.speak()
            for name in ("relationship", "effort", "spend"):
                now[name] += getattr(self, name)
            now["experience"] += self.recent

    def serve(self, failures: int) -> tuple[float, bool]:
        """M8: last week's case is handled, new issues arise; returns effort, and whether there was contact."""
        model, now, s, t = self.model, self.model.now, self.model.m.service, self.model.week
        shock, contact = 0.0, False
        if self.open > 0 and self.since < t:
            now["handled"] += self.open
            contact = True
            shock = s.contact_effort + s.wait_effort * (t - 1 - self.since)
            lost, fixed = model.draw() < model.rates["lost"], model.draw() < model.fix
            self.feel(1.0 if fixed and not lost else 0.0)
            self.open = 0
            if lost:
                now["handoffs_lost"] += 1
                shock += model.m.handoffs.effort_of_loss
            if not fixed:
                shock += s.failed_fix_effort
            if lost or not fixed:
                now["repeat_contacts"] += 1
                self.open = 1
                self.since = t + min(int(self.random.expovariate(1.0) * s.return_delay_weeks), 100)
        limit, u, new = math.exp(-self.issues - s.failure_demand * failures), model.draw(), 0
        while u > limit:  # Poisson
            new += 1
            u *= model.draw()
        if new:
            if self.open == 0:
                self.since = t
            self.open += new
        if self.open > 0 and self.since <= t:
            now["backlog"] += self.open
            now["contacts"] += self.open if self.since == t else new
        return shock, contact

    def renew(self) -> bool:
        """M1, M5, M6: leave or stay on the anniversary; whether it left."""
        model, now, m = self.model, self.model.now, self.model.m
        now["renewals_due"] += 1
        segment, rel, wom = model.segment[self.segment], m.relationship, m.word_of_mouth
        factor = m.market.churn.sensitivity * (
            m.market.churn.effort_effect * (self.effort - rel.effort_reference)
            - segment.relationship_weight * (self.relationship - rel.relationship_reference)
            - segment.product_weight * (model.product_share * self.fit_now() - 1.0)
            - segment.service_weight * (self.recent - rel.market_norm)
            + segment.price_weight * math.log2(m.market.price)
        )
        factor += segment.outside_option + math.log(wom.contagion) * self.exposure
        if self.referrer is not None and NEUTRAL <= self.referrer.status <= DETRACTOR:
            factor += math.log(wom.referred_churn)
        if self.thanked > 0 and model.week + 1 - self.thanked <= 52:
            factor += math.log(wom.referrer_churn)
        leaves = happens(self.propensity * math.exp(max(-3.0, min(3.0, factor))))
        u = model.draw()
        if u < 1.0 - (1.0 - leaves) * (1.0 - m.contracts.involuntary):
            now["churned"] += 1
            after = FORMER
            if u >= leaves:
                now["churned_involuntary"] += 1
            else:
                model.left.append(self)
                if wom.negative > 0.0 and model.draw() < wom.former_voice:
                    after = SOUR
            model.changed.append((self, after))
            return True
        self.spend *= 1.0 + m.market.price_rise
        now["billed"] += self.spend * 52.0
        return False

    def fit_now(self) -> float:
        """M5: fit; of a referred account a share of what is missing higher."""
        closer = self.model.m.word_of_mouth.referred_fit
        return self.fit + closer * (1.0 - self.fit) if self.referred else self.fit

    def expand(self, age: int) -> None:
        """M7: buy more, up to the wallet."""
        model, x = self.model, self.model.m.expansion
        pull = x.relationship_effect * (self.relationship - model.m.relationship.relationship_reference)
        if model.draw() < happens(model.rates["expansion"] * math.exp(max(-3.0, min(3.0, pull)))):
            cap = model.list_spend[self.segment] * x.wallet
            more = max(self.spend, min(self.spend * (1.0 + x.step), cap)) - self.spend
            if more > 0.0:
                model.now["expansions"] += 1
                model.now["billed"] += more * (52 - age % 52)
                self.spend += more

    def speak(self) -> None:
        """M1: speak better, or worse, from next week on."""
        model, voice, rel = self.model, self.model.m.market.voice, self.model.m.relationship
        pull = voice.relationship_effect * (self.relationship - rel.relationship_reference)
        up = math.exp(max(-3.0, min(3.0, pull - voice.effort_effect * (self.effort - rel.effort_reference))))
        if self.status == ADVOCATE:
            if model.draw() < happens(voice.advocate_to_neutral / up):
                model.changed.append((self, NEUTRAL))
        elif self.status == DETRACTOR:
            if model.draw() < happens(voice.detractor_to_neutral * up):
                model.changed.append((self, NEUTRAL))
        else:
            rise, fall = voice.neutral_to_advocate * up, voice.neutral_to_detractor / up
            u, turns = model.draw(), happens(rise + fall)
            if u < turns:
                model.changed.append((self, ADVOCATE if u < turns * rise / (rise + fall) else DETRACTOR))


class CoreModel(mesa.Model):  # type: ignore[misc]
    """The core as a Mesa model.

    Parameters
    ----------
    scenario : Scenario
        As :func:`~benchmarks.core.core_of` makes it.
    seed : int
        Of Mesa's generator.

    Raises
    ------
    ValueError
        For a scenario the rivals are not written for.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> from benchmarks.core import core_of
    >>> small = core_of(load({"extends": "b2b-parts", "market": {"accounts": 200, "initial_customers": 20}}))
    >>> model = CoreModel(small, seed=1)
    >>> model.step()
    >>> model.rows[-1]["prospects"] + model.rows[-1]["customers"] + model.rows[-1]["former"]
    200
    """

    def __init__(self, scenario: Scenario, seed: int) -> None:
        super().__init__(seed=seed)
        self.m = m = scenario.model
        check_core(m)
        self.week = 0
        self.draw = self.random.random
        self.rows: list[dict[str, float]] = []
        self.changed: list[tuple[Customer, int]] = []
        self.left: list[Customer] = []
        wom, rel = m.word_of_mouth, m.relationship
        self.loudness = (0.0, wom.neutral, wom.advocate, wom.detractor, 0.0, 0.0)
        self.bad_rate = wom.negative * wom.rate
        self.fading = 1.0 - halved(wom.former_half_life_weeks)
        self.leak, self.keep_effort = 1.0 - rel.depreciation, halved(rel.effort_half_life_weeks)
        self.keep_exposure = halved(wom.contagion_half_life_weeks)
        self.product_share = m.market.product_quality / max(m.market.product_reference * m.market.fit_mean, 1e-9)
        self.segment = list(m.segments.values())
        self.shares = [s.share / sum(x.share for x in self.segment) for s in self.segment]
        self.list_spend = [s.spend / 52.0 for s in self.segment]
        self.list_price = [x * m.market.price for x in self.list_spend]
        self.needs = [unit_vector(s.need, m.axes) for s in self.segment]
        self.team = {name: Team(self, name) for name in m.teams}
        self.teams = self.agents_by_type[Team]
        self.success: dict[str, list[float]] = {}
        fronts = [team.direction for team in self.team.values() if team.front]
        self.tone = math.dist([sum(x) / len(fronts) for x in zip(*fronts, strict=True)], [0.0] * len(m.axes))
        self._populate(seed)

    def _populate(self, seed: int) -> None:
        m = self.m
        rng = np.random.default_rng(seed)

        def traits(mean: float, dispersion: float) -> list[float]:
            size = 1.0 / dispersion - 1.0 if dispersion > 0.0 else 0.0
            return list(rng.beta(mean * size, (1.0 - mean) * size, m.market.accounts)) if size else [mean] * n

        n = m.market.accounts
        segments = rng.choice(len(self.shares), n, p=self.shares)
        leaving = traits(m.market.churn.mean, m.market.churn.dispersion)
        fits = traits(m.market.fit_mean, m.market.fit_dispersion)
        for segment, leave, fit in zip(segments, leaving, fits, strict=True):
            Customer(self, int(segment), float(leave), float(fit))
        self.customers = self.agents_by_type[Customer]
        everybody = list(self.customers)
        network = m.market.network
        rewiring = network.rewiring if network.kind == "watts-strogatz" else 0.0
        graph = nx.watts_strogatz_graph(n, network.degree, rewiring, seed=seed)
        for i, j in graph.edges:
            everybody[i].friends.append(everybody[j])
            everybody[j].friends.append(everybody[i])
        self.cash, market = m.ledger.opening_cash, m.market
        for account in self.random.sample(everybody, market.initial_customers):
            bill, u = account.begin(0), self.draw()
            age = int(self.draw() * 52) if market.start == "uniform" else 0
            account.start = -age
            self.cash += bill if age == 0 else 0.0
            loud = market.initial_advocates
            account.become(ADVOCATE if u < loud else DETRACTOR if u < loud + market.initial_detractors else NEUTRAL)
        self.count = [0] * 6
        for account in everybody:
            self.count[account.status] += 1

    def window_open(self, fiscal: int) -> bool:
        """M6: whether an account's budget is open this week."""
        contracts = self.m.contracts
        return (self.week + 1 - fiscal - contracts.fiscal_shift_weeks) % 52 < contracts.window_weeks

    def _open(self) -> None:
        """M3, M4, M1: what everybody meets this week."""
        m = self.m
        survival = survivals(m, lambda a, b: self.team[a].cosine(self.team[b]))
        lifts = []
        for s in range(len(self.segment)):
            lift = {}
            for stage in ("awareness", "sale", "onboarding", "service"):
                here = [
                    self.success[key][s] / touch.base_success
                    for key, touch in m.journey.touchpoints.items()
                    if touch.stage == stage
                ]
                lift[stage] = sum(here) / len(here) if here else 1.0
            lifts.append(lift)
        reach = sum(share * lift["awareness"] for share, lift in zip(self.shares, lifts, strict=True))
        self.rates = week_rates(m, self.week, reach, survival)
        self.lead_alone = happens(self.rates["external"])
        self.fix = min(1.0, m.service.first_contact_resolution * lifts[0]["service"])
        self.stages = [sale_stages(m, *row, survival) for row in zip(self.segment, lifts, strict=True)]
        self.touches = [
            [
                (chance, chance * (1.0 - self.success[key][s]), touch.cost, touch.stage == "onboarding")
                for key, touch in m.journey.touchpoints.items()
                if touch.stage in ("onboarding", "use") and (chance := happens(touch.rate)) > 0.0
            ]
            for s in range(len(self.segment))
        ]

    def step(self) -> None:
        """One week: teams, the market, accounts, the books, and then everybody sees what has changed."""
        self.teams.do("step")
        self._open()
        self.now = now = dict.fromkeys((*STOCKS, *FLOWS), 0.0)
        self.changed.clear()
        self.left.clear()
        self.customers.do("step")
        for account, status in self.changed:
            self.count[account.status] -= 1
            self.count[status] += 1
            if status == NEUTRAL and (account.status == PROSPECT or account.status >= FORMER):
                for name in ("relationship", "effort", "spend"):
                    now[name] += getattr(account, name)
                now["experience"] += account.recent
                if account.referrer is not None:
                    account.referrer.thanked = self.week + 1
            account.become(status)
        if self.m.word_of_mouth.contagion != 1.0:
            for account in self.left:
                for friend in account.friends:
                    if NEUTRAL <= friend.status <= DETRACTOR:
                        friend.exposure += 1.0
        prospects, neutral, advocates, detractors, former, sour = self.count
        now |= {"prospects": prospects, "customers": neutral + advocates + detractors, "former": former + sour}
        now |= {"advocates": advocates, "detractors": detractors}
        for name in ("relationship", "effort", "experience"):
            now[name] /= max(now["customers"], 1)
        done = books(self.m, now)
        self.cash += done["flow"]
        self.rows.append(now | done | {"cash": self.cash})
        self.week += 1
