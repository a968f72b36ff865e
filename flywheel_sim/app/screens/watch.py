"""Watch: one run, week by week."""

import json
from collections.abc import Sequence
from typing import Any

from nicegui import run, ui

from flywheel_sim.__about__ import __version__
from flywheel_sim.app.bounds import SCENARIOS, check_count
from flywheel_sim.app.jobs import Cancelled, Job, warmth
from flywheel_sim.app.link import Pick, read_pick
from flywheel_sim.app.screens.opening import opening, picks_of
from flywheel_sim.app.screens.shell import Links, Progress, choices, here
from flywheel_sim.app.screens.what_if import SCENARIO
from flywheel_sim.app.story import Story, tell
from flywheel_sim.scenario import ScenarioError

__all__ = ["show"]


def show(scenario: str, seed: str = "", others: Sequence[str] = ()) -> None:
    """Build the screen; others are all scenarios that are open, the baseline first."""
    ui.add_head_html(f'<link rel="stylesheet" href="/static/watch.css?v={__version__}">')
    ui.add_head_html(f'<script src="/static/watch.js?v={__version__}"></script>')
    picks: list[Pick] = []
    lucks: list[int] = []

    def read() -> list[Pick]:
        check_count(len(others))
        lucks.append(luck(seed or "1"))
        picks[:] = picks_of([scenario or SCENARIO, *others])
        return picks[1:] or picks

    opening("/watch", read, lambda links: Screen(links, picks[0], lucks[0], picks[1:]))


def luck(given: object) -> int:
    """Return the seed that the address or the field names.

    Raises
    ------
    ScenarioError
        When it is none.

    Examples
    --------
    >>> luck("7"), luck(7.0)
    (7, 7)
    """
    text = f"{given:.0f}" if isinstance(given, float) and given.is_integer() else str("" if given is None else given)
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) < 2**32):
        raise ScenarioError.single(f"expected a whole number from 0 to {2**32 - 1:,}, got '{text[:40]}'", field="seed")
    return int(text)


class Screen:
    """One session: the run that is watched."""

    def __init__(self, links: Links, pick: Pick, seed: int, others: Sequence[Pick]) -> None:
        self.links, self.others, self.job, self.answered = links, others, Job(), False
        with ui.row().classes("fs-mid w-full").style("gap: 12px"):
            self.menu = ui.select(choices(pick, *others), value=pick.text, on_change=self.again).props(
                "dense outlined options-dense aria-label='Scenario'"
            )
            self.menu.classes("fs-quiet").style("min-width: 320px").mark("scenario")
            self.seed = ui.number("Random draw", value=seed, min=0, max=2**32 - 1, precision=0, on_change=self.again)
            self.seed.props("dense outlined debounce=400").classes("fs-quiet").style("width: 120px").mark("seed")
            self.said = ui.label("").classes("fs-sub").mark("said")
            self.progress = Progress()
        self.stage = ui.element("div").classes("w-full").style("min-height: 640px")
        ui.timer(0.05, self.again, once=True)
        self.client = client = ui.context.client
        client.on_disconnect(lambda: None if client.has_socket_connection else self.job.cancel())
        client.on_connect(self.resumed)

    def follow(self, pick: Pick, seed: int) -> None:
        """Let the header's links and the address say what is open."""
        open_ = list(self.others)
        if open_ and pick.text not in [other.text for other in open_]:
            open_ = [*open_[: SCENARIOS - 1], pick]
        self.links.point(open_ or [pick], pick)
        here("/watch", [("s", pick.text), ("seed", str(seed)), *(("with", other.text) for other in open_)])

    async def resumed(self) -> None:
        """Go on after a network that failed."""
        if not self.answered and self.job.cancelled:
            await self.again()

    async def again(self, _: Any = None) -> None:
        """Run what is chosen and show it."""
        self.job.cancel()
        self.job, self.answered = Job(), False
        job = self.job
        self.stage.classes(add="fs-stale")
        try:
            seed, pick = luck(self.seed.value), read_pick(str(self.menu.value))
            self.follow(pick, seed)
            scenario = pick.scenario()
            if not warmth.ready:
                self.said.set_text("Warming up: the engine is being compiled, once after an install (about a minute).")
                await run.io_bound(warmth.up)
            self.progress.begin(job, f"{scenario.model.horizon_weeks} weeks")
            story = await run.io_bound(tell, scenario, seed, job)
        except Cancelled:
            if job is self.job:
                self.nothing("Stopped.")
                self.answered = self.client.has_socket_connection
            return
        except ScenarioError as error:
            self.nothing(str(error.problems[0]))
            return
        except Exception as error:
            self.nothing(f"This cannot be shown, and that is a fault of the app's: {type(error).__name__}: {error}")
            return
        finally:
            if job is self.job:
                self.progress.end()
        if job is self.job and story is not None:
            await self.draw(story, seed, job)

    def nothing(self, words: str) -> None:
        """Show no run, because the one that stands there is another one."""
        self.answered = True
        self.said.set_text(words)
        self.stage.classes(remove="fs-stale")
        ui.run_javascript(f"window.flywheelWatch && window.flywheelWatch('c{self.stage.id}', null)")

    async def draw(self, story: Story, seed: int, job: Job) -> None:
        """Hand the run to the browser, if it is still what is open."""
        data = await run.io_bound(lambda: json.dumps(story.data(), allow_nan=False))
        if job is not self.job:
            return
        self.answered = True
        self.stage.classes(remove="fs-stale")
        self.said.set_text(f"one run of {story.run.weeks} weeks, random draw no. {seed}; another number is another run")
        ui.run_javascript(f"window.flywheelWatch && window.flywheelWatch('c{self.stage.id}', {data}, true)")
