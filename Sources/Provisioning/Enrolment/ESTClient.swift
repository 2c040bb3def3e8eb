import EST
import HTTPSClient
import X509

/// What the fleet answers to a request for a certificate.
package enum ESTAnswer: Sendable {
    /// Certificates, the gateway's among them; not yet checked.
    case issued([Certificate])
    /// Somebody has to decide first: ask again with the same request after so many seconds.
    case wait(seconds: Int64)
}

/// Asks the fleet for certificates (RFC 7030) over one connection.
///
/// What the server is has been checked by the connection; what it sends has not, see ``CertificateJudge``.
package struct ESTClient {
    /// The longest wait that a fleet can ask for, in seconds: no server silences a gateway for good.
    package static let longestWait: Int64 = 86_400
    /// The wait when a fleet asks for one without saying how long, in seconds.
    package static let usualWait: Int64 = 300

    private let fleet: String
    private let exchange: any HTTPSExchange
    private let floor: TimeFloor
    private let notesDates: Bool

    /// Speaks to `fleet` over `exchange`; what its answers say about time goes to `floor`, unless
    /// `notesDates` is false because nobody vouches for the server.
    package init(
        fleet: String, exchange: any HTTPSExchange, floor: TimeFloor, notesDates: Bool = true
    ) {
        self.notesDates = notesDates
        self.fleet = fleet
        self.exchange = exchange
        self.floor = floor
    }

    /// The authorities of the fleet, at least one root among them.
    package func authorities() throws(ProvisioningError) -> [Certificate] {
        let request = HTTPSRequest(url: fleet + ESTOperation.authorities.path)
        let response = try send(request)
        guard response.status == 200 else {
            throw refusal(response, "the list of authorities", shows: nil)
        }
        let authorities = try certificates(response)
        guard authorities.contains(where: \.hasSignedItself) else {
            throw ProvisioningError(
                .answer,
                "the fleet's list of authorities has no root, found \(authorities.count) certificates"
            )
        }
        return authorities
    }

    /// Asks for a certificate with a request in DER, through the door of a token or of the pair that the
    /// connection shows.
    package func certificate(
        _ operation: ESTOperation, request der: [UInt8], gateway: String, token: Token?
    ) throws(ProvisioningError) -> ESTAnswer {
        var request = HTTPSRequest(url: fleet + operation.path)
        request.method = .post
        request.headers = [("Content-Type", MediaType.request)]
        if let token {
            let pair = Base64Text.encode(Array("\(gateway):\(token.secret)".utf8))
            request.headers.append(
                ("Authorization", "Basic " + String(decoding: pair, as: UTF8.self)))
        }
        request.body = Base64Text.encode(der)
        let response = try send(request)
        switch response.status {
        case 200: return .issued(try certificates(response))
        case 202: return .wait(seconds: wait(response))
        default:
            throw refusal(
                response, "a certificate for '\(gateway)'",
                shows: token == nil ? "certificate" : "token")
        }
    }

    /// Shows the pair of the connection to the fleet's own service; returns when the fleet takes it.
    package func prove() throws(ProvisioningError) {
        let response = try send(HTTPSRequest(url: fleet + "/v1/gateway/config"))
        switch response.status {
        case 200..<300, 304, 404: return
        default: throw refusal(response, "its configuration", shows: "certificate")
        }
    }
}

// MARK: answers

extension ESTClient {
    private func send(_ request: HTTPSRequest) throws(ProvisioningError) -> HTTPSResponse {
        do {
            let response = try exchange.send(request)
            if notesDates { floor.note(serverDate: response.header("date")) }
            return response
        } catch {
            throw ProvisioningError(error, clock: floor.reading)
        }
    }

    private func certificates(
        _ response: HTTPSResponse
    ) throws(ProvisioningError) -> [Certificate] {
        if let type = response.header("content-type"),
            !MediaType.names(type, MediaType.certificates)
        {
            throw ProvisioningError(
                .answer,
                "the fleet answers with '\(Self.printable(type))', expected '\(MediaType.certificates)'"
            )
        }
        do {
            let bag = try CertificateBag.decode(try Base64Text.decode(response.body))
            return try bag.map { try Certificate(derEncoded: $0) }
        } catch {
            let reason = (error as? ESTError)?.description ?? "one of the certificates is broken"
            throw ProvisioningError(.answer, "the fleet's answer cannot be read: \(reason)")
        }
    }

    private func wait(_ response: HTTPSResponse) -> Int64 {
        let wait = response.retryAfterSeconds(now: floor.reading.now)
        return min(max(1, wait ?? Self.usualWait), Self.longestWait)
    }

    private func refusal(
        _ response: HTTPSResponse, _ wanted: String, shows door: String?
    ) -> ProvisioningError {
        let status = response.status
        let words = Self.printable(String(decoding: response.body.prefix(400), as: UTF8.self))
        let said = words.isEmpty ? "status \(status)" : "status \(status): \(words)"
        switch status {
        case 401, 403:
            return ProvisioningError(
                .refused,
                "the fleet does not accept this gateway's \(door ?? "question") for \(wanted) (\(said))"
            )
        case 404:
            return ProvisioningError(
                .rejected, "'\(fleet)' does not enrol gateways: it has no \(wanted) (\(said))")
        case 300..<400:
            return ProvisioningError(
                .server, "the fleet sends elsewhere for \(wanted), which is not followed (\(said))")
        case 408, 425, 429, 500...599:
            return ProvisioningError(
                .network, "the fleet cannot answer now for \(wanted) (\(said))")
        default:
            return ProvisioningError(.rejected, "the fleet refuses \(wanted) (\(said))")
        }
    }

    /// What a terminal may show of a server's words: one line of at most 200 characters.
    private static func printable(_ text: String) -> String {
        let plain = text.unicodeScalars.map { scalar -> Character in
            scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value) ? " " : Character(scalar)
        }
        return String(plain.prefix(200)).split(separator: " ").joined(separator: " ")
    }
}
