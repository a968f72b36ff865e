"""The funnel twin of any company: what it removes, where the money goes, and when nothing is left of it (C31)."""

import pytest

import flywheel_sim as fs
from flywheel_sim.scenario import ScenarioError
from flywheel_sim.scenario.funnel import funnel_changes, funnel_twin

COMPANIES = [name for name in fs.scenarios() if not name.startswith("limits/")]


def payroll(scenario):
    return sum(team.headcount * team.salary for team in scenario.teams.values())


def small(**more):
    """A company of four teams with other names, in which every touch costs hours."""
    return fs.load(
        {
            "axes": ["win", "keep"],
            "segments": {"all": {"spend": 5200, "need": {"keep": 1}}},
            "teams": {
                "hunters": {"headcount": 4, "salary": 104_000, "craft": {"win": 1}},
                "farmers": {"headcount": 6, "salary": 52_000, "craft": {"keep": 1}},
                "desk": {"headcount": 5, "salary": 52_000, "craft": {"keep": 1}},
                "works": {"headcount": 3, "salary": 78_000, "craft": {"keep": 1}, "front": False},
            },
            "market": {
                "accounts": 1000,
                "initial_customers": 500,
                "external": 0.002,
                "funnel": {"reference": 0.1},
            },
            "contracts": {"enabled": False},
            "service": {"issues": 0.1, "failure_demand": 0.0, "first_contact_resolution": 0.5},
            "journey": {
                "match_effect": 2.0,
                "touchpoints": {
                    "pitch": {"stage": "sale", "owner": "hunters", "hours": 1},
                    "visit": {"stage": "use", "owner": "farmers", "rate": 0.1, "hours": 1, "match_reference": 0.5},
                    "answer": {"stage": "service", "owner": "desk", "hours": 0.95},
                    "use": {"stage": "use", "owner": "works", "rate": 1},
                    "repair": {"stage": "use", "owner": "works", "rate": 0.2, "hours": 0.1, "cost": 3.0},
                },
            },
            "cadence": {"enabled": True, "interval_weeks": 4, "events": {"kick-off": {"every_weeks": 13, "cost": 52}}},
            "ledger": {"cost_per_lead": 10, "cost_per_win": 100, "programme_cost": 50, "meeting_cost": 80},
            **more,
        }
    )


def test_by_hand():
    """Who keeps what, and where it goes, in a company whose numbers fit on a page."""
    before, twin = small(), funnel_twin(small())
    # issues: 500 x .1 / .5 = 100 a week, .95 hours each, at .8 of 38 hours: 3.125 heads of 5
    assert twin.teams["desk"].headcount == pytest.approx(95 / (38 * 0.8))
    # farmers own care alone: one in ten stays; works gives up the hours of its repairs
    assert twin.teams["farmers"].headcount == pytest.approx(0.6)
    repairs = 500 * (1 - 2.718281828459045**-0.2)
    assert twin.teams["works"].headcount == pytest.approx(3 - repairs * 0.1 / 38)
    assert payroll(twin) == pytest.approx(payroll(before), rel=1e-12)
    # acquisition: payroll 8 000 a week, and 500 prospects x .002 = 1 win = 10 leads a week: $ 200
    freed = (5 - 3.125) * 1000 + 5.4 * 1000 + repairs * 0.1 / 38 * 1500
    money = repairs * 3.0 + 50 + 80 / 4 + 52 / 13
    growth = ((8000 + freed) / 8000) ** (8000 / 8200) * ((200 + money) / 200) ** (200 / 8200)
    assert twin.market.external == pytest.approx(0.002 * growth, rel=1e-9)
    leads = twin.market.external * 500 * (10 * twin.ledger.cost_per_lead + twin.ledger.cost_per_win)
    assert leads == pytest.approx(200 + money), "the money for leads and wins is what it was and what was freed"
    assert twin.ledger.programme_cost == 0
    # care is served without the teams' effort: 2 x .5 less in logit; what costs nothing is left alone
    assert twin.journey.touchpoints["visit"].base_success == pytest.approx(1 / (1 + 0.25 * 2.718281828459045))
    assert twin.journey.touchpoints["use"] == before.journey.touchpoints["use"]
    assert twin.journey.touchpoints["answer"] == before.journey.touchpoints["answer"]


