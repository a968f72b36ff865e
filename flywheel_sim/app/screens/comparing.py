"""Compare: two to four scenarios side by side, the report one click away."""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

from fastapi import Response
from nicegui import run, ui

from flywheel_sim.app.answers import SHOWN
from flywheel_sim.app.bounds import SCENARIOS, check_count
from flywheel_sim.app.charts import COLUMNS, fan_option
from flywheel_sim.app.comparing import OFFERED, OVER_WORLDS, compared, shelf, table, told
from flywheel_sim.app.jobs import Cancelled, Job, warmth
from flywheel_sim.app.link import Pick, read_pick
from flywheel_sim.app.screens.opening import fault, opening, picks_of
from flywheel_sim.app.screens.shell import Links, Progress, choices, here, problems
from flywheel_sim.app.screens.what_if import BASELINE, SCENARIO
from flywheel_sim.present.drawing import color, written
from flywheel_sim.results.words import span
from flywheel_sim.scenario import Scenario, ScenarioError
from flywheel_sim.study.comparison.compare import Comparison

__all__ = ["report", "show"]

_MOST = SCENARIOS
#: Seconds between two looks whether the first worlds have answered.
_LOOK = 0.2


def report(name: str) -> Response:
    """Return a report that was made in this process."""
    page = shelf.get(name)
    if page is None:
        return Response(
            "This report is gone: the app keeps the last dozen. Compare again.", 404, media_type="text/plain"
        )
    return Response(page, media_type="text/html")


def show(words: Sequence[str], runs: str = "") -> None:
    """Build the screen that compares scenarios."""
    picks: list[Pick] = []

    def read() -> list[Pick]:
        given = [word for word in words if word] or [BASELINE, SCENARIO]
        check_count(len(given))
        if runs and runs not in map(str, OFFERED):
            offered = ", ".join(map(str, OFFERED))
            raise ScenarioError.single(f"expected one of {offered}, got '{runs[:40]}'", field="runs")
        picks[:] = picks_of(given)
        return picks

    opening("/compare", read, lambda links: Screen(links, picks, int(runs or OVER_WORLDS)))


