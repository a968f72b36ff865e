"""M9: channels, self-service, analytics and personalisation."""

import numpy as np
import pytest
from compiled import compiled

from flywheel_sim import theory
from flywheel_sim.engine import channel_rows
from flywheel_sim.engine.mechanisms import m09_channels as m09
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load

LIVE, SELF = 8.01, 0.10
PAID = ("self_service", "contained", "service_cost", "tech_cost", "total_cost", "profit", "cash", "value")


routes = compiled(m09.routes)
saturation = compiled(m09.saturation)


def break_even(a):
    return 1 - (LIVE - (1 + a) * SELF) / ((1 + a) * LIVE)


def desk(quiet, weeks=26, issues=0.5, channels=None, service=None, **blocks):
    """1 000 customers, issues that stay fixed, a desk that never lacks hours."""
    return quiet(
        horizon_weeks=weeks,
        teams={"desk": {"headcount": 1, "craft": {"care": 1}, "salary": 0}},
        journey={"touchpoints": {"help": {"stage": "service", "owner": "desk", "hours": 1.0, "match_reference": 1.0}}},
        service={
            "issues": issues, "fit_effect": 0, "failure_demand": 0, "first_contact_resolution": 1.0,
            "live_cost": LIVE, "wait_effort": 0,
        },
        channels={"self_service_cost": SELF, **(channels or {})},
        ledger={"discount_rate": 0, "cost_of_revenue": 0},
        measures={"debug": True},
        **blocks,
    )  # fmt: skip


def solved(share, **rest):
    return {"issue_types": {"all": {"solvable": share}}, **rest}


# --- self-service ------------------------------------------------------------------------------------------------


def test_routes_by_hand():
    contained, live, tried = routes(0.5, 0.1, 0.4)
    assert contained == pytest.approx(0.5 * 1.1 * 0.4)
    assert live == pytest.approx(0.5 + 0.5 * 1.1 * 0.6)
    assert tried == pytest.approx(0.33 / live)
    assert contained + live == pytest.approx(1 + 0.1 * 0.5), "contacts are 1 + a s times as many"
    assert routes(0.0, 0.3, 0.7) == (0.0, 1.0, 0.0)
    assert routes(1.0, 0.1, 1.0) == (pytest.approx(1.1), 0.0, 0.0)


@pytest.mark.parametrize("a", [0.0, 0.05, 0.10, 0.20])
@pytest.mark.parametrize("offered", [0.3, 1.0])
def test_s13_break_even_is_exact_in_expectation(a, offered):
    def cost(rho):
        contained, live, tried = routes(offered, a, rho)
        return contained * SELF + live * (LIVE + tried * SELF)

    rho = break_even(a)
    assert cost(rho) == pytest.approx(LIVE, abs=1e-12)
    assert cost(rho + 0.01) < LIVE - 1e-3 < LIVE + 1e-3 < cost(rho - 0.01)
    assert rho == pytest.approx(float(theory.break_even_containment(c_L=LIVE, c_S=SELF, a=a)), abs=1e-12)


def test_c71_the_saving_vanishes_at_break_even_and_reverses_below_it(quiet):
    """One issue costs c_L at rho*, less above it, more below it: within four standard errors."""
    weeks, issues = 40, 1.0
    cells = [(a, rho) for a in (0.0, 0.05, 0.10, 0.20) for rho in (break_even(a), break_even(a) + 0.2, 0.0)]
    scenarios = [desk(quiet, weeks, issues, solved(rho, offered=1.0, augmentation=a)) for a, rho in cells]
    for (a, rho), runs in zip(cells, batch(scenarios, replicates=2), strict=True):
        cost = np.concatenate(
            [SELF * run.series("self_service")[:-1] + LIVE * run.series("handled")[1:] for run in runs]
        ).sum()
        for run in runs:
            paid = SELF * run.series("self_service") + LIVE * run.series("handled")
            assert run.series("service_cost") == pytest.approx(paid, rel=1e-6)
        n = 2 * (weeks - 1) * 1000 * issues
        contained, live, tried = routes(1.0, a, rho)
        expected = n * (contained * SELF + live * (LIVE + tried * SELF))
        error = np.sqrt(n * (contained * SELF**2 + live * (LIVE + SELF) ** 2))
        assert abs(cost - expected) < 4 * error
        if rho == break_even(a):
            assert abs(cost - n * LIVE) < 4 * error
        elif rho == 0.0 and a > 0:
            assert cost > n * LIVE + 4 * error
        elif rho > 0:
            assert cost < n * LIVE - 4 * error


