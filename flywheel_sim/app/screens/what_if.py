"""What-if: move something, and see what it is worth against the pinned baseline."""

import asyncio
import contextlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from nicegui import run, ui

from flywheel_sim.__about__ import __version__
from flywheel_sim.app.answers import SHOWN, STAGES, Answer, Desk
from flywheel_sim.app.bounds import FILE_BYTES, SCENARIOS
from flywheel_sim.app.charts import COLUMNS
from flywheel_sim.app.controls import Control, Group, groups, levers
from flywheel_sim.app.jobs import Cancelled, Job, warmth
from flywheel_sim.app.link import Pick, called, laid_on, opened, read_pick, shipped
from flywheel_sim.app.screens.opening import fault, opening, picks_of
from flywheel_sim.app.screens.rows import Row, matches
from flywheel_sim.app.screens.shell import Links, Progress, choices, here, plans, problems
from flywheel_sim.scenario import Scenario, ScenarioError
from flywheel_sim.scenario.library import index

__all__ = ["BASELINE", "SCENARIO", "show"]

#: What the app opens with.
BASELINE, SCENARIO = "siloed-close-rate", "relationship-flywheel"
_YEARS = {52: "1 year", 104: "2 years", 156: "3 years", 260: "5 years", 520: "10 years"}
#: Seconds after which a question that has not even its first charts gives way to the next one.
_PATIENCE = 3.0
#: Seconds in which the cores are left to the browser, to paint the first charts.
_PAINT = 0.05


def show(baseline: str, scenario: str, others: Sequence[str] = ()) -> None:
    """Build the screen; others are scenarios that are open elsewhere."""
    ui.add_head_html(f'<script src="/static/charts.js?v={__version__}"></script>')
    picks: list[Pick] = []

    def read() -> list[Pick]:
        picks[:] = picks_of([baseline or BASELINE, scenario or baseline or SCENARIO, *others[: SCENARIOS - 2]])
        return picks

    opening("/", read, lambda links: Screen(links, *picks))


