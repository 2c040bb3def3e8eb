"""Flows of accounts and houses: signing in, claiming, sharing, taking the own data along and going."""
import json
import re

from axe_core_python.sync_playwright import Axe
from playwright.sync_api import expect

from browser_desk import address, ask, examine, fits, house, large, picture_of, settled, sign_in, tab_to, until, words


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