def test_contacts_are_conserved_and_thinned_as_poisson(quiet, once):
    run = once(desk(quiet, 100, 0.5, solved(0.4, offered=0.6, augmentation=0.2)))
    contacts, contained, handled = (run.series(name) for name in ("contacts", "contained", "handled"))
    backlog, tries = run.series("backlog", start=True), run.series("self_service")
    assert np.array_equal(np.diff(backlog), contacts - contained - handled)
    n = 100 * 1000 * 0.5
    assert abs(contacts.sum() - n * 1.12) < 4 * np.sqrt(n * 1.12)
    assert abs(contained.sum() - n * 0.6 * 1.2 * 0.4) < 4 * np.sqrt(n * 0.288)
    assert contained.sum() / tries.sum() == pytest.approx(0.4, abs=0.01)
    live = contacts - contained
    assert contained.var(ddof=1) == pytest.approx(contained.mean(), rel=0.5)
    assert abs(np.corrcoef(contained, live)[0, 1]) < 0.35, "thinned streams are independent"


def test_off_and_offered_to_nobody_are_the_same_bits(quiet, same_bits):
    rest = solved(0.4, technology={"spend": 0, "scale": 1})
    same_bits(
        desk(quiet, channels={"enabled": False, **rest}, relationship={}),
        desk(quiet, channels={"offered": 0.0, **rest}, relationship={}),
        desk(quiet, channels={"offered": 0.0, "kinds": {"shop": {"cost": 3, "gain": 2, "effort": 1}}}, relationship={}),
    )


def test_c09_containment_plateaus_below_one_unless_all_is_solvable(quiet):
    types = {"easy": {"share": 3, "solvable": 0.6}, "hard": {"share": 1, "solvable": 0.0}}
    everything = {"easy": {"share": 3, "solvable": 1.0}, "hard": {"share": 1, "solvable": 1.0}}

    def firm(kinds, spend):
        technology = {"spend": spend, "scale": 1000}
        return desk(quiet, 20, 0.5, {"issue_types": kinds, "offered": 1.0, "technology": technology})

    spends = (0.0, 500.0, 2000.0, 1e6)
    runs = batch([firm(kinds, spend) for kinds in (types, everything) for spend in spends], replicates=1)
    found = [r[0].series("contained").sum() / r[0].series("self_service").sum() for r in runs]
    for k, spend in enumerate(spends):
        reach = 1 - np.exp(-spend / 1000)
        assert saturation(spend, 1000.0) == pytest.approx(reach, abs=1e-12)
        assert found[k] == pytest.approx(0.45 * reach, abs=0.025)
        assert found[k + 4] == pytest.approx(reach, abs=0.025)
    assert found[7] == 1.0
    assert saturation(0.0, 0.0) == 1.0
    assert runs[1][0].series("tech_cost") == pytest.approx(np.full(20, 500.0))
    assert runs[1][0].series("total_cost") - runs[1][0].series("service_cost") == pytest.approx(np.full(20, 500.0))


