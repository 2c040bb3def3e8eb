import StrictJSON
import Testing

@testable import TUF

@Suite struct TUFEnvelopeTests {
    /// A timestamp with one piece of its text replaced.
    private func changed(_ piece: String, _ other: String) throws -> [UInt8] {
        let text = String(decoding: try Repository().timestamp(), as: UTF8.self)
        let parts = text.split(separator: piece, maxSplits: 1, omittingEmptySubsequences: false)
        try #require(parts.count == 2, "'\(piece)' stands in \(text)")
        return bytes(parts.joined(separator: other))
    }

    @Test(arguments: [
        (#","version":1}"#, #","version":0}"#, "malformed"),
        (#","version":1}"#, #","version":-1}"#, "malformed"),
        (#","version":1}"#, #","version":1.0}"#, "malformed"),
        (#","version":1}"#, #","version":1e0}"#, "malformed"),
        (#","version":1}"#, #","version":true}"#, "malformed"),
        (#","version":1}"#, #","version":"1"}"#, "malformed"),
        (#","version":1}"#, #","version":1,"version":2}"#, "malformed"),
        (#""spec_version":"1.0.34""#, #""spec_version":"2.0.0""#, "unknownSpecification"),
        (#""spec_version":"1.0.34""#, #""spec_version":"1""#, "unknownSpecification"),
        (#""spec_version":"1.0.34""#, #""spec_version":"1.0.x""#, "unknownSpecification"),
        (#""spec_version":"1.0.34""#, #""spec_version":"1..0""#, "unknownSpecification"),
        (#""spec_version":"1.0.34""#, #""spec_version":1"#, "malformed"),
        (#""_type":"timestamp""#, #""_type":"snapshot""#, "wrongType"),
        (#""_type":"timestamp""#, #""_type":"Timestamp""#, "wrongType"),
        (#""expires":"2030"#, #""expires":"2030-"#, "malformed"),
        (#""snapshot.json""#, #""snapshot""#, "malformed"),
        (#""meta":{"#, #""meta":{"x.json":{"version":1},"#, "malformed"),
        (#""length":"#, #""length":-"#, "malformed"),
        (#""sha256":""#, #""md4":""#, "none"),
        (#""signed":"#, #""Signed":"#, "malformed"),
        (#""signatures":["#, #""signatures":[1,"#, "malformed"),
        (#""sig":""#, #""sig":["",""#, "malformed"),
    ])
    func `a field that is not as it should be ends the reading`(
        piece: String, other: String, kind: String
    ) throws {
        let text = try changed(piece, other)
        #expect((fault { _ = try TUFTimestamp(text) }?.kind ?? "none") == kind)
    }

    @Test(arguments: [
        "", "null", "[]", "{}", "1", "\"x\"", "{", String(repeating: "[", count: 100_000),
    ])
    func `other documents are refused`(text: String) {
        #expect(fault { _ = try TUFRoot(bytes(text)) }?.kind == "malformed")
        #expect(fault { _ = try TUFTargets(bytes(text), role: "x") }?.kind == "malformed")
        #expect(fault { _ = try TUFSnapshot(bytes(text)) }?.kind == "malformed")
    }

    @Test func `every cut of a root is refused`() throws {
        let root = try Repository().root()
        for length in 0..<(root.count - 1) {
            #expect(fault { _ = try TUFRoot(Array(root[..<length])) } != nil, "\(length) bytes")
        }
    }

    @Test func `the sentence names the field, what is there and what should be`() throws {
        let text = try changed(#","version":1}"#, #","version":0}"#)
        #expect(
            fault { _ = try TUFTimestamp(text) }?.description
                == "'timestamp': 'signed.meta.snapshot.json.version' is 0, expected at least 1")
    }

    @Test func `one key id twice spoils the file`() throws {
        let draft = try TUFDraft(JSONParser.parse(bytes("{}"))).signed(by: [Keys.root])
        let signature = try #require(draft.signatures.first)
        let text = String(decoding: try Repository().timestamp(), as: UTF8.self)
        let entry = #"{"keyid":"\#(signature.keyID)","sig":""}"#
        let doubled = text.replacing("\"signatures\":[", with: "\"signatures\":[\(entry),\(entry),")
        #expect(fault { _ = try TUFTimestamp(bytes(doubled)) }?.kind == "doubledSignature")
    }

    @Test func `more signatures than anybody needs are refused`() throws {
        let text = String(decoding: try Repository().timestamp(), as: UTF8.self)
        let many = (0..<100).map { #"{"keyid":"\#($0)","sig":""},"# }.joined()
        let changed = text.replacing("\"signatures\":[", with: "\"signatures\":[\(many)")
        #expect(fault { _ = try TUFTimestamp(bytes(changed)) }?.kind == "malformed")
    }

    @Test func `unknown fields are kept and signed`() throws {
        let text =
            #"{"_type":"targets","spec_version":"1.0","version":3,"x":{"y":[null]},"#
            + #""expires":"2031-01-01T00:00:00Z","targets":{}}"#
        var draft = TUFDraft(try JSONParser.parse(bytes(text)))
        try draft.sign([Keys.targets])
        let read = try TUFTargets(draft.bytes, role: "targets")
        let authority = TUFAuthority(role: "targets", keys: [Keys.targets.publicKey], threshold: 1)
        try authority.check(read.envelope)
        #expect(read.envelope.signed.member("x") != nil)
        #expect(read.envelope.bytes == draft.bytes)
        let without = String(decoding: draft.bytes, as: UTF8.self)
            .replacing(#","x":{"y":[null]}"#, with: "")
        let cut = try TUFTargets(bytes(without), role: "targets")
        #expect(fault { try authority.check(cut.envelope) }?.kind == "belowThreshold")
    }
}
