"""M20: a stock that decays, is built, and lets disciplines work."""

import numba
import numpy as np
import pytest

from flywheel_sim.engine.layout import PAR
from flywheel_sim.engine.mechanisms import m20_culture as m20
from flywheel_sim.execute.run import batch


@numba.njit
def discipline_yield(p, culture):
    return m20.discipline_yield(p[0], culture)


def test_yield_by_hand():
    p = np.zeros(1, PAR)
    c = p[0]["culture"]
    c["enabled"], c["independence"], c["reference"] = 1, 0.5, 0.5
    assert discipline_yield(p, 0.5) == 1.0, "at the reference culture"
    assert discipline_yield(p, 0.0) == pytest.approx(0.5)
    assert discipline_yield(p, 1.0) == pytest.approx(1.5)
    c["independence"] = 1.0
    assert discipline_yield(p, 0.123) == 1.0
    c["independence"], c["enabled"] = 0.0, 0
    assert discipline_yield(p, 0.0) == 1.0


def firm(quiet, start=0.5, teams=3, **culture):
    names = [f"t{k}" for k in range(teams)]
    return quiet(
        horizon_weeks=52,
        teams={n: {"headcount": 1, "craft": {"acquire": 1}} for n in names},
        vectors={"diffusion": 0.02, "coupling": {"fixed": 1.0}, "map_pull": 3.0},
        sensing={"need_drift": 0.001},
        cadence={"pull": 0.4, "hours": 0.0},
        culture={"start": start, **culture},
    )


def test_the_stock_by_hand(quiet, once):
    found = once(firm(quiet, 0.3, retention_month=0.9, effort_month=0.06)).series("culture")
    kept, c = 0.9 ** (12 / 52), 0.3
    for week in range(52):
        c = min(1.0, kept * c + 0.06 * 12 / 52)
        assert found[week] == pytest.approx(c, rel=1e-12)


def test_the_stock_is_capped_at_one(quiet, once):
    assert once(firm(quiet, 0.9, retention_month=1.0, effort_month=0.5)).series("culture")[-1] == 1.0


def test_a_campaign_is_forgotten(quiet, once):
    scenario = firm(quiet, 0.2, retention_month=0.75, effort_month=0.0)
    scenario["timeline"] = {
        "enabled": True,
        "changes": {"campaign": {"from_week": 5, "until_week": 6, "set": {"culture.effort_month": 0.2 * 52 / 12}}},
    }
    found = once(scenario).series("culture")
    kept = 0.75 ** (12 / 52)
    assert found[4] - kept * found[3] == pytest.approx(0.2)
    assert found[51] == pytest.approx((0.2 * kept**5 + 0.2) * kept**47)


def test_culture_is_idle_where_disciplines_do_not_depend_on_it(quiet, same_bits):
    # C26 vanishes at c0 = 1
    same_bits(
        firm(quiet, 0.0, independence=1.0),
        firm(quiet, 0.9, independence=1.0),
        firm(quiet, 0.9, enabled=False),
        but=("culture",),
    )


def test_culture_lets_the_map_and_the_meetings_pull(quiet):
    low, high = batch(
        [firm(quiet, c, independence=0.0, retention_month=1.0, effort_month=0.0) for c in (0.0, 1.0)], replicates=10
    )
    r = [np.mean([run.series("customer_alignment")[26:].mean() for run in runs]) for runs in (low, high)]
    assert r[1] > r[0] + 0.2


# --- the programme: project fixes and competencies --------------------------------------------------------------------


def company(quiet, weeks=52, teams=2, blocks=None, front=1, **culture):
    """Teams of which the first ``front`` face customers in use; culture as a stock plays no part."""
    names = [f"t{k}" for k in range(teams)]
    rows = {n: {"headcount": 10, "craft": {"care": 1}, "front": k < front} for k, n in enumerate(names)}
    touch = {"use": {"stage": "use", "owner": "t0", "rate": 0.5, "base_success": 0.8, "match_reference": 1.0}}
    parts = {
        "vectors": {"diffusion": 0.0, "coupling": {"fixed": 0.0}, "craft_pull": 0.0},
        "journey": {"match_effect": 1.0, "touchpoints": touch if teams else {}},
        "relationship": {},
        "culture": {"start": 0.5, "independence": 1.0, **culture},
    }
    for name, values in (blocks or {}).items():
        parts[name] = {**parts.get(name, {}), **values}
    return quiet(horizon_weeks=weeks, teams=rows, **parts)