def test_hard_issues_fall_through_and_take_longer(quiet, once):
    types = {"easy": {"share": 1, "solvable": 1.0, "hours": 0.5}, "hard": {"share": 1, "solvable": 0.0, "hours": 1.5}}

    def hours(offered, first=False):
        channels = {"issue_types": types, "offered": offered, "augmentation": 0.0, "simplest_first": first}
        firm = desk(quiet, 30, 0.5, channels)
        firm["teams"]["desk"]["headcount"] = 1000
        firm["capacity"] = {"enabled": True, "gross_hours": 40, "pair_hours": 0, "craft_speed": 0, "staffing": False}
        run = once(firm)
        return (run.series("utilisation") / (run.series("contacts") - run.series("contained"))).mean()

    assert hours(1.0) / hours(0.0) == pytest.approx(1.5, rel=1e-6), "only the hard ones are left: 1.5 of a mean of 1"
    half = (0.5 * 0.5 * 0.5 + 0.5 * 1.5) / (0.5 * 0.5 + 0.5)
    assert hours(0.5) / hours(0.0) == pytest.approx(half, rel=1e-6)
    assert hours(0.25, True) / hours(0.0) == pytest.approx((0.25 * 0.5 + 0.5 * 1.5) / 0.75, rel=1e-6)
    assert hours(0.5, True) / hours(0.0) == pytest.approx(1.5, rel=1e-6), "every easy one was offered it"


def test_c70_effort_falls_with_containment_and_not_without(quiet):
    def effort(rho, offered, **more):
        channels = solved(rho, offered=offered, augmentation=0.0, **more)
        return desk(quiet, 60, 0.15, channels, relationship={"gain": 0})

    cells = [(0.0, 0.0), (0.0, 1.0), (0.4, 1.0), (0.8, 1.0)]
    none, zero, some, most = (
        runs[0].series("effort")[-1] for runs in batch([effort(*cell) for cell in cells], replicates=1)
    )
    assert most < some < min(none, zero)
    assert zero > none, "a try that solves nothing is effort for nothing"


def test_the_simplest_issues_are_offered_self_service_first(quiet):
    """Of half the issues, all .3 of the simplest kind and a half of the next .4; 1 is the same either way."""
    kinds = {
        "hard": {"share": 0.3, "solvable": 0.0, "hours": 3.0},
        "some": {"share": 0.4, "solvable": 0.2, "hours": 1.0},
        "easy": {"share": 0.3, "solvable": 0.8, "hours": 0.5},
    }

    def firm(offered, first):
        channels = {"issue_types": kinds, "offered": offered, "augmentation": 0.1, "technology": {"scale": 0}}
        return desk(quiet, 52, 0.5, channels | {"simplest_first": first})

    def containment(run):
        return run.series("contained").sum() / (run.series("contacts").sum() / (1 + 0.1 * 0.5))

    first, alike = (runs[0] for runs in batch([firm(0.5, True), firm(0.5, False)], replicates=1))
    luck = 4 * np.sqrt(0.3 / first.series("contacts").sum())
    assert containment(first) == pytest.approx(1.1 * (0.3 * 0.8 + 0.2 * 0.2), abs=luck)
    assert containment(alike) == pytest.approx(1.1 * 0.5 * (0.3 * 0.8 + 0.4 * 0.2), abs=luck)
    everything = [runs[0] for runs in batch([firm(1.0, True), firm(1.0, False)], replicates=1)]
    assert everything[0].series("contained").sum() == everything[1].series("contained").sum()


def test_a_failed_try_is_told_again_and_a_solved_one_is_not(quiet):
    def effort(rho, offered, again):
        channels = solved(rho, offered=offered, augmentation=0.0, failed_try_effort=again)
        return desk(quiet, 1, 0.5, channels, relationship={"gain": 0})

    cells = [(0.4, 1.0, 0.0), (0.4, 1.0, 0.3), (0.4, 0.5, 0.3), (1.0, 1.0, 0.3), (1.0, 1.0, 0.0)]
    runs = [runs[0] for runs in batch([effort(*cell) for cell in cells], replicates=1)]
    free, told, half, all_solved, all_free = (run.series("effort")[0] * 1000 for run in runs)
    contacts, contained = runs[1].series("contacts")[0], runs[1].series("contained")[0]
    assert told - free == pytest.approx(0.3 * (contacts - contained), rel=1e-3), "every contact left had tried"
    assert 0 < half - free < told - free
    assert all_solved == all_free, "what is solved is told once"


def test_c70_vanishes_at_containment_zero(quiet, same_bits):
    rest = {"augmentation": 0.0, "self_service_effort": 0.0}
    same_bits(
        desk(quiet, channels=solved(0.0, offered=1.0, **rest), relationship={}),
        desk(quiet, channels=solved(0.0, offered=0.0, **rest), relationship={}),
        but=PAID,
    )


