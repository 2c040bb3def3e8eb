#!/usr/bin/env python3
"""Uses the web app as a person would, in a browser: flows.py FLOW ADDRESS BROWSER FOLDER [PICTURES [WORDS…]].

Prints 'ask NAME' and waits for a line where the fleet has to do something meanwhile; the line is the moment at which
it was done, Unix time in milliseconds. Exit status 0 when all was as it should be.
"""
import json
import re
import struct
import sys
import time

from axe_core_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

flow, address, browser_path, folder = sys.argv[1:5]
pictures = sys.argv[5] if len(sys.argv) > 5 else ""
words = sys.argv[6:]
screens = ["/", "/g/gw-1/history", "/g/gw-1/battery", "/g/gw-1/battery/3", "/alarms", "/more", "/claim", "/guest", "/data",
           "/g/gw-1/guests", "/g/gw-1/history?by=week&compare=before"]
house = "/g/gw-1"


def ask(name):
    print(f"ask {name}", flush=True)
    return int(sys.stdin.readline())


class Desk:
    """A browser; its pages collect what goes wrong in them."""

    def __init__(self, player):
        words = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        # the whole browser has no window either, but a place for notifications
        is_shell = browser_path.endswith("headless-shell")
        self.browser = player.chromium.launch(
            executable_path=browser_path, headless=is_shell, args=words if is_shell else [*words, "--headless=new"])
        self.faults = []

    def context(self, width=390, height=844, scheme="light", locale="en-GB", **more):
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, locale=locale,
            timezone_id="Asia/Tokyo", base_url=address, reduced_motion="reduce", **more)
        context.set_default_timeout(10_000)
        context.on("page", self.watch)
        return context

    def watch(self, page):
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error.stack}"))
        page.on("console", lambda message: self.hear(page, message))

    def hear(self, page, message):
        # a browser notes each answer that is no success; the app asks who is signed in and is told nobody
        is_told = "401" in message.text or "ERR_INTERNET_DISCONNECTED" in message.text
        # and somebody mistypes a code
        is_told = is_told or message.location.get("url", "").endswith(("/v1/claims", "/v1/guests")) and re.search("40[04]|429", message.text)
        # or a password
        is_told = is_told or message.location.get("url", "").endswith(("/deletion", "/release")) and "403" in message.text
        if message.type in ("error", "warning") and not is_told:
            self.faults.append(f"{page.url}: {message.text} {message.location}")


def sign_in(context, path="/", name="anna"):
    page = context.new_page()
    page.goto(path)
    page.get_by_label("Name", exact=True).or_(page.locator("#name")).first.fill(name)
    page.locator("#password").fill("correct horse battery")
    page.locator("form button[type=submit]").click()
    page.locator("nav.tabs").wait_for()
    return page


def settled(page):
    """Waits until nothing is on its way."""
    page.locator("main h1").first.wait_for()
    expect(page.locator(".skeleton")).to_have_count(0)


def until(page, script, what):
    """Waits for a script to give something true; the page itself may not evaluate texts, which others wait by."""
    end = time.time() + 10
    while time.time() < end:
        if page.evaluate(script):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{page.url}: waited for {what}")


def flow_sign_in(desk):
    context = desk.context()
    page = context.new_page()
    page.goto(house + "/history?by=week")
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill("wrong horse battery")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("The name or the password is wrong.")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    assert page.url.split("?")[0] == address + house + "/history", page.url
    cookies = context.cookies()
    assert [c["httpOnly"] and c["sameSite"] == "Strict" for c in cookies] == [True], cookies
    assert "amphora_" not in page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")
    page.get_by_role("link", name="More").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    assert context.cookies() == []
    until(page, "caches.keys().then((names) => !names.includes('amphora-state'))", "what was kept to be forgotten")
    page.goto("/more")
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    assert context.request.get("/nowhere").status == 404


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


