"""The workflow as such: order and number of requests, what is kept, what stays trusted."""
import json
import os

from rig import Scene, expect

FIRST = ["2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"]


def case_the_first_refresh_asks_for_four_files_in_order():
    with Scene() as s:
        s.good()
        expect(s.server.metadata(), FIRST)
        s.trusts(root=1, timestamp=1, snapshot=1, targets=1)


def case_a_refresh_with_nothing_new_asks_twice():
    with Scene() as s:
        s.good()
        s.server.metadata()
        s.good()
        expect(s.server.metadata(), ["2.root.json", "timestamp.json"])


def case_without_consistent_snapshots_files_have_no_versions():
    with Scene(consistent=False) as s:
        s.good()
        expect(s.server.metadata(), ["2.root.json", "timestamp.json", "snapshot.json", "targets.json"])
        s.repository.publish_all()
        s.good()
        s.trusts(root=1, timestamp=2, snapshot=2, targets=2)


def case_init_asks_for_nothing():
    with Scene() as s:
        expect(s.server.log, [])
        expect(s.client.trusted(), {"root": 1})


def case_a_download_refreshes_first():
    with Scene() as s:
        s.bad("download", "no such target", words="no role lists")
        expect(s.server.metadata(), FIRST)
        s.trusts(root=1, timestamp=1, snapshot=1, targets=1)


def case_options_stand_in_any_order():
    with Scene() as s:
        url = s.server.url + "/metadata"
        expect(s.client.run("--metadata-dir", s.client.metadata_dir, "--metadata-url", url, "refresh"), 0)
        expect(s.client.run("--metadata-url", url, "--metadata-dir", s.client.metadata_dir, "refresh"), 0)
        expect(s.client.run("--metadata-url", url + "/", "--metadata-dir", s.client.metadata_dir, "refresh"), 0)


def case_what_is_missing_on_the_command_line_is_a_failure():
    with Scene() as s:
        expect(s.client.run("--metadata-dir", s.client.metadata_dir, "refresh"), 1)
        expect(s.client.run("--metadata-url", s.server.url, "refresh"), 1)
        expect(s.client.run("--metadata-dir", s.client.metadata_dir, "init"), 1)
        expect(s.client.run("--metadata-dir", s.client.metadata_dir, "init", "/no/such/file"), 1)
        expect(s.client.run(), 1)
        expect(s.client.run("--no-such-option", "refresh"), 1)
        expect(s.client.run("upload"), 1)
        expect(s.server.log, [])


def case_http_is_for_this_machine_only():
    with Scene() as s:
        for url in ["http://192.0.2.1/metadata", "http://127.0.0.1.example/m", "http://127.0.0.1@192.0.2.1/",
                    "file:///etc", "ftp://127.0.0.1/"]:
            expect(s.client.refresh(url), 1)
            assert "does not begin with 'https://'" in s.client.words, s.client.words


def refuses_first_root(change):
    with Scene(ready=False) as s:
        root = json.loads(s.repository.files["1.root.json"])
        change(root)
        content = json.dumps(root).encode()
        s.client.init(content)
        s.bad()
        # and where somebody copied it there by hand
        os.makedirs(s.client.metadata_dir, exist_ok=True)
        with open(os.path.join(s.client.metadata_dir, "root.json"), "wb") as file:
            file.write(content)
        s.bad()
        expect(s.server.log, [])


def case_a_first_root_without_version_stops_before_any_request():
    refuses_first_root(lambda root: root["signed"].pop("version"))


def case_a_first_root_that_is_badly_signed_stops_before_any_request():
    refuses_first_root(lambda root: root["signatures"][0].update(sig="00" * 64))


def case_a_first_root_of_another_type_stops_before_any_request():
    refuses_first_root(lambda root: root["signed"].update(_type="targets"))


def case_without_any_root_nothing_is_asked_for():
    with Scene(ready=False) as s:
        s.bad(words="no root to begin with")
        expect(s.server.log, [])


