import Telemetry

/// What is wrong with a request, as a document by RFC 9457.
package enum ProblemDocument {
    /// The document.
    ///
    /// `kind` is stable and meant for programs, as are the values in the detail by their names. The words are for
    /// whoever writes programs.
    package static func bytes(
        kind: String, title: String, status: Int, detail: String,
        values: [Statement.Value] = [], faults: [RequestFault] = []
    ) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        writer.object { writer in
            writer.name("type")
            writer.string("urn:amphora:problem:\(kind)")
            writer.name("title")
            writer.string(title)
            writer.name("status")
            writer.integer(status)
            writer.name("detail")
            writer.string(detail)
            if !values.isEmpty { writer.texts("values", values) }
            guard !faults.isEmpty else { return }
            writer.name("errors")
            writer.array { writer in for fault in faults { write(fault, to: &writer) } }
        }
        return writer.bytes
    }

    private static func write(_ fault: RequestFault, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.name("pointer")
            writer.string(fault.place)
            writer.name("message")
            writer.string(fault.words)
            writer.statements("said", fault.statements)
        }
    }
}
