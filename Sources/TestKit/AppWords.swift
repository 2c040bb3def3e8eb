import FoundationEssentials

/// The words of the app in each of its languages, for tests of what has to be sayable.
package enum AppWords {
    /// The languages there are.
    package static let languages = ["en", "de", "fr"]

    /// The keys that have words in a language, such as `problem.busy`.
    package static func keys(_ language: String) throws -> Set<String> {
        let path = Repository.root + "/Sources/FleetWeb/App/words/\(language).js"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        return Set(text.matches(of: /'([a-z0-9_.]+)':\s/).map { String($0.output.1) })
    }

    /// The keys of these that some language lacks, as `de problem.busy`; empty when all can be said.
    package static func missing(_ wanted: [String]) throws -> [String] {
        try languages.flatMap { language in
            let known = try keys(language)
            return wanted.filter { !known.contains($0) && !known.contains($0 + ".other") }
                .map { "\(language) \($0)" }
        }
    }
}
