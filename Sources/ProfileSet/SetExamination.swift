import CANProfile
import PackMap
import StrictJSON

/// How one vector came out.
package struct VectorResult: Hashable, Sendable {
    /// The document's path below the set's folder.
    package let file: String
    /// The line it begins on.
    package let line: Int
    /// Its name.
    package let name: String
    /// Where it comes from.
    package let origin: PackVectors.Origin
    /// What differs; empty when it passes.
    package let failures: [String]
}

/// Everything there is to say about the files of a set.
///
/// Goes on after a fault, so that one run tells all. What cannot be loaded is not held against its
/// vectors.
package struct SetExamination {
    /// Every fault, in the order of files and lines.
    package private(set) var faults: [SetFault] = []
    /// Every vector that could be run.
    package private(set) var results: [VectorResult] = []
    /// What `set.json` says, as far as it can be read.
    package private(set) var manifest: SetManifest?
    /// The maps and profiles that loaded.
    package private(set) var maps: [String: PackMap] = [:]
    package private(set) var profiles: [String: CANProfile] = [:]
    /// The vectors of each map and profile.
    package private(set) var proofs: [String: ProofCount] = [:]
    private var foreign = ForeignFrames()
    private let files: [String: [UInt8]]
    private let unread: Set<String>
    /// The paths that count; nil is every one.
    private let scope: Set<String>?

    /// Examines files by path for a gateway of version `runtime`.
    ///
    /// `unread` says of files that are there why they could not be read. With a `part` the rest of
    /// the set is not looked at. `hardware` is the model of the machine that shall use the set, nil
    /// when that is somewhere else.
    package init(
        _ files: [String: [UInt8]], unread: [SetFault] = [], runtime: SemanticVersion,
        part: SetPart? = nil, hardware: String? = nil
    ) {
        let scope = part?.paths(in: files)
        let files = scope.map { scope in files.filter { scope.contains($0.key) } } ?? files
        let unread = scope.map { scope in unread.filter { scope.contains($0.file) } } ?? unread
        self.scope = scope
        self.files = files
        self.unread = Set(unread.map(\.file))
        faults = unread
        let places = Self.places(files, &faults)
        examineManifest(runtime, hardware)
        for place in places {
            switch place {
            case .map(let id): loadMap(id)
            case .profile(let id): loadProfile(id)
            case .foreign: examineForeign()
            default: continue
            }
        }
        for id in maps.keys where profiles[id] != nil {
            fault(.profile(id), "'\(id)' is also the id of a pack map; names are used once")
        }
        for place in places { examineBelonging(place) }
        for id in maps.keys { proveMap(id) }
        for id in profiles.keys { proveProfile(id) }
        results.sort { ($0.file, $0.line) < ($1.file, $1.line) }
        faults.sort { ($0.file, $0.line, $0.message) < ($1.file, $1.line, $1.message) }
    }

    /// The set, or nil when there is any fault.
    package var set: ProfileSet? {
        guard faults.isEmpty, let manifest else { return nil }
        return ProfileSet(
            manifest: manifest, maps: maps, profiles: profiles, foreign: foreign,
            proofs: proofs, files: files)
    }

    private mutating func fault(_ place: SetPath, line: Int = 0, _ message: String) {
        faults.append(SetFault(file: place.path, line: line, message))
    }

    private mutating func take(_ list: FaultList, _ place: SetPath) {
        for entry in list.faults { fault(place, line: entry.line, entry.message) }
    }

    func bytes(_ place: SetPath) -> [UInt8]? { files[place.path] }

    /// The places of all files that a set has a place for and whose size is allowed.
    private static func places(
        _ files: [String: [UInt8]], _ faults: inout [SetFault]
    ) -> [SetPath] {
        if files.count > SetLimits.files {
            faults.append(
                SetFault(
                    file: "set.json",
                    "the set has \(files.count) files, allowed \(SetLimits.files)"))
        }
        return files.keys.sorted().prefix(SetLimits.files).compactMap { path in
            let size = files[path]?.count ?? 0
            if size > SetLimits.fileBytes {
                faults.append(
                    SetFault(file: path, "has \(size) bytes, allowed \(SetLimits.fileBytes)"))
                return nil
            }
            guard let place = SetPath(path) else {
                faults.append(
                    SetFault(
                        file: path,
                        "has no place in a set, which holds set.json, foreign.json, packs/<id>.json, inverters/<id>/profile.json and frames.dbc, vectors/packs/<id>.json and vectors/inverters/<id>.json"
                    ))
                return nil
            }
            return place
        }
    }
}

// MARK: set.json

extension SetExamination {
    private mutating func examineManifest(_ runtime: SemanticVersion, _ hardware: String?) {
        guard let bytes = bytes(.manifest) else {
            return fault(.manifest, "is missing; 'amphora-gateway profile seal' writes it")
        }
        let list = FaultList()
        let found = SetManifest.read(bytes, faults: list)
        take(list, .manifest)
        guard let found else { return }
        manifest = found
        if found.leastRuntime > runtime {
            fault(
                .manifest,
                "'least_runtime' is \(found.leastRuntime), this gateway is \(runtime)")
        }
        if let hardware, !found.hardware.isEmpty, !found.hardware.contains(hardware) {
            let list = found.hardware.map { "'\($0)'" }.joined(separator: ", ")
            fault(.manifest, "'hardware' is \(list), this machine is '\(hardware)'")
        }
        for (path, entry) in found.files where scope?.contains(path) ?? true {
            examine(path, entry)
        }
        for path in files.keys where path != SetPath.manifest.path && found.files[path] == nil {
            faults.append(SetFault(file: path, SetFault.unlisted))
        }
    }

