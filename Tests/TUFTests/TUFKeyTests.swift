import StrictJSON
import Testing

@testable import TUF

@Suite struct TUFKeyTests {
    private let message = bytes("the same bytes")

    @Test(arguments: [TUFKey.Scheme.ed25519, .ecdsa])
    func `a key verifies what it signed and nothing else`(scheme: TUFKey.Scheme) throws {
        let key = try #require(TUFPrivateKey(scheme))
        let signature = try key.sign(message)
        #expect(key.publicKey.verifies(signature, message))
        #expect(!key.publicKey.verifies(signature, message + [0]))
        #expect(!Keys.other.publicKey.verifies(signature, message))
        let again = try #require(TUFPrivateKey(der: key.der))
        #expect(again.publicKey.id == key.publicKey.id)
        #expect(key.publicKey.verifies(try again.sign(message), message))
    }

    @Test(arguments: ["", "0", "zz", "00", "é"])
    func `a signature that is none does not verify`(text: String) {
        for key in [Keys.root, Keys.curve] {
            let signature = TUFSignature(keyID: key.publicKey.id, text: text)
            #expect(!key.publicKey.verifies(signature, message))
        }
    }

    @Test func `this program signs with two of the three schemes`() {
        #expect(TUFPrivateKey(.rsa) == nil)
        #expect(TUFPrivateKey(der: [1, 2, 3]) == nil)
    }

    /// A root with the entry of its one key changed.
    private func root(_ change: (String) -> String) throws -> [UInt8] {
        bytes(change(String(decoding: try Repository().root(), as: UTF8.self)))
    }

    @Test func `a key under an id that is not its own spoils the file`() throws {
        let id = Keys.root.publicKey.id.text
        let root = try root {
            $0.replacing("\"\(id)\":", with: "\"\(id.dropLast())0\":", maxReplacements: 1)
        }
        let found = fault { _ = try TUFRoot(root) }
        // one time in sixteen the digit was a nought before
        #expect(id.hasSuffix("0") || found?.kind == "wrongKeyID")
    }

    @Test func `a field added to a key leaves its id, and one key under two ids counts once`()
        throws
    {
        let plain = Keys.root.publicKey
        let item = JSONItem.object([
            ("extra", .integer(1)), ("keytype", .text("ed25519")), ("scheme", .text("ed25519")),
            ("keyval", .object([("public", .text(plain.publicText))])),
        ])
        let reader = try FieldReader(item, role: "root", place: "key")
        let whole = TUFName(TUFDigest.sha256.text(try #require(CanonicalJSON.encode(item))))
        #expect(whole != plain.id)
        let keys = [
            try TUFKey(reader, item, id: plain.id), try TUFKey(reader, item, id: whole),
        ]
        var draft = TUFDraft.timestamp(
            version: 1, expires: Repository.later, snapshot: [], snapshotVersion: 1)
        try draft.sign([Keys.root])
        let text = String(decoding: draft.bytes, as: UTF8.self)
        let signature = try #require(draft.signatures.first).text
        let twice = text.replacing(
            "\"signatures\":[",
            with: "\"signatures\":[{\"keyid\":\"\(whole)\",\"sig\":\"\(signature)\"},")
        let envelope = try TUFTimestamp(bytes(twice)).envelope
        #expect(envelope.signatures.count == 2)
        #expect(
            keys.allSatisfy { key in
                envelope.signatures.contains { key.verifies($0, envelope.message) }
            })
        let two = TUFAuthority(role: "timestamp", keys: keys, threshold: 2)
        #expect(fault { try two.check(envelope) }?.kind == "belowThreshold")
    }

    @Test func `a key of a kind to come is kept and verifies nothing`() throws {
        let text =
            #"{"keytype":"lattice","scheme":"lattice-5","keyval":{"public":"00"},"extra":[1]}"#
        let item = try JSONParser.parse(bytes(text))
        let id = TUFName(TUFDigest.sha256.text(try #require(CanonicalJSON.encode(item))))
        let key = try TUFKey(FieldReader(item, role: "root", place: "key"), item, id: id)
        #expect(key.scheme == nil)
        #expect(!key.verifies(TUFSignature(keyID: id, text: "00"), message))
    }

    @Test(arguments: [
        ("ed25519", "ed25519", "00"), ("ed25519", "ed25519", "xyz"),
        ("ecdsa", "ecdsa-sha2-nistp256", "no pem"),
        ("rsa", "rsassa-pss-sha256", "no pem"),
        ("rsa", "ed25519", String(repeating: "00", count: 32)),
    ])
    func `a public key that is none verifies nothing`(
        type: String, scheme: String, text: String
    ) throws {
        let item = JSONItem.object([
            ("keytype", .text(type)), ("scheme", .text(scheme)),
            ("keyval", .object([("public", .text(text))])),
        ])
        let id = TUFName(TUFDigest.sha256.text(try #require(CanonicalJSON.encode(item))))
        let key = try TUFKey(FieldReader(item, role: "root", place: "key"), item, id: id)
        let signature = TUFSignature(keyID: id, text: String(repeating: "00", count: 64))
        #expect(!key.verifies(signature, message))
    }
}

@Suite struct TUFAuthorityTests {
    private func envelope(_ keys: [TUFPrivateKey]) throws -> TUFEnvelope {
        try TUFTimestamp(try Repository().timestamp(by: keys)).envelope
    }

    @Test func `the threshold counts keys, not signatures`() throws {
        let keys = [Keys.root, Keys.other, Keys.curve].map(\.publicKey)
        let two = TUFAuthority(role: "timestamp", keys: keys, threshold: 2)
        try two.check(envelope([Keys.root, Keys.curve]))
        try two.check(envelope([Keys.targets, Keys.root, Keys.snapshot, Keys.other]))
        #expect(fault { try two.check(envelope([Keys.root])) }?.kind == "belowThreshold")
        #expect(
            fault { try two.check(envelope([Keys.root, Keys.targets])) }?.description
                == "'timestamp' is signed by 1 of the keys that may, expected 2")
        #expect(fault { try two.check(envelope([])) }?.kind == "belowThreshold")
    }

    @Test func `a threshold above the number of keys makes a root, and an unusable role`() throws {
        var repository = Repository()
        repository.authorities[.snapshot] = TUFAuthority(
            role: "snapshot", keys: [Keys.snapshot.publicKey], threshold: 2)
        var trusted = try repository.trusted(upTo: .timestamp)
        let snapshot = try repository.snapshot()
        #expect(fault { try trusted.takeSnapshot(snapshot) }?.kind == "belowThreshold")
    }

    @Test func `a key id listed twice counts once`() throws {
        let text = String(decoding: try Repository().root(), as: UTF8.self)
        let id = Keys.timestamp.publicKey.id.text
        let doubled = text.replacing(
            "{\"keyids\":[\"\(id)\"],\"threshold\":1}",
            with: "{\"keyids\":[\"\(id)\",\"\(id)\"],\"threshold\":2}")
        let root = try TUFRoot(bytes(doubled))
        let authority = try root.authority(.timestamp)
        #expect(authority.keys.count == 1)
        #expect(fault { try authority.check(envelope([Keys.timestamp])) }?.kind == "belowThreshold")
    }
}
