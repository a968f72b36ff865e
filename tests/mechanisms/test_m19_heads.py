"""M19: teams have standing work, and what they leave undone is felt where they are needed."""

import numba
import numpy as np
import pytest

from flywheel_sim.engine.mechanisms import m19_capacity as m19
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load
from flywheel_sim.study.calibration.freezing import references


@numba.njit
def share_done(load, sharpness):
    return m19.share_done(load, sharpness)


def test_the_share_done_is_the_n_norm_of_work_and_hours():
    # n = 1: u hours needed for each that is there are met by 1/(1 + u); n = 2 at u = 1: 1/sqrt 2
    assert share_done(3.0, 1.0) == pytest.approx(0.25, rel=1e-12)
    assert share_done(1.0, 2.0) == pytest.approx(0.5**0.5, rel=1e-12)
    assert share_done(50.0, 4.0) == pytest.approx(1 / 50, rel=1e-6)
    assert share_done(0.0, 4.0) == share_done(7.0, 0.0) == 1.0


@pytest.mark.parametrize("sharpness", [1.0, 2.0, 4.0])
def test_it_is_concave_in_the_hours_and_goes_to_0_with_them(sharpness):
    hours = np.linspace(1e-6, 3.0, 400)
    done = np.array([share_done(1.0 / h, sharpness) for h in hours])
    assert done[0] < 1e-5
    assert np.all(np.diff(done) > 0)
    assert np.all(np.diff(done, 2) < 1e-9)


def shop(quiet, heads, *, shortness=2.0, hours=40.0, weeks=30, **changes):
    """1 000 customers who use a product in the hands of a team with so many hours of standing work."""
    makers = {"headcount": heads, "craft": {"care": 1}, "standing_hours": hours, "load_reference": 1.0}
    return quiet(
        horizon_weeks=weeks,
        teams={"makers": {**makers, **changes.pop("team", {})}},
        journey={"match_effect": 0, "touchpoints": {"use": {"stage": "use", "owner": "makers", "rate": 1.0,
                                                            "base_success": 0.9, "match_reference": 0.0}}},
        capacity={"gross_hours": 40, "pair_hours": 0, "craft_speed": 0, "staffing": False, "shortness": shortness},
        **changes,
    )  # fmt: skip


def success(run, since=1):
    return 1.0 - run.series("defects")[since:].sum() / run.series("touches")[since:].sum()


def test_a_touch_goes_well_f_times_as_often(quiet):
    # u = 1 is the base case, u = 2 gets sqrt(2)/sqrt(1 + 4) of it done
    firms = [shop(quiet, 1.0), shop(quiet, 0.5), shop(quiet, 1e-9), shop(quiet, 0.0)]
    base, half, few, none = (success(runs[0]) for runs in batch(firms, replicates=1))
    assert base == pytest.approx(0.9, abs=0.01)
    assert half == pytest.approx(0.9 * (2 / 5) ** 0.5, abs=0.01)
    assert few == pytest.approx(0.0, abs=1e-6) and none == 0.0


def test_without_shortness_standing_work_only_overloads_and_with_neither_nothing_moves(quiet, same_bits):
    plain = shop(quiet, 1.0, shortness=0.0, hours=0.0)
    named = shop(quiet, 1.0, shortness=0.0, hours=0.0, team={"looks_after_people": True, "load_reference": 0.3})
    same_bits(plain, named)


def test_standing_work_grows_with_customers_heads_and_leads(quiet):
    by_customer = shop(quiet, 1.0, hours=0.0, team={"hours_per_customer": 0.08})
    by_head = shop(quiet, 1.0, hours=0.0, team={"hours_per_head": 80.0})
    standing = shop(quiet, 1.0, hours=80.0)
    a, b, c = (success(runs[0]) for runs in batch([by_customer, by_head, standing], replicates=1))
    assert a == b == c < 0.6


