"""The engine against its replica: random small companies with random mechanisms on, equal to the bit."""

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, reject, settings
from hypothesis import strategies as st

import replica
from flywheel_sim.engine.lowering import lower
from flywheel_sim.engine.run import Simulation
from flywheel_sim.results.accounts import Accounts
from flywheel_sim.scenario import ScenarioError, load
from flywheel_sim.scenario.columns import NAMES
from flywheel_sim.scenario.schema import MECHANISMS
from replica import arithmetic, capacity, causes, customers, luck, prospects, tick
from replica.tick import Replica

#: Blocks that may be on or off; market, measures and ledger stay as the company has them.
SWITCHES = tuple(b for b in MECHANISMS.values() if b not in ("market", "measures", "ledger", "timeline"))
NETWORKS = ("complete", "pairs", "ring", "watts-strogatz", "barabasi-albert", "configuration", "blocks")


#: What is neutral by default and costs hours or money, or is made by them.
HOURS_COUNT: dict[str, Any] = {
    "vectors.coupling": {"fixed": 0.1, "gain": 0.4, "most": 9.0, "half_hours": 0.2, "memory_weeks": 26.0},
    "vectors.map_pull": 0.7,
    "vectors.map_hours": 0.5,
    "vectors.transparency_hours": 0.4,
    "decisions.together": {"all": {"hours": 5.0}},
    "decisions.joint_hours": 1.5,
    "handoffs.hours": 0.3,
    "handoffs.integration": 0.4,
    "handoffs.integration_cost": 900.0,
    "handoffs.integration_hours": 0.8,
    "channels.personalisation_cost": 700.0,
    "incentives.norms": 0.3,
    "incentives.norms_hours": 1.0,
    "incentives.intensity_bonus": 0.3,
    "leadership.clarity_hours": 0.2,
    "cadence.hours_scale": 1.1,
    "cadence.relay_hours": 0.4,
    "cadence.relay_scale": 0.7,
    "sensing.need_reversion": 0.02,
    "sensing.exploration": 0.8,
}


