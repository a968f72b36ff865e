"""Who may talk to the app: this machine's own pages, by this machine's own name, and in bodies of a bounded size.

The app listens on loopback only, but a browser that is on a foreign page reaches loopback, too.  A page whose name was
pointed at 127.0.0.1 gives itself away by the host it asks for, and any other foreign page by its origin.  Both are
looked at before any route is: pages, static files, uploads and the websocket alike.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from flywheel_sim.app.bounds import BODY_BYTES, QUERY_BYTES

__all__ = ["NAMES", "Guard", "objection"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

#: Names of this machine.
NAMES = frozenset({"127.0.0.1", "localhost", "::1"})


class Guard:
    """ASGI middleware in front of every route; refused are foreign hosts and origins, and what is too large."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        wrong = objection(scope["headers"])
        if wrong:
            await _refuse(scope, send, 403, wrong)
        elif len(scope.get("query_string", b"")) > QUERY_BYTES:
            await _refuse(scope, send, 414, f"This address is too long: at most {QUERY_BYTES:,} bytes after the '?'.")
        elif scope["type"] == "websocket":
            await self.app(scope, receive, send)
        else:
            body = await _body(scope, receive)
            if body is None:
                await _refuse(scope, send, 413, f"This is too large: the app takes at most {BODY_BYTES:,} bytes.")
            else:
                await self.app(scope, body, send)


def objection(headers: list[tuple[bytes, bytes]]) -> str:
    """Return what is wrong with who asks, in a sentence; empty if nothing is.

    Examples
    --------
    >>> objection([(b"host", b"127.0.0.1:8420")]), objection([(b"host", b"localhost:8420")])
    ('', '')
    >>> objection([(b"host", b"evil.example")])
    'This app answers to the names of this machine only: open it as http://127.0.0.1 with its port.'
    >>> objection([(b"host", b"127.0.0.1:8420"), (b"origin", b"http://evil.example")])
    'This app answers to its own pages only, and this request comes from another one.'
    """
    sent: dict[bytes, list[str]] = {}
    for name, value in headers:
        sent.setdefault(name.lower(), []).append(value.decode("latin-1").strip().lower())
    hosts, origins = sent.get(b"host", []), sent.get(b"origin", [])
    if len(hosts) != 1 or _name(f"//{hosts[0]}") not in NAMES:
        return "This app answers to the names of this machine only: open it as http://127.0.0.1 with its port."
    foreign = "This app answers to its own pages only, and this request comes from another one."
    if any(origin not in (f"http://{hosts[0]}", f"https://{hosts[0]}") for origin in origins):
        return foreign
    # a link on a foreign page may be followed; a picture or a script of it may not reach here
    site, mode = sent.get(b"sec-fetch-site", [""])[0], sent.get(b"sec-fetch-mode", [""])[0]
    return foreign if site in ("cross-site", "same-site") and mode != "navigate" else ""


def _name(address: str) -> str | None:
    """Return the host of an address; None where it has none, or anything but a host and a port."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return None
    plain = not (parts.path or parts.query or parts.fragment or "@" in parts.netloc)
    return parts.hostname if plain else None


async def _body(scope: Scope, receive: Receive) -> Receive | None:
    """Return the body of a request, whole, to be received again; None if it is too large, whatever its header says."""
    said = dict(scope["headers"]).get(b"content-length", b"0")
    if not said.isdigit() or int(said) > BODY_BYTES:
        return None
    if scope["method"] in ("GET", "HEAD") and said == b"0" and b"transfer-encoding" not in dict(scope["headers"]):
        return receive
    held = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            break
        held += message.get("body", b"")
        if len(held) > BODY_BYTES:
            return None
        if not message.get("more_body"):
            break
    left = [{"type": "http.request", "body": bytes(held), "more_body": False}]

    async def again() -> MutableMapping[str, Any]:
        return left.pop() if left else await receive()

    return again


async def _refuse(scope: Scope, send: Send, status: int, words: str) -> None:
    """Answer with a status and a sentence; a websocket is not even opened."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": ""})
        return
    text = f"{words}\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(text)).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})