def test_idle_colleagues_ask_nothing_of_those_who_work_for_all(quiet):
    # two hours a head at work: half idle, 10 colleagues count as 5; busy beyond the base case, as 10 and no more
    def firm(colleagues, hours, **others):
        made = shop(quiet, 1.0, hours=20.0, team={"hours_per_head": 2.0}, weeks=520)
        made["teams"]["others"] = {"headcount": colleagues, "craft": {"care": 1}, "standing_hours": hours,
                                   "load_reference": 0.5, **others}  # fmt: skip
        return made

    firms = [
        firm(10, 200.0),  # 400 hours there, half of them are the base case: all at work
        firm(20, 200.0),  # twice as many for the same work
        firm(10, 100.0),  # as many for half of it
        firm(10, 380.0),  # more to do than in the base case
        firm(10, 0.0),  # nothing is known of what they do
        firm(5, 200.0),
    ]
    # from week 3 on: in week 0 nobody has been asked anything, in week 2 all know what they were asked
    base, twice, half, full, unknown, few = (success(runs[0], since=3) for runs in batch(firms, replicates=1))
    assert base == twice == full == unknown, "10 at work"
    assert half == few > base + 0.02, "5 at work"
    # the makers need u = (20 + 2 (10 + 1)) / 40 of their hours; with five, v = (20 + 2 (5 + v)) / 40, themselves idle
    assert base == pytest.approx(0.9 * (2 / (1 + (42 / 40) ** 2)) ** 0.5, abs=0.003)
    assert half == pytest.approx(0.9 * (2 / (1 + (30 / 38) ** 2)) ** 0.5, abs=0.003)


def test_nobody_has_to_agree_with_idle_colleagues(quiet, once):
    # pairs of groups of five: two working groups of the sellers, whether all ten are busy or half of twenty
    def hours(heads):
        made = shop(quiet, 5.0, hours=100.0, weeks=4, ledger={}, team={"load_reference": 0.5})
        made["capacity"] |= {"pair_hours": 1.0, "span": 5.0, "angle_share": 0.0}
        made["teams"]["sellers"] = {"headcount": heads, "craft": {"care": 1}, "standing_hours": 190.0,
                                    "load_reference": 0.5}  # fmt: skip
        return once(made).series("coordination_cost")[-1] * 52.0 * 40.0 / 100_000.0

    assert hours(10.0) == pytest.approx(3.0), "one pair of the sellers' groups, and one of each with the makers'"
    assert hours(20.0) == pytest.approx(3.0)
    assert hours(5.0) == pytest.approx(1.0), "five are busy beyond what was usual, and one group all the same"


def test_idle_colleagues_take_no_support_from_others(quiet, once):
    # S is over heads at work: four times the hands for the same work leave everybody's morale as it was
    def morale(heads):
        culture = {"morale": {"enabled": True, "reference": 0.5, "support_effect": 0.5, "support_reference": 0.1}}
        made = shop(quiet, 4.0, hours=80.0, weeks=400, culture=culture, team={"front": False, "load_reference": 0.5})
        made["teams"]["sellers"] = {"headcount": heads, "craft": {"care": 1}, "standing_hours": 160.0,
                                  "load_reference": 0.5}  # fmt: skip
        return once(made).series("morale")[-1]

    assert morale(8.0) == pytest.approx(morale(32.0), rel=1e-9)
    assert morale(4.0) > morale(8.0), "four heads at work for whom four work"


def test_a_queue_takes_the_hours_it_gets_and_not_those_it_waits_for(quiet):
    # 40 hours of other work leave a queue a tenth: u = 44/40, however long it is; worked off, u is all that is asked
    def firm(issues, hours):
        made = shop(quiet, 1.0, hours=hours, service={"issues": issues, "first_contact_resolution": 1.0})
        made["journey"]["touchpoints"]["help"] = {"stage": "service", "owner": "makers", "hours": 1.0,
                                                  "match_reference": 0.0}  # fmt: skip
        return made

    firms = [firm(0.2, 40.0), firm(5.0, 40.0), firm(0.02, 20.0)]
    short, flood, worked_off = (success(runs[0]) for runs in batch(firms, replicates=1))
    assert short == pytest.approx(0.9 * (2 / (1 + 1.1**2)) ** 0.5, abs=0.01)
    assert flood == pytest.approx(short, abs=0.01), "25 times the issues, and 1 000 times what can be worked off"
    assert worked_off == pytest.approx(0.9, abs=0.02), "20 hours of standing work and some 20 of issues are u = 1"


