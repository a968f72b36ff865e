"""M18: issues between teams are seen, carried, settled, and cost hours until then."""

import numpy as np
import pytest
from scipy.integrate import quad

from flywheel_sim.engine.run import Simulation
from flywheel_sim.engine.state import BLOCKERS
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import ScenarioError, load


def at(degrees):
    return {"acquire": float(np.sin(np.radians(degrees))), "care": float(np.cos(np.radians(degrees)))}


def firm(quiet, angles=(0, 90), weeks=400, links="ab", members=None, reports=None, transparency=1.0, **blocks):
    """Teams a, b, ... that stand still; handoffs couple some; nobody is slow but where told."""
    teams = {
        n: {"headcount": 5, "craft": {"care": 1}, "start": "given", "direction": at(d),
            "reports_to": (reports or {}).get(n, "")}
        for n, d in zip("abcdefgh", angles, strict=False)
    }  # fmt: skip
    if members is not None:
        blocks["cadence"] = {"members": list(members), "pull": 0.0, "interval_weeks": 4} | blocks.get("cadence", {})
    plain = {"rate": 2.0, "discovery_weeks": 5.0, "hop_weeks": 0.0, "solo_weeks": 1.5, "reopen": 0.0, "idle_hours": 0.0}
    return quiet(
        horizon_weeks=weeks,
        teams=teams,
        handoffs={
            "enabled": False,
            "links": {pair: {"from": pair[0], "to": pair[1], "when": "sale"} for pair in links.split()},
        },
        vectors={"enabled": False, "transparency": transparency},
        blockers=plain | blocks.pop("blockers", {}),
        measures={"enabled": True, "debug": True},
        **blocks,
    )


def mean_age(run, skip=50):
    """Mean age of what was resolved."""
    resolved = run.series("blockers_resolved")[skip:]
    return float((resolved * run.series("resolve_weeks")[skip:]).sum() / resolved.sum())


def close(found, expected, sd, n, widths=4.0):
    return abs(found - expected) < widths * sd / np.sqrt(n)


def test_issues_arrive_as_poisson_of_the_coupling(quiet, once):
    new = once(firm(quiet, weeks=1000)).series("blockers_new")
    assert close(new.mean(), 2.0, np.sqrt(2), 1000)
    assert new.var() == pytest.approx(2.0, rel=0.2)


def test_two_teams_alone_need_an_exponential_time(quiet, once):
    run = once(firm(quiet, weeks=1000))
    assert close(mean_age(run), 1.5, 1.5, 1900)
    # Little's law
    assert run.series("blockers_open")[50:].mean() == pytest.approx(2.0 * 1.5, rel=0.1)


def test_c46_a_group_settles_issues_after_half_an_interval_and_the_way(quiet, once):
    for interval in (2, 8):
        group = {"interval_weeks": interval}
        run = once(firm(quiet, weeks=1000, members="ab", cadence=group))
        assert close(mean_age(run), interval / 2, interval / np.sqrt(12), 1900), "uniform over the interval"
        assert np.all(run.series("blockers_open")[interval - 1 :: interval] == 0)
    far = firm(quiet, weeks=1000, members="ab", cadence={"interval_weeks": 2}, blockers={"hop_weeks": 2.0})
    # two steps of two weeks each: the next meeting after a whole number of intervals
    assert close(mean_age(once(far)), 1 + 4, 2 / np.sqrt(12), 1900)


def test_a_group_that_hardly_meets_is_the_limit_of_no_group(quiet, once):
    """Settled by a meeting or by the two, whichever comes first: the lesser of U(0, m) and Exp(s)."""
    for m, weeks in ((2, 1000), (8, 1000), (520, 1000)):
        group = {"interval_weeks": m}
        run = once(firm(quiet, weeks=weeks, members="ab", cadence=group, blockers={"between_meetings": True}))
        mean, square = (
            quad(lambda u, n=n, m=m: n * u ** (n - 1) * (1 - u / m) * np.exp(-u / 1.5), 0, m)[0] for n in (1, 2)
        )
        assert close(mean_age(run), mean, np.sqrt(square - mean * mean), 1800)


