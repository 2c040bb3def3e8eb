#!/usr/bin/env python3
"""Runs the quick start and watches its house on a phone: quickstart.py QUICKSTART BROWSER SECONDS.

Opens the link that the quick start prints, as soon as it prints it, chooses a password, and waits until the app
shows the house live and a value of it changes. Ends with the exit status of the quick start, or 1 when the app
did not show what it should.
"""
import os
import re
import subprocess
import sys
import threading
import time

from playwright.sync_api import expect, sync_playwright

program, browser_path, seconds = sys.argv[1:4]
link = threading.Event()
found = []


def follow(stream):
    for line in stream:
        print(line, end="", flush=True)
        if not found and (match := re.search(r"^link +(http\S+#first-use=\S+)$", line)):
            found.append(match[1])
            link.set()
    link.set()


def watch_house(browser):
    context = browser.new_context(viewport={"width": 390, "height": 844}, device_scale_factor=2, locale="en-GB")
    page = context.new_page()
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(found[0])
    page.locator("form button[type=submit]").wait_for()
    for field in page.locator("input[type=password]").all():
        field.fill("correct horse battery")
    page.locator("form button[type=submit]").click()
    page.locator("nav.tabs").wait_for()
    # the gateway starts after the link is printed
    try:
        expect(page.get_by_text("16 of 16 packs").first).to_be_visible(timeout=60_000)
    except AssertionError:
        print(f"== on the screen: {page.locator('body').inner_text()}", flush=True)
        raise
    first = page.locator("main").inner_text()
    began = time.monotonic()
    while page.locator("main").inner_text() == first:
        if time.monotonic() - began > 20:
            raise AssertionError(f"nothing changed on the screen within 20 s:\n{first}")
        page.wait_for_timeout(100)
    if pictures := os.environ.get("AMPHORA_PICTURES"):
        page.screenshot(path=f"{pictures}/quickstart.png", full_page=True)
    if faults:
        raise AssertionError("\n".join(faults))
    print(f"== the app shows the house live: {' · '.join(first.split(chr(10))[:4])}", flush=True)


run = subprocess.Popen([program, "--seconds", seconds], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
reader = threading.Thread(target=follow, args=(run.stdout,))
reader.start()
link.wait()
is_shown = False
if found:
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        try:
            watch_house(browser)
            is_shown = True
        except Exception as trouble:  # the quick start goes on, so that its summary is seen too
            print(f"== the app did not show the house: {trouble}", flush=True)
        browser.close()
else:
    print("== the quick start printed no link to the app", flush=True)
status = run.wait()
reader.join()
sys.exit(status or (0 if is_shown else 1))
