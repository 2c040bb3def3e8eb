import Crypto
import CryptoExtras
import FoundationEssentials

/// A password as it is kept: what it was hashed with, and the hash.
///
/// `scrypt$N$r$p$SALT$HASH`, the last two in hex, by RFC 7914. 32 MiB and about a tenth of a second make
/// guessing dear; that is the work the password guide of OWASP asks for (N 2¹⁵, r 8, p 3).
package enum PasswordHash {
    /// How long a password has to be, in characters.
    package static let shortest = 10
    /// How long it may be, in bytes; more would only cost time.
    package static let longest = 256

    /// A hash that costs as much to look at as others and is that of no password.
    package static let none =
        "scrypt$32768$8$3$00000000000000000000000000000000$" + String(repeating: "00", count: 32)

    private static let (rounds, blockSize, parallelism) = (32_768, 8, 3)
    private static let (saltBytes, hashBytes) = (16, 32)

    /// Hashes a password with a salt of its own.
    package static func make(_ password: String) throws -> String {
        var random = SystemRandomNumberGenerator()
        let salt = (0..<saltBytes).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        let key = try derive(password, salt, rounds, blockSize, parallelism)
        let hash = key.withUnsafeBytes { hexText($0) }
        return "scrypt$\(rounds)$\(blockSize)$\(parallelism)$\(hexText(salt))$\(hash)"
    }

    /// Whether a kept hash is that of a password; takes as long for a wrong one as for the right one.
    ///
    /// False for what is no hash of ours, and for one that would cost more than ours do.
    package static func matches(_ kept: String, _ password: String) -> Bool {
        guard let parts = Parts(kept), password.utf8.count <= longest,
            let key = try? derive(
                password, parts.salt, parts.rounds, parts.blockSize, parts.parallelism)
        else { return false }
        // compares in constant time
        return key == SymmetricKey(data: parts.hash)
    }

    /// Whether a text is a hash that ``matches(_:_:)`` would look at.
    package static func isWhole(_ kept: String) -> Bool { Parts(kept) != nil }

    private struct Parts {
        let rounds: Int, blockSize: Int, parallelism: Int
        let salt: [UInt8], hash: [UInt8]

        init?(_ kept: String) {
            let parts = kept.split(separator: "$", omittingEmptySubsequences: false)
            guard parts.count == 6, parts[0] == "scrypt", let rounds = Int(parts[1]),
                let blockSize = Int(parts[2]), let parallelism = Int(parts[3]),
                (2...PasswordHash.rounds).contains(rounds), rounds.nonzeroBitCount == 1,
                (1...PasswordHash.blockSize).contains(blockSize),
                (1...PasswordHash.parallelism).contains(parallelism), let salt = bytes(parts[4]),
                let hash = bytes(parts[5]), hash.count == hashBytes
            else { return nil }
            (self.rounds, self.blockSize, self.parallelism) = (rounds, blockSize, parallelism)
            (self.salt, self.hash) = (salt, hash)
        }
    }

    private static func derive(
        _ password: String, _ salt: [UInt8], _ rounds: Int, _ blockSize: Int, _ parallelism: Int
    ) throws -> SymmetricKey {
        try KDF.Scrypt.deriveKey(
            from: Array(password.utf8), salt: salt, outputByteCount: hashBytes, rounds: rounds,
            blockSize: blockSize, parallelism: parallelism)
    }

    private static func hexText(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func bytes(_ hex: Substring) -> [UInt8]? {
        let digits = hex.utf8.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count == hex.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: digits.count, by: 2).map {
            UInt8(digits[$0] << 4 | digits[$0 + 1])
        }
    }
}
