#!/usr/bin/env python3
"""Meets what the server refuses and reports, by people who read German: german_flow.py FLOW ADDRESS BROWSER.

Three gateways of one tenant report, and go back by themselves from whatever they are given; base 1.2.0 is published. Exit status 0
when nothing on these screens was English.
"""
import re
import sys

from playwright.sync_api import expect, sync_playwright

_, address, browser_path = sys.argv[1:4]
long = 150_000
faults = []
# words that English cannot do without, and German has not
english = re.compile(
    r"\b(the|is|it|of|and|not|has|have|had|with|which|who|by|to|expected|allowed|failed|silent|paused|ended|there|went|"
    r"gone|homes|wave|packs answer|label|zone)\b", re.I)


def hear(page, message):
    # a browser notes each answer that is no success; these are what this is about
    place = message.location.get("url", "")
    is_told = re.search("401|/v1/claims|/v1/rollouts/|/v1/rollout-previews|/v1/rollouts$", message.text + place)
    if message.type in ("error", "warning") and not is_told:
        faults.append(f"{page.url}: {message.text} {message.location}")


def sign_in(browser, name, path, heading):
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, locale="de-DE", base_url=address, reduced_motion="reduce",
        timezone_id="Asia/Tokyo")
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(f"{page.url}: {error.stack}"))
    page.on("console", lambda message: hear(page, message))
    page.goto(path)
    page.locator("#name").fill(name)
    page.locator("#password").fill("falsches Passwort 1")
    page.locator("form button[type=submit]").click()
    expect(page.get_by_role("alert")).to_have_text("Der Name oder das Passwort ist falsch.")
    page.locator("#password").fill("correct horse battery")
    page.locator("form button[type=submit]").click()
    expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    return page


def german(page, name):
    """Nothing on the screen is English, neither by its words nor by its own account."""
    text = page.locator("main").inner_text()
    found = [line for line in text.split("\n") if english.search(line)]
    assert not found, f"{name}: {found}"
    marked = page.locator("main [lang=en]").all_inner_texts()
    assert not marked, f"{name}: {marked}"
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1], f"{name}: {wide[0]} px in a window of {wide[1]}"


def refuse_codes(browser):
    anna = sign_in(browser, "anna", "/claim", "Batterie hinzufügen")
    for code in ("0000-0000-0000-0000", "x"):
        anna.locator("#code").fill(code)
        with anna.expect_response("**/v1/claims"):
            anna.get_by_role("button", name="Hinzufügen", exact=True).click()
        expect(anna.get_by_role("alert")).to_contain_text("Kein Gateway, das Sie hinzufügen können, hat diesen Code.")
        german(anna, "a wrong code")
    anna.context.close()


def start(page, note):
    page.goto("/roll-out")
    page.locator("#set").select_option("base 1.2.0")
    page.locator("#cut").select_option("own")
    page.locator("#waves").fill("9, 3, all")
    page.get_by_role("button", name="Zeigen, was es täte").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Jede muss mehr Häuser erreichen als die vorige.")
    german(page, "waves that shrink")
    page.locator("#cut").select_option("once")
    page.get_by_text("Weitere Einstellungen").click()
    page.locator("#rollout-name").fill("Über alles")
    page.get_by_role("button", name="Zeigen, was es täte").click()
    expect(alert).to_contain_text("Der Name ist „Über alles“; erlaubt sind bis zu 64 kleine Buchstaben")
    german(page, "a wrong name")
    page.locator("#rollout-name").fill("")
    page.locator("#target").select_option("groups")
    page.locator("#word").fill("ost")
    page.get_by_role("button", name="Zeigen, was es täte").click()
    expect(alert).to_contain_text("So ist keines von 3 Häusern gewählt.")
    german(page, "nobody chosen")
    page.locator("#target").select_option("all")
    page.locator("#watch").fill("0.2")
    page.locator("#note").fill(note)
    page.get_by_role("button", name="Zeigen, was es täte").click()
    page.get_by_role("button", name="Beginnen …").click()
    page.get_by_role("button", name="Update beginnen").click()
    expect(page.get_by_role("heading", name="north-base-1.2.0")).to_be_visible()


def flow(browser):
    refuse_codes(browser)
    otto = sign_in(browser, "otto", "/rollouts", "Updates")
    start(otto, "neue Worte")
    # two look at the same question, and one of them is late
    state = otto.locator(".page-head .chip")
    expect(state).to_have_text("Braucht Freigabe")
    ada = sign_in(browser, "ada", "/rollouts/north-base-1.2.0", "north-base-1.2.0")
    olga = sign_in(browser, "olga", "/rollouts/north-base-1.2.0", "north-base-1.2.0")
    for page in (ada, olga):
        page.get_by_role("button", name="Freigeben", exact=True).click()
    ada.get_by_role("dialog").get_by_role("button", name="Freigeben", exact=True).click()
    expect(ada.locator("dialog[open]")).to_have_count(0)
    expect(state).to_have_text(re.compile("Läuft|Geht zurück|Zurückgenommen"), timeout=long)
    olga.get_by_role("dialog").get_by_role("button", name="Freigeben", exact=True).click()
    late = olga.get_by_role("dialog").get_by_role("alert")
    expect(late).to_contain_text("Jetzt gilt:")
    print("refused: " + late.inner_text(), flush=True)
    german(olga, "a refused approval")
    # every gateway goes back by itself, and says why
    expect(state).to_have_text("Zurückgenommen", timeout=long)
    reason = otto.locator(".banner.warning")
    expect(reason).to_contain_text("erreichten Häusern sind gescheitert")
    expect(reason).to_contain_text("gingen selbst zurück")
    rows = otto.locator("tbody tr")
    expect(rows.filter(has_text="Es ging von selbst zurück. Der Wechselrichter antwortet nicht mehr.").first).to_be_visible()
    print("reason: " + reason.inner_text(), flush=True)
    german(otto, "a rollout that failed")
    otto.goto("/rollouts")
    expect(otto.locator(".rollout-card .reason")).to_contain_text("gescheitert")
    german(otto, "rollouts")
    ada.goto("/audit")
    expect(ada.locator("tbody")).to_contain_text("Verteilung freigegeben")
    expect(ada.locator("tbody")).to_contain_text("Person angelegt")
    expect(ada.locator("tbody")).to_contain_text("Eigentümer")
    german(ada, "the audit")


with sync_playwright() as player:
    browser = player.chromium.launch(
        executable_path=browser_path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
    flow(browser)
    assert not faults, "\n".join(faults)
    browser.close()
