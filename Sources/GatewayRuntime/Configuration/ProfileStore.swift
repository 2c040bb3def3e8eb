import CANProfile
import GatewaySettings
import PackMap
import ProfileSet

/// The proved set a gateway runs on.
///
/// It is replaced whole or not at all: a set with any fault leaves the one before untouched.
package struct ProfileStore: Sendable {
    /// The folder of the set.
    package private(set) var path: String
    /// The set, or the part of it that is used.
    package private(set) var current: ProfileSet
    private let part: SetPart?
    private let hardware: String

    /// Reads and proves the set in a folder, or a part of it, for a machine of this model; throws every
    /// fault.
    package init(
        path: String, part: SetPart? = nil, hardware: String = Machine.model
    ) throws {
        self.path = path
        self.part = part
        self.hardware = hardware
        current = try Self.prove(path, part, hardware)
    }

    /// Proves the set in another folder, all of it, and goes over to it; throws every fault and stays.
    package mutating func offer(path: String) throws {
        let next = try Self.prove(path, nil, hardware)
        (self.path, current) = (path, next)
    }

    private static func prove(
        _ path: String, _ part: SetPart?, _ hardware: String
    ) throws -> ProfileSet {
        let contents = try ProfileFolder(path: path).contents()
        return try ProfileSet.load(
            contents.files, unread: contents.unread, runtime: Version.semantic, part: part,
            hardware: hardware, name: path)
    }

    /// The pack map of a name; the error lists what the set has when there is no such map.
    package func map(_ name: String) throws(ProfileStoreError) -> PackMap {
        if let map = current.maps[name] { return map }
        let names = current.manifest.files.keys.compactMap { path -> String? in
            if case .map(let id) = SetPath(path) { id } else { nil }
        }
        throw ProfileStoreError(missing: "pack map", name, in: path, have: names.sorted())
    }

    /// The inverter profile of a name with quirks switched on; the error lists what the set has.
    package func profile(_ name: String, quirks: [String] = []) throws -> CANProfile {
        guard current.profiles[name] != nil else {
            let names = current.manifest.files.keys.compactMap { path -> String? in
                if case .profile(let id) = SetPath(path) { id } else { nil }
            }
            throw ProfileStoreError(
                missing: "inverter profile", name, in: path, have: names.sorted())
        }
        return try current.profile(name, quirks: quirks)
    }
}

/// A map or profile that is not there.
package struct ProfileStoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The sentence for the person who reads it.
    package let description: String

    /// Any sentence.
    init(description: String) { self.description = description }

    /// Names what is missing, where, and what is there instead.
    init(missing kind: String, _ name: String, in path: String, have: [String]) {
        let meant = Suggestion.nearest(to: name, among: have).map { ", did you mean '\($0)'?" }
        let list = have.isEmpty ? "none" : have.joined(separator: ", ")
        description =
            "no \(kind) '\(name)' in profile set '\(path)'" + (meant ?? ", which has \(list)")
    }
}