@st.composite
def companies(draw: Any) -> Any:
    """A shipped company made small, mechanisms on and off at random, and numbers moved where luck may hide."""
    name = draw(st.sampled_from(["everything-on", "b2b-two-teams", "b2c-subscription", "nps-pay", "b2b-thirty-teams"]))
    accounts = draw(st.integers(2, 120))
    share = st.floats(0, 1, allow_nan=False)
    changes: dict[str, Any] = {f"{block}.enabled": draw(st.booleans()) for block in SWITCHES}
    changes |= {
        "horizon_weeks": draw(st.integers(8, 30)),
        "market.accounts": accounts,
        "market.initial_customers": draw(st.integers(0, accounts)),
        "market.network.kind": draw(st.sampled_from(NETWORKS)),
        "market.network.degree": draw(st.sampled_from([2, 4, 6])),
        "market.external": draw(st.floats(0, 0.1)),
        "market.pool": draw(st.sampled_from(["closed", "constant"])),
        "market.start": draw(st.sampled_from(["uniform", "aligned"])),
        "market.price": draw(st.floats(0.5, 2)),
        "market.funnel.enabled": draw(st.booleans()),
        "market.price_rise": draw(st.sampled_from([0, 0.2])),
        "market.pricing.law": draw(st.sampled_from(["level", "felt"])),
        "market.pricing.applies": draw(st.sampled_from(["both", "new", "existing"])),
        "market.pricing.rival": draw(st.floats(0.5, 2)),
        "market.pricing.spread": draw(st.sampled_from([0, 0.7])),
        "market.churn.by": draw(st.sampled_from(["voice", "experience"])),
        "journey.directions": draw(st.sampled_from(["vector", "common", "ignored", "no_need", "additive"])),
        "market.win_back.rate": draw(st.floats(0, 0.2)),
        "word_of_mouth.normalise": draw(st.sampled_from(["per_speaker", "per_prospect", "per_tie", "per_friend"])),
        "word_of_mouth.talk_spread": draw(st.sampled_from([0, 1.2])),
        "relationship.wanted_spread": draw(st.sampled_from([0, 0.8])),
        "service.issue_spread": draw(st.sampled_from([0, 1.5])),
        "service.product_work": draw(st.floats(0, 1)),
        "word_of_mouth.weak_ties": draw(st.sampled_from(["fixed", "redrawn"])),
        "word_of_mouth.strong": draw(st.floats(0, 0.5)),
        "word_of_mouth.weak": draw(st.floats(0, 0.2)),
        "word_of_mouth.contagion": draw(st.floats(1, 2)),
        "word_of_mouth.referred_churn": draw(st.floats(0.5, 1)),
        "word_of_mouth.referrer_churn": draw(st.floats(0.5, 1)),
        "word_of_mouth.referred_fit": draw(share),
        "word_of_mouth.negative": draw(st.floats(0, 2)),
        "contracts.kind": draw(st.sampled_from(["annual", "monthly", "non-contractual"])),
        "contracts.window_weeks": draw(st.integers(1, 52)),
        "market.at_rest": draw(st.booleans()),
        "sensing.response_bond": draw(st.sampled_from([0, 0.5])),
        "measures.per_account": draw(st.booleans()),
        "relationship.law": draw(st.sampled_from(["surprise", "asset"])),
        "relationship.market_norm": draw(st.sampled_from([0, 0.7, 1])),
        "relationship.forgiveness": draw(share),
        "relationship.annoyance": draw(st.sampled_from([0, 0.4])),
        "relationship.contacts_wanted": draw(st.floats(0, 0.3)),
        "contracts.window_effect": draw(st.sampled_from(["odds", "timing"])),
        "contracts.window_learning": draw(st.sampled_from([0, 0.05])),
        "contracts.agreed_loss": draw(st.floats(0, 0.2)),
        "contracts.follow_up": draw(st.floats(0, 5)),
        "market.funnel.order": draw(st.sampled_from(["any", "newest"])),
        "market.funnel.lapse": draw(st.sampled_from([0, 0.5])),
        "market.funnel.rest_weeks": draw(st.integers(0, 12)),
        "market.funnel.leads_reference": draw(st.floats(0, 0.08)),
        "service.issues": draw(st.floats(0, 0.8)),
        "service.event_timed": draw(st.booleans()),
        "service.patience_hours": draw(st.sampled_from([0, 5, 40])),
        "service.patience_weeks": draw(st.sampled_from([0, 0.5, 3])),
        "service.give_up_return": draw(share),
        "service.give_up_effort": draw(share),
        "service.open_effort": draw(st.sampled_from([0, 0.4])),
        "service.open_weight": draw(st.sampled_from([0, 0.3])),
        "service.fractional_servers": draw(st.booleans()),
        "capacity.fewest_heads": draw(share),
        "capacity.shortness": draw(st.sampled_from([0, 2, 4])),
        "market.organic": draw(share),
        "market.promotion": draw(st.floats(0.0, 3.0)),
        "culture.turnover.neglect_effect": draw(st.sampled_from([0, 1.5])),
        "selling.lone_wolves": draw(share),
        "selling.fit_minimum": draw(share),
        "loyalty.share": draw(share),
        "channels.offered": draw(share),
        "channels.simplest_first": draw(st.booleans()),
        "channels.failed_try_effort": draw(share),
        "sensing.survey_weeks": draw(st.integers(1, 13)),
        "causes.load": draw(st.floats(0, 2)),
        "causes.pressure": draw(st.sampled_from(["given", "observed"])),
        "reactions.noise": draw(st.sampled_from(["given", "survey"])),
        "reactions.drift_sd": draw(st.floats(0, 2)),
        "reactions.letters": draw(st.floats(0, 3)),
        "decisions.centralisation": draw(share),
        "blockers.rate": draw(st.floats(0, 2)),
        "blockers.lateral": draw(share),
        "blockers.between_meetings": draw(st.booleans()),
        "leadership.tenure_months": draw(st.sampled_from([0, 1, 24])),
        "leadership.style": draw(st.sampled_from(["collaborate", "command"])),
        "cadence.themes": draw(st.sampled_from(["none", "own", "common", "offset"])),
        "strategy.attention": draw(share),
        "strategy.established": draw(st.booleans()),
        "ledger.interest": draw(st.sampled_from([0, 0.1, 1.0])),
        "ledger.can_fail": draw(st.booleans()),
        "ledger.credit_limit": draw(st.sampled_from([0, 0.3, 2])),
        "ledger.severance_weeks": draw(st.sampled_from([0, 8])),
    }
    changes |= draw(st.sampled_from([{}, HOURS_COUNT]))
    if changes["contracts.enabled"]:
        changes["market.churn.by"] = "experience"
    if changes["market.network.kind"] == "complete" and changes["word_of_mouth.normalise"] == "per_tie":
        changes["word_of_mouth.normalise"] = "per_speaker"
    if changes["market.network.kind"] == "complete":
        changes["word_of_mouth.talk_spread"] = 0
    if draw(st.booleans()):  # something is switched, and numbers ramp, half-way through
        block = draw(st.sampled_from([b for b in SWITCHES if b != "contracts"]))
        values = {f"{block}.enabled": not changes[f"{block}.enabled"], "market.churn.mean": draw(share)}
        values["market.fit_mean"] = draw(st.floats(0.1, 1))
        values["market.fit_reference"] = draw(st.sampled_from([0.0, 0.4, 0.7]))
        week, ramp = draw(st.integers(2, 12)), draw(st.integers(0, 3))
        changes["timeline.enabled"] = True
        changes["timeline.changes"] = {"turn": {"from_week": week, "ramp_weeks": ramp, "set": values}}
        joins = {"week": draw(st.integers(1, 8)), "add": draw(st.integers(-40, 40))}
        changes["timeline.customers"] = {"pulse": joins}
    chosen = load(name).model.teams
    for team in (draw(st.sampled_from(list(chosen))), draw(st.sampled_from(list(chosen)))):
        changes[f"teams.{team}.headcount"] = chosen[team].headcount * draw(st.sampled_from([0, 0.1, 1]))
        changes[f"teams.{team}.looks_after_people"] = draw(st.booleans())
        changes[f"teams.{team}.standing_hours"] = draw(st.sampled_from([0, 30]))
        changes[f"teams.{team}.hours_per_customer"] = draw(st.floats(0, 0.5))
        changes[f"teams.{team}.hours_per_head"] = draw(st.floats(0, 0.5))
        changes[f"teams.{team}.hours_per_lead"] = draw(st.floats(0, 0.5))
        changes[f"teams.{team}.follows"] = draw(st.sampled_from(["revenue", "customers", "issues"]))
    touch = draw(st.sampled_from(list(load(name).model.journey.touchpoints)))
    changes[f"journey.touchpoints.{touch}.success_reference"] = draw(st.sampled_from([0, 0.5, 0.9]))
    try:
        return load(name).with_(changes), draw(st.integers(0, 2**32 - 1))
    except ScenarioError:  # a combination that no scenario may have
        reject()


