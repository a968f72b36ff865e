"""One control on the screen: a slider with its exact value, a switch or a choice, with limits and evidence in words."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from nicegui import ui

from flywheel_sim.app.controls import Control
from flywheel_sim.scenario import Scenario, ScenarioError
from flywheel_sim.scenario.numbers import Unreadable, number, share

__all__ = ["Row", "exact", "matches", "typed"]


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
                with ui.element("div").classes("value fs-mid").style("display: flex; gap: 6px"):
                    self.was = ui.label("").classes("fs-sub").props("aria-hidden=true")
                    self.field: ui.input | None = None
                    if control.kind in ("number", "whole"):
                        self.field = ui.input(value=exact(control.value)).props("dense").classes("fs-exact")
                        self.field.props["aria-label"] = f"Exact value of {control.label.lower()}"
                        self.field.on("keydown.enter", self.read).on("blur", self.read).mark(f"exact-{control.path}")
                        ui.label(control.unit).classes("fs-sub")
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
        if value == self.control.value:  # a value as it is, however many digits it has
            return
        if self.control.kind in ("number", "whole"):
            value = _tidy(value, self.control)
        if value != self.control.value:
            self.moved(self.control.path, value)

    def read(self) -> None:
        """Take a value that was typed or pasted: it is taken as it stands, or refused."""
        assert self.field is not None
        text = str(self.field.value or "")
        if text == exact(self.control.value):
            return
        try:
            value = typed(text, self.control)
        except ScenarioError as error:
            ui.notify(str(error.problems[0]), type="warning")
            self.field.set_value(exact(self.control.value))
            return
        if value == self.control.value:
            self.words(value)
        else:
            self.moved(self.control.path, value)

    def put(self, value: Any) -> None:
        """Show a value in the row's control."""
        self.control = replace(self.control, value=value)
        if self.control.kind in ("number", "whole"):  # a value that was typed may lie beyond the slider's ends
            low, high = min(self.control.low, value), max(self.control.high, value)
            self.control = replace(self.control, low=low, high=high)
            self.input.props["min"], self.input.props["max"] = low, high
        self.words(value)
        if self.input.value != value:
            self.input.set_value(value)

    def words(self, value: Any) -> None:
        """Say the value in words, and whether it differs from the shipped one."""
        moved = value != self.usual
        if self.control.kind in ("number", "whole"):
            assert self.field is not None
            unit = f" {self.control.unit}" if self.control.unit else ""
            was = moved and isinstance(self.usual, int | float)
            self.was.set_text(f"{exact(self.usual)} \N{RIGHTWARDS ARROW}" if was else "")
            if self.field.value != exact(value):
                self.field.set_value(exact(value))
            self.input.props["aria-valuetext"] = exact(value) + unit
        if moved != ("moved" in self.box.classes):
            self.box.classes(toggle="moved")


def exact(value: float) -> str:
    """Write a number with every digit that it has, as it can be typed again.

    Examples
    --------
    >>> exact(0.1), exact(1234567), exact(2.5e-05), exact(1.0), exact(1e300)
    ('0.1', '1234567', '0.000025', '1', '1e+300')
    """
    if isinstance(value, int):
        return str(value)
    if value and not 1e-9 <= abs(value) < 1e15:  # written out, these would be longer than the field is wide
        return repr(value)
    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def typed(text: str, control: Control) -> float | int:
    """Read the number that somebody typed for a control; per cent where the control is a share.

    Raises
    ------
    ScenarioError
        When it is no number, may be two, or has a fraction where there are whole numbers only.

    Examples
    --------
    >>> a_share = Control("market.price", "Price", "", "share", 0.5, "number")
    >>> typed("12.5 %", a_share), typed("0.3333333333333333", a_share), typed("1e-3", a_share)
    (0.125, 0.3333333333333333, 0.001)
    >>> typed("0,5", a_share)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    flywheel_sim.scenario.errors.ScenarioError: market.price: expected a number or per cent, got '0,5'...
    """
    whole = control.kind == "whole"
    expected = "a whole number" if whole else "a number or per cent" if "share" in control.unit else "a number"
    try:
        value = share(text) if "share" in control.unit and not whole else number(text)
    except Unreadable as error:
        why = f": {error.said}" if error.said else ""
        raise ScenarioError.single(
            f"expected {expected}, got '{text}'{why}", field=control.path, suggestion=error.near
        ) from None
    if whole and not value.is_integer():
        raise ScenarioError.single(f"expected {expected}, got '{text}'", field=control.path)
    return int(value) if whole else value


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
