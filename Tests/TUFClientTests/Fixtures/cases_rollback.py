"""Versions that go back, roles that go away, files that do not fit together."""
from rig import Scene, expect


def case_a_timestamp_does_not_go_back():
    with Scene() as s:
        old = s.repository.files["timestamp.json"]
        s.repository.publish("timestamp")
        s.good()
        s.repository.files["timestamp.json"] = old
        s.bad(words="and 2 was believed before (rollback)")
        expect(s.client.trusted()["timestamp"], 2)
        expect(s.server.metadata()[-1], "timestamp.json")


def snapshot_goes_back(hashes):
    # go-tuf GHSA-66x3-6cw3-v5gj: no rollback protection but for the root
    with Scene(hashes=hashes) as s:
        s.repository.publish("snapshot", "timestamp")
        s.good()
        s.repository.snapshot.version = 1
        s.repository.timestamp.version = 3
        s.repository.note_snapshot()
        s.repository.put("timestamp")
        s.server.metadata()
        s.bad(words="'snapshot' has version 1, and 2 was believed before")
        # tough CVE-2025-2888: the timestamp must not have been kept
        expect(s.client.trusted(), {"root": 1, "timestamp": 2, "snapshot": 2, "targets": 1})
        expect(s.server.metadata(), ["2.root.json", "timestamp.json"])
        s.repository.snapshot.version = 2
        s.repository.publish("snapshot", "timestamp")
        s.good()


def case_a_snapshot_does_not_go_back():
    snapshot_goes_back(False)


def case_a_snapshot_with_hashes_does_not_go_back():
    snapshot_goes_back(True)


def targets_go_back(hashes):
    with Scene(hashes=hashes) as s:
        s.repository.publish_all()
        s.good()
        s.repository.targets.version = 1
        s.repository.note("targets")
        s.repository.publish("snapshot", "timestamp")
        s.bad(words="'targets.json' has version 1, and 2 was believed before")
        expect(s.client.trusted(), {"root": 1, "timestamp": 3, "snapshot": 2, "targets": 2})


def case_targets_do_not_go_back_inside_a_newer_snapshot():
    targets_go_back(False)


def case_targets_with_hashes_do_not_go_back_inside_a_newer_snapshot():
    targets_go_back(True)


def case_a_role_delegated_to_does_not_go_back_either():
    # tough CVE-2025-2887
    with Scene() as s:
        s.repository.delegate("role")
        s.repository.add_target("file", b"x", "role")
        s.repository.publish("role", "targets", "snapshot", "timestamp")
        s.good("download", "file")
        s.repository.signed["role"].version = 1
        s.repository.note("role")
        s.repository.publish("snapshot", "timestamp")
        s.bad(words="'role.json' has version 1, and 2 was believed before")
        expect(s.client.trusted()["snapshot"], 2)


def case_a_role_does_not_vanish_from_the_snapshot():
    with Scene() as s:
        s.repository.delegate("role")
        s.repository.publish_all()
        s.good()
        del s.repository.snapshot.meta["role.json"]
        s.repository.publish("snapshot", "timestamp")
        s.bad(words="'role.json' is listed no more")
        expect(s.client.trusted()["snapshot"], 2)


def case_targets_do_not_vanish_from_the_snapshot():
    with Scene() as s:
        s.repository.snapshot.meta = {"other.json": s.repository.snapshot.meta["targets.json"]}
        s.repository.publish("snapshot", "timestamp")
        s.bad(words="not listed in the snapshot")


def case_a_snapshot_of_another_version_than_announced_is_refused():
    with Scene() as s:
        s.repository.publish_all()
        s.repository.snapshot.version = 9
        s.repository.files["2.snapshot.json"] = s.repository.bytes("snapshot")
        s.bad(words="'snapshot' has version 9, expected 2 (mix-and-match)")
        s.trusts(root=1, timestamp=2)


def case_targets_of_another_version_than_announced_are_refused():
    with Scene() as s:
        s.repository.publish_all()
        s.repository.targets.version = 9
        s.repository.files["2.targets.json"] = s.repository.bytes("targets")
        s.bad(words="'targets' has version 9, expected 2 (mix-and-match)")
        s.trusts(root=1, timestamp=2, snapshot=2)


def case_halves_of_two_states_do_not_mix():
    with Scene(hashes=True) as s:
        old = s.repository.files["1.targets.json"]
        s.repository.add_target("file", b"new")
        s.repository.publish_all()
        s.repository.files["2.targets.json"] = old
        s.bad(words="targets")
        assert "targets" not in s.client.trusted()


def case_the_same_version_with_other_content_is_not_taken_from_disk():
    # a copy on disk that another attacker altered: same version, other bytes, announced with hashes
    import os
    with Scene(hashes=True) as s:
        s.good()
        path = os.path.join(s.client.metadata_dir, "targets.json")
        with open(path, "ab") as file:
            file.write(b" ")
        s.server.metadata()
        s.good()
        expect(s.server.metadata(), ["2.root.json", "timestamp.json", "1.targets.json"])
        expect(s.client.stored("targets"), s.repository.files["1.targets.json"])
