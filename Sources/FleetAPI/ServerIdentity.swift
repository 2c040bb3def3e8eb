import Logging
import NIOSSL
import Synchronization
import X509

/// A server's certificates and its key, all PEM.
package struct ServerPair: Sendable, Equatable {
    /// Its own certificate and those above it, in this order.
    package let certificates: [UInt8]
    /// The key of the first of them.
    package let key: [UInt8]

    /// Joins the parts.
    package init(certificates: [UInt8], key: [UInt8]) {
        (self.certificates, self.key) = (certificates, key)
    }
}

/// What the server shows to its clients, read again while it serves: a renewed certificate needs no restart.
final class ServerIdentity: Sendable {
    /// Gives the pair as it is now.
    typealias Read = @Sendable () throws -> ServerPair

    private struct Shown {
        let chain: [NIOSSLCertificateSource]
        let key: NIOSSLPrivateKeySource
    }

    private struct State {
        var pair: ServerPair
        var shown: Shown
        var readAt: ContinuousClock.Instant
        var complaint: String?
    }

    private let read: Read
    private let interval: Duration
    private let log: Logger
    private let state: Mutex<State>

    /// Reads the pair; throws when certificate and key cannot be read or do not fit.
    ///
    /// It is read again `seconds` later at the earliest, when a client comes.
    init(seconds: Int, log: Logger, _ read: @escaping Read) throws {
        (self.read, self.log, interval) = (read, log, .seconds(seconds))
        let pair = try read()
        state = Mutex(State(pair: pair, shown: try Self.checked(pair), readAt: .now))
    }

    /// What to show to the client that comes now; the last good pair where the one there is none.
    var current: NIOSSLContextConfigurationOverride {
        let shown = latest()
        var change = NIOSSLContextConfigurationOverride()
        change.certificateChain = shown.chain
        change.privateKey = shown.key
        return change
    }

    private func latest() -> Shown {
        state.withLock { state in
            let now = ContinuousClock.now
            guard now - state.readAt >= interval else { return state.shown }
            state.readAt = now
            do {
                let pair = try read()
                if pair != state.pair {
                    state.shown = try Self.checked(pair)
                    state.pair = pair
                    log.notice("the server's certificate was renewed; new connections see it")
                }
                state.complaint = nil
            } catch {
                let complaint = "\(error)"
                if complaint != state.complaint {
                    log.warning(
                        "the server's certificate and key cannot be used, the ones before stay",
                        metadata: ["reason": "\(complaint)"])
                }
                state.complaint = complaint
            }
            return state.shown
        }
    }

    /// The server's configuration, which asks for the pair with each handshake.
    var configuration: TLSConfiguration {
        let first = state.withLock { $0.shown }
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: first.chain, privateKey: first.key)
        tls.minimumTLSVersion = .tlsv12
        tls.certificateVerification = .optionalVerification
        tls.sslContextCallback = { [self] _, promise in promise.succeed(current) }
        return tls
    }

    /// Why a pair cannot be shown.
    private struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    /// A pair that belongs together; TLS itself would only tell each client that it does not.
    private static func checked(_ pair: ServerPair) throws -> Shown {
        let certificates = try NIOSSLCertificate.fromPEMBytes(pair.certificates)
        guard let first = certificates.first else {
            throw Fault(description: "expected a certificate in PEM, found none")
        }
        let own = try Certificate.PrivateKey(pemEncoded: String(decoding: pair.key, as: UTF8.self))
        guard try Certificate(derEncoded: first.toDERBytes()).publicKey == own.publicKey else {
            throw Fault(description: "the certificate is of another key")
        }
        let chain = certificates.map { NIOSSLCertificateSource.certificate($0) }
        let key = NIOSSLPrivateKeySource.privateKey(
            try NIOSSLPrivateKey(bytes: pair.key, format: .pem))
        _ = try NIOSSLContext(
            configuration: .makeServerConfiguration(certificateChain: chain, privateKey: key))
        return Shown(chain: chain, key: key)
    }
}
