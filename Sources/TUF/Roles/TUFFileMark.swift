/// What one piece of metadata says of another: its version, and its size and hashes where listed.
package struct TUFFileMark: Sendable {
    /// The version, from 1.
    package let version: Int64
    /// The size in bytes; nil when not listed.
    package let length: Int64?
    /// Hashes by the name of the algorithm; empty when none are listed.
    package let hashes: [TUFName: String]

    /// Reads the entry of a file.
    init(_ fields: FieldReader) throws(TUFFault) {
        version = try fields.integer("version", in: 1...Int64.max)
        length =
            fields.item("length") == nil ? nil : try fields.integer("length", in: 0...Int64.max)
        hashes = fields.item("hashes") == nil ? [:] : try fields.hashes("hashes")
    }

    /// Refuses bytes of another length or hash.
    package func check(_ bytes: [UInt8], _ name: TUFName) throws(TUFFault) {
        if let length { try TUFContent.checkLength(bytes, length, name) }
        if !hashes.isEmpty { try TUFContent.checkHashes(bytes, hashes, name) }
    }
}

/// Holds bytes against what was signed of them.
enum TUFContent {
    static func checkLength(_ bytes: [UInt8], _ length: Int64, _ name: TUFName) throws(TUFFault) {
        guard Int64(bytes.count) == length else {
            throw .wrongLength(name, expected: length, found: Int64(bytes.count))
        }
    }

    /// Checks every hash of an algorithm known here; there must be one.
    static func checkHashes(
        _ bytes: [UInt8], _ hashes: [TUFName: String], _ name: TUFName
    ) throws(TUFFault) {
        var isChecked = false
        for digest in TUFDigest.allCases {
            guard let expected = hashes[TUFName(digest.rawValue)] else { continue }
            guard digest.text(bytes).utf8.elementsEqual(expected.utf8) else {
                throw .wrongHash(name, algorithm: digest.rawValue)
            }
            isChecked = true
        }
        guard isChecked else {
            throw .malformed(name, "no hash is of an algorithm known here: sha256, sha512")
        }
    }
}

extension FieldReader {
    /// Hashes by algorithm; at least one.
    func hashes(_ key: String) throws(TUFFault) -> [TUFName: String] {
        let list = try object(key)
        var hashes: [TUFName: String] = [:]
        for member in list.members { hashes[TUFName(member.name)] = try list.text(member.name) }
        guard !hashes.isEmpty else { throw fault(key, "lists no hash") }
        return hashes
    }
}
