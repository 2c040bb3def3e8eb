/// One request to the fleet.
package struct HTTPSRequest: Sendable {
    /// The method.
    package enum Method: String, Sendable { case get = "GET", post = "POST" }

    /// What is asked.
    package var method = Method.get
    /// The whole address, `https://…`.
    package var url: String
    /// Header fields in the order in which they are sent.
    package var headers: [(name: String, value: String)] = []
    /// The body of a POST.
    package var body: [UInt8] = []
    /// The most bytes of a body that are taken; more is ``HTTPSFailure/Kind/limit``.
    package var maximumBytes = 1 << 20

    /// Asks for a document.
    package init(url: String) { self.url = url }
}

/// An answer, whatever its status.
package struct HTTPSResponse: Sendable {
    /// The status code, such as 200.
    package var status: Int
    /// Header fields in the order received, names in small letters.
    package var headers: [(name: String, value: String)]
    /// The body, whole.
    package var body: [UInt8]

    /// Joins the parts.
    package init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The first field of a name in small letters.
    package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// Carries one request at a time to the fleet and its answer back.
package protocol HTTPSExchange: AnyObject {
    /// Sends a request and waits for the whole answer; blocks, and follows no redirects.
    func send(_ request: HTTPSRequest) throws(HTTPSFailure) -> HTTPSResponse
}
