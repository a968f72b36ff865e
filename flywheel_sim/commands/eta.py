"""How long a long run still takes, from how its pace has changed so far."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flywheel_sim.scenario import Scenario

__all__ = ["Pace", "expected_work", "in_words"]

#: What a customer's week costs beside that of an account that is none, least squares over the weeks of a run of 10^7
#: accounts; and what comes after the last week (the table of accounts, the summary, giving memory back), in weeks of a
#: market without customers.
CUSTOMER, AFTER = 4.0, 10.0
#: Marks that are kept at most; then every second one is forgotten, and they are set half as often.
MOST = 240


class Pace:
    """Seconds left, told from the seconds spent so far.

    A week costs more as a company has more customers, so the mean pace of the first weeks says too little about the
    last.  What was done so far is cut in thirds with p1, p2 and p3 seconds a week.  Where p3 differs from p1 by more
    than the scatter of the weeks explains, the change is taken to go on and to fade as it has faded so far: by the
    factor r = (p3 - p2)/(p2 - p1), at most 3/4, from third to third.  An even pace stays an even pace.

    How the work changes is read off the processor time where it is known, so that a machine that is busy for a minute
    is not taken for a company that grows; the clock says how long a second of it has taken on the whole.

    Where it is known beforehand how much work every week is (`expected_work`), there is nothing to guess: the pace of
    the work goes on as it was on the whole.

    Examples
    --------
    >>> pace = Pace()
    >>> for week in range(1, 11):
    ...     pace.mark(week, 2.0 * week)
    >>> pace.left(100)
    180.0
    """

    def __init__(self) -> None:
        self.marks: list[tuple[float, float]] = []
        self.last = (0.0, 0.0)
        self.apart = 0.0
        self.clock = (0.0, 0.0)

    def mark(self, done: float, seconds: float, spent: float | None = None) -> None:
        """Note that so much was done so many seconds after any fixed instant, and for so much processor time."""
        if self.marks and done <= self.last[0]:
            return
        self.last = (float(done), float(seconds if spent is None else spent))
        self.clock = (self.clock[0] if self.marks else float(seconds), float(seconds))
        if not self.marks or done - self.marks[-1][0] >= self.apart:
            self.marks.append(self.last)
        if len(self.marks) > MOST:
            self.marks = self.marks[::2]
            self.apart = 2.0 * (done - self.marks[0][0]) / MOST

    def left(self, total: float, work: Sequence[float] | None = None) -> float | None:
        """Return seconds until ``total`` is done; None before there are two marks.

        Parameters
        ----------
        total : float
        work : sequence of float, optional
            How much work is done after 0, 1, 2, ... ``total``, and last of all when everything is over.
        """
        (done, now), (first, begun) = self.last, self.marks[0] if self.marks else (0.0, 0.0)
        if done <= first:
            return None
        elapsed, rest, span = self.clock[1] - self.clock[0], max(0.0, total - done), done - first
        if work is not None:
            return elapsed * (work[-1] - work[int(done)]) / (work[int(done)] - work[int(first)])
        if now - begun < 0.05 * elapsed:  # the work is done elsewhere
            return elapsed / span * rest
        return self._work(rest, span, first, (now - begun) / span) * elapsed / (now - begun)

    def _work(self, rest: float, span: float, first: float, mean: float) -> float:
        """Return seconds of work that are left, in the unit of the marks."""
        cuts = [self._seconds_at(first + span * k / 3.0) for k in range(4)]
        p1, p2, p3 = (3.0 * (b - a) / span for a, b in pairwise(cuts))
        trust = self._trust(p3 - p1)
        if trust <= 0.0 or rest <= 0.0:
            return mean * rest
        before, step = p2 - p1, p3 - p2
        fades = min(max(step / before if before else 0.0, 0.0), 0.75)
        expected, thirds, pace = 0.0, 3.0 * rest / span, p3 + step / 2.0
        while thirds > 0.0:
            part = min(thirds, 1.0)
            step *= fades
            pace = max(pace + step / 2.0, 0.0)
            expected += part * pace
            pace += step / 2.0
            thirds -= part
        return (trust * expected * span / 3.0) + (1.0 - trust) * mean * rest

    def _trust(self, change: float) -> float:
        """Return the share of a change between thirds that is not scatter: 1 - (4 standard errors' square over its
        square).
        """
        marks = [*self.marks, self.last] if self.last != self.marks[-1] else self.marks
        if len(marks) < 8:
            return 0.0
        paces = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in pairwise(marks)]
        # neighbours' differences, so that a trend is not taken for scatter
        scatter = sum((b - a) ** 2 for a, b in pairwise(paces)) / (2.0 * (len(paces) - 1))
        error = 2.0 * scatter / (len(paces) / 3.0)
        return max(0.0, 1.0 - 4.0 * error / change**2) if change else 0.0

    def _seconds_at(self, done: float) -> float:
        """Return seconds after which so much was done, between two marks."""
        for (d0, s0), (d1, s1) in zip(self.marks[:-1], [*self.marks[1:-1], self.last], strict=True):
            if d1 >= done:
                return s0 + (s1 - s0) * (done - d0) / (d1 - d0)
        return self.last[1]


def expected_work(scenario: "Scenario") -> Sequence[float] | None:
    """Tell how much work of a run is done after 0, 1, 2, ... weeks, and last of all when everything is over.

    A week is so much work as its customers are many, and the mean field of the market knows beforehand how many there
    will be.  In weeks of a market without customers; None where there is no market.

    Examples
    --------
    >>> from flywheel_sim.scenario import load
    >>> work = expected_work(load("b2b-saas"))
    >>> [round(work[week + 1] - work[week], 2) for week in (0, 26, 155)]
    [1.16, 1.21, 1.43]
    """
    if not scenario.model.market.enabled:
        return None
    from flywheel_sim.theory import mean_field

    customers = mean_field(scenario, step=1).customers / scenario.model.market.accounts
    work = [0.0]
    for share in customers[:-1].tolist():
        work.append(work[-1] + 1.0 + CUSTOMER * share)
    return [*work, work[-1] + AFTER]


def in_words(seconds: float | None) -> str:
    """Return the time left, as exact as it can be known.

    Examples
    --------
    >>> in_words(30.2), in_words(201.0), in_words(3000.0), in_words(9000.0), in_words(None)
    ('about 30 s left', 'about 3 min 20 s left', 'about 50 min left', 'about 2.5 h left', 'time left not known yet')
    """
    if seconds is None:
        return "time left not known yet"
    if seconds < 120:
        return f"about {seconds:.0f} s left"
    if seconds < 600:
        minutes, rest = divmod(10 * round(seconds / 10), 60)
        return f"about {minutes} min {rest} s left" if rest else f"about {minutes} min left"
    return f"about {seconds / 60:.0f} min left" if seconds < 5400 else f"about {seconds / 3600:.1f} h left"
