"""M27: how hard sellers sell, to whom, with what promises, and when in the quarter."""

import numpy as np
import pytest
from compiled import compiled

from flywheel_sim.engine.mechanisms import m27_selling as m27
from flywheel_sim.engine.run import Simulation
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load
from flywheel_sim.scenario.columns import NAMES

NEUTRAL = {
    "effort_effect": 0.0, "fit_minimum": 0.0, "selectivity": 0.0, "promise": 0.0, "accelerator": 0.0, "lone_wolves": 0.0
}  # fmt: skip


least_fit = compiled(m27.least_fit)
quota_push = compiled(m27.quota_push)
price_share = compiled(m27.price_share)
deal_size = compiled(m27.deal_size)


def test_the_laws_by_hand():
    assert least_fit(0.4, 0.5, 0.7, 0.3) == pytest.approx(0.6)
    assert least_fit(0.4, 0.5, -0.9, 0.3) == 0.0
    assert least_fit(0.4, 5.0, 1.0, 0.3) == 1.0
    assert [quota_push(t, 0.8, 2, 0.5) for t in (0, 10, 11, 12, 13, 14, 15, 24)] == [0, 0, 0.8, 0.8, -0.4, -0.4, 0, 0.8]
    assert price_share(20, 51) == pytest.approx(0.8) and price_share(20, 52) == 1.0 and price_share(128, 0) == 1.0
    sizes = np.array([deal_size(np.uint32(w), 0.8) for w in np.linspace(0, 2**32 - 1, 20001)])
    assert sizes.mean() == pytest.approx(1.0, abs=0.01)
    assert np.std(np.log(sizes)) == pytest.approx(0.8, abs=0.01)
    assert deal_size(np.uint32(77), 0.0) == 1.0


def firm(quiet, selling=None, weeks=40, teams=True, on=True, **changes):
    """A market that sells all the time through one seller, to accounts of many fits."""
    market = {
        "accounts": 20_000, "initial_customers": 0, "external": 0.002, "pool": "constant", "fit_dispersion": 0.1,
        "funnel": {"enabled": True, "qualify": 0.5, "propose": 0.5, "close": 0.2, "onboard": 1, "delay_effect": False},
        **changes.pop("market", {}),
    }  # fmt: skip
    rows: dict = {}
    if teams:
        rows = {
            "teams": {"sales": {"headcount": 5, "craft": {"acquire": 1}}},
            "journey": {
                "match_effect": 0.0,
                "touchpoints": {"demo": {"stage": "sale", "owner": "sales", "base_success": 0.6}},
            },
        }
    block = {**NEUTRAL, **(selling or {}), "enabled": on}
    return quiet(
        horizon_weeks=weeks, market=market, selling=block, ledger={"cost_of_revenue": 0.2}, measures={"debug": True},
        **rows, **changes,
    )  # fmt: skip


def won(run):
    return run.series("new_customers").sum()


def test_neutral_is_off(quiet, same_bits):
    same_bits(firm(quiet), firm(quiet, on=False), firm(quiet, {"borrowed": 1.0, "discount": 0.9, "lone_spread": 2.0}))
    same_bits(firm(quiet, teams=False), firm(quiet, on=False, teams=False))
    wolves = {"lone_wolves": 0.5, "lone_low_fit": 0.0, "lone_spread": 0.0}
    same_bits(firm(quiet), firm(quiet, wolves), but=("lone_deals", "lone_churned"))


def test_without_teams_it_sells_at_reference(quiet, same_bits):
    same_bits(
        firm(quiet, {"effort_effect": 2.0, "fit_minimum": 0.6, "selectivity": 3.0, "promise": 0.4}, teams=False),
        firm(quiet, {"fit_minimum": 0.6}, teams=False),
    )


def test_effort_wins_by_its_elasticity(quiet, once):
    pay = {
        "intrinsic": 0.5,
        "effort_reference": 0.5,
        "effort_elasticity": 1.0,
        "max_effort": 100,
        "measures": {"deals": {"gradient": {"acquire": 1.0}, "target": 1.0}},
        "pay": {"sales": {"intensity": 0.5, "on": {"deals": 1.0}}},
    }
    for effect in (0.0, 1.0):
        run = once(firm(quiet, {"effort_effect": effect}, incentives=pay))
        assert run.series("effort_level")[-1] == pytest.approx(2.0)
        odds = 0.25 * 2.0**effect
        p = odds / (1 + odds)
        made = run.series("proposals").sum()
        assert abs(run.series("sold").sum() - p * made) < 4 * np.sqrt(p * (1 - p) * made)


