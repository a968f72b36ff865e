"""How a page opens: what its link means at once, the rest when a browser has come; and what is said if it cannot.

A request whose browser never opens its websocket (a crawler, a preview, a page closed at once) is an outline of a few
elements, of which only so many are kept.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence

from nicegui import Client, ui

from flywheel_sim.app.link import Pick, read_pick
from flywheel_sim.app.screens.shell import Links, frame, problems
from flywheel_sim.scenario import ScenarioError

__all__ = ["WAITING", "fault", "opening", "picks_of"]

#: Pages kept whose browser has not come yet; older ones are dropped, and open anew if it comes after all.
WAITING = 64
_waiting: OrderedDict[str, Client] = OrderedDict()


def opening(
    path: str,
    read: Callable[[], Sequence[Pick]],
    build: Callable[[Links], object],
    outline: Callable[[], None] | None = None,
) -> None:
    """Open a page with its company and link.

    Parameters
    ----------
    path : str
        Of the screen.
    read : callable
        Returns what is open, the baseline first, and keeps what else the link says; may raise `ScenarioError`.
    build : callable
        Called with the header's links once a browser is there.
    outline : callable, optional
        What there is to see before, made of few elements.
    """
    ready = True
    client = ui.context.client
    with frame(path) as links:
        room = ui.context.slot.parent
        try:
            links.point(read())
            if outline is not None:
                outline()
        except ScenarioError as error:
            problems(error, lambda: ui.navigate.to(path))
            ready = False
    begun: list[bool] = []

    def begin() -> None:
        if begun:
            return
        begun.append(True)
        _waiting.pop(client.id, None)
        if not ready:
            return
        with room:
            try:
                build(links)
            except ScenarioError as error:
                room.clear()
                problems(error, lambda: ui.navigate.to(path))
            except Exception as error:
                room.clear()
                fault(error)

    client.on_connect(begin)
    client.on_delete(lambda: _waiting.pop(client.id, None))
    _waiting[client.id] = client
    while len(_waiting) > WAITING:
        _, oldest = _waiting.popitem(last=False)
        oldest.delete()


def picks_of(words: Sequence[str]) -> list[Pick]:
    """Return what words of a link mean, each read and checked.

    Raises
    ------
    ScenarioError
    """
    picks = [read_pick(word) for word in words]
    for pick in picks:
        pick.scenario()
    return picks


def fault(error: Exception) -> None:
    """Say that something went wrong that should not have, and keep the traceback for whoever runs the app."""
    logging.getLogger("flywheel_sim.app").error("the app could not show a page", exc_info=error)
    with ui.column().classes("fs-problem").props('role="alert"'):
        ui.label("This cannot be shown, and that is a fault of the app's, not of yours.")
        ui.label(f"{type(error).__name__}: {error}"[:400])
        ui.button("Start again", on_click=lambda: ui.navigate.to("/")).props("flat dense")
