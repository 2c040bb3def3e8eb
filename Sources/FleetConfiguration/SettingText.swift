import StrictJSON

/// Reads `key=value` as people type it.
package enum SettingText {
    /// A change that sets one key, or every fault in the text.
    ///
    /// The key is a full name, `mqtt.window`. The value is JSON; what is no JSON is a text, so that
    /// `mqtt.host=broker.example` needs no quotes. `null` sets that lower layers do not count.
    package static func parse(_ text: String) throws(SettingFault) -> JSONItem {
        guard let cut = text.firstIndex(of: "=") else {
            throw SettingFault("'\(text)': expected 'key=value', such as 'telemetry.interval_s=30'")
        }
        let names = try path(String(text[..<cut]))
        let written = Array(text[text.index(after: cut)...].utf8)
        let value: JSONItem
        do {
            value = try JSONParser.parse(written)
        } catch {
            guard let plain = String(validating: written, as: UTF8.self), !plain.isEmpty,
                let first = plain.unicodeScalars.first, !"{[\"".unicodeScalars.contains(first)
            else { throw SettingFault("'\(text)': the value is no JSON: \(error.message)") }
            value = JSONItem(value: .string(plain), line: 0)
        }
        return names.reversed().reduce(value) { inner, name in
            JSONItem(value: .object([JSONMember(name: name, item: inner)]), line: 0)
        }
    }

    /// The steps of a full name.
    package static func path(_ key: String) throws(SettingFault) -> [String] {
        let steps = key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let isPlain = steps.allSatisfy { step in
            !step.isEmpty
                && step.utf8.allSatisfy { byte in
                    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                        || byte == UInt8(ascii: "_")
                }
        }
        guard isPlain, steps.count <= 8 else {
            throw SettingFault(
                "'\(key)' is no name of a setting, expected one such as 'mqtt.window'; a list such "
                    + "as 'line' is set as a whole, from a file")
        }
        return steps
    }
}

/// What is wrong with a setting as somebody typed it.
package struct SettingFault: Error, CustomStringConvertible, Sendable {
    /// The sentence for the person who reads it.
    package let description: String

    /// States the fault.
    package init(_ description: String) { self.description = description }
}
