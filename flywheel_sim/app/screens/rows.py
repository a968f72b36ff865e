"""One control on the screen: a slider, a switch or a choice, with its value, limits and evidence in words."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from nicegui import ui

from flywheel_sim.app.controls import Control
from flywheel_sim.results.words import number
from flywheel_sim.scenario import Scenario, ScenarioError

__all__ = ["Row", "matches"]


class Row:
    """One control on the screen.

    Parameters
    ----------
    control : Control
    base : Scenario
        The shipped scenario, whose value is the usual one.
    moved : callable
        Called as ``moved(path, value)`` when somebody moves it.
    """

    def __init__(self, control: Control, base: Scenario, moved: Callable[[str, Any], None]) -> None:
        self.control, self.moved = control, moved
        try:
            self.usual = base.get(control.path)
        except ScenarioError:
            self.usual = control.value
        with ui.column().classes("fs-control") as self.box:
            self.box.props["data-path"] = control.path  # by name: a path holds names that users give
            with ui.element("div").classes("top"):
                name = ui.label(control.label).classes("name")
                self.value = ui.label("").classes("value").props("aria-hidden=true")
            with name:
                ui.tooltip(f"{control.text} {control.path}").style("font-size: 13px; max-width: 320px")
            if control.kind == "switch":
                self.input: Any = ui.switch(value=control.value, on_change=self.change).props("dense")
            elif control.kind == "choice":
                self.input = ui.select(list(control.choices), value=control.value, on_change=self.change)
                self.input.props("dense outlined options-dense").classes("w-full")
            else:
                self.input = ui.slider(
                    min=control.low, max=control.high, step=control.step, value=control.value, on_change=self.change
                ).props("dense")
            self.input.props["aria-label"] = f"{control.label}, {control.path}"
            self.input.mark(control.path)
            ui.label(_known(control)).classes("was")
        self.words(control.value)

    def change(self, event: Any) -> None:
        """Take the value that somebody moved to."""
        value = event.value
        if self.control.kind in ("number", "whole"):
            value = _tidy(value, self.control)
        if value != self.control.value:
            self.moved(self.control.path, value)

    def put(self, value: Any) -> None:
        """Show a value in the row's control."""
        self.control = replace(self.control, value=value)
        self.words(value)
        if self.input.value != value:
            self.input.set_value(value)

    def words(self, value: Any) -> None:
        """Say the value in words, and whether it differs from the shipped one."""
        moved = value != self.usual
        if self.control.kind in ("number", "whole"):
            unit = f" {self.control.unit}" if self.control.unit else ""
            said = number(value, 4) + unit
            was = moved and isinstance(self.usual, int | float)
            self.value.set_text((f"{number(self.usual, 4)} \N{RIGHTWARDS ARROW} " if was else "") + said)
            self.input.props["aria-valuetext"] = said
        if moved != ("moved" in self.box.classes):
            self.box.classes(toggle="moved")


def matches(control: Control, sought: str) -> bool:
    """Tell whether all words sought stand in a control's path, label or text."""
    return all(word in f"{control.path} {control.label} {control.text}".casefold() for word in sought.split())


def _known(control: Control) -> str:
    """Return limits and evidence under a slider."""
    source = f", {control.source}" if control.source else ""
    return f"{control.allowed}; {control.evidence}{source}" if control.allowed else f"{control.evidence}{source}"


def _tidy(value: float, control: Control) -> float | int:
    if control.kind == "whole":
        return round(value)
    return float(f"{min(max(value, control.low), control.high):.8g}")