def flow_daylight_saving(desk):
    context = desk.context(accept_downloads=True)
    page = sign_in(context)
    for day, hours, seen, note in [
        ("2026-10-25", 25, 2, "This day has 25 hours"), ("2026-03-29", 23, 0, "This day has 23 hours"),
    ]:
        page.goto(f"{house}/history?by=day&day={day}")
        expect(page.locator("#day-length")).to_contain_text(note)
        page.get_by_role("button", name="Show as table").first.click()
        rows = page.locator("tbody tr")
        expect(rows).to_have_count(hours)
        times = [text.strip() for text in page.locator("tbody th").all_inner_texts()]
        assert times[0] == "00:00" and times[-1] == "23:00", times
        assert times.count("02:00") == seen, times
        assert "–" not in page.locator("tbody").inner_text(), "an hour without values"
        with page.expect_download() as download:
            page.get_by_role("button", name="CSV").first.click()
        lines = open(download.value.path(), newline="").read().split("\r\n")
        assert lines[0].startswith("time,soc_min_pct") and len(lines) > 100, lines[:2]
        first = {"2026-10-25": "2026-10-24T22:0", "2026-03-29": "2026-03-28T23:0"}[day]
        assert lines[1].startswith(first), lines[1]
    page.get_by_role("button", name="Later").click()
    expect(page.get_by_role("heading", name="30 Mar 2026")).to_be_visible()
    expect(page.locator("#day-length")).to_have_count(0)
    expect(page.get_by_text("Nothing was measured in this period.")).to_be_visible()


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


def flow_claim(desk):
    own, foreign, link = words
    axe = Axe()
    context = desk.context()
    page = sign_in(context)
    expect(page.get_by_role("heading", name="No battery here yet")).to_be_visible()
    # no house, so nothing that could be fresh or old
    expect(page.locator("header .fresh")).to_have_count(0)
    examine(axe, page, "no battery")
    tab_to(page, "Add a battery")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Add a battery")).to_be_focused()
    picture_of(page, "claim")
    tab_to(page, "", "code")

    def enter(code):
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type(code)
        page.keyboard.press("Enter")
        expect(page.get_by_label("Code")).to_be_enabled()

    refused = "No gateway that you can add has this code."
    alert = page.get_by_role("alert")
    # one nobody has, one of somebody else: nobody learns which there are
    seen = []
    for code in ["0000-0000-0000-0000", foreign, "x"]:
        with page.expect_response("**/v1/claims"):
            enter(code)
        expect(alert).to_contain_text(refused)
        expect(alert).to_contain_text("ask your installer for a new code")
        expect(page.get_by_label("Code")).to_be_focused()
        expect(page.get_by_label("Code")).to_have_attribute("aria-invalid", "true")
        seen.append(alert.inner_text())
    assert seen[0] == seen[1] == seen[2], seen
    examine(axe, page, "a wrong code")
    picture_of(page, "claim-wrong")
    # as people type it: capitals, blanks for hyphens, and letters for the digits that look like them
    with page.expect_response("**/v1/claims"):
        enter(own.upper().replace("-", " ").replace("0", "O").replace("1", "l"))
    # what was measured before is none of whoever comes now
    ask("measure")
    expect(page.get_by_role("heading", name="Everything is fine.")).to_be_visible()
    assert page.url == address + house, page.url
    expect(page.locator("header .name")).to_have_text("Lindenhof")
    page.reload()
    expect(page.get_by_role("heading", name="Everything is fine.")).to_be_visible()
    context.close()
    # a phone reads the square pattern before anybody signed in; the code is sent only to take the house
    context = desk.context()
    asked = []
    context.on("request", lambda request: asked.append(request.url))
    page = sign_in(context, link.removeprefix(address))
    expect(page.get_by_role("heading", name="Add a battery")).to_be_visible()
    code = link.split("=")[1]
    expect(page.get_by_label("Code")).to_have_value(code)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", name="Nothing was measured yet.").first).to_be_visible()
    assert page.url == address + "/g/gw-3", page.url
    assert not [url for url in asked if code in url.split("#")[0]], asked
    expect(page.get_by_label("Home").locator("option")).to_have_count(2)
    # the same again is none, and whoever guesses waits
    page.goto("/claim")
    alert = page.get_by_role("alert")
    page.get_by_label("Code").focus()
    for _ in range(12):
        with page.expect_response("**/v1/claims") as answer:
            enter(own)
        if answer.value.status == 429:
            break
        expect(alert).to_contain_text(refused)
    expect(alert).to_contain_text(re.compile(r"Too many attempts\. Wait [1-6]?[0-9] seconds\. *Then compare"))
    picture_of(page, "claim-too-many")


