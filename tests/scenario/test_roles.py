"""Every setting is the company's, a decision, how strongly something works, or a record: the table is complete."""

import pytest

from flywheel_sim.scenario import load, scenarios
from flywheel_sim.scenario.fields import Block, param
from flywheel_sim.scenario.roles import ROLES, role_of
from flywheel_sim.scenario.schema import ScenarioModel
from flywheel_sim.scenario.shapes import NAME, along, declared, every_path, root


def fields() -> set[tuple[str, ...]]:
    """Every field of the schema that is no block, any name written ``*``."""
    found = set()
    for path in every_path(ScenarioModel):
        shape = along(root(ScenarioModel), path)
        assert shape is not None
        if shape.block is None and path[-1] != NAME:
            found.add(tuple("*" if part == NAME else part for part in path))
    return found


def test_every_field_has_one_role_and_every_role_a_field() -> None:
    assert fields() - set(ROLES) == set()
    assert set(ROLES) - fields() == set()


def test_every_value_of_every_shipped_scenario_has_a_role() -> None:
    from flywheel_sim.results.naming import leaves

    for name in scenarios():
        for path, _ in leaves(load(name).resolved()):
            assert role_of(path) in ("company", "decision", "effect", "record")


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("market.accounts", "company"), ("market.initial_customers", "company"), ("segments", "company"),
        ("segments.small.need", "company"), ("segments.small.need.ease", "company"), ("teams", "company"),
        ("teams.sales", "company"), ("axes", "company"), ("contracts.kind", "company"),
        ("teams.sales.headcount", "decision"), ("market.price", "decision"), ("incentives.pay", "decision"),
        ("incentives.pay.sales.on.churn", "decision"), ("cadence.interval_weeks", "decision"),
        ("cadence.pull", "effect"), ("incentives.measures.nps.gradient.care", "effect"), ("vectors.map_pull", "effect"),
        ("timeline.changes.x.set.market.accounts", "company"), ("timeline.changes.x.set.cadence.pull", "effect"),
        ("timeline.changes.x", "decision"), ("frozen.targets.nrr.low", "record"), ("title", "record"),
    ],
)  # fmt: skip
def test_decisions_are_no_effects_and_companies_no_decisions(path: str, role: str) -> None:
    assert role_of(path) == role


def test_what_has_no_role_is_refused_with_the_place_to_give_it_one() -> None:
    with pytest.raises(LookupError, match=r"seasons\.rate has no role: .*roles\.py"):
        role_of("seasons.rate")
    with pytest.raises(LookupError):
        role_of("market")


def test_a_field_can_say_itself_what_it_is_and_when_it_acts() -> None:
    class Part(Block):
        swing: float = param(0.3, "b.", role="effect")
        peak: float = param(4.0, "When.", role="company", acts="swing > 0")

    class Whole(Block):
        seasons: Part = param(Part(), "M28.")
        shops: dict[str, Part] = param({}, "By name.")

    assert dict(declared(Whole, "role")) == {
        ("seasons", "swing"): "effect",
        ("seasons", "peak"): "company",
        ("shops", "*", "swing"): "effect",
        ("shops", "*", "peak"): "company",
    }
    assert dict(declared(Whole, "acts"))["seasons", "peak"] == "swing > 0"
