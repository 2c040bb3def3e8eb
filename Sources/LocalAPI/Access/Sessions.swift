import History

/// Who is signed in; all of it in memory, so a new start of the gateway ends every session.
package struct Sessions {
    /// How long one lasts, ms: a week.
    static let life: Int64 = 604_800_000
    /// Sessions at once; one more ends the oldest.
    static let most = 64

    /// One session; times are of the monotonic clock, ms.
    package struct Session {
        let made: Int64
        var ends: Int64 { made.addingSaturated(Sessions.life) }
    }

    private var open: [String: Session] = [:]

    /// How many there are.
    var count: Int { open.count }

    /// Begins one; its token has 128 random bits, as 32 hex digits.
    mutating func begin(now: Int64) -> String {
        drop(now: now)
        if open.count >= Self.most, let oldest = open.min(by: { $0.value.made < $1.value.made }) {
            open[oldest.key] = nil
        }
        var random = SystemRandomNumberGenerator()
        let halves = (random.next(), random.next())
        let token = [halves.0, halves.1].map { half in
            let digits = String(half, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
        open[token] = Session(made: now)
        return token
    }

    /// The session of a token; nil when there is none any more.
    func find(_ token: String?, now: Int64) -> Session? {
        guard let token, let session = open[token], session.ends > now else { return nil }
        return session
    }

    /// Ends one.
    mutating func end(_ token: String) { open[token] = nil }

    /// Ends all, as when the password is gone.
    mutating func endAll() { open = [:] }

    /// Forgets those that are over.
    mutating func drop(now: Int64) { open = open.filter { $0.value.ends > now } }

    /// The token in the field `Cookie`; nil when there is none or more than one.
    package static func token(in field: [String]) -> String? {
        let pairs = field.flatMap { $0.split(separator: ";") }.prefix(64)
        let tokens = pairs.compactMap { pair -> String? in
            let pair = pair.drop { $0 == " " }
            guard pair.hasPrefix("amphora=") else { return nil }
            return String(pair.dropFirst(8))
        }
        guard let token = tokens.first, tokens.count == 1, token.utf8.count == 32,
            token.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        return token
    }
}
