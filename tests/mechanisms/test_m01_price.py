"""M1, M23: what a price does to those who pay it: felt when it is charged, by each in its own way."""

import numpy as np
import pytest

from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load

THETA = 0.12
ALIKE = {"law": "felt", "level_elasticity": 1.2, "rise_elasticity": 0.9, "spread": 0}


@pytest.fixture
def payers(quiet):
    """Build a company of customers who all signed in week 0, mind prices alike (weight 1), and do nothing but renew."""

    def build(weeks=53, pricing=None, timeline=None, selling=None, contracts=None, **market):
        more = {"timeline": timeline} if timeline else {}
        if selling:
            more["selling"] = selling
        return quiet(
            horizon_weeks=weeks,
            segments={"all": {"spend": 52, "need": {"care": 1}, "price_weight": 1.0}},
            market={
                "accounts": 20_000, "initial_customers": 20_000, "start": "aligned",
                "churn": {"by": "experience", "mean": THETA, "dispersion": 0},
                "pricing": {**ALIKE, **(pricing or {})}, **market,
            },
            contracts={"kind": "annual", "involuntary": 0} | (contracts or {}),
            ledger={"discount_rate": 0},
            **more,
        )  # fmt: skip

    return build


def left(run, first=0, last=None):
    """Share of customers that leaves."""
    return run.series("churned")[first:last].sum() / run.series("renewals_due")[first:last].sum()


def risk(log_factor):
    return 1 - (1 - THETA) ** np.exp(log_factor)


def changed(week, **values):
    return {"enabled": True, "changes": {"news": {"from_week": week, "set": values}}}


def test_neutral_prices_are_the_same_under_both_laws(payers, same_bits):
    same_bits(payers(120, {"law": "level"}), payers(120, {"level_elasticity": 3, "rise_elasticity": 3, "spread": 1}))


def test_a_level_and_a_rise_are_felt_when_they_are_charged(payers):
    dear, rising, rivalled = batch(
        [
            payers(price=1.3),
            payers(105, price_rise=0.2),
            payers(pricing={"rival": 0.8}),
        ],
        replicates=1,
    )
    assert left(dear[0]) == pytest.approx(risk(1.2 * 0.3), abs=0.007)
    assert left(rivalled[0]) == pytest.approx(risk(1.2 * 0.25), abs=0.007)
    assert left(rising[0], 0, 60) == pytest.approx(risk(1.2 * 0.2 + 0.9 * np.log(1.2)), abs=0.008)
    # in the second year the level is that of two rises, only the second is felt as one
    assert left(rising[0], 60) == pytest.approx(risk(1.2 * 0.44 + 0.9 * np.log(1.2)), abs=0.009)
    assert rising[0].series("churned")[:51].sum() == 0
    stays = rising[0].series("spend")[60] / rising[0].series("customers")[60]
    assert stays == pytest.approx(1.2, rel=1e-5)


def test_a_price_reaches_those_it_applies_to_and_they_feel_it(payers):
    dearer = changed(10, **{"market.price": 1.5})
    both, new, existing, old_law = batch(
        [
            payers(timeline=dearer),
            payers(timeline=dearer, pricing={"applies": "new"}),
            payers(timeline=dearer, pricing={"applies": "existing"}),
            payers(timeline=dearer, pricing={"law": "level"}),
        ],
        replicates=1,
    )
    felt, plain = risk(1.2 * 0.5 + 0.9 * np.log(1.5)), THETA
    for run, share, price in ((both[0], felt, 1.5), (new[0], plain, 1.0), (existing[0], felt, 1.5)):
        assert left(run) == pytest.approx(share, abs=0.008)
        assert run.series("spend")[-1] / run.series("customers")[-1] == pytest.approx(price, rel=1e-5)
    assert old_law[0].series("spend")[-1] / old_law[0].series("customers")[-1] == pytest.approx(1.0)
    assert left(old_law[0]) > THETA + 0.03
    assert both[0].series("list_price")[[8, 9]].tolist() == [1.0, 1.5]


def test_new_customers_pay_the_price_that_applies_to_them(quiet):
    def company(applies):
        return quiet(
            market={
                "initial_customers": 0, "external": 0.05, "pricing": {"law": "felt", "applies": applies},
            },
            timeline=changed(2, **{"market.price": 2.0}),
        )  # fmt: skip

    both, new, existing = (runs[0] for runs in batch([company(k) for k in ("both", "new", "existing")], replicates=1))
    for run, price in ((both, 2.0), (new, 2.0), (existing, 1.0)):
        fresh = np.diff(run.series("spend")) / np.diff(run.series("customers"))
        assert fresh[3:] == pytest.approx(price, rel=1e-4)


