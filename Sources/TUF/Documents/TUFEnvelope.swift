import StrictJSON

/// A piece of signed metadata before anybody has checked who signed it.
///
/// One reading feeds both the bytes that are verified and the fields that are used.
package struct TUFEnvelope: Sendable {
    /// The most signatures of one piece.
    static var mostSignatures: Int { 64 }

    /// The role that it was asked for as.
    package let role: TUFName
    /// The bytes as they were received.
    package let bytes: [UInt8]
    /// What is signed, unknown fields included.
    package let signed: JSONItem
    /// The bytes that the signatures are over.
    package let message: [UInt8]
    /// The signatures, each of another key id.
    package let signatures: [TUFSignature]
    /// The version, from 1.
    package let version: Int64
    /// The moment from which it is valid no more.
    package let expires: TUFTime

    /// The kinds of metadata.
    enum Kind: String { case root, timestamp, snapshot, targets }

    /// Reads what all kinds have in common.
    init(_ bytes: [UInt8], role: TUFName, kind: Kind) throws(TUFFault) {
        self.bytes = bytes
        self.role = role
        let document: JSONItem
        do throws(JSONError) {
            document = try JSONParser.parse(bytes, wholeNumbers: true)
        } catch {
            throw .malformed(role, "\(error)")
        }
        let outer = try FieldReader(document, role: role, place: "")
        signed = try outer.required("signed")
        let fields = try outer.object("signed")
        signatures = try Self.signatures(outer)
        let type = try fields.text("_type")
        guard type.utf8.elementsEqual(kind.rawValue.utf8) else {
            throw .wrongType(role, found: TUFName(type).description)
        }
        let specification = try fields.text("spec_version")
        guard Self.isKnown(specification) else {
            throw .unknownSpecification(role, found: TUFName(specification).description)
        }
        version = try fields.integer("version", in: 1...Int64.max)
        let expires = try fields.text("expires")
        guard let moment = TUFTime(expires) else {
            throw fields.fault(
                "expires", "is '\(TUFName(expires))', expected the form 2031-12-31T00:00:00Z")
        }
        self.expires = moment
        guard let message = CanonicalJSON.encode(signed) else {
            throw fields.fault("version", "or another number is not whole")
        }
        self.message = message
    }

    /// The fields of what is signed.
    var fields: FieldReader {
        get throws(TUFFault) { try FieldReader(signed, role: role, place: "signed") }
    }

    /// Refuses metadata that is valid no more at `start`.
    func checkExpiry(_ start: TUFTime) throws(TUFFault) {
        guard expires > start else { throw .expired(role, at: expires, start: start) }
    }

    private static func signatures(_ outer: FieldReader) throws(TUFFault) -> [TUFSignature] {
        let items = try outer.list("signatures")
        guard items.count <= mostSignatures else {
            throw outer.fault("signatures", "are \(items.count), allowed \(mostSignatures)")
        }
        var seen: Set<TUFName> = []
        var signatures: [TUFSignature] = []
        for (index, item) in items.enumerated() {
            let fields = try outer.open(item, "signatures[\(index)]")
            let keyID = TUFName(try fields.text("keyid"))
            guard seen.insert(keyID).inserted else {
                throw .doubledSignature(outer.role, keyID: keyID)
            }
            signatures.append(TUFSignature(keyID: keyID, text: try fields.text("sig")))
        }
        return signatures
    }

    /// Whether a version of the specification is 1.x or 1.x.y.
    private static func isKnown(_ version: String) -> Bool {
        let parts = version.utf8.split(
            separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), parts[0].elementsEqual("1".utf8) else { return false }
        return parts.allSatisfy { part in
            !part.isEmpty && part.allSatisfy { (0x30...0x39).contains($0) }
        }
    }
}

/// A signature and whose it is said to be.
package struct TUFSignature: Hashable, Sendable {
    /// The id of the key.
    package let keyID: TUFName
    /// The signature in hexadecimal digits, as it was written; anything else is a bad signature.
    package let text: String

    /// Joins both.
    package init(keyID: TUFName, text: String) {
        self.keyID = keyID
        self.text = text
    }
}