def test_sellers_who_face_the_need_turn_away_who_does_not_fit(quiet):
    # the segment needs care; sellers look at acquire (cosine 0) or at care (cosine 1)
    def sellers(cosine):
        scenario = firm(quiet, {"fit_minimum": 0.5, "selectivity": 0.2, "reference_cosine": 0.0})
        scenario["teams"]["sales"]["craft"] = {"care": 1} if cosine else {"acquire": 1}
        sim = Simulation([load(scenario).model], [(0, 1, 0)])
        sim.advance()
        st, weekly = sim.state, sim.arrays(0)
        fits = st.fit[:20_000][st.spells[:20_000] > 0]
        return st.fit[:20_000], fits, {n: weekly.weekly[:, i].sum() for i, n in enumerate(NAMES)}

    for cosine, least in ((0, 0.5), (1, 0.7)):
        everybody, fits, sums = sellers(cosine)
        assert fits.min() >= np.float32(least)
        away = np.mean(everybody < least)
        asked = sums["deals_turned_away"] + sums["qualified"]
        assert abs(sums["deals_turned_away"] - away * asked) < 4 * np.sqrt(asked * away * (1 - away))


def test_overselling_is_expected_and_then_missed(quiet):
    use = {"stage": "use", "owner": "sales", "rate": 1.0, "base_success": 0.7}
    relationship = {"market_norm": 0.7, "expectation_adaptation": 0.5, "start": 0.5, "relationship_reference": 0.5}

    def bond(promise):
        scenario = firm(quiet, {"promise": promise}, relationship=relationship, market={"external": 0.02})
        scenario["journey"]["touchpoints"]["use"] = use
        sim = Simulation([load(scenario).model], [(0, 1, 0)])
        sim.advance(1)
        new = sim.state.start[:20_000] == 1
        assert np.allclose(sim.state.history[:20_000][new & (sim.state.spells[:20_000] > 0)], min(0.7 + promise, 1.0))
        sim.advance()
        return sim.arrays(0).weekly[-1, NAMES.index("relationship")]

    assert bond(0.0) > bond(0.1) + 0.002 and bond(0.1) > bond(0.3) + 0.002


def test_quotas_make_a_rush_and_pay_for_it(quiet, once):
    run = once(firm(quiet, {"accelerator": 0.8, "spike_weeks": 2, "borrowed": 0.5, "discount": 0.0}, weeks=52))
    share = run.series("sold") / run.series("proposals")
    week = np.arange(52) % 13
    rush, after = week >= 11, (week < 2) & (np.arange(52) >= 13)
    made = run.series("proposals")
    for rows, push in ((rush, 0.8), (after, -0.4), (~rush & ~after, 0.0)):
        odds = 0.25 * np.exp(push)
        p = odds / (1 + odds)
        assert abs(run.series("sold")[rows].sum() - p * made[rows].sum()) < 4 * np.sqrt(p * (1 - p) * made[rows].sum())
    assert share[rush].mean() > 1.5 * share[after].mean()


def test_rushed_deals_are_cheaper_for_a_year_and_every_dollar_is_booked(quiet, once):
    for kind in ("annual", "monthly", "non-contractual"):
        run = once(
            firm(
                quiet,
                {"accelerator": 0.8, "discount": 0.25, "spike_weeks": 1},
                weeks=90,
                contracts={"kind": kind, "involuntary": 0.0, "purchase_shape": 5.0, "purchase_scale_weeks": 10.0},
                market={"churn": {"mean": 0.05, "dispersion": 0.0}},
                timeline={"customers": {"gift": {"week": 20, "add": 30}, "loss": {"week": 40, "add": -300}}},
            )
        )
        assert run.series("discounts").sum() > 0
        people = run.customers.query("spells == 1 and cause == 'none'")
        people = people[people["start_week"] > 0]
        if kind != "non-contractual":
            rushed = (people["start_week"] - 1) % 13 == 12
            weeks = 90 - people["start_week"]
            expected = weeks - rushed * 0.2 * np.minimum(weeks, 52)
            added = people["start_week"] == 19  # of the timeline, never discounted
            assert np.allclose(people["revenue"][~added], expected[~added], rtol=1e-5)
        assert run.customers["revenue"].sum() == pytest.approx(run.series("revenue").sum(), rel=1e-5)


