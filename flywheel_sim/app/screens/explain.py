"""Explain: every mechanism, its mathematics, parameters and evidence, its test, and the claims that rest on it."""

from collections.abc import Sequence
from html import escape

from nicegui import ui

from flywheel_sim.app.bounds import check_count
from flywheel_sim.app.link import Pick
from flywheel_sim.app.mechanisms import Mechanism, how_tested, mechanism, mechanisms, passages
from flywheel_sim.app.screens.opening import opening, picks_of
from flywheel_sim.app.screens.shell import Links, address
from flywheel_sim.present.drawing import FAINT, PALETTE
from flywheel_sim.scenario import ScenarioError
from flywheel_sim.scenario.errors import nearest
from flywheel_sim.scenario.schema import MECHANISMS

__all__ = ["show"]

_SURE = {"source seen": PALETTE[2], "second-hand source": PALETTE[5], "quoted, not checked": PALETTE[4],
         "computed": PALETTE[0], "assumption": FAINT}  # fmt: skip


def show(number: str, others: Sequence[str] = ()) -> None:
    """Build the screen; others are the scenarios that are open elsewhere."""
    nav: list[ui.element] = []
    chosen = (number or "M1").upper()
    picks: list[Pick] = []

    def read() -> list[Pick]:
        check_count(len(others))
        if chosen not in MECHANISMS:
            near = nearest(chosen, MECHANISMS)
            raise ScenarioError.single(f"there is no mechanism '{number[:20]}'", suggestion=near)
        picks[:] = picks_of(others)
        return picks

    def outline() -> None:
        with ui.element("div").classes("fs-split fs-narrow"):
            nav.append(ui.element("nav").classes("fs-card fs-side").props('aria-label="Mechanisms"'))
            with ui.column().style("gap: 14px; width: 100%; min-width: 0"):
                _page(mechanism(chosen))

    def build(_: Links) -> None:
        everything = [("with", word) for word in dict.fromkeys(pick.text for pick in picks)]
        with nav[0]:
            for one in mechanisms():
                link = ui.link("", address("/explain", [("m", one.number), *everything])).classes("fs-item")
                if one.number == chosen:
                    link.classes("on").props('aria-current="page"')
                with link:
                    ui.label(one.number).classes("number")
                    ui.label(one.title)

    opening("/explain", read, build, outline)


def _page(one: Mechanism) -> None:
    with ui.column().classes("fs-verdict").style("min-height: 0"):
        ui.label(f"{one.number}  {one.title}").classes("said").mark("title")
        ui.label(f"{one.summary[:1].upper()}{one.summary[1:]}".replace("``", "")).classes("more")
    with ui.column().classes("fs-card"):
        ui.label("Mathematics").classes("fs-title")
        for is_formula, text in passages(one.text):
            ui.label(text).classes("fs-text" if is_formula else "fs-prose").mark("mathematics")
    with ui.column().classes("fs-card"):
        ui.label("What vouches for it").classes("fs-title")
        with ui.element("div").classes("fs-facts"):
            _fact("Parameters", f"{len(one.parameters)}")
            _fact("Closed forms it meets", ", ".join(one.closed_forms) or "none")
            _fact("Its code", one.module, mono=True)
            _fact("Its test", one.test, mono=True)
        with ui.element("div").classes("fs-evidence").props("role=img") as strip:
            strip.props["aria-label"] = _evidence(one)
            for mark, count in one.evidence:
                ui.element("i").style(f"flex: {count}; background: {_SURE.get(mark, FAINT)}")
        with ui.row().style("gap: 4px 18px"):
            for mark, count in one.evidence:
                with ui.row().classes("fs-mid no-wrap").style("gap: 7px"):
                    ui.element("i").classes("fs-dot").style(f"background: {_SURE.get(mark, FAINT)}")
                    ui.label(f"{count} \N{MULTIPLICATION SIGN} {mark}").classes("fs-sub")
    if one.limits:
        with ui.column().classes("fs-card"):
            ui.label("Limits in which it becomes a closed form").classes("fs-title")
            _table(("Limit", "How it is verified"), one.limits)
    with ui.column().classes("fs-card"):
        ui.label("Claims that rest on it").classes("fs-title")
        if not one.claims:
            ui.label("None of the claims names this mechanism.").classes("fs-sub")
        else:
            rows = [(claim.number, claim.claim, ", ".join(claim.observe), how_tested(claim)) for claim in one.claims]
            _table(("", "Claim", "Seen in", "How it is tested"), rows)
    with ui.column().classes("fs-card"):
        ui.label("Parameters").classes("fs-title")
        cells = [
            (p.path, p.text, p.default, p.unit, p.evidence + (f" ({p.source})" if p.source else ""))
            for p in one.parameters
        ]
        _table(("Path", "Meaning", "Default", "Unit", "Known by"), cells, mono=1)


def _evidence(one: Mechanism) -> str:
    return ", ".join(f"{count} {mark}" for mark, count in one.evidence)


def _fact(name: str, value: str, *, mono: bool = False) -> None:
    with ui.column().style("gap: 0; min-width: 0"):
        ui.label(name).classes("fs-sub")
        ui.label(value).classes("fs-mono" if mono else "").style("overflow-wrap: anywhere")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], mono: int = 0) -> None:
    """Draw a table as one element: elements for every cell are megabytes a page; all in it is the package's own."""
    cells = "".join(
        "<tr>"
        + "".join(
            f'<td><div class="{"fs-mono" if index < mono else ""}">{escape(text)}</div></td>'
            for index, text in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    heads = "".join(f"<th>{escape(word)}</th>" for word in head)
    table = f'<table class="fs-table"><thead><tr>{heads}</tr></thead><tbody>{cells}</tbody></table>'
    ui.html(table, sanitize=False).classes("w-full")