SLOW = ("morale", "norms", "service_orientation", "knowledge", "project_fixes", "competencies", "adherence_reported")


def programme(quiet, stop=105, weeks=260, **values):
    scenario = company(quiet, weeks, programme={"enabled": True, "cost": 52_000.0, **values}, blocks={"ledger": {}})
    scenario["timeline"] = {
        "enabled": True,
        "changes": {"stop": {"from_week": stop, "set": {"culture.programme.funding": 0.0}}},
    }
    return scenario


def test_c56_competencies_outlive_projects(quiet, once):
    run = once(programme(quiet))
    fixes, competent = run.series("project_fixes"), run.series("competencies")
    assert fixes[12] > 2 * competent[12], "projects show first"
    for stock, month in ((fixes, 0.75), (competent, 0.98)):
        assert stock[104 + 51] / stock[103] == pytest.approx(month**12, rel=1e-9), "a year after the money stopped"
    assert competent[155] > 5 * fixes[155]
    assert np.all(run.series("programme_cost")[:104] == 1000.0) and np.all(run.series("programme_cost")[104:] == 0.0)
    # built in proportion to what is missing
    build, kept = 1 - 0.5 ** (12 / 52), 0.75 ** (12 / 52)
    x = 0.0
    for week in range(104):
        x = kept * (x + build * 0.5 * (1 - x))
        assert fixes[week] == pytest.approx(x, rel=1e-12)


def test_c56_vanishes_at_equal_rates(quiet, once):
    equal = {"project_retention_month": 0.9, "competence_retention_month": 0.9}
    equal |= {"project_build_month": 0.2, "competence_build_month": 0.2}
    run = once(programme(quiet, **equal))
    assert run.series("project_fixes") == pytest.approx(run.series("competencies"), rel=1e-12)


def test_uneven_work_on_competencies_yields_less(quiet, once):
    even, uneven, none = (
        once(programme(quiet, competencies=weights)).series("competencies")[103]
        for weights in ({"a": 2, "b": 2}, {"a": 3, "b": 1}, {})
    )
    assert even > uneven > none == 0.0


def test_touches_gain_what_the_stocks_say(quiet, once, same_bits):
    effects = {"project_effect": 0.5, "competence_effect": 0.8}
    run = once(programme(quiet, **effects))
    touches, failed = run.series("touches")[52:104].sum(), run.series("defects")[52:104].sum()
    lift = 0.5 * run.series("project_fixes")[52:104].mean() + 0.8 * run.series("competencies")[52:104].mean()
    exact = 1 / (1 + np.exp(-np.log(4) - lift))
    assert lift > 0.3
    assert 1 - failed / touches == pytest.approx(exact, abs=3.5 * np.sqrt(exact * (1 - exact) / touches) + 1e-3)
    still = {"project_effect": 0.0, "competence_effect": 0.0, "cost": 0.0}
    same_bits(programme(quiet, enabled=False), programme(quiet, **still), but=SLOW)


# --- norms, adherence, monitoring ------------------------------------------------------------------------------------

GAMED = {
    "incentives": {
        "measures": {"score": {"gradient": {"care": 1}, "gaming": 0.5, "target": 1.0}},
        "pay": {"t0": {"on": {"score": 1.0}}},
    },
    "measures": {},
    "sensing": {"adherence": 0.6},
}


def led(quiet, ethics=0.8, leave=27, weeks=78, **norms):
    scenario = company(
        quiet,
        weeks,
        norms={"enabled": True, **norms},
        blocks={**GAMED, "leadership": {"ethics": ethics, "tenure_months": 0, "salary": 0, "skill": 0}},
    )
    changes = {"exit": {"from_week": leave, "set": {"leadership.enabled": False}}}
    scenario["timeline"] = {"enabled": True, "changes": changes}
    return scenario


def test_c24_norms_follow_the_leader_and_fade_after_the_exit(quiet, once, same_bits):
    run = once(led(quiet, transmission=0.1, retention_month=0.8))
    weeks = np.arange(1, 27)
    norms = run.series("norms")
    assert norms[:26] == pytest.approx(0.8 * (1 - 0.9**weeks))
    assert norms[26:] == pytest.approx(norms[25] * 0.8 ** (12 / 52 * np.arange(1, 53)))
    none = once(led(quiet, transmission=0.0))
    assert run.series("gaming") == pytest.approx(none.series("gaming") * (1 - norms))
    assert run.series("score_inflation")[25] < 0.3 * none.series("score_inflation")[25]
    assert run.series("adherence") == pytest.approx(0.6 + 0.4 * 0.2 * norms)
    # vanishes at transmission 0
    same_bits(led(quiet, transmission=0.0), led(quiet, enabled=False), led(quiet, ethics=0.0))


