"""What all screens share: the look, the header with its links, the state of the engine, messages."""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlencode

from nicegui import ui

from flywheel_sim.__about__ import __version__
from flywheel_sim.app.charts import HEIGHT
from flywheel_sim.app.jobs import Job, warmth
from flywheel_sim.app.link import Pick
from flywheel_sim.present.drawing import FRAME, GRID, INK, MUTED, PALETTE
from flywheel_sim.scenario import ScenarioError
from flywheel_sim.scenario.library import PLANS, scenarios

__all__ = ["STATIC", "Links", "Progress", "address", "choices", "frame", "here", "plans", "problems", "section"]

STATIC = Path(__file__).resolve().parents[1] / "static"
#: Screen -> its word in the header.
SCREENS = {"/": "What-if", "/compare": "Compare", "/watch": "Watch", "/explain": "Explain"}

_CSS = f"""
:root {{ --ink: {INK}; --muted: {MUTED}; --grid: {GRID}; --frame: {FRAME}; --accent: {PALETTE[0]};
  --wash: #f2f7fb; --paper: #ffffff; --back: #f7f8fa;
  --font: Inter, "Segoe UI", "Helvetica Neue", "DejaVu Sans", Arial, sans-serif; }}
body {{ background: var(--back); color: var(--ink); font-family: var(--font); font-size: 15px; line-height: 1.45;
  -webkit-font-smoothing: antialiased; }}
.q-btn, .q-field, .q-item, .q-slider, .q-toggle {{ font-family: var(--font); letter-spacing: 0; }}
.q-btn {{ text-transform: none; font-weight: 600; }}
.nicegui-content {{ padding: 0; gap: 0; }}
.fs-head {{ background: var(--paper); border-bottom: 1px solid var(--grid); color: var(--ink); box-shadow: none; }}
.fs-bar {{ display: flex; align-items: center; gap: 28px; width: 100%; max-width: 1680px; margin: 0 auto;
  padding: 0 24px; height: 56px; flex-wrap: nowrap; }}
.fs-mark {{ font-weight: 700; font-size: 17px; letter-spacing: -.01em; white-space: nowrap; display: flex;
  align-items: center; gap: 10px; color: var(--ink); }}
.fs-nav {{ display: flex; gap: 4px; }}
.fs-nav a {{ color: var(--muted); text-decoration: none; font-weight: 600; padding: 6px 12px; border-radius: 8px; }}
.fs-nav a:hover {{ background: var(--back); color: var(--ink); }}
.fs-nav a.on {{ color: var(--accent); background: var(--wash); }}
a:focus-visible, button:focus-visible, select:focus-visible, input[type=range]:focus-visible,
.q-slider__track-container:focus-visible, .q-expansion-item .q-item:focus-visible {{
  outline: 2px solid var(--accent) !important; outline-offset: 2px; border-radius: 6px; }}
.q-toggle:focus-visible {{ box-shadow: 0 0 0 3px var(--paper), 0 0 0 5px var(--accent); border-radius: 6px; }}
.q-field--focused .q-field__control::before {{ border-color: var(--accent) !important; }}
.fs-skip {{ position: fixed; top: -60px; left: 16px; z-index: 9000; background: var(--paper); color: var(--accent);
  padding: 10px 16px; border-radius: 8px; font-weight: 600; }}
.fs-skip:focus {{ top: 8px; }}
.fs-state {{ margin-left: auto; color: var(--muted); font-size: 13px; display: flex; align-items: center; gap: 8px; }}
.fs-page {{ width: 100%; max-width: 1680px; margin: 0 auto; padding: 20px 24px 40px; gap: 16px; }}
.fs-split {{ display: grid; grid-template-columns: 372px minmax(0, 1fr); gap: 20px; width: 100%; align-items: start; }}
.fs-card {{ background: var(--paper); border: 1px solid var(--grid); border-radius: 12px; padding: 16px 18px;
  width: 100%; box-shadow: none; gap: 8px; }}
.fs-side {{ position: sticky; top: 72px; max-height: calc(100vh - 88px); overflow-y: auto; padding: 14px 16px; }}
.fs-verdict {{ background: var(--wash); border-left: 5px solid var(--accent); border-radius: 4px 12px 12px 4px;
  padding: 16px 22px; width: 100%; gap: 4px; min-height: 116px; }}
.fs-verdict .said {{ font-size: 21px; line-height: 1.35; font-weight: 600; letter-spacing: -.01em; }}
.fs-verdict .more {{ color: var(--muted); font-size: 14px; }}
.fs-tiles {{ display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 14px; width: 100%; }}
.fs-tile {{ background: var(--paper); border: 1px solid var(--grid); border-radius: 12px; padding: 12px 16px; gap: 0; }}
.fs-tile .name {{ color: var(--muted); font-size: 13px; }}
.fs-tile .value {{ font-size: 25px; font-weight: 700; letter-spacing: -.02em; line-height: 1.3;
  font-variant-numeric: tabular-nums; }}
.fs-tile .note {{ color: var(--muted); font-size: 12.5px; }}
.fs-charts {{ display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 14px; width: 100%; }}
.fs-title {{ font-weight: 700; font-size: 15px; }}
.fs-sub {{ color: var(--muted); font-size: 13px; }}
.fs-chart {{ width: 100%; height: {HEIGHT}px; }}
.fs-label {{ color: var(--muted); font-size: 12px; font-weight: 700; text-transform: uppercase;
  letter-spacing: .06em; }}
.fs-control {{ width: 100%; gap: 0; padding: 6px 0 2px; }}
.fs-control .top {{ display: flex; width: 100%; justify-content: space-between; align-items: baseline; gap: 8px;
  flex-wrap: nowrap; }}
.fs-control .name {{ font-size: 14px; font-weight: 600; }}
.fs-control .value {{ font-size: 13.5px; font-variant-numeric: tabular-nums; white-space: nowrap; color: var(--ink); }}
.fs-exact {{ width: 11ch; }}
.fs-exact .q-field__native {{ text-align: right; padding: 0; min-height: 24px; font-variant-numeric: tabular-nums; }}
.fs-exact .q-field__control {{ height: 24px; min-height: 24px; }}
.fs-control .was {{ font-size: 12px; color: var(--muted); line-height: 1.35; }}
.fs-control.moved .value {{ color: var(--second); font-weight: 700; }}
.fs-room {{ width: 100%; transition: opacity .2s; }}
.fs-stale {{ opacity: .38; transition: opacity .3s .5s; }}
.fs-side .q-expansion-item .q-item {{ padding: 6px 0; min-height: 36px; font-weight: 600; font-size: 14px; }}
.fs-side .q-item__section--side {{ padding-left: 6px; }}
.fs-off .q-item__label {{ color: var(--muted); font-weight: 500; }}
.fs-problem {{ background: #fdf3ec; border-left: 5px solid {PALETTE[1]}; border-radius: 4px 12px 12px 4px;
  padding: 12px 18px; width: 100%; gap: 2px; }}
.fs-table {{ border-collapse: collapse; width: 100%; font-size: 14px; }}
.fs-table th {{ text-align: left; color: var(--muted); font-weight: 600; font-size: 12.5px; padding: 6px 12px 6px 0;
  border-bottom: 1px solid var(--frame); vertical-align: bottom; }}
.fs-table td {{ padding: 7px 12px 7px 0; border-bottom: 1px solid var(--grid); vertical-align: top;
  font-variant-numeric: tabular-nums; }}
.fs-table td.num, .fs-table th.num {{ text-align: right; }}
.fs-table code, .fs-mono {{ font-family: "JetBrains Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace;
  font-size: 12.5px; }}
.fs-prose {{ max-width: 92ch; line-height: 1.6; }}
.fs-text {{ background: var(--back); border-radius: 8px; padding: 10px 16px; overflow-x: auto; width: 100%;
  white-space: pre-wrap; font-family: "JetBrains Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace;
  font-size: 13.5px; line-height: 1.6; color: var(--ink); }}
:root {{ --second: {PALETTE[1]}; }}
.w-full {{ width: 100%; }}
.fs-mid {{ align-items: center !important; }}
.fs-four {{ display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 14px; width: 100%; }}
.fs-narrow {{ grid-template-columns: 300px minmax(0, 1fr); }}
.fs-item {{ display: flex; gap: 10px; padding: 5px 10px; border-radius: 8px; color: var(--ink); text-decoration: none;
  font-size: 14px; }}
.fs-item .number {{ color: var(--muted); width: 30px; font-variant-numeric: tabular-nums; flex: none; }}
.fs-item:hover {{ background: var(--back); }}
.fs-item.on {{ background: var(--wash); color: var(--accent); font-weight: 600; }}
.fs-facts {{ display: grid; grid-template-columns: repeat(4, auto); gap: 14px 28px; width: 100%;
  justify-content: space-between; }}
.fs-evidence {{ display: flex; width: 100%; height: 10px; gap: 2px; margin-top: 8px; }}
.fs-evidence i {{ border-radius: 3px; }}
.fs-quiet .q-field__native, .fs-quiet .q-field__input {{ font-weight: 600; }}
.fs-dot {{ width: 10px; height: 10px; border-radius: 50%; display: inline-block; flex: none; }}
.fs-quiet .q-field__control {{ background: var(--paper); }}
.fs-head .q-linear-progress {{ position: absolute; bottom: -1px; left: 0; }}
@media (max-width: 1020px) {{ .fs-split {{ grid-template-columns: 1fr; }} .fs-side {{ position: static;
  max-height: 46vh; }} .fs-tiles {{ grid-template-columns: repeat(2, 1fr); }}
  .fs-charts, .fs-facts {{ grid-template-columns: 1fr; }} .fs-four {{ grid-template-columns: repeat(2, 1fr); }} }}
.fs-table td:first-child {{ white-space: nowrap; }}
@media (max-width: 720px) {{ .fs-bar {{ gap: 10px; padding: 0 12px; }} .fs-nav a {{ padding: 6px 8px; }}
  .fs-state, .fs-mark div:last-child {{ display: none; }} .fs-page {{ padding: 12px; }}
  .fs-table td:first-child {{ white-space: normal; }} }}
@media (max-height: 800px) {{ .fs-page {{ padding-top: 12px; }} .fs-verdict {{ padding: 10px 18px; min-height: 92px; }}
  .fs-verdict .said {{ font-size: 18px; }} .fs-tile {{ padding: 8px 14px; }} .fs-tile .value {{ font-size: 22px; }}
  .fs-card {{ padding: 12px 16px; }} .fs-side {{ top: 64px; max-height: calc(100vh - 72px); }} }}
@media (prefers-reduced-motion: reduce) {{ * {{ transition: none !important; animation-duration: 0s !important; }} }}
"""

