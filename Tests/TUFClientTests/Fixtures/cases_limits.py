"""Servers that send too much, too little, too slowly, or nonsense."""
import gzip
import json
import time

from rig import Scene, expect

NAMES = ["2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json"]


def endless(handler):
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    block = b"4000\r\n" + b" " * 0x4000 + b"\r\n"
    try:
        for _ in range(100_000):
            handler.wfile.write(block)
            handler.server.sent = getattr(handler.server, "sent", 0) + 0x4000
    except OSError:
        handler.close_connection = True


def close_delimited(handler):
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.close_connection = True
    try:
        for _ in range(100_000):
            handler.wfile.write(b" " * 0x4000)
            handler.server.sent = getattr(handler.server, "sent", 0) + 0x4000
    except OSError:
        pass


def case_an_endless_answer_is_cut_at_the_limit():
    for name in NAMES:
        for behave in [endless, close_delimited]:
            with Scene() as s:
                s.repository.publish_all()
                s.server.odd = {name: behave}
                s.bad(words="endless-data")
                # socket buffers may take some megabytes more
                assert s.server.sent < 20 << 20, s.server.sent


def case_an_endless_target_is_cut_at_its_length():
    with Scene() as s:
        s.repository.add_target("file", b"content")
        s.repository.publish_all()
        s.server.odd = {"/targets/": endless}
        s.bad("download", "file", words="larger than 7 bytes (endless-data)")
        expect(s.client.targets(), {})


def case_twenty_megabytes_of_spaces_after_good_metadata_are_refused():
    for name in NAMES[1:]:
        with Scene() as s:
            s.repository.publish_all()
            s.repository.files[name] += b" " * (20 << 20)
            s.bad(words="endless-data")


def case_an_announced_length_that_lies_is_no_metadata():
    for length in [10_000_000, 10]:
        def lie(handler):
            content = s.repository.files["timestamp.json"]
            handler.answer(content[:min(length, len(content))], length=length)
            handler.close_connection = True
        with Scene() as s:
            s.server.odd = {"timestamp.json": lie}
            s.bad()
            expect(s.client.trusted(), {"root": 1})


def case_a_compressed_answer_is_not_inflated():
    def compressed(handler):
        handler.answer(gzip.compress(b" " * (50 << 20)), Content_Encoding="gzip")
    with Scene() as s:
        s.server.odd = {"timestamp.json": compressed}
        s.bad()
        expect(s.client.trusted(), {"root": 1})


def case_no_redirect_is_followed():
    with Scene() as s, Scene() as other:
        def away(handler):
            handler.answer(b"", 302, Location=other.server.url + "/metadata/timestamp.json")
        s.server.odd = {"timestamp.json": away}
        s.bad(words="answers 302")
        expect(other.server.log, [])


def slow(name, behave):
    with Scene() as s:
        s.server.odd = {name: behave}
        begun = time.monotonic()
        s.bad(within=90)
        assert "slow-retrieval" in s.client.words, s.client.words
        assert time.monotonic() - begun < 60
        s.server.odd = {}
        s.good()


def case_an_answer_that_drips_is_given_up():
    def drip(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "60000")
        handler.end_headers()
        try:
            for _ in range(200):
                handler.wfile.write(b" ")
                handler.wfile.flush()
                time.sleep(0.5)
        except OSError:
            handler.close_connection = True
    slow("timestamp.json", drip)


def case_a_server_that_never_answers_is_given_up():
    def silent(handler):
        time.sleep(100)
        handler.close_connection = True
    slow("timestamp.json", silent)


NONSENSE = [
    b"", b" ", b"{", b"null", b"[]", b"{}", b"0", b"\"x\"", b"\xff\xfe", b"\xef\xbb\xbf{}", b"[" * 100_000,
    b'{"a":' * 60_000, b'{"signed":{},"signatures":[]}', b'{"signed":[],"signatures":{}}',
    b'{"signed":{"_type":"timestamp"},"signatures":[]}', b"\x00" * 1000, b"<html></html>",
]


def case_nonsense_is_a_failure_and_never_a_crash():
    for name in NAMES:
        with Scene() as s:
            s.repository.publish_all()
            for content in NONSENSE:
                s.server.odd = {name: lambda handler: handler.answer(content)}
                s.bad()
            s.server.odd = {}
            s.good()


def changed(s, name, change):
    text = s.repository.files[name].decode()
    altered = change(text)
    assert altered != text, "nothing was changed"
    s.repository.files[name] = altered.encode()


def case_what_two_readers_would_read_differently_is_refused():
    changes = [
        lambda text: text.replace('"version":2', '"version":2,"version":2'),
        lambda text: text.replace('"version":2', '"version":2.0'),
        lambda text: text.replace('"version":2', '"version":2e0'),
        lambda text: text.replace('"version":2', '"version":true'),
        lambda text: text.replace('"signed":', '"signed":{},"signed":'),
        lambda text: text + "{}",
        lambda text: "\ufeff" + text,
        lambda text: text.replace("}", ",}", 1),
        lambda text: text.replace('"version":2', '"vers\\u0069on":3,"version":2'),
    ]
    for name in NAMES[1:]:
        for change in changes:
            with Scene() as s:
                s.repository.publish_all()
                changed(s, name, change)
                s.bad()


def case_the_same_fields_in_another_order_are_the_same():
    with Scene() as s:
        s.repository.publish_all()
        for name in NAMES[1:]:
            document = json.loads(s.repository.files[name])
            signed = dict(reversed(document["signed"].items()))
            text = json.dumps({"signed": signed, "signatures": document["signatures"], "more": 1}, indent=3)
            s.repository.files[name] = text.encode()
        s.good()
        s.trusts(root=1, timestamp=2, snapshot=2, targets=2)
