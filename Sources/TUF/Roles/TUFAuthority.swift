/// Who may sign a role, and how many of them must.
package struct TUFAuthority: Sendable {
    /// The role.
    package let role: TUFName
    /// The keys that may sign; ids that no key is listed for are left out.
    package let keys: [TUFKey]
    /// The ids as listed, each once.
    package let keyIDs: [TUFName]
    /// How many keys must have signed, from 1; may be more than there are.
    package let threshold: Int64

    /// Reads `keyids` and `threshold` of a role.
    init(_ fields: FieldReader, role: TUFName, keys: [TUFName: TUFKey]) throws(TUFFault) {
        var keyIDs: [TUFName] = []
        var seen: Set<TUFName> = []
        for text in try fields.texts("keyids") where seen.insert(TUFName(text)).inserted {
            keyIDs.append(TUFName(text))
        }
        self.role = role
        self.keyIDs = keyIDs
        self.keys = keyIDs.compactMap { keys[$0] }
        threshold = try fields.integer("threshold", in: 1...Int64.max)
    }

    /// Names the keys of a role for metadata that is being made.
    package init(role: TUFName, keys: [TUFKey], threshold: Int) {
        self.role = role
        self.keys = keys
        keyIDs = keys.map(\.id)
        self.threshold = Int64(threshold)
    }

    /// Refuses what too few of the keys have signed.
    ///
    /// A signature by another key, or one that does not verify, counts for nothing and harms nothing. A
    /// key that is listed under two ids counts once.
    package func check(_ envelope: TUFEnvelope) throws(TUFFault) {
        var signed: Set<TUFName> = []
        for key in keys
        where envelope.signatures.contains(where: { key.verifies($0, envelope.message) }) {
            signed.insert(TUFName(key.publicText))
        }
        guard signed.count >= threshold else {
            throw .belowThreshold(
                envelope.role, signed: signed.count, needed: Int(clamping: threshold))
        }
    }

    /// Whether other keys, or another number of them, may sign.
    func differs(from other: TUFAuthority) -> Bool {
        Set(keyIDs) != Set(other.keyIDs) || threshold != other.threshold
    }
}

extension FieldReader {
    /// The keys listed under a field, each under its own id.
    func keys(_ key: String) throws(TUFFault) -> [TUFName: TUFKey] {
        let list = try object(key)
        var keys: [TUFName: TUFKey] = [:]
        for member in list.members {
            let id = TUFName(member.name)
            keys[id] = try TUFKey(try list.open(member.item, member.name), member.item, id: id)
        }
        return keys
    }
}
