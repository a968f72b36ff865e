"""What a run's luck is keyed by, and what an outcome looks at, is taken as it is meant or refused."""

import mesa
import pytest

import flywheel_sim as fs
from flywheel_sim.execute.run import batch
from flywheel_sim.model.rules import replicate_of
from flywheel_sim.scenario import ScenarioError
from flywheel_sim.study.design.points import laid
from flywheel_sim.study.design.study_file import read_study

STUDY = {"scenario": "b2b-saas", "set": {"horizon_weeks": 30}, "parameters": {"market.price": [1.0]}}


@pytest.mark.parametrize("seed", [1.9, True, "1", None])
def test_a_seed_that_is_no_whole_number_is_refused(seed: object) -> None:
    with pytest.raises(TypeError, match="seed: expected a whole number"):
        fs.run("b2b-saas", seed=seed)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="seed: expected a whole number"):
        batch(["b2b-saas"], seed=seed)  # type: ignore[arg-type]


def test_a_seed_that_no_key_holds_is_refused() -> None:
    for seed in (-1, 2**32):
        with pytest.raises(ValueError, match="from 0 to"):
            fs.run("b2b-saas", seed=seed)


def test_iterations_of_batch_run_are_replicates() -> None:
    class Probe(mesa.Model):
        def __init__(self, replicate: int | None = None) -> None:
            super().__init__()
            self.number = replicate_of(replicate)
            self.datacollector = mesa.DataCollector(model_reporters={"number": "number"})

        def step(self) -> None:
            self.datacollector.collect(self)
            self.running = False

    rows = mesa.batch_run(Probe, {}, iterations=3, display_progress=False)
    assert [row["number"] for row in rows] == [0, 1, 2]
    with pytest.raises(ValueError, match="leave replicate out"):
        mesa.batch_run(Probe, {"replicate": [4]}, iterations=2, display_progress=False)
    assert (replicate_of(None), replicate_of(4)) == (0, 4)


def test_an_outcome_beyond_the_horizon_is_refused_before_the_first_run() -> None:
    with pytest.raises(ScenarioError, match=r"'customers.at31' looks at week 31, and there are runs of 30 weeks"):
        laid(read_study(STUDY | {"outcomes": ["customers.at31"]}))
    varied = STUDY | {"parameters": {"horizon_weeks": [26, 52]}, "outcomes": ["npv", "revenue.to52"]}
    with pytest.raises(ScenarioError, match=r"runs of 26 weeks; did you mean 'revenue.to26'"):
        laid(read_study(varied))
    assert laid(read_study(STUDY | {"outcomes": ["customers.at30", "revenue.to26"]})).runs == 1


@pytest.mark.parametrize(
    "more",
    [
        {"search": {"objectives": {"customers.at31": "maximise"}}},
        {"search": {"objectives": {"npv": "maximise"}, "constraints": [{"outcome": "customers.at31", "at_least": 1}]}},
        {"search": {"objectives": {"npv": "maximise"}}, "outcomes": ["customers.at31"]},
    ],
)
def test_a_search_refuses_it_as_well(more: dict[str, object]) -> None:
    search = STUDY | {"parameters": {"market.price": {"range": [0.9, 1.1]}}} | more
    with pytest.raises(ScenarioError, match=r"'customers.at31' looks at week 31, and there are runs of 30 weeks"):
        read_study(search)
    longer = search | {"set": {"horizon_weeks": 31}}
    read_study(longer)
    moved = {"market.price": {"range": [0.9, 1.1], "also": []}, "horizon_weeks": {"range": [20, 31]}}
    with pytest.raises(ScenarioError, match=r"there are runs of 20 weeks; did you mean 'customers.at20'"):
        read_study(longer | {"parameters": moved})
