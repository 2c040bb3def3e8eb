import Foundation
import ProfileSet
import TestKit
import Testing

/// The files of the shipped set, sealed as they are, to be damaged.
struct SetFixture {
    static let runtime = SemanticVersion(0, 1, 0)
    var files: [String: [UInt8]]

    /// Two maps and a profile are enough to be damaged again and again.
    private static let few = ["pace-v1.3", "seplos-v3", "pylontech-lv-1.2", "set.json"]

    init() throws {
        self = try Self.shipped()
        files = files.filter { file in Self.few.contains { file.key.contains($0) } }
        try seal()
    }

    private init(files: [String: [UInt8]]) { self.files = files }

    /// The files as they lie in the repository, with the seal that was written last.
    static func shipped() throws -> SetFixture {
        var files: [String: [UInt8]] = [:]
        let root = Repository.profileSet
        let paths = try #require(FileManager.default.subpaths(atPath: root))
        for path in paths {
            var isFolder: ObjCBool = false
            _ = FileManager.default.fileExists(
                atPath: "\(root)/\(path)", isDirectory: &isFolder)
            if isFolder.boolValue { continue }
            files[path] = Array(try Data(contentsOf: URL(filePath: "\(root)/\(path)")))
        }
        return SetFixture(files: files)
    }

    func text(_ path: String) -> String { String(decoding: files[path] ?? [], as: UTF8.self) }

    /// Replaces a text that must be there.
    mutating func replace(_ path: String, _ old: String, with new: String) throws {
        let text = text(path)
        try #require(text.contains(old), "\(path) has no \(old)")
        files[path] = Array(text.replacing(old, with: new).utf8)
    }

    mutating func seal(_ request: SealRequest = SealRequest()) throws {
        let manifest = try SetManifest.sealed(
            files, request, fallback: "set", runtime: Self.runtime)
        files["set.json"] = Array(manifest.document.utf8)
    }

    /// The faults without those that only say that the seal is broken.
    func documentFaults() -> [String] {
        SetExamination(files, runtime: Self.runtime).faults.filter { !$0.isSeal }
            .map(\.description)
    }

    func faults() -> [String] {
        SetExamination(files, runtime: Self.runtime).faults.map(\.description)
    }

    func load() throws -> ProfileSet {
        try ProfileSet.load(files, runtime: Self.runtime, name: "base")
    }
}
