/// Bytes that stand for others, as text.
enum Digest {
    /// Two lower-case digits for each byte.
    static func hexText(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
