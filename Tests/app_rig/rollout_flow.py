#!/usr/bin/env python3
"""Starts a rollout, approves it and watches it to its end, as three people: rollout_flow.py FLOW ADDRESS BROWSER [PICTURES].

Twelve gateways of one tenant report, eight of them of the group 'south'; base 1.0.0 and 1.2.0 are published. Exit status
0 when all was as it should be.
"""
import re
import sys

from axe_core_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

_, address, browser_path = sys.argv[1:4]
pictures = sys.argv[4] if len(sys.argv) > 4 else ""
rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
# gateways report, so what depends on them takes its time
long = 150_000
faults = []
axe = Axe()


def hear(page, message):
    # a browser notes each answer that is no success; the app asks who is signed in and is told nobody
    place = message.location.get("url", "")
    is_told = "401" in message.text or place.endswith("/v1/rollout-previews") and "400" in message.text
    if message.type in ("error", "warning") and not is_told:
        faults.append(f"{page.url}: {message.text} {message.location}")


def sign_in(browser, name, width=1280):
    context = browser.new_context(
        viewport={"width": width, "height": 900 if width > 600 else 844}, locale="en-GB", base_url=address,
        reduced_motion="reduce", timezone_id="Asia/Tokyo")
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(f"{page.url}: {error.stack}"))
    page.on("console", lambda message: hear(page, message))
    page.goto("/rollouts")
    page.locator("#name").fill(name)
    page.locator("#password").fill("correct horse battery")
    page.locator("form button[type=submit]").click()
    expect(page.get_by_role("heading", name="Rollouts", exact=True)).to_be_visible()
    return page


def look(page, name):
    """Axe finds nothing, nothing is wider than the window, and whoever wants pictures gets them."""
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1], f"{name}: {wide[0]} px in a window of {wide[1]}"
    size = page.viewport_size
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(200)
        found = axe.run(page, options={"runOnly": rules})
        wrong = [f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
                 for one in found["violations"] for node in one["nodes"][:3]]
        assert not wrong, f"{name} {scheme}: " + "\n".join(wrong)
        for width in (390, 1280) if pictures else ():
            page.set_viewport_size({"width": width, "height": 844 if width == 390 else 900})
            page.wait_for_timeout(150)
            wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
            assert wide[0] <= wide[1], f"{name}: {wide[0]} px in a window of {wide[1]}"
            page.screenshot(path=f"{pictures}/{name}-{width}-{scheme}.png")
        page.set_viewport_size(size)
    page.emulate_media(color_scheme="light")


