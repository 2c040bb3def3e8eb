import FleetStore
import StrictJSON

/// What a gateway was offered last, and what it said it runs on.
package struct ConfigurationState: Hashable, Sendable {
    /// The gateway's id.
    package let gateway: String
    /// The newest version offered to it; nil when it never was offered one.
    package let offered: Int64?
    /// The version in force; nil when that is the file on site alone, or when it never reported.
    package private(set) var applied: Int64?
    /// `applied`, `refused`, `reverted` or `running`; nil when it never reported.
    package private(set) var result: String?
    /// What is wrong with a version it does not use, and what the site holds back, one sentence each.
    package private(set) var faults: [String] = [], heldBack: [String] = []
    /// Unix time in milliseconds of the report; nil when it never reported.
    package private(set) var reportedMilliseconds: Int64?

    /// Nothing is reported yet.
    package init(gateway: String, offered: Int64?) {
        self.gateway = gateway
        self.offered = offered
    }

    /// Takes over what an event of code `configuration` says.
    mutating func read(_ event: StoredSample<EventSample>) {
        reportedMilliseconds = event.timeMilliseconds
        guard let detail = event.sample.detail,
            let report = try? JSONParser.parse(Array(detail.utf8))
        else { return }
        if case .number(let version)? = report.member("applied_version")?.value {
            applied = version.integer
        }
        if case .string(let word)? = report.member("result")?.value { result = word }
        faults = Self.texts(report.member("faults"))
        heldBack = Self.texts(report.member("held_back"))
    }

    private static func texts(_ item: JSONItem?) -> [String] {
        guard case .array(let items)? = item?.value else { return [] }
        return items.compactMap { item in
            if case .string(let text) = item.value { text } else { nil }
        }
    }
}