def badly_signed(role, trusted, last):
    with Scene() as s:
        repository = s.repository
        repository.publish("root")
        for each in ["targets", "snapshot", "timestamp"]:
            repository.signed[each].version += 1
            if each == "timestamp":
                repository.note_snapshot()
            repository.put(each, by=[] if each == role else None)
            if each == "targets":
                repository.note(each)
        if role == "root":
            repository.put("root", by=[])
        s.bad(words="is signed by 0")
        expect(s.client.trusted(), trusted)
        expect(s.server.metadata()[-1], last)


def case_an_unsigned_root_leaves_the_old_one():
    badly_signed("root", {"root": 1}, "2.root.json")


def case_an_unsigned_timestamp_leaves_the_root():
    badly_signed("timestamp", {"root": 2}, "timestamp.json")


def case_an_unsigned_snapshot_leaves_root_and_timestamp():
    badly_signed("snapshot", {"root": 2, "timestamp": 2}, "2.snapshot.json")


def case_unsigned_targets_leave_the_three_above():
    badly_signed("targets", {"root": 2, "timestamp": 2, "snapshot": 2}, "2.targets.json")


def case_another_timestamp_of_the_same_version_is_passed_over():
    with Scene() as s:
        s.good()
        before = s.client.stored("timestamp")
        s.repository.timestamp.snapshot_meta.version = 100
        s.repository.put("timestamp")
        s.server.metadata()
        s.good()
        expect(s.server.metadata(), ["2.root.json", "timestamp.json"])
        expect(s.client.stored("timestamp"), before)


def case_hashes_and_lengths_of_metadata_are_checked():
    with Scene(hashes=True) as s:
        s.good()
        s.repository.publish_all()
        s.good()
        s.repository.publish("targets")
        s.repository.snapshot.meta["targets.json"].hashes["sha256"] = "46" * 32
        s.repository.publish("snapshot", "timestamp")
        s.bad(words="another sha256")
        s.trusts(root=1, timestamp=3, snapshot=3, targets=2)


def case_the_second_hash_is_checked_as_well():
    with Scene(hashes=True) as s:
        s.repository.publish("targets")
        s.repository.snapshot.meta["targets.json"].hashes["sha512"] = "46" * 64
        s.repository.publish("snapshot", "timestamp")
        s.bad(words="another sha512")


def case_hashes_of_algorithms_unknown_here_alone_are_refused():
    with Scene(hashes=True) as s:
        s.repository.publish("targets")
        s.repository.snapshot.meta["targets.json"].hashes = {"blake9": "46"}
        s.repository.publish("snapshot", "timestamp")
        s.bad(words="no hash is of an algorithm known here")


def case_a_length_that_differs_is_refused():
    with Scene(hashes=True) as s:
        s.repository.publish("targets")
        s.repository.snapshot.meta["targets.json"].length += 1
        s.repository.publish("snapshot", "timestamp")
        s.bad(words="bytes, expected")
        s.repository.snapshot.meta["targets.json"].length -= 2
        s.repository.publish("snapshot", "timestamp")
        s.bad(words="larger than")


def case_targets_that_no_snapshot_names_are_not_asked_for():
    with Scene() as s:
        s.good()
        s.repository.publish("targets")
        s.server.metadata()
        s.good()
        expect(s.server.metadata(), ["2.root.json", "timestamp.json"])
        expect(s.client.trusted()["targets"], 1)


def case_unknown_fields_are_part_of_what_was_signed():
    with Scene() as s:
        s.good()
        root = s.repository.root
        root.unrecognized_fields["custom"] = {"deep": [None, {"x": True}]}
        keyid = root.roles["root"].keyids[0]
        root.keys[keyid].unrecognized_fields["extra"] = {"a": 1}
        root.roles["timestamp"].unrecognized_fields["other"] = "value"
        s.repository.targets.unrecognized_fields["note"] = "é\n\t\"\\/"
        s.repository.publish("root", "targets", "snapshot", "timestamp")
        s.good()
        s.trusts(root=2, timestamp=2, snapshot=2, targets=2)


