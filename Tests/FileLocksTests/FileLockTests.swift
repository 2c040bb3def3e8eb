import Foundation
import TestKit
import Testing

@testable import FileLocks

@Suite struct FileLockTests {
    private let place: TemporaryDirectory
    private let file: String

    init() throws {
        place = try TemporaryDirectory("lock")
        file = place.file("lock")
    }

    @Test func `one has it, the next is told what the file says, and then has it`() throws {
        var first: FileLock? = try FileLock.take(file, O_RDWR | O_CREAT)
        _ = "me\n".withCString { pwrite(first?.descriptor ?? -1, $0, 3, 0) }
        #expect(throws: FileLock.Refusal.held(words: Array("me\n".utf8))) {
            try FileLock.take(file, O_RDWR)
        }
        withExtendedLifetime(first) {}
        first = nil
        _ = try FileLock.take(file, O_RDWR)
    }

    @Test func `a folder is locked like a file, and has no words`() throws {
        let first = try FileLock.take(place.path, O_RDONLY | O_DIRECTORY)
        #expect(throws: FileLock.Refusal.held(words: [])) {
            try FileLock.take(place.path, O_RDONLY | O_DIRECTORY, patience: 30)
        }
        withExtendedLifetime(first) {}
    }

    @Test func `what cannot be opened is refused with the system's reason`() throws {
        #expect(throws: FileLock.Refusal.open(ENOENT)) {
            try FileLock.take(place.file("nowhere/lock"), O_RDWR | O_CREAT)
        }
        #expect(throws: FileLock.Refusal.open(ENOTDIR)) {
            try FileLock.take(#filePath, O_RDONLY | O_DIRECTORY)
        }
    }

    @Test func `a program that is not known to die waits for as long as it takes`() throws {
        let begun = ContinuousClock.now
        try hold()
        _ = try FileLock.take(file, O_RDWR, patience: nil)
        #expect(ContinuousClock.now - begun >= .milliseconds(100))
    }

    /// Somebody has it for a tenth of a second.
    private func hold() throws {
        let lock = try FileLock.take(file, O_RDWR | O_CREAT)
        Thread {
            usleep(100_000)
            withExtendedLifetime(lock) {}
        }.start()
    }

    /// A number that is closed twice may be another file's by the second time.
    @Test func `a refused one closes what it opened, once`() throws {
        let first = try FileLock.take(file, O_RDWR | O_CREAT)
        errno = 0
        #expect(throws: FileLock.Refusal.self) { try FileLock.take(file, O_RDWR) }
        #expect(errno != EBADF)
        let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").filter {
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)"))
                == file
        }
        #expect(open.count == 1)
        withExtendedLifetime(first) {}
    }
}
