internal import CFleetWeb

/// The web app as this program carries it.
///
/// Its files lie in `App`; a program needs nothing on disk to serve them. All addresses below `/assets/` carry the
/// version, a hash of every file, and never show anything else. The page, the service worker and the manifest stand
/// at addresses that stay, and name the version inside.
package struct WebApp: Sendable {
    /// The app of this program, packed once, on first use.
    package static let current = WebApp(files: carried)

    /// Names the content of all files; sixteen hexadecimal digits.
    package let version: String
    private let page: WebFile?
    private let files: [String: WebFile]

    /// Fields of every answer with one of these files, and of nothing else.
    ///
    /// Nothing comes from elsewhere, no script or style stands in the page, and nobody may frame it.
    package static let fields: [(name: String, value: String)] = [
        (
            "content-security-policy",
            "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
                + "form-action 'self'; frame-ancestors 'none'"
        ),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    ]

    init(files: [(path: String, bytes: [UInt8])]) {
        let version = ContentHash.text(files.flatMap { [Array($0.path.utf8), $0.bytes] })
        self.version = version
        let roots = ["index.html", "sw.js", "manifest.webmanifest"]
        let assets = files.filter { !roots.contains($0.path) }
        let list = assets.map { "\"/assets/\(version)/\($0.path)\"" }.joined(separator: ", ")
        func filled(_ bytes: [UInt8]) -> [UInt8] {
            let text = String(decoding: bytes, as: UTF8.self)
                .replacing("@version@", with: version).replacing("\"@files@\"", with: list)
            return Array(text.utf8)
        }
        var byAddress: [String: WebFile] = [:]
        for file in files {
            let isRoot = roots.contains(file.path)
            let address = isRoot ? "/\(file.path)" : "/assets/\(version)/\(file.path)"
            byAddress[address] = WebFile(
                path: file.path, bytes: isRoot ? filled(file.bytes) : file.bytes,
                isImmutable: !isRoot)
        }
        page = byAddress.removeValue(forKey: "/index.html")
        self.files = byAddress
    }

    /// What stands at the path of an address, as it came and without its query; nil when nothing of the app does.
    ///
    /// A path is compared as it is: nothing is decoded and nothing is looked up on disk, so there is no way around.
    package func file(at path: String) -> WebFile? {
        WebScreens.contains(path) ? page : files[path]
    }

    /// The files as they lie in the program, by their paths below `App`.
    static var carried: [(path: String, bytes: [UInt8])] {
        (0..<amphora_web_file_count()).map { place in
            let file = amphora_web_file_at(place).pointee
            let bytes = UnsafeBufferPointer(start: file.bytes, count: file.count)
            return (String(cString: file.path), Array(bytes))
        }
    }

    /// Whether a value of `Accept-Encoding` allows gzip (RFC 9110, 12.5.3).
    package static func takesGzip(_ field: String?) -> Bool {
        for part in (field ?? "").split(separator: ",") {
            let words = part.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
            guard let name = words.first?.lowercased(), name == "gzip" || name == "*" else {
                continue
            }
            let weight = words.dropFirst().first { $0.lowercased().hasPrefix("q=") }
            return !(weight.map { $0.dropFirst(2).allSatisfy { $0 == "0" || $0 == "." } } ?? false)
        }
        return false
    }
}
