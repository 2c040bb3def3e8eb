import Bank

/// Writes one event: an alarm raised or cleared, or something the gateway noticed.
package enum EventDocument {
    /// How bad it is.
    package enum Level: String, CaseIterable, Sendable {
        case information, warning, protection, fault
    }

    /// What happened.
    package enum Change: String, CaseIterable, Sendable { case raised, cleared, noticed }

    /// The schema's name inside the record.
    package static var schema: StaticString { "amphora/event/v1" }

    /// Writes one event as one line of JSON without the line end.
    ///
    /// `pack` is the pack's number from 1, or 0 for the bank and the gateway; `code` is an alarm's
    /// stable name, or one of the gateway's own (`started`, `outbox_loss`,
    /// `configuration`, …).
    package static func write(
        _ stamp: RecordStamp, change: Change, level: Level, code: String, pack: UInt8,
        text: String, configuration: ConfigurationReport? = nil, update: UpdateReport? = nil,
        to writer: inout JSONWriter
    ) {
        writer.object { writer in
            stamp.write(schema: schema, to: &writer)
            writer.name("change")
            writer.string(change.rawValue)
            writer.name("level")
            writer.string(level.rawValue)
            writer.name("code")
            writer.string(code)
            writer.name("pack")
            writer.integer(pack)
            writer.name("text")
            writer.string(text)
            if let configuration {
                writer.name("configuration")
                configuration.write(to: &writer)
            }
            if let update {
                writer.name("update")
                update.write(to: &writer)
            }
        }
    }
}