def test_c72_ease_keeps_customers_and_vanishes_without_weight_of_effort(quiet, same_bits):
    def firm(effort, weight):
        blocks = {
            "market": {
                "voice": {
                    "neutral_to_advocate": 0.02,
                    "neutral_to_detractor": 0.02,
                    "effort_effect": weight,
                },
                "churn": {"mean": 0.3, "dispersion": 0.1, "effort_effect": weight},
            },
            "relationship": {"effort_reference": 0.5},
        }
        return desk(quiet, 52, 0.5, solved(0.6, offered=1.0, self_service_effort=effort), **blocks)

    easy, hard = (
        np.sum([run.series("churned").sum() for run in runs])
        for runs in batch([firm(0.0, 0.6), firm(1.0, 0.6)], replicates=3)
    )
    assert hard > 1.2 * easy
    same_bits(firm(0.0, 0.0), firm(1.0, 0.0), but=("effort",))


def test_a_contained_contact_may_be_felt(quiet):
    def firm(gain):
        return desk(
            quiet, 40, 0.5, solved(1.0, offered=1.0, self_service_gain=gain), relationship={"depreciation": 0.0}
        )

    none, some = (runs[0].series("relationship") for runs in batch([firm(0.0), firm(0.5)], replicates=1))
    assert np.all(none == none[0]), "nobody is met: the relationship stays as it is"
    assert some[-1] > none[-1] + 0.05


# --- channels ----------------------------------------------------------------------------------------------------


def shop(quiet, kinds, mix, channels=None, weeks=52, churn=0.0, taste=None, **touch):
    """1 000 customers who are in touch half the weeks; every block off but what it needs."""
    return quiet(
        horizon_weeks=weeks,
        teams={"shop": {"headcount": 1, "craft": {"care": 1}, "salary": 0}},
        segments={"all": {"spend": 5200, "need": {"care": 1}, "channel_taste": taste or {}}},
        journey={
            "touchpoints": {
                "visit": {
                    "stage": "use", "owner": "shop", "rate": 0.7, "base_success": 0.8, "match_reference": 1.0,
                    "channels": mix, **touch,
                }
            }
        },
        relationship={"gain": 0.1, "asymmetry": 2.0},
        market={"churn": {"mean": churn, "dispersion": 0}},
        channels={"kinds": kinds, **(channels or {})},
        ledger={"discount_rate": 0, "cost_of_revenue": 0},
        measures={"debug": True},
    )  # fmt: skip


KINDS = {"person": {"cost": 65.0, "gain": 1.0}, "digital": {"cost": 1.0, "gain": 0.1, "human": False}}


def test_mix_by_hand(quiet):
    kinds = {"person": {"cost": 10, "gain": 1.5, "hours": 2, "effort": 0.2}, "digital": {"cost": 1, "gain": 0.5}}
    firm = shop(quiet, kinds, {"person": 1, "digital": 3}, {"replaced": {"person": 0.5}, "replaced_by": "digital"})
    firm["segments"]["fond"] = {"spend": 52, "need": {"care": 1}, "share": 3, "channel_taste": {"person": 3}}
    model = load(firm).model
    rows = channel_rows.cell_rows(model)
    assert rows.shape == (2, 5)
    assert rows[:, 3].tolist() == [1, 1], "what is at stake in the touch"
    # .25 in person, half of it replaced; .5 in person where it is liked three times as much
    assert rows[0, :3] == pytest.approx([0.125 * 1.5 + 0.875 * 0.5, 0.125 * 0.2, 0.125 * 10 + 0.875])
    assert rows[1, :3] == pytest.approx([0.25 * 1.5 + 0.75 * 0.5, 0.25 * 0.2, 0.25 * 10 + 0.75])
    touch = model.journey.touchpoints["visit"]
    assert channel_rows.hours_factor(model, touch) == pytest.approx(0.25 * (1 + 0.125) + 0.75 * (1 + 0.25))