def flow_share(desk):
    axe = Axe()
    owning = desk.context(permissions=["clipboard-read", "clipboard-write"])
    page = sign_in(owning, "/more")
    settled(page)
    tab_to(page, "Share this house")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Share this house")).to_be_focused()
    expect(page.get_by_text("Nobody yet.")).to_be_visible()
    tab_to(page, "Make a link")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Link for one person")).to_be_focused()
    link = page.get_by_label("Link for one person").input_value()
    assert re.fullmatch(re.escape(address) + "/guest#code=[0-9a-z]{16}", link), link
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == link
    expect(page.locator(".lines li")).to_have_count(1)
    expect(page.locator(".lines li")).to_contain_text("Open invitation")
    examine(axe, page, "a link")
    # on another device, before anybody signed in there; the code is sent only to see the house
    context = desk.context()
    asked = []
    context.on("request", lambda request: asked.append(request.url))
    visit = sign_in(context, link.removeprefix(address), name="fritz")
    expect(visit.get_by_role("heading", name="See a house")).to_be_visible()
    visit.get_by_role("button", name="See the house").click()
    expect(visit.get_by_role("heading", name="Everything is fine.")).to_be_visible()
    assert visit.url == address + house, visit.url
    code = link.split("=")[1]
    assert not [url for url in asked if code in url.split("#")[0]], asked
    ask("measure")
    expect(visit.locator(".flow strong")).to_contain_text("4.3", timeout=5000)
    ask("raise")
    expect(visit.locator(".alarm h2")).to_have_text("Pack 2 is not answering", timeout=40_000)
    expect(visit.get_by_role("button", name="I am looking after it")).to_have_count(0)
    # nor by any other way than the screen
    fields = {"Amphora-Request": "app", "Idempotency-Key": "k", "If-Match": "*", "Content-Type": "application/json"}
    alarm = {"gateway": "gw-1", "code": "pack_silent", "level": "warning", "pack": 2}
    for method, path, body in [
        ("POST", "/v1/alarms/acknowledge", alarm), ("POST", "/v1/gateways/gw-1/guests", None),
        ("PATCH", "/v1/gateways/gw-1", {"label": "Mine"}), ("PATCH", "/v1/configuration/gateway:gw-1", {}),
    ]:
        answer = context.request.fetch(path, method=method, headers=fields, data=body)
        assert answer.status == 403, f"{method} {path}: {answer.status} {answer.text()}"
    visit.get_by_role("link", name="More").click()
    visit.get_by_role("link", name="You are a guest here").click()
    expect(visit.get_by_text("anna shares this house with you")).to_be_visible()
    expect(visit.get_by_role("button", name="Leave this house")).to_be_visible()
    expect(visit.get_by_role("button", name="Make a link")).to_have_count(0)
    examine(axe, visit, "a guest")
    visit.set_viewport_size({"width": 360, "height": 780})
    fits(visit, "a guest 360")
    large(visit, "a guest")
    visit.goto(house)
    settled(visit)
    # the owner looks again, thinks again, and takes it back
    page.reload()
    settled(page)
    expect(page.get_by_label("Link for one person")).to_have_count(0)
    expect(page.locator(".lines li strong")).to_have_text("fritz")
    expect(page.locator(".lines li")).to_contain_text("let in by anna")
    page.set_viewport_size({"width": 360, "height": 780})
    fits(page, "guests 360")
    large(page, "guests")
    tab_to(page, "Take back")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("Shall fritz see Lindenhof no longer?")
    examine(axe, page, "the question")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".lines li strong")).to_have_text("fritz")
    expect(visit.locator("#parted")).to_have_count(0)
    page.get_by_role("button", name="Take back: fritz").click()
    page.get_by_role("dialog").get_by_role("button", name="Take back").click()
    expect(page.get_by_text("Nobody yet.")).to_be_visible()
    expect(visit.locator("#parted")).to_contain_text("anna no longer shares Lindenhof with you.", timeout=5000)
    expect(visit.get_by_role("heading", name="No battery here yet")).to_be_visible()
    expect(visit.locator(".flow")).to_have_count(0)
    examine(axe, visit, "parted")
    # the stream is over and nobody asks on
    asked.clear()
    visit.wait_for_timeout(4000)
    assert not [url for url in asked if "gw-1" in url], asked
    visit.get_by_role("button", name="Close").click()
    expect(visit.locator("#parted")).to_have_count(0)
    visit.get_by_role("link", name="More").click()
    expect(visit.get_by_text("fritz")).to_be_visible()
    visit.goto(link)
    visit.get_by_role("button", name="See the house").click()
    expect(visit.get_by_role("alert")).to_contain_text("This link is good no more.")
    # a second time the guest goes by themselves
    page.get_by_role("button", name="Make a link").click()
    visit.get_by_label("Code").fill(page.get_by_label("Link for one person").input_value().split("=")[1])
    visit.get_by_role("button", name="See the house").click()
    expect(visit.locator(".flow")).to_be_visible()
    visit.goto(house + "/guests")
    visit.get_by_role("button", name="Leave this house").click()
    visit.get_by_role("dialog").get_by_role("button", name="Leave this house").click()
    expect(visit.get_by_role("heading", name="No battery here yet")).to_be_visible()


