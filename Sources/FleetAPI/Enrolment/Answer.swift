import EST
import FleetStore
import HTTPTypes
import Hummingbird

/// What the server says, in types that gateways read and words that people do.
enum Answer {
    /// An answer that ends the work on a request.
    struct Refusal: Error {
        let response: Response

        init(_ response: Response) { self.response = response }
    }

    /// A sentence.
    static func text(_ status: HTTPResponse.Status, _ words: String) -> Response {
        Response(
            status: status, headers: [.contentType: MediaType.text, .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: words + "\n")))
    }

    /// Certificates in base64, in one line.
    static func certificates(_ base64: [UInt8]) -> Response {
        Response(
            status: .ok, headers: [.contentType: MediaType.certificates],
            body: .init(byteBuffer: ByteBuffer(bytes: base64)))
    }

    /// Another time, in so many seconds.
    static func later(_ status: HTTPResponse.Status, _ words: String, _ seconds: Int) -> Response {
        var response = text(status, words)
        response.headers[.retryAfter] = "\(seconds)"
        return response
    }

    /// Names the method that is meant.
    static func wrongMethod(_ allowed: String) -> Response {
        var response = text(.methodNotAllowed, "expected \(allowed)")
        response.headers[.allow] = allowed
        return response
    }

    /// Another token may help.
    static func unauthorized(_ words: String) -> Refusal {
        var response = text(.unauthorized, words)
        response.headers[.wwwAuthenticate] = "Basic realm=\"amphora enrolment\", charset=\"UTF-8\""
        return Refusal(response)
    }

    /// No token helps.
    static func forbidden(_ words: String) -> Refusal { Refusal(text(.forbidden, words)) }

    /// What became of an enrolment; who has to wait asks again in so many seconds.
    static func verdict(_ verdict: EnrolmentVerdict, _ seconds: Int) -> Response {
        switch verdict {
        case .issued(let certificate), .repeated(let certificate):
            guard let der = try? Base64Text.decode(Array(certificate.certificate.utf8)),
                let bag = try? CertificateBag.encode([der])
            else { return text(.internalServerError, "bug: a kept certificate cannot be read") }
            return certificates(Base64Text.encode(bag))
        case .waiting:
            return later(.accepted, "an operator has to approve this; ask again later", seconds)
        case .wrongToken: return unauthorized("no such token for this gateway").response
        case .usedToken: return unauthorized("this token was used already").response
        case .expiredToken: return unauthorized("this token has expired").response
        case .unknownDevice:
            return text(.forbidden, "this gateway does not belong to the fleet any more")
        case .notIssued:
            return later(
                .serviceUnavailable, "no certificate can be made now, ask again later", seconds)
        }
    }
}
