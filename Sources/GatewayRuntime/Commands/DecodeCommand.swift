import ArgumentParser
import Modbus
import PackMap
import Telemetry

/// `decode`.
struct DecodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode",
        abstract: "Explain a captured request and reply in the words of a pack map.",
        discussion: """
            Example: amphora-gateway decode --map pace-v1.3 --request '01 03 00 00 00 08 44 0C' \
            --reply 'FF 01 03 10 FA 8D 14 8C 00 48 00 64 0E A6 14 4D 13 88 00 2C 99 4A 00'
            """)

    @Option(help: "The pack map, such as pace-v1.3.", completion: ProfileNames.maps)
    var map: String

    @Option(help: "The whole request in hex, with its CRC.")
    var request: String

    @Option(help: "The reply in hex, as received.")
    var reply: String

    @Option(help: "What the addresses of a relative map count from.")
    var baseAddress: UInt16 = 0

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var options: ProfileOptions

    func run() throws {
        guard let requestBytes = HexText.bytes(request), let replyBytes = HexText.bytes(reply)
        else {
            Output.note("expected pairs of hex digits such as '01 03 00 00 00 08 44 0C'")
            throw ExitCode(ExitStatus.usage)
        }
        let explained: ExplainedExchange
        do {
            let loaded = try ProfileFolder(path: options.profiles).map(map)
            explained = try loaded.explain(
                request: requestBytes, reply: replyBytes, base: baseAddress)
        } catch {
            Output.note("\(error)")
            throw ExitCode(
                error is PackMapError ? ExitStatus.failure : ExitStatus.configuration)
        }
        print(json ? Self.json(explained) : Self.table(explained), terminator: "")
    }

    private static func table(_ explained: ExplainedExchange) -> String {
        let request = explained.request
        var text =
            "unit \(request.unit.rawValue), function \(request.function), "
            + "\(count(request)) from \(hex(request.address))\n"
        if explained.strayBytes > 0 {
            text += "\(explained.strayBytes) stray bytes around the frame were skipped\n"
        }
        if let exception = explained.exception {
            return text + "refused: exception \(exception.code), \(exception.words)\n"
        }
        if explained.fields.isEmpty { return text + "the map knows nothing of these registers\n" }
        let width = explained.fields.map(\.name.count).max() ?? 0
        for field in explained.fields {
            let name = field.name + String(repeating: " ", count: width - field.name.count)
            let raw = field.raw.isEmpty ? "" : "  raw 0x\(field.raw)"
            let note = field.note.isEmpty ? "" : "  (\(field.note))"
            let unit = field.unit.isEmpty ? "" : " \(field.unit)"
            text += "\(hex(field.address))  \(name)  \(field.value)\(unit)\(raw)\(note)\n"
        }
        return text
    }

    private static func json(_ explained: ExplainedExchange) -> String {
        var writer = JSONWriter()
        writer.object { writer in
            writer.name("unit")
            writer.integer(explained.request.unit.rawValue)
            writer.name("function")
            writer.integer(explained.request.function)
            writer.name("address")
            writer.integer(explained.request.address)
            writer.name("count")
            writer.integer(count(explained.request))
            writer.name("stray_bytes")
            writer.integer(explained.strayBytes)
            writer.name("exception")
            if let exception = explained.exception {
                writer.integer(exception.code)
            } else {
                writer.null()
            }
            writer.name("fields")
            writer.array { writer in
                for field in explained.fields { Self.write(field, to: &writer) }
            }
        }
        writer.endLine()
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private static func write(_ field: ExplainedField, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.name("address")
            writer.integer(field.address)
            writer.name("name")
            writer.string(field.name)
            writer.name("value")
            writer.string(field.value)
            writer.name("unit")
            writer.string(field.unit)
            writer.name("raw")
            writer.string(field.raw)
            writer.name("note")
            writer.string(field.note)
        }
    }

    /// Registers or bits; of the other forms, data bytes.
    private static func count(_ request: LineRequest) -> Int {
        guard case .read(let read) = request else { return request.dataLength }
        return Int(read.count)
    }

    private static func hex(_ word: UInt16) -> String {
        let digits = String(word, radix: 16, uppercase: true)
        return "0x" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}