_MARK = (
    f'<svg width="26" height="26" viewBox="-13 -13 26 26" aria-hidden="true">'
    f'<g fill="none" stroke-width="5"><path d="M0-9.5A9.5 9.5 0 0 1 8.2 4.75" stroke="{PALETTE[0]}"/>'
    f'<path d="M7.1 6.3A9.5 9.5 0 0 1-7.1 6.3" stroke="{PALETTE[2]}"/>'
    f'<path d="M-8.2 4.75A9.5 9.5 0 0 1-2-9.3" stroke="{PALETTE[1]}"/></g></svg>'
)


class Links:
    """The header's links; they carry the scenario in hand from screen to screen."""

    def __init__(self) -> None:
        self._anchors: dict[str, ui.link] = {}

    def add(self, path: str, anchor: ui.link) -> None:
        """Remember the link to a screen."""
        self._anchors[path] = anchor

    def point(self, picks: Sequence[Pick], hand: Pick | None = None) -> None:
        """Let every screen open with what is open here.

        Parameters
        ----------
        picks : sequence of Pick
            The baseline first.
        hand : Pick, optional
            The one in hand; the second by default.
        """
        words = list(dict.fromkeys(pick.text for pick in picks))
        if not words:
            return
        chosen = hand.text if hand is not None else words[min(1, len(words) - 1)]
        rest = [("with", word) for word in words if word not in (words[0], chosen)]
        everything = [("with", word) for word in words]
        queries: Mapping[str, list[tuple[str, str]]] = {
            "/": [("baseline", words[0]), ("scenario", chosen), *rest],
            "/compare": [("s", word) for word in words],
            "/watch": [("s", chosen), *(everything if len(words) > 1 else [])],
            "/explain": everything,
        }
        for path, anchor in self._anchors.items():
            anchor.props["href"] = address(path, queries[path])
            anchor.update()


