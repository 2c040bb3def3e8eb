import CANBus
import ProfileSet
import StrictJSON

/// A map or profile as a page for people.
struct ProfilePage {
    let entry: ProfileEntry
    let document: JSONItem
    let layout: DBCFile?
    let ink: Ink

    /// The page, ending with a line end.
    var text: String {
        var lines = head
        lines += entry.kind == .pack ? packLines : inverterLines
        lines += list("NOTES", document.texts("notes"))
        lines += list("SOURCES", document.texts("sources"))
        return lines.joined(separator: "\n") + "\n"
    }

    private var head: [String] {
        let kind = entry.kind == .pack ? "pack map" : "inverter profile"
        let mark = entry.isExperimental ? ink.careful("  experimental: one source only") : ""
        var lines = [
            ink.bold(entry.id) + "  " + kind, entry.title,
            "confidence \(entry.confidence), proofs: \(entry.proofs.words)" + mark,
        ]
        if !entry.speaksTo.isEmpty {
            lines.append("speaks to: \(entry.speaksTo.joined(separator: ", "))")
        }
        return lines
    }

    private func list(_ heading: String, _ texts: [String]) -> [String] {
        texts.isEmpty ? [] : ["", ink.bold(heading)] + texts.map { "  - \($0)" }
    }

    /// One line of an object: its members in words.
    private func words(_ name: String) -> String? {
        guard let item = document.member(name) else { return nil }
        let text = DocumentMeaning.words(item)
        return text.isEmpty ? nil : text
    }

    /// Rows with names in a column.
    private func rows(_ heading: String, _ rows: [(String, String)]) -> [String] {
        if rows.isEmpty { return [] }
        let width = rows.map(\.0.count).max() ?? 0
        return ["", ink.bold(heading)]
            + rows.map { name, words in
                "  \(name)\(String(repeating: " ", count: width - name.count))  \(words)"
            }
    }

    /// The members of an object as rows, each in words.
    private func members(_ heading: String, _ name: String) -> [String] {
        guard case .object(let members)? = document.member(name)?.value else { return [] }
        return rows(heading, members.map { ($0.name, DocumentMeaning.words($0.item)) })
    }

    /// The objects of a list as rows, named by one member, the rest in words.
    private func items(_ heading: String, _ name: String, by key: String) -> [String] {
        guard case .array(let items)? = document.member(name)?.value else { return [] }
        return rows(
            heading,
            items.map { item in
                let name = item.member(key).map { DocumentMeaning.words($0) } ?? "–"
                return (name, DocumentMeaning.words(item.removing(key)))
            })
    }
}

// MARK: packs

extension ProfilePage {
    private var packLines: [String] {
        var lines = general(["line", "addressing", "units", "wake_ms"])
        lines += items("REGISTERS", "blocks", by: "name")
        lines += members("SIGNALS", "signals")
        lines += rows("CELLS AND PROBES", ["cells", "probes"].compactMap { pair($0) })
        lines += items("FLAGS", "flags", by: "name")
        lines += members("TEXTS", "texts")
        lines += members("BELIEVED WITHIN", "plausibility")
        lines += members("LIMITS", "limits")
        lines += list("NEVER WRITTEN", document.texts("forbidden_writes"))
        return lines
    }

    private func general(_ names: [String]) -> [String] {
        rows("GENERAL", names.compactMap { pair($0) })
    }

    private func pair(_ name: String) -> (String, String)? { words(name).map { (name, $0) } }
}

// MARK: inverters

extension ProfilePage {
    private var inverterLines: [String] {
        var lines = general(["bus", "send", "stop", "keep_alive"])
        lines += items("THE INVERTER MAY ASK FOR", "commands", by: "message")
        lines += frames
        lines += quirks
        lines += rows("THE SIMULATED INVERTER", [pair("inverter")].compactMap { $0 })
        return lines
    }

    private var frames: [String] {
        guard case .array(let items)? = document.member("frames")?.value else { return [] }
        return ["", ink.bold("FRAMES SENT")] + items.flatMap(frame)
    }

    private func frame(_ item: JSONItem) -> [String] {
        let name = item.member("message").map { DocumentMeaning.words($0) } ?? "–"
        let message = layout?.message(named: name)
        let given = item.member("cycle_ms").map { DocumentMeaning.words($0) }
        let cycle = given ?? "\(message?.cycleMilliseconds ?? 1000)"
        let identifier = message.map { "0x\($0.identifier)" } ?? "–"
        let rest = ["page", "only_when", "per_pack"].compactMap { key in
            item.member(key).map { ", \(key) \(DocumentMeaning.words($0))" }
        }
        var lines = [
            "  \(ink.bold("\(identifier) \(name)"))  \(message?.length ?? 0) bytes, every \(cycle) ms\(rest.joined())"
        ]
        guard case .object(let signals)? = item.member("signals")?.value else { return lines }
        let width = signals.map(\.name.count).max() ?? 0
        for signal in signals {
            let place = message?.signals.first { $0.name == signal.name }
            let pad = String(repeating: " ", count: width - signal.name.count)
            let words = DocumentMeaning.words(signal.item)
            lines.append("    \(signal.name)\(pad)  \(Self.bits(place))  \(words)")
        }
        return lines
    }

    /// `bits 16-31 x 0.1 A`, in a column.
    private static func bits(_ signal: DBCSignal?) -> String {
        guard let signal else { return "–" }
        let last = signal.startBit + signal.bitLength - 1
        let bits =
            signal.bitLength == 1
            ? "bit \(signal.startBit)"
            : signal.isLittleEndian
                ? "bits \(signal.startBit)-\(last)"
                : "\(signal.bitLength) bits from \(signal.startBit), high byte first"
        let factor = DocumentMeaning.words(signal.factor.coefficient, signal.factor.exponent)
        let unit = signal.unit.isEmpty ? "" : " x \(factor) \(signal.unit)"
        let text = bits + (unit.isEmpty && factor != "1" ? " x \(factor)" : unit)
        return text + String(repeating: " ", count: max(0, 20 - text.count))
    }

    private var quirks: [String] {
        guard case .array(let items)? = document.member("quirks")?.value else { return [] }
        var lines = [
            "", ink.bold("QUIRKS") + "  in the configuration: [inverter] quirks = [\"…\"]",
        ]
        for item in items {
            func text(_ name: String) -> String {
                item.member(name).map { DocumentMeaning.words($0) } ?? "–"
            }
            lines.append("  \(ink.bold(text("id")))  \(text("title"))")
            lines.append("    when: \(text("when"))")
            lines.append("    changes: \(text("changes"))")
        }
        return lines
    }
}
