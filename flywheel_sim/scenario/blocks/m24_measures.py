"""Scenario block of M24: readouts."""

from flywheel_sim.scenario.fields import Block, param


class Measures(Block):
    """M24: what is measured; nothing here causes anything."""

    enabled: bool = param(True, "Off: scores are not computed.", label="Customer scores")
    per_account: bool = param(
        False, "Count every account's touches, failures, contacts, hours and answers: more columns of `customers`."
    )
    debug: bool = param(False, "Check conservation every week.")
    warm_up_weeks: int = param(0, "Weeks left out of the means in the summary.", unit="weeks", ge=0, le=5200)