def flow_data(desk):
    axe = Axe()
    context = desk.context(accept_downloads=True)
    page = sign_in(context, "/more")
    tab_to(page, "Your data")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your data")).to_be_focused()
    settled(page)
    with page.expect_download() as coming:
        page.get_by_role("link", name="Download everything").click()
    file = coming.value
    assert file.suggested_filename == "amphora-anna.ndjson", file.suggested_filename
    with open(file.path(), encoding="utf-8") as text:
        lines = [json.loads(line) for line in text]
    assert lines[-1] == {"kind": "end", "lines": len(lines)}, lines[-1]
    kinds = {line["kind"] for line in lines}
    assert {"account", "house", "measurement", "session"} <= kinds, kinds
    picture_of(page, "data")

    def answer(password, go):
        expect(page.get_by_role("dialog")).to_be_visible()
        page.get_by_label("Your password").fill(password)
        page.get_by_role("dialog").get_by_role("button", name=go).click()

    # nobody gives up a house by mistake
    give = page.get_by_role("button", name="Give up Lindenhof")
    give.click()
    examine(axe, page, "giving up a house")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    give.click()
    answer("wrong", "Give up")
    expect(page.get_by_role("alert")).to_contain_text("The password is wrong.")
    answer("correct horse battery", "Give up")
    expect(page.get_by_role("heading", name="No battery here yet")).to_be_visible()
    # the next label, and nothing of what was measured before
    ask("label")
    page.goto("/claim")
    page.get_by_label("Code").fill(words[0])
    page.get_by_role("button", name="Add").click()
    page.wait_for_url("**/g/gw-1")
    shown = page.evaluate("fetch('/v1/gateways/gw-1/live').then((answer) => answer.json())")
    assert shown["made"] is None and shown["packs"] == [], shown
    ask("measure")
    expect(page.get_by_role("heading", name="Everything is fine.")).to_be_visible()
    # and the account
    page.goto("/data")
    settled(page)
    page.get_by_role("button", name="Delete account").click()
    expect(page.get_by_role("dialog")).to_contain_text("What stays")
    examine(axe, page, "deleting an account")
    picture_of(page, "data-delete")
    answer("wrong", "Delete for good")
    expect(page.get_by_role("alert")).to_contain_text("The password is wrong.")
    answer("correct horse battery", "Delete for good")
    page.wait_for_url("**/sign-in")
    assert page.evaluate("caches.has('amphora-state')") is False
    page.locator("#name").fill("anna")
    page.locator("#password").fill("correct horse battery")
    page.locator("form button[type=submit]").click()
    expect(page.get_by_text("The name or the password is wrong.")).to_be_visible()


def tab_to(page, text, element=None):
    """Presses Tab until something with this text, or this id, has the focus."""
    for _ in range(30):
        page.keyboard.press("Tab")
        if element and page.evaluate("document.activeElement.id") == element:
            return
        if not element and page.evaluate("document.activeElement.innerText.trim()") == text:
            return
    raise AssertionError(f"{page.url}: the keyboard does not reach {element or text}")


