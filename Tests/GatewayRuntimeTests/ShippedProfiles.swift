import CANProfile
import Foundation
import PackMap
import ProfileSet
import Synchronization
import TestKit
import Testing

/// The profiles and maps of the shipped set, by what lies in its folders, so that a new one is covered
/// by itself.
enum ShippedSet {
    /// Every inverter profile, sorted.
    static let profileIDs = names(in: "inverters")
    /// Every pack map, sorted.
    static let mapIDs = names(in: "packs").map { String($0.dropLast(".json".count)) }
    private static let loaded = Mutex<[String: CANProfile]>([:])
    private static let loadedMaps = Mutex<[String: PackMap]>([:])

    private static func names(in folder: String) -> [String] {
        let path = Repository.profileSet + "/" + folder
        return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }

    private static func bytes(_ path: String) -> [UInt8]? {
        FileManager.default.contents(atPath: Repository.profileSet + "/" + path).map { Array($0) }
    }

    /// A profile with quirks switched on.
    static func profile(_ id: String, quirks: [String] = []) throws -> CANProfile {
        let key = ([id] + quirks).joined(separator: "+")
        if let known = loaded.withLock({ $0[key] }) { return known }
        let profile = try Engines.profile(id: id, quirks: quirks) { bytes($0.path) }
        loaded.withLock { $0[key] = profile }
        return profile
    }

    /// A pack map.
    static func map(_ id: String) throws -> PackMap {
        if let known = loadedMaps.withLock({ $0[id] }) { return known }
        let map = try Engines.map(bytes("packs/\(id).json") ?? [], id: id) {
            bytes("packs/\($0).json")
        }
        loadedMaps.withLock { $0[id] = map }
        return map
    }
}

/// One row of the matrix: a profile, one of its quirks or none, and a number of packs.
struct MatrixCase: Sendable, CustomTestStringConvertible {
    var profile: String
    var quirk: String?
    var packs = 1

    var quirks: [String] { quirk.map { [$0] } ?? [] }
    /// `sofar-lv` or `sofar-lv+zero-amperes`, as in tables of the suites.
    var name: String { quirk.map { "\(profile)+\($0)" } ?? profile }
    var testDescription: String { packs == 1 ? name : "\(name), \(packs) packs" }

    func load() throws -> CANProfile { try ShippedSet.profile(profile, quirks: quirks) }

    /// Every profile with these numbers of packs.
    static func plain(packs: [Int]) -> [MatrixCase] {
        ShippedSet.profileIDs.flatMap { id in packs.map { MatrixCase(profile: id, packs: $0) } }
    }

    /// Every profile, and each with every quirk of its own.
    static func variants(packs: Int) -> [MatrixCase] {
        ShippedSet.profileIDs.flatMap { id -> [MatrixCase] in
            let quirks = (try? ShippedSet.profile(id).quirks.map(\.id)) ?? []
            return [MatrixCase(profile: id, packs: packs)]
                + quirks.map { MatrixCase(profile: id, quirk: $0, packs: packs) }
        }
    }
}
