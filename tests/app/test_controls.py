"""Sliders stand where the schema allows."""

import math

import pytest

from flywheel_sim.app.controls import groups, levers, round_up
from flywheel_sim.scenario import ScenarioError, load, scenarios
from flywheel_sim.scenario.schema import MECHANISMS


@pytest.mark.parametrize("name", [name for name, entry in scenarios().items() if entry.kind in ("company", "teaching")])
def test_ends_of_every_slider_are_near_and_allowed(name):
    scenario = load(name)
    for group in groups(scenario):
        for control in group.controls:
            if control.kind not in ("number", "whole"):
                continue
            assert control.low <= control.value <= control.high
            assert control.low < control.high and 0 < control.step <= control.high - control.low
            assert control.allowed


def test_the_schema_takes_both_ends_of_the_levers():
    scenario = load("relationship-flywheel")
    for control in levers(scenario):
        for value in (control.low, control.high) if control.kind == "number" else ():
            try:
                scenario.with_({control.path: value})
            except ScenarioError as error:
                assert "above 0" in str(error), control  # an open limit: the screen says so


def test_every_mechanism_with_a_number_has_a_group():
    found = {group.key for group in groups(load("everything-on"))}
    assert set(MECHANISMS.values()) - found <= {"measures", "timeline"} and {"teams", "segments"} <= found


def test_a_company_without_teams_has_controls_too():
    bare = load("limits/a01-bass")
    assert groups(bare) and all(not control.path.startswith("teams.") for control in levers(bare))


def test_marks_say_what_the_scenario_set():
    marks = {control.path: control.evidence for group in groups(load("b2b-saas")) for control in group.controls}
    assert marks["market.external"].startswith("second-hand") and marks["market.accounts"] == "assumption"
    assert marks["teams.sales.headcount"] == "set by the scenario"


def test_round_up_is_never_below():
    for value in (1e-9, 0.3, 0.5, 0.51, 7, 10, 99.9, 1e6):
        assert value <= round_up(value) * (1 + 1e-8) <= 5 * value * (1 + 1e-8) + (value < 1e-12)


@pytest.mark.parametrize("value", [1e299, 1e308, 1.7e308, math.inf])
def test_a_slider_ends_before_floats_do(value):
    assert 1e299 <= round_up(value) <= 1e300
