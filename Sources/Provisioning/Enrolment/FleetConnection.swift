import HTTPSClient

/// What a connection to the fleet is made with.
package struct FleetConnection: Sendable {
    /// Opens a connection of its own for each call, so that nothing of an older identity lives on.
    package typealias Connect =
        @Sendable (FleetConnection) throws(HTTPSFailure) -> any HTTPSExchange

    /// The PEM file of those who may vouch for the fleet.
    package let authoritiesPath: String
    /// The certificate shown; nil shows none.
    package let certificatePath: String?
    /// Where its key lies: a file or a URI.
    package let keyLocation: String?

    /// Holds the fleet to these authorities and shows the pair, if there is one.
    package init(authoritiesPath: String, showing pair: IdentityPair?) {
        self.authoritiesPath = authoritiesPath
        certificatePath = pair?.certificatePath
        keyLocation = pair?.key.location
    }

    /// Opens real connections.
    package static let overHTTPS: Connect = overHTTPS(HTTPSCanceller())

    /// Opens real connections, all of which end with `canceller`.
    ///
    /// `authorityFile` vouches for the fleet in place of the authorities of each connection; nil leaves
    /// it to them.
    package static func overHTTPS(
        _ canceller: HTTPSCanceller, authorityFile: String? = nil
    ) -> Connect {
        { connection throws(HTTPSFailure) in
            var configuration = HTTPSConfiguration(
                authorities: .file(authorityFile ?? connection.authoritiesPath))
            if let certificate = connection.certificatePath, let key = connection.keyLocation {
                configuration.identity = .init(certificateFile: certificate, keyFile: key)
            }
            return try HTTPSSession(configuration, canceller: canceller)
        }
    }
}

extension ProvisioningError {
    /// What a failed exchange means for the identity.
    init(_ failure: HTTPSFailure, clock: ClockReading) {
        let kind: Kind
        switch failure.kind {
        case .network, .limit, .cancelled: kind = .network
        case .refusedIdentity: kind = .refused
        case .server: kind = failure.isClockSuspect || clock.isSuspect ? .clock : .server
        case .request: kind = .input
        }
        guard kind == .clock else {
            self.init(kind, failure.description)
            return
        }
        let words = clock.warning ?? "this machine's clock says \(Moment.text(clock.wall))"
        self.init(kind, "\(failure.description)\n\(words)")
    }
}
