#!/usr/bin/env python3
"""Opens the app that a gateway serves to its own network, on a phone: local_flow.py ADDRESS BROWSER PACKS.

Exit status 0 when all was as it should be.
"""
import sys

from playwright.sync_api import expect, sync_playwright

address, browser_path, packs = sys.argv[1:4]
faults = []


def hear(page, message):
    # a browser notes each answer that is no success; the app asks who is signed in and is told nobody
    if message.type in ("error", "warning") and "401" not in message.text:
        faults.append(f"{page.url}: {message.text} {message.location}")


with sync_playwright() as tools:
    browser = tools.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, locale="en-GB", reduced_motion="reduce", base_url=address)
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(f"{page.url}: {error.stack}"))
    page.on("console", lambda message: hear(page, message))
    page.goto("/")
    expect(page.get_by_role("heading", name="Choose a password")).to_be_visible()
    for field in page.locator("input[type=password]").all():
        field.fill("correct horse battery")
    page.locator("form button[type=submit]").click()
    expect(page.get_by_role("heading", name="Everything is fine.")).to_be_visible(timeout=20_000)
    expect(page.get_by_text(f"{packs} of {packs} packs").first).to_be_visible(timeout=20_000)
    # one gateway is no fleet
    expect(page.locator("nav.tabs a[href='/fleet']")).to_have_count(0)
    page.locator("nav.tabs").get_by_text("Diagnose").click()
    expect(page.get_by_text(f"All {packs} packs answer")).to_be_visible()
    expect(page.get_by_text("Line rack: asking")).to_be_visible()
    for screen in ["history", "battery", "battery/2", "heat", "report"]:
        page.goto(f"/g/house/{screen}")
        page.locator("main h1").first.wait_for()
        expect(page.locator(".skeleton")).to_have_count(0)
        wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1], f"{screen}: {wide[0]} px in a window of {wide[1]}"
    page.goto("/more")
    expect(page.locator("main h1").first).to_be_visible()
    # a gateway sends no mail and no push
    expect(page.get_by_role("heading", name="Notifications")).to_have_count(0)
    browser.close()

assert not faults, "\n".join(faults)