def picture_of(page, name):
    """A picture as it is, for whoever looks at it."""
    if not pictures:
        return
    size = page.viewport_size
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(150)
        page.screenshot(path=f"{pictures}/{name}-{size['width']}-{scheme}.png")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")
    page.wait_for_timeout(150)
    page.screenshot(path=f"{pictures}/{name}-1280-light.png")
    page.set_viewport_size(size)


def flow_compare(desk):
    axe = Axe()
    context = desk.context(accept_downloads=True)
    page = sign_in(context)

    def show(query):
        page.goto(f"{house}/history?{query}")
        settled(page)

    def rows_of(place=0):
        page.get_by_role("button", name="Show as table").nth(place).click()
        rows = page.locator("figure").nth(place).locator("tbody tr").all()
        return [[one.inner_text().strip() for one in row.locator("th, td").all()] for row in rows]

    def csv(place=0):
        with page.expect_download() as download:
            page.get_by_role("button", name="CSV").nth(place).click()
        return [line.split(",") for line in open(download.value.path(), newline="").read().strip().split("\r\n")]

    show("by=day&day=2026-10-26")
    switch = page.get_by_role("switch", name="Compare with the day before")
    expect(switch).not_to_be_checked()
    expect(page.locator("path.other")).to_have_count(0)
    assert "period" not in csv()[0], "one period needs no column that names it"
    tab_to(page, "", "compare")
    page.keyboard.press("Space")
    expect(switch).to_be_checked()
    assert page.url.endswith("&compare=before"), page.url
    settled(page)
    before = "Sun, 25 Oct 2026"
    # a second line, dashed and named, so that colour is never alone
    expect(page.locator("path.other")).to_have_count(2)
    assert page.evaluate("getComputedStyle(document.querySelector('path.other')).strokeDasharray") != "none"
    expect(page.locator(".legend").first).to_contain_text(before)
    expect(page.locator("figcaption").first).to_contain_text(f"{before}: highest")
    expect(page.locator("#other-length")).to_contain_text(f"{before} has 25 hours")
    page.locator(".plot").first.focus()
    page.keyboard.press("Home")
    expect(page.locator(".readout").first).to_contain_text(f"{before}: ")
    # the hour that came twice yesterday stands alone; every other hour stands beside the same one
    rows = rows_of()
    assert [row[0] for row in rows] == [f"{hour:02}:00" for hour in range(24)] + ["02:00"], rows
    assert all("–" not in row for row in rows[:24]), rows
    assert rows[24][1:5] == ["–"] * 4 and "%" in rows[24][5], rows[24]
    lines = csv()
    assert lines[0][-1] == "period" and len({len(line) for line in lines}) == 1, lines[0]
    kinds = {kind: [line[0] for line in lines[1:] if line[-1] == kind] for kind in ("shown", "before")}
    assert kinds["shown"][0].startswith("2026-10-25T23:0") and kinds["shown"][-1] < "2026-10-26T23:00", kinds["shown"][:1]
    assert kinds["before"][0].startswith("2026-10-24T22:0") and kinds["before"][-1] < "2026-10-25T23:00", kinds["before"][:1]
    assert len({time[:13] for time in kinds["before"]}) == 25 and len({time[:13] for time in kinds["shown"]}) == 24
    examine(axe, page, "two days")
    picture_of(page, "compare-day")
    # a day of 25 hours after one of 24, of 23 after 24, and of 24 after 23
    for day, count, alone, extra in [("2026-10-25", 25, 3, 0), ("2026-03-29", 23, None, 1), ("2026-03-30", 24, 2, 0)]:
        show(f"by=day&day={day}&compare=before")
        rows = rows_of()
        assert len(rows) == count + extra, (day, rows)
        for place, row in enumerate(rows[:count]):
            assert (row[5] == "–") == (place == alone), (day, place, row)
            assert row[2] != "–", (day, row)
        assert [(row[0], row[2]) for row in rows[count:]] == [("02:00", "–")] * extra, (day, rows[count:])
    # two weeks: the sums are those of the fleet
    show("by=week&day=2026-10-21&compare=before")
    expect(page.get_by_role("switch", name="Compare with the week before")).to_be_checked()
    expect(page.locator("line.other")).to_have_count(14)
    sums = page.evaluate("""() => Promise.all([['2026-10-18T22:00:00Z', '2026-10-25T23:00:00Z'], ['2026-10-11T22:00:00Z', '2026-10-18T22:00:00Z']]
        .map(([from, to]) => fetch(`/v1/gateways/gw-1/energy?from=${from}&to=${to}&by=day`).then((it) => it.json()))).then((all) => all.map((it) => it.total))""")
    for key, place in (("charged_wh", 0), ("discharged_wh", 1)):
        shown, last = [f"{one[key] / 1000:,.1f}" if one[key] < 100_000 else f"{one[key] / 1000:,.0f}" for one in sums]
        assert sums[0][key] > 1000 and sums[1][key] > 1000 and shown != last, sums
        box = page.locator(".pair .sum").nth(place)
        expect(box.locator(".big")).to_contain_text(shown)
        expect(box.locator(".hint")).to_contain_text(last)
        expect(box.locator(".change")).to_contain_text(re.compile("more|less|about the same"))
    rows = rows_of(1)
    assert len(rows) == 7 and rows[0][0] == "Mon 19 Oct" and rows[0][3] == "Mon 12 Oct", rows
    lines = csv(1)
    assert [line[-1] for line in lines] == ["period"] + ["shown"] * 7 + ["before"] * 7, lines
    examine(axe, page, "two weeks")
    picture_of(page, "compare-week")
    # a month of 28 days after one of 31
    show("by=month&day=2026-02-10&compare=before")
    rows = rows_of()
    assert len(rows) == 31 and [row[0] for row in rows[28:]] == ["29 Jan", "30 Jan", "31 Jan"], rows[26:]
    assert rows[0][2] != "–" and rows[30][2] == "–" and "%" in rows[30][5], (rows[0], rows[30])
    picture_of(page, "compare-month")
    # in zones of all kinds, one that leaves midnight out among them, every moment stands beside the same by the clock
    wrong = page.evaluate("""async () => {
        const { counterpart, fields, neighbour, period } = await import(document.querySelector('script[type=module]').src.replace('main.js', 'core/zone.js'));
        const wrong = [];
        for (const zone of ['Europe/Berlin', 'America/Santiago', 'Australia/Lord_Howe', 'Asia/Kathmandu'])
            for (const [kind, count, step, most] of [['day', 366, 1800e3, 2], ['week', 53, 1800e3, 2], ['month', 14, 3600e3, 74], ['year', 3, 12600e3, 12]]) {
                let shown = period(kind, Date.UTC(2024, 0, 15), zone);
                for (let n = 0; n < count; n++, shown = neighbour(kind, shown, 1, zone)) {
                    const other = neighbour(kind, shown, -1, zone);
                    const seen = new Set();
                    let alone = 0;
                    for (let at = other.from; at < other.to; at += step) {
                        const to = counterpart(kind, at, other, shown, zone);
                        if (to === null) { alone++; continue; }
                        const [a, b] = [at, to].map((one) => fields(one, zone));
                        if (a.hour !== b.hour || a.minute !== b.minute || seen.has(to) || to < shown.from || to >= shown.to) wrong.push([zone, kind, at, to]);
                        seen.add(to);
                    }
                    if (alone > most) wrong.push([zone, kind, new Date(shown.from).toISOString(), alone]);
                }
            }
        return wrong.slice(0, 10);
    }""")
    assert not wrong, wrong
    # nothing before, and it is off again where it was on
    show("by=day&day=2026-01-29&compare=before")
    expect(page.get_by_text("Nothing was measured in the period before.")).to_be_visible()
    page.get_by_role("switch").uncheck()
    expect(page.get_by_text("Nothing was measured in the period before.")).to_have_count(0)
    assert "compare" not in page.url, page.url
    # this week is not over, and says so
    show("by=week&compare=before")
    expect(page.locator("#open").or_(page.get_by_text("Nothing was measured in the period before."))).to_be_visible()


