/// The places a set has for files; anything else in its folder is a fault.
package enum SetPath: Hashable, Sendable {
    /// `set.json`
    case manifest
    /// `foreign.json`
    case foreign
    /// `packs/<id>.json`
    case map(String)
    /// `inverters/<id>/profile.json`
    case profile(String)
    /// `inverters/<id>/frames.dbc`
    case layout(String)
    /// `vectors/packs/<id>.json`
    case mapVectors(String)
    /// `vectors/inverters/<id>.json`
    case profileVectors(String)

    /// The place a path names; nil when a set has no such place.
    package init?(_ path: String) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.allSatisfy(Self.isPlain) else { return nil }
        switch (parts.count, parts[0]) {
        case (1, "set.json"): self = .manifest
        case (1, "foreign.json"): self = .foreign
        case (2, "packs"):
            guard let id = Self.stem(parts[1]) else { return nil }
            self = .map(id)
        case (3, "inverters") where parts[2] == "profile.json": self = .profile(parts[1])
        case (3, "inverters") where parts[2] == "frames.dbc": self = .layout(parts[1])
        case (3, "vectors"):
            guard let id = Self.stem(parts[2]) else { return nil }
            switch parts[1] {
            case "packs": self = .mapVectors(id)
            case "inverters": self = .profileVectors(id)
            default: return nil
            }
        default: return nil
        }
    }

    /// The path below the set's folder.
    package var path: String {
        switch self {
        case .manifest: "set.json"
        case .foreign: "foreign.json"
        case .map(let id): "packs/\(id).json"
        case .profile(let id): "inverters/\(id)/profile.json"
        case .layout(let id): "inverters/\(id)/frames.dbc"
        case .mapVectors(let id): "vectors/packs/\(id).json"
        case .profileVectors(let id): "vectors/inverters/\(id).json"
        }
    }

    /// Whether a name is safe to use as one part of a path: up to 64 of `a…z 0…9 . _ -`, not
    /// beginning with a dot or a hyphen.
    package static func isPlain(_ name: String) -> Bool {
        guard let first = name.utf8.first, name.utf8.count <= 64 else { return false }
        return first != UInt8(ascii: ".") && first != UInt8(ascii: "-")
            && name.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".")
                    || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
            }
    }

    private static func stem(_ file: String) -> String? {
        file.hasSuffix(".json") && file.utf8.count > 5 ? String(file.dropLast(5)) : nil
    }
}
