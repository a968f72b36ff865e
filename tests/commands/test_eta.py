"""Time left: on fabricated paces, after a tenth of a run, within a fifth of what it then took."""

import math

import numpy as np
import pytest
from benchmarks.big_run import COMPANY
from benchmarks.speed import scaled

from flywheel_sim.commands.eta import MOST, Pace, expected_work, in_words
from flywheel_sim.scenario import load, scenarios

WEEKS = 260
#: Milliseconds a week of 10^6 accounts of the B2B company took, by quarters, as it grew from 4 to 14 % customers, when
#: a customer's week cost 13 times that of others.
GROWING = np.repeat(
    [34.8, 39.4, 42.2, 39.2, 43.6, 44.0, 45.7, 48.1, 49.7, 49.7, 51.4, 49.9, 50.8, 45.7, 43.4, 46.7, 46.8, 51.5, 56.1,
     57.4], 13,
)  # fmt: skip
#: Milliseconds of processor time a week takes, by quarters, of 10^6 and 10^7 accounts.
MEASURED = np.repeat(
    [20.6, 21.8, 22.3, 21.0, 25.7, 22.6, 24.2, 24.9, 24.9, 24.8, 25.0, 25.3, 26.7, 24.9, 23.5, 24.2, 24.1, 24.7, 26.3,
     27.4], 13,
)  # fmt: skip
HUGE = np.repeat(
    [193.7, 206.1, 209.2, 199.7, 209.6, 213.0, 220.8, 240.2, 234.5, 234.6, 237.0, 249.0, 263.5, 246.3, 236.3, 241.4,
     242.7, 250.9, 267.0, 273.9], 13,
)  # fmt: skip
#: From the last week to the end of the process.
END, HUGE_END = 250.0, 1100.0
x = np.arange(WEEKS) / WEEKS
PACES = {
    "even": np.full(WEEKS, 2.0),
    "as measured": MEASURED,
    "as measured, growing": GROWING,
    "growing by half": 1.0 + 0.5 * x,
    "saturating": 1.0 + 0.6 * -np.expm1(-x / 0.1),
    "logistic": 1.0 + 0.6 / (1.0 + np.exp(-(x - 0.05) / 0.1)),
    "shrinking": 1.0 - 0.3 * x,
    "uneven": 1.0 + 0.2 * np.sin(np.arange(WEEKS)),
    "quarters": 1.0 + 0.5 * (np.arange(WEEKS) % 13 == 0),
}


def estimate(seconds, until):
    pace = Pace()
    for week, now in enumerate(np.cumsum(seconds)[:until], 1):
        pace.mark(week, 1000.0 + now)
    return pace.left(len(seconds))


