import Telemetry

/// A list of documents, with the place where it goes on.
package enum ListDocument {
    /// The list as JSON; `next` is nil where it ends.
    package static func bytes<Item>(
        _ items: some Sequence<Item>, next: String?, _ write: (Item, inout JSONWriter) -> Void
    ) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.name("items")
            writer.array { writer in for item in items { write(item, &writer) } }
            writer.member("next_cursor", next)
        }
        return writer.bytes
    }
}
