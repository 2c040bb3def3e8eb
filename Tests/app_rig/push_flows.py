"""Flows of messages that a browser is sent."""
import base64
import http.server
import json
import os
import queue
import ssl
import threading
import time

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import expect
from py_vapid import Vapid02

from browser_desk import address, ask, folder, house, sign_in, until


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