def test_a_product_that_nobody_develops_falls_behind_for_years(quiet):
    def quality(heads):
        firm = shop(
            quiet, heads, weeks=520, ideas={"reference_pairs": 1.0, "owner": "makers"}, team={"load_reference": 1.0}
        )
        firm["teams"]["others"] = {"headcount": 1, "craft": {"care": 1}}
        firm["market"]["product_quality"] = 0.7
        firm["ideas"]["far"] = 1.0
        return batch([firm], replicates=4)[0]

    kept, fewer, none = (
        [np.mean([r.series("product_quality")[t] for r in quality(h)]) for t in (260, 519)] for h in (1.0, 0.4, 0.0)
    )
    assert kept[1] == pytest.approx(0.7, abs=0.1)
    assert kept[1] > fewer[1] > none[1]
    assert none[0] == pytest.approx(0.7 * 0.996**261, rel=1e-6) and none[1] < none[0], "it decays, and goes on decaying"


def test_posts_stay_open_where_nobody_looks_after_people(quiet):
    def firm(heads, looks=True):
        culture = {"turnover": {"enabled": True, "yearly": 0.3, "idle": 1.0, "neglect_effect": 1.0}}
        made = shop(quiet, 1.0, weeks=260, culture=culture, hours=20.0, team={"load_reference": 0.5})
        made["teams"]["people"] = {"headcount": heads, "craft": {"care": 1}, "standing_hours": 40.0,
                                   "load_reference": 1.0, "looks_after_people": looks}  # fmt: skip
        return made

    runs = batch([firm(1.0), firm(0.3), firm(0.0), firm(0.0, looks=False)], replicates=1)
    cared, some, none, unnamed = (success(one[0]) for one in runs)
    assert cared > some > none
    assert unnamed == pytest.approx(cared, abs=0.02)


def test_interest_comes_but_for_the_organic_share_from_those_who_work_for_it(quiet):
    def wins(heads, organic):
        firm = shop(quiet, heads, weeks=52, market={"initial_customers": 0, "external": 0.02, "organic": organic})
        firm["journey"]["touchpoints"]["advert"] = {"stage": "awareness", "owner": "makers", "base_success": 0.5,
                                                    "match_reference": 0.0}  # fmt: skip
        return batch([firm], replicates=1)[0][0].series("new_customers").sum()

    assert wins(1.0, 1.0) == wins(0.0, 1.0) > 500
    assert wins(0.0, 0.0) <= wins(0.0, 0.3) * 0.1
    assert wins(0.0, 0.3) < wins(0.3, 0.3) < wins(1.0, 0.3)


def test_interest_that_is_bought_comes_only_from_those_who_work_for_it(quiet):
    """o + max(0, b - o) f: without anybody in marketing promotion buys nothing, and less than is organic is none."""

    def leads(heads, promotion, organic=0.25):
        market = {"initial_customers": 0, "external": 0.02, "organic": organic, "promotion": promotion}
        firm = shop(quiet, heads, weeks=52, market=market)
        firm["journey"]["touchpoints"]["advert"] = {"stage": "awareness", "owner": "makers", "base_success": 0.5,
                                                    "match_reference": 0.0}  # fmt: skip
        return batch([firm], replicates=1)[0][0].series("new_customers").sum()

    alone = leads(0.0, 1.0)
    assert alone > 50
    assert leads(0.0, 3.0) == leads(0.0, 0.0) == alone
    assert leads(0.3, 0.25) == leads(0.3, 0.0) == pytest.approx(alone, rel=0.02)
    assert leads(1.0, 3.0) > 1.3 * leads(1.0, 1.0)
    assert leads(0.1, 3.0) < leads(0.3, 3.0) < leads(1.0, 3.0)
    assert leads(1.0, 1.0, organic=1.0) == leads(1.0, 0.4, organic=1.0), "where all comes by itself, none is bought"


def test_freezing_states_the_load_of_the_base_case():
    firm = load("b2b-two-teams").with_({"capacity.shortness": 4, "teams.growth.standing_hours": 60})
    found = references(firm, replicates=1)
    assert 0.3 < found["teams.growth.load_reference"] < 3
    assert "teams.growth.load_reference" not in references(firm.with_({"capacity.shortness": 0}), replicates=1)