class Progress:
    """How far a job is, and its stop button; hidden while there is none."""

    def __init__(self) -> None:
        self.job: Job | None = None
        with ui.row().classes("fs-mid no-wrap").style("gap: 10px; height: 22px; flex: 1") as self.row:
            self.words = ui.label("").classes("fs-sub").style("white-space: nowrap; min-width: 150px")
            self.bar = ui.linear_progress(0.0, show_value=False, size="6px").props("rounded").style("max-width: 420px")
            self.stop = ui.button("Stop", on_click=self.cancel).props("flat dense size=sm").mark("stop")
        self.row.style("visibility: hidden")
        self.timer = ui.timer(0.3, self.show)

    def cancel(self) -> None:
        """Stop the job that is running."""
        if self.job is not None:
            self.job.cancel()
            self.words.set_text("stopping")

    def begin(self, job: Job, words: str) -> None:
        """Follow a job until it is over."""
        self.job = job
        self.words.set_text(words)
        self.row.style("visibility: visible")

    def end(self) -> None:
        """Clear the bar when the job is over."""
        self.job = None
        self.row.style("visibility: hidden")

    def show(self) -> None:
        """Move the bar to where the job is."""
        if self.job is not None:
            self.bar.set_value(round(self.job.share, 2))


def address(path: str, query: list[tuple[str, str]]) -> str:
    """Return a link inside the app."""
    return f"{path}?{urlencode(query)}" if query else path


