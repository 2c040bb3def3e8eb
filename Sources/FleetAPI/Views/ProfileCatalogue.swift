import Rollouts

/// The profile sets that gateways could get; the root knows where they lie.
package struct ProfileCatalogue: Sendable {
    /// What is published.
    package struct Published: Sendable {
        /// What gateways can have, and what they would refuse; in any order.
        let whole: [SetRelease], damaged: [DamagedRelease]

        /// Joins both.
        package init(whole: [SetRelease], damaged: [DamagedRelease]) {
            self.whole = whole
            self.damaged = damaged
        }
    }

    /// A set that was looked for.
    enum Found {
        case whole(SetRelease)
        case damaged(DamagedRelease)
        /// None of that name and version is published.
        case none
    }

    /// What is published; throws when nobody can say.
    let published: @Sendable () throws -> Published

    /// Takes what reads it, which blocks.
    package init(published: @escaping @Sendable () throws -> Published) {
        self.published = published
    }

    /// One of the sets, without a version the newest, be it damaged: an older one in its place would be a surprise.
    func find(_ set: String, _ version: String?) throws -> Found {
        let published = try published()
        func isWanted(_ name: String, _ found: String) -> Bool {
            name == set && (version == nil || version == found)
        }
        let whole = published.whole.filter { isWanted($0.set, $0.version) }
            .max { $0.release < $1.release }
        let damaged = published.damaged.filter { isWanted($0.set, $0.version) }
            .max { $0.release < $1.release }
        if let damaged, damaged.release > whole?.release ?? 0 { return .damaged(damaged) }
        return whole.map { .whole($0) } ?? .none
    }
}

/// A set that is published and damaged, so that no gateway can have it.
package struct DamagedRelease: Error, Hashable, Sendable {
    /// Its name, its version and its release counter.
    package let set: String, version: String, release: Int64
    /// What is wrong: a word for programs, and a sentence that names no places.
    package let problem: String, detail: String
    /// The sentence for the log.
    package let words: String

    /// Joins the parts.
    package init(
        set: String, version: String, release: Int64, problem: String, detail: String,
        words: String
    ) {
        self.set = set
        self.version = version
        self.release = release
        self.problem = problem
        self.detail = detail
        self.words = words
    }
}

extension DamagedRelease: CustomStringConvertible {
    package var description: String { words }

    /// Why it is given to nobody, as a part of a request.
    func fault(at place: String) -> Problem.Fault {
        .init(place: place, words: "'\(set) \(version)' is damaged: \(detail)")
    }
}