@pytest.mark.parametrize("name", COMPANIES)
def test_budget_neutral_and_savings_kept_in_every_shipped_company(name):
    company = fs.load(name)
    assert payroll(funnel_twin(company)) == pytest.approx(payroll(company), abs=0.5)
    saved = funnel_twin(company, "savings")
    # support of a company at rest that sells to consumers is busy with issues, as in a funnel: nothing to save
    if company.market.at_rest and {"growth", "service"} <= set(company.teams):
        assert payroll(saved) == payroll(company)
    else:
        assert payroll(saved) < payroll(company) or not company.teams
    assert saved.market.external == company.market.external
    for twin in (funnel_twin(company), saved):
        assert not twin.cadence.enabled
        assert twin.word_of_mouth.advocate == 0 and twin.word_of_mouth.negative == company.word_of_mouth.negative
        assert twin.segments == company.segments and twin.incentives == company.incentives


@pytest.mark.parametrize("name", fs.scenarios())
@pytest.mark.parametrize("keep", ["budget", "savings"])
def test_c31_vanishes_at_equal_post_sale_effort(name, keep):
    company = fs.load(name)
    assert funnel_twin(company, keep, post_sale=1, referral=1, group=True) == company


@pytest.mark.parametrize("keep", ["budget", "savings"])
def test_the_changes_are_what_was_changed(keep):
    from flywheel_sim.results.naming import differences

    company = fs.load("relationship-flywheel")
    listed = funnel_changes(company, keep)
    assert {change.path for change in listed} == set(differences([company, funnel_twin(company, keep)]))
    for change in listed:
        assert company.get(change.path) == change.before != change.after and change.why


def test_the_office_and_programmes_go_with_the_group():
    office = {"leadership": {"enabled": True, "salary": 52_000, "budget": 26_000}}
    programme = {"culture": {"programme": {"enabled": True, "cost": 10_400, "funding": 0.5}}}
    twin, plain = funnel_twin(small(**office, **programme)), funnel_twin(small())
    assert not twin.leadership.enabled and not twin.culture.programme.enabled
    spent = [x.market.external * 500 * (10 * x.ledger.cost_per_lead + x.ledger.cost_per_win) for x in (twin, plain)]
    assert spent[0] - spent[1] == pytest.approx(1000 + 500 + 100), "a week, for leads and wins"


def test_a_loyalty_programme_ends_and_its_rewards_are_saved():
    club = {"loyalty": {"enabled": True, "share": 0.4, "earn": 1, "threshold": 1000, "reward_value": 50}}
    twin, plain = funnel_twin(small(**club)), funnel_twin(small())
    assert not twin.loyalty.enabled
    spent = [x.market.external * 500 * (10 * x.ledger.cost_per_lead + x.ledger.cost_per_win) for x in (twin, plain)]
    # 200 members, $ 100 a week each, 1 000 points for $ 50
    assert spent[0] - spent[1] == pytest.approx(200 * 100 / 1000 * 50)


def test_half_of_the_care_is_half_of_the_way():
    none, half, all_ = (funnel_twin(small(), post_sale=share, referral=1, group=True) for share in (0, 0.5, 1))
    for team in ("farmers", "desk", "works", "hunters"):
        ends = none.teams[team].headcount + all_.teams[team].headcount
        assert half.teams[team].headcount == pytest.approx(ends / 2, rel=1e-9)
    assert none.market.external > half.market.external > all_.market.external


def test_what_was_removed_does_not_come_back():
    changes = {
        "rhythm": {"from_week": 10, "set": {"cadence.interval_weeks": 1, "service.issues": 0.2}},
        "care": {"from_week": 20, "set": {"journey.touchpoints.visit.hours": 3}},
        "price": {"from_week": 30, "set": {"market.price": 1.1}},
    }
    twin = funnel_twin(small(timeline={"changes": changes}))
    assert set(twin.timeline.changes) == {"rhythm", "price"}
    assert set(twin.timeline.changes["rhythm"].values) == {"cadence.interval_weeks", "service.issues"}
    twin = funnel_twin(small(timeline={"changes": {"again": {"from_week": 9, "set": {"cadence.enabled": True}}}}))
    assert not twin.timeline.changes


def test_a_company_without_teams_or_money():
    bare = fs.load({"axes": ["a", "b"], "segments": {"all": {"need": {"a": 1}}}, "ledger": {"enabled": False}})
    twin = funnel_twin(bare)
    assert twin.word_of_mouth.advocate == 0
    assert twin.market.external == bare.market.external
    nobody_wins = small().with_({"journey.touchpoints.pitch": None})
    assert funnel_twin(nobody_wins).teams == nobody_wins.teams, "heads have nowhere to go"
    assert funnel_twin(nobody_wins).market.external > nobody_wins.market.external


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"keep": "change"}, "expected 'budget' or 'savings'"), ({"post_sale": 1.5}, "between 0 and 1")],
    ids=str,
)
def test_mistakes(wrong, said):
    with pytest.raises(ScenarioError, match=said):
        funnel_twin("b2b-saas", **wrong)