def test_cost_and_gain_reach_the_customer(quiet):
    plain, dear, cold = (
        runs[0]
        for runs in batch(
            [
                shop(quiet, KINDS, {}),
                shop(quiet, {"person": {"cost": 30.0}}, {"person": 1.0}),
                shop(quiet, KINDS, {"digital": 1.0}),
            ],
            replicates=1,
        )
    )
    touches = dear.series("touches")
    assert dear.series("touch_cost") == pytest.approx(30 * touches)
    assert cold.series("touch_cost") == pytest.approx(touches)
    assert np.array_equal(plain.series("relationship"), dear.series("relationship"))
    assert cold.series("relationship")[-1] < plain.series("relationship")[-1] - 0.1


def test_c10_profit_has_its_best_digital_share_inside(quiet):
    """Money falls along a line, the relationship along a curve: neither all nor nothing digital is best."""
    shares = (0.0, 0.25, 0.5, 0.75, 1.0)
    firms = [
        shop(
            quiet, KINDS, {"person": 1.0}, {"replaced": {"person": x}, "replaced_by": "digital"}, weeks=260, churn=0.25
        )
        for x in shares
    ]
    for firm in firms:
        firm["segments"]["all"]["relationship_weight"] = 5.0
    profit = [np.mean([run.summary["profit_total"] for run in runs]) for runs in batch(firms, replicates=2)]
    best = int(np.argmax(profit))
    assert 0 < best < 4, profit
    assert np.all(np.diff(profit[: best + 1]) > 0)
    assert np.all(np.diff(profit[best:]) < 0)


def test_c10_vanishes_with_equal_gain_and_cost(quiet, same_bits):
    kinds = {name: {"cost": 3.1, "gain": 0.7, "effort": 0.13, "hours": 1.7} for name in ("person", "digital", "phone")}
    same_bits(
        *(
            shop(
                quiet, kinds, {"person": 0.3, "phone": 0.7}, {"replaced": {"person": x}, "replaced_by": "digital"},
                churn=0.2, taste={"phone": 2.0},
            )
            for x in (0.0, 0.37, 1.0)
        )
    )  # fmt: skip


def test_channels_that_are_neutral_change_no_bit(quiet, same_bits):
    same_bits(
        shop(quiet, {"person": {}, "digital": {}}, {"person": 0.4, "digital": 0.6}, churn=0.2),
        shop(quiet, {"person": {}, "digital": {}}, {}, churn=0.2),
        shop(quiet, KINDS, {"person": 0.5, "digital": 0.5}, {"enabled": False}, churn=0.2),
    )


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"journey": {"touchpoints": {"visit": {"channels": {"fax": 1.0}}}}}, "visit.channels.fax"),
        ({"journey": {"touchpoints": {"visit": {"channels": {"person": -1.0}}}}}, "visit.channels.person"),
        ({"journey": {"touchpoints": {"visit": {"channels": {"person": 0.0}}}}}, "at least one share"),
        ({"journey": {"touchpoints": {"visit": {"stage": "sale"}}}}, "visit.channels"),
        ({"segments": {"all": {"channel_taste": {"fax": 1.0}}}}, "channel_taste.fax"),
        ({"channels": {"replaced": {"person": 1.5}, "replaced_by": "digital"}}, "channels.replaced.person"),
        ({"channels": {"replaced": {"person": 0.5}}}, "channels.replaced_by"),
        ({"channels": {"issue_types": {"bug": {"share": 0}}}}, "channels.issue_types"),
    ],
)
def test_what_does_not_fit_is_refused(quiet, change, path):
    base = shop(quiet, KINDS, {"person": 1.0})

    def merge(tree, more):
        for key, value in more.items():
            if isinstance(value, dict) and isinstance(tree.get(key), dict):
                merge(tree[key], value)
            else:
                tree[key] = value

    merge(base, change)
    with pytest.raises(Exception, match=path.replace(".", r"\.")):
        load(base)


# --- technology as a tool -----------------------------------------------------------------------------------------


