#!/usr/bin/env python3
"""Holds the screens of the web app against their pictures: golden_flow.py MODE ADDRESS BROWSER FOLDER [CLOCK].

The page and its files come from the fleet at ADDRESS, what its API says from house.json, and the clock of the browser
stands still, so that every run draws the same. MODE is

  compare  to find what differs from the pictures in FleetWeb.docc/Resources; shows it in .build/golden
  record   to make these pictures anew
  house    to ask the fleet itself for all that house.json has, which is how it was made, and then to record; the browser
           shows CLOCK, Unix time in milliseconds, which is about what the fleet's clock shows

FOLDER is for things of no worth. Exit status 0 when all was as it should be.
"""
import json
import os
import pathlib
import sys
import time
import urllib.parse

from playwright.sync_api import expect, sync_playwright

import golden_pictures

mode, address, browser_path, folder = sys.argv[1:5]
house_path = pathlib.Path(__file__).with_name("house.json")
phone, tablet, desk = 360, 768, 1280
everywhere = [(width, scheme) for width in (phone, tablet, desk) for scheme in ("light", "dark")]
some = [(desk, "light"), (390, "dark")]
# name, who looks, address, what is clicked, and where
screens = [
    ("home", "anna", "/", None, everywhere),
    ("history", "anna", "/g/gw-1/history", None, everywhere),
    ("battery", "anna", "/g/gw-1/battery", None, everywhere),
    ("battery-3", "anna", "/g/gw-1/battery/3", None, everywhere),
    ("alarms", "anna", "/alarms", None, everywhere),
    ("more", "anna", "/more", None, everywhere),
    ("heat", "ines", "/g/gw-1/heat", None, some),
    ("diagnose", "ines", "/g/gw-1/diagnose", None, some[:1]),
    ("report", "ines", "/g/gw-1/report", None, some[:1]),
    ("fleet", "otto", "/fleet", None, some),
    ("causes", "otto", "/causes", ".cause summary", some),
    ("gateway", "otto", "/gateway/gw-1", None, some[:1]),
]
# letters of one font, the same on every machine, without the hints of fonts and of screens
fonts = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts/truetype/dejavu</dir>
  <cachedir>{folder}/fonts</cachedir>
  <selectfont>
    <rejectfont><glob>*</glob></rejectfont>
    <acceptfont><glob>*/DejaVuSans.ttf</glob></acceptfont>
    <acceptfont><glob>*/DejaVuSans-Bold.ttf</glob></acceptfont>
    <acceptfont><glob>*/DejaVuSansMono.ttf</glob></acceptfont>
  </selectfont>
  <alias binding="same"><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
  <match target="pattern"><edit name="family" mode="append"><string>DejaVu Sans</string></edit></match>
  <match target="font">
    <edit name="antialias" mode="assign"><bool>true</bool></edit>
    <edit name="hinting" mode="assign"><bool>false</bool></edit>
    <edit name="rgba" mode="assign"><const>none</const></edit>
  </match>
