"""Keys: kinds, thresholds, rotation, signatures that are none."""
import json

from rig import Scene, expect, later, signer


def case_all_kinds_of_keys_sign_all_roles():
    for scheme in ["ed25519", "ecdsa", "rsa"]:
        with Scene(scheme=scheme) as s:
            s.repository.publish("root", "targets", "snapshot", "timestamp")
            s.good()
            s.trusts(root=2, timestamp=2, snapshot=2, targets=2)


def case_a_signature_of_another_kind_of_key_is_none():
    for scheme in ["ed25519", "ecdsa", "rsa"]:
        with Scene(scheme=scheme) as s:
            s.repository.timestamp.version += 1
            content = json.loads(s.repository.bytes("timestamp"))
            right = content["signatures"][0]["sig"]
            for wrong in ["", "zz", "0", right[:-2], right + "00", right[2:] + right[:2], "00" * (len(right) // 2)]:
                content["signatures"][0]["sig"] = wrong
                s.repository.files["timestamp.json"] = json.dumps(content).encode()
                s.bad(words="is signed by 0")


ROTATIONS = [
    # keys and threshold before, keys and threshold after, who signs, whether it is believed
    ("1", 1, "1", 1, "1", True), ("1", 1, "1", 1, "", False), ("1", 1, "1", 1, "2", False),
    ("1", 1, "2", 1, "12", True), ("1", 1, "2", 1, "1", False), ("1", 1, "2", 1, "2", False),
    ("12", 2, "12", 2, "12", True), ("12", 2, "12", 2, "1", False),
    ("123", 2, "123", 2, "13", True), ("123", 2, "345", 2, "145", False),
    ("123", 2, "345", 2, "1234", True), ("123", 2, "345", 2, "12345", True),
    ("1", 1, "12", 2, "12", True), ("1", 1, "12", 2, "1", False), ("12", 2, "1", 1, "1", False),
    ("12", 2, "1", 1, "12", True), ("12", 1, "34", 1, "13", True), ("12", 1, "34", 1, "12", False),
]


def case_a_root_is_believed_by_both_sets_of_keys():
    keys = {name: signer() for name in "12345"}

    def appoint(root, names, threshold):
        for old in list(root.roles["root"].keyids):
            root.revoke_key(old, "root")
        for name in names:
            root.add_key(keys[name].public_key, "root")
        root.roles["root"].threshold = threshold

    for before, need_before, after, need_after, signers, good in ROTATIONS:
        with Scene(ready=False) as s:
            root = s.repository.root
            appoint(root, before, need_before)
            expect(s.client.init(s.repository.put("root", by=[keys[name] for name in before])), 0)
            appoint(root, after, need_after)
            root.version = 2
            s.repository.put("root", by=[keys[name] for name in signers])
            row = (before, need_before, after, need_after, signers)
            status = s.client.refresh()
            assert status == (0 if good else 1), f"{row}: {status}: {s.client.words}"
            expect(s.client.trusted()["root"], 2 if good else 1)


def case_a_long_chain_of_roots_is_followed():
    with Scene() as s:
        for _ in range(20):
            old = s.repository.signers["root"]
            s.repository.rotate("root")
            s.repository.root.version += 1
            s.repository.put("root", by=old + s.repository.signers["root"])
        s.good()
        expect(s.client.trusted()["root"], 21)
        expect(s.server.metadata()[:21], [f"{v}.root.json" for v in range(2, 23)])


def case_an_expired_root_in_between_is_passed():
    # rust-tuf issue 49: an expired old root kept the client from fetching the newer one
    with Scene() as s:
        s.repository.root.expires = later(-10)
        s.repository.publish("root")
        s.repository.root.expires = later()
        s.repository.publish("root")
        s.good()
        expect(s.client.trusted()["root"], 3)


def case_a_root_must_be_exactly_one_higher():
    # tough CVE-2025-2885
    for version in [1, 3, 4, 1000]:
        with Scene() as s:
            s.repository.root.version = version
            s.repository.files["2.root.json"] = s.repository.bytes("root")
            s.bad(words=f"has version {version}, expected 2")
            expect(s.client.trusted(), {"root": 1})


def case_more_roots_than_allowed_end_one_refresh_and_not_the_next():
    with Scene() as s:
        for _ in range(300):
            s.repository.publish("root")
        s.bad(words="more than 256 times")
        expect(s.client.trusted()["root"], 257)
        s.good()
        expect(s.client.trusted()["root"], 301)


def case_two_signatures_of_one_key_spoil_the_file():
    # tough CVE-2026-6966 for roles delegated to, see cases_delegation
    for role in ["root", "timestamp", "snapshot", "targets"]:
        with Scene() as s:
            s.repository.root.roles[role].threshold = 2
            s.repository.add_key(role)
            if role == "root":
                s.repository.root.version += 1
                content = json.loads(s.repository.bytes("root"))
                content["signatures"] = content["signatures"][:1] * 9
                s.repository.files["2.root.json"] = json.dumps(content).encode()
            else:
                s.repository.publish("root", "targets", "snapshot", "timestamp")
                name = "timestamp.json" if role == "timestamp" else f"2.{role}.json"
                content = json.loads(s.repository.files[name])
                content["signatures"] = content["signatures"][:1] * 9
                s.repository.files[name] = json.dumps(content).encode()
            s.bad(words="two signatures of key")


def case_a_key_listed_twice_counts_once():
    with Scene() as s:
        root = s.repository.root
        root.roles["timestamp"].keyids *= 3
        root.roles["timestamp"].threshold = 2
        s.repository.root.version += 1
        content = s.repository.bytes("root")
        s.repository.files["2.root.json"] = content
        s.repository.publish("timestamp")
        s.bad()


def case_a_threshold_above_the_number_of_keys_makes_a_role_unusable():
    with Scene() as s:
        s.repository.root.roles["snapshot"].threshold = 3
        s.repository.publish("root", "targets", "snapshot", "timestamp")
        s.bad(words="expected 3")
        s.trusts(root=2, timestamp=2)


def case_one_of_two_keys_is_not_enough():
    with Scene() as s:
        s.repository.add_key("timestamp")
        s.repository.root.roles["timestamp"].threshold = 2
        s.repository.publish("root", "timestamp")
        s.good()
        s.repository.timestamp.version += 1
        s.repository.put("timestamp", by=s.repository.signers["timestamp"][:1])
        s.bad(words="is signed by 1 of the keys that may, expected 2")
        expect(s.client.trusted()["timestamp"], 2)


def case_a_revoked_key_signs_nothing():
    with Scene() as s:
        s.good()
        old = s.repository.signers["timestamp"]
        s.repository.rotate("timestamp")
        s.repository.publish("root", "targets", "snapshot", "timestamp")
        s.good()
        s.repository.timestamp.version = 99
        s.repository.put("timestamp", by=old)
        s.bad(words="is signed by 0")
        expect(s.client.trusted()["timestamp"], 2)


def case_signatures_of_strangers_harm_nothing():
    with Scene() as s:
        s.repository.timestamp.version += 1
        s.repository.put("timestamp", by=[signer(), signer("ecdsa"), *s.repository.signers["timestamp"], signer("rsa")])
        s.good()
        expect(s.client.trusted()["timestamp"], 2)


def case_a_key_under_the_id_of_another_is_refused():
    with Scene() as s:
        root = s.repository.root
        stranger = signer()
        keyid = root.roles["timestamp"].keyids[0]
        root.keys[keyid].keyval["public"] = stranger.public_key.keyval["public"]
        s.repository.publish("root")
        s.bad(words="which is not its id")
        expect(s.client.trusted(), {"root": 1})


def case_a_key_of_a_kind_to_come_is_passed_over():
    import hashlib
    from securesystemslib.formats import encode_canonical
    with Scene() as s:
        fields = {"keytype": "lattice", "scheme": "lattice-5", "keyval": {"public": "x"}}
        keyid = hashlib.sha256(encode_canonical(fields).encode()).hexdigest()
        content = s.repository
        content.root.version += 1
        document = json.loads(content.bytes("root"))
        document["signed"]["keys"][keyid] = fields
        document["signed"]["roles"]["timestamp"]["keyids"].append(keyid)
        message = encode_canonical(document["signed"]).encode()
        document["signatures"] = [content.signers["root"][0].sign(message).to_dict()]
        content.files["2.root.json"] = json.dumps(document).encode()
        s.good()
        expect(s.client.trusted()["root"], 2)


def fast_forward(role, *rotated):
    """An attacker with the keys publishes a version that is high; the owner rotates and starts low."""
    with Scene() as s:
        s.repository.signed[role].version = 100_000 - 1
        if role == "timestamp":
            s.repository.publish("timestamp")
        elif role == "snapshot":
            s.repository.publish("snapshot", "timestamp")
        else:
            s.repository.publish("targets", "snapshot", "timestamp")
        s.good()
        expect(s.client.trusted()[role], 100_000)
        s.repository.signed[role].version = 1
        if role == "targets":
            s.repository.snapshot.version = 50
            s.repository.timestamp.version = 50
        if role == "snapshot":
            s.repository.timestamp.version = 50
        s.repository.publish(role, *[r for r in ["snapshot", "timestamp"] if r != role])
        s.bad()
        for each in rotated:
            s.repository.rotate(each)
        s.repository.publish("root", role, *[r for r in ["snapshot", "timestamp"] if r != role])
        s.good()
        expect(s.client.trusted()[role], 3)


def case_a_fast_forward_of_the_timestamp_is_healed_by_new_keys():
    fast_forward("timestamp", "timestamp")


def case_a_fast_forward_of_the_snapshot_is_healed_by_new_keys():
    fast_forward("snapshot", "snapshot", "timestamp")


def case_a_fast_forward_of_targets_is_healed_by_new_keys():
    fast_forward("targets", "snapshot")