def test_who_minds_more_leaves_first(payers):
    # mean of 1 - (1 - theta)^exp(a eta_L (P - 1)) over the lognormal a of mean 1
    z = np.random.default_rng(1).standard_normal(200_000)
    a = np.exp(0.8 * z - 0.32)
    spread = batch([payers(price=1.6, pricing={"spread": 0.8})], replicates=1)[0][0]
    expected = np.mean(1 - (1 - THETA) ** np.exp(a * 1.2 * 0.6))
    assert left(spread) == pytest.approx(expected, abs=0.009)


def test_odds_of_winning_fall_with_the_price_over_the_rivals(quiet):
    def company(price, rival=1.0, spread=0.0):
        return quiet(
            horizon_weeks=30,
            segments={"all": {"spend": 52, "need": {"care": 1}, "price_weight": 1.0}},
            market={
                "accounts": 40_000, "initial_customers": 0, "external": 0.002, "price": price,
                "funnel": {"enabled": True, "qualify": 1, "propose": 1, "close": 0.2, "onboard": 1},
                "pricing": {"law": "felt", "win_elasticity": 1.5, "rival": rival, "spread": spread},
            },
        )  # fmt: skip

    prices = (0.5, 0.7, 1.0, 1.6, 3.0)
    runs = batch([company(p) for p in prices] + [company(3.0, 3.0), company(1.6, spread=1.0)], replicates=1)
    shares = np.array([r[0].series("sold").sum() / r[0].series("leads").sum() for r in runs])
    odds = 0.25 * np.exp(-1.5 * (np.array(prices) - 1))
    assert shares[:5] == pytest.approx(odds / (1 + odds), abs=0.012)
    assert np.all(np.diff(shares[:5]) < 0)
    assert shares[5] == pytest.approx(0.2, abs=0.008)
    assert shares[6] > shares[3]  # those who mind less still buy


def test_churn_rises_with_every_rise_and_many_small_ones_do_not_escape(payers):
    rises = (-0.1, 0.0, 0.03, 0.1, 0.3, 1.0)
    runs = [r[0] for r in batch([payers(53, price_rise=x) for x in rises], replicates=1)]
    shares = [left(run) for run in runs]
    assert np.all(np.diff(shares) > 0)
    small, large = batch([payers(53 * 10, price_rise=0.07), payers(53 * 10)], replicates=1)
    assert small[0].series("customers")[-1] < 0.45 * large[0].series("customers")[-1]


def test_who_renews_by_the_month_feels_the_level_every_month_and_the_rise_in_one(payers):
    run = batch([payers(58, contracts={"kind": "monthly"}, price_rise=0.2)], replicates=1)[0][0]
    shares = run.series("churned") / np.maximum(run.series("renewals_due"), 1)
    dates = np.flatnonzero(run.series("renewals_due"))
    before, charged, after = shares[dates[:-2]], shares[dates[-2]], shares[dates[-1]]
    assert dates[-2] == 51
    assert before.mean() == pytest.approx(THETA, abs=0.004)
    assert charged == pytest.approx(risk(1.2 * 0.2 + 0.9 * np.log(1.2)), abs=0.02)
    assert after == pytest.approx(risk(1.2 * 0.2), abs=0.02)


def test_a_rise_is_felt_once_when_it_is_charged(payers):
    alone = batch(
        [
            payers(58, {"level_elasticity": 0, "rise_elasticity": 3}, None, None, {"kind": "monthly"}, price_rise=x)
            for x in (0.0, 0.6)
        ],
        replicates=1,
    )  # fmt: skip
    calm, risen = (r[0].series("churned") for r in alone)
    assert risen[:51] == pytest.approx(calm[:51], abs=0)
    assert risen[51] > 2.5 * calm[51]
    assert risen[52:].sum() < calm[52:].sum()  # fewer are left, and they are used to it


def test_without_contracts_a_rise_is_felt_for_a_period(payers):
    feels = {"level_elasticity": 0, "rise_elasticity": 3}
    lasting = []
    for period in (4, 26, 52, 520):
        run = batch(
            [
                payers(
                    104, feels, None, None, {"enabled": False}, price_rise=x, start="aligned",
                    churn={"by": "experience", "mean": THETA, "dispersion": 0, "period_weeks": period},
                )
                for x in (0.0, 0.5)
            ],
            replicates=1,
        )  # fmt: skip
        calm, risen = (r[0].series("churned") / np.append(20_000, r[0].series("customers")[:-1]) for r in run)
        weeks = min(period, 52)
        assert risen[:51] == pytest.approx(calm[:51], abs=0)
        lasting.append(risen[51 : 51 + weeks].sum() / calm[51 : 51 + weeks].sum())
        assert risen[51 + weeks : -1].sum() == pytest.approx(calm[51 + weeks : -1].sum(), rel=0.12)
    assert lasting == pytest.approx([1.5**3] * 4, rel=0.25)


