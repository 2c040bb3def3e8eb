"""Metadata that is valid no more, by a clock that `faketime` shifts."""
from rig import Scene, expect, later


def case_an_expired_root_stops_after_it_was_kept():
    with Scene() as s:
        s.good()
        s.repository.root.expires = later(-1)
        s.repository.publish("root")
        s.repository.publish("root")
        s.repository.publish_all()
        s.server.metadata()
        s.bad(words="'root' was valid until")
        expect(s.client.trusted(), {"root": 3, "timestamp": 1, "snapshot": 1, "targets": 1})
        expect(s.server.metadata(), ["2.root.json", "3.root.json", "4.root.json"])
        s.repository.root.expires = later()
        s.repository.publish("root")
        s.good()
        s.trusts(root=4, timestamp=2, snapshot=2, targets=2)


def expired(role, trusted):
    with Scene() as s:
        s.good()
        before = s.repository.signed[role].expires
        s.repository.signed[role].expires = later(-1)
        s.repository.publish_all()
        s.bad(words=f"'{role}' was valid until")
        expect(s.client.trusted(), trusted)
        s.repository.signed[role].expires = before
        s.repository.publish_all()
        s.good()


def case_an_expired_timestamp_is_not_kept():
    expired("timestamp", {"root": 1, "timestamp": 1, "snapshot": 1, "targets": 1})


def case_an_expired_snapshot_is_not_kept():
    expired("snapshot", {"root": 1, "timestamp": 2, "snapshot": 1, "targets": 1})


def case_expired_targets_are_not_kept():
    expired("targets", {"root": 1, "timestamp": 2, "snapshot": 2, "targets": 1})


def case_an_expired_role_delegated_to_is_not_kept():
    # tough CVE-2026-6967
    with Scene() as s:
        s.repository.delegate("role")
        s.repository.add_target("file", b"x", "role")
        s.repository.signed["role"].expires = later(-1)
        s.repository.publish("role", "targets", "snapshot", "timestamp")
        s.bad("download", "file", words="'role' was valid until")
        expect(s.client.targets(), {})
        assert "role" not in s.client.trusted()


def case_stored_metadata_that_expired_does_not_keep_new_from_coming():
    # aktualizr issue 1185
    with Scene() as s:
        s.repository.root.expires = later(300)
        s.repository.publish("root")
        s.good()
        for role in ["timestamp", "snapshot", "targets"]:
            s.repository.signed[role].expires = later(300)
        s.repository.publish_all()
        s.client.faketime = "+100d"
        s.good()
        s.trusts(root=2, timestamp=2, snapshot=2, targets=2)


def case_time_passes_and_nobody_signs():
    with Scene() as s:
        s.repository.root.expires = later(300)
        s.repository.publish("root")
        s.good()
        s.client.faketime = "+29d"
        s.good()
        s.client.faketime = "+31d"
        s.bad(words="'timestamp' was valid until")
        assert "(freeze)" in s.client.words
        s.trusts(root=2, timestamp=1, snapshot=1, targets=1)


def case_a_stored_timestamp_that_expired_still_refuses_older_ones():
    with Scene() as s:
        old = s.repository.timestamp
        s.repository.timestamp.expires = later(5)
        s.repository.publish("timestamp")
        s.good()
        s.repository.root.expires = later(300)
        s.repository.publish("root")
        for role in ["timestamp", "snapshot", "targets"]:
            s.repository.signed[role].expires = later(300)
        old.version = 1
        s.repository.put("timestamp")
        s.client.faketime = "+100d"
        s.bad(words="'timestamp' has version 1, and 2 was believed before")


def case_a_stored_snapshot_that_expired_still_refuses_older_roles():
    with Scene() as s:
        s.repository.snapshot.expires = later(5)
        s.repository.publish_all()
        s.good()
        s.repository.root.expires = later(300)
        s.repository.publish("root")
        for role in ["timestamp", "snapshot", "targets"]:
            s.repository.signed[role].expires = later(300)
        s.repository.targets.version = 1
        s.repository.put("targets")
        s.repository.note("targets")
        s.repository.publish("snapshot", "timestamp")
        s.client.faketime = "+100d"
        s.bad(words="'targets.json' has version 1, and 2 was believed before")


def case_a_clock_from_before_believes_what_is_signed():
    with Scene() as s:
        s.client.faketime = "-9000d"
        s.good()
        s.trusts(root=1, timestamp=1, snapshot=1, targets=1)
