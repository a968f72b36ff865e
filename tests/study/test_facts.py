"""Facts: roles are lawful, tables are read rightly, verdicts and counts are right, and the command says them."""

import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

import flywheel_sim as fs
from flywheel_sim.cli import flywheel
from flywheel_sim.results.facts import Fact, Facts, Tally
from flywheel_sim.scenario import ScenarioError, load
from flywheel_sim.scenario.bibliography import bibliography, marks_in
from flywheel_sim.scenario.schema import ScenarioModel
from flywheel_sim.scenario.shapes import along, every_path, root
from flywheel_sim.study.facts import estimators as est
from flywheel_sim.study.facts import trial
from flywheel_sim.study.facts.following import Followed, NoInterface
from flywheel_sim.study.facts.measures import MEASURES, STAGES, Arms, arms_of
from flywheel_sim.study.facts.prior import SPREAD, drawn
from flywheel_sim.study.facts.table import COMPANIES, ROLES, Part, arm, arms, fact_table

SMALL = {"market.accounts": 400, "market.initial_customers": 100}
#: Facts that a law or a bar of the model names: they can be no evidence.
NAMED = (
    "S1",
    "S2",
    "S4",
    "S7",
    "S9",
    "S10",
    "S14",
    "S15",
    "S16",
    "S17",
    "S19",
    "S20",
    "S21",
    "S22",
    "S27",
    "S28",
    "S40",
)


def test_every_fact_of_the_bibliography_has_a_role_and_no_other():
    facts = fact_table()
    assert list(facts) == [mark for mark in bibliography() if mark.startswith("S")]
    for fact in facts.values():
        assert fact.role in ROLES and set(fact.companies) <= set(COMPANIES)
        assert fact.how or fact.no_interface
        for part in fact.parts:
            assert part.measure in MEASURES and arms_of(part.arguments) <= set(arms())
            assert part.low < part.high and (math.isinf(part.high - part.low) == part.sign)
            assert set(part.companies) <= set(fact.companies)


def test_what_a_law_or_a_target_names_is_no_evidence():
    facts = fact_table()
    assert all(facts[mark].role != "validates" for mark in NAMED)
    named = {
        mark
        for company in COMPANIES
        for target in load(company).model.frozen.targets.values()
        for mark in bibliography()
        if mark.startswith("S") and mark in target.source.replace(":", " ").replace(";", " ").split()
    }
    assert {"S24", "S25", "S26", "S28"} <= named
    assert all(facts[mark].role != "validates" for mark in named)
    further = [fact for mark, fact in facts.items() if int(mark[1:]) > 28 and mark not in NAMED]
    assert len(further) >= 8 and all(fact.role == "validates" for fact in further)
    sources = " ".join(
        str(shape.extra.get("source") or "")
        for path in every_path(ScenarioModel)
        if (shape := along(root(ScenarioModel), path)) is not None
    )
    assert not {fact.mark for fact in further} & set(marks_in(sources))


def test_arms_are_legal_companies_that_differ():
    for company in COMPANIES:
        base = load(company)
        wanted = {
            name
            for fact in fact_table().values()
            for part in fact.parts
            if company in part.companies
            for name in arms_of(part.arguments)
        }
        for name in wanted - {"base"}:
            assert arm(base, name).hash != base.hash, name
    heads = load("b2b-saas").get("teams.sales.headcount")
    assert arm(load("b2b-saas"), "fourfold").get("teams.sales.headcount") == 4 * heads


def test_draws_of_the_prior_move_what_is_assumed_and_nothing_else():
    base = load("b2c-subscription")
    assert drawn(base, 3).hash == drawn(base, 3).hash != drawn(base, 4).hash
    assert drawn(base, 3, seed=2).hash != drawn(base, 3).hash
    assumed = {path for path, (mark, _) in base.marks.items() if mark == "a"}
    other = drawn(base, 3)
    for path in base.marks:
        if path not in assumed:
            assert other.get(path) == base.get(path), path
    moved = [path for path in assumed if isinstance(base.get(path), float) and other.get(path) != base.get(path)]
    assert len(moved) > 20
    logs = [np.log(drawn(base, k).get(path) / base.get(path)) for k in range(8) for path in moved[:10]]
    assert np.std(logs) == pytest.approx(SPREAD, rel=0.4)


def table(**columns):
    n = len(columns["spells"])
    given = {
        "segment": ["all"] * n,
        "state": ["customer"] * n,
        "first_source": ["external"] * n,
        "first_referrer": [-1] * n,
        "start_week": [1] * n,
        "end_week": [-1] * n,
        "revenue": np.ones(n),
        "profit": np.ones(n),
        **columns,
    }
    return {name: np.asarray(values) for name, values in given.items()}


def ratio(pair):
    return pair[0] / pair[1]


