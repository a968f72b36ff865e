"""What the Explain and Compare screens show."""

from pathlib import Path

import numpy as np
import pytest
from random_walk_runs import runs

import flywheel_sim
from flywheel_sim.app.comparing import OFFERED, Shelf, compared, table
from flywheel_sim.app.jobs import Cancelled, Job
from flywheel_sim.app.mechanisms import how_tested, mechanism, mechanisms, passages
from flywheel_sim.results import Outcomes
from flywheel_sim.scenario import ScenarioError, load
from flywheel_sim.scenario.schema import MECHANISMS
from flywheel_sim.study.claims.table import claim_table

ROOT = Path(flywheel_sim.__file__).resolve().parents[1]


@pytest.mark.parametrize("number", MECHANISMS)
def test_every_mechanism_says_what_it_is(number):
    found = mechanism(number)
    assert found.title and found.summary and "neutral" in found.text.casefold() and found.parameters
    assert (ROOT / found.module).is_file() and (ROOT / found.test).is_file()
    assert sum(count for _, count in found.evidence) == len(found.parameters)
    assert all(number in claim.mechanisms for claim in found.claims)
    assert any(not formula for formula, _ in passages(found.text))
    words = found.text.replace("``", "").replace("**", "").split()
    assert [word for _, passage in passages(found.text) for word in passage.split()] == words


def test_every_claim_is_told_somewhere():
    told = {claim.number for one in mechanisms() for claim in one.claims}
    assert told == set(claim_table())
    assert all(how_tested(claim) for claim in claim_table().values())


def test_the_table_has_a_cell_for_every_scenario():
    outcomes = Outcomes.of([*runs(6), runs(6)[1]])
    rows = table(outcomes)
    assert len({name for name, _ in rows}) == len(rows) > 8
    assert all(len(values) == 3 for _, values in rows)
    assert dict(rows)["Less the baseline's, mean"][0] == "baseline"


def test_reports_are_kept_for_a_while_under_names_of_their_own():
    shelf, outcomes = Shelf(), Outcomes.of(runs(4))
    names = [shelf.put(outcomes) for _ in range(2)]
    page = shelf.get(names[0])
    assert page and page == shelf.get(names[1]) and "<svg" in page
    assert names[0] != names[1] and len(names[0]) > 15 and shelf.get("x") is None


def test_a_comparison_in_the_app_is_the_one_of_the_command_line():
    pair = [
        load(name).with_({"market.accounts": 300, "market.initial_customers": 30, "horizon_weeks": 20})
        for name in ("mbo-pay", "churn-pay")
    ]
    found, plain = compared(pair, OFFERED[0], 1, Job()), flywheel_sim.compare(pair, OFFERED[0], 1, as_assumed=True)
    assert np.array_equal(found.finals, plain.finals, equal_nan=True)
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        compared(pair, 10, 1, job)
    with pytest.raises(ScenarioError):
        compared(pair, 10_000, 1, Job())
