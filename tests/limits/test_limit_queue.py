"""A21 with the event-timed queue: waits in hours are those of M/M/c, at any length of a service time."""

import numpy as np
import pytest

from flywheel_sim import theory
from flywheel_sim.execute.run import batch
from flywheel_sim.scenario import load

pytestmark = pytest.mark.statistical

WARM_UP, REPLICATES = 26, 8


def queue(load_offered, servers, *, hours=1.0, returning=0.0, week=40.0, customers=2000, **more):
    """Share that waits, mean wait in service times, and repeats per contact; each as (mean, standard error)."""
    scenario = load("limits/a21-queue").with_(
        {
            "service.servers": servers,
            "service.handling_hours": hours,
            "service.issues": load_offered * week / hours / customers,
            "service.first_contact_resolution": 1 - returning,
            "capacity.gross_hours": week,
            "market.accounts": customers,
            "market.initial_customers": customers,
            **more,
        }
    )
    found = []
    for run in batch([scenario], replicates=REPLICATES, teams=False)[0]:
        handled, contacts, wait, waited, repeats, use = (
            run.series(name)[WARM_UP:]
            for name in ("handled", "contacts", "wait_weeks", "waited", "repeat_contacts", "utilisation")
        )
        in_service_times = np.sum(wait * handled) / handled.sum() * week / hours
        # what waits at the end of a week is asked for again in the next, so use lies above the load by L_q h
        found.append(
            (waited.sum() / handled.sum(), in_service_times, repeats.sum() / contacts.sum(), np.mean(use) * servers)
        )
    values = np.array(found)
    return values.mean(0), values.std(0, ddof=1) / np.sqrt(len(values))


def close(found, error, exact, relative):
    """Within 3.5 standard errors, and those small enough to say something."""
    assert error < relative * exact, (found, error, exact)
    assert abs(found - exact) < 3.5 * error, (found, error, exact)


@pytest.mark.parametrize(("returning", "delay"), [(0.0, 1.0), (0.2, 1.0), (0.3, 1.0), (0.3, 0.0)])
def test_a21_failed_fixes_come_back(returning, delay):
    mean, error = queue(6, 10, returning=returning, **{"service.return_delay_weeks": delay})
    load_all = float(theory.failure_demand(6, returning))
    if delay > 0:  # what returns at once sees its own service end: a little less wait than Poisson arrivals
        close(mean[1], error[1], float(theory.erlang_wait(load_all, 10)), 0.08)
    assert mean[2] == pytest.approx(returning, abs=4e-3)
    waiting = load_all * mean[1] / 40.0
    assert mean[3] == pytest.approx(load_all + waiting, rel=6e-3)


def test_a21_without_equilibrium_the_backlog_grows_by_what_cannot_be_handled():
    scenario = load("limits/a21-queue").with_({"service.servers": 6, "horizon_weeks": 20})
    run = batch([scenario], replicates=1, teams=False)[0][0]
    assert run.series("handled")[1:].mean() == pytest.approx(6 * 40, rel=0.03)
    assert run.series("backlog")[-1] == run.series("contacts").sum() - run.series("handled").sum()
    assert run.series("utilisation")[-1] > 5