def test_the_referred_are_followed_while_the_referrer_stays_and_after():
    # account 0 leaves in week 60; those it brought in week 1 then leave at once, the others stay or leave in week 100
    source = ["external", "word-of-mouth", "word-of-mouth", "external", "external"]
    end = [60, 61, 61, 100, -1]
    run = Followed(
        {260: table(spells=[1] * 5, first_source=source, first_referrer=[-1, 0, 0, -1, -1], end_week=end)}, {}
    )
    assert run.referred_hazard(present=True)[0] == 0.0
    _, week, left, _ = run.person_weeks
    assert left.sum() == 4 and len(week) == sum(e - 1 if e > 0 else 259 for e in end)
    above, _ = run.referred_hazard(present=False)
    assert above > 0


def test_a_referrer_counts_from_the_first_referral_on():
    source = ["external"] * 3 + ["word-of-mouth"] * 2
    by, start = [-1, -1, -1, 0, 0], [1, 1, 1, 30, 50]
    run = Followed({260: table(spells=[1] * 5, first_source=source, first_referrer=by, start_week=start)}, {})
    assert run.first_referral.tolist() == [30, 261, 261, 261, 261]
    account, week, *_ = run.person_weeks
    assert ((account == 0) & (week > run.first_referral[account])).sum() == 230
    assert ratio(run.referrals(least=2)) == 1.0 and run.referrals(least=1, most=1)[0] == 0.0


def test_value_of_the_referred_is_that_of_their_cohort_and_segment_with_whom_they_brought():
    end = table(
        spells=[1] * 5,
        first_source=["external", "external", "word-of-mouth", "word-of-mouth", "word-of-mouth"],
        first_referrer=[-1, -1, -2, 2, -2],
        start_week=[1, 2, 3, 60, 4],
        segment=["a", "a", "a", "a", "b"],
        profit=[10.0, 30.0, 15.0, 25.0, 999.0],
    )
    # account 2 in its quarter: 15 of its own and 25 brought, against 20 of others; 3 and 4 have nobody beside them
    assert Followed({260: end}, {}).referred_value() == (40.0, 20.0)


def test_neighbours_who_left_raise_the_hazard_and_those_of_another_account_do_not():
    rng = np.random.default_rng(5)
    n, weeks = 12_000, 260
    end = np.full(n, -1)
    for week in range(1, weeks + 1):
        lately = (end >= week - 8) & (end > 0) & (end < week)
        near = np.roll(lately, 1) | np.roll(lately, -1)
        end[(end < 0) & (rng.random(n) < np.where(near, 0.012, 0.004))] = week
    run = Followed({weeks: table(spells=np.ones(n, int), start_week=np.zeros(n, int), end_week=end)}, {}, reach=1)
    true_above, true_below, other_above, other_below = run.contagion(8)
    assert true_above / true_below == pytest.approx(3.0, rel=0.15)
    assert other_above / other_below == pytest.approx(1.0, rel=0.15)
    with pytest.raises(NoInterface, match="ring"):
        Followed({weeks: table(spells=np.ones(n, int))}, {}).contagion(8)


def test_prospects_beside_a_customer_are_told_from_those_who_are_not():
    rng = np.random.default_rng(6)
    n, weeks = 6000, 104
    start = np.full(n, 0)
    ever = np.zeros(n, bool)
    ever[::60] = True
    for week in range(1, weeks + 1):
        near = np.roll(ever, 1) | np.roll(ever, -1)
        won = ~ever & (rng.random(n) < np.where(near, 0.008, 0.002))
        ever[won], start[won] = True, week
    run = Followed({weeks: table(spells=ever.astype(int), start_week=np.where(ever, start, -1))}, {}, reach=1)
    assert ratio(run.neighbor_wins()) == pytest.approx(4.0, rel=0.15)


def test_who_was_best_before_is_compared_with_who_is_best_after():
    def at(profit, state=("customer",) * 5):
        return table(spells=[1] * 5, profit=profit, state=state)

    end = at([10, 9, 8, 7, 200], ("customer",) * 4 + ("former",))
    run = Followed({104: at([0, 0, 0, 0, 0]), 156: at([5, 4, 3, 2, 1]), 260: end}, {})
    assert run.missed(0.2) == 1.0
    assert run.segment_churn.__doc__ and run.ever("profit").sum() == 234


