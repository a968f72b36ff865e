"""M21: a seat that is short, an effect that is late, hours that are pre-empted, and a value that has to be shown."""

import numpy as np
import pytest
from compiled import compiled

from flywheel_sim.engine.mechanisms import m21_leadership as m21
from flywheel_sim.execute.run import batch

SEAT = (
    "leader_tenure_weeks",
    "leader_matured",
    "leader_utilisation",
    "leader_support",
    "leader_perceived_roi",
)
MONEY = ("programme_cost", "total_cost", "profit", "cash", "value")


backing = compiled(m21.backing)
leg = compiled(m21.leg)


def test_laws_by_hand():
    assert backing(-7.0, 0.05, 0.0) == 1.0, "patience without end"
    assert backing(0.05, 0.05, 0.1) == 1.0
    assert backing(0.0, 0.05, 0.1) == pytest.approx(np.exp(-0.5))
    assert backing(-9.0, 0.05, 0.1) == pytest.approx(np.exp(-3))
    assert leg(1 / 3, 1.0, 1 / 3, 1.0) == pytest.approx(1.0)
    assert leg(0.2, 0.5, 0.4, 0.8) == pytest.approx(0.2)
    assert leg(1.0, 1.0, 0.25, 0.7) == pytest.approx(0.7), "more hours than enough do no more"


def firm(quiet, weeks=52, blocks=None, **leadership):
    """Three teams that look different ways, hand over to each other, and a CCO who is effective from week 1."""
    crafts = ({"acquire": 1}, {"care": 1}, {"acquire": -0.5, "care": 1})
    office = {"tenure_months": 0, "lag_weeks": 0, "salary": 0}
    parts = {
        "vectors": {"diffusion": 0.02, "coupling": {"fixed": 1.0}, "craft_pull": 3.0},
        "handoffs": {
            "integration": 0.0,
            "links": {
                "a": {"from": "t0", "to": "t1", "when": "issue"},
                "b": {"from": "t1", "to": "t2", "when": "issue"},
            },
        },
        "culture": {"effort_month": 0.005},
        "ledger": {},
        "leadership": {**office, **leadership},
    }
    for name, values in (blocks or {}).items():
        parts[name] = {**parts.get(name, {}), **values}
    return quiet(
        horizon_weeks=weeks,
        teams={f"t{k}": {"headcount": 2, "craft": craft} for k, craft in enumerate(crafts)},
        **parts,
    )


def spells(run):
    """Lengths of the tenures that ended within the run."""
    tenure = np.append(run.series("leader_tenure_weeks"), 0)
    ends = np.flatnonzero((tenure[:-1] > 0) & (tenure[1:] <= 1))
    return tenure[ends[ends < len(tenure) - 2]]


def test_without_the_office_nothing_is_led(quiet, once, same_bits):
    run = once(firm(quiet, enabled=False, skill=3.0))
    assert all(np.all(run.series(name) == 0) for name in SEAT)
    still = {"friction_effect": 0.0, "coupling_effect": 1.0, "culture_effect": 0.0}
    # C54, C65 vanish at effect sizes 0
    same_bits(firm(quiet, enabled=False), firm(quiet, **still), firm(quiet, skill=0.0), but=SEAT)
    # C65: and where the lag outlives everyone
    same_bits(firm(quiet, enabled=False), firm(quiet, tenure_months=6, lag_weeks=1000), but=SEAT)


def test_the_effect_is_a_step_after_the_lag(quiet, once):
    run = once(firm(quiet, lag_weeks=20, blocks={"vectors": {"enabled": False}}))
    none = once(firm(quiet, enabled=False, blocks={"vectors": {"enabled": False}}))
    friction = run.series("friction") / none.series("friction")
    assert np.all(friction[:20] == 1.0)
    assert friction[20:] == pytest.approx(0.7)
    assert np.array_equal(run.series("leader_matured"), np.arange(52) >= 20)
    assert np.array_equal(run.series("leader_tenure_weeks"), 1 + np.arange(52))
    gain = np.diff(run.series("culture"), prepend=0.5) - np.diff(none.series("culture"), prepend=0.5)
    assert gain[:20] == pytest.approx(0, abs=1e-15)
    assert run.series("culture")[20] - none.series("culture")[20] == pytest.approx(0.01 * 12 / 52)


