import FleetStore

/// A place in a list, as text that means nothing to whoever carries it.
enum Cursor {
    /// The most digits.
    static let longest = 1024

    /// Whether a text could be a cursor of any list.
    static func isForm(_ text: String) -> Bool {
        (2...longest).contains(text.utf8.count) && text.utf8.count.isMultiple(of: 2)
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    /// What a cursor stands for; throws a ``Problem`` of its own, so that whoever carries one from another
    /// version of the fleet knows to begin anew.
    static func place<Place>(_ text: String?, _ read: (String) -> Place?) throws -> Place? {
        guard let text else { return nil }
        guard let place = read(text) else {
            throw Problem(
                .cursorInvalid, "expected the 'next_cursor' of a page in the same order; begin anew"
            )
        }
        return place
    }

    /// Joins the parts, none of which has a line end, under the name of their list.
    static func text(_ list: String, _ parts: [String]) -> String {
        Digest.hexText(([list] + parts).joined(separator: "\n").utf8)
    }

    /// The parts; nil when it is of another list or was not made here.
    static func parts(_ list: String, _ text: String, count: Int) -> [String]? {
        let digits = text.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard isForm(text), digits.count == text.utf8.count else { return nil }
        let bytes = stride(from: 0, to: digits.count, by: 2).map {
            UInt8(digits[$0] << 4 | digits[$0 + 1])
        }
        guard let whole = String(validating: bytes, as: UTF8.self) else { return nil }
        let parts = whole.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == count + 1, parts[0] == list else { return nil }
        return Array(parts.dropFirst())
    }

    /// The list of gateways, by id or the worst first.
    static func gateway(_ place: GatewayPage.Place, isAlarmFirst: Bool) -> String {
        text(isAlarmFirst ? "alarm" : "id", ["\(place.severity)", place.id])
    }

    /// The other way round.
    static func gateway(_ text: String, isAlarmFirst: Bool) -> GatewayPage.Place? {
        guard let parts = parts(isAlarmFirst ? "alarm" : "id", text, count: 2),
            let severity = Int64(parts[0]), (0...4).contains(severity), Names.isID(parts[1])
        else { return nil }
        return GatewayPage.Place(severity: severity, id: parts[1])
    }

    /// The list of alarms.
    static func alarm(_ alarm: Alarm) -> String {
        let subject = alarm.subject
        return text(
            "alarms",
            [
                "\(alarm.raised)", subject.gateway, subject.code, subject.level, "\(subject.pack)",
            ])
    }

    /// The other way round.
    static func alarm(_ text: String) -> Alarm? {
        guard let parts = parts("alarms", text, count: 5), let raised = Int64(parts[0]),
            Names.isID(parts[1]), parts[2...3].allSatisfy({ $0.utf8.allSatisfy { $0 >= 0x20 } }),
            let pack = Int32(parts[4])
        else { return nil }
        let subject = AlarmSubject(
            gateway: parts[1], code: parts[2], level: parts[3], pack: pack)
        return Alarm(subject, raised: raised, text: "")
    }
}
