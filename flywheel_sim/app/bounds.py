"""What one request may cost, so that nobody can ask for a day's work by accident, or for more memory than there is.

Cost is counted in customer-weeks: accounts x weeks x replicates, over all scenarios of the request.  A core does some
10 million a second.
"""

from collections.abc import Sequence

from flywheel_sim.scenario import Scenario, ScenarioError

__all__ = [
    "ACCOUNTS", "BODY_BYTES", "FILE_BYTES", "KEPT_BYTES", "LINK_CHARACTERS", "MESSAGE_BYTES", "QUERY_BYTES",
    "REPLICATES", "SCENARIOS", "WEEKS", "WORK", "affordable", "check", "check_count", "cost",
]  # fmt: skip

ACCOUNTS = 200_000
WEEKS = 1_040
REPLICATES = 200
TEAMS = 64
SCENARIOS = 4
TIES = 4_000_000
SUBSTEPS = 64
MINDS = 2_000_000
#: Customer-weeks of one request, all replicates and scenarios together: about half a minute on two cores.
WORK = 600_000_000
FILE_BYTES = 300_000
#: Of one request: a file, and what surrounds it in a form.
BODY_BYTES = FILE_BYTES + 8_192
#: Of one scenario in a link; what is longer is kept by the app, and the link holds its name.
LINK_CHARACTERS = 12_000
#: What the app keeps of scenarios too long for a link, all together.
KEPT_BYTES = 30_000_000
#: Of an address: a few scenarios, with characters that are written as nine each.
QUERY_BYTES = 400_000
#: Of one message of a browser's.
MESSAGE_BYTES = 1_000_000


def cost(scenarios: Sequence[Scenario], replicates: int) -> int:
    """Return customer-weeks of so many runs of each scenario.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> cost([load("b2b-saas")], 10)
    13000000
    """
    return sum(s.model.market.accounts * s.model.horizon_weeks for s in scenarios) * replicates


def affordable(scenarios: Sequence[Scenario], wanted: int) -> int:
    """Return so many replicates as the bound on work allows, at most ``wanted``; 0 when not one.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> affordable([load("b2b-saas")], 24), affordable([load("b2b-saas").with_({"market.accounts": 200_000})], 24)
    (24, 11)
    """
    return int(min(wanted, REPLICATES, WORK // max(cost(scenarios, 1), 1)))


def check_count(count: int) -> None:
    """Refuse more scenarios at a time than the app compares.

    Raises
    ------
    ScenarioError
    """
    if count > SCENARIOS:
        raise ScenarioError.single(f"the app compares at most {SCENARIOS} scenarios at a time, got {count}")


def check(scenarios: Sequence[Scenario], replicates: int) -> None:
    """Refuse a request that is too big.

    Raises
    ------
    ScenarioError
        Naming what is too big, and how big it may be.
    """
    check_count(len(scenarios))
    for scenario in scenarios:
        model = scenario.model
        learning = model.culture.learning
        sizes = (
            ("market.accounts", "accounts", model.market.accounts, ACCOUNTS),
            ("horizon_weeks", "weeks", model.horizon_weeks, WEEKS),
            ("teams", "teams", len(model.teams), TEAMS),
            ("market.network.degree", "ties", round(model.market.accounts * model.market.network.degree), TIES),
            ("vectors.substeps", "steps a week", model.vectors.substeps, SUBSTEPS),
            ("culture.learning.people", "beliefs", learning.people * learning.practices, MINDS),
        )
        for field, what, value, most in sizes:
            if value > most and (field != "market.network.degree" or model.market.network.kind != "complete"):
                raise ScenarioError.single(
                    f"the app takes at most {most:,} {what}, '{scenario.title}' has {value:,}; the command line has no "
                    "such limit",
                    field=field,
                )
    asked = cost(scenarios, replicates)
    if not 1 <= replicates <= REPLICATES or asked > WORK:
        raise ScenarioError.single(
            f"this asks for {asked / 1e6:,.0f} million customer-weeks, the app does {WORK / 1e6:,.0f} million at a "
            "time; take fewer replicates, weeks or accounts"
        )
