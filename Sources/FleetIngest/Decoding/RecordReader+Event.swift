import FleetStore

private enum EventMember: String, CaseIterable {
    case schema, gateway, epoch
    case sequence = "seq"
    case time, outbox, change, level, code, pack, text, configuration, update
}

extension RecordReader {
    private static let eventTable = MemberTable<EventMember>(optional: [
        .outbox, .configuration, .update,
    ])
    private static let changes = ["raised", "cleared", "noticed"]
    private static let levels = ["information", "warning", "protection", "fault"]

    /// Reads a record of schema `amphora/event/v1`.
    mutating func event(from gateway: String) throws(RecordFault) -> FleetRecord {
        var head = RecordHead()
        var event = EventSample(change: "", level: "", code: "", pack: 0, text: "")
        var object = try begin(Self.eventTable)
        while let member = try next(&object) {
            switch member {
            case .schema: _ = try readText("a text")
            case .gateway: try self.gateway(gateway)
            case .epoch: head.epoch = try number()
            case .sequence: head.sequence = try number()
            case .time: head.clock = try clock()
            case .change: event.change = try word(Self.changes)
            case .level: event.level = try word(Self.levels)
            case .code: event.code = String(decoding: bytes[try code()], as: UTF8.self)
            case .pack: event.pack = Int32(truncatingIfNeeded: try integer(0...16))
            case .text: event.text = try string()
            case .outbox: head.outbox = try outbox()
            case .configuration: event.detail = try configuration()
            case .update: event.detail = try update()
            }
        }
        return head.record(from: gateway, .event(event))
    }
}