def test_c75_checks_raise_adherence_and_open_a_gap(quiet, once, same_bits):
    def checked(**values):
        return company(quiet, monitoring={"enabled": True, "hours": 0.0, **values}, blocks=GAMED)

    run = once(checked(coverage=0.5, accuracy=0.7, gaming=0.3))
    hidden = 0.5 * 0.3
    true = 0.6 + 0.4 * (1 - hidden) * 0.35
    assert run.series("adherence") == pytest.approx(true)
    assert run.series("adherence_reported") == pytest.approx(true + 0.4 * hidden)
    wider = once(checked(coverage=1.0, accuracy=0.7, gaming=0.3))
    gap = [float((x.series("adherence_reported") - x.series("adherence"))[-1]) for x in (run, wider)]
    assert gap[1] > gap[0] > 0, "the more is checked, the more is dressed up"
    # vanishes at accuracy 0: only what is reported differs
    same_bits(checked(accuracy=0.0, gaming=1.0), checked(enabled=False), but=("adherence_reported",))


def test_checks_take_hours(quiet, once):
    blocks = {"capacity": {"staffing": False, "pair_hours": 0.0}}
    run = once(company(quiet, monitoring={"enabled": True, "coverage": 0.5, "hours": 3.8}, blocks=blocks))
    assert run.arrays.teams[-1, :, 0] == pytest.approx(0.95)


# --- morale, turnover, traits ----------------------------------------------------------------------------------------


def cared_for(quiet, weeks=156, skill=1.0, **morale):
    scenario = company(
        quiet,
        weeks,
        turnover={"enabled": True, "selectivity": 1.0, "trait_effect": 0.0},
        morale={"enabled": True, "support_reference": 0.5, **morale},
    )
    scenario["teams"]["t1"]["skill"] = skill
    return scenario


def test_c25_enabled_teams_do_better_and_stay(quiet, once):
    rich, poor = (once(cared_for(quiet, skill=s, elasticity=0.0)) for s in (1.4, 0.6))
    for run, support in ((rich, 0.7), (poor, 0.3)):
        level = 0.7 + 0.5 * (support - 0.5) * (1 - (1 - 1 / 13) ** np.arange(1, 157))
        assert run.series("morale") == pytest.approx(level)
    assert rich.series("service_orientation")[-1] < poor.series("service_orientation")[-1], "fewer leave"
    rich, poor = (once(cared_for(quiet, skill=s, elasticity=1.0)) for s in (1.4, 0.6))
    found = rich.arrays.teams[:, 0, 0], poor.arrays.teams[:, 0, 0]
    assert found[0] == pytest.approx(rich.series("morale") / 0.7)
    assert found[1] == pytest.approx(poor.series("morale") / 0.7)
    assert rich.series("relationship")[-1] > poor.series("relationship")[-1], "customers feel it, later (A14)"


def test_c25_vanishes_at_elasticity_zero(quiet, same_bits):
    still = {"elasticity": 0.0, "attrition_effect": 0.0}
    same_bits(cared_for(quiet, skill=0.6, **still), cared_for(quiet, skill=0.6, enabled=False), but=("morale",))


def test_overload_costs_morale(quiet, once):
    blocks = {"capacity": {"staffing": False, "pair_hours": 0.0}}
    scenario = company(
        quiet, 104, morale={"enabled": True, "support_effect": 0.0, "overload_effect": 0.2}, blocks=blocks
    )
    assert once(scenario).series("morale") == pytest.approx(0.7)
    scenario["journey"]["touchpoints"]["use"]["hours"] = 2.0  # 500 touches in use: twice what ten people can do
    run = once(scenario)
    assert run.series("overload").mean() > 0.3
    assert run.series("morale")[-1] < 0.65


def test_leavers_cost_hours_until_hires_are_able(quiet, once):
    blocks = {"capacity": {"staffing": False, "pair_hours": 0.0}}
    values = {"enabled": True, "yearly": 0.5, "ramp_weeks": 20.0, "idle": 0.6}
    run = once(company(quiet, 520, turnover=values, blocks=blocks))
    gone = 1 - 0.5 ** (1 / 52)
    green = gone / (gone + 1 / 20)
    assert run.arrays.teams[-1, :, 0] == pytest.approx(1 - 0.6 * green)
    assert np.all(run.series("headcount") == 20)


