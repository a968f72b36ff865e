"""Who may talk to the app, and how much: asked for over a real socket, on every kind of route."""

import asyncio
import contextlib
import http.client
import json
import socket
import time
from urllib.parse import quote, urlsplit

import pytest
from chromium import served
from simulated import simulated_browser

from flywheel_sim.app.bounds import BODY_BYTES, QUERY_BYTES

pytest.importorskip("nicegui")
SOCKET = "/_nicegui_ws/socket.io/?EIO=4&transport="
KEY = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
       "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}  # fmt: skip


@pytest.fixture(scope="module")
def app():
    """Host and port of a running app."""
    with served() as (address, _):
        place = urlsplit(address).netloc
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(place.split(":"), 1):
                break
            time.sleep(0.1)  # not listening yet
        else:
            raise TimeoutError(place)
        yield place


def asked(app, path="/", method="GET", body=None, **headers):
    """Status, headers and text of an answer."""
    connection = http.client.HTTPConnection(app, timeout=300)
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    text = b"" if answer.status == 101 else answer.read()
    connection.close()
    return answer.status, answer.headers, text.decode("utf-8", "replace")


def routes():
    from nicegui import __version__

    return ["/", "/compare", "/watch", "/explain", "/static/charts.js", "/report/x", "/favicon.ico", "/nowhere",
            f"/_nicegui/{__version__}/static/nicegui.js", f"{SOCKET}polling"]  # fmt: skip


