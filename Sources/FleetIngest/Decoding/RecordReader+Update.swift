private enum UpdateMember: String, CaseIterable {
    case set, version, release, rollout, reason
}

extension RecordReader {
    private static let updateTable = MemberTable<UpdateMember>()

    /// Reads what became of an assigned profile set, and gives it as it was written.
    mutating func update() throws(RecordFault) -> String {
        let start = position
        var object = try begin(Self.updateTable)
        while let member = try next(&object) {
            switch member {
            case .set, .version: _ = try readText("a text")
            case .release: _ = try integer(0...1_000_000_000)
            case .rollout, .reason: if try !takeNull() { _ = try readText("a text or null") }
            }
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }
}
