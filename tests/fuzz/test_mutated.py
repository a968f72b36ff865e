"""A slice of the fuzz: whatever is changed in what is read, it is read or refused, and nothing is an internal error."""

import pytest

from flywheel_sim.scenario import layering

pytest.importorskip("resource", reason="counts processor time as this system does not")
pytest.importorskip("nicegui")
from fuzz.mutate import INTERNAL_ERROR, KINDS, judged, read_once, trials


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_changed_at_random_is_read_or_refused(kind, monkeypatch):
    monkeypatch.setattr(layering, "read", layering.read)  # put back in the end
    read_once()
    assert [(one.number, one.told, one.trace) for one in trials(2, range(40), (kind,)) if one.bad] == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_user_sees_no_traceback_either(kind):
    faults = [(one.number, one.told, one.trace) for one in trials(2, range(100, 120), (kind,), real=20) if one.bad]
    assert faults == []


def test_a_trial_is_drawn_from_its_number_alone():
    whole = [one.told for one in trials(3, range(12))]
    assert [one.told for one in trials(3, range(5, 12))] == whole[5:]
    assert len(set(whole)) == 12


def test_a_fault_of_our_own_would_be_seen():
    def broken():
        raise RuntimeError("a fault")

    assert judged(broken)[0] == INTERNAL_ERROR and "a fault" in judged(broken)[1]
    assert judged(lambda: None)[0] == 0
