/// How the gateway's outbox was when a record was made; the fleet shows it.
package struct OutboxSummary: Sendable {
    /// Records waiting.
    package var depth: Int64
    /// Unix time in milliseconds of the oldest record that waits; nil when none does.
    package var oldestWallMilliseconds: Int64?
    /// Bytes in use and bytes allowed.
    package var bytes: Int64, budgetBytes: Int64
    /// Records lost since the file was begun, by reason, ordered by the reason's name.
    package var losses: [(name: String, count: Int64)]

    /// Joins all parts.
    package init(
        depth: Int64, oldestWallMilliseconds: Int64?, bytes: Int64, budgetBytes: Int64,
        losses: [(name: String, count: Int64)]
    ) {
        self.depth = depth
        self.oldestWallMilliseconds = oldestWallMilliseconds
        self.bytes = bytes
        self.budgetBytes = budgetBytes
        self.losses = losses
    }

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.name("depth")
            writer.integer(depth)
            writer.moment("oldest", unixMilliseconds: oldestWallMilliseconds)
            writer.name("bytes")
            writer.integer(bytes)
            writer.name("budget_bytes")
            writer.integer(budgetBytes)
            writer.counts("losses", losses)
        }
    }
}