def registration(context, page):
    """A session that can hand messages to the page's worker, and the id of that."""
    session = context.new_cdp_session(page)
    found = []
    session.on("ServiceWorker.workerRegistrationUpdated", lambda event: found.extend(event["registrations"]))
    session.send("ServiceWorker.enable")
    until(page, "navigator.serviceWorker.controller !== null", "the service worker")
    end = time.time() + 5
    while not found and time.time() < end:
        page.wait_for_timeout(50)
    return session, found[0]["registrationId"]


def note_shown(worker):
    """This browser has nowhere to show notifications, so the worker notes what it would have shown."""
    worker.evaluate("""() => { self.shown = [];
        self.registration.showNotification = async (title, options) => { self.shown.push({ title, ...options }); }; }""")


def deliver(session, number, page, worker, data):
    """What the worker shows of a message."""
    count = worker.evaluate("self.shown.length")
    session.send("ServiceWorker.deliverPushMessage", {"origin": address, "registrationId": number, "data": data})
    end = time.time() + 5
    while worker.evaluate("self.shown.length") == count and time.time() < end:
        page.wait_for_timeout(20)
    assert worker.evaluate("self.shown.length") == count + 1, "nothing was shown"
    return worker.evaluate("self.shown.at(-1)")


def press(worker):
    """Presses the notification that was shown last; an event of a script keeps no worker awake, so this waits in it."""
    worker.evaluate("""() => { const event = new ExtendableEvent('notificationclick');
        event.notification = { close() {}, data: self.shown.at(-1).data };
        self.dispatchEvent(event);
        return new Promise((done) => setTimeout(done, 500)); }""")