def here(path: str, query: list[tuple[str, str]]) -> None:
    """Write what is shown into the address bar, so that it can be kept and sent."""
    import json

    ui.run_javascript(f"flywheelHere({json.dumps(address(path, query))})")


@contextlib.contextmanager
def frame(screen: str) -> Iterator[Links]:
    """Draw the page around a screen."""
    ui.colors(primary=PALETTE[0], secondary=PALETTE[1], positive=PALETTE[2], negative=PALETTE[1], dark=INK)
    ui.add_css(_CSS)
    ui.add_head_html(f'<script src="/static/reach.js?v={__version__}"></script>')
    ui.page_title(f"{SCREENS[screen]} \N{MIDDLE DOT} flywheel")
    links = Links()
    with ui.header(elevated=False).classes("fs-head").style("padding: 0"), ui.element("div").classes("fs-bar"):
        ui.link("Skip to the answer", "#answer").classes("fs-skip")
        with ui.element("div").classes("fs-mark"):
            ui.html(_MARK, sanitize=False)
            ui.label("flywheel")
        with ui.element("nav").classes("fs-nav").props('aria-label="Screens"'):
            for path, word in SCREENS.items():
                anchor = ui.link(word, path).classes("on" if path == screen else "")
                if path == screen:
                    anchor.props('aria-current="page"')
                links.add(path, anchor)
        with ui.element("div").classes("fs-state").props('role="status"'):
            spinner = ui.spinner(size="18px").props("thickness=8")
            state = ui.label()

        def show() -> None:
            spinner.set_visibility(not warmth.ready and not warmth.failed)
            if warmth.ready:
                state.set_text("engine ready")
                timer.deactivate()
            elif warmth.failed:
                state.set_text(f"the engine did not start: {warmth.failed}")
            else:
                state.set_text(f"warming up the engine, {warmth.seconds:.0f} s (about a minute after an install)")

        timer = ui.timer(0.5, show)
        show()
    with ui.column().classes("fs-page").props("id=answer role=main tabindex=-1"):
        yield links


@contextlib.contextmanager
def section(title: str, note: str = "") -> Iterator[ui.column]:
    """Draw a card under its title."""
    with ui.column().classes("fs-card") as card:
        with ui.column().style("gap: 0"):
            ui.label(title).classes("fs-title")
            if note:
                ui.label(note).classes("fs-sub")
        yield card


def problems(error: ScenarioError, action: Callable[[], None] | None = None) -> None:
    """Show every mistake, as text."""
    with ui.column().classes("fs-problem").props('role="alert"'):
        for problem in error.problems[:12]:
            ui.label(str(problem))
        if action is not None:
            ui.button("Start again", on_click=action).props("flat dense")


@lru_cache(maxsize=1)
def _shipped() -> dict[str, str]:
    """Return shipped scenarios that a menu offers, read once: name -> title."""
    return {name: entry.title for name, entry in scenarios().items() if entry.kind != "limit"}


@lru_cache(maxsize=1)
def plans() -> dict[str, str]:
    """Return the shipped plans that can be laid over a company: name -> kind and title."""
    return {name: f"{entry.title} ({entry.kind})" for name, entry in scenarios().items() if entry.kind in PLANS}


def _by_itself(path: str) -> bool:
    """Tell whether a setting changes with others: words, and targets that hold for another company."""
    words = path in ("title", "question", "description") or path.startswith("frozen")
    return words or (path.startswith("incentives.measures.") and path.endswith(".target"))


def choices(*kept: Pick) -> dict[str, str]:
    """Return what a menu of scenarios offers: shipped ones by word of a link, and those in hand."""
    titles = dict(_shipped())
    for pick in kept:
        if pick.changes or pick.base not in titles:
            with contextlib.suppress(ScenarioError):
                title = pick.scenario().title
                count = sum(not _by_itself(path) for path in pick.changes)
                titles[pick.text] = f"{title}, {count} changed" if pick.changes else title
    return titles
