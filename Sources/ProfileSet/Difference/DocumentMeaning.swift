import CANBus
import StrictJSON

/// What a document says, as subjects with attributes: `signal voltage` has the `scale` `0.01`.
///
/// Two documents with the same meaning have equal subjects, however they are indented, ordered or
/// write their numbers. Sources and notes are for people and left out.
package struct DocumentMeaning: Sendable {
    /// Values by subject and attribute, in words.
    package internal(set) var subjects: [String: [String: String]] = [:]

    private static let silent: Set<String> = ["schema", "sources", "notes", "source"]
    private static let kinds = [
        "signals": "signal", "blocks": "block", "flags": "flag word", "texts": "text",
        "plausibility": "plausibility of", "frames": "frame", "frames_changed": "frame",
        "quirks": "quirk", "commands": "command", "vectors": "vector", "entries": "foreign frame",
    ]

    /// Nothing said.
    package init() {}

    /// The meaning of a JSON document of a set.
    package init(_ document: JSONItem) {
        guard case .object(let members) = document.value else { return }
        for member in members where !Self.silent.contains(member.name) {
            if let kind = Self.kinds[member.name] {
                addSubjects(member.item, kind)
                if member.name == "frames" { addOrder(member.item) }
            } else if case .object = member.item.value {
                add(member.item, subject: member.name, attribute: "")
            } else {
                add(member.item, subject: "document", attribute: member.name)
            }
        }
    }

    /// The meaning of a layout.
    package init(_ layout: DBCFile) {
        for message in layout.messages {
            let subject = "layout \(message.name)"
            subjects[subject] = [
                "identifier": "0x\(message.identifier)", "bytes": "\(message.length)",
                "cycle_ms": message.cycleMilliseconds.map { "\($0)" } ?? "not set",
                "sender": message.sender,
            ]
            for signal in message.signals {
                subjects["\(subject), signal \(signal.name)"] = Self.attributes(signal)
            }
        }
    }

    /// Adds the subjects of another document of the same thing.
    package mutating func join(_ other: DocumentMeaning) {
        subjects.merge(other.subjects) { $1 }
    }

    private static func attributes(_ signal: DBCSignal) -> [String: String] {
        [
            "bits": "\(signal.startBit)|\(signal.bitLength)",
            "byte order": signal.isLittleEndian ? "little" : "big",
            "type": "\(signal.isSigned ? "signed" : "unsigned") \(signal.valueType)",
            "factor": words(signal.factor.coefficient, signal.factor.exponent),
            "offset": words(signal.offset.coefficient, signal.offset.exponent),
            "unit": signal.unit.isEmpty ? "none" : signal.unit,
            "present": words(signal.selection),
            "texts": signal.values.sorted { $0.key < $1.key }.map { "\($0.key) '\($0.value)'" }
                .joined(separator: ", "),
        ]
    }
}

extension DocumentMeaning {
    private static func words(_ selection: DBCSelection?) -> String {
        guard let selection else { return "always" }
        let ranges = selection.ranges.map {
            $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)"
        }
        return "while \(selection.selector) is \(ranges.joined(separator: ", "))"
    }
}

// MARK: walking

extension DocumentMeaning {
    private mutating func addSubjects(_ item: JSONItem, _ kind: String) {
        switch item.value {
        case .object(let members):
            for member in members {
                addSubject(member.item, "\(kind) \(member.name)")
            }
        case .array(let items):
            for (index, entry) in items.enumerated() {
                addSubject(entry, "\(kind) \(Self.key(of: entry) ?? "\(index + 1)")")
            }
        default: subjects[kind] = ["": Self.words(item)]
        }
    }