def test_vacancy_is_fixed_and_exits_lose_what_is_said(quiet, once):
    for lost in (1.0, 0.25):
        run = once(
            firm(quiet, 520, tenure_months=3, vacancy_weeks=9, lag_weeks=4, lost_at_exit=lost,
                 blocks={"vectors": {"enabled": False}})
        )  # fmt: skip
        none = once(firm(quiet, 520, enabled=False, blocks={"vectors": {"enabled": False}}))
        tenure, matured = run.series("leader_tenure_weeks"), run.series("leader_matured")
        edges = np.flatnonzero(np.diff(np.concatenate(([1], (tenure == 0).astype(int), [0]))))
        gaps = np.diff(edges)[0::2] if tenure[0] == 0 else np.diff(np.flatnonzero(np.diff(tenure == 0)))[0::2]
        assert len(gaps) > 5 and np.all(gaps == 9)
        friction = run.series("friction") / none.series("friction")
        assert friction[matured == 1] == pytest.approx(0.7)
        first = np.flatnonzero(matured == 1)[0]
        later = (matured == 0) & (np.arange(520) > first)
        kept = 1 - (1 - friction[later]) / 0.3
        if lost == 1.0:
            assert kept == pytest.approx(1.0)
        else:
            assert kept.min() == pytest.approx(lost), "who never matured passes on what was left"


def test_an_office_can_begin_vacant_and_be_founded_later(quiet, once):
    run = once(firm(quiet, start="vacant", vacancy_weeks=7))
    assert np.array_equal(run.series("leader_tenure_weeks"), np.maximum(0, np.arange(52) - 6))
    later = firm(quiet, enabled=False)
    later["timeline"] = {"enabled": True, "changes": {"a": {"from_week": 11, "set": {"leadership.enabled": True}}}}
    assert np.array_equal(once(later).series("leader_tenure_weeks"), np.maximum(0, np.arange(52) - 9))


def test_mean_tenure_and_c64_vanishes_without_exits(quiet):
    tenures = np.concatenate([spells(run) for run in batch([firm(quiet, 2000, tenure_months=12)], replicates=20)[0]])
    mean = 1 / (1 - np.exp(-1 / 52))
    assert tenures.mean() == pytest.approx(mean, abs=3.5 * mean / np.sqrt(len(tenures)))
    stays = batch([firm(quiet, 500, tenure_months=0)], replicates=1)[0][0]
    assert stays.series("leader_tenure_weeks")[-1] == 500


def test_c58_influence_needs_support(quiet, once, same_bits):
    quiet_teams = {"vectors": {"enabled": False}}
    base = once(firm(quiet, enabled=False, blocks=quiet_teams)).series("friction")
    cut = [
        1 - (once(firm(quiet, support=s, skill=0.9, blocks=quiet_teams)).series("friction") / base)[-1]
        for s in (0.0, 0.5, 1.0)
    ]
    assert cut == pytest.approx([0.0, 0.135, 0.27])
    same_bits(*(firm(quiet, support=s, support_weight=0.0) for s in (0.0, 1.0)), but=("leader_support",))


def serving(quiet, **leadership):
    """1 000 customers with .1 issues a week each, that is 100 issues."""
    service = {"issues": 0.1, "fit_effect": 0, "failure_demand": 0, "first_contact_resolution": 1.0}
    return firm(quiet, blocks={"service": service, "capacity": {"staffing": False}}, **leadership)


def test_c57_issues_eat_the_weeks_of_an_unclear_role(quiet, once, same_bits):
    runs = [once(serving(quiet, clarity=c, issue_hours=0.25)) for c in (1.0, 0.5, 0.0)]
    for run, clarity in zip(runs, (1.0, 0.5, 0.0), strict=True):
        use, issues = run.series("leader_utilisation"), run.series("backlog")
        assert use[0] == 0.0 and issues.min() > 80
        assert use[1:] == pytest.approx(np.minimum(1.0, (1 - clarity) * issues[:-1] * 0.25 / 38))
    buried = once(serving(quiet, clarity=0.0, issue_hours=2.0))
    assert np.all(buried.series("leader_utilisation")[1:] == 1.0)
    same_bits(serving(quiet, enabled=False), serving(quiet, clarity=0.0, issue_hours=2.0, lag_weeks=1), but=SEAT)
    same_bits(serving(quiet, clarity=1.0), serving(quiet, clarity=1.0, issue_hours=9.0))


def test_c66_every_leg_needs_its_hours(quiet, once, same_bits):
    still = {"vectors": {"enabled": False}}
    base = once(firm(quiet, enabled=False, blocks=still)).series("friction")

    def cut(**weights):
        return 1 - (once(firm(quiet, **weights, blocks=still)).series("friction") / base)[-1]

    assert cut() == pytest.approx(0.3)
    assert cut(behaviour=0.0) == 0.0
    assert cut(behaviour=1.0, culture=3.0, proof=1.0) == pytest.approx(0.3 * 0.6)
    assert cut(behaviour=8.0) == pytest.approx(0.3), "more than enough is no more"
    assert cut(behaviour=0.0, culture=0.0, proof=0.0) == 0.0
    # a leg without effect: whether its hours are worked or idle makes no difference
    idle = {"proof_effect": 0.0, "enough": 0.25}
    same_bits(firm(quiet, **idle), firm(quiet, proof=2.0, behaviour=1.0, culture=1.0, **idle))


