"""Every limit of `flywheel verify`, as it stands and at other parameters; the rest of this folder is what it is not.

Rule: one chance in a hundred that any of a limit's quantities fails while the engine is right, shared by all cases.
"""

import pytest

from flywheel_sim.study.verification.limits import LIMITS
from flywheel_sim.study.verification.verify import verify

pytestmark = pytest.mark.statistical

THREE = {"axes": ["acquire", "value", "care"]}


def queue(load, servers, hours=1.0, week=40.0, customers=2000, weeks=520):
    """A queue with so much work, as settings."""
    return {
        "service.servers": servers,
        "service.handling_hours": hours,
        "service.issues": load * week / hours / customers,
        "capacity.gross_hours": week,
        "market.accounts": customers,
        "market.initial_customers": customers,
        "horizon_weeks": weeks,
    }


CASES = [
    *((key, {}) for key in LIMITS),
    ("A1", {"market.accounts": 100, "word_of_mouth.rate": 0.012}),
    ("A1", {"market.accounts": 2000, "market.external": 0.001, "horizon_weeks": 260}),
    ("A3", {"market.churn.mean": 0.2, "market.churn.dispersion": 0.1}),
    ("A4", {"contracts.purchase_shape": 1.5, "market.churn.mean": 0.1, "market.churn.dispersion": 0.1}),
    ("A5", {"market.churn.mean": 0.35, "ledger.discount_rate": 0.2}),
    ("A7", {"market.churn.mean": 0.10}),
    ("A11-strong", {"market.network.degree": 6}),
    *(
        ("A18", {"culture.learning.from_code": p1, "culture.learning.of_code": p2})
        for p1, p2 in ((0.1, 0.1), (0.5, 0.5), (0.5, 0.9), (0.9, 0.1), (0.9, 0.9))
    ),
    *(("A19-order", {"vectors.coupling.fixed": float(kappa)}) for kappa in (0, 1, 6)),
    *(("A19-order", {**THREE, "vectors.coupling.fixed": float(kappa)}) for kappa in (1, 3, 6)),
    ("A19-field", {"teams.marketing.field.acquire": 4.0}),
    ("A19-field", {**THREE, "teams.marketing.field.acquire": 2.0}),
    ("A20", {"cadence.interval_weeks": 4, "cadence.pull": 0.4}),
    ("A20", {"cadence.interval_weeks": 1, "cadence.pull": 1.0}),
    ("A21-wait", queue(0.8, 1, week=80.0, weeks=1040)),
    *(("A21-wait", queue(load, servers)) for load, servers in ((2.4, 3), (4, 5), (18, 20))),
    *(("A21-wait", queue(8, 10, hours, customers=1000, weeks=2000)) for hours in (8.0, 60.0)),  # at any tick
    ("A21-wait", queue(8, 10, 0.25, customers=4000, weeks=260)),
    ("A21-wait", queue(4, 40, customers=1000, weeks=104)),  # nobody waits
    ("A21-returns", {"service.first_contact_resolution": 0.7}),
    ("A22", {"capacity.pair_hours": 2.0}),
    *(
        ("A24", {"leadership.tenure_months": months, "leadership.vacancy_weeks": vacancy})
        for months, vacancy in ((26, 0), (26, 26), (40, 17))
    ),
    *(("A25-half", {"reactions.gain": gain}) for gain in (0.0, 0.25, 0.9)),
    *(("A25-late", {"reactions.gain": gain}) for gain in (0.25, 0.9)),
    *(("A27", {"causes.load": rho}) for rho in (0.8, 1.0, 1.2, 1.3)),
    ("A29", {"culture.effort_month": 0.05, "culture.start": 0.0, "horizon_weeks": 520}),
    *(
        ("A30", {**queue(load, servers), "service.patience_hours": hours})
        for load, servers, hours in ((8, 10, 1.0), (20, 10, 10.0), (0.8, 1, 0.0), (3, 2, 0.25), (4, 40, 1.0))
    ),
]


@pytest.mark.parametrize(
    ("key", "changes"), CASES, ids=[f"{key}-{n}" if changes else key for n, (key, changes) in enumerate(CASES)]
)
def test_limit(key, changes):
    found = verify([key], changes=changes, false_alarm=0.01 / len(CASES))
    assert [check.key for check in found.checks] == [key]
    wrong = [
        (q.name, q.theory, q.model, q.error)
        for check in found.checks
        for q, ok in zip(check.quantities, check.passed, strict=True)
        if not ok
    ]
    assert wrong == []
