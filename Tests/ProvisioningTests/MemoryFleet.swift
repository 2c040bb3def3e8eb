import EST
import HTTPSClient
import SwiftASN1
import Synchronization
import TestKit
import X509

@testable import Provisioning

/// A fleet in memory that enrols whoever asks, for the many runs that are about the gateway's disk.
///
/// A token opens for one request, however often that comes; a renewal is for whoever shows a pair.
final class MemoryFleet: Sendable {
    private let root: TestAuthority
    private let issuing: TestAuthority
    private let tokenUsedFor = Mutex<[UInt8]?>(nil)

    init() throws {
        root = try TestAuthority()
        issuing = try TestAuthority("Fleet Issuing", below: root)
    }

    /// The root in PEM.
    var trust: [UInt8] { get throws { try PEMFile.bytes([root.certificate]) } }

    /// Lets the token open for another request.
    func forget() { tokenUsedFor.withLock { $0 = nil } }

    var connect: FleetConnection.Connect {
        { connection in Connection(self, showsPair: connection.certificatePath != nil) }
    }

    private final class Connection: HTTPSExchange {
        private let fleet: MemoryFleet
        private let showsPair: Bool

        init(_ fleet: MemoryFleet, showsPair: Bool) {
            self.fleet = fleet
            self.showsPair = showsPair
        }

        func send(_ request: HTTPSRequest) throws(HTTPSFailure) -> HTTPSResponse {
            do {
                return try fleet.answer(request, showsPair: showsPair)
            } catch {
                throw HTTPSFailure(.server, "\(error)")
            }
        }
    }

    private func answer(_ request: HTTPSRequest, showsPair: Bool) throws -> HTTPSResponse {
        switch request.url {
        case "https://memory" + ESTOperation.authorities.path:
            return try certificates([root.certificate, issuing.certificate])
        case "https://memory" + ESTOperation.enrol.path:
            let isOpen = tokenUsedFor.withLock { used in
                if used == nil { used = request.body }
                return used == request.body
            }
            return isOpen ? try issue(request) : HTTPSResponse(status: 401, headers: [], body: [])
        case "https://memory" + ESTOperation.renew.path where showsPair:
            return try issue(request)
        case "https://memory/v1/gateway/config" where showsPair:
            return HTTPSResponse(status: 404, headers: [], body: [])
        default: return HTTPSResponse(status: 401, headers: [], body: [])
        }
    }

    private func issue(_ request: HTTPSRequest) throws -> HTTPSResponse {
        let wish = try CertificateSigningRequest(
            derEncoded: try Base64Text.decode(request.body))
        return try certificates([try issuing.certificate(for: wish.publicKey)])
    }

    private func certificates(_ certificates: [Certificate]) throws -> HTTPSResponse {
        let bag = try CertificateBag.encode(certificates.compactMap(\.der))
        return HTTPSResponse(
            status: 200,
            headers: [
                ("content-type", MediaType.certificates), ("date", "Fri, 15 Jan 2027 08:00:00 GMT"),
            ], body: Base64Text.encode(bag))
    }
}
