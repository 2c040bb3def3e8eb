import FoundationEssentials

/// Losses by reason as a JSON object, so that a person with a database shell can read them.
enum LossText {
    static func text(_ losses: [String: Int64]) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        guard !losses.isEmpty, let data = try? encoder.encode(losses) else { return "{}" }
        return String(decoding: data, as: UTF8.self)
    }

    static func losses(_ text: String) -> [String: Int64] {
        (try? JSONDecoder().decode([String: Int64].self, from: Data(text.utf8))) ?? [:]
    }
}

extension DeadLetter {
    /// Tells letters without a number apart by their bytes (FNV-1a, 64 bits); 0 when it has one.
    var digest: Int64 {
        guard epoch == nil || sequence == nil else { return 0 }
        let hash = payload.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { hash, byte in
            (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
        }
        return Int64(bitPattern: hash)
    }
}
