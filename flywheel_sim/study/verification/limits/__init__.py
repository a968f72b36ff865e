"""Every closed form A1-A30: the limits in which the simulation must be it, or why it is theory only.

`LIMITS` is what `verify` runs, what the tests of limits call and what docs/verification.md lists.
"""

from flywheel_sim.study.verification.limits.base import Limit
from flywheel_sim.study.verification.limits.company import COMPANY
from flywheel_sim.study.verification.limits.customers import CUSTOMERS
from flywheel_sim.study.verification.limits.teams import TEAMS

__all__ = ["LIMITS", "THEORY_ONLY", "limits_of"]


def _place(limit: Limit) -> tuple[int, str]:
    return int(limit.anchor[1:]), limit.key


#: Every limit by its key, A1 first.
LIMITS: dict[str, Limit] = {limit.key: limit for limit in sorted((*CUSTOMERS, *TEAMS, *COMPANY), key=_place)}

#: Closed form -> why no scenario is run for it.
THEORY_ONLY: dict[str, str] = {
    "A8": "a cohort whose referrers are known from the start cannot be set up from a scenario; the factor while the "
    "referrer stays and the fading premium are tested one by one (tests/mechanisms/test_m05_leaving.py)",
    "A9": "the multiplier is A10's with the sign turned; a customer removed by the timeline leaves for good, while the "
    "form returns it to the market",
    "A12": "the model has one rule for bad news, a block of so many weeks, and not the form's weighing of good against "
    "bad ties; a block for good is tested (tests/mechanisms/test_m05_ties.py)",
    "A13": "stated intentions of one survey, used as the asymmetry of M2 and not as a law to be met",
    "A14": "a pattern of correlations along a chain, not a configuration; morale's links are tested with C25",
    "A17": "the model has no rugged landscape: strategies differ by their angle to the need alone",
    "A28": "the loop needs Forrester's sales force and backlog, which the model has not; its table of delays is in use "
    "and tested (tests/mechanisms/test_m01_onboarding.py)",
}


def limits_of(name: str) -> list[Limit]:
    """Return limits of a closed form, or the one of this key.

    Examples
    --------
    >>> [limit.key for limit in limits_of("A25")], [limit.key for limit in limits_of("a25-late")]
    (['A25-full', 'A25-half', 'A25-late'], ['A25-late'])
    """
    head, dash, tail = name.partition("-")
    key = head.upper() + dash + tail.lower()
    return [limit for limit in LIMITS.values() if key == (limit.key if dash else limit.anchor)]
