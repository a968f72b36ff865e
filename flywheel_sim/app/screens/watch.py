"""Watch: one run, week by week."""

import json
from typing import Any

from nicegui import run, ui

from flywheel_sim.__about__ import __version__
from flywheel_sim.app.jobs import Cancelled, Job, warmth
from flywheel_sim.app.link import read_pick
from flywheel_sim.app.screens.shell import Progress, choices, frame, here, problems
from flywheel_sim.app.screens.what_if import SCENARIO
from flywheel_sim.app.story import Story, tell
from flywheel_sim.scenario import ScenarioError

__all__ = ["show"]


def show(scenario: str, seed: int) -> None:
    """Build the screen."""
    ui.add_head_html(f'<link rel="stylesheet" href="/static/watch.css?v={__version__}">')
    ui.add_head_html(f'<script src="/static/watch.js?v={__version__}"></script>')
    with frame("/watch") as links:
        try:
            pick = read_pick(scenario or SCENARIO)
            pick.scenario()
        except ScenarioError as error:
            problems(error, lambda: ui.navigate.to("/watch"))
            return
        links.point([pick])
        Screen(pick.text, max(0, min(seed, 2**32 - 1)), choices(pick))


class Screen:
    """One session: the run that is watched."""

    def __init__(self, word: str, seed: int, offered: dict[str, str]) -> None:
        self.job = Job()
        with ui.row().classes("fs-mid w-full").style("gap: 12px"):
            self.menu = ui.select(offered, value=word, on_change=self.again).props(
                "dense outlined options-dense aria-label='Scenario'"
            )  # fmt: skip
            self.menu.classes("fs-quiet").style("min-width: 320px").mark("scenario")
            self.seed = ui.number("Luck", value=seed, min=0, max=2**32 - 1, precision=0, on_change=self.again)
            self.seed.props("dense outlined debounce=400").classes("fs-quiet").style("width: 120px").mark("seed")
            self.said = ui.label("").classes("fs-sub").mark("said")
            self.progress = Progress()
        self.stage = ui.element("div").classes("w-full").style("min-height: 640px")
        ui.timer(0.05, self.again, once=True)
        ui.context.client.on_disconnect(lambda: self.job.cancel())

    async def again(self, _: Any = None) -> None:
        """Run what is chosen and show it."""
        self.job.cancel()
        self.job = job = Job()
        word, seed = str(self.menu.value), int(self.seed.value or 0)
        try:
            scenario = read_pick(word).scenario()
            if not warmth.ready:
                self.said.set_text("Warming up: the engine is being compiled, once after an install (about a minute).")
                await run.io_bound(warmth.up)
            self.progress.begin(job, f"{scenario.model.horizon_weeks} weeks")
            story = await run.io_bound(tell, scenario, seed, job)
        except Cancelled:
            if job is self.job:
                self.said.set_text("Stopped.")
            return
        except ScenarioError as error:
            self.said.set_text(str(error.problems[0]))
            return
        finally:
            if job is self.job:
                self.progress.end()
        if job is self.job and story is not None:
            await self.draw(story, word, seed)

    async def draw(self, story: Story, word: str, seed: int) -> None:
        """Hand the run to the browser."""
        data = await run.io_bound(lambda: json.dumps(story.data(), allow_nan=False))
        self.said.set_text(f"one run of {story.run.weeks} weeks, luck {seed}; another luck is another run")
        ui.run_javascript(f"window.flywheelWatch && window.flywheelWatch('c{self.stage.id}', {data}, true)")
        here("/watch", [("s", word), ("seed", str(seed))])