def flow_push(desk):
    context = desk.context()
    page = sign_in(context)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    session, number = registration(context, page)
    worker = context.service_workers[0]
    note_shown(worker)
    # what is no JSON is shown all the same, and no address leads out of the app
    assert deliver(session, number, page, worker, "hello")["title"] == "Amphora"
    shown = deliver(session, number, page, worker, json.dumps({"title": "x", "url": "https:" + "//elsewhere.example/"}))
    assert shown["data"]["url"] == "/", shown
    shown = deliver(session, number, page, worker, json.dumps({
        "title": "Pack 2 is not answering", "body": "Charging is limited.", "url": "/alarms", "tag": "gw-1 pack_silent 2",
        "level": "protection", "gateway": "gw-1", "code": "pack_silent"}))
    assert shown["title"] == "Pack 2 is not answering" and shown["body"] == "Charging is limited.", shown
    assert shown["tag"] == "gw-1 pack_silent 2" and shown["requireInteraction"] and shown["data"]["url"] == "/alarms", shown
    assert page.evaluate("(icon) => fetch(icon).then((answer) => answer.status)", shown["icon"]) == 200
    press(worker)
    expect(page.get_by_role("heading", name="Alarms", exact=True)).to_be_visible()


def flow_push_chain(desk):
    """From an alarm to who looks after it.

    Played is only the push service of the browser's maker, which takes what the fleet really sends; what it reads goes to
    the app's own worker as it is.
    """
    service = PushService(folder)
    context = desk.context(locale="de-DE")
    context.grant_permissions(["notifications"], origin=address)
    context.add_init_script("""(() => {
        const said = () => JSON.parse(localStorage.getItem('played') || 'null');
        const made = (words) => words && { toJSON: () => words.subscription,
            unsubscribe: async () => localStorage.removeItem('played') };
        PushManager.prototype.getSubscription = async () => made(said());
        PushManager.prototype.subscribe = async (options) => {
            localStorage.setItem('played', JSON.stringify({ options, subscription: %s }));
            return made(said()); };
    })();""" % json.dumps(service.subscription))
    page = sign_in(context, "/more")
    session, number = registration(context, page)
    worker = context.service_workers[0]
    with page.expect_response("**/v1/session/preferences") as kept:
        page.locator("#language").select_option("de")
    assert kept.value.ok, kept.value.text()
    with page.expect_response("**/v1/push-subscriptions") as kept:
        page.get_by_role("switch", name="Auf diesem Gerät").check()
    assert kept.value.status == 201, kept.value.text()
    asked = page.evaluate("JSON.parse(localStorage.getItem('played')).options")
    raised = ask("raise")
    key, payload = service.messages.get(timeout=30)
    print(f"at the push service {time.time() * 1000 - raised:.0f} ms after it was stored", flush=True)
    assert key == asked["applicationServerKey"] and asked["userVisibleOnly"] is True, (key, asked)
    session.send("ServiceWorker.deliverPushMessage", {"origin": address, "registrationId": number, "data": payload})
    shown, end = [], time.time() + 10
    while not shown and time.time() < end:
        shown = worker.evaluate("""self.registration.getNotifications().then((all) => all.map(
            ({ title, body, tag, requireInteraction, data }) => ({ title, body, tag, requireInteraction, data })))""")
    assert len(shown) == 1, shown
    shown = shown[0]
    assert shown["title"] == "Schutzabschaltung: Pack 3: eine Zelle ist zu voll – Lindenhof (gw-1)", shown
    assert "Eine Zelle von Pack 3 liegt über ihrer höchsten Spannung." in shown["body"], shown
    assert shown["requireInteraction"] and shown["data"]["url"] == house, shown
    # somebody presses it; an event of a script keeps no worker awake, so this waits in it
    left = worker.evaluate("""async () => { const [notification] = await self.registration.getNotifications();
        self.dispatchEvent(new NotificationEvent('notificationclick', { notification }));
        await new Promise((done) => setTimeout(done, 500));
        return (await self.registration.getNotifications()).length; }""")
    assert left == 0, "a notification that was pressed is still shown"
    expect(page.locator(".alarm h2")).to_have_text("Pack 3: eine Zelle ist zu voll")
    assert page.url == address + house, page.url
    page.locator(".bell").click()
    with page.expect_response("**/v1/alarms/acknowledge") as answer:
        page.get_by_role("button", name="Ich kümmere mich").click()
    assert answer.value.ok, answer.value.text()
    expect(page.get_by_text("anna kümmert sich")).to_be_visible()
    alarms = page.evaluate("fetch('/v1/alarms').then((answer) => answer.json())")["items"]
    assert [(one["code"], one["pack"], one["acknowledged_by"]) for one in alarms] == [("cell_overvoltage", 3, "anna")], alarms
    # who switches it off is told of nothing more
    page.goto("/more")
    with page.expect_response("**/v1/push-subscriptions/*") as gone:
        page.get_by_role("switch", name="Auf diesem Gerät").uncheck()
    assert gone.value.status == 204, gone.value.text()