def case_files_are_kept_as_they_came():
    with Scene(hashes=True, compact=False) as s:
        s.repository.publish_all()
        s.good()
        for role, name in [("root", "1.root.json"), ("timestamp", "timestamp.json"),
                           ("snapshot", "2.snapshot.json"), ("targets", "2.targets.json")]:
            expect(s.client.stored(role), s.repository.files[name])
            assert b"\n" in s.client.stored(role)


def case_nothing_else_there_looks_like_metadata():
    with Scene() as s:
        s.good()
        names = {name for name in os.listdir(s.client.metadata_dir) if name.endswith(".json")}
        expect(names, {"root.json", "timestamp.json", "snapshot.json", "targets.json"})


def case_older_names_of_the_specification_are_known():
    for version in ["1.0", "1.0.0", "1.0.31", "1.99.99"]:
        with Scene() as s:
            s.repository.targets.spec_version = version
            s.repository.publish_all()
            s.good()


def case_another_specification_is_refused():
    for version in ["2.0.0", "0.9", "1", "1.0.0.0", "1.0a"]:
        with Scene() as s:
            s.repository.signed["targets"].version += 1
            content = json.loads(s.repository.bytes("targets"))
            content["signed"]["spec_version"] = version
            s.repository.put("targets", content=json.dumps(content).encode())
            s.repository.note("targets")
            s.repository.publish("snapshot", "timestamp")
            s.bad(words="follows specification")


def case_metadata_of_another_type_is_refused():
    for role, other in [("timestamp", "snapshot"), ("snapshot", "targets"), ("targets", "snapshot")]:
        with Scene() as s:
            s.repository.publish_all()
            name = "timestamp.json" if role == "timestamp" else f"2.{role}.json"
            s.repository.files[name] = s.repository.files[f"2.{other}.json"]
            s.bad(words="is metadata of type")


def case_a_server_that_fails_is_no_server_that_has_nothing():
    with Scene() as s:
        s.good()
        s.repository.publish_all()
        for status in [500, 503, 301, 204]:
            s.server.odd = {"2.root.json": lambda handler: handler.answer(b"", status)}
            s.bad(words=f"answers {status}")
        s.trusts(root=1, timestamp=1, snapshot=1, targets=1)
        s.server.odd = {"2.root.json": lambda handler: handler.answer(b"", 403)}
        s.good()
        s.trusts(root=1, timestamp=2, snapshot=2, targets=2)


def case_a_missing_file_is_asked_for_once():
    for name, trusted in [("timestamp.json", {"root": 1}), ("2.snapshot.json", {"root": 1, "timestamp": 2}),
                          ("2.targets.json", {"root": 1, "timestamp": 2, "snapshot": 2})]:
        with Scene() as s:
            s.repository.publish_all()
            kept = s.repository.files.pop(name)
            s.bad(words="answers 404")
            expect(s.client.trusted(), trusted)
            expect(s.server.metadata().count(name), 1)
            s.repository.files[name] = kept
            s.good()


def case_a_bad_mirror_does_not_harm_a_good_one():
    with Scene() as s:
        s.good()
        s.repository.publish_all()
        with Scene() as mirror:
            mirror.server.odd = {"timestamp": lambda handler: handler.answer(b"\xff{")}
            expect(s.client.refresh(mirror.server.url + "/metadata"), 1)
            mirror.server.odd = {}
            expect(s.client.refresh(mirror.server.url + "/metadata"), 1)
            expect(s.client.refresh("http://127.0.0.1:9/metadata"), 1)
        s.trusts(root=1, timestamp=1, snapshot=1, targets=1)
        s.good()
        s.trusts(root=1, timestamp=2, snapshot=2, targets=2)
