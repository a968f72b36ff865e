"""A slice of the fuzz: whatever is changed in what is read, it is read or refused, and nothing is an internal error."""

import pytest
from fuzz.mutate import INTERNAL_ERROR, read_once, trials

from flywheel_sim.scenario import layering


@pytest.mark.parametrize("kind", ["scenarios", "studies", "results", "links"])
def test_what_is_changed_at_random_is_read_or_refused(kind, monkeypatch):
    monkeypatch.setattr(layering, "read", layering.read)  # put back in the end
    read_once()
    faults = [
        (number, what, trace) for number, _, what, code, trace, _ in trials(1, 40, (kind,)) if code == INTERNAL_ERROR
    ]
    assert faults == []


def test_a_fault_of_our_own_would_be_seen():
    from fuzz.mutate import judged

    def broken():
        raise RuntimeError("a fault")

    assert judged(broken)[0] == INTERNAL_ERROR and "a fault" in judged(broken)[1]
    assert judged(lambda: None)[0] == 0
