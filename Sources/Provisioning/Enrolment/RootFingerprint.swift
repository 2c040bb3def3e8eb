import Crypto
import HTTPSClient
import X509

/// The SHA-256 of a fleet's root certificate, by which an operator knows it before the first connection.
package struct RootFingerprint: Hashable, Sendable {
    private let bytes: [UInt8]

    /// Takes 64 hexadecimal digits, with or without colons between the bytes.
    package init(_ text: String) throws(ProvisioningError) {
        let digits = text.utf8.filter { $0 != UInt8(ascii: ":") }
        let values = digits.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count == 64, values.count == 64 else {
            throw ProvisioningError(
                .input,
                "'\(text.prefix(100))' is no fingerprint, expected the SHA-256 of the fleet's root "
                    + "certificate, 64 hexadecimal digits, as 'openssl x509 -fingerprint -sha256' prints"
            )
        }
        bytes = stride(from: 0, to: 64, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) }
    }

    /// Whether it is the fingerprint of this certificate.
    func matches(_ certificate: Certificate) -> Bool {
        certificate.der.map { SHA256.hash(data: $0).elementsEqual(bytes) } ?? false
    }

    /// Asks a fleet that nobody vouches for yet for its authorities, and gives the root that this is the
    /// fingerprint of, as PEM text.
    ///
    /// Nothing that is told on that connection counts but the root itself, not even the date. Every
    /// further question belongs on a new connection held to that root. `connect` gives a connection with
    /// ``HTTPSConfiguration/Authorities/unverifiedForFingerprint``.
    package func root(
        of fleet: String, floor: TimeFloor,
        connect: () throws(HTTPSFailure) -> any HTTPSExchange = Self.unverified
    ) throws(ProvisioningError) -> [UInt8] {
        let exchange: any HTTPSExchange
        do throws(HTTPSFailure) {
            exchange = try connect()
        } catch {
            throw ProvisioningError(error, clock: floor.reading)
        }
        let client = ESTClient(
            fleet: try EnrolmentNote.address(fleet), exchange: exchange, floor: floor,
            notesDates: false)
        let roots = try client.authorities().filter(\.hasSignedItself)
        guard let root = roots.first(where: matches) else {
            throw ProvisioningError(
                .server,
                "'\(fleet)' does not show the root certificate of the fingerprint: it is not the right "
                    + "fleet, somebody stands in between, or the fingerprint is of another certificate"
            )
        }
        return try PEMFile.bytes([root])
    }

    /// A connection that can fetch the authorities and nothing else.
    package static let unverified: @Sendable () throws(HTTPSFailure) -> any HTTPSExchange = {
        () throws(HTTPSFailure) in
        try HTTPSSession(HTTPSConfiguration(authorities: .unverifiedForFingerprint))
    }
}