def same(scenario: Any, seed: int = 1, **options: Any) -> None:
    difference = replica.compare_with_engine(scenario, seed, tolerance=0.0, **options)
    assert difference is None, str(difference)


@settings(
    max_examples=15, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(companies())
def test_random_companies_agree_to_the_bit(drawn):
    same(*drawn)


@pytest.mark.slow
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(companies())
def test_many_random_companies_agree_to_the_bit(drawn):
    same(*drawn)


#: A few customers cannot pay for the staff of a company: lenders have to be patient, or nothing is left to compare.
SMALL = {
    "market.accounts": 200,
    "market.initial_customers": 80,
    "horizon_weeks": 54,
    "ledger.can_fail": False,
}


@pytest.mark.parametrize("name", ["everything-on", "relationship-flywheel", "b2b-thirty-teams"])
def test_companies_whose_hours_count_agree_to_the_bit(name):
    company = load(name).with_(SMALL | HOURS_COUNT)
    weights = {f"journey.touchpoints.{point}.weight": 1.0 + n for n, point in enumerate(company.journey.touchpoints)}
    freeze = {"from_week": 30, "set": {"capacity.staffing": False, "decisions.together.all.hours": 1.0}}
    same(company.with_(weights | {"timeline.enabled": True, "timeline.changes": {"freeze": freeze}}), seed=7)


@pytest.mark.parametrize("name", ["everything-on", "b2c-subscription", "b2b-two-teams", "relationship-flywheel"])
def test_shipped_companies_agree_to_the_bit(name):
    same(load(name).with_(SMALL), seed=7)


LIMITS = (
    "a01-bass",
    "a02-ring",
    "a03-sbg-regular",
    "a04-bgnbd",
    "a11-ties",
    "a18-learning",
    "a19-gibbs",
    "a21-queue",
    "a24-tenure",
    "a25-tampering",
    "a27-capability-trap",
    "a30-patience",
)


@pytest.mark.parametrize("name", [*LIMITS, "a23-reproduction"])
def test_limits_agree_to_the_bit(name):
    limit = load(f"limits/{name}")
    few = {"market.accounts": 200, "market.initial_customers": min(100, limit.model.market.initial_customers)}
    same(limit.with_(few | {"horizon_weeks": 20}), seed=5)


def test_two_blocks_of_accounts_agree_to_the_bit():
    same(load("b2b-saas").with_({"market.accounts": 1500, "market.initial_customers": 300}), weeks=3)


def test_a_changing_company_agrees_to_the_bit():
    timeline = {
        "timeline": {
            "enabled": True,
            "changes": {
                "dearer": {"from_week": 4, "ramp_weeks": 3, "set": {"market.price": 1.3, "market.churn.mean": 0.3}},
                "talk": {"from_week": 6, "until_week": 9, "set": {"word_of_mouth.advocate": 3}},
            },
            "customers": {"more": {"week": 3, "add": 12}, "fewer": {"week": 8, "add": -9}},
        },
    }
    base = load("b2b-saas").with_(SMALL | {"horizon_weeks": 14})
    same(base.with_(timeline), seed=3)


@pytest.mark.parametrize(
    ("module", "law", "column"),
    [
        (customers, "weeks_to_renewal", "billed"),
        (prospects, "happens", "leads"),
        (capacity, "speed", "utilisation"),
        (causes, "review_move", "defects"),
    ],
)
def test_the_comparison_finds_a_fault(monkeypatch, module, law, column):
    """A law that is off is found, and the first columns to differ are its own."""
    right = getattr(module, law)
    monkeypatch.setattr(module, law, lambda *a: 2 * right(*a))
    difference = replica.compare_with_engine(load("everything-on").with_(SMALL), seed=2, tolerance=1e-9)
    assert difference is not None
    assert column in (difference.column, *difference.also), str(difference)
    assert "engine" in str(difference)


def test_another_seed_is_another_run_and_another_cost_is_in_its_columns():
    scenario = load("b2b-saas").with_(SMALL | {"horizon_weeks": 4})
    a, b = replica.run(scenario, seed=1), replica.run(scenario, seed=2)
    assert not np.array_equal(a, b)
    dearer = replica.run(scenario.with_({"ledger.overhead": scenario.model.ledger.overhead + 1.0}), seed=1)
    changed = {NAMES[i] for i in np.flatnonzero((a != dearer).any(axis=0))}
    assert changed == {"overhead", "interest", "total_cost", "profit", "cash", "value"}


def test_an_asset_that_is_pressed_agrees_to_the_bit():
    deep = {"relationship.law": "asset", "relationship.forgiveness": 0.6, "relationship.annoyance": 0.3}
    depths = {f"journey.touchpoints.{name}.depth": x for name, x in (("account-review", 1.3), ("product-use", 0.2))}
    same(load("everything-on").with_(SMALL | deep | depths | {"journey.touchpoints.help.depth": 0.4}), seed=4)


@pytest.mark.parametrize("normalise", ["per_friend", "per_tie", "per_prospect"])
def test_talkers_agree_to_the_bit(normalise):
    loud = {"word_of_mouth.normalise": normalise, "word_of_mouth.talk_spread": 1.5, "word_of_mouth.rate": 0.1}
    unlike = {"service.issue_spread": 1.4, "service.product_work": 0.5, "relationship.wanted_spread": 0.6}
    quieter = {"turn": {"from_week": 8, "set": {"word_of_mouth.talk_spread": 0.5, "service.issue_spread": 0.0}}}
    changes = SMALL | loud | unlike | {"market.network.kind": "configuration", "horizon_weeks": 20}
    changes |= {"word_of_mouth.weak_ties": "redrawn", "timeline.changes": quieter, "timeline.enabled": True}
    same(load("everything-on").with_(changes), seed=6)


@pytest.mark.parametrize("kind", ["annual", "monthly", "non-contractual", "none"])
def test_prices_that_are_felt_agree_to_the_bit(kind):
    dearer = {"news": {"from_week": 9, "set": {"market.price": 1.4}}}
    felt = {"law": "felt", "win_elasticity": 1.2, "level_elasticity": 1.4, "rise_elasticity": 2.0, "rival": 0.9}
    terms = {"enabled": False} if kind == "none" else {"kind": kind}
    changes = {f"market.pricing.{name}": value for name, value in felt.items()}
    changes |= {f"contracts.{name}": value for name, value in terms.items()} | {"market.churn.period_weeks": 26}
    changes |= {"market.price_rise": 0.15, "timeline.changes": dearer, "timeline.enabled": True}
    same(load("everything-on").with_(SMALL | changes | {"horizon_weeks": 70}), seed=8)


def test_what_is_counted_of_accounts_agrees_to_the_bit():
    told = {"measures.per_account": True, "ledger.allocate_payroll": True, "market.at_rest": True}
    scenario = load("everything-on").with_(SMALL | told | {"sensing.response_bond": 0.6, "horizon_weeks": 30})
    program = lower([scenario.model])
    twin, simulation = Replica(program, 4, 0), Simulation([scenario.model], [(0, 4, 0)])
    for _ in range(30):
        twin.step()
    simulation.advance()
    table = Accounts.of(simulation)
    names = {"failures": "failed", **{n: n for n in ("touches", "contacts", "hours", "bought", "answers", "promoting",
             "detracting", "relationship", "effort")}}  # fmt: skip
    for column, attribute in names.items():
        found = [getattr(account, attribute) for account in twin.world.accounts]
        assert np.array_equal(table[column], np.array(found, np.float64)), column
    cost = np.array([account.cost for account in twin.world.accounts])
    assert np.array_equal(simulation.state.cost[: cost.size], cost)
    assert table["hours"].sum() > 0 and table["answers"].sum() > 0 and table["failures"].sum() > 0


def test_queue_in_time_agrees_to_the_bit():
    busy = {"service.event_timed": True, "service.issues": 0.5, "service.patience_hours": 20}
    same(load("everything-on").with_(SMALL | busy | {"horizon_weeks": 20}), seed=2)


def test_refuses_what_it_does_not_have(monkeypatch):
    """A mechanism that is new to the model is named, not left out in silence."""
    monkeypatch.setattr(tick, "LAST", "M26")
    assert load("b2b-saas").model.selling.enabled
    with pytest.raises(NotImplementedError, match="the replica does not have M27 selling"):
        replica.run("b2b-saas")


def test_philox_known_answers():
    """Known-answer vectors of Random123 for philox4x32-10."""
    ones = 0xFFFFFFFF
    assert luck.words((0, 0), 0, 0, 0, 0) == (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)
    assert luck.words((ones, ones), ones, ones, ones, ones) == (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)


@given(st.floats(-80, 80))
def test_arithmetic_is_what_it_says(x):
    assert arithmetic.exp64(x) == pytest.approx(np.exp(x), rel=1e-14)
    assert float(arithmetic.exp32(np.float32(x))) == pytest.approx(np.exp(float(np.float32(x))), rel=3e-7)
    assert arithmetic.log64(np.exp(x)) == pytest.approx(x, abs=1e-13)
    s, c = arithmetic.sincos64(x / 10)
    assert (s, c) == pytest.approx((np.sin(x / 10), np.cos(x / 10)), abs=1e-14)


def test_two_runs_are_the_same_object_of_luck():
    model = load("limits/a23-reproduction").with_({"market.accounts": 60, "market.initial_customers": 20}).model
    one, two = Replica(lower([model]), 4, 0), Replica(lower([model]), 4, 1)
    assert [a.status for a in one.world.accounts] != [a.status for a in two.world.accounts]
