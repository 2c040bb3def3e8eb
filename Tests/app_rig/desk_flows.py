#!/usr/bin/env python3
"""Uses the screens of installers and operators in a browser: desk_flows.py FLOW ADDRESS BROWSER.

Exit status 0 when all was as it should be.
"""
import json
import sys

from axe_core_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

flow, address, browser_path = sys.argv[1:4]
house = ["/gateway/gw-1", "/g/gw-1/diagnose", "/g/gw-1/heat", "/g/gw-1/report"]
screens = ["/fleet", "/causes", *house, "/gateway/gw-2", "/gateway/gw-3", "/g/gw-3/heat", "/g/gw-3/report",
           "/rollouts", "/roll-out", "/audit", "/users"]
faults = []


def watch(page):
    page.on("pageerror", lambda error: faults.append(f"{page.url}: {error.stack}"))
    page.on("console", lambda message: hear(page, message))


def hear(page, message):
    # a browser notes each answer that is no success; the app asks who is signed in and is told nobody, and a
    # test asks for a rollout that is not there
    is_told = "401" in message.text or "/v1/rollouts/x" in str(message.location)
    if message.type in ("error", "warning") and not is_told:
        faults.append(f"{page.url}: {message.text} {message.location}")


def context_of(browser, width=1280, height=900, scheme="light", locale="en-GB"):
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, locale=locale, timezone_id="Asia/Tokyo",
        base_url=address, reduced_motion="reduce", accept_downloads=True)
    context.set_default_timeout(10_000)
    context.on("page", watch)
    return context


def sign_in(context, name, path="/"):
    page = context.new_page()
    page.goto(path)
    page.locator("#name").fill(name)
    page.locator("#password").fill("correct horse battery")
    page.locator("form button[type=submit]").click()
    page.locator("nav.tabs").wait_for()
    settled(page)
    return page


def settled(page):
    """Waits until nothing is on its way."""
    page.locator("main h1").first.wait_for()
    expect(page.locator(".skeleton")).to_have_count(0)


