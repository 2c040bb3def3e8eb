import ArgumentParser
import GatewaySettings

/// Names that a shell offers after Tab.
enum ProfileNames {
    /// Names of pack maps.
    static let maps = CompletionKind.custom { words, _, _ in folder(words).names.maps }
    /// Names of inverter profiles.
    static let profiles = CompletionKind.custom { words, _, _ in folder(words).names.profiles }
    /// Both.
    static let all = CompletionKind.custom { words, _, _ in
        let names = folder(words).names
        return names.maps + names.profiles
    }

    /// The set that `--profiles` on the line names, else the default one.
    static func folder(_ words: [String]) -> ProfileFolder {
        for (index, word) in words.enumerated() {
            if word == "--profiles", index + 1 < words.count, !words[index + 1].isEmpty {
                return ProfileFolder(path: words[index + 1])
            }
            if word.hasPrefix("--profiles=") {
                return ProfileFolder(path: String(word.dropFirst("--profiles=".count)))
            }
        }
        return ProfileFolder(path: GatewayConfiguration.installedProfiles)
    }
}