@pytest.mark.parametrize(
    ("mark", "part", "setting", "off", "on", "sign"),
    [
        ("S3", "hazard ratio", "word_of_mouth.contagion", 1.0, 3.0, 1),
        ("S7", "while the referrer stays", "word_of_mouth.referred_churn", 1.0, 0.5, -1),
        ("S8", "hazard ratio", "word_of_mouth.referrer_churn", 1.0, 0.35, -1),
    ],
)
def test_a_law_that_is_off_is_not_seen_and_one_that_is_on_is(mark, part, setting, off, on, sign):
    def seen(value):
        alone = {setting: value, "word_of_mouth.referred_fit": 0.0}  # who fits better stays longer, by another law
        tried = fs.facts([mark], companies=["b2c-subscription"], draws=0, replicates=4, changes=alone)
        return next(one for one in tried.facts if one.part == part)

    without, with_it = seen(off), seen(on)
    assert abs(without.value - 1.0) < max(3 * without.error, 0.05)
    assert sign * (with_it.value - 1.0) > max(5 * with_it.error, 0.2)


class Books:
    """A run of which weekly columns are known."""

    def __init__(self, **columns):
        self.columns = {name: np.asarray(values, float) for name, values in columns.items()}
        self.weeks = len(next(iter(self.columns.values())))

    def series(self, name, start=False):
        values = self.columns[name]
        return np.concatenate(([values[0]], values)) if start else values


def books(**arms):
    """Arms whose runs are books."""
    return Arms({name: [[SimpleNamespace(run=run)] for run in runs] for name, runs in arms.items()})


def value(name, arms, **arguments):
    rows, of = MEASURES[name](arms, **arguments)
    return of(rows.mean(axis=0))


def test_sums_changes_and_elasticities_of_known_books():
    base = [Books(won=[10, 10], lost=[5, 5]), Books(won=[20, 20], lost=[5, 5])]
    more = [Books(won=[11, 11], lost=[5, 5]), Books(won=[22, 22], lost=[10, 10])]
    arms = books(base=base, more=more)
    assert value("total", arms, columns={"won": 1}, per={"lost": 1}) == pytest.approx(3.0)
    assert value("change", arms, columns={"won": 1}, arm="more") == pytest.approx(0.1)
    assert value("change", arms, columns={"won": 1}, per={"lost": 1}, arm="more") == pytest.approx(66 / 30 / 3 - 1)
    assert value("elasticity", arms, columns={"won": 1}, arm="more", step=0.21) == pytest.approx(0.5)
    assert value("difference", arms, columns={"won": 1, "lost": -1}, arm="more", against="base") == pytest.approx(-1.0)
    arms = books(base=base, more=more, other=[Books(won=[12.1, 12.1]), Books(won=[24.2, 24.2])])
    ratio_of_two = value("elasticity-ratio", arms, columns={"won": 1}, arm="other", other="more", step=0.2)
    assert ratio_of_two == pytest.approx(2.0)


def test_growth_that_lasts_by_four_fifths_has_that_persistence():
    rates = 0.5 * 0.8 ** np.arange(5)
    yearly = np.concatenate(([1.0], np.cumprod(1 + rates)))
    spend = np.interp(np.arange(1, 261), np.arange(6) * 52, yearly)
    assert value("persistence", books(base=[Books(spend=spend)]), column="spend") == pytest.approx(0.8, abs=0.01)


@pytest.mark.parametrize("exponent", [0.0, 0.2, 0.5])
def test_the_exponent_with_which_spread_falls_is_found(exponent):
    rng = np.random.default_rng(7)

    def firms(size):
        growth = rng.normal(0.1, 0.05 * size**-exponent, (400, 5))
        return [Books(revenue=np.repeat(np.exp(np.cumsum(one)), 52)) for one in growth]

    arms = books(small=firms(1), large=firms(16))
    assert value("size-variance", arms, small="small", large="large", factor=16) == pytest.approx(exponent, abs=0.03)


@pytest.mark.parametrize(
    ("low", "high", "sign", "value", "error", "verdict"),
    [
        (0.2, 0.5, False, 0.2, 9.0, "agrees"),
        (0.2, 0.5, False, 0.51, 9.0, "fails"),
        (0.0, math.inf, True, 0.3, 0.1, "agrees"),
        (0.0, math.inf, True, 0.3, 0.2, "fails"),
        (-math.inf, 0.0, True, -0.3, 0.1, "agrees"),
        (-math.inf, 0.0, True, 0.3, 0.1, "fails"),
    ],
)
def test_a_band_or_a_sure_sign_decides(low, high, sign, value, error, verdict):
    assert (
        trial.verdict(Part(name="x", measure="total", low=low, high=high, unit="", sign=sign), value, error) == verdict
    )


def found(mark, role, verdict, *, part="x", company="b2b-saas", sign=False, pass_rate=math.nan):
    return Fact(
        mark=mark, part=part, company=company, role=role, value=1.0, error=0.1, low=0.0, high=2.0, unit="",
        verdict=verdict, sign=sign, pass_rate=pass_rate,
    )  # fmt: skip


