import Foundation
import ProfileSet
import TestKit
import Testing

@Suite struct SetArchiveTests {
    private let files: [String: [UInt8]]
    private let archive: [UInt8]

    init() throws {
        files = try SetFixture().files
        archive = try SetArchive.pack(files, name: "base")
    }

    /// What is wrong with an archive; empty when nothing is.
    private func fault(_ bytes: [UInt8]) -> String {
        do throws(ProfileSetError) {
            _ = try SetArchive.unpack(bytes, name: "x")
            return ""
        } catch {
            return error.description
        }
    }

    @Test func `an archive gives back the files, and the same files the same archive`() throws {
        #expect(try SetArchive.unpack(archive, name: "base") == files)
        #expect(archive.count % 512 == 0)
        let again = Dictionary(uniqueKeysWithValues: files.reversed().map { ($0.key, $0.value) })
        #expect(try SetArchive.pack(again, name: "base") == archive)
    }

    @Test func `the whole shipped set fits`() throws {
        let shipped = try SetFixture.shipped().files
        let bytes = try SetArchive.pack(shipped, name: "base")
        #expect(try SetArchive.unpack(bytes, name: "base") == shipped)
    }

    @Test func `python reads the archive as tar, and its own is refused`() throws {
        let folder = try TemporaryDirectory("archive")
        let path = folder.file("set.tar")
        try Data(archive).write(to: URL(filePath: path))
        let program = """
            import hashlib, sys, tarfile
            with tarfile.open(sys.argv[1]) as t:
                for m in t: print(m.name, hashlib.sha256(t.extractfile(m).read()).hexdigest())
                with tarfile.open(sys.argv[2], "w", format=tarfile.USTAR_FORMAT) as o:
                    for m in t: m.mtime = 1; o.addfile(m, t.extractfile(m))
            """
        let child = try ChildProcess(
            try Peers.python(importing: "tarfile"), ["-c", program, path, folder.file("other.tar")])
        #expect(try child.waitForExit(within: 30_000) == .exited(0), "\(child.errors)")
        let listed = files.sorted { $0.key < $1.key }.map { "\($0) \(Fingerprint.hex($1))" }
        #expect(child.output.split(separator: "\n").map(String.init) == listed)
        let other = try Data(contentsOf: URL(filePath: folder.file("other.tar")))
        #expect(fault(Array(other)).contains("has another header than 'profile pack' writes"))
    }

    @Test func `every change of a byte outside contents is refused`() throws {
        var header = 0
        while header < archive.count {
            for place in stride(from: header, to: header + 512, by: 37) {
                var changed = archive
                changed[place] ^= 0x04
                #expect(!fault(changed).isEmpty, "byte \(place)")
            }
            let digits = archive[(header + 124)..<(header + 135)]
            let size = Int(String(decoding: digits, as: UTF8.self), radix: 8) ?? 0
            header += 512 + (size + 511) / 512 * 512
        }
    }

    @Test func `an archive cut anywhere is refused`() {
        for count in stride(from: 0, to: archive.count, by: 509) {
            #expect(fault(Array(archive.prefix(count))).contains("cut off"), "\(count) bytes")
        }
        #expect(fault(archive + [0]).contains("two blocks of zeros and nothing more"))
        #expect(fault([UInt8](repeating: 0, count: 1024)).contains("there was no set.json"))
    }

    @Test(arguments: [
        "../set.json", "/etc/passwd", "packs/../../x.json", "packs/.hidden.json", "packs\\x.json",
        "packs/x", "", "packs/\u{7}.json", "packs/" + String(repeating: "x", count: 80) + ".json",
    ])
    func `a path that leaves the set is neither packed nor unpacked`(path: String) throws {
        var files = files
        files[path] = [1]
        #expect(throws: ProfileSetError.self) { try SetArchive.pack(files, name: "x") }
        var changed = archive
        for index in 0..<100 { changed[index] = 0 }
        for (index, byte) in path.utf8.prefix(100).enumerated() { changed[index] = byte }
        #expect(
            fault(changed) == "profile set 'x': entry 1: has a path that has no place in a set")
    }

    @Test func `the same file twice, or out of order, is refused`() throws {
        let one = try SetArchive.pack(["set.json": [1, 2]], name: "x")
        let entry = one.prefix(1024)
        #expect(
            fault(entry + one)
                == "profile set 'x': entry 2: is 'set.json', expected a path after 'set.json'")
        let map = try SetArchive.pack(["set.json": [], "packs/a.json": []], name: "x")
        let swapped = map[512..<1024] + map[..<512] + map[1024...]
        #expect(fault(Array(swapped)).contains("expected a path after 'set.json'"))
    }

    @Test func `sizes are bounded before anything is kept`() throws {
        let large = [UInt8](repeating: 0, count: SetLimits.fileBytes + 1)
        let error = #expect(throws: ProfileSetError.self) {
            try SetArchive.pack(["set.json": [], "packs/a.json": large], name: "x")
        }
        #expect(
            error?.description
                == "profile set 'x': packs/a.json: has 4194305 bytes, allowed 4194304")
        #expect(fault([UInt8](repeating: 1, count: SetArchive.mostBytes + 512)).contains("allowed"))
        let many = (0...SetLimits.files).map { ("packs/m\($0).json", [UInt8]()) }
        #expect(throws: ProfileSetError.self) {
            try SetArchive.pack(Dictionary(uniqueKeysWithValues: many), name: "x")
        }
    }
}