class Screen:
    """One session: its picks, its sliders, and what they answer."""

    def __init__(self, links: Links, baseline: Pick, scenario: Pick, *others: Pick) -> None:
        self.links, self.baseline, self.pick, self.others = links, baseline, scenario, others
        self.desk, self.job, self.answered = Desk(), Job(), False
        self.unfolded: set[str] = set()  # groups of controls that somebody opened
        self.wanted = asyncio.Event()
        self.shown: Answer | None = None
        self.dragged = False  # whether charts of the question in hand are there already
        self.rows: dict[str, list[Row]] = {}
        self.files: dict[str, str] = {}  # opened in this session, by name: later ones may lie on them
        with ui.element("div").classes("fs-split"):
            with ui.column().classes("fs-card fs-side").style("gap: 4px; flex-wrap: nowrap"):
                self.side()
            with ui.column().style("gap: 14px; width: 100%; min-width: 0"):
                self.answer()
        self.follow()
        self.wanted.set()
        ui.timer(0.05, self.work, once=True)
        self.client = client = ui.context.client
        client.on_disconnect(lambda: None if client.has_socket_connection else self.job.cancel())
        client.on_connect(lambda: None if self.answered else self.wanted.set())  # after a network that failed, go on

    # --- what is asked

    def side(self) -> None:
        """Draw the side: the two scenarios, files, and the sliders."""
        ui.label("Pinned baseline").classes("fs-label")
        self.pinned = (
            ui.select(choices(self.baseline), value=self.baseline.text, on_change=self.rebase)
            .props("dense outlined options-dense aria-label='Pinned baseline'")
            .classes("w-full fs-quiet")
            .mark("baseline")
        )
        with ui.row().classes("fs-mid no-wrap w-full").style("margin-top: 8px"):
            ui.label("What if").classes("fs-label").style("flex: 1")
            weeks = self.scenario.model.horizon_weeks
            self.years = ui.select(_years(weeks), value=weeks, on_change=self.horizon).mark("horizon")
            self.years.props("dense borderless options-dense aria-label='Horizon'").style("font-size: 13px")
        self.menu = (
            ui.select(choices(self.pick), value=self.pick.text, on_change=self.restart)
            .props("dense outlined options-dense aria-label='What if'")
            .classes("w-full fs-quiet")
            .mark("scenario")
        )
        with ui.row().classes("no-wrap").style("gap: 4px; margin: 2px 0 4px -8px"):
            upload = ui.upload(on_upload=self.open, auto_upload=True, max_file_size=FILE_BYTES, on_rejected=_rejected)
            upload.props("accept=.yaml,.yml").style("display: none")

            def choose() -> (
                None
            ):  # what was uploaded last is forgotten here: right after it, its answer may be on the way
                upload.reset()
                upload.run_method("pickFiles")

            ui.button("Open", on_click=choose).props("flat dense size=sm icon=upload")
            ui.button("Save", on_click=self.save).props("flat dense size=sm icon=download").mark("save")
            ui.button("Pin", on_click=self.pin).props("flat dense size=sm icon=push_pin").mark("pin").tooltip(
                "Make this the baseline"
            )
            ui.button("Copy link", on_click=self.copy).props("flat dense size=sm icon=link")
            ui.button("Reset", on_click=self.reset).props("flat dense size=sm icon=undo").mark("reset")
        self.plans = (
            ui.select(plans(), label="Lay a plan over it", on_change=self.lay)
            .props("dense outlined options-dense aria-label='Lay a plan over it'")
            .classes("w-full")
            .mark("plan")
        )
        self.finder = (
            ui.input(placeholder="Find a parameter", on_change=self.find)
            .props("dense outlined clearable debounce=200 aria-label='Find a parameter'")
            .classes("w-full")
            .mark("find")
        )
        self.controls = ui.column().classes("w-full").style("gap: 0; flex-wrap: nowrap")
        self.draw_controls()

    @property
    def scenario(self) -> Scenario:
        """Return the scenario that is asked about."""
        return self.pick.scenario()

    def draw_controls(self) -> None:
        """Draw the sliders: the first levers, then by mechanism, drawn when their group is opened."""
        self.rows = {}
        self.controls.clear()
        scenario, sought = self.scenario, (self.finder.value or "").strip().casefold()
        with self.controls:
            if sought:
                hits = [c for group in groups(scenario) for c in group.controls if matches(c, sought)]
                ui.label(f"{len(hits)} found" if hits else "nothing found").classes("fs-sub")
                for control in hits[:20]:
                    self.row(control)
                return
            ui.label("First levers").classes("fs-label").style("margin-top: 10px")
            for control in levers(scenario):
                self.row(control)
            ui.label("By mechanism").classes("fs-label").style("margin-top: 14px")
            for group in groups(scenario):
                self.group(group)

    def group(self, group: Group) -> None:
        """Draw a mechanism, closed; its rows are made once somebody opens it."""
        caption, unfolded = "" if group.enabled else "off", group.key in self.unfolded
        with ui.expansion(group.title, caption=caption or None, value=unfolded).classes("w-full").props("dense") as box:
            if not group.enabled:
                box.classes("fs-off")
            inside = ui.column().classes("w-full").style("gap: 0")

        def fill() -> None:
            (self.unfolded.add if box.value else self.unfolded.discard)(group.key)
            if box.value and not inside.default_slot.children:
                with inside:
                    shown = group.controls if group.enabled else group.controls[:1]
                    for control in shown:
                        self.row(control)
                    if not group.enabled:
                        ui.label(f"{len(group.controls) - 1} parameters once it is on").classes("fs-sub")

        fill()
        box.on_value_change(fill)

    def row(self, control: Control) -> None:
        """Draw a slider, a switch or a choice."""
        self.rows.setdefault(control.path, []).append(Row(control, shipped(self.pick.base), self.move))

    def move(self, path: str, value: Any) -> None:
        """Take a change that was made in a row."""
        try:
            pick = self.pick.with_({path: value})
            pick.scenario()
        except ScenarioError as error:
            ui.notify(str(error.problems[0]), type="warning")
            for row in self.rows.get(path, []):
                row.put(row.control.value)
            self.follow()
            return
        self.pick = pick
        for row in self.rows.get(path, []):
            row.put(value)
        if path.endswith(".enabled"):
            self.draw_controls()
        self.follow()
        self.ask()

    def rebase(self, event: Any) -> None:
        """Take another scenario as the baseline."""
        if event.value and event.value != self.baseline.text:
            self.baseline = read_pick(event.value)
            self.follow()
            self.ask()

    def pin(self) -> None:
        """Make the scenario in hand the baseline, to lay plans over it."""
        self.baseline = self.pick
        self.follow()
        self.ask()

    def lay(self, event: Any) -> None:
        """Lay a shipped plan over the scenario in hand."""
        if not event.value:
            return
        try:
            self.put(laid_on(self.pick, event.value))
        except ScenarioError as error:
            ui.notify(str(error.problems[0]), type="warning")
        self.plans.set_value(None)

    def restart(self, event: Any) -> None:
        """Take another scenario to start from."""
        if event.value and event.value != self.pick.text:
            self.put(read_pick(event.value))

    def reset(self) -> None:
        """Take every change back to the baseline."""
        self.put(Pick(self.pick.base))

    def horizon(self, event: Any) -> None:
        """Set another horizon, for both scenarios."""
        if event.value != self.scenario.model.horizon_weeks:
            self.move("horizon_weeks", event.value)

    def put(self, pick: Pick) -> None:
        """Take up another scenario in place of this."""
        self.pick = pick
        self.draw_controls()
        self.follow()
        self.ask()

    def follow(self) -> None:
        """Let all that says what is open say so at once: menus, the header's links, the address.

        Both are asked about over the same weeks, those of the scenario in hand.
        """
        weeks = self.scenario.model.horizon_weeks
        with contextlib.suppress(ScenarioError):  # a baseline that cannot be that short is refused with the question
            longer = self.baseline.with_({"horizon_weeks": weeks})
            longer.scenario()
            self.baseline = longer
        for menu, pick in ((self.pinned, self.baseline), (self.menu, self.pick)):
            offered = choices(self.baseline, self.pick, *self.others)
            if menu.value != pick.text or list(menu.options) != list(offered):
                menu.set_options(offered, value=pick.text)
        if self.years.value != weeks:
            self.years.set_options(_years(weeks), value=weeks)
        self.links.point([self.baseline, self.pick, *self.others], self.pick)
        others = [("with", pick.text) for pick in self.others]
        here("/", [("baseline", self.baseline.text), ("scenario", self.pick.text), *others])

    def find(self) -> None:
        """Show the settings that were searched for."""
        self.draw_controls()

    async def open(self, event: Any) -> None:
        """Open a scenario file of the user's."""
        try:
            text = (await event.file.read()).decode("utf-8")
            pick = await run.io_bound(opened, text, event.file.name, self.files, self.pick)
            self.files[called(event.file.name)] = text
            self.put(pick)
        except UnicodeDecodeError:
            ui.notify(f"{event.file.name} is no text", type="warning")
        except ScenarioError as error:
            with ui.dialog(value=True), ui.column().classes("fs-card").style("max-width: 720px"):
                ui.label(f"{event.file.name} cannot be opened").classes("fs-title")
                problems(error)

    def save(self) -> None:
        """Download the scenario as a file."""
        ui.download.content(
            self.scenario.to_yaml(shipped(self.pick.base)).encode(), f"{_stem(self.pick)}.yaml", "text/yaml"
        )

    def copy(self) -> None:
        """Copy the link, which holds both scenarios."""
        ui.run_javascript("navigator.clipboard && navigator.clipboard.writeText(location.href)")
        if self.baseline.kept or self.pick.kept:
            ui.notify(
                "Link copied. A scenario in it is too long for a link: it works on this machine alone. Save keeps it.",
                type="warning",
            )
        else:
            ui.notify("Link copied: it holds both scenarios", type="positive")

    def ask(self) -> None:
        """Answer anew, from the first few runs on.

        A question that has its first charts gives way at once; before that it is let finish them, so that charts follow
        a slider that never rests.
        """
        if self.dragged or self.job.seconds > _PATIENCE:
            self.job.cancel()
        self.answered = False
        self.wanted.set()
        self.stale(True)

    # --- what is answered

    def answer(self) -> None:
        """Lay out room for the verdict, four numbers and the charts."""
        with ui.column().classes("fs-verdict fs-room").props('role="status" aria-live="polite"') as self.room:
            self.care = ui.label("").classes("more").mark("unlike")
            self.said = ui.label("").classes("said").mark("verdict")
            self.more = ui.label("").classes("more").mark("more")
        self.notes = ui.column().classes("w-full").style("gap: 6px")
        with ui.row().classes("w-full").style("margin: -11px 0"):
            self.progress = Progress()
        with ui.column().classes("fs-room").style("gap: 14px") as self.below:
            with ui.element("div").classes("fs-tiles"):
                self.tiles = [_tile() for _ in range(4)]
            with ui.element("div").classes("fs-charts"):
                self.charts = {}
                for name in SHOWN:
                    title, note, _ = COLUMNS[name]
                    with ui.column().classes("fs-card").style("gap: 4px") as card:
                        ui.label(title).classes("fs-title")
                        ui.label(note).classes("fs-sub")
                        chart = ui.echart({"series": []}, renderer="svg").classes("fs-chart")
                        self.charts[name] = (card, chart)
        self.draw()

    async def work(self) -> None:
        """Answer whatever is asked last, as long as the session lives."""
        client = ui.context.client
        client.on_delete(self.wanted.set)  # nothing is waited for in a session that has ended
        if not warmth.ready:
            self.said.set_text("Warming up: the engine is being compiled, once after an install.")
            self.more.set_text("This takes about a minute; afterwards every answer comes at once.")
            try:
                await run.io_bound(warmth.up)
            except Exception as error:
                self.said.set_text("The engine did not start.")
                self.more.set_text(f"{type(error).__name__}: {error}")
                return
        while not client.is_deleted:
            try:
                await asyncio.wait_for(self.wanted.wait(), 30)
            except TimeoutError:
                continue
            self.wanted.clear()
            if not client.is_deleted:
                await self.once()

    async def once(self) -> None:
        """Answer once: with few runs, then with all."""
        self.job, self.dragged = Job(), False
        job = self.job
        try:
            pair = self.pair()
            steps = self.desk.answers(*pair, job)
            last = self.desk.stages(pair)[-1]
            for _ in STAGES:
                done = self.shown.replicates if self.shown is not None and self.dragged else 0
                self.progress.begin(job, f"{done} of {last} paired runs" if done < last else f"{last} paired runs")
                steps_left = await run.io_bound(_next, steps)
                if steps_left is None:
                    break
                self.shown, self.dragged = steps_left, True
                self.draw()
                if self.wanted.is_set():
                    break
                if steps_left.replicates == STAGES[0]:
                    await asyncio.sleep(_PAINT)
            self.answered = not self.wanted.is_set()
        except Cancelled:
            if not self.wanted.is_set() and self.client.has_socket_connection:
                self.stopped()
        except ScenarioError as error:
            self.blank("No answer: this cannot be asked here.", "What is in the way stands below.")
            with self.notes:
                problems(error)
        except Exception as error:
            self.blank("No answer.", "Something went wrong.")
            with self.notes:
                fault(error)
        finally:
            if not self.wanted.is_set():
                self.progress.end()

    def pair(self) -> tuple[Scenario, Scenario]:
        """Return both scenarios over the same weeks."""
        baseline, scenario = self.baseline.scenario(), self.scenario
        weeks = scenario.model.horizon_weeks
        if baseline.model.horizon_weeks != weeks:
            baseline = baseline.with_({"horizon_weeks": weeks})
        return baseline, scenario

    def stopped(self) -> None:
        """Say that somebody stopped; what is shown belongs to what is open, or nothing is."""
        if self.dragged:
            self.answered = True
            self.more.set_text(f"{self.more.text} Stopped.")
        else:
            self.blank("Stopped before there was an answer.", "Move something to ask again.")

    def blank(self, sentence: str, more: str) -> None:
        """Show no answer, because the one that stands there is to another question."""
        self.shown, self.answered = None, True
        self.said.set_text(sentence)
        self.more.set_text(more)
        self.notes.clear()
        for _, value, note in self.tiles:
            value.set_text("\N{EM DASH}")
            note.set_text("\N{NO-BREAK SPACE}")
        for card, _ in self.charts.values():
            card.set_visibility(False)
        self.stale(False)

    def stale(self, old: bool) -> None:
        """Mark what is shown as the answer to an earlier question, or as the answer."""
        for part in (self.room, self.below):
            if old != ("fs-stale" in part.classes):
                part.classes(toggle="fs-stale")
        if old != ("aria-busy" in self.room.props):
            self.room.props("aria-busy=true" if old else "", remove="" if old else "aria-busy")

    def draw(self) -> None:
        """Show the verdict, numbers and charts."""
        answer = self.shown
        if answer is None:
            return
        self.stale(self.wanted.is_set())
        self.care.set_text(answer.care)
        self.care.set_visibility(bool(answer.care))
        self.said.set_text(answer.sentence)
        self.more.set_text(answer.more)
        self.notes.clear()
        for labels, tile in zip(self.tiles, answer.tiles, strict=True):
            for label, text in zip(labels, (tile.label, tile.value, tile.note or "\N{NO-BREAK SPACE}"), strict=True):
                label.set_text(text)
        for name, (card, _) in self.charts.items():
            card.set_visibility(name in answer.charts)
        options = {self.charts[name][1].id: option for name, option in answer.charts.items()}
        ui.run_javascript(f"flywheelCharts({json.dumps(options, separators=(',', ':'))})")


def _tile() -> tuple[ui.label, ui.label, ui.label]:
    with ui.column().classes("fs-tile"):
        return ui.label("").classes("name"), ui.label("").classes("value"), ui.label("").classes("note")


def _years(weeks: int) -> dict[int, str]:
    """Return what the horizon's menu offers."""
    return _YEARS if weeks in _YEARS else _YEARS | {weeks: f"{weeks} weeks"}


def _next(steps: Iterator[Answer]) -> Answer | None:
    return next(steps, None)


def _rejected(_: Any) -> None:
    ui.notify(f"a scenario file is YAML of at most {FILE_BYTES // 1000} kB", type="warning")


def _stem(pick: Pick) -> str:
    return (pick.base if pick.base in index() else "scenario").replace("/", "-") + ("-mine" if pick.changes else "")
