"""Start the app: routes, who may ask, headers, and the engine's warming up."""

import logging
import threading
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Query, Request, Response
from nicegui import app, ui

from flywheel_sim.app.bounds import MESSAGE_BYTES
from flywheel_sim.app.jobs import warmth
from flywheel_sim.app.screens import comparing, explain, watch, what_if
from flywheel_sim.app.screens.guard import Guard
from flywheel_sim.app.screens.shell import STATIC

__all__ = ["guarded", "routes", "serve"]

_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; "
    "form-action 'none'; base-uri 'self'; object-src 'none'"
)
_PLAIN = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>flywheel</title>'
    '<body style="font: 16px/1.5 sans-serif; margin: 48px auto; max-width: 60ch; padding: 0 24px">'
    '<p>{words}</p><p><a href="/">What-if</a> &middot; <a href="/compare">Compare</a> &middot; '
    '<a href="/watch">Watch</a> &middot; <a href="/explain">Explain</a></p></body></html>'
)
Words = Annotated[list[str], Query()]


def routes() -> None:
    """Register the address of every screen."""
    app.add_static_files("/static", STATIC)

    @ui.page("/")
    def _what_if(baseline: str = "", scenario: str = "", others: Annotated[Words, Query(alias="with")] = []) -> None:  # noqa: B006
        what_if.show(baseline, scenario, others)

    @ui.page("/compare")
    def _compare(s: Words = [], runs: str = "") -> None:  # noqa: B006
        comparing.show(s, runs)

    @ui.page("/watch")
    def _watch(s: str = "", seed: str = "", others: Annotated[Words, Query(alias="with")] = []) -> None:  # noqa: B006
        watch.show(s, seed, others)

    @ui.page("/explain")
    def _explain(m: str = "", others: Annotated[Words, Query(alias="with")] = []) -> None:  # noqa: B006
        explain.show(m, others)

    app.add_api_route("/report/{name}", comparing.report, response_class=Response)
    app.add_exception_handler(404, _nowhere)
    app.add_exception_handler(Exception, _failed)


def guarded() -> None:
    """Put the guard in front of every route, and headers on every answer."""

    @app.middleware("http")
    async def headed(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await go_on(request)
        response.headers.setdefault("Content-Security-Policy", _POLICY)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    app.add_middleware(Guard)  # the last one added is the first one asked


def serve(port: int, *, show: bool) -> None:
    """Serve the app on loopback until it is stopped."""
    routes()
    guarded()
    app.on_startup(lambda: threading.Thread(target=_warm, daemon=True).start())
    ui.run(
        host="127.0.0.1",
        port=port,
        title="flywheel",
        show=show,
        reload=False,
        tailwind=False,
        dark=False,
        show_welcome_message=False,
        fastapi_docs=False,
        favicon=STATIC / "wheel.svg",
        uvicorn_logging_level="error",
        reconnect_timeout=20.0,
        ws_max_size=MESSAGE_BYTES,
    )


def _nowhere(_: Request, __: Exception) -> Response:
    return Response(_PLAIN.format(words="There is no page at this address."), 404, media_type="text/html")


def _failed(_: Request, error: Exception) -> Response:
    logging.getLogger("flywheel_sim.app").error("the app could not answer", exc_info=error)
    return Response(_PLAIN.format(words="This cannot be shown: a fault of the app's."), 500, media_type="text/html")


def _warm() -> None:
    import contextlib

    with contextlib.suppress(Exception):
        warmth.up()