    /// Frames have signals of their own, which are worth a line each.
    private mutating func addSubject(_ item: JSONItem, _ subject: String) {
        guard case .object(let members) = item.value else {
            subjects[subject] = ["": Self.words(item)]
            return
        }
        subjects[subject] = [:]
        for member in members where !Self.silent.contains(member.name) {
            if case .object(let signals) = member.item.value, member.name == "signals",
                subject.hasPrefix("frame ")
            {
                for signal in signals {
                    addSubject(signal.item, "\(subject), signal \(signal.name)")
                }
            } else {
                add(member.item, subject: subject, attribute: member.name)
            }
        }
    }

    private mutating func addOrder(_ item: JSONItem) {
        guard case .array(let items) = item.value else { return }
        subjects["frames"] = ["order": items.compactMap(Self.key).joined(separator: ", ")]
    }

    private mutating func add(_ item: JSONItem, subject: String, attribute: String) {
        let prefix = attribute.isEmpty ? "" : attribute + "."
        switch item.value {
        case .object(let members):
            for member in members {
                add(member.item, subject: subject, attribute: prefix + member.name)
            }
        case .array(let items) where items.contains(where: { Self.key(of: $0) != nil }):
            for (index, entry) in items.enumerated() {
                let key = Self.key(of: entry) ?? "\(index + 1)"
                add(entry, subject: subject, attribute: prefix + key)
            }
        default:
            let last = attribute.split(separator: ".").last.map(String.init) ?? ""
            subjects[subject, default: [:]][attribute] = Self.words(item, for: last)
        }
    }

    /// What tells an object of a list from the others.
    private static func key(of item: JSONItem) -> String? {
        guard case .object(let members) = item.value else { return nil }
        func text(_ name: String) -> String? {
            members.first { $0.name == name }.map { words($0.item) }
        }
        guard let first = text("name") ?? text("message") ?? text("id") else { return nil }
        let more = ["page", "only_when", "data", "signal"].compactMap { name in
            text(name).map { " \(name) \($0)" }
        }
        return text("name") != nil && text("message") == nil ? first : first + more.joined()
    }
}

// MARK: words

extension DocumentMeaning {
    private static let addresses: Set<String> = ["at", "address", "end", "not_available"]

    /// A value in words; equal numbers give equal words.
    package static func words(_ item: JSONItem, for attribute: String = "") -> String {
        switch item.value {
        case .null: return "none"
        case .bool(let flag): return flag ? "yes" : "no"
        case .string(let text):
            if text.hasPrefix("0x"), let number = Int64(text.dropFirst(2), radix: 16) {
                return words(number, isAddress: addresses.contains(attribute))
            }
            return text
        case .number(let number):
            if let whole = number.integer {
                return words(whole, isAddress: addresses.contains(attribute))
            }
            return words(number.coefficient, number.exponent)
        case .array(let items):
            return items.map { words($0, for: attribute) }.joined(separator: ", ")
        case .object(let members):
            return members.map { "\($0.name) \(words($0.item, for: $0.name))" }
                .joined(separator: ", ")
        }
    }

    private static func words(_ number: Int64, isAddress: Bool) -> String {
        guard isAddress, number >= 0 else { return "\(number)" }
        let digits = String(number, radix: 16, uppercase: true)
        return "0x" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// A decimal number in its shortest form.
    package static func words(_ coefficient: Int64, _ exponent: Int) -> String {
        var (coefficient, exponent) = (coefficient, exponent)
        if coefficient == 0 { return "0" }
        while coefficient % 10 == 0 {
            coefficient /= 10
            exponent += 1
        }
        if exponent > 0 {
            return exponent < 18
                ? "\(coefficient)" + String(repeating: "0", count: exponent)
                : "\(coefficient)e\(exponent)"
        }
        if exponent == 0 { return "\(coefficient)" }
        if exponent < -18 { return "\(coefficient)e\(exponent)" }
        var digits = String(coefficient.magnitude)
        while digits.count <= -exponent { digits = "0" + digits }
        let cut = digits.index(digits.endIndex, offsetBy: exponent)
        return (coefficient < 0 ? "-" : "") + digits[..<cut] + "." + digits[cut...]
    }
}
