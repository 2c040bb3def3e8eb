"""Roles that others trust with paths."""
import hashlib
import json

from rig import Scene, expect, signer

GRAPHS = [
    # edges (by, role, paths, terminating) and the roles asked for, in order, for the path `file`
    ([], []),
    ([("targets", "A", ["*"], False), ("targets", "B", ["*"], False)], ["A", "B"]),
    ([("targets", "A", ["*"], False), ("A", "B", ["*"], False), ("targets", "C", ["*"], False)], ["A", "B", "C"]),
    ([("targets", "A", ["*"], True), ("targets", "B", ["*"], False)], ["A"]),
    ([("targets", "A", ["*"], True), ("targets", "B", ["*"], False), ("A", "C", ["*"], False)], ["A", "C"]),
    ([("targets", "A", ["*"], False), ("targets", "B", ["*"], False), ("A", "C", ["*"], True),
      ("A", "D", ["*"], False)], ["A", "C"]),
    ([("targets", "A", ["*"], False), ("A", "B", ["*"], False), ("B", "C", ["*"], False), ("C", "A", ["*"], False),
      ("targets", "D", ["*"], False)], ["A", "B", "C", "D"]),
    ([("targets", "A", ["other/*"], True), ("targets", "B", ["*"], False)], ["B"]),
    ([("targets", "A", ["fil?"], False), ("targets", "B", ["fi*"], False), ("targets", "C", ["?"], False)],
     ["A", "B"]),
    ([("targets", "A", ["*"], False), ("targets", "B", ["*"], False), ("A", "C", ["*"], False),
      ("B", "C", ["*"], False)], ["A", "C", "B"]),
]


def graph(edges, **keywords):
    scene = Scene(**keywords)
    for by, role, paths, terminating in edges:
        scene.repository.delegate(role, by=by, paths=paths, terminating=terminating)
    for role in {role for _, role, _, _ in edges} - {"targets"}:
        scene.repository.publish(role)
    scene.repository.publish_all()
    return scene


def delegated(scene):
    """The roles asked for after those at the top."""
    names = [name for name in scene.server.metadata() if "root" not in name and "timestamp" not in name]
    return [n.split(".")[1] if n[0].isdigit() else n.split(".")[0] for n in names][2:]


def case_roles_are_asked_for_in_the_order_of_trust():
    # tough CVE-2025-2886: a terminating delegation did not terminate
    for edges, order in GRAPHS:
        with graph(edges) as s:
            s.bad("download", "file", words="no role lists")
            expect(delegated(s), order)


def case_without_consistent_snapshots_as_well():
    for edges, order in GRAPHS:
        with graph(edges, consistent=False) as s:
            s.bad("download", "file", words="no role lists")
            expect(delegated(s), order)


def case_a_refresh_alone_asks_for_no_delegated_role():
    with graph(GRAPHS[1][0]) as s:
        s.good()
        expect(delegated(s), [])


def case_a_role_on_disk_is_not_asked_for_again():
    with graph(GRAPHS[1][0]) as s:
        s.bad("download", "file")
        s.server.metadata()
        s.bad("download", "file")
        expect(s.server.metadata(), ["2.root.json", "timestamp.json"])


PATHS = [
    ("*", "a.tgz", True), ("*.tgz", "a.tgz", True), ("*.tgz", "a/b.tgz", False), ("a/*.tgz", "a/b.tgz", True),
    ("*/*.tgz", "a/b.tgz", True), ("*/*.tgz", "a.tgz", False), ("foo-?.tgz", "foo-1.tgz", True),
    ("foo-?.tgz", "foo-11.tgz", False), ("A.tgz", "a.tgz", False), ("*", "a/b", False), ("a/*/c", "a/b/c", True),
    ("a/*", "a/b/c", False),
]


def case_patterns_hold_part_by_part():
    for pattern, path, covered in PATHS:
        with graph([("targets", "A", [pattern], False)]) as s:
            s.repository.add_target(path, b"content", "A")
            s.repository.publish("A", "snapshot", "timestamp")
            status = s.client.download(path)
            assert status == (0 if covered else 1), f"{pattern} {path}: {status} {s.client.words}"
            expect(delegated(s), ["A"] if covered else [])