def test_s21_the_default_rush_costs_6_to_8_percent_of_what_new_deals_are_worth(quiet, once):
    default = {k: v.default for k, v in type(load("b2b-saas").model.selling).model_fields.items()}
    quota = {k: default[k] for k in ("accelerator", "spike_weeks", "borrowed", "discount")}
    run = once(firm(quiet, quota, weeks=260))
    new, week = run.series("new_customers")[13:], np.arange(13, 260) % 13
    percent = round(100 * default["discount"] * default["accelerator"])
    assert 6 < percent * new[week >= 13 - default["spike_weeks"]].sum() / new.sum() < 8


def lone(quiet, share=0.3, weeks=150, segment=None, **changes):
    scenario = firm(
        quiet,
        {"fit_minimum": 0.6, "lone_wolves": share, "lone_low_fit": 2.0, "lone_spread": 0.8},
        weeks,
        market={"external": 0.003, "churn": {"mean": 0.3, "dispersion": 0.0}, "win_back": {"rate": 0.0}},
        **changes,
    )
    scenario["segments"]["all"] |= {"product_weight": 3.0} | (segment or {})
    return scenario


def later_churn(runs):
    """Churn per customer-week of lone wolves' deals over that of the others."""
    deals, lost, others, gone = 0.0, 0.0, 0.0, 0.0
    for run in runs:
        stock = np.cumsum(run.series("lone_deals") - run.series("lone_churned"))
        deals += stock[:-1].sum()
        others += (run.series("customers") - stock)[:-1].sum()
        lost += run.series("lone_churned")[1:].sum()
        gone += (run.series("churned") - run.series("lone_churned"))[1:].sum()
    return np.log(lost / deals) - np.log(gone / others), np.sqrt(1 / lost + 1 / gone)


def test_c12_lone_wolves_close_more_odd_sizes_and_lose_them_sooner(quiet):
    with_them, without = batch([lone(quiet), lone(quiet, 0.0)], replicates=2, accounts=True)
    assert sum(won(r) for r in with_them) > sum(won(r) for r in without)
    gap, error = later_churn(with_them)
    assert gap > 0.2 + 3 * error
    revenue = with_them[0].series("spend")[-1] / with_them[0].series("customers")[-1]
    assert 0.85 < revenue < 1.15, "sizes differ, their mean does not"


def test_c12_vanishes_when_fit_acts_on_nothing(quiet):
    runs = batch([lone(quiet, segment={"product_weight": 0.0})], replicates=2)[0]
    gap, error = later_churn(runs)
    assert abs(gap) < 3.5 * error
    assert sum(r.series("lone_churned").sum() for r in runs) > 300


def test_lone_wolves_pass_nothing_on(quiet):
    changes = {
        "relationship": {"effort_half_life_weeks": 1e6},
        "handoffs": {"effort_of_loss": 0.7, "base_friction": 0.0, "response_effect": False},
    }
    sim = Simulation([load(lone(quiet, weeks=10, **changes)).model], [(0, 1, 0)])
    sim.advance()
    st, n = sim.state, 20_000
    sold = (st.spells[:n] > 0) & (st.status[:n] < 4)
    wolf = st.deal[:n] >= 128
    assert np.allclose(st.effort[:n][sold & wolf], 0.7, rtol=1e-4)
    assert np.all(st.effort[:n][sold & ~wolf] == 0)
    assert np.all(st.spend[:n][sold & ~wolf] == 1)
    sizes = np.log(st.spend[:n][sold & wolf])
    assert abs(sizes.mean() + 0.32) < 4 * 0.8 / np.sqrt(sizes.size)
    assert st.fit[:n][sold & ~wolf].min() >= np.float32(0.6) > st.fit[:n][sold & wolf].min()
