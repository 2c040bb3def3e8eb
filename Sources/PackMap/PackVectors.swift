import Modbus

/// The proofs of a pack map: exchanges with packs and what the map must read in them.
///
/// They travel with the map. A map counts only while all of its vectors pass.
package struct PackVectors: Sendable {
    /// Where an exchange comes from, strongest first.
    package enum Origin: String, CaseIterable, Sendable {
        /// Recorded from a pack.
        case capture
        /// Printed in the vendor's document.
        case vendor
        /// Worked out from the vendor's tables.
        case computed
    }

    /// What one value of a reply must be.
    package enum Expected: Hashable, Sendable {
        /// A value with its unit as explanations show it, `52.600 V`, or a text.
        case text(String)
        /// The pack marks it as not available, or the gate drops it alone.
        case unknown
        /// A flag word that says these and nothing else.
        case flags(Set<String>)
    }

    /// What an exchange must come to.
    package enum Outcome: Sendable {
        /// Read, with these values among others.
        case values([(name: String, expected: Expected)])
        /// The plausibility gate drops the whole block.
        case dropped
        /// The unit refuses with this exception code.
        case exception(UInt8)
        /// No answer to this request; the reason ends with this sentence.
        case refused(String)
    }

    /// One exchange.
    package struct Vector: Sendable {
        /// What it shows, unique in its document.
        package let name: String
        /// The line it begins on in its document, from 1.
        package let line: Int
        /// Where it comes from.
        package let origin: Origin
        /// The pack, log or document in words.
        package let source: String
        /// The whole request with its CRC.
        package let request: [UInt8]
        /// The reply with its CRC, stray bytes included.
        package let reply: [UInt8]
        /// What it must come to.
        package let outcome: Outcome
    }

    /// The id of the map they prove.
    package let map: String
    /// What the addresses of a relative map counted from when the exchanges were recorded.
    package let baseAddress: UInt16
    /// At least one exchange.
    package let vectors: [Vector]
}

extension PackVectors {
    /// Holds every vector against a map; one sentence for each difference, none when all pass.
    package func failures(in map: PackMap) -> [String] {
        guard map.id == self.map else {
            return ["vectors of map '\(self.map)', found map '\(map.id)'"]
        }
        return vectors.flatMap { vector in
            vector.failures(in: map, base: baseAddress).map { "vector '\(vector.name)': \($0)" }
        }
    }
}

extension PackVectors.Vector {
    /// Holds this vector against a map; one sentence for each difference, none when it passes.
    ///
    /// `base` is what addresses of a relative map count from.
    package func failures(in map: PackMap, base: UInt16) -> [String] {
        let found: ExplainedExchange
        do {
            found = try map.explain(request: request, reply: reply, base: base)
        } catch {
            let reason = error.faults.joined(separator: "; ")
            if case .refused(let sentence) = outcome, reason.hasSuffix(sentence) { return [] }
            return ["expected \(outcome.words), found: \(reason)"]
        }
        switch outcome {
        case .values(let values):
            guard found.verdict == .accepted else { break }
            return values.compactMap { Self.difference($0.name, $0.expected, found) }
        case .dropped:
            if let verdict = found.verdict, verdict != .accepted { return [] }
        case .exception(let code):
            if found.exception?.code == code { return [] }
        case .refused: break
        }
        return ["expected \(outcome.words), found \(found.words)"]
    }

    private static func difference(
        _ name: String, _ expected: PackVectors.Expected, _ exchange: ExplainedExchange
    ) -> String? {
        guard let field = exchange.fields.first(where: { $0.name == name }) else {
            return "'\(name)' expected, the map reads no such value here"
        }
        let found = field.unit.isEmpty ? field.value : "\(field.value) \(field.unit)"
        switch expected {
        case .text(let text):
            return text == found ? nil : "'\(name)' is '\(found)', expected '\(text)'"
        case .unknown:
            return field.value == "–" ? nil : "'\(name)' is '\(found)', expected to be unknown"
        case .flags(let flags):
            guard let words = field.flags else { return "'\(name)' is no flag word" }
            if Set(words) == flags { return nil }
            let wanted = flags.isEmpty ? "none" : flags.sorted().joined(separator: ", ")
            return "'\(name)' says \(field.value), expected \(wanted)"
        }
    }
}

extension PackVectors.Outcome {
    fileprivate var words: String {
        switch self {
        case .values: "values"
        case .dropped: "a dropped block"
        case .exception(let code): "exception \(code)"
        case .refused(let sentence): "no reply because '\(sentence)'"
        }
    }
}

extension ExplainedExchange {
    fileprivate var words: String {
        if let exception { return "exception \(exception.code) (\(exception.words))" }
        return verdict == .accepted ? "values" : "a dropped block"
    }
}