    private mutating func examine(_ path: String, _ entry: SetManifest.Entry) {
        guard path != SetPath.manifest.path, !unread.contains(path) else { return }
        guard let bytes = files[path] else {
            return fault(.manifest, line: entry.line, "lists '\(path)', which is missing")
        }
        guard bytes.count == entry.bytes else {
            return fault(
                .manifest, line: entry.line,
                "'\(path)' has \(bytes.count) bytes, expected \(entry.bytes); it was changed after the set was sealed"
            )
        }
        let hash = Fingerprint.hex(bytes)
        if hash != entry.sha256 {
            fault(
                .manifest, line: entry.line,
                "'\(path)' has the SHA-256 \(hash), expected \(entry.sha256); it was changed after the set was sealed"
            )
        }
    }
}

// MARK: documents

extension SetExamination {
    private mutating func loadMap(_ id: String) {
        guard let bytes = bytes(.map(id)) else { return }
        let files = files
        do {
            let map = try Engines.map(bytes, id: id) { files[SetPath.map($0).path] }
            if map.id != id {
                fault(.map(id), "'id' is '\(map.id)', expected '\(id)' as the file is named")
            }
            maps[id] = map
        } catch {
            for sentence in error.faults {
                faults.append(SetFault(file: SetPath.map(id).path, sentence: sentence))
            }
        }
    }

    private mutating func loadProfile(_ id: String) {
        let files = files
        do {
            let profile = try Engines.profile(id: id, quirks: []) { files[$0.path] }
            if profile.id != id {
                fault(
                    .profile(id), "'id' is '\(profile.id)', expected '\(id)' as the folder is named"
                )
            }
            profiles[id] = profile
        } catch {
            take(error, id)
        }
    }

    /// The loader's sentences begin with the file of the profile's folder.
    private mutating func take(_ error: CANProfileError, _ id: String) {
        for sentence in error.faults {
            let isLayout = sentence.hasPrefix("frames.dbc")
            let place: SetPath = isLayout ? .layout(id) : .profile(id)
            let name = isLayout ? "frames.dbc" : "profile.json"
            var rest =
                sentence.hasPrefix(name) ? sentence.dropFirst(name.utf8.count) : sentence[...]
            for start in [", ", ": ", " "] where rest.hasPrefix(start) {
                rest = rest.dropFirst(start.count)
                break
            }
            faults.append(SetFault(file: place.path, sentence: String(rest)))
        }
    }

    private mutating func examineForeign() {
        guard let bytes = bytes(.foreign) else { return }
        do {
            foreign = try Engines.foreign(bytes)
        } catch {
            for sentence in error.faults {
                faults.append(SetFault(file: SetPath.foreign.path, sentence: sentence))
            }
        }
    }

    /// Layouts and vectors belong to a profile or a map.
    private mutating func examineBelonging(_ place: SetPath) {
        switch place {
        case .layout(let id) where bytes(.profile(id)) == nil:
            fault(place, "belongs to no profile: \(SetPath.profile(id).path) is missing")
        case .mapVectors(let id) where bytes(.map(id)) == nil:
            fault(place, "proves the map '\(id)', which the set does not have")
        case .profileVectors(let id) where bytes(.profile(id)) == nil:
            fault(place, "proves the profile '\(id)', which the set does not have")
        case .map(let id) where bytes(.mapVectors(id)) == nil:
            fault(place, "has no vectors: \(SetPath.mapVectors(id).path) is missing")
        case .profile(let id) where bytes(.profileVectors(id)) == nil:
            fault(place, "has no vectors: \(SetPath.profileVectors(id).path) is missing")
        default: return
        }
    }
}

// MARK: vectors

extension SetExamination {
    private mutating func proveMap(_ id: String) {
        let place = SetPath.mapVectors(id)
        guard let map = maps[id], let bytes = bytes(place) else { return }
        let vectors: PackVectors
        do {
            vectors = try PackVectors.load(bytes, name: id)
        } catch {
            for sentence in error.faults {
                faults.append(SetFault(file: place.path, sentence: sentence))
            }
            return
        }
        guard vectors.map == id else {
            return fault(
                place, "'map' is '\(vectors.map)', expected '\(id)' as the file is named")
        }
        for vector in vectors.vectors {
            note(
                VectorResult(
                    file: place.path, line: vector.line, name: vector.name, origin: vector.origin,
                    failures: vector.failures(in: map, base: vectors.baseAddress)), of: id)
        }
    }

    private mutating func proveProfile(_ id: String) {
        let place = SetPath.profileVectors(id)
        guard let profile = profiles[id], let bytes = bytes(place) else { return }
        let list = FaultList()
        let vectors = ProfileVectors.read(bytes, faults: list)
        take(list, place)
        guard let vectors, list.faults.isEmpty else { return }
        guard vectors.profile == id else {
            return fault(
                place, "'profile' is '\(vectors.profile)', expected '\(id)' as the file is named")
        }
        let files = files
        var variants: [[String]: CANProfile] = [[]: profile]
        for vector in vectors.vectors {
            let failures = vector.failures { (quirks) throws(CANProfileError) in
                if let known = variants[quirks] { return known }
                let loaded = try Engines.profile(id: id, quirks: quirks) { files[$0.path] }
                variants[quirks] = loaded
                return loaded
            }
            note(
                VectorResult(
                    file: place.path, line: vector.line, name: vector.name, origin: vector.origin,
                    failures: failures), of: id)
        }
    }

    private mutating func note(_ result: VectorResult, of id: String) {
        results.append(result)
        proofs[id, default: ProofCount()].add(result.origin)
        for failure in result.failures {
            faults.append(
                SetFault(
                    file: result.file, line: result.line, "vector '\(result.name)': \(failure)"))
        }
    }
}
