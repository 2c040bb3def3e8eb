/// Which snapshot is the newest; signed anew every day or so.
package struct TUFTimestamp: Sendable {
    /// What was signed and by whom.
    package let envelope: TUFEnvelope
    /// The snapshot that it names.
    package let snapshot: TUFFileMark

    /// Reads a timestamp; checks no signature.
    package init(_ bytes: [UInt8]) throws(TUFFault) {
        envelope = try TUFEnvelope(bytes, role: "timestamp", kind: .timestamp)
        let list = try envelope.fields.object("meta")
        guard list.members.count == 1 else {
            throw .malformed(
                "timestamp", "'signed.meta' lists \(list.members.count) files, expected 1")
        }
        snapshot = try TUFFileMark(try list.object("snapshot.json"))
    }
}

/// Which version of every role that lists targets belongs together.
package struct TUFSnapshot: Sendable {
    /// What was signed and by whom.
    package let envelope: TUFEnvelope
    /// The files by name, such as `targets.json`.
    package let files: [TUFName: TUFFileMark]

    /// Reads a snapshot; checks no signature.
    package init(_ bytes: [UInt8]) throws(TUFFault) {
        envelope = try TUFEnvelope(bytes, role: "snapshot", kind: .snapshot)
        let list = try envelope.fields.object("meta")
        var files: [TUFName: TUFFileMark] = [:]
        for member in list.members {
            files[TUFName(member.name)] = try TUFFileMark(try list.open(member.item, member.name))
        }
        self.files = files
    }

    /// What it says of a role; nil when the role is not listed.
    package func mark(_ role: TUFName) -> TUFFileMark? { files[TUFName(role.text + ".json")] }
}