def test_without_dates_a_rise_is_felt_at_the_next_purchase(payers):
    buys = {"kind": "non-contractual", "purchase_shape": 100, "purchase_scale_weeks": 1000}  # one in ten weeks
    calm, risen = batch(
        [
            payers(
                103, {"level_elasticity": 0, "rise_elasticity": 3}, None, None, buys, price_rise=x,
                churn={"by": "experience", "mean": 0.01, "dispersion": 0},
            )
            for x in (0.0, 0.5)
        ],
        replicates=1,
    )  # fmt: skip
    extra = risen[0].series("churned").sum() - calm[0].series("churned").sum()
    there = calm[0].series("customers")[51]
    # each of them is asked 1.5 times as much once, and whoever has not bought by the end (e^-5) never
    assert extra / there == pytest.approx((1 - 0.99 ** (1.5**3)) - 0.01, abs=0.005)


def test_the_end_of_a_discount_is_a_rise_for_who_had_one(quiet):
    def company(elasticity):
        return quiet(
            horizon_weeks=70,
            segments={"all": {"spend": 52, "need": {"care": 1}, "price_weight": 1.0}},
            market={
                "accounts": 20_000, "initial_customers": 0, "external": 0.01,
                "churn": {"by": "experience", "mean": THETA, "dispersion": 0},
                "funnel": {"enabled": True, "qualify": 1, "propose": 1, "close": 0.9, "onboard": 1},
                "pricing": {"law": "felt", "level_elasticity": 0, "rise_elasticity": elasticity, "win_elasticity": 0},
            },
            contracts={"kind": "annual", "involuntary": 0, "window_weeks": 52},
            selling={"accelerator": 1.0, "discount": 0.4, "lone_wolves": 0, "fit_minimum": 0, "selectivity": 0},
        )  # fmt: skip

    calm, felt = (r[0] for r in batch([company(0), company(2)], replicates=1))
    assert felt.series("churned").sum() > 1.2 * calm.series("churned").sum()


def test_elasticities_are_means_over_segments(quiet):
    def company(scale):
        return quiet(
            horizon_weeks=53,
            segments={
                "all": {"share": 3, "spend": 52, "need": {"care": 1}, "price_weight": 0.3 * scale},
                "few": {"share": 1, "spend": 52, "need": {"care": 1}, "price_weight": 0.9 * scale},
            },
            market={
                "accounts": 20_000, "initial_customers": 20_000, "start": "aligned", "price": 1.4,
                "churn": {"by": "experience", "mean": THETA, "dispersion": 0}, "pricing": ALIKE,
            },
            contracts={"kind": "annual", "involuntary": 0},
        )  # fmt: skip

    runs = [r[0] for r in batch([company(k) for k in (1, 10, 0)], replicates=1)]
    mean = 0.25 * risk(2 * 1.2 * 0.4) + 0.75 * risk(2 / 3 * 1.2 * 0.4)
    assert left(runs[0]) == pytest.approx(mean, abs=0.008)
    # what weights come to in all says nothing, how they stand to each other does
    assert left(runs[1]) == pytest.approx(left(runs[0]), abs=2e-4)
    assert left(runs[2]) == pytest.approx(THETA, abs=0.008)  # nobody minds


@pytest.mark.parametrize("kind", ["annual", "monthly", "none"])
def test_everybody_has_a_price_at_which_it_goes(payers, kind):
    terms = {"enabled": False} if kind == "none" else {"kind": kind}
    unlike = {"by": "experience", "mean": THETA, "dispersion": 0.3, "period_weeks": 52}  # many who hardly ever leave
    once, doubled = (
        r[0]
        for r in batch(
            [payers(530, {"spread": 0.5}, None, None, terms, price_rise=x, churn=unlike) for x in (0.0, 1.0)],
            replicates=1,
        )
    )
    assert doubled.series("customers")[-1] < 20 < 1000 < once.series("customers")[-1]
    assert doubled.series("spend").sum() < once.series("spend").sum()


@pytest.mark.parametrize("name", ["b2b-saas", "b2c-subscription"])
def test_whole_companies_have_a_best_price_within_and_doubling_it_each_year_does_not_pay(name):
    company, ten_years = load(name), {"horizon_weeks": 520}
    cheap, own, dear, doubled = (
        np.mean([run.series("value")[-1] for run in runs])
        for runs in batch(
            [
                company.with_(ten_years | change)
                for change in ({"market.price": 0.4}, {}, {"market.price": 3.0}, {"market.price_rise": 1.0})
            ],
            replicates=2,
        )
    )
    assert own > max(cheap, dear, doubled)


@pytest.mark.parametrize("name", ["b2b-saas", "b2c-subscription"])
def test_no_bit_of_a_whole_company_hangs_on_the_law_at_the_price_it_has(name, same_bits):
    company = load(name).with_({"horizon_weeks": 60})
    same_bits(company, company.with_({"market.pricing.law": "level"}))