def case_hash_bins_divide_the_paths():
    with Scene() as s:
        bins = [f"bin-{index:x}" for index in range(16)]
        for index, name in enumerate(bins):
            s.repository.delegate(name, prefixes=[f"{index:x}"], terminating=True)
        s.repository.publish(*bins, "targets", "snapshot", "timestamp")
        paths = [f"gateway/{number}" for number in range(6)]
        for path in paths:
            index = int(hashlib.sha256(path.encode()).hexdigest()[0], 16)
            s.repository.add_target(path, path.encode(), bins[index])
        s.repository.publish(*bins, "snapshot", "timestamp")
        for path in paths:
            s.server.metadata()
            s.good("download", path)
            asked = [name for name in s.server.metadata() if "bin" in name]
            index = int(hashlib.sha256(path.encode()).hexdigest()[0], 16)
            assert asked in ([], [f"3.{bins[index]}.json"]), asked
        expect(sorted(s.client.targets().values()), sorted(path.encode() for path in paths))


def case_a_prefix_that_does_not_fit_is_no_trust():
    with Scene() as s:
        digits = hashlib.sha256(b"file").hexdigest()
        wrong = ("0" if digits[0] != "0" else "1") + digits[1:4]
        s.repository.delegate("A", prefixes=[wrong])
        s.repository.delegate("B", prefixes=[digits[:3]])
        s.repository.add_target("file", b"wrong", "A")
        s.repository.add_target("file", b"right", "B")
        s.repository.publish("A", "B", "targets", "snapshot", "timestamp")
        s.good("download", "file")
        expect(delegated(s), ["B"])


def case_the_first_role_that_lists_a_target_is_believed():
    with graph([("targets", "A", ["*"], False), ("targets", "B", ["*"], False)]) as s:
        s.repository.add_target("file", b"B", "B")
        s.repository.publish("A", "B", "snapshot", "timestamp")
        s.good("download", "file")
        expect(s.client.targets(), {"file": b"B"})


def case_each_role_on_the_way_must_be_trusted_with_the_path():
    with graph([("targets", "A", ["a/*"], False), ("A", "B", ["*", "b/*", "a/*"], False)]) as s:
        s.repository.add_target("b/file", b"x", "B")
        s.repository.add_target("a/file", b"x", "B")
        s.repository.publish("B", "snapshot", "timestamp")
        s.bad("download", "b/file", words="no role lists")
        s.good("download", "a/file")


def case_a_role_that_the_snapshot_does_not_list_is_not_asked_for():
    with graph([("targets", "A", ["*"], False)]) as s:
        s.repository.add_target("file", b"x", "A")
        del s.repository.snapshot.meta["A.json"]
        s.repository.publish("snapshot", "timestamp")
        s.bad("download", "file", words="'A' is delegated to, but not listed")
        expect(delegated(s), [])


def spoiled(change, words):
    with graph([("targets", "A", ["*"], False), ("targets", "B", ["*"], False)], hashes=True) as s:
        s.repository.add_target("file", b"A", "A")
        s.repository.add_target("file", b"B", "B")
        s.repository.publish("A", "B", "snapshot", "timestamp")
        change(s.repository)
        s.repository.publish("snapshot", "timestamp")
        s.bad("download", "file", words=words)
        # the search stops there and does not go on to B
        expect(delegated(s), ["A"])
        expect(s.client.targets(), {})
        assert "A" not in s.client.trusted()


def resigned(repository, by):
    content = repository.put("A", by=by)
    repository.note("A")
    return content


def case_a_delegated_role_without_signature_is_refused():
    # rust-tuf PR 275
    spoiled(lambda r: resigned(r, []), "'A' is signed by 0")


def case_a_delegated_role_signed_by_a_stranger_is_refused():
    spoiled(lambda r: resigned(r, [signer()]), "'A' is signed by 0")


def case_a_delegated_role_signed_by_the_keys_of_its_delegator_is_refused():
    spoiled(lambda r: resigned(r, r.signers["targets"]), "'A' is signed by 0")


def case_a_delegated_role_of_another_version_is_refused():
    def change(repository):
        repository.signed["A"].version += 1
        content = repository.bytes("A")
        repository.signed["A"].version -= 1
        repository.put("A", content=content)
        repository.note("A")
    spoiled(change, "expected 3 (mix-and-match)")


def case_a_delegated_role_with_another_hash_is_refused():
    # tough CVE-2026-6967
    def change(repository):
        repository.snapshot.meta["A.json"].hashes["sha512"] = "00" * 64
    spoiled(change, "another sha512")


def case_a_delegated_role_with_another_length_is_refused():
    def change(repository):
        repository.snapshot.meta["A.json"].length += 1
    spoiled(change, "bytes, expected")


def case_a_delegated_role_of_another_type_is_refused():
    def change(repository):
        repository.put("A", content=repository.files["timestamp.json"])
        repository.note("A")
    spoiled(change, "is metadata of type 'timestamp'")


