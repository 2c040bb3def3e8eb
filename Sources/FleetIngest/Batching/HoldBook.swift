/// Knows which gateways were heard and which of them were asked to hold their backlog.
struct HoldBook {
    /// A gateway that was silent so long is not asked; it has no backlog under way.
    private static let heardFor: Int64 = 600 * 1_000_000_000

    private var heard: [String: Int64] = [:]
    /// Until when each holds.
    private var held: [String: Int64] = [:]

    mutating func hear(_ gateway: String, at now: Int64) { heard[gateway] = now }

    /// The gateways to ask for a hold that ends `seconds` from now: those heard lately that do not
    /// hold that long already.
    mutating func hold(seconds: Int, at now: Int64) -> [String] {
        let end = now + Int64(seconds) * 1_000_000_000
        heard = heard.filter { now - $0.value < Self.heardFor }
        let asked = heard.keys.filter { held[$0, default: 0] < end }
        for gateway in asked { held[gateway] = end }
        return asked.sorted()
    }

    /// The gateways that still hold and may go on.
    mutating func release(at now: Int64) -> [String] {
        defer { held = [:] }
        return held.filter { $0.value > now + 1_000_000_000 }.keys.sorted()
    }
}
