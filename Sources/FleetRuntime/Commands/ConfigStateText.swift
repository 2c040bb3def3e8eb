import FleetConfiguration
import Telemetry

/// How `config status` shows a gateway.
enum ConfigStateText {
    /// One line, and below it what is wrong.
    static func row(_ state: ConfigurationState) -> String {
        let offered = state.offered.map { "version \($0) offered" } ?? "nothing offered"
        var lines = ["\(state.gateway): \(offered), \(words(state))"]
        lines += state.faults.map { "  fault: \($0)" }
        lines += state.heldBack.map { "  held back: \($0)" }
        return lines.joined(separator: "\n")
    }

    private static func words(_ state: ConfigurationState) -> String {
        guard let result = state.result, let time = state.reportedMilliseconds else {
            return "no report yet"
        }
        let force = state.applied.map { "version \($0)" } ?? "the file on site"
        return "\(force) in force (\(result), \(RFC3339.text(unixMilliseconds: time)))"
    }

    /// One line of JSON.
    static func json(_ state: ConfigurationState) -> String {
        var writer = JSONWriter(capacity: 512)
        writer.object { writer in
            writer.name("gateway")
            writer.string(state.gateway)
            writer.name("offered_version")
            if let offered = state.offered { writer.integer(offered) } else { writer.null() }
            writer.name("applied_version")
            if let applied = state.applied { writer.integer(applied) } else { writer.null() }
            writer.name("result")
            if let result = state.result { writer.string(result) } else { writer.null() }
            writer.moment("reported_at", unixMilliseconds: state.reportedMilliseconds)
            writer.name("faults")
            writer.array { writer in for fault in state.faults { writer.string(fault) } }
            writer.name("held_back")
            writer.array { writer in for held in state.heldBack { writer.string(held) } }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
