import FleetStore

extension Query {
    /// The most words that are looked for, and the most characters of them together.
    private static let most = (words: 8, characters: 100)

    /// Which gateways somebody asks for at a Unix time in milliseconds.
    mutating func gateways(now: Int64) -> GatewayFilter {
        var filter = GatewayFilter()
        let expected =
            "1 to \(Self.most.words) words of at most \(Self.most.characters) characters together"
        let text = text("search", expected) { text in
            let characters = text.unicodeScalars
            return characters.count <= Self.most.characters
                && characters.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
                && (1...Self.most.words).contains(Self.words(text).count)
        }
        filter.words = text.map(Self.words) ?? []
        filter.group = self.text("group", "the name of a group", Names.isID)
        let moments = Freshness.liveMoments(now: now)
        switch word("freshness", ["live", "stale", "never"]).flatMap({ Freshness(rawValue: $0) }) {
        case .live: filter.newest = .within(moments)
        case .stale: filter.newest = .outside(moments)
        case .never: filter.newest = .never
        case nil: break
        }
        let levels = ["fault", "protection", "warning", "information"]
        filter.severity = word("worst_level", levels).flatMap { level in
            (1...4).first { Documents.level($0) == level }
        }
        filter.alarms = word("alarms", GatewayFilter.Alarms.allCases.map(\.rawValue))
            .flatMap { GatewayFilter.Alarms(rawValue: $0) }
        return filter
    }

    private static func words(_ text: String) -> [String] {
        text.unicodeScalars.split(separator: " ").map { String($0) }
    }
}