def watched(quiet, analytics, replaced=0.0, **more):
    """Four teams with a map of accuracy .6; touches in person that may be replaced."""
    firm = shop(quiet, KINDS, {"person": 1.0}, {"analytics": analytics}, weeks=26)
    firm["channels"] |= {"replaced": {"person": replaced}, "replaced_by": "digital"}
    firm["sensing"] = {"enabled": True, "accuracy": 0.6, "need_drift": 0.0}
    firm["vectors"] = {"enabled": True, "map_pull": 2.0}
    return firm | more


def test_c11_analytics_sharpen_the_map_where_there_is_human_contact(quiet):
    full = {"spend": 4000.0, "scale": 2000.0, "gain": 0.5}
    cells = [({**full, "spend": 0.0}, 0.0), ({**full, "spend": 0.0}, 0.8), (full, 0.0), (full, 0.8), (full, 1.0)]
    found = [
        runs[0].series("belief_cosine")[-1] for runs in batch([watched(quiet, *cell) for cell in cells], replicates=1)
    ]
    v = 1 - np.exp(-2.0)
    assert found[:2] == pytest.approx([0.6, 0.6])
    assert found[2] == pytest.approx(1 - 0.4 * (1 - 0.5 * v))
    assert found[3] == pytest.approx(1 - 0.4 * (1 - 0.5 * v * 0.2), rel=1e-6)
    assert found[2] - found[0] > found[3] - found[1] > 0, "positive interaction with human contact"
    assert found[4] == pytest.approx(0.6), "nobody to make sense of the data"


def test_c11_vanishes_at_gain_zero(quiet, same_bits):
    same_bits(
        watched(quiet, {"spend": 0.0, "gain": 0.0}),
        watched(quiet, {"spend": 9000.0, "gain": 0.0}),
        but=("tech_cost", "total_cost", "profit", "cash", "value"),
    )


def test_analytics_teach_sellers_the_windows(quiet):
    def firm(timing, learning=0.0):
        firm = shop(quiet, KINDS, {"person": 1.0}, {"analytics": {"spend": 1.0, "scale": 0.0, "timing": timing}}, 104)
        firm["market"] |= {"accounts": 20000, "initial_customers": 1000, "external": 0.002}
        firm["contracts"] = {"enabled": True, "window_weeks": 6, "involuntary": 0, "window_learning": learning}
        return firm

    none, analysed, learned = (
        np.sum([run.series("sold").sum() for run in runs])
        for runs in batch([firm(0.0), firm(0.02), firm(0.0, 0.02)], replicates=1)
    )
    assert analysed > 1.5 * none
    assert analysed == learned, "the same windows, known at the same rate"


def test_c51_personalisation_needs_data_and_context_together(quiet, same_bits):
    def firm(lift, integration, sharing):
        firm = watched(quiet, {})
        firm["channels"]["personalisation"] = lift
        firm["handoffs"] = {"enabled": True, "integration": integration}
        firm["sensing"]["sharing"] = sharing
        firm["vectors"] = {"enabled": False}
        return firm

    base, both = (
        runs[0].series("defects").sum() / runs[0].series("touches").sum()
        for runs in batch([firm(1.0, 0.0, 0.8), firm(1.0, 0.5, 0.8)], replicates=1)
    )
    logit = np.log(0.8 / 0.2) + 1.0 * 0.5 * 0.8
    assert base == pytest.approx(0.2, abs=0.012)
    assert both == pytest.approx(1 / (1 + np.exp(logit)), abs=0.012)
    same_bits(firm(0.0, 0.9, 0.8), firm(2.0, 0.0, 0.8))
    same_bits(firm(0.0, 0.9, 0.0), firm(2.0, 0.9, 0.0))


def test_the_event_timed_queue_takes_only_what_falls_through(quiet, once):
    firm = desk(quiet, 20, 0.05, solved(0.5, offered=1.0, augmentation=0.0))
    firm["service"] |= {"event_timed": True, "servers": 20}
    run = once(firm)
    contained, handled = run.series("contained").sum(), run.series("handled").sum()
    assert abs(contained - 500) < 4 * np.sqrt(500)
    assert abs(handled - 500) < 4 * np.sqrt(500)