def test_culture_couples_the_teams(quiet):
    runs = batch(
        [
            firm(quiet, 260, blocks={"vectors": {"coupling": {"fixed": 4.0}}}, **x)
            for x in ({"enabled": False}, {}, {"style": "command"})
        ],
        replicates=12,
    )
    r = [np.mean([run.series("alignment")[52:].mean() for run in some]) for some in runs]
    assert r[1] > r[0] + 0.05
    assert r[2] == pytest.approx(r[0], abs=0.02), "commands need a strategy to point with"


def test_command_pulls_along_the_strategy(quiet):
    blocks = {"strategy": {"transition": 0.0}}
    runs = batch([firm(quiet, 260, blocks=blocks, style=s) for s in ("collaborate", "command")], replicates=12)
    towards = [np.mean([run.series("customer_alignment")[52:].mean() for run in some]) for some in runs]
    assert towards[1] > towards[0] + 0.05


APPRAISED = {"tenure_months": 26, "lag_weeks": 26, "attribution_noise": 0.3, "patience": 0.1, "hurdle": 0.0}


def mean_tenure(quiet, replicates=40, **leadership):
    runs = batch([firm(quiet, 1040, **{**APPRAISED, **leadership})], replicates=replicates, teams=False)[0]
    found = np.concatenate([spells(run) for run in runs])
    return found.mean(), found.std(ddof=1) / np.sqrt(len(found))


def test_c78_c66_dropping_proof_shortens_tenure(quiet, same_bits):
    with_proof, error = mean_tenure(quiet)
    without, other = mean_tenure(quiet, proof_effect=0.0)
    assert with_proof - without > 3 * np.hypot(error, other)
    # vanishes without attribution noise (C78), and with patience without end (C63)
    for off in ({"attribution_noise": 0.0}, {"patience": 0.0}):
        values = {**APPRAISED, **off}
        but = SEAT[-1:] if "patience" in off else ()
        same_bits(firm(quiet, 260, **values), firm(quiet, 260, **{**values, "proof_effect": 0.0}), but=but)


def test_c63_without_a_visible_gain_support_and_money_die(quiet, once, same_bits):
    office = {"budget": 52_000.0, "attribution_noise": 0.0, "hurdle": 0.05, "patience": 0.05, "lag_weeks": 500}
    run = once(firm(quiet, 260, **office))
    assert run.series("leader_support")[12] == 1.0, "until the first appraisal there is doubt, and its benefit"
    assert run.series("leader_support")[13:] == pytest.approx(np.exp(-1))
    assert run.series("programme_cost")[13:] == pytest.approx(1000 * np.exp(-1))
    shown = once(firm(quiet, 260, **{**office, "lag_weeks": 0}))
    assert shown.series("leader_support")[104:] == pytest.approx(1.0), "gain .2 above the hurdle of .05"
    still = {"enabled": False}
    same_bits(
        *(firm(quiet, 260, **{**office, "patience": 0.0, "hurdle": h}, blocks={"vectors": still}) for h in (0.05, 5.0)),
        but=("leader_perceived_roi",),
    )


def test_the_office_is_paid_for(quiet, once):
    run = once(firm(quiet, salary=104_000.0, budget=52_000.0, start="vacant", vacancy_weeks=5))
    assert np.all(run.series("programme_cost")[:5] == 0.0)
    assert run.series("programme_cost")[5:] == pytest.approx(3000.0)
    book = firm(quiet, salary=104_000.0, budget=52_000.0, tenure_months=3)
    book["measures"] = {"enabled": True, "debug": True}
    once(book)


def test_c63_doubt_dries_up_the_programmes_too(quiet, once):
    programme = {"culture": {"programme": {"enabled": True, "cost": 104_000.0}}}
    office = {"attribution_noise": 0.0, "patience": 0.05, "lag_weeks": 500}
    run = once(firm(quiet, blocks={**programme, "ledger": {}}, **office))
    assert np.all(run.series("programme_cost")[:13] == 2000.0)
    assert run.series("programme_cost")[13:] == pytest.approx(2000 * np.exp(-1))
    steady = once(firm(quiet, blocks={**programme, "ledger": {}}, **{**office, "patience": 0.0}))
    assert np.all(steady.series("programme_cost") == 2000.0)
    assert steady.series("project_fixes")[-1] > run.series("project_fixes")[-1]


def test_command_costs_morale(quiet, once):
    morale = {"culture": {"morale": {"enabled": True, "support_effect": 0.0}}}
    free, told = (once(firm(quiet, 260, blocks=morale, style=s)).series("morale") for s in ("collaborate", "command"))
    assert free == pytest.approx(0.7)
    assert told[-1] == pytest.approx(0.6, abs=1e-6)
