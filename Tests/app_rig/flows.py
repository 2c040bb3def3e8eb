#!/usr/bin/env python3
"""Uses the web app as a person would, in a browser: flows.py FLOW ADDRESS BROWSER FOLDER [PICTURES [WORDS…]].

Prints 'ask NAME' and waits for a line where the fleet has to do something meanwhile; the line is the moment at which
it was done, Unix time in milliseconds. Exit status 0 when all was as it should be.
"""
import time

from axe_core_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

import history_flows
import people_flows
import push_flows
from browser_desk import Desk, ask, examine, fits, flow, house, large, screens, settled, sign_in, until


def flow_live(desk):
    page = sign_in(desk.context())
    expect(page.get_by_role("heading", name="Everything is fine.")).to_be_visible()
    expect(page.locator(".fresh")).to_have_text("Live")
    assert "4.3" not in page.locator(".flow").inner_text()
    stored = ask("measure")
    expect(page.locator(".flow strong")).to_contain_text("4.3", timeout=5000)
    late = time.time() * 1000 - stored
    print(f"on the screen after {late:.0f} ms", flush=True)
    assert late < 2000, f"expected at most 2000 ms from the store to the screen, found {late:.0f}"
    expect(page.locator(".headline p")).to_contain_text("Charging")


def flow_silent(desk):
    page = sign_in(desk.context())
    # 290 s old when the fleet was started: old enough to say so, not yet too old
    expect(page.locator(".fresh.old")).to_contain_text("minutes ago")
    expect(page.locator("#stale")).to_be_visible(timeout=30_000)
    expect(page.locator("#stale")).to_contain_text("No data since")
    expect(page.get_by_role("heading", name="The battery is out of sight.")).to_be_visible()
    expect(page.locator(".ring.old")).to_be_visible()
    assert page.locator(".flow strong").inner_text() == "–"
    page.get_by_text("What to check").click()
    expect(page.locator("#stale li")).to_have_count(4)
    page.goto(house + "/battery")
    settled(page)
    expect(page.locator(".chip.stale")).to_have_count(4)
    expect(page.locator(".chip.ok")).to_have_count(0)


def flow_offline(desk):
    context = desk.context()
    page = sign_in(context)
    settled(page)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    until(page, "navigator.serviceWorker.controller !== null", "the service worker")
    soc = page.locator(".ring .big").inner_text()
    until(page, "caches.match('/v1/gateways/gw-1/live').then(Boolean)", "a kept measurement")
    page.get_by_role("link", name="Battery", exact=True).first.click()
    settled(page)
    context.set_offline(True)
    expect(page.locator("#offline")).to_contain_text("This device is offline")
    expect(page.locator("#offline")).to_contain_text("You see how it was at")
    page.close()
    page = context.new_page()
    page.goto("/")
    expect(page.locator("#offline")).to_be_visible()
    expect(page.get_by_role("heading", name="The battery is out of sight.")).to_be_visible()
    assert page.locator(".ring .big").inner_text() == soc
    expect(page.locator(".ring.old")).to_be_visible()
    page.goto(house + "/battery/3")
    expect(page.get_by_role("heading", name="Pack 3")).to_be_visible()
    context.set_offline(False)
    expect(page.locator("#offline")).to_have_count(0, timeout=10_000)


def flow_alarm(desk):
    page = sign_in(desk.context())
    expect(page.get_by_role("heading", name="Everything is fine.")).to_be_visible()
    expect(page.locator(".bell")).to_have_attribute("aria-label", "No open alarms")
    ask("raise")
    # without events the app asks for alarms every half a minute, and at once on a new screen
    expect(page.get_by_role("heading", name="One pack is missing.")).to_be_visible()
    expect(page.locator(".alarm h2")).to_have_text("Pack 2 is not answering", timeout=40_000)
    expect(page.locator(".bell")).to_have_attribute("aria-label", "One open alarm")
    top = page.locator(".alarm").bounding_box()["y"]
    assert top < page.locator(".ring").bounding_box()["y"], "the alarm stands below the ring"
    page.locator(".bell").click()
    # what the system did, and who should act
    expect(page.get_by_text("The limits told to the inverter count on the other packs only.")).to_be_visible()
    expect(page.get_by_text("You can act")).to_be_visible()
    page.get_by_role("button", name="I am looking after it").click()
    expect(page.get_by_text("anna is looking after it")).to_be_visible()
    expect(page.get_by_role("button", name="I am looking after it")).to_have_count(0)
    page.get_by_text("Details").click()
    expect(page.get_by_text("pack_silent")).to_be_visible()
    page.goto(house + "/battery")
    settled(page)
    expect(page.locator(".pack b").first).to_have_text("Pack 2")


