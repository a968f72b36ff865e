"""Python of somebody's own, as a study names it: rules, and numbers of a run."""

from flywheel_sim import Team


class Dismiss:
    """Sends the sellers home in week 3."""

    def __init__(self):
        self.seen = 0

    def step(self, model):
        self.seen += 1
        if self.seen == 3:
            model.set("teams.sales.headcount", 1)


class Listens(Team):
    """A team that looks where the customers' need is."""

    def decide(self):
        return 4.0 * self.model.need


NOT_A_RULE = 3


def late_customers(run):
    """Customers halfway through the run."""
    return run.series("customers")[run.weeks // 2]


def no_number(run):
    """Nothing that can be kept."""
    return "many"
