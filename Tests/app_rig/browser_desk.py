"""What all flows share: the browser of a person, and what is looked at on every screen."""
import re
import sys
import time

from playwright.sync_api import expect

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


def examine(axe, page, name):
    page.wait_for_timeout(100)
    found = axe.run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]})
    faults = [f"{one['id']}: {one['help']}: {node['html'][:160]} {node['failureSummary'][:300]}"
              for one in found["violations"] for node in one["nodes"][:3]]
    assert not faults, f"{name}: " + "\n".join(faults)


def fits(page, name):
    wide = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide[0] <= wide[1], f"{name}: {wide[0]} px in a window of {wide[1]}"


def large(page, name):
    small = page.evaluate("""[...document.querySelectorAll('a, button, summary, select, input:not([type=radio])')].filter((one) => {
        const box = one.getBoundingClientRect();
        return box.width && !one.matches('.skip') && (box.height < 44 && !one.closest('label'));
    }).map((one) => `${one.outerHTML.slice(0, 90)} ${one.getBoundingClientRect().height}`)""")
    assert not small, f"{name}: smaller than 44 px: {small}"
