"""M26: teams that work together have ideas, and the product lives on them."""

import numpy as np
import pytest

from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import ScenarioError, load


def firm(quiet, n=3, weeks=200, links="ab", members=None, **blocks):
    teams = {
        name: {"headcount": 5, "craft": {"care": 1}, "utc_offset": blocks.get("offsets", {}).get(name, 0.0)}
        for name in "abcdefghijkl"[:n]
    }
    blocks.pop("offsets", None)
    if members is not None:
        blocks["cadence"] = {"members": list(members), "pull": 0.0}
    plain = {"rate": 2.0, "reference_pairs": 1.0, "far": 0.0, "value": 0.01, "decay": 0.0, "reference_uptake": 1.0}
    return quiet(
        horizon_weeks=weeks,
        teams=teams,
        handoffs={
            "enabled": False,
            "links": {pair: {"from": pair[0], "to": pair[1], "when": "sale"} for pair in links.split()},
        },
        vectors={"enabled": False} | blocks.pop("vectors", {}),
        ideas=plain | blocks.pop("ideas", {}),
        **blocks,
    )


def test_the_stock_follows_its_law(quiet, once):
    run = once(firm(quiet, weeks=80, ideas={"decay": 0.01}))
    q = 0.7
    for ideas, found in zip(run.series("ideas"), run.series("product_quality"), strict=True):
        q += 0.01 * ideas * (1 - q) - 0.01 * q
        assert found == pytest.approx(q, abs=1e-12)
    assert run.series("product_quality", start=True)[0] == 0.7


def test_c21_ideas_go_with_the_pairs_that_work_together(quiet):
    cases = {
        1.0: firm(quiet, 4),  # one handoff
        6.0: firm(quiet, 4, members="abcd"),
        3.0: firm(quiet, 4, links="", members="abc"),
        1.5: firm(quiet, 4, ideas={"far": 0.1}),
        0.5: firm(quiet, 4, vectors={"transparency": 0.5}),
        0.75: firm(quiet, 4, offsets={"b": 2.0}),
    }
    for (pairs, _), runs in zip(cases.items(), batch(list(cases.values()), replicates=4), strict=True):
        assert runs[0].series("idea_pairs") == pytest.approx([pairs] * 200)
        mean = np.mean([run.series("ideas").mean() for run in runs])
        assert abs(mean - 2 * pairs) < 4 * np.sqrt(2 * pairs / 800), pairs


def test_c21_vanishes_without_ideas(quiet, same_bits):
    market = {"churn": {"mean": 0.1, "by": "experience"}}
    own = ("ideas", "idea_pairs", "idea_uptake")
    off = firm(quiet, market=market, ideas={"enabled": False})
    same_bits(off, firm(quiet, market=market, ideas={"rate": 0.0}), but=own)
    same_bits(off, firm(quiet, market=market, ideas={"value": 0.0}), but=own)
    # silos and a group then have the same product
    for still in ({"rate": 0.0, "decay": 0.004}, {"value": 0.0, "decay": 0.004}):
        same_bits(firm(quiet, ideas=still), firm(quiet, members="abc", ideas=still), but=(*own, "coordination_share"))


def test_decay_alone_wears_the_product_out(quiet, once):
    quality = once(firm(quiet, ideas={"rate": 0.0, "decay": 0.01})).series("product_quality")
    assert quality == pytest.approx(0.7 * 0.99 ** np.arange(1, 201))


def test_the_defaults_rest_at_the_base_case(quiet):
    scenario = firm(quiet, weeks=800)
    scenario["ideas"] = {"enabled": True, "reference_pairs": 1.0, "far": 0.0}
    runs = batch([scenario], replicates=40)[0]
    mean = np.mean([run.series("product_quality")[-400:].mean() for run in runs])
    assert mean == pytest.approx(0.7, abs=0.006)


def test_a_better_product_keeps_customers(quiet):
    market = {"churn": {"mean": 0.2, "by": "experience"}, "accounts": 4000, "initial_customers": 4000}
    good, bad = (
        sum(run.series("churned").sum() for run in runs)
        for runs in batch([firm(quiet, 4, market=market, members=m) for m in ("abcd", "a")], replicates=2)
    )
    assert good < 0.97 * bad


def test_the_owner_takes_ideas_up_with_its_magnitude_and_no_faster_than_decisions(quiet, once):
    capacity = {"gross_hours": 40, "pair_hours": 0, "staffing": False, "reporting_hours": 10.0}
    busy = firm(quiet, capacity=capacity)
    assert once(busy).series("idea_uptake") == pytest.approx([0.75] * 200)
    busy["teams"]["b"]["skill"] = 2.0
    assert once(busy | {"ideas": busy["ideas"] | {"owner": "b"}}).series("idea_uptake") == pytest.approx([1.5] * 200)
    assert once(busy).series("idea_uptake") == pytest.approx([1.0] * 200), "all teams alike"
    slow = firm(quiet, capacity=capacity, decisions={"centralisation": 1.0, "centre_weeks": 2.0})
    assert once(slow).series("idea_uptake") == pytest.approx([0.25] * 200)


def test_quality_stays_between_nothing_and_perfect(quiet, once):
    run = once(firm(quiet, 12, ideas={"rate": 50.0, "value": 1.0}))
    assert np.all(run.series("product_quality") <= 1.0)
    assert np.all(once(firm(quiet, ideas={"rate": 0.0, "decay": 1.0})).series("product_quality") == 0.0)


def test_what_the_timeline_does_to_the_product_comes_on_top(quiet, once):
    scenario = firm(quiet, weeks=40)
    release = {"from_week": 21, "set": {"market.product_quality": 0.8}}
    other = {**scenario, "timeline": {"enabled": True, "changes": {"release": release}}}
    plain, better = once(scenario).series("product_quality"), once(other).series("product_quality")
    assert np.array_equal(plain[:20], better[:20])
    assert better[20] - plain[20] == pytest.approx(0.1, abs=0.01)


def test_off_and_without_teams(quiet, same_bits, once):
    same_bits(firm(quiet, ideas={"enabled": False}), firm(quiet, ideas={"enabled": False, "value": 1.0}))
    assert once(quiet(ideas={"decay": 0.0})).series("ideas").sum() == 0


def test_the_owner_is_a_team(quiet):
    with pytest.raises(ScenarioError, match="unknown team"):
        load(firm(quiet, ideas={"owner": "nobody"}))
