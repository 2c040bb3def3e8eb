import FleetWeb
import HTTPTypes
import Hummingbird
import NIOCore

/// Answers requests for the files of the web app, which nobody needs to sign in for.
enum WebResponder {
    /// The answer; nil when the address is none of the app's.
    static func answer(_ request: Request, from app: WebApp = .current) throws -> Response? {
        guard let file = app.file(at: request.uri.path) else { return nil }
        guard request.method == .get || request.method == .head else {
            throw Problem(.methodNotAllowed, "expected GET, HEAD", headers: [.allow: "GET, HEAD"])
        }
        let isPacked = file.gzip != nil && WebApp.takesGzip(request.headers[.acceptEncoding])
        // the same tag for two forms would make a cache give out the wrong one
        let tag = "\"\(file.tag)\(isPacked ? "-gzip" : "")\""
        var headers: HTTPFields = [
            .contentType: file.type, .cacheControl: file.caching, .eTag: tag,
            .vary: "Accept-Encoding",
        ]
        for (name, value) in WebApp.fields {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        if let names = request.headers[.ifNoneMatch], ConfigurationRoutes.names(names, tag) {
            headers[.contentType] = nil
            return Response(status: .notModified, headers: headers)
        }
        if isPacked { headers[.contentEncoding] = "gzip" }
        let bytes = isPacked ? file.gzip ?? file.bytes : file.bytes
        headers[.contentLength] = "\(bytes.count)"
        guard request.method == .get else { return Response(status: .ok, headers: headers) }
        return Response(
            status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
