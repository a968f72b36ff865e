"""Every number of the schema has two ends, and what is drawn between them gives numbers."""

import numpy as np
import pytest
from fuzz.legal import attempt, bounds, draw
from replica.service import erlang_wait

import flywheel_sim as fs
from flywheel_sim.engine.mechanisms.m08_service import _CROWD, _RECURSION
from flywheel_sim.results.missing_values import MAY_BE_MISSING, NotFiniteError, check_columns
from flywheel_sim.results.summary import SUMMARY
from flywheel_sim.scenario import ScenarioError, load
from flywheel_sim.scenario.columns import COL, N_COLUMNS
from flywheel_sim.scenario.schema import ScenarioModel
from flywheel_sim.scenario.shapes import along, every_path, root
from flywheel_sim.theory import erlang_c


def test_every_number_has_a_smallest_and_a_largest_value():
    shapes = {".".join(path): along(root(ScenarioModel), path) for path in every_path(ScenarioModel)}
    ends = {path: bounds(shape) for path, shape in shapes.items() if shape is not None}
    numbers = {path: pair for path, pair in ends.items() if pair is not None}
    assert len(numbers) > 400
    unbounded = {path for path, pair in numbers.items() if not np.isfinite(pair).all()}
    assert unbounded == {"doubt.widths.<name>"}, "factors of doubt are checked beside their marks"


def test_every_mapping_of_named_things_has_a_length():
    shapes = [along(root(ScenarioModel), path) for path in every_path(ScenarioModel)]
    blocks = [shape for shape in shapes if shape is not None and shape.entries is not None and shape.entries.block]
    assert len(blocks) > 10
    assert [
        shape.field.description for shape in blocks if not any(hasattr(m, "max_length") for m in shape.field.metadata)
    ] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("capacity.craft_speed", 50), ("vectors.coupling.fixed", 1e30), ("market.price", 1e38),
        ("capacity.span", 1e-300),
        ("ledger.opening_cash", 1e308), ("incentives.substitution", -1 / 3), ("market.churn.period_weeks", 1e-300),
        ("teams.sales.craft.care", 1e300), ("service.first_contact_resolution", 1e-9),
        ("sensing.answer_spread", 1e-300),
    ],
)  # fmt: skip
def test_where_physics_ends_is_said_with_the_field(path, value):
    with pytest.raises(ScenarioError) as refused:
        load("b2b-saas").with_({path: value})
    assert refused.value.problems[0].field == path and "expected" in str(refused.value)


def test_a_price_cannot_grow_beyond_all_money():
    with pytest.raises(ScenarioError, match=r"market\.price_rise: .* \$1e18"):
        load("b2b-saas").with_({"market.price_rise": 1, "horizon_weeks": 5200})


def test_more_segments_than_a_byte_counts_are_refused():
    segments = {f"s{k}": {"need": {"care": 1}} for k in range(257)}
    with pytest.raises(ScenarioError, match=r"segments: expected at most 256, got 259"):
        load({"extends": "b2b-saas", "segments": segments})


def test_the_work_of_a_week_is_bounded():
    crowd = {f"t{k}": {"headcount": 1, "craft": {"care": 1}} for k in range(200)}
    with pytest.raises(ScenarioError, match=r"vectors\.substeps: expected at most \d+ with \d+ teams"):
        load({"extends": "b2b-saas", "teams": crowd, "vectors": {"substeps": 10_000}})


def test_the_wait_in_a_crowd_of_servers_is_erlangs():
    for servers, load_ in ((100_500, 100_000.0), (150_000, 149_900.0), (150_000, 149_000.0)):
        b = 1.0
        for k in range(1, servers + 1):
            b = load_ * b / (k + load_ * b)
        whole = b / (1.0 - load_ / servers * (1.0 - b)) / (servers - load_)
        assert erlang_wait(servers, load_) == pytest.approx(whole, rel=1e-6, abs=1e-15)
    assert erlang_wait(5, 4.0) == pytest.approx(float(erlang_c(4.0, 5)) / (5 - 4.0))
    assert erlang_wait(int(_CROWD), 1e9) == 0.0 and _RECURSION == 100_000


def test_a_craft_at_its_fastest_comes_to_an_end():
    changes = {"capacity.craft_speed": 5, "teams.service.headcount": 1_000_000, "horizon_weeks": 8}
    changes["ledger.can_fail"] = False
    assert np.isfinite(fs.run(load("b2b-saas").with_(changes)).arrays.weekly).all()


@pytest.mark.parametrize("seed", range(1, 41))
def test_a_random_legal_scenario_gives_numbers(seed):
    scenario, found, _ = attempt(seed)
    assert found == [], scenario.changes


def test_the_same_seed_draws_the_same_scenario():
    import random

    assert draw(random.Random(7)) == draw(random.Random(7))


def test_a_run_with_a_number_that_is_none_is_refused_with_week_and_column():
    weekly = np.zeros((4, N_COLUMNS))
    weekly[2, COL.cash] = np.inf
    with pytest.raises(NotFiniteError, match=r"week 3 \(column cash\)") as refused:
        check_columns(weekly, 1, 0)
    assert refused.value.problems[0].message == str(refused.value)


def test_what_is_missing_is_declared_and_has_its_reason():
    assert set(MAY_BE_MISSING) <= set(SUMMARY)
    nobody = {"market.initial_customers": 0, "market.external": 0, "horizon_weeks": 8, "market.win_back.rate": 0}
    run = fs.run(load("b2b-saas").with_(nobody))
    assert run.missing["nrr"] == "it takes 52 weeks and this run has 8"
    assert run.missing["churn_annual"] == "it takes 52 weeks and this run has 8"
    assert run.missing["cac_payback_months"] == "nobody was won in the weeks that count"
    assert set(run.missing) == {key for key, value in run.summary.items() if not np.isfinite(value)}
    assert run.to_dict()["missing"] == dict(run.missing)
    longer = fs.run(load("b2b-saas").with_({**nobody, "horizon_weeks": 60}))
    assert longer.missing["churn_annual"] == "there were no customers a year before"


def test_means_of_other_keys_do_not_feel_a_missing_one():
    from flywheel_sim.execute.run import batch
    from flywheel_sim.results import Outcomes

    runs = batch([load("b2b-saas").with_({"horizon_weeks": 8, "market.accounts": 200})], replicates=4)
    found = Outcomes.of(runs).summary_of(0)["summary"]
    assert found["nrr"] is None
    assert found["npv"] == pytest.approx(float(np.median([run.summary["npv"] for run in runs[0]])))
