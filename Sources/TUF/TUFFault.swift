/// Why metadata or a target is not believed, or could not be had.
package enum TUFFault: Error, Hashable, Sendable {
    /// The bytes are no metadata.
    case malformed(TUFName, String)
    /// The metadata is of another type than asked for.
    case wrongType(TUFName, found: String)
    /// The metadata follows a specification that is not known here.
    case unknownSpecification(TUFName, found: String)
    /// A key is listed under an id that is not its own.
    case wrongKeyID(TUFName, keyID: TUFName)
    /// A key id stands twice among the signatures.
    case doubledSignature(TUFName, keyID: TUFName)
    /// Fewer keys than needed have signed.
    case belowThreshold(TUFName, signed: Int, needed: Int)
    /// The version is not the one that was announced.
    case wrongVersion(TUFName, expected: Int64, found: Int64)
    /// The version is lower than one believed before.
    case rollback(TUFName, trusted: Int64, offered: Int64)
    /// A role that was listed before is listed no more.
    case roleRemoved(TUFName)
    /// A role that is delegated to is not listed in the snapshot.
    case roleUnlisted(TUFName)
    /// The metadata is valid no more at the start of the update.
    case expired(TUFName, at: TUFTime, start: TUFTime)
    /// The length is not the one that was signed.
    case wrongLength(TUFName, expected: Int64, found: Int64)
    /// A hash is not the one that was signed.
    case wrongHash(TUFName, algorithm: String)
    /// More bytes came than allowed.
    case tooLarge(TUFName, limit: Int)
    /// The bytes came slower than allowed, or not at all.
    case tooSlow(TUFName)
    /// A root was changed too often in one update.
    case tooManyRoots(limit: Int)
    /// A search for a target went through too many roles.
    case tooManyRoles(limit: Int)
    /// The server has no such file, or does not give it.
    case unavailable(TUFName, status: Int)
    /// No answer came.
    case unreachable(TUFName, String)
    /// No role lists the target.
    case targetUnknown(TUFName)
    /// The folder of trusted metadata cannot be used.
    case storage(String)
    /// The client is asked for something before what comes first.
    case order(String)

    /// Whom somebody may be attacking with, by the names of the specification's section 1.5.2.
    package enum Attack: String, Sendable {
        case arbitrarySoftware = "arbitrary-software"
        case rollback
        case freeze
        case mixAndMatch = "mix-and-match"
        case endlessData = "endless-data"
        case slowRetrieval = "slow-retrieval"
        case keyCompromise = "key-compromise"
    }

    /// The attack it points to; nil where an honest mistake or a bad link is more likely.
    package var attack: Attack? {
        switch self {
        case .malformed, .wrongType, .wrongKeyID: .arbitrarySoftware
        case .doubledSignature, .belowThreshold: .keyCompromise
        case .rollback, .roleRemoved: .rollback
        case .expired: .freeze
        case .wrongVersion, .wrongLength, .roleUnlisted: .mixAndMatch
        case .wrongHash: .arbitrarySoftware
        case .tooLarge, .tooManyRoots, .tooManyRoles: .endlessData
        case .tooSlow: .slowRetrieval
        case .unknownSpecification, .unavailable, .unreachable, .targetUnknown, .storage, .order:
            nil
        }
    }
}

extension TUFFault: CustomStringConvertible {
    /// The sentence for the person who reads it.
    package var description: String {
        switch self {
        case .malformed(let name, let words): "'\(name)': \(words)"
        case .wrongType(let name, let found): "'\(name)' is metadata of type '\(found)'"
        case .unknownSpecification(let name, let found):
            "'\(name)' follows specification '\(found)', expected 1.x"
        case .wrongKeyID(let name, let keyID):
            "'\(name)' lists a key under '\(keyID)', which is not its id"
        case .doubledSignature(let name, let keyID):
            "'\(name)' has two signatures of key '\(keyID)'"
        case .belowThreshold(let name, let signed, let needed):
            "'\(name)' is signed by \(signed) of the keys that may, expected \(needed)"
        case .wrongVersion(let name, let expected, let found):
            "'\(name)' has version \(found), expected \(expected)"
        case .rollback(let name, let trusted, let offered):
            "'\(name)' has version \(offered), and \(trusted) was believed before"
        case .roleRemoved(let name): "'\(name)' is listed no more in the snapshot"
        case .roleUnlisted(let name): "'\(name)' is delegated to, but not listed in the snapshot"
        case .expired(let name, let at, let start):
            "'\(name)' was valid until \(at), and the update began at \(start)"
        case .wrongLength(let name, let expected, let found):
            "'\(name)' has \(found) bytes, expected \(expected)"
        case .wrongHash(let name, let algorithm):
            "'\(name)' has another \(algorithm) than was signed"
        case .tooLarge(let name, let limit): "'\(name)' is larger than \(limit) bytes"
        case .tooSlow(let name): "'\(name)' came slower than allowed"
        case .tooManyRoots(let limit): "the root was changed more than \(limit) times"
        case .tooManyRoles(let limit): "the search went through more than \(limit) roles"
        case .unavailable(let name, let status):
            "'\(name)' is not given: the server answers \(status)"
        case .unreachable(let name, let words): "'\(name)' cannot be had: \(words)"
        case .targetUnknown(let name): "no role lists the target '\(name)'"
        case .storage(let words): words
        case .order(let words): "bug: \(words)"
        }
    }
}
