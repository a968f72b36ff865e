"""Every screen, as a user sees it: NiceGUI's simulation of a browser, without one."""

import asyncio
import contextlib
import json
import sys
from urllib.parse import urlencode

import pytest
from simulated import simulated_browser

pytest.importorskip("nicegui")

SMALL = '{"market.accounts":300,"market.initial_customers":30,"horizon_weeks":26}'
A, B = f"siloed-close-rate:{SMALL}", f"relationship-flywheel:{SMALL}"


@contextlib.asynccontextmanager
async def browser():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLYWHEEL_WORKERS", "1")
        async with simulated_browser() as user:
            yield user


def address(path, **query):
    return f"{path}?{urlencode(query, doseq=True)}"


async def until(holds, seconds=300.0):
    """Wait for something the app works out; the first start may compile."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.02)


def texts(user, marker):
    return [element.text for element in user.find(marker=marker).elements]


def test_what_if_answers_and_answers_again_when_something_moves():
    async def session():
        async with browser() as user:
            await user.open(address("/", baseline=A, scenario=B))
            await until(lambda: "24 paired runs" in texts(user, "more")[0])
            before = texts(user, "verdict")[0]
            assert "Relationship flywheel" in before
            (slider,) = user.find(marker="handoffs.integration").elements
            slider.set_value(0.9)
            await until(lambda: texts(user, "verdict")[0] != before or "24" not in texts(user, "more")[0])
            await until(lambda: "24 paired runs" in texts(user, "more")[0])

    asyncio.run(session())


def test_a_simulated_browser_leaves_the_package_in_the_process():
    there = dict(sys.modules)

    async def session():
        async with browser() as user:
            await user.open("/explain")

    asyncio.run(session())
    assert {name for name, module in there.items() if sys.modules.get(name) is not module} == set()


def test_what_if_says_what_is_wrong_with_a_link():
    async def session():
        async with browser() as user:
            await user.open(address("/", baseline="b2b-sass"))
            await user.should_see("did you mean 'b2b-saas'?")

    asyncio.run(session())


def test_sessions_are_apart():
    async def session():
        async with browser() as user:
            await user.open(address("/", baseline=A, scenario=A))
            await until(lambda: "Move something" in texts(user, "more")[0])
            first = user.client
            await user.open(address("/", baseline=A, scenario=B))
            await until(lambda: "24 paired runs" in texts(user, "more")[0])
            with first:
                others = [e for e in first.elements.values() if "more" in getattr(e, "_markers", ())]
                assert "Move something" in others[0].text

    asyncio.run(session())


def test_a_file_is_saved_and_the_slider_of_a_found_parameter_moves_it():
    async def session():
        async with browser() as user:
            await user.open(address("/", baseline=A, scenario=B))
            (field,) = user.find(marker="find").elements
            field.set_value("dispersion churn")
            await until(lambda: user.find(marker="market.churn.dispersion").elements)
            (slider,) = user.find(marker="market.churn.dispersion").elements
            slider.set_value(0.3)
            user.find(marker="save").click()
            await until(lambda: user.download.http_responses)
            (saved,) = user.download.http_responses
            assert "extends: relationship-flywheel" in saved.text and "dispersion: 0.3" in saved.text

    asyncio.run(session())


def test_fields_show_and_keep_exact_values():
    odd = '{"market.accounts":300,"market.initial_customers":30,"horizon_weeks":26,"market.price":1.2345678901234567}'

    async def session():
        async with browser() as user:
            await user.open(address("/", baseline=A, scenario=f"relationship-flywheel:{odd}"))
            await until(lambda: "24 paired runs" in texts(user, "more")[0])

            def field(path):
                return next(iter(user.find(marker=f"exact-{path}").elements))

            def open_(path):
                return json.loads(link(user).split(":", 1)[1]).get(path)

            async def type_(path, text):
                field(path).set_value(text)
                user.find(marker=f"exact-{path}").trigger("blur")
                await asyncio.sleep(0.1)

            assert field("market.price").value == "1.2345678901234567"
            for path, text, value, said in (
                ("market.price", "1.0000000000000002", 1.0000000000000002, "1.0000000000000002"),
                ("word_of_mouth.rate", "1e-3", 0.001, "0.001"),
                ("market.price", " 2 ", 2.0, "2"),
                ("handoffs.integration", "12.34567891234 %", 0.1234567891234, "0.1234567891234"),
                ("handoffs.integration", "0.000001", 1e-06, "0.000001"),
                ("teams.sales.headcount", "7.25", 7.25, "7.25"),
                ("word_of_mouth.rate", "\u22120.1", None, None),  # refused: below 0
                ("market.price", "1,5", None, None),
                ("market.price", "15 %", None, None),
                ("market.price", "", None, None),
                ("market.price", "<b>", None, None),
                ("cadence.interval_weeks", "2.5", None, None),
                ("cadence.interval_weeks", "3", 3, "3"),
            ):
                before, shown = open_(path), field(path).value
                await type_(path, text)
                assert field(path).value == (shown if said is None else said), (path, text)
                assert open_(path) == (before if value is None else value), (path, text)

    asyncio.run(session())


def link(user):
    return next(iter(user.find(marker="scenario").elements)).value


def test_compare_judges_and_makes_a_report():
    async def session():
        async with browser() as user:
            await user.open(address("/compare", s=[A, B, f"nps-pay:{SMALL}"]))
            await until(lambda: [e for e in user.client.elements.values() if "verdict" in e._markers])
            from flywheel_sim import compare
            from flywheel_sim.app.link import read_pick

            pages = [read_pick(word).scenario() for word in (A, B, f"nps-pay:{SMALL}")]
            assert texts(user, "verdict")[0] == compare(pages, 40).verdict.sentence
            await user.should_see("Side by side")
            from flywheel_sim.app.comparing import shelf

            before = len(shelf._pages)
            user.find(marker="report").click()
            await until(lambda: len(shelf._pages) > before)
            name = next(reversed(shelf._pages))
            answer = await user.http_client.get(f"/report/{name}")
            assert answer.status_code == 200 and "Content-Security-Policy" in answer.text
            assert (await user.http_client.get("/report/other")).status_code == 404

    asyncio.run(session())


def test_watch_runs_once_and_hands_it_over():
    async def session():
        async with browser() as user:
            await user.open(address("/watch", s=B, seed=5))
            await until(lambda: "random draw no. 5" in texts(user, "said")[0])
            await user.open(address("/watch", s="nobody"))
            await user.should_see("no shipped scenario")

    asyncio.run(session())


@pytest.mark.parametrize("number", ["M1", "M11", "M24"])
def test_explain_shows_a_mechanism(number):
    async def session():
        async with browser() as user:
            await user.open(address("/explain", m=number))
            assert number in texts(user, "title")[0]
            await user.should_see("Claims that rest on it")
            await user.should_see("Mathematics")

    asyncio.run(session())