def test_an_event_of_the_calendar_settles_issues_of_those_it_invites(quiet, once):
    review = {"every_weeks": 6, "clears_blockers": True, "pull": 0.0, "hours": 0.0}
    slow = {"solo_weeks": 500.0}
    group = {"interval_weeks": 52, "events": {"review": review | {"members": ["a", "b"]}}}
    for members in ("ab", "bc"):  # in the group or not
        run = once(firm(quiet, (0, 90, 45), 300, members=members, cadence=group, blockers=slow))
        assert np.all(run.series("blockers_open")[5::6] == 0)
        assert mean_age(run, 6) == pytest.approx(3.0, abs=0.4)
    group["events"]["review"]["members"] = ["b", "c"]
    run = once(firm(quiet, (0, 90, 45), 50, members="bc", cadence=group, blockers=slow))
    assert run.series("blockers_resolved").sum() < 15


def test_who_is_not_in_the_group_is_not_helped_by_it(quiet, same_bits):
    group = firm(quiet, (0, 90, 45), weeks=60, links="ab", members="bc", cadence={"hours": 0.0})
    same_bits(group, firm(quiet, (0, 90, 45), weeks=60, links="ab"))


def test_c19_transparency_speeds_up_and_vanishes_without_issues(quiet, same_bits):
    clear, half, none = (
        mean_age(runs[0])
        for runs in batch([firm(quiet, weeks=1000, transparency=x) for x in (1.0, 0.5, 0.0)], replicates=1)
    )
    assert close(half - clear, 2.5, 6, 1900) and close(none - clear, 5.0, 6, 1900)
    quietly = [firm(quiet, weeks=30, transparency=x, blockers={"rate": 0.0, "idle_hours": 9.0}) for x in (1.0, 0.2)]
    same_bits(*quietly)
    same_bits(quietly[0], firm(quiet, weeks=30, blockers={"enabled": False}))


def chain(n):
    """Each team reports to the one before: a is at the top."""
    return {b: a for a, b in zip("abcdefgh", "bcdefgh"[: n - 1], strict=False)}


def test_c20_delay_grows_with_the_path_and_lateral_links_cut_across(quiet):
    def delay(reports, pair, lateral):
        scenario = firm(
            quiet, (0,) * 5, 600, links=pair, reports=reports, blockers={"hop_weeks": 3.0, "lateral": lateral}
        )
        return scenario

    cases = {"ae": 4, "ad": 3, "ab": 1}
    runs = batch([delay(chain(5), pair, x) for pair in cases for x in (0.0, 1.0)], replicates=1)
    ages = [mean_age(run[0]) for run in runs]
    for k, steps in enumerate(cases.values()):
        assert ages[2 * k] - 1.5 == pytest.approx(3.0 * steps, abs=0.3)
        assert ages[2 * k + 1] - 1.5 == pytest.approx(3.0, abs=0.3)


def test_c20_vanishes_where_the_paths_are_equal(quiet, same_bits):
    same_bits(*(firm(quiet, weeks=60, reports={"b": "a"}, blockers={"hop_weeks": 3.0, "lateral": x}) for x in (0, 1)))


def test_paths_lead_over_the_lowest_common_superior(quiet):
    from flywheel_sim.engine.lowering import lower

    # a on top, b and c below it, d below b; e reports to nobody either
    reports = {"b": "a", "c": "a", "d": "b"}
    hops = lower([load(firm(quiet, (0,) * 5, reports=reports)).model]).tables.hops
    expected = [[0, 1, 1, 2, 2], [1, 0, 2, 1, 3], [1, 2, 0, 3, 3], [2, 1, 3, 0, 4], [2, 3, 3, 4, 0]]
    assert np.array_equal(hops, expected)