def test_easy_facts_signs_and_what_cannot_be_seen_are_counted_apart():
    every = Facts(
        facts=(
            found("S1", "put in", "agrees"), found("S1", "put in", "fails", part="y"),
            found("S5", "validates", "agrees", pass_rate=0.2), found("S29", "validates", "fails", pass_rate=0.9),
            found("S30", "validates", "agrees", pass_rate=0.8),
            found("S39", "validates", "agrees", pass_rate=0.9, sign=True),
            found("S23", "validates", "agrees", sign=True),
            found("S23", "validates", "fails", sign=True, company="b2c-subscription"),
            found("S18", "validates", "no interface"),
        ),
        replicates=2, draws=5, seed=1,
    )  # fmt: skip
    assert every.tallies == {
        "put in": Tally(0, 1, 0),
        "calibrates": Tally(0, 0, 0),
        "validates": Tally(1, 1, 1),
        "validates, easy": Tally(2, 3, 0),
        "validates, sign alone": Tally(1, 2, 0),
    }
    assert every.sentence.startswith("Agree, each fact once a company: 1 of 1 validating facts with a band, 1 of 2")
    assert every.sentence.endswith("; 1 have no interface.")


def test_facts_are_the_same_at_the_same_seed_and_what_was_published_decides():
    one, again = (fs.facts(["S26", "S9"], changes=SMALL, draws=0, replicates=2, seed=4) for _ in range(2))
    assert json.dumps(one.to_dict()["facts"]) == json.dumps(again.to_dict()["facts"])
    assert {f.company for f in one.facts} == set(COMPANIES)
    share = next(f for f in one.facts if f.mark == "S26")
    runs = [
        fs.run(
            load("b2c-subscription").with_({**SMALL, "horizon_weeks": STAGES[-1], "ledger.can_fail": False}),
            seed=4,
            replicate=k,
        )
        for k in range(2)
    ]
    lost = [sum(run.series(name).sum() for run in runs) for name in ("churned_involuntary", "churned")]
    assert share.value == pytest.approx(lost[0] / lost[1])


def test_the_command_says_what_the_contract_says(tmp_path):
    page = tmp_path / "facts.html"
    words = ["facts", "s30", "S18", "--company", "b2c-subscription", "--draws", "1", "--replicates", "2", "--json"]
    words += [f"--set={path}={value}" for path, value in SMALL.items()]
    done = CliRunner().invoke(flywheel, [*words, "--report", str(page)])
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert answer["schema"] == "flywheel.facts/1"
    first, second = answer["data"]["facts"]
    assert {"id", "company", "role", "value", "low", "high", "verdict"} <= set(first)
    assert first["id"] == "S18" and first["verdict"] == "no interface" and first["value"] is None and first["says"]
    assert second["id"] == "S30" and second["low"] == 0.5 and second["pass_rate"] in (0.0, 1.0)
    text = page.read_text("utf-8")
    assert "McCarthy" in text and "://" not in text


@pytest.mark.parametrize(
    ("words", "said"),
    [(["S61"], "there is no fact 'S61'"), (["S1", "--company", "b2b-sas"], "b2b-saas"),
     (["S26", "--company", "b2b-saas"], "expected b2c-subscription"), (["S9", "--replicates", "1"], "from 2 to")],
)  # fmt: skip
def test_mistakes_are_said_before_the_first_run(words, said):
    done = CliRunner().invoke(flywheel, ["facts", *words])
    assert done.exit_code == 2 and said in done.output and "Traceback" not in done.output


def test_a_change_that_is_refused_is_an_error_of_the_user():
    with pytest.raises(ScenarioError, match=r"market\.acounts"):
        fs.facts(["S9"], changes={"market.acounts": 3})


def test_loss_makers_among_cross_buyers_are_found_in_a_made_up_table():
    """A hundred customers: 20 of 40 cross-buyers lose $7 each, 10 of 60 others $6."""
    bought = np.repeat([1.0, 0.0], [40, 60])
    profit = np.concatenate((np.repeat([-7.0, 9.0], [20, 20]), np.repeat([-6.0, 3.0], [10, 50])))
    losers, buyers, theirs, everybodys = est.unprofitable(profit, bought)
    assert (losers / buyers, theirs / everybodys) == (0.5, 0.7)


def test_the_effort_of_the_disloyal_is_read_by_thirds_of_a_made_up_table():
    """Detractors rise with effort from 10 % to 90 % in steps of a third; who never answers does not count."""
    effort = np.arange(400.0)
    answers = np.where(effort < 300, 2.0, 0.0)
    detracting = answers * np.repeat([0.1, 0.5, 0.9, 0.0], 100)
    shuffled = np.random.default_rng(3).permutation(400)
    least, asked, most, also = est.shares_by_third(effort[shuffled], detracting[shuffled], answers[shuffled])
    assert (least / asked, most / also) == (pytest.approx(0.1), pytest.approx(0.9))
