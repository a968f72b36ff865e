"""A mechanism that comes later leaves the hash of every scenario that does without it as it was."""

from flywheel_sim.scenario import Scenario, load
from flywheel_sim.scenario.checking import check
from flywheel_sim.scenario.fields import Block, param
from flywheel_sim.scenario.hashing import ALWAYS, WORDS
from flywheel_sim.scenario.reading import Place
from flywheel_sim.scenario.schema import MECHANISMS, ScenarioModel


class Seasons(Block):
    """Issues come more often at one time of the year."""

    enabled: bool = param(False, "Off: issues come at the same rate all year.")
    swing: float = param(0.3, "How far the rate swings.", ge=0, lt=1)


class Wider(ScenarioModel):
    """The model with one mechanism more."""

    seasons: Seasons = param(Seasons(), "Seasons.")


def wider(**seasons: object) -> Scenario:
    source = load("b2b-saas").source | ({"seasons": seasons} if seasons else {})
    return Scenario(check(Wider, source, lambda path, name: Place(None, None, None)), source, name="b2b-saas")


def test_a_later_block_that_is_off_changes_no_hash() -> None:
    assert wider().hash == load("b2b-saas").hash
    assert wider(swing=0.5).hash == load("b2b-saas").hash
    assert wider(enabled=True).hash != load("b2b-saas").hash
    assert wider(enabled=True, swing=0.5).hash != wider(enabled=True).hash


def test_every_field_is_in_the_hash_or_words_or_a_mechanism_that_came_later() -> None:
    first = [block for number, block in MECHANISMS.items() if int(number[1:]) <= 27]
    later = set(MECHANISMS.values()) - set(first)
    assert set(ScenarioModel.model_fields) - later == ALWAYS | set(WORDS)
    assert not later & (ALWAYS | set(WORDS))