@pytest.mark.parametrize("number", range(10))
def test_every_route_refuses_a_foreign_host_and_a_foreign_page(app, number):
    path = routes()[number]
    port = app.split(":")[1]
    assert asked(app, path)[0] in (200, 404)
    for host in (f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}", "LOCALHOST"):
        assert asked(app, path, Host=host)[0] in (200, 404), host
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "localhost.evil.example", "",
                 "127.0.0.1@evil.example", "evil.example#localhost", "localhost/evil.example", "2130706433", "0.0.0.0",
                 "localhost:x"):  # fmt: skip
        assert asked(app, path, Host=host)[0] == 403, host
    assert asked(app, path, Origin=f"http://{app}")[0] in (200, 404)
    for origin in ("http://evil.example", "null", f"http://localhost:{port}", "http://127.0.0.1:1", f"http://{app}.x"):
        status, headers, text = asked(app, path, Origin=origin)
        assert status == 403 and "its own pages only" in text and "access-control-allow-origin" not in headers, origin
    assert asked(app, path, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors")[0] == 403
    assert asked(app, path, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate")[0] in (200, 404)


def test_a_websocket_opens_for_our_own_pages_only(app):
    path = f"{SOCKET}websocket"
    assert asked(app, path, Origin=f"http://{app}", **KEY)[0] == 101
    assert asked(app, path, Origin="http://evil.example", **KEY)[0] == 403
    assert asked(app, path, Origin="null", **KEY)[0] == 403
    assert asked(app, path, Host="evil.example", Origin="http://evil.example", **KEY)[0] == 403


def test_no_host_and_two_hosts_are_refused(app):
    for head in ("GET / HTTP/1.0\r\n\r\n", f"GET / HTTP/1.1\r\nHost: {app}\r\nHost: evil.example\r\n\r\n"):
        with socket.create_connection(app.split(":"), 60) as line:
            line.sendall(head.encode())
            assert line.recv(64).split(b" ")[1] in (b"403", b"400")


@pytest.mark.parametrize("path", ["/", "/_nicegui/client/x/upload/1", f"{SOCKET}polling"])
def test_a_body_is_bounded_whatever_its_header_says(app, path):
    assert asked(app, path, "POST", b"x" * (BODY_BYTES + 1))[0] == 413
    assert asked(app, path, "POST", iter([b"x" * 100_000] * 4))[0] == 413
    assert asked(app, path, "POST", b"x", Content_Length="999999999999")[0] == 413
    assert asked(app, path, "POST", b"x" * 1000)[0] not in (413, 500)


def test_an_address_is_bounded(app):
    assert asked(app, f"/?scenario={'x' * QUERY_BYTES}")[0] in (400, 414)


#: What may stand in a link: every kind of nonsense, and numbers at the end of what a float holds.
WORDS = (
    "", ":", ":{}", "b2b-saas:", "b2b-saas:{", "b2b-saas:[]", "b2b-saas:null", "\x00", "kept~", "kept~x", "kept~../etc",
    'b2b-saas:{"ledger.opening_cash":1e308}', 'b2b-saas:{"ledger.opening_cash":-1e308}',
    'b2b-saas:{"ledger.opening_cash":1e400}', 'b2b-saas:{"market.price":1e38}', 'b2b-saas:{"market.price":5e-324}',
    'b2b-saas:{"market.accounts":99999999999999999999}', 'b2b-saas:{"horizon_weeks":1e308}', 'b2b-saas:{"":1}',
    'b2b-saas:{"title":"\\ud800"}', 'b2b-saas:{"\\ud800":1}', 'b2b-saas:{"title":"\\u0000"}', 'b2b-saas:{"title":1}',
    'b2b-saas:{"teams":{"\\ud800":{}}}', 'b2b-saas:{"teams":1}', 'b2b-saas:{"segments":{}}', 'b2b-saas:{".":1}',
    'b2b-saas:{"timeline.changes.x":{"from_week":1e9,"set":{"market.price":1e308}}}', "b2b-saas:" + "[" * 9000,
    "b2b-saas:" + '{"a":' * 2000, "\N{RIGHT-TO-LEFT OVERRIDE}", "x" * 20_000, "\ud7ff", "<script>", "{{7*7}}",
)  # fmt: skip


@pytest.mark.parametrize("word", WORDS, ids=range(len(WORDS)))
def test_no_link_is_a_failure_of_ours(app, word):
    for address in ("/?scenario={}", "/?baseline={}", "/?with={}", "/compare?s={}", "/compare?s=b2b-saas&s={}",
                    "/compare?runs={}", "/watch?s={}", "/watch?seed={}", "/watch?with={}", "/explain?m={}",
                    "/explain?with={}", "/report/{}", "/{}", "/?{}={}"):  # fmt: skip
        status, headers, _ = asked(app, address.format(*[quote(word, safe="")] * 2))
        assert status in (200, 404), address
        assert headers["content-security-policy"] and headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/watch?seed=abc", "seed: expected a whole number from 0 to 4,294,967,295, got"),
        ("/watch?seed=-1", "seed: expected a whole number"),
        ("/watch?seed=99999999999999999999", "seed: expected a whole number"),
        ("/compare?runs=7", "runs: expected one of 10, 20, 40, 100, got"),
        ("/compare?" + "&".join(["s=b2b-saas"] * 5), "at most 4 scenarios"),
        ("/explain?m=M99", "there is no mechanism"),
        ("/?scenario=b2b-sass", "did you mean"),
        ("/?scenario=kept~0", "open its file again"),
        ("/nowhere", "There is no page at this address"),
    ],
)
def test_what_is_wrong_with_a_link_is_said_before_any_script_runs(app, address, said):
    assert said in asked(app, address)[2]


def test_requests_whose_browser_never_comes_are_few_and_small(monkeypatch):
    from nicegui import Client

    from flywheel_sim.app.screens import opening

    assert opening.WAITING <= 64
    few = 6
    monkeypatch.setattr(opening, "WAITING", few)

    async def flood():
        async with simulated_browser() as user:
            before = set(Client.instances)
            for path in ("/", "/compare", "/watch", "/explain", "/nowhere", "/?scenario=nobody"):
                for _ in range(few):
                    await user.http_client.get(path)
            new = [client for name, client in Client.instances.items() if name not in before]
            assert 0 < len(new) <= few
            assert max(len(client.elements) for client in new) < 120
            await user.open("/explain")
            await user.should_see("Mathematics")
            client = user.client
            for _ in range(2 * few):
                await user.http_client.get("/")
            assert client.id in Client.instances, "who came is not dropped for those who do not"

    asyncio.run(flood())


def test_a_page_as_it_is_sent_before_a_browser_comes_is_an_outline(app):
    for path, most in (("/", 30_000), ("/compare", 30_000), ("/watch", 30_000), ("/explain?m=M8", 80_000)):
        status, _, text = asked(app, path)
        assert status == 200 and len(text) < most, json.dumps({path: len(text)})
