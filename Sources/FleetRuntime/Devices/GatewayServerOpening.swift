import CertificateAuthority
import FleetAPI
import FleetStore
import Logging

/// Opens the door for gateways, with the store and the authority of this fleet.
///
/// Throws when the authority cannot be opened or nothing can listen there.
func openGatewayServer(
    _ endpoint: (host: String, port: Int), store: String, authority: AuthorityFolder,
    passphrase: Passphrase?, profiles: String, log: Logger
) throws -> GatewayServer {
    let issuer = try FileCertificateAuthority(authority, passphrase: passphrase)
    let desk = EnrolmentDesk(
        store: try FleetStores.openDevices(store), issuer: issuer, log: log,
        clock: { Moment.now() },
        isRevoked: { serial in
            // a number that cannot be read is none of ours
            SerialNumber(hex: serial).map { issuer.isRevoked($0) } ?? true
        })
    let configuration = ConfigurationDesk(
        store: try FleetStores.openConfiguration(store), log: log, clock: { Moment.now() })
    return try GatewayServer(
        host: endpoint.host, port: endpoint.port, desk: desk, configuration: configuration,
        profiles: PublishedFiles(profiles + "/published"), log: log
    ) {
        ServerPair(
            certificates: try WholeFile.read(authority.file("fleet.pem")),
            key: try WholeFile.read(authority.file("fleet.key")))
    }
}