class PushService:
    """Takes messages as the push service of a browser does, and reads them as the browser does."""

    def __init__(self, folder):
        import base64
        import http.server
        import os
        import queue
        import ssl
        import threading

        import http_ece
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
        from py_vapid import Vapid02
        browser, secret, messages = ec.generate_private_key(ec.SECP256R1()), os.urandom(16), queue.Queue()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                field = self.headers["authorization"]
                assert self.headers["content-encoding"] == "aes128gcm" and Vapid02.verify(field), field
                messages.put((field.split("k=")[1], http_ece.decrypt(body, private_key=browser, auth_secret=secret).decode()))
                self.send_response(201)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        def text(content):
            return base64.urlsafe_b64encode(content).decode().rstrip("=")
        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{folder}/localhost.pem", f"{folder}/localhost.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        point = browser.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.subscription = {"endpoint": f"https://localhost:{server.server_address[1]}/push/1", "expirationTime": None,
                             "keys": {"p256dh": text(point), "auth": text(secret)}}
        # each is the key that signed it, and its text
        self.messages = messages


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


def examine(axe, page, name):
    page.wait_for_timeout(100)
    found = axe.run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]})
    faults = [f"{one['id']}: {one['help']}: {node['html'][:160]} {node['failureSummary'][:300]}"
              for one in found["violations"] for node in one["nodes"][:3]]
    assert not faults, f"{name}: " + "\n".join(faults)


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


def fits(page, name):
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1], f"{name}: {wide[0]} px in a window of {wide[1]}"


def large(page, name):
    small = page.evaluate("""[...document.querySelectorAll('a, button, summary, select, input:not([type=radio])')].filter((one) => {
        const box = one.getBoundingClientRect();
        return box.width && !one.matches('.skip') && (box.height < 44 && !one.closest('label'));
    }).map((one) => `${one.outerHTML.slice(0, 90)} ${one.getBoundingClientRect().height}`)""")
    assert not small, f"{name}: smaller than 44 px: {small}"


with sync_playwright() as player:
    desk = Desk(player)
    globals()[f"flow_{flow}"](desk)
    assert not desk.faults, "\n".join(desk.faults)
    desk.browser.close()