def flow_keyboard(desk):
    page = sign_in(desk.context(width=1280, height=900))
    settled(page)
    focused = lambda: page.evaluate("document.activeElement.innerText || document.activeElement.getAttribute('aria-label')")
    page.reload()
    settled(page)
    page.keyboard.press("Tab")
    assert focused() == "Skip to content", focused()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "H1"
    page.reload()
    settled(page)
    seen = []
    for _ in range(12):
        page.keyboard.press("Tab")
        seen.append(focused())
        if seen[-1] == "History":
            break
    assert seen[-1] == "History", seen
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="History")).to_be_focused()
    settled(page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.value") == "day"
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Week")).to_be_checked()
    assert "by=week" in page.url
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("radio", name="Day")).to_be_checked()
    settled(page)
    page.locator(".plot").first.focus()
    page.keyboard.press("End")
    first = page.locator(".readout").first.inner_text()
    page.keyboard.press("ArrowLeft")
    second = page.locator(".readout").first.inner_text()
    assert first != second and "%" in second, (first, second)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("table").first).to_be_visible()
    # what is measured meanwhile takes the focus from nobody
    page.goto(house + "/battery")
    settled(page)
    page.locator(".pack").nth(1).focus()
    page.wait_for_timeout(2500)
    assert page.evaluate("document.activeElement.className") == "pack"
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_be_focused()


def flow_accessible(desk):
    axe = Axe()
    for scheme in ("light", "dark"):
        context = desk.context(scheme=scheme)
        page = context.new_page()
        for path in ["/sign-in", "/first-use"]:
            page.goto(path)
            page.locator("main h1").wait_for()
            examine(axe, page, f"{path} {scheme}")
        page.close()
        page = sign_in(context)
        for path in screens:
            page.goto(path)
            settled(page)
            for details in page.locator("summary").all():
                details.click()
            closed = page.get_by_role("button", name="Show as table")
            while closed.count():
                closed.first.click()
            examine(axe, page, f"{path} {scheme}")
        context.close()


def flow_first_load(desk):
    context = desk.context()
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    sizes = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto("/sign-in")
    page.locator("#name").fill("anna")
    page.locator("#password").fill("correct horse battery")
    before = time.time()
    page.locator("form button[type=submit]").click()
    settled(page)
    print(f"{sum(sizes) / 1000:.1f} kB for {len(sizes)} answers, home after {time.time() - before:.2f} s", flush=True)
    assert sum(sizes) < 100_000, sizes
    worker = page.evaluate("fetch('/sw.js').then((answer) => answer.text())")
    manifest = page.evaluate("fetch('/manifest.webmanifest').then((answer) => answer.json())")
    assert manifest["display"] == "standalone" and manifest["start_url"] == "/" and manifest["name"] == "Amphora"
    sizes_there = set()
    for icon in manifest["icons"]:
        assert icon["src"] in worker
        if icon["type"] != "image/png":
            continue
        size = page.evaluate("""(src) => new Promise((done, fail) => { const image = new Image(); image.onerror = fail;
            image.onload = () => done(`${image.naturalWidth}x${image.naturalHeight}`); image.src = src; })""", icon["src"])
        assert size == icon["sizes"], (icon, size)
        sizes_there.add(size)
    assert sizes_there == {"192x192", "512x512"}
    until(page, "navigator.serviceWorker.controller !== null", "the service worker")
    kept = page.evaluate("caches.keys().then((names) => Promise.all(names.filter((one) => one.startsWith('amphora-app')).map((one) => caches.open(one).then((cache) => cache.keys())))).then((all) => all.flat().length)")
    assert kept > 20, kept


def flow_layout(desk):
    for locale in ("en-GB", "de-DE", "fr-FR"):
        context = desk.context(width=360, height=780, locale=locale)
        page = sign_in(context)
        for path in screens:
            page.goto(path)
            settled(page)
            fits(page, f"{path} {locale} 360")
        large(page, f"/more {locale}")
        context.close()
    for width in (360, 768, 1280):
        for scheme in ("light", "dark"):
            context = desk.context(width=width, height=780 if width < 700 else 900, scheme=scheme, service_workers="block")
            desk_faults = list(desk.faults)
            page = sign_in(context)
            for path in screens[:5]:
                page.goto(path)
                settled(page)
                fits(page, f"{path} {width} {scheme}")
                nav = page.locator("nav.tabs").bounding_box()
                if width < 900:
                    assert nav["y"] + nav["height"] == page.viewport_size["height"] and nav["width"] == width, nav
                else:
                    assert nav["x"] == 0 and nav["width"] < 260 and nav["height"] == 900, nav
                    assert page.locator("main").bounding_box()["x"] >= nav["width"]
                ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
                assert (ground == "rgb(14, 20, 19)") == (scheme == "dark"), ground
            # Playwright itself says that it keeps the worker out
            desk.faults[:] = desk_faults + [one for one in desk.faults if "blocked by Playwright" not in one and one not in desk_faults]
            context.close()


with sync_playwright() as player:
    desk = Desk(player)
    run = globals().get(f"flow_{flow}") or next(
        getattr(module, f"flow_{flow}") for module in (people_flows, history_flows, push_flows) if hasattr(module, f"flow_{flow}"))
    run(desk)
    assert not desk.faults, "\n".join(desk.faults)
    desk.browser.close()