def case_one_signature_twice_does_not_reach_a_threshold_of_two():
    # tough CVE-2026-6966
    def change(repository):
        content = json.loads(repository.bytes("A"))
        content["signatures"] *= 2
        repository.put("A", content=json.dumps(content).encode())
        repository.note("A")
    spoiled(change, "two signatures of key")


def case_a_threshold_of_two_needs_two_keys():
    with Scene() as s:
        s.repository.delegate("A", threshold=2)
        second = signer()
        s.repository.targets.add_key(second.public_key, "A")
        s.repository.add_target("file", b"x", "A")
        s.repository.publish("A", "targets", "snapshot", "timestamp")
        s.bad("download", "file", words="'A' is signed by 1 of the keys that may, expected 2")
        s.repository.signers["A"].append(second)
        s.repository.publish("A", "snapshot", "timestamp")
        s.good("download", "file")


def case_a_role_is_held_against_whoever_delegates_to_it_each_time():
    # specification issue 19: python-tuf 7.0.0 and go-tuf 2.4.2 believe what another delegator's keys verified
    with Scene() as s:
        s.repository.delegate("A", paths=["a"])
        s.repository.delegate("B", paths=["b"])
        s.repository.delegate("shared", by="A", paths=["a", "b"])
        own = s.repository.signers["shared"]
        s.repository.signers["shared"] = [signer()]
        s.repository.delegate("shared", by="B", paths=["a", "b"])
        s.repository.signers["shared"] = own
        s.repository.add_target("a", b"a", "shared")
        s.repository.add_target("b", b"b", "shared")
        s.repository.publish("shared", "A", "B", "targets", "snapshot", "timestamp")
        s.good("download", "a")
        s.bad("download", "b", words="'shared' is signed by 0")
        expect(s.client.targets(), {"a": b"a"})
        # both in one process as well
        s.bad("download", "a", "b", words="'shared' is signed by 0")


def case_new_keys_of_a_delegation_count_at_once():
    with graph([("targets", "A", ["*"], False)]) as s:
        s.repository.add_target("file", b"x", "A")
        s.repository.publish("A", "snapshot", "timestamp")
        s.good("download", "file")
        old = s.repository.signers["A"]
        s.repository.targets.revoke_key(old[0].public_key.keyid, "A")
        s.repository.signers["A"] = [signer()]
        s.repository.targets.add_key(s.repository.signers["A"][0].public_key, "A")
        s.repository.publish("targets", "snapshot", "timestamp")
        s.bad("download", "file", words="'A' is signed by 0")
        s.repository.publish("A", "snapshot", "timestamp")
        s.good("download", "file")


def case_names_of_roles_are_quoted():
    for name in ["?", "#", "/delegatedrole", "../delegatedrole", "..", ".", "a/../b", "%2e%2e", "é ü", "A&b=c", "\\x",
                 "a.json", "1.root", "~-._", "a\0b", "a\nb", "\u202e"]:
        with graph([("targets", name, ["*"], False)]) as s:
            s.repository.add_target("file", b"x", name)
            s.repository.publish(name, "snapshot", "timestamp")
            s.good("download", "file")
            from urllib import parse
            expect(s.server.metadata()[-1], f"3.{parse.quote(name, '')}.json")
            expect(s.client.stored(name), s.repository.files[f"3.{parse.quote(name, '')}.json"])


def case_a_name_that_no_disk_takes_is_a_failure_and_no_crash():
    with graph([("targets", "x" * 4000, ["*"], False)]) as s:
        s.bad("download", "file", words="x" * 100)
        s.good()


def case_a_delegation_to_a_role_at_the_top_is_refused():
    for name in ["root", "timestamp", "snapshot", "targets"]:
        with Scene() as s:
            s.repository.delegate("A")
            s.repository.targets.version += 1
            content = json.loads(s.repository.bytes("targets"))
            content["signed"]["delegations"]["roles"][0]["name"] = name
            from securesystemslib.formats import encode_canonical
            message = encode_canonical(content["signed"]).encode()
            content["signatures"] = [s.repository.signers["targets"][0].sign(message).to_dict()]
            s.repository.put("targets", content=json.dumps(content).encode())
            s.repository.note("targets")
            s.repository.publish("snapshot", "timestamp")
            s.bad(words="belongs to a role at the top")


def case_a_search_has_an_end():
    edges = [("targets" if index == 0 else f"r{index}", f"r{index + 1}", ["*"], False) for index in range(50)]
    with graph(edges) as s:
        s.bad("download", "file", words="more than 32 roles")
        expect(len(delegated(s)), 31)
