import FleetStore
import HTTPTypes
import Rollouts
import StrictJSON
import Telemetry

/// Reads that somebody looks after an alarm, with all that is wrong with it.
struct AcknowledgementReader {
    /// The field with the key; RFC 9110 knows no such name.
    static let keyName: HTTPField.Name = {
        guard let name = HTTPField.Name("Idempotency-Key") else { return .ifMatch }
        return name
    }()

    /// The levels an alarm can have.
    private static let levels = ["information", "warning", "protection", "fault"]
    /// The longest note, in characters.
    private static let longestNote = 500

    let request: AlarmAcknowledgement

    /// Throws a ``Problem`` that lists every fault.
    init(_ content: [UInt8], key: String?, user: User, now: Int64) throws {
        guard let key, Self.isKey(key) else { throw Problem.keyMissing }
        let faults = FaultList()
        guard var section = JSONSection(parsing: content, faults: faults) else {
            throw Problem.body(faults)
        }
        func text(_ name: String, _ expected: String, _ isGood: (String) -> Bool) -> String {
            let value = section.requiredString(name)
            if !value.isEmpty, !isGood(value) {
                section.fault(name, "is '\(value.prefix(64))', expected \(expected)")
            }
            return value
        }
        let gateway = text("gateway", "the id of a gateway", Names.isID)
        let code = text("code", "the code of an alarm", Names.isCode)
        let level = text("level", "one of \(Self.levels.joined(separator: ", "))") {
            Self.levels.contains($0)
        }
        let pack = Self.pack(&section)
        let note = section.string("note") ?? ""
        if note.unicodeScalars.count > Self.longestNote {
            section.fault(
                "note", "has \(note.unicodeScalars.count) characters, allowed \(Self.longestNote)")
        }
        if note.unicodeScalars.contains("\0") {
            section.fault("note", "has a character U+0000, which is none of a text")
        }
        section.finish()
        guard faults.faults.isEmpty else { throw Problem.body(faults) }
        let subject = AlarmSubject(
            gateway: gateway, code: code, level: level, pack: Int32(clamping: pack))
        let meaning = [gateway, code, level, "\(pack)", note].joined(separator: "\n")
        request = AlarmAcknowledgement(
            subject: subject, text: note, user: user, key: key,
            requestHash: Digest.hex(Array(meaning.utf8)), now: now)
    }

    private static func pack(_ section: inout JSONSection) -> Int64 {
        guard section.has("pack") else {
            section.fault("pack", "is missing, expected a whole number")
            return 0
        }
        guard let number = section.number("pack") else { return 0 }
        guard let pack = number.integer, (0...16).contains(pack) else {
            section.fault("pack", "is no whole number from 0 to 16")
            return 0
        }
        return pack
    }

    static func isKey(_ key: String) -> Bool {
        (1...64).contains(key.utf8.count)
            && key.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte)
                    || byte == 0x2D || byte == 0x5F
            }
    }
}

extension Problem {
    /// What is told when a request that needs a key has none.
    static var keyMissing: Problem {
        Problem(
            .keyMissing, "expected 'Idempotency-Key' with 1 to 64 characters 'a…z A…Z 0…9 _ -'")
    }

    /// All that is wrong with a document.
    static func body(_ faults: FaultList) -> Problem {
        let list = faults.faults.prefix(20).map { fault in
            let name = fault.message.split(separator: "'", omittingEmptySubsequences: false)
            let pointer = fault.message.hasPrefix("'") && name.count > 1 ? "/\(name[1])" : ""
            return Fault(place: pointer, words: fault.description, said: said(fault.message))
        }
        return Problem(.bodyInvalid, "see errors for each part", faults: list)
    }

    /// The sentences of a fault that says behind the name of the member what rollouts would say of it; else none.
    private static func said(_ message: String) -> [Statement] {
        guard message.hasPrefix("'waves' ") else { return [] }
        let said = RolloutWords.refusal(String(message.dropFirst(8)))
        return said.contains { $0.code == nil } ? [] : said
    }
}
