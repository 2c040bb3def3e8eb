import Foundation
import TestKit
import Testing

@testable import UpdateAgent

@Suite struct UpdateLockTests {
    private let place: TemporaryDirectory
    private let folder: UpdateFolder

    init() throws {
        place = try TemporaryDirectory("lock")
        folder = UpdateFolder(place.file("a/sets"))
    }

    @Test func `a folder has one program that changes it, and the second is told who`() throws {
        var first: UpdateLock? = try UpdateLock(folder, .sets, as: "amphora-gateway run")
        #expect(
            throws: UpdateError.held(
                folder: folder.path, by: "amphora-gateway run, process \(getpid())")
        ) { _ = try UpdateLock(folder, .sets, as: "another") }
        let words = "\(UpdateError.held(folder: "/sets", by: "amphora-gateway run, process 7"))"
        #expect(
            words
                == "the folder of profile sets '/sets' is in use by amphora-gateway run, process 7; expected one program at a time that changes it"
        )
        // the owner's word is given beside a running gateway
        _ = try UpdateLock(folder, .consent, as: "consent")
        withExtendedLifetime(first) {}
        first = nil
        _ = try UpdateLock(folder, .sets, as: "another")
    }

    @Test func `a child that is being started does not keep the lock after it was given back`()
        throws
    {
        var lock: UpdateLock? = try UpdateLock(folder, .sets, as: "first")
        // what a fork has before it runs its program: a copy that is still open
        let file = folder.file("lock")
        let inherited = try #require(
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").lazy
                .compactMap(Int32.init).first {
                    (try? FileManager.default.destinationOfSymbolicLink(
                        atPath: "/proc/self/fd/\($0)")) == file
                })
        let copy = dup(inherited)
        defer { close(copy) }
        #expect(copy >= 0)
        withExtendedLifetime(lock) {}
        lock = nil
        _ = try UpdateLock(folder, .sets, as: "second")
    }

    @Test func `a sweep leaves what others write`() throws {
        let sets = InstalledSets(folder)
        try sets.make()
        for name in ["state.new", "current.new", "previous.new", "consent.new"] {
            try Data("x".utf8).write(to: URL(filePath: folder.file(name)))
        }
        try sets.sweep()
        #expect(folder.names() == ["consent.new", "incoming", "sets", "trash"])
    }
}
