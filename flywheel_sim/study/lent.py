"""A company that nobody stops lending to, for questions that are not about its lenders."""

from flywheel_sim.scenario import Scenario

__all__ = ["ENDLESS_CREDIT", "lent"]

#: Setting that keeps lenders from closing a company (M23).
ENDLESS_CREDIT = {"ledger.can_fail": False}


def lent(scenario: Scenario) -> Scenario:
    """Return a company that cannot fail.

    What was observed of a company, or is known of it, was seen while it lived, so a draw or a fit is held to that and
    not to how long lenders would have waited; and a company that is closed answers no lever.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> load("b2b-saas").get("ledger.can_fail"), lent(load("b2b-saas")).get("ledger.can_fail")
    (True, False)
    """
    return scenario.varied(ENDLESS_CREDIT)
