/// A file of the web app, ready to be sent.
package struct WebFile: Sendable {
    /// Its media type, with the character set of texts.
    package let type: String
    /// What it says.
    package let bytes: [UInt8]
    /// The same by gzip (RFC 1952); nil where that would not be smaller.
    package let gzip: [UInt8]?
    /// Names its content, without quotes.
    package let tag: String
    /// Whether the address never shows anything else, so that a browser need not ask again.
    package let isImmutable: Bool

    init(path: String, bytes: [UInt8], isImmutable: Bool) {
        type = Self.type(of: path)
        self.bytes = bytes
        gzip = type.hasPrefix("image/png") ? nil : Gzip.packed(bytes)
        tag = ContentHash.text([bytes])
        self.isImmutable = isImmutable
    }

    /// The value of `Cache-Control`.
    package var caching: String {
        isImmutable ? "public, max-age=31536000, immutable" : "no-cache"
    }

    /// The media type by the ending of a path.
    static func type(of path: String) -> String {
        switch path.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "webmanifest": "application/manifest+json"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        default: "application/octet-stream"
        }
    }
}
