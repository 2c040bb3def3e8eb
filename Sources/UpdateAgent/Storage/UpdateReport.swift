import StrictJSON
import Telemetry

/// A report that was not stored yet, with the number by which that is noticed.
package struct NumberedReport: Hashable, Sendable {
    /// Counts up, from 1.
    package let number: Int
    /// What is told.
    package let report: UpdateReport

    /// Joins both.
    package init(number: Int, report: UpdateReport) {
        self.number = number
        self.report = report
    }

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.name("number")
            writer.integer(number)
            writer.name("code")
            writer.string(report.code.rawValue)
            writer.name("about")
            report.write(to: &writer)
        }
    }

    init?(_ section: JSONSection) {
        var section = section
        number = section.requiredInteger("number", in: 1...Int(Int32.max)) ?? 1
        let code = UpdateReport.Code(rawValue: section.requiredString("code"))
        guard let code, var about = section.section("about") else { return nil }
        report = UpdateReport(
            code, set: about.requiredString("set"), version: about.requiredString("version"),
            release: about.requiredInteger("release", in: 0...1_000_000_000) ?? 0,
            rollout: about.text("rollout"), reason: about.text("reason"))
    }
}

extension JSONSection {
    /// A text, nil also where null stands.
    mutating func text(_ key: String) -> String? {
        if case .null? = item(key)?.value { return nil }
        return string(key)
    }
}