def decide(page, what, sentence, note=""):
    """Presses a button of a rollout, reads what it will do, and says yes."""
    page.get_by_role("button", name=what, exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(sentence)
    if note:
        dialog.get_by_label("Why").fill(note)
    dialog.get_by_role("button", name=what, exact=True).click()
    expect(page.locator("dialog[open]")).to_have_count(0)


def start(page):
    """The form, its preview and its question; by the keyboard where that is the other way."""
    page.get_by_role("link", name="Start a rollout").first.click()
    expect(page.get_by_role("heading", name="Start a rollout")).to_be_focused()
    page.get_by_label("Profile set").select_option("base 1.2.0")
    page.get_by_label("Waves").select_option("own")
    page.get_by_label("How many each wave reaches").fill("9, 3, all")
    page.get_by_role("button", name="Show what it would do").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("It cannot be started like this")
    expect(alert).to_contain_text("each has to reach more homes than the one before")
    look(page, "roll-out-refused")
    page.get_by_label("How many each wave reaches").fill("2, all")
    expect(alert).to_have_count(0)
    # what nobody has
    page.get_by_label("Homes", exact=True).select_option("groups")
    page.get_by_label("Of a group").fill("east")
    page.get_by_role("button", name="Show what it would do").click()
    expect(page.locator("#preview")).to_contain_text("None of 12 homes is chosen by this.")
    expect(page.get_by_role("button", name="Start …")).to_have_count(0)
    page.get_by_label("Of a group").fill("south")
    page.get_by_label("Minutes to watch each home").fill("0.2")
    page.get_by_text("Further settings").click()
    page.get_by_label("Why").fill("new words")
    page.get_by_role("button", name="Show what it would do").focus()
    page.keyboard.press("Enter")
    preview = page.locator("#preview")
    expect(preview).to_be_focused()
    expect(preview.get_by_role("heading", name="8 homes get base 1.2.0")).to_be_visible()
    expect(preview.locator(".wave-plan li")).to_have_count(2)
    expect(preview.locator(".wave-plan li").nth(0)).to_contain_text(re.compile("Wave 1.*2 homes.*Haus", re.S))
    expect(preview.locator(".wave-plan li").nth(1)).to_contain_text("6 homes")
    look(page, "roll-out")
    # what is changed is not what was seen
    page.get_by_label("Waves").select_option("once")
    expect(preview).to_have_count(0)
    page.get_by_label("Waves").select_option("own")
    page.get_by_role("button", name="Show what it would do").click()
    preview.get_by_role("button", name="Start …").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_have_text("Give base 1.2.0 to 8 homes?")
    expect(dialog).to_contain_text("In 2 waves: 2 → 6.")
    look(page, "roll-out-ask")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert page.url == address + "/roll-out", page.url
    preview.get_by_role("button", name="Start …").click()
    dialog.get_by_role("button", name="Start the rollout").click()
    expect(page.get_by_role("heading", name="north-base-1.2.0")).to_be_visible()


def flow(browser):
    otto = sign_in(browser, "otto")
    expect(otto.get_by_text("No rollouts yet")).to_be_visible()
    start(otto)
    state = lambda page: page.locator(".page-head .chip")
    expect(state(otto)).to_have_text("Wants approval")
    # who made it is told that somebody else has to approve it, and cannot
    expect(otto.locator("#approval")).to_contain_text("somebody else has to approve it")
    expect(otto.get_by_role("button", name="Approve")).to_have_count(0)
    refused = otto.evaluate("""fetch('/v1/rollouts/north-base-1.2.0/approve', { method: 'POST', body: '{}', headers: {
        'Content-Type': 'application/json', 'Amphora-Request': 'app', 'Idempotency-Key': 'own' } }).then((it) => it.status)""")
    assert refused == 409, refused
    faults[:] = [one for one in faults if "409" not in one]
    ada = sign_in(browser, "ada", width=390)
    ada.get_by_role("link", name="north-base-1.2.0").click()
    expect(ada.locator("#approval")).to_contain_text("otto made it and cannot approve it. You can.")
    look(ada, "rollout-proposed")
    ada.get_by_role("button", name="Approve", exact=True).click()
    expect(ada.get_by_role("dialog")).to_contain_text("2 homes are told to install base 1.2.0. 6 more follow")
    look(ada, "rollout-approve")
    ada.get_by_role("button", name="Cancel").click()
    expect(state(ada)).to_have_text("Wants approval")
    decide(ada, "Approve", "2 homes are told to install base 1.2.0. 6 more follow", "looks good")
    expect(state(otto)).to_have_text("Running", timeout=long)
    expect(otto.locator(".attempt, tbody tr").first).to_be_visible()
    decide(otto, "Pause", "not told for now", "a storm is near")
    expect(state(otto)).to_have_text("Paused")
    expect(otto.locator("main")).to_contain_text("Paused by otto: a storm is near")
    look(otto, "rollout-paused")
    decide(otto, "Go on", "that were not told yet are told, wave after wave.")
    expect(state(otto)).to_have_text(re.compile("Scheduled|Running"))
    # the waves advance by what the gateways report
    waves = ada.locator(".wave")
    expect(waves.nth(0)).to_contain_text("2 of 2 proven", timeout=long)
    expect(waves.nth(1)).to_have_attribute("aria-current", "step", timeout=long)
    expect(state(ada)).to_have_text("Complete", timeout=long)
    expect(ada.locator(".rollout-now")).to_contain_text("8 of 8 proven")
    expect(ada.get_by_role("button", name=re.compile("Approve|Pause|Go on|End"))).to_have_count(0)
    look(ada, "rollout-complete")
    print("complete: " + " · ".join(ada.locator(".rollout-now").inner_text().split("\n")), flush=True)

    # another one goes back: what runs the new set gets the old one, and is called back from it
    otto.goto("/roll-out")
    otto.get_by_label("Profile set").select_option("base 1.0.0")
    otto.get_by_label("Homes", exact=True).select_option("gateways")
    for house in ("Haus 01", "Haus 02", "Haus 09"):
        otto.get_by_role("checkbox", name=house).check()
    otto.get_by_label("Waves").select_option("once")
    otto.get_by_label("Minutes to watch each home").fill("60")
    otto.get_by_role("button", name="Show what it would do").click()
    expect(otto.locator("#preview")).to_contain_text("3 homes get base 1.0.0")
    look(otto, "roll-out-homes")
    otto.get_by_role("button", name="Start …").click()
    expect(otto.get_by_role("dialog")).to_contain_text("All in one wave.")
    otto.get_by_role("button", name="Start the rollout").click()
    olga = sign_in(browser, "olga")
    olga.get_by_role("link", name="north-base-1.0.0").click()
    decide(olga, "Approve", "3 homes are told to install base 1.0.0.")
    # all were told, by the store's own count
    expect(otto.locator("tbody")).to_contain_text("Good, watched", timeout=long)
    otto.get_by_role("button", name="End and take back").click()
    expect(otto.get_by_role("dialog")).to_contain_text("homes that were told go back to what they had before base 1.0.0.")
    expect(otto.get_by_role("dialog")).to_contain_text("Those of which none is known keep it. This cannot be undone.")
    look(otto, "rollout-abort")
    otto.get_by_role("button", name="Cancel").click()
    decide(otto, "End and take back", "3 homes that were told go back", "it was the wrong one")
    expect(state(otto)).to_have_text(re.compile("Going back|Taken back"))
    expect(state(otto)).to_have_text("Taken back", timeout=long)
    expect(olga.locator(".page-head .chip")).to_have_text("Taken back", timeout=10_000)
    expect(otto.locator("main")).to_contain_text("Ended by otto: it was the wrong one")
    expect(otto.locator(".wave .chip")).to_have_text("Taken back")
    # one of which nothing earlier is known keeps it, and the question said so
    rows = otto.locator("tbody tr")
    expect(rows.filter(has_text="Went back")).to_have_count(2)
    expect(rows.filter(has_text="Did not go back")).to_have_count(1)
    look(otto, "rollout-returned")
    olga.goto("/rollouts")
    expect(olga.locator(".rollout-card")).to_have_count(2)
    look(olga, "rollouts")
    # an installer never sees any of this: desk_flows walks those walls


with sync_playwright() as player:
    browser = player.chromium.launch(
        executable_path=browser_path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
    flow(browser)
    assert not faults, "\n".join(faults)
    browser.close()
