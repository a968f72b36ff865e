"""Compare: two to four scenarios side by side, the report one click away."""

import asyncio
from typing import Any

from fastapi import Response
from nicegui import run, ui

from flywheel_sim.app.answers import SHOWN
from flywheel_sim.app.charts import COLUMNS, fan_option
from flywheel_sim.app.comparing import REPLICATES, compared, shelf, table
from flywheel_sim.app.jobs import Cancelled, Job, warmth
from flywheel_sim.app.link import Pick, read_pick
from flywheel_sim.app.screens.shell import Progress, choices, frame, here, problems
from flywheel_sim.app.screens.what_if import BASELINE, SCENARIO
from flywheel_sim.present.drawing import colour, written
from flywheel_sim.results.words import span
from flywheel_sim.scenario import ScenarioError
from flywheel_sim.study.compare import Comparison

__all__ = ["report", "show"]

_MOST = 4


def report(name: str) -> Response:
    """A report that was made in this process."""
    page = shelf.get(name)
    if page is None:
        return Response(
            "This report is gone: the app keeps the last dozen. Compare again.", 404, media_type="text/plain"
        )
    return Response(page, media_type="text/html")


def show(words: list[str]) -> None:
    """Build the screen."""
    with frame("/compare") as links:
        try:
            picks = [read_pick(word) for word in (words or [BASELINE, SCENARIO])[:_MOST]]
            for pick in picks:
                pick.scenario()
        except ScenarioError as error:
            problems(error, lambda: ui.navigate.to("/compare"))
            return
        links.point(picks)
        Screen(picks)


class Screen:
    """One session: what is compared."""

    def __init__(self, picks: list[Pick]) -> None:
        self.job, self.found = Job(), None
        self.menus: list[Any] = []
        offered = choices(*picks)
        with ui.column().classes("fs-card").style("gap: 12px"):
            with ui.element("div").classes("fs-four"):
                for index in range(_MOST):
                    with ui.column().style("gap: 4px; min-width: 0"):
                        with ui.row().classes("fs-mid no-wrap").style("gap: 8px"):
                            ui.element("i").classes("fs-dot").style(f"background: {colour(index)}")
                            ui.label("Baseline" if index == 0 else f"Scenario {index + 1}").classes("fs-label")
                        value = picks[index].text if index < len(picks) else None
                        menu = ui.select(offered, value=value, clearable=index > 1).classes("w-full fs-quiet")
                        menu.props(f"dense outlined options-dense aria-label='Scenario {index + 1}'")
                        self.menus.append(menu.mark(f"scenario {index + 1}"))
            with ui.row().classes("fs-mid w-full").style("gap: 14px"):
                self.runs = ui.select({n: f"{n} runs of each" for n in REPLICATES}, value=40)
                self.runs.props("dense outlined options-dense aria-label='Runs'").classes("fs-quiet").mark("runs")
                ui.button("Compare", on_click=self.go).props("unelevated").mark("compare")
                self.link = ui.button("Open the report", on_click=self.report).props("outline").mark("report")
                self.link.set_enabled(False)
                self.status = ui.label("").classes("fs-sub").mark("status")
                self.progress = Progress()
        self.answer = ui.column().classes("w-full").style("gap: 14px")
        ui.timer(0.05, self.go, once=True)
        ui.context.client.on_disconnect(lambda: self.job.cancel())

    async def go(self) -> None:
        """Run the comparison and show it."""
        self.job.cancel()
        self.job = job = Job()
        words = list(dict.fromkeys(str(menu.value) for menu in self.menus if menu.value))
        self.status.set_text("")
        self.link.set_enabled(False)
        try:
            if len(words) < 2:
                raise ScenarioError.single("choose two scenarios that differ")
            scenarios = [read_pick(word).scenario() for word in words]
            weeks = scenarios[0].model.horizon_weeks
            scenarios = [s if s.model.horizon_weeks == weeks else s.with_({"horizon_weeks": weeks}) for s in scenarios]
            if not warmth.ready:
                self.status.set_text("Warming up: the engine is being compiled, once after an install.")
                await run.io_bound(warmth.up)
                self.status.set_text("")
            count = int(self.runs.value)
            self.progress.begin(job, f"{count} runs of {len(words)} scenarios")
            found = await run.io_bound(compared, scenarios, count, 1, job)
        except Cancelled:
            if job is self.job:
                self.status.set_text("Stopped.")
            return
        except ScenarioError as error:
            self.answer.clear()
            with self.answer:
                problems(error)
            return
        finally:
            if job is self.job:
                self.progress.end()
        if found is not None and job is self.job:
            self.found = found
            self.draw(found)
            here("/compare", [("s", word) for word in words])

    def draw(self, found: Comparison) -> None:
        """Verdict, charts and table."""
        self.link.set_enabled(True)
        self.answer.clear()
        with self.answer:
            with ui.column().classes("fs-verdict"):
                ui.label(found.verdict.sentence).classes("said").mark("verdict")
                ui.label(
                    f"{found.replicates} paired runs of {span(found.weeks)} under the same luck; the baseline is "
                    f"{found.labels[0]}."
                ).classes("more")
                for warning in found.warnings:
                    ui.label(f"Take care: {warning}.").classes("more")
            with ui.element("div").classes("fs-charts"):
                for name in SHOWN:
                    title, note, _ = COLUMNS[name]
                    with ui.column().classes("fs-card").style("gap: 4px"):
                        ui.label(title).classes("fs-title")
                        ui.label(note).classes("fs-sub")
                        ui.echart(fan_option(found, name), renderer="svg").classes("fs-chart")
            with ui.column().classes("fs-card"):
                ui.label("Side by side").classes("fs-title")
                _table(found)

    async def report(self) -> None:
        """Draw the report and open it."""
        if self.found is None:
            return
        self.status.set_text("drawing the report")
        self.link.set_enabled(False)
        name = await run.io_bound(shelf.put, self.found)
        self.status.set_text("")
        self.link.set_enabled(True)
        if name:
            await asyncio.sleep(0)
            ui.navigate.to(f"/report/{name}", new_tab=True)


def _table(found: Comparison) -> None:
    with ui.element("table").classes("fs-table"):
        with ui.element("thead"), ui.element("tr"):
            ui.element("th")
            for index, label in enumerate(found.labels):
                with ui.element("th").classes("num").style(f"color: {written(colour(index))}; font-size: 14px"):
                    ui.label(label)
        with ui.element("tbody"):
            for name, values in table(found):
                with ui.element("tr"):
                    with ui.element("td"):
                        ui.label(name)
                    for value in values:
                        with ui.element("td").classes("num"):
                            ui.label(value)
