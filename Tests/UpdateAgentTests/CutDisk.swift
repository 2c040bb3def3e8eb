import Foundation
import Synchronization
import TestKit

@testable import UpdateAgent

/// Counts the calls that change the disk, stops at the n-th, and knows what a power cut there leaves.
///
/// The worst disk keeps nothing but what was synced: the content of a file after its sync, a name after
/// the sync of its folder. Files are known by their number, so that they stay themselves when names change.
final class CutDisk: Sendable {
    enum Fault: Sendable { case none, cut(at: Int), full }

    private struct Entry { var kind: FileAttributeType; var number: UInt64; var goal: String }

    private struct State {
        var count = 0
        var fault = Fault.none
        var isCut = false
        var pending: String?
        var contents: [UInt64: Data] = [:]
        var folders: [UInt64: [String: Entry]] = [:]
        var deeds: [UpdateFolder.Deed: Int] = [:]
    }

    private let root: String
    private let state = Mutex(State())

    /// Watches a folder, which is durable as it stands.
    init(root: String) {
        self.root = root
        state.withLock { state in
            guard let walker = FileManager.default.enumerator(atPath: root) else { return }
            Self.sync(root, &state)
            for case let name as String in walker { Self.sync("\(root)/\(name)", &state) }
        }
    }

    var count: Int { state.withLock { $0.count } }
    var isCut: Bool { state.withLock { $0.isCut } }
    var deeds: [UpdateFolder.Deed: Int] { state.withLock { $0.deeds } }

    func set(_ fault: Fault) { state.withLock { $0.fault = fault } }

    /// Asked before each call.
    var step: UpdateFolder.Step {
        { deed, path in
            self.state.withLock { state in
                if state.isCut { return EIO }
                if let path = state.pending { Self.sync(path, &state) }
                state.pending = nil
                state.count += 1
                state.deeds[deed, default: 0] += 1
                switch state.fault {
                case .none: break
                case .cut(let place) where state.count == place:
                    state.isCut = true
                    return EIO
                case .cut: break
                case .full:
                    if [.write, .make, .link].contains(deed) { return ENOSPC }
                }
                if deed == .sync { state.pending = path }
                return 0
            }
        }
    }

    private static func entry(_ path: String) -> Entry? {
        guard let found = try? FileManager.default.attributesOfItem(atPath: path),
            let kind = found[.type] as? FileAttributeType,
            let number = (found[.systemFileNumber] as? NSNumber)?.uint64Value
        else { return nil }
        let goal = try? FileManager.default.destinationOfSymbolicLink(atPath: path)
        return Entry(kind: kind, number: number, goal: goal ?? "")
    }

    /// What is at a path now is on the disk.
    private static func sync(_ path: String, _ state: inout State) {
        guard let entry = entry(path) else { return }
        guard entry.kind == .typeDirectory else {
            if entry.kind == .typeRegular {
                state.contents[entry.number] = FileManager.default.contents(atPath: path)
            }
            return
        }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        state.folders[entry.number] = Dictionary(
            uniqueKeysWithValues: names.compactMap { name in
                Self.entry("\(path)/\(name)").map { (name, $0) }
            })
    }

    /// Makes the folder as a power cut leaves it.
    func settle(into copy: String) throws {
        try state.withLock { state in
            guard let entry = Self.entry(root) else { return }
            try Self.make(copy, entry.number, state)
        }
    }

    private static func make(_ path: String, _ number: UInt64, _ state: State) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (name, entry) in state.folders[number] ?? [:] {
            let place = "\(path)/\(name)"
            switch entry.kind {
            case .typeDirectory: try make(place, entry.number, state)
            case .typeSymbolicLink:
                try FileManager.default.createSymbolicLink(
                    atPath: place, withDestinationPath: entry.goal)
            default:
                // never synced: a name without content
                try (state.contents[entry.number] ?? Data()).write(to: URL(filePath: place))
            }
        }
    }
}