def test_resolutions_between_teams_that_differ_do_not_hold(quiet):
    aligned, apart = (
        runs[0] for runs in batch([firm(quiet, (0, x), 1000, blockers={"reopen": 0.8}) for x in (0, 90)], replicates=1)
    )
    assert aligned.series("blockers_reopened").sum() == 0
    again, held = (apart.series(f"blockers_{x}")[50:].sum() for x in ("reopened", "resolved"))
    assert again / (again + held) == pytest.approx(0.4, abs=0.05)
    assert mean_age(apart) == pytest.approx(1.5 / 0.6, rel=0.1), "each time anew"


def test_a_meeting_tries_an_issue_once(quiet, once):
    run = once(firm(quiet, (0, 180), 60, members="ab", blockers={"reopen": 1.0}))
    assert run.series("blockers_resolved").sum() == 0
    met = run.series("blockers_reopened")[3::4]
    assert np.array_equal(met, run.series("blockers_open")[3::4])
    assert run.series("blockers_reopened").sum() == met.sum()


def test_open_issues_cost_both_teams_hours(quiet):
    capacity = {"gross_hours": 40, "pair_hours": 0, "staffing": False, "craft_speed": 0}
    scenario = firm(
        quiet, (0, 90, 0), 12, capacity=capacity, members="ab",
        cadence={"interval_weeks": 520, "hours": 0.0}, blockers={"idle_hours": 0.5},
    )  # fmt: skip
    run = batch([scenario], replicates=1)[0][0]
    mu = run.arrays.teams[:, :, 0]
    assert np.all(mu[:, 2] == 1.0), "c has no part in it"
    assert np.array_equal(mu[:, 0], mu[:, 1])
    before, now = run.series("blockers_open", start=True)[:-1], run.series("blockers_open")
    lost = (1 - mu[:, 0]) * 200 / 0.5
    assert np.all(lost >= before - 1e-9) and np.all(lost <= now + 1e-9), "an issue costs from the hour it arises"
    assert lost.sum() == pytest.approx(((before + now) / 2).sum(), rel=0.1)


def test_what_does_not_fit_the_list_is_counted(quiet, once):
    run = once(firm(quiet, weeks=40, members="ab", cadence={"interval_weeks": 520}, blockers={"rate": 50.0}))
    assert run.series("blockers_open")[-1] == BLOCKERS
    assert run.series("blockers_new").sum() == BLOCKERS
    assert run.series("blockers_dropped").sum() == pytest.approx(2000 - BLOCKERS, abs=4 * np.sqrt(2000))


def test_off_and_without_teams(quiet, same_bits):
    same_bits(quiet(), quiet(blockers={"rate": 50.0}))
    off = {"enabled": False, "rate": 50.0}
    same_bits(firm(quiet, weeks=20, blockers={"enabled": False}), firm(quiet, weeks=20, blockers=off))


def test_the_timeline_turns_blockers_on_and_off(quiet, once):
    scenario = firm(quiet, weeks=40, members="ab", cadence={"interval_weeks": 520}, blockers={"enabled": False})
    scenario["timeline"] = {
        "enabled": True,
        "changes": {"on": {"from_week": 11, "until_week": 31, "set": {"blockers.enabled": True}}},
    }
    open_ = once(scenario).series("blockers_open")
    assert np.all(open_[:10] == 0) and open_[29] > 20 and np.all(open_[30:] == 0)


def test_a_list_survives_saving(quiet, tmp_path):
    from flywheel_sim.engine.saving import load_simulation, save_simulation

    sim = Simulation([load(firm(quiet, weeks=30)).model], [(0, 1, 0)])
    sim.advance(15)
    again, _ = load_simulation(save_simulation(sim, tmp_path / "state.npz"))
    sim.advance()
    again.advance()
    assert np.array_equal(sim.arrays(0).weekly, again.arrays(0).weekly)


def test_lines_of_reporting_must_lead_up(quiet):
    with pytest.raises(ScenarioError, match="unknown team"):
        load(firm(quiet, reports={"a": "z"}))
    with pytest.raises(ScenarioError, match="further up"):
        load(firm(quiet, reports={"a": "b", "b": "a"}))
    with pytest.raises(ScenarioError, match="further up"):
        load(firm(quiet, reports={"a": "a"}))