def test_c77_the_trait_moves_to_the_hires_at_the_turnover_rate(quiet, once, same_bits):
    def hiring(**values):
        return company(quiet, 260, turnover={"enabled": True, "idle": 0.0, **values})

    run = once(hiring(yearly=0.35, selectivity=1.5))
    years = np.arange(1, 261) / 52
    delta = -np.log(1 - 0.35)
    assert run.series("service_orientation") == pytest.approx(1.5 * (1 - np.exp(-delta * years)), rel=1e-9)
    better = once(hiring(yearly=0.35, selectivity=3.0, trait_effect=0.5))
    assert better.series("relationship")[-1] > run.series("relationship")[-1]
    same_bits(hiring(selectivity=0.0), hiring(enabled=False))
    same_bits(hiring(yearly=0.0, selectivity=2.0), hiring(enabled=False))


# --- practices, campaigns, statements --------------------------------------------------------------------------------


def learning(quiet, weeks=104, **values):
    return company(quiet, weeks, learning={"enabled": True, "period_weeks": 1, **values})


def test_c76_what_is_learned_lifts_touches(quiet, once, same_bits):
    run = once(learning(quiet, effect=2.0))
    known = run.series("knowledge")
    assert known[0] == pytest.approx(1 / 3, abs=0.05)
    assert known[-1] > 0.6
    none = once(learning(quiet, effect=0.0))
    assert run.series("relationship")[-1] > none.series("relationship")[-1] + 0.01
    # vanishes at learning rate 0
    same_bits(learning(quiet, from_code=0.0), learning(quiet, enabled=False), but=("knowledge",))


def test_a_run_learns_on_where_it_was_saved(quiet, tmp_path):
    from flywheel_sim.engine.run import Simulation
    from flywheel_sim.engine.saving import load_simulation, redirect, save_simulation
    from flywheel_sim.scenario import load

    model = load(learning(quiet, 30, leaving=0.05)).model
    whole, half = (Simulation([model], [(0, 4, 0)]) for _ in range(2))
    whole.advance()
    half.advance(12)
    again, _ = load_simulation(save_simulation(half, tmp_path / "half.npz"))
    again.advance()
    assert np.array_equal(whole.arrays(0).weekly, again.arrays(0).weekly)
    with pytest.raises(ValueError, match="fixed for the whole run"):
        redirect(half, load(learning(quiet, 30, people=40)).model)


def test_newcomers_keep_a_closed_organisation_learning(quiet):
    # March (1991): with fast socialisation some turnover helps
    known = [
        np.mean([run.series("knowledge")[150:].mean() for run in runs])
        for runs in batch(
            [learning(quiet, 250, from_code=0.9, of_code=0.5, leaving=p) for p in (0.0, 0.05)], replicates=20
        )
    ]
    assert known[1] > known[0]


def test_c73_a_campaign_year_is_half_forgotten_in_ten_weeks(quiet, once):
    scenario = firm(quiet, 0.0, retention_month=0.75, effort_month=0.0)
    scenario["horizon_weeks"] = 130
    changes = {"campaign": {"from_week": 1, "until_week": 53, "set": {"culture.effort_month": 0.1}}}
    scenario["timeline"] = {"enabled": True, "changes": changes}
    found = once(scenario).series("culture")
    half = np.log(2) / -np.log(0.75) * 52 / 12
    assert np.flatnonzero(found[52:] < found[51] / 2)[0] + 1 == int(np.ceil(half))
    assert found[103] == pytest.approx(found[51] * 0.75**12, rel=1e-9), "a year later 3 % is left"
    kept = {"culture.retention_month": 1.0}
    scenario["culture"] |= {"retention_month": kept["culture.retention_month"]}
    still = once(scenario).series("culture")
    assert np.all(still[51:] == still[51]), "vanishes without decay"


def test_c74_a_mission_statement_changes_nothing(quiet, same_bits):
    from flywheel_sim.scenario import load

    same_bits(*(load("b2b-saas").with_({"horizon_weeks": 26, "culture.mission_statement": x}) for x in (True, False)))


def test_everything_on_without_teams(quiet, once):
    parts = ("programme", "norms", "morale", "turnover", "learning", "monitoring")
    once(company(quiet, teams=0, **{name: {"enabled": True} for name in parts}))