</fontconfig>
"""
steady = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--font-render-hinting=none", "--disable-lcd-text",
    "--force-color-profile=srgb", "--disable-skia-runtime-opts", "--disable-partial-raster",
]


class Answers:
    """What the API says, by who asks for what: as the fleet does while it is recorded, later as it did then."""

    def __init__(self, clock=None):
        self.is_recorded = clock is None
        document = json.loads(house_path.read_text()) if self.is_recorded else {"clock_ms": clock, "answers": {}}
        self.clock, self.all = document["clock_ms"], document["answers"]
        self.faults = []

    def give(self, route, user):
        request = route.request
        asked = request.url.removeprefix(address)
        if urllib.parse.urlsplit(asked).path == "/v1/events":
            # nothing ever happens
            return route.fulfill(content_type="text/event-stream", body="retry: 3600000\n\n")
        own = self.all.setdefault(user, {})
        if not self.is_recorded:
            found = route.fetch()
            # the first answer is the freshest
            if request.method == "GET" and found.ok:
                own.setdefault(asked, found.json())
            return route.fulfill(response=found)
        if request.method == "GET" and asked in own:
            return route.fulfill(json=own[asked])
        self.faults.append(f"house.json has no answer for {user}: {request.method} {asked}; AMPHORA_GOLDEN=house makes it anew")
        return route.fulfill(status=404, json={"type": "urn:amphora:not_found", "title": "not recorded"})

    def write(self):
        lines = [f'{{"clock_ms": {self.clock}, "answers": {{']
        for place, (user, own) in enumerate(sorted(self.all.items())):
            lines.append(f'{json.dumps(user)}: {{')
            lines.append(",\n".join(f"{json.dumps(asked)}: {packed(own[asked])}" for asked in sorted(own)))
            lines.append("}" if place + 1 == len(self.all) else "},")
        house_path.write_text("\n".join([*lines, "}}", ""]))


def packed(document):
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


class Looker:
    """A browser page of one user that draws the same each time."""

    def __init__(self, browser, answers, user):
        self.answers, self.faults, self.pending = answers, [], set()
        context = browser.new_context(
            base_url=address, locale="en-GB", timezone_id="Europe/Berlin", device_scale_factor=1, reduced_motion="reduce",
            service_workers="block")
        context.set_default_timeout(20_000)
        context.clock.set_fixed_time(answers.clock / 1000)
        # a browser without a window lets nobody be notified; one on a phone asks
        context.add_init_script("Object.defineProperty(Notification, 'permission', { get: () => 'default' })")
        context.route("**/v1/**", lambda route: answers.give(route, user))
        self.page = page = context.new_page()
        page.on("pageerror", lambda error: self.faults.append(f"{page.url}: {error.stack}"))
        page.on("console", self.hear)
        page.on("request", lambda request: self.pending.add(request))
        page.on("requestfinished", lambda request: self.pending.discard(request))
        page.on("requestfailed", lambda request: self.pending.discard(request))
        if not answers.is_recorded:
            page.goto("/")
            page.locator("#name").fill(user)
            page.locator("#password").fill("correct horse battery")
            page.locator("form button[type=submit]").click()
            page.locator("nav.tabs").wait_for()

    def hear(self, message):
        # Playwright says that it keeps the worker out, and the app asks who is signed in
        if message.type in ("error", "warning") and "blocked by Playwright" not in message.text and "401" not in message.text:
            self.faults.append(f"{self.page.url}: {message.text} {message.location}")

    def open(self, path, clicked, width):
        """Shows a screen, all of it."""
        height = 780 if width < 700 else 900
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.goto(path)
        self.settle()
        for one in self.page.locator(clicked).all() if clicked else []:
            one.click()
            self.settle()
        self.page.set_viewport_size({"width": width, "height": max(height, self.page.evaluate("document.documentElement.scrollHeight"))})
        self.settle()

    def settle(self):
        """Waits until nothing is on its way and all of it is drawn."""
        page = self.page
        page.locator("main h1").first.wait_for()
        expect(page.locator(".skeleton")).to_have_count(0)
        quiet, end = 0, time.time() + 20
        while quiet < 2:
            page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            quiet = 0 if self.pending else quiet + 1
            if time.time() > end:
                raise AssertionError(f"{page.url}: still asks for {[one.url for one in self.pending]}")

    def shot(self):
        """A picture as a PNG."""
        # the version is a hash of all files and changes with each of them
        self.page.evaluate("""() => {
            const version = document.querySelector('script[type=module]').src.split('/')[4].slice(0, 8);
            for (const one of document.querySelectorAll('dd')) {
                for (const text of one.childNodes) if (text.data === version) text.data = '1a2b3c4d';
            }
        }""")
        return self.page.screenshot()


def compared(looker, name, waits):
    """What is wrong with a picture; what is still being drawn is given time, ms."""
    for wait in waits:
        looker.page.wait_for_timeout(wait)
        looker.settle()
        content = looker.shot()
        fault = golden_pictures.fault(name, content)
        if fault is None:
            return None
    return f"{fault}; see {golden_pictures.show(name, content)}/{name}.*.png"


def recorded(looker, name):
    """Keeps a picture once two that follow each other are the same."""
    content = looker.shot()
    for _ in range(20):
        looker.page.wait_for_timeout(300)
        before, content = content, looker.shot()
        if before == content:
            return golden_pictures.keep(name, content)
    return f"{name}: never the same twice"


def walk(browser, answers, visit):
    """Visits every screen as who looks at it; gives what was wrong."""
    lookers, faults = {}, []
    for name, user, path, clicked, places in screens:
        if user not in lookers:
            lookers[user] = Looker(browser, answers, user)
        visit(lookers[user], name, path, clicked, places, faults)
    for looker in lookers.values():
        faults += looker.faults
        looker.page.context.close()
    return faults + answers.faults


def ask(looker, name, path, clicked, places, faults):
    looker.open(path, clicked, desk)


def look(looker, name, path, clicked, places, faults):
    shown = None
    for width, scheme in places:
        looker.page.emulate_media(color_scheme=scheme)
        if shown != width:
            looker.open(path, clicked, width)
            shown = width
        picture = f"{name}-{width}-{scheme}"
        # where much is wrong it is not for want of time
        waits = (0, 100, 400, 1500) if len(faults) < 3 else (0, 100)
        fault = compared(looker, picture, waits) if mode == "compare" else recorded(looker, picture)
        if fault:
            faults.append(fault)


def flow(player):
    for file in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSansMono.ttf"):
        font = pathlib.Path("/usr/share/fonts/truetype/dejavu", file)
        assert font.exists(), f"expected {font}, found none: install the package 'fonts-dejavu-core'"
    configuration = pathlib.Path(folder, "fonts.conf")
    configuration.write_text(fonts.format(folder=folder))
    browser = player.chromium.launch(
        executable_path=browser_path, args=steady, env={**os.environ, "FONTCONFIG_FILE": str(configuration)})
    faults = []
    if mode == "house":
        answers = Answers(int(sys.argv[5]))
        faults = walk(browser, answers, ask)
        if not faults:
            answers.write()
    faults = faults or walk(browser, Answers(), look)
    browser.close()
    return list(dict.fromkeys(faults))


with sync_playwright() as player:
    found = flow(player)
assert not found, "\n".join(found)