@pytest.mark.parametrize("name", PACES)
def test_after_a_tenth_the_time_left_is_within_a_fifth(name):
    seconds = PACES[name]
    for part in (10, 5, 2):
        truth = seconds[WEEKS // part :].sum()
        assert estimate(seconds, WEEKS // part) == pytest.approx(truth, rel=0.2), part


def test_the_pace_so_far_would_not_have_done():
    done = WEEKS // 10
    naive = GROWING[:done].mean() * (WEEKS - done)
    assert naive < 0.8 * GROWING[done:].sum(), "the measured run is one in which a plain mean is off by a fifth"


@pytest.mark.parametrize(
    ("accounts", "seconds", "end"), [(10**6, MEASURED, END), (10**7, HUGE, HUGE_END)], ids=["10^6", "10^7"]
)
def test_with_the_work_expected_of_a_company_it_is_within_a_fifth_from_a_tenth_to_the_end(accounts, seconds, end):
    work, took = expected_work(scaled(accounts, WEEKS, COMPANY)), np.cumsum(seconds)
    for scatter in (0.0, 0.1):
        noise = np.random.default_rng(1).normal(1.0, scatter, WEEKS)
        pace, guessed, wrong, worst = Pace(), Pace(), 0.0, 0.0
        for week, now in enumerate(np.cumsum(seconds * noise), 1):
            pace.mark(week, now)
            guessed.mark(week, now)
            if WEEKS / 10 <= week <= WEEKS - 13:
                truth = took[-1] - took[week - 1] + end
                wrong = max(wrong, abs(pace.left(WEEKS, work) / truth - 1.0))
                worst = max(worst, abs(guessed.left(WEEKS) / truth - 1.0))
        assert wrong < 0.2 and wrong < 0.7 * worst, "weeks alone would not have told"


def test_what_comes_after_the_last_week_is_in_the_time_left():
    pace = Pace()
    for week in range(1, 5):
        pace.mark(week, 10.0 * week)
    assert pace.left(4, [0.0, 1.0, 2.0, 3.0, 4.0, 4.5]) == pytest.approx(5.0)
    assert pace.left(4) == 0.0


@pytest.mark.parametrize("name", scenarios())
def test_every_company_tells_its_work_beforehand(name):
    scenario = load(name)
    work = expected_work(scenario)
    if not scenario.model.market.enabled:
        assert work is None
        return
    assert len(work) == scenario.model.horizon_weeks + 2 and work[0] == 0.0
    assert (np.diff(work) >= 1.0).all() and np.isfinite(work).all()


def test_noise_is_not_taken_for_a_trend():
    rng = np.random.default_rng(1)
    found = [estimate(rng.gamma(25.0, 1 / 25.0, WEEKS), WEEKS // 10) / (0.9 * WEEKS) for _ in range(200)]
    assert np.quantile(np.abs(np.array(found) - 1.0), 0.9) < 0.15  # every week off by a fifth


def test_marks_are_few_and_forgetting_them_changes_little():
    many, pace = 50_000, Pace()
    for done in range(1, many + 1):
        pace.mark(done, done * (1.0 + done / many))
    assert len(pace.marks) <= MOST
    few = Pace()
    for done in range(many // 20, many + 1, many // 20):
        few.mark(done, done * (1.0 + done / many))
    assert pace.left(2 * many) == pytest.approx(few.left(2 * many), rel=0.02)


def test_a_busy_minute_is_not_taken_for_growth():
    done, busy = WEEKS // 10, np.ones(WEEKS)
    busy[10:20] = 8.0  # the machine does something else; the work is what it was
    pace, wall, work = Pace(), np.cumsum(MEASURED * busy), np.cumsum(MEASURED)
    for week in range(done):
        pace.mark(week + 1, wall[week], work[week])
    stretched = (wall[done - 1] - wall[0]) / (work[done - 1] - work[0])
    assert pace.left(WEEKS) == pytest.approx(MEASURED[done:].sum() * stretched, rel=0.2)
    blind = Pace()
    for week in range(done):
        blind.mark(week + 1, wall[week])
    assert abs(blind.left(WEEKS) / pace.left(WEEKS) - 1.0) > 0.3, "the clock alone would have been misled"


def test_work_done_elsewhere_is_told_by_the_clock():
    pace = Pace()
    for week in range(1, 21):
        pace.mark(week, 3.0 * week, 0.001 * week * (1 + week % 3))
    assert pace.left(100) == pytest.approx(240.0)


def test_nothing_is_said_before_it_can_be_known():
    pace = Pace()
    assert pace.left(10) is None
    pace.mark(3, 5.0)
    pace.mark(3, 6.0)  # no progress: no mark
    assert pace.left(10) is None and in_words(None) == "time left not known yet"
    pace.mark(5, 9.0)
    assert pace.left(10) == 10.0
    pace.mark(10, 20.0)
    assert pace.left(10) == 0.0


def test_words_are_as_exact_as_the_number():
    for seconds in (5.0, 119.0, 130.0, 333.0, 595.0):
        words = in_words(seconds).split()
        value = sum(float(n) * {"s": 1, "min": 60}[u] for n, u in zip(words[1:-1:2], words[2:-1:2], strict=True))
        assert math.isclose(value, seconds, rel_tol=0.1)
