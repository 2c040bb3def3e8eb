import Foundation
import GatewaySettings
import ProfileSet
import TestKit
import Testing

@testable import GatewayRuntime

@Suite struct ProfileStoreTests {
    private let folder: TemporaryDirectory
    private let set: String
    private let running: String

    init() throws {
        folder = try TemporaryDirectory("store")
        set = folder.file("next")
        running = folder.file("running")
        try FileManager.default.copyItem(atPath: Repository.profileSet, toPath: running)
        try Self.seal(running)
        try FileManager.default.copyItem(atPath: running, toPath: set)
    }

    private static func seal(_ path: String, _ request: SealRequest = SealRequest()) throws {
        let files = try ProfileFolder(path: path).contents().files
        let manifest = try SetManifest.sealed(
            files, request, fallback: "base", runtime: Version.semantic)
        try FileBytes.replace("\(path)/set.json", with: Array(manifest.document.utf8))
    }

    @Test func `the running set stays when a bad one is offered`() throws {
        var store = try ProfileStore(path: running)
        let before = store.current.words
        try FileManager.default.removeItem(atPath: "\(set)/vectors/packs/pace-v1.3.json")
        let error = #expect(throws: ProfileSetError.self) { try store.offer(path: set) }
        #expect(error?.faults.count == 2)
        #expect(store.path == running)
        #expect(store.current.words == before)
        #expect(try store.map("pace-v1.3").id == "pace-v1.3")
        #expect(throws: FileError.self) { try store.offer(path: set + "-none") }
        #expect(store.path == running)
    }

    @Test func `a good set replaces the running one whole`() throws {
        var store = try ProfileStore(path: running)
        var request = SealRequest()
        request.release = 99
        try Self.seal(set, request)
        try store.offer(path: set)
        #expect(store.path == set && store.current.manifest.release == 99)
    }

    @Test func `a set for other machines is refused, and lint does not mind`() throws {
        try FileBytes.replace(
            "\(set)/set.json",
            with: Array(
                String(contentsOfFile: "\(set)/set.json", encoding: .utf8)
                    .replacing("\"hardware\": []", with: "\"hardware\": [\"Acme A\", \"Acme B\"]")
                    .utf8))
        try Self.seal(set)
        let error = #expect(throws: ProfileSetError.self) {
            try ProfileStore(path: set, hardware: "generic")
        }
        #expect(
            error?.faults.map(\.description) == [
                "set.json: 'hardware' is 'Acme A', 'Acme B', this machine is 'generic'"
            ])
        #expect(try ProfileStore(path: set, hardware: "Acme B").path == set)
        #expect(try ProfileStore(path: running, hardware: "Acme C").path == running)
        #expect(try ProfileFolder(path: set).examine().faults.isEmpty)
        var store = try ProfileStore(path: running, hardware: "Acme C")
        #expect(throws: ProfileSetError.self) { try store.offer(path: set) }
        #expect(store.path == running)
    }

    @Test func `a machine is called what its device tree says`() throws {
        let file = folder.file("model")
        try Data("Acme Board Rev 1.4\u{0}".utf8).write(to: URL(filePath: file))
        #expect(Machine.model(at: file) == "Acme Board Rev 1.4")
        try Data().write(to: URL(filePath: file))
        #expect(Machine.model(at: file) == "generic")
        #expect(Machine.model(at: folder.file("none")) == "generic")
    }

    @Test func `a name the set does not have is told with the nearest or all`() throws {
        let store = try ProfileStore(path: running)
        #expect(
            #expect(throws: ProfileStoreError.self) { try store.map("pace-v1.4") }?.description
                == "no pack map 'pace-v1.4' in profile set '\(running)', did you mean 'pace-v1.3'?"
        )
        let all = store.current.profiles.keys.sorted().joined(separator: ", ")
        #expect(
            #expect(throws: ProfileStoreError.self) {
                try store.profile("something-entirely-different")
            }?.description
                == "no inverter profile 'something-entirely-different' in profile set '\(running)', which has \(all)"
        )
    }

    @Test func `a name cannot leave the folder of the set`() throws {
        let desk = ProfileFolder(path: running + "/packs")
        for name in ["../packs/pace-v1.3", "..", ".", "", "/etc/hostname"] {
            #expect(throws: ProfileStoreError.self, "\(name)") { try desk.map(name) }
        }
    }

    @Test func `links and sockets in a set are faults`() throws {
        try FileManager.default.createSymbolicLink(
            atPath: "\(set)/packs/link.json",
            withDestinationPath: running + "/packs/pace-v1.3.json")
        let faults = try ProfileFolder(path: set).examine().faults.map(\.description)
        #expect(faults == ["packs/link.json: is neither a file nor a folder of a set"])
    }

    @Test func `a hidden or forgotten file in a set is a fault`() throws {
        try "x".write(toFile: "\(set)/packs/.pace.swp", atomically: false, encoding: .utf8)
        let faults = try ProfileFolder(path: set).examine().faults.map(\.description)
        #expect(faults.contains { $0.hasPrefix("packs/.pace.swp: has no place in a set") })
    }
}
