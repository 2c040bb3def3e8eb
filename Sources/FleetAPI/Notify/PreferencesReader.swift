import Alarms
import FleetStore
import StrictJSON

/// Reads what a user wants to change of how they are told, with all that is wrong with it.
///
/// What is not named stays; null takes away.
struct PreferencesReader {
    private(set) var preferences: RecipientPreferences

    /// Throws a ``Problem`` that lists every fault.
    init(_ content: [UInt8], before: RecipientPreferences) throws {
        preferences = before
        let faults = FaultList()
        guard var section = JSONSection(parsing: content, faults: faults) else {
            throw Problem.body(faults)
        }
        let languages = AlarmTexts.languages
        if let change = Self.change(
            "language", &section, "one of \(languages.joined(separator: ", ")), or null",
            { languages.contains($0) })
        {
            preferences.language = change.text
        }
        if let change = Self.change(
            "mail", &section, "an address such as 'anna@example.org', or null",
            MailAddress.isAddress)
        {
            preferences.mail = change.text
        }
        if section.has("quiet") { readQuiet(&section) }
        if section.has("levels") {
            let level = section.requiredString("levels")
            if Hook.levels.contains(level) {
                preferences.level = level
            } else if !level.isEmpty {
                let known = Hook.levels.joined(separator: ", ")
                section.fault("levels", "is '\(level.prefix(64))', expected one of \(known)")
            }
        }
        section.finish()
        guard faults.faults.isEmpty else { throw Problem.body(faults) }
    }

    private mutating func readQuiet(_ section: inout JSONSection) {
        if Self.takeNull("quiet", &section) {
            preferences.quiet = nil
            return
        }
        guard var hours = section.section("quiet") else { return }
        let (from, to) = (hours.requiredString("from"), hours.requiredString("to"))
        hours.finish()
        guard let first = QuietHours.minute(of: from), let last = QuietHours.minute(of: to),
            let quiet = QuietHours(from: first, to: last)
        else {
            section.fault(
                "quiet", "expected two times of a day that differ, such as 22:00 and 07:00")
            return
        }
        preferences.quiet = quiet
    }

    /// What a member is changed to; no text takes it away.
    private struct Change { let text: String? }

    /// What a member is changed to; nil when it is not there or wrong.
    private static func change(
        _ name: String, _ section: inout JSONSection, _ expected: String,
        _ isGood: (String) -> Bool
    ) -> Change? {
        guard section.has(name) else { return nil }
        if takeNull(name, &section) { return Change(text: nil) }
        guard let text = section.string(name) else { return nil }
        guard isGood(text) else {
            section.fault(name, "is '\(text.prefix(64))', expected \(expected)")
            return nil
        }
        return Change(text: text)
    }

    private static func takeNull(_ name: String, _ section: inout JSONSection) -> Bool {
        var probe = section
        guard let item = probe.item(name), case .null = item.value else { return false }
        section = probe
        return true
    }
}
