import Foundation
import TestKit
import Testing

@testable import FleetWeb

/// The app that the program carries is the one in the tree, whole, and nothing else is served.
@Suite struct WebAppTests {
    private let folder = URL(filePath: Repository.root + "/Sources/FleetWeb/App")

    private func filesOfTree() throws -> [String: [UInt8]] {
        let names = try #require(FileManager.default.subpaths(atPath: folder.path))
        var found: [String: [UInt8]] = [:]
        for name in names {
            let url = folder.appending(path: name)
            guard try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else {
                continue
            }
            found[name] = Array(try Data(contentsOf: url))
        }
        return found
    }

    @Test func `the program carries every file of the app as it is`() throws {
        let tree = try filesOfTree()
        let carried = WebApp.carried
        let words: Comment = "run Tests/app_rig/list_files.py and build again"
        #expect(carried.map(\.path) == tree.keys.sorted(), words)
        for file in carried {
            #expect((tree[file.path] == file.bytes) == true, "\(file.path): \(words)")
        }
    }

    @Test func `every file is served, those of a version at its address`() {
        let app = WebApp.current
        for file in WebApp.carried where file.path != "index.html" {
            let isRoot = ["sw.js", "manifest.webmanifest"].contains(file.path)
            let path = isRoot ? "/\(file.path)" : "/assets/\(app.version)/\(file.path)"
            let served = app.file(at: path)
            #expect(served?.isImmutable == !isRoot, "\(path)")
            #expect(served?.type != "application/octet-stream", "\(path)")
            if !isRoot { #expect(served?.bytes == file.bytes) }
        }
    }

    @Test
    func `page, worker and manifest name the version, and nothing is left to fill in`()
        throws
    {
        let app = WebApp.current
        for path in ["/", "/sw.js", "/manifest.webmanifest"] {
            let file = try #require(app.file(at: path))
            let text = String(decoding: file.bytes, as: UTF8.self)
            #expect(text.contains(app.version) && !text.contains("@version@"))
            #expect(!text.contains("@files@") && file.caching == "no-cache")
        }
        let worker = String(decoding: try #require(app.file(at: "/sw.js")).bytes, as: UTF8.self)
        for file in WebApp.carried
        where !["index.html", "sw.js", "manifest.webmanifest"].contains(file.path) {
            #expect(worker.contains("\"/assets/\(app.version)/\(file.path)\""), "\(file.path)")
        }
    }

    @Test func `the version follows every byte and every name`() {
        let one = WebApp(files: [("a.js", [1]), ("b.js", [2])])
        #expect(one.version.count == 16)
        for other in [
            [("a.js", [UInt8(1)]), ("b.js", [3])], [("a.js", [1]), ("c.js", [2])], [("a.js", [1])],
        ] {
            #expect(WebApp(files: other).version != one.version)
        }
    }

    @Test func `packed files are what they were, and smaller`() throws {
        let path = "/assets/\(WebApp.current.version)/app.css"
        let file = try #require(WebApp.current.file(at: path))
        let packed = try #require(file.gzip)
        #expect(packed.count * 2 < file.bytes.count)
        let folder = try TemporaryDirectory("gzip")
        try Data(packed).write(to: URL(filePath: folder.file("app.css.gz")))
        let run = try ChildProcess(try Peers.tool("gzip"), ["-dc", folder.file("app.css.gz")])
        #expect(try run.waitForExit(within: 10_000) == .exited(0))
        #expect(run.output == String(decoding: file.bytes, as: UTF8.self))
    }

    @Test(arguments: [
        "", "//", "/..", "/../index.html", "/index.html", "/assets", "/assets/", "/assets/../sw.js",
        "/assets/0000000000000000/app.css", "/g/", "/g/Ä", "/g/a/../b", "/g/gw-1/battery/x",
        "/g/gw-1/battery/123", "/g/%2e%2e", "/sw.js/", "/sw.js%00", "/app.css", "/etc/passwd",
        "/v1/gateways",
        "/rollouts/a/b", "/sign-in/",
    ]) func `nothing stands at`(path: String) {
        #expect(WebApp.current.file(at: path) == nil)
        let below = "/assets/\(WebApp.current.version)"
        #expect(WebApp.current.file(at: below + path) == nil || path == "/app.css")
    }

    @Test func `the program and the app know the same screens`() throws {
        let text = try String(
            contentsOf: folder.appending(path: "core/screens.js"), encoding: .utf8)
        let known = text.matches(of: /\{ path: '([^']+)'/).map { String($0.output.1) }
        #expect(known.sorted() == WebScreens.all.sorted())
        for path in WebScreens.all {
            let filled = path.replacing("{id}", with: "gw-1").replacing("{pack}", with: "7")
                .replacing("{rollout}", with: "base-1.2.0_b")
            #expect(WebApp.current.file(at: filled)?.type == "text/html; charset=utf-8")
        }
    }

    @Test func `all languages have the same keys with the same values to fill in`() throws {
        var first: [String: Set<String>]?
        for language in ["en", "de", "fr"] {
            let url = folder.appending(path: "words/\(language).js")
            let text = try String(contentsOf: url, encoding: .utf8)
            var keys: [String: Set<String>] = [:]
            for entry in text.matches(of: /'([a-z0-9_.]+)': (?:'((?:[^'\\]|\\.)*)'|"([^"]*)")/) {
                let words = String(entry.output.2 ?? entry.output.3 ?? "")
                let names = words.matches(of: /\{(\w+)\}/).map { String($0.output.1) }
                #expect(
                    keys.updateValue(Set(names), forKey: String(entry.output.1)) == nil,
                    "\(entry.output.1) twice")
                #expect(!words.isEmpty, "\(language) \(entry.output.1)")
            }
            #expect(keys.count > 100)
            guard let expected = first else {
                first = keys
                continue
            }
            #expect(Set(keys.keys).symmetricDifference(expected.keys).sorted() == [], "\(language)")
            for (key, names) in keys where expected[key] != nil {
                // a language may say 'one' without the number
                let isForm = key.hasSuffix(".one")
                #expect(isForm || names == expected[key], "\(language) \(key)")
            }
        }
    }

    @Test func `every word that a screen names is there`() throws {
        let words = try String(contentsOf: folder.appending(path: "words/en.js"), encoding: .utf8)
        let keys = Set(words.matches(of: /'([a-z0-9_.]+)':\s/).map { String($0.output.1) })
        var count = 0
        for (path, bytes) in try filesOfTree() where path.hasSuffix(".js") {
            let text = String(decoding: bytes, as: UTF8.self)
            for use in text.matches(of: /\bt\('([a-z0-9_.]+)'/) {
                let key = String(use.output.1)
                count += 1
                #expect(
                    keys.contains(key) || keys.contains(key + ".other"),
                    "\(path) shows '\(key)', which words/en.js lacks")
            }
        }
        #expect(count > 200)
    }

    @Test
    func `nothing comes from elsewhere, and no script or style stands in the page`()
        throws
    {
        for file in WebApp.carried where !file.path.hasSuffix(".png") {
            let text = String(decoding: file.bytes, as: UTF8.self)
                .replacing("http://www.w3.org/2000/svg", with: "")
            #expect(!text.contains("http://") && !text.contains("https://"), "\(file.path)")
        }
        let page = String(decoding: try #require(WebApp.current.file(at: "/")).bytes, as: UTF8.self)
        #expect(!page.contains("<style") && !page.contains(" style=") && !page.contains("<script>"))
    }
}