def flow_fleet(browser):
    page = sign_in(context_of(browser), "otto")
    assert page.url == address + "/fleet", page.url
    rows = page.locator(".gateway-row")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("Lindenhof")
    expect(rows.nth(0)).to_contain_text("Protection")
    expect(rows.nth(0)).to_contain_text("3 of 4 packs")
    # what a silent house said last is never shown as of now
    expect(rows.nth(1)).to_contain_text("No data")
    assert "%" not in rows.nth(1).inner_text(), rows.nth(1).inner_text()
    expect(rows.nth(2)).to_contain_text("Never measured")
    tile = page.get_by_role("button", name="Never measured")
    expect(tile).to_contain_text("1")
    tile.focus()
    with page.expect_response(lambda answer: "freshness=never" in answer.url):
        page.keyboard.press("Enter")
    expect(tile).to_have_attribute("aria-pressed", "true")
    expect(rows).to_have_count(1)
    assert "show=never" in page.url, page.url
    page.reload()
    expect(rows).to_have_count(1)
    page.get_by_role("button", name="Show all").click()
    # by the server, which knows more than the page has, once nobody types any more
    with page.expect_response(lambda answer: "search=" in answer.url) as asked:
        page.get_by_role("searchbox").press_sequentially("see")
    assert "search=see&" in asked.value.url + "&" and asked.value.ok, asked.value.url
    expect(rows).to_have_count(1)
    page.get_by_role("searchbox").fill("nobody has this")
    expect(page.get_by_text("Nothing fits")).to_be_visible()
    page.get_by_role("searchbox").fill("")
    expect(rows).to_have_count(3)
    page.keyboard.press("ArrowDown")
    expect(rows.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Seeblick")).to_be_focused()
    expect(page.locator(".banner.stale").first).to_be_visible()
    expect(page.locator("main .chip.ok")).to_have_count(0)


def flow_groups(browser):
    rows = lambda page: page.locator(".gateway-row")
    otto = sign_in(context_of(browser), "otto")
    group = otto.get_by_label("Group")
    expect(group.locator("option")).to_have_text(["All groups", "alps (2)", "lake (1)"])
    group.select_option("lake")
    expect(rows(otto)).to_have_count(1)
    expect(rows(otto)).to_contain_text("Seeblick")
    assert "group=lake" in otto.url, otto.url
    otto.reload()
    expect(rows(otto)).to_have_count(1)
    expect(group).to_have_value("lake")
    group.select_option("alps")
    expect(rows(otto)).to_have_count(2)
    otto.get_by_role("searchbox").fill("linden")
    expect(rows(otto)).to_have_count(1)
    otto.get_by_role("button", name="Show all").click()
    expect(rows(otto)).to_have_count(3)
    expect(group).to_have_value("")
    # an installer is offered what their houses have, and what nobody has shows nothing
    ines = sign_in(context_of(browser), "ines", "/fleet?group=far")
    expect(ines.get_by_label("Group").locator("option")).to_have_text(["All groups", "alps (1)", "lake (1)", "far"])
    expect(ines.get_by_text("Nothing fits")).to_be_visible()
    otto.goto("/roll-out")
    otto.get_by_label("Homes", exact=True).select_option("groups")
    offered = lambda: otto.locator(f"#{otto.locator('#word').get_attribute('list')} option").evaluate_all("all => all.map((one) => `${one.value} | ${one.label}`)")
    assert offered() == ["alps | alps · 2 homes", "lake | lake · one home"], offered()
    word = otto.get_by_label("Of a group")
    word.fill("lake,")
    assert offered() == ["lake, alps | alps · 2 homes"], offered()
    word.fill(offered()[0].split(" | ")[0])
    otto.get_by_role("button", name="Show what it would do").click()
    # all three: one of them never measured
    expect(otto.locator("#preview")).to_contain_text("3 homes get base 1.0.0")
    otto.get_by_label("Homes", exact=True).select_option("tags")
    assert offered() == ["alps-side | alps-side · 2 homes", "lake-side | lake-side · one home", "new | new · 3 homes"], offered()
    otto.get_by_label("With a tag").fill("lake-side")
    otto.get_by_role("button", name="Show what it would do").click()
    expect(otto.locator("#preview")).to_contain_text("One home gets base 1.0.0")


def flow_damaged(browser):
    for locale, title, what in [
        ("en-GB", "One profile set is damaged", "base 1.7.0: its archive is not what was signed"),
        ("de-DE", "Ein Profilsatz ist beschädigt", "base 1.7.0: sein Archiv ist nicht das signierte"),
        ("fr-FR", "Un jeu de profils est endommagé", "base 1.7.0: son archive n’est pas celle qui a été signée"),
    ]:
        page = sign_in(context_of(browser, width=360, locale=locale), "otto", "/roll-out")
        note = page.locator(".banner.warning")
        expect(note.locator("strong")).to_have_text(title)
        expect(note.locator("li")).to_have_text(what)
        expect(page.locator("#set option")).to_have_text(["base 1.0.0"])
        wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide[0] <= wide[1], f"{wide[0]} px in a window of {wide[1]}"
        page.locator("form button[type=submit]").click()
        expect(page.locator("#preview .wave-plan li").first).to_be_visible()


def flow_causes(browser):
    page = sign_in(context_of(browser), "otto", "/causes")
    causes = page.locator(".cause")
    expect(causes.nth(0)).to_contain_text("A cell is too full")
    silent = causes.filter(has_text="Pack n is not answering")
    expect(silent.locator(".reach b")).to_have_text("2")
    silent.get_by_text("Which homes").click()
    expect(silent.locator(".lines li")).to_have_count(2)
    silent.get_by_role("button", name="I am looking after all 2").click()
    expect(silent).to_contain_text("Somebody looks after all of them")
    expect(silent).to_contain_text("otto is looking after it")
    expect(causes.nth(0)).to_contain_text("I am looking after it")
    silent.get_by_role("link", name="Seeblick").click()
    expect(page.get_by_role("heading", name="Seeblick")).to_be_visible()


def flow_heat(browser):
    page = sign_in(context_of(browser), "ines", "/g/gw-1/heat")
    grid = page.get_by_role("grid")
    expect(grid.locator("td[data-place]")).to_have_count(64)
    expect(page.locator(".heat-card > p").first).to_contain_text("pack 3, cell 5")
    expect(page.locator("[data-place='3-5']")).to_have_class("above most ")
    cell = page.locator(".heat td[tabindex='0']")
    expect(cell).to_have_count(1)
    cell.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect(page.locator("[data-place='3-5']")).to_be_focused()
    expect(page.locator("#heat-read")).to_contain_text("pack 3, cell 5")
    expect(page.locator("#heat-read")).to_contain_text("3.3")
    expect(page.locator(".heat tr.old")).to_have_count(1)
    page.get_by_role("radio", name="By spread").check()
    expect(page.locator(".heat tbody th").first).to_contain_text("3")
    page.get_by_role("button", name="Show as table").click()
    expect(page.get_by_role("region", name="Cell voltages").locator("tbody tr")).to_have_count(4)
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    lines = open(download.value.path(), newline="").read().split("\r\n")
    assert lines[0] == "pack,serial,cell,mv,deviation_mv,age_ms,state" and len(lines) == 66, lines[:2]
    assert sum(line.endswith(",old") for line in lines) == 16, lines


def flow_installer(browser):
    page = sign_in(context_of(browser, width=390), "ines", "/g/gw-1/diagnose")
    verdicts = page.locator(".verdicts > li")
    expect(verdicts.first).to_contain_text("2 open alarms")
    expect(page.locator(".verdicts")).to_contain_text("Pack 2: Does not answer")
    expect(page.locator(".verdicts")).to_contain_text("Pack 3: cells are")
    expect(page.locator(".verdicts")).to_contain_text("It may charge with 60.0")
    page.get_by_role("link", name="Report", exact=True).click()
    settled(page)
    page.get_by_label("Installer").fill("Ines Muster")
    expect(page.locator(".paper")).to_contain_text("Ines Muster")
    expect(page.locator(".paper")).to_contain_text("AC16-24-4703")
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON").click()
    report = json.load(open(download.value.path()))
    assert report["installer"] == "Ines Muster" and report["gateway"]["id"] == "gw-1", report
    assert [one["serial"] for one in report["packs"]] == [f"AC16-24-{4700 + n}" for n in range(1, 5)], report
    assert [one["is_live"] for one in report["packs"]] == [True, False, True, True], report
    assert {one["code"] for one in report["alarms"]} == {"pack_silent", "cell_overvoltage"}, report
    page.emulate_media(media="print")
    expect(page.locator("nav.tabs")).to_be_hidden()
    expect(page.locator(".paper")).to_be_visible()


def flow_walls(browser):
    absent = "Nothing here"
    seen = {
        "anna": [], "ines": ["/fleet", *house], "otto": ["/fleet", "/causes", "/rollouts", "/roll-out", "/audit", *house],
        "ada": ["/fleet", "/causes", "/rollouts", "/roll-out", "/audit", "/users", *house],
    }
    for name, allowed in seen.items():
        context = context_of(browser)
        page = sign_in(context, name)
        links = [link.get_attribute("href") for link in page.locator("nav.tabs a").all()]
        for path in ["/fleet", "/causes", "/rollouts", "/rollouts/x", "/roll-out", "/audit", "/users", *house]:
            page.goto(path)
            settled(page)
            is_seen = page.locator("h1").inner_text() != absent
            expected = path in allowed or (path == "/rollouts/x" and "/rollouts" in allowed)
            assert is_seen == expected, f"{name} at {path}: {page.locator('main').inner_text()}"
            if not path.startswith("/g") and path not in ("/rollouts/x", "/roll-out"):
                assert (path in links) == (path in allowed), f"{name}: {links}"
        context.close()
    context = context_of(browser)
    page = sign_in(context, "ada")
    features = page.evaluate("fetch('/v1/session').then((it) => it.json()).then((it) => it.features)")
    for path, feature in [("/rollouts", "rollouts"), ("/audit", "audit"), ("/users", "users")]:
        page.goto(path)
        settled(page)
        expect(page.get_by_text("Not on this server")).to_have_count(0 if feature in features else 1)
    # an installer sees only what was granted
    page = sign_in(context_of(browser), "ines", "/fleet")
    expect(page.locator(".gateway-row")).to_have_count(2)


def flow_accessible(browser):
    axe = Axe()
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
    for scheme in ("light", "dark"):
        page = sign_in(context_of(browser, scheme=scheme), "ada")
        for path in screens:
            page.goto(path)
            settled(page)
            for details in page.locator("main summary").all():
                details.click()
            for button in page.get_by_role("button", name="Show as table").all():
                button.click()
            page.wait_for_timeout(100)
            found = axe.run(page, options={"runOnly": rules})
            wrong = [f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
                     for one in found["violations"] for node in one["nodes"][:3]]
            assert not wrong, f"{path} {scheme}: " + "\n".join(wrong)


def flow_layout(browser):
    for width, locale in [(360, "de-DE"), (768, "fr-FR")]:
        page = sign_in(context_of(browser, width=width, locale=locale), "ada")
        for path in screens:
            page.goto(path)
            settled(page)
            wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
            assert wide[0] <= wide[1], f"{path} {locale}: {wide[0]} px in a window of {wide[1]}"
            text = page.locator("main").inner_text()
            assert "undefined" not in text and "NaN" not in text, f"{path} {locale}: {text}"
            bare = page.evaluate("document.querySelector('main').innerText.match(/\\b(desk|fleet|causes|gw|heat|diag|verdict|report|ro|new|audit|users)\\.[a-z_.]+/g)")
            assert not bare, f"{path} {locale}: words missing: {bare}"


with sync_playwright() as player:
    browser = player.chromium.launch(
        executable_path=browser_path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
    globals()[f"flow_{flow}"](browser)
    assert not faults, "\n".join(faults)
    browser.close()
