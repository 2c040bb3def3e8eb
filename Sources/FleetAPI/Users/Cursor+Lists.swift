import FleetStore

extension Cursor {
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
