import StrictJSON
import Telemetry

/// One stored document with what must never be told apart from it: its tag and its state.
///
/// On disk a line of JSON, then the bytes as the fleet sent them. One file, so that a power cut leaves
/// both or neither.
package struct ConfigurationEntry: Hashable, Sendable {
    /// How far the document has come; what is in force needs no word.
    package enum State: String, Sendable {
        /// Good, and not tried yet.
        case validated
        /// Applied, and not confirmed yet.
        case trial
    }

    /// The document's version.
    package var version: Int
    /// The server's tag, quotes included; nil when it sent none.
    package var tag: String?
    /// How far it has come.
    package var state = State.validated
    /// How many times a program has started to try it.
    package var starts = 0
    /// When it was applied, Unix time in milliseconds; nil before.
    package var appliedAt: Int64?
    /// What has to be reached before it is confirmed.
    package var expects = Reach()
    /// The bytes as the fleet sent them.
    package var document: [UInt8]

    /// A document that was found good.
    package init(version: Int, tag: String?, document: [UInt8]) {
        self.version = version
        self.tag = tag
        self.document = document
    }

    /// The bytes of the file.
    var fileBytes: [UInt8] {
        var writer = JSONWriter(capacity: document.count + 256)
        writer.object { writer in
            writer.name("version")
            writer.integer(version)
            if let tag {
                writer.name("tag")
                writer.string(tag)
            }
            writer.name("state")
            writer.string(state.rawValue)
            writer.name("starts")
            writer.integer(starts)
            if let appliedAt {
                writer.name("applied_at_ms")
                writer.integer(appliedAt)
            }
            writer.name("packs")
            writer.integer(expects.packs)
            writer.name("inverter")
            writer.bool(expects.inverter)
            writer.name("link")
            writer.bool(expects.link)
            writer.name("bytes")
            writer.integer(document.count)
        }
        writer.endLine()
        return writer.bytes + document
    }

    /// Reads the bytes of a file; nil when they are not whole.
    init?(fileBytes bytes: [UInt8]) {
        guard let end = bytes.firstIndex(of: 0x0A) else { return nil }
        let faults = FaultList()
        guard var header = JSONSection(parsing: Array(bytes[..<end]), faults: faults) else {
            return nil
        }
        version = header.requiredInteger("version", in: 1...Int(Int64.max)) ?? 0
        tag = header.string("tag")
        state = State(rawValue: header.requiredString("state")) ?? .validated
        starts = header.requiredInteger("starts", in: 0...1_000_000) ?? 0
        appliedAt = header.integer("applied_at_ms", in: 0...Int(Int64.max)).map(Int64.init)
        expects = Reach(
            packs: header.requiredInteger("packs", in: 0...16) ?? 0,
            inverter: header.bool("inverter", default: false),
            link: header.bool("link", default: false))
        let count = header.requiredInteger("bytes", in: 0...Int(Int32.max))
        document = Array(bytes[(end + 1)...])
        guard faults.faults.isEmpty, count == document.count else { return nil }
    }
}

/// A document that is not to be tried, or not again, and why.
package struct ConfigurationRefusal: Hashable, Sendable {
    /// Its version; nil when it could not be read.
    package var version: Int?
    /// The server's tag.
    package var tag: String?
    /// What is wrong with it.
    package var faults: [String]

    /// Joins the parts.
    package init(version: Int?, tag: String?, faults: [String]) {
        self.version = version
        self.tag = tag
        self.faults = faults
    }

    var fileBytes: [UInt8] {
        var writer = JSONWriter(capacity: 1024)
        writer.object { writer in
            if let version {
                writer.name("version")
                writer.integer(version)
            }
            if let tag {
                writer.name("tag")
                writer.string(tag)
            }
            writer.name("faults")
            writer.array { writer in for fault in faults { writer.string(fault) } }
        }
        writer.endLine()
        return writer.bytes
    }

    init?(fileBytes bytes: [UInt8]) {
        let list = FaultList()
        guard var root = JSONSection(parsing: bytes, faults: list) else { return nil }
        version = root.integer("version", in: 1...Int(Int64.max))
        tag = root.string("tag")
        faults = root.strings("faults")
        guard list.faults.isEmpty else { return nil }
    }

    /// Whether this is the document of an entry.
    func names(_ entry: ConfigurationEntry) -> Bool {
        version == entry.version && tag == entry.tag
    }
}