class Screen:
    """One session: what is compared."""

    def __init__(self, links: Links, picks: Sequence[Pick], runs: int) -> None:
        self.links = links
        self.job, self.answered = Job(), False
        self.comparison: Comparison | None = None
        self.menus: list[Any] = []
        offered = choices(*picks)
        with ui.column().classes("fs-card").style("gap: 12px"):
            with ui.element("div").classes("fs-four"):
                for index in range(_MOST):
                    with ui.column().style("gap: 4px; min-width: 0"):
                        with ui.row().classes("fs-mid no-wrap").style("gap: 8px"):
                            ui.element("i").classes("fs-dot").style(f"background: {color(index)}")
                            ui.label("Baseline" if index == 0 else f"Scenario {index + 1}").classes("fs-label")
                        value = picks[index].text if index < len(picks) else None
                        menu = ui.select(offered, value=value, clearable=index > 1, on_change=self.go)
                        menu.classes("w-full fs-quiet").props("dense outlined options-dense")
                        menu.props["aria-label"] = f"Scenario {index + 1}"
                        self.menus.append(menu.mark(f"scenario {index + 1}"))
            with ui.row().classes("fs-mid w-full").style("gap: 14px"):
                often = {OVER_WORLDS: "Over worlds"} | {n: f"As assumed, {n} runs of each" for n in OFFERED}
                self.runs = ui.select(often, value=runs, on_change=self.go)
                self.runs.props("dense outlined options-dense aria-label='Runs'").classes("fs-quiet").mark("runs")
                ui.button("Compare", on_click=self.go).props("unelevated").mark("compare")
                self.link = ui.button("Open the report", on_click=self.report).props("outline").mark("report")
                self.link.set_enabled(False)
                self.status = ui.label("").classes("fs-sub").mark("status")
                self.progress = Progress()
        self.answer = ui.column().classes("w-full").style("gap: 14px")
        self.follow()
        ui.timer(0.05, self.go, once=True)
        self.client = client = ui.context.client
        client.on_disconnect(lambda: None if client.has_socket_connection else self.job.cancel())
        client.on_connect(self.again)

    @property
    def words(self) -> list[str]:
        """What is open, the baseline first."""
        return list(dict.fromkeys(str(menu.value) for menu in self.menus if menu.value))

    def follow(self) -> None:
        """Let the header's links and the address say what is open."""
        words, runs = self.words, int(self.runs.value)
        with contextlib.suppress(ScenarioError):
            self.links.point([read_pick(word) for word in words])
        here("/compare", [("s", word) for word in words] + ([("runs", str(runs))] if runs != OVER_WORLDS else []))

    async def again(self) -> None:
        """Go on after a network that failed."""
        if not self.answered and self.job.cancelled:
            await self.go()

    async def go(self) -> None:
        """Run the comparison that is open and show it; what stood there was another one."""
        self.job.cancel()
        self.job = job = Job()
        self.comparison, self.answered = None, False
        self.follow()
        words = self.words
        self.status.set_text("")
        self.link.set_enabled(False)
        self.answer.clear()
        try:
            if len(words) < 2:
                raise ScenarioError.single("choose two scenarios that differ")
            given = [read_pick(word).scenario() for word in words]
            weeks = given[0].model.horizon_weeks
            scenarios = [s if s.model.horizon_weeks == weeks else s.with_({"horizon_weeks": weeks}) for s in given]
            cut = [s for s in given if s.model.horizon_weeks != weeks]
            if not warmth.ready:
                self.status.set_text("Warming up: the engine is being compiled, once after an install.")
                await run.io_bound(warmth.up)
                self.status.set_text("")
            count = int(self.runs.value)
            self.progress.begin(job, f"{f'{count} runs' if count else 'worlds'} of {len(words)} scenarios")
            first: list[Comparison] = []
            whole = asyncio.ensure_future(run.io_bound(compared, scenarios, count, 1, job, first.append))
            while not (await asyncio.wait([whole], timeout=_LOOK))[0]:
                if first and job is self.job:
                    self.draw(first.pop(), cut, early=True)
            comparison = await whole
            said = await run.io_bound(told, comparison) if comparison is not None else ()
        except Cancelled:
            if job is self.job:
                self.answered = self.client.has_socket_connection
                self.status.set_text("Stopped.")
            return
        except ScenarioError as error:
            self.answered = True
            with self.answer:
                problems(error)
            return
        except Exception as error:
            self.answered = True
            with self.answer:
                fault(error)
            return
        finally:
            if job is self.job:
                self.progress.end()
        if comparison is not None and job is self.job:
            self.comparison, self.answered = comparison, True
            self.draw(comparison, cut, said)

    def draw(
        self, comparison: Comparison, cut: Sequence[Scenario], words: Sequence[str] = (), *, early: bool = False
    ) -> None:
        """Draw the verdict, charts and table, of the first worlds or of all; of scenarios run over other weeks than
        their own, say so.
        """
        self.link.set_enabled(not early)
        self.answer.clear()
        with self.answer:
            with ui.column().classes("fs-verdict"):
                if comparison.unlike:
                    ui.label(f"Take care: {comparison.warnings[0]}.").classes("more").mark("unlike")
                ui.label(comparison.verdict.sentence).classes("said").mark("verdict")
                ui.label(
                    f"{comparison.replicates} paired runs of {span(comparison.weeks)} under the same luck; "
                    "the baseline is "
                    f"{comparison.labels[0]}. {comparison.grounds}{' More worlds are being run.' if early else ''}"
                ).classes("more").mark("basis")
                for one in cut:
                    own = span(one.model.horizon_weeks)
                    ui.label(f"{one.title} is made for {own}; here it runs as long as the baseline.").classes("more")
                for warning in comparison.warnings[bool(comparison.unlike) :]:
                    ui.label(f"Take care: {warning}.").classes("more")
            if words:
                _worlds(*words)
            with ui.element("div").classes("fs-charts"):
                for name in SHOWN:
                    title, note, _ = COLUMNS[name]
                    with ui.column().classes("fs-card").style("gap: 4px"):
                        ui.label(title).classes("fs-title")
                        ui.label(note).classes("fs-sub")
                        ui.echart(fan_option(comparison, name), renderer="svg").classes("fs-chart")
            with ui.column().classes("fs-card"):
                ui.label("Side by side").classes("fs-title")
                ui.label("medians of the runs, but where another word stands").classes("fs-sub")
                _table(comparison)

    async def report(self) -> None:
        """Draw the report and open it."""
        if self.comparison is None:
            return
        self.status.set_text("drawing the report")
        self.link.set_enabled(False)
        name = await run.io_bound(shelf.put, self.comparison)
        self.status.set_text("")
        self.link.set_enabled(True)
        if name:
            await asyncio.sleep(0)
            ui.navigate.to(f"/report/{name}", new_tab=True)


def _worlds(note: str, dots: str, learn: str, fails: str) -> None:
    """Draw a dot a world, say what to find out first, and where the plan fails."""
    with ui.column().classes("fs-card").style("gap: 8px"):
        ui.label("What nobody knows").classes("fs-title")
        ui.label(note).classes("fs-sub")
        ui.html(dots, sanitize=False).classes("w-full").style("max-width: 720px").mark("dots")
        ui.label(learn).mark("learn")
        ui.label(fails)


def _table(comparison: Comparison) -> None:
    with ui.element("table").classes("fs-table"):
        with ui.element("thead"), ui.element("tr"):
            ui.element("th")
            for index, label in enumerate(comparison.labels):
                with ui.element("th").classes("num").style(f"color: {written(color(index))}; font-size: 14px"):
                    ui.label(label)
        with ui.element("tbody"):
            for name, values in table(comparison):
                with ui.element("tr"):
                    with ui.element("td"):
                        ui.label(name)
                    for value in values:
                        with ui.element("td").classes("num"):
                            ui.label(value)
