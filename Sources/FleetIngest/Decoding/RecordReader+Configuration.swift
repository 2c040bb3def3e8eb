private enum ConfigurationMember: String, CaseIterable {
    case appliedVersion = "applied_version"
    case appliedAt = "applied_at"
    case result, version, faults
    case heldBack = "held_back"
}

extension RecordReader {
    private static let configurationTable = MemberTable<ConfigurationMember>()
    private static let results = ["applied", "refused", "reverted", "running"]
    private static let mostSentences = 256

    /// Reads what became of a document of the fleet, and gives it as it was written.
    mutating func configuration() throws(RecordFault) -> String {
        let start = position
        var object = try begin(Self.configurationTable)
        while let member = try next(&object) {
            switch member {
            case .appliedVersion, .version: if try !takeNull() { _ = try number() }
            case .appliedAt: if try !takeNull() { _ = try readText("a date") }
            case .result: _ = try word(Self.results)
            case .faults, .heldBack: try sentences()
            }
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func sentences() throws(RecordFault) {
        try beginList()
        var count = 0
        while try nextElement(count, most: Self.mostSentences) {
            _ = try readText("a sentence")
            count += 1
        }
    }
}
