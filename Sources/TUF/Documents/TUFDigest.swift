import Crypto
import FoundationEssentials

/// The hashes that metadata may name.
package enum TUFDigest: String, CaseIterable, Sendable {
    case sha256
    case sha512

    /// The hash of bytes in small hexadecimal digits.
    package func text(_ bytes: [UInt8]) -> String {
        switch self {
        case .sha256: Hexadecimal.text(SHA256.hash(data: bytes))
        case .sha512: Hexadecimal.text(SHA512.hash(data: bytes))
        }
    }
}
