import NIOCore
import NIOHTTP1
import Views

/// A whole request.
struct LocalRequest {
    /// The most bytes of a body.
    static let mostBytes = 16_384

    let method: HTTPMethod
    /// The address without its query, as it came.
    let path: String
    /// What stands behind the question mark; nil when there is none.
    let query: String?
    let headers: HTTPHeaders
    let body: [UInt8]
    /// Whom it comes from, without the port; empty when that is not known.
    let address: String

    init(_ head: HTTPRequestHead, body: [UInt8] = [], address: String = "") {
        method = head.method
        let parts = head.uri.split(
            separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = parts.first.map(String.init) ?? ""
        query = parts.count == 2 ? String(parts[1]) : nil
        headers = head.headers
        self.body = body
        self.address = address
    }

    /// Whether it asks and changes nothing.
    var isReading: Bool { method == .GET || method == .HEAD }

    /// The token in its cookie; nil when there is none.
    var token: String? { Sessions.token(in: headers["cookie"]) }

    /// Its parameters.
    var parameters: Query { Query(query) }
}

/// An answer before it is sent.
struct LocalAnswer {
    var status = HTTPResponseStatus.ok
    var type: String? = "application/json"
    var content = ByteBuffer()
    /// Fields beside type and length.
    var fields: [(String, String)] = []

    init(
        status: HTTPResponseStatus = .ok, type: String? = "application/json", bytes: [UInt8] = [],
        fields: [(String, String)] = []
    ) {
        self.status = status
        self.type = type
        self.fields = fields
        content.writeBytes(bytes)
    }
}

/// What becomes of a request.
enum LocalOutcome {
    /// It is answered.
    case answer(LocalAnswer)
    /// It is told how things go from now on, until its session ends or it leaves.
    case stream(token: String)
}
