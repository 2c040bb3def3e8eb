/// Why the repository of profile sets cannot do what it is asked to.
package enum RepositoryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The request does not fit: an option, a key, a set that is there already.
    case request(String)
    /// What lies in the repository's folder is not as it should be.
    case content(String)
    /// A draft lacks signatures; the sentences say which.
    case unsigned([String])

    /// The sentence for the person who reads it.
    package var description: String {
        switch self {
        case .request(let words), .content(let words): words
        case .unsigned(let lacking): "not published: " + lacking.joined(separator: "; ")
        }
    }
}
