/// What is wrong with what the other end sent.
package enum ESTError: Error, Hashable, CustomStringConvertible {
    /// The text is no base64.
    case base64(String)
    /// The answer is no bag of certificates.
    case certificates(String)
    /// The certificate request cannot be read, or asks for what is not given.
    case request(String)

    /// The sentence for the person who reads it.
    package var description: String {
        switch self {
        case .base64(let words): "base64: \(words)"
        case .certificates(let words): "certificates: \(words)"
        case .request(let words): "certificate request: \(words)"
        }
    }
}
