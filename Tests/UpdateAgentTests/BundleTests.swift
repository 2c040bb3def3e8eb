import ProfileSet
import TestKit
import Testing

@testable import UpdateAgent

/// Archives whose bytes are what was signed, and whose content is no set of its own.
@Suite struct BundleTests {
    private let first: TestSet
    private let second: TestSet

    init() throws {
        first = try TestSet(release: 2)
        second = try TestSet(release: 3)
    }

    /// The faults of an archive of these files, as the proof finds them.
    private func faults(_ files: [String: [UInt8]]) throws -> [String] {
        do throws(ProfileSetError) {
            let bytes = try SetArchive.pack(files, name: "base")
            let unpacked = try SetArchive.unpack(bytes, name: "base")
            _ = try ProfileSet.load(
                unpacked, runtime: SemanticVersion(0, 1, 0), hardware: "generic", name: "base")
            return []
        } catch {
            return error.faults.map { "\($0)" }
        }
    }

    @Test func `a set put together of two sets is refused`() throws {
        #expect(try faults(first.files).isEmpty)
        let map = "packs/pace-v1.3.json"
        var mixed = first.files
        mixed["set.json"] = second.files["set.json"]
        // the manifest of one, and a file as another has it
        let text = String(decoding: try #require(mixed[map]), as: UTF8.self)
        mixed[map] = Array(text.replacing("\"title\": \"", with: "\"title\": \"Another ").utf8)
        let found = try faults(mixed)
        #expect(found.contains { $0.contains(map) }, "\(found)")
    }

    @Test func `a set that lacks a file is refused`() throws {
        for path in first.files.keys.sorted() {
            var files = first.files
            files[path] = nil
            #expect(try !faults(files).isEmpty, "\(path)")
        }
    }

    @Test
    func `a set that names a file of others, or brings one that it does not name, is refused`()
        throws
    {
        var more = first.files
        more["packs/other.json"] = more["packs/pace-v1.3.json"]
        let found = try faults(more)
        #expect(found.contains { $0.contains("packs/other.json") }, "\(found)")
        let manifest = String(decoding: try #require(first.files["set.json"]), as: UTF8.self)
        for outside in ["../other/packs/pace-v1.3.json", "/etc/passwd", "sets/other/set.json"] {
            var files = first.files
            let changed = manifest.replacing("\"packs/pace-v1.3.json\"", with: "\"\(outside)\"")
            try #require(changed != manifest)
            files["set.json"] = Array(changed.utf8)
            let found = try faults(files)
            #expect(found.contains { $0.contains(outside) }, "\(found)")
        }
    }
}
