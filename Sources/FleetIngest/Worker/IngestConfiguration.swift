/// Where records come from and how they are gathered.
package struct IngestConfiguration: Sendable {
    /// Name or address of the broker.
    package var host: String
    /// Its TCP port.
    package var port: Int
    /// First part of every topic.
    package var root = "amphora"
    /// The group whose members divide the messages among them.
    package var group = "ingest"
    /// What the workers call themselves at the broker, with their number behind it; unique among all
    /// processes, and the same after a restart, so that the broker hands over what it kept.
    package var name: String
    /// User name, for brokers without client certificates.
    package var username: String?
    /// Password that goes with the user name.
    package var password: Secret?
    /// Certificates; nil talks without TLS.
    package var tls: IngestCertificates?
    /// Rows of a transaction; a record of 16 packs is 17.
    package var batchRows = 1000
    /// How long the first message of a batch waits for others, in milliseconds.
    package var batchMilliseconds = 200
    /// Seconds the broker keeps what it has for a worker that is away.
    ///
    /// Long enough for a restart. Not longer, because mosquitto goes on to give an absent member its
    /// share of the messages; gateways send those again when the session is forgotten.
    package var sessionSeconds = 300
    /// Seconds of silence after which the worker asks the broker for a sign of life; also how long it
    /// stays connected without reading while the store is away.
    package var keepAliveSeconds = 60
    /// The first wait between attempts to reach broker or store, in milliseconds.
    package var retryMilliseconds: Int64 = 500
    /// The longest wait between attempts, in milliseconds.
    package var retryMaximumMilliseconds: Int64 = 30_000

    /// How long the broker may take to welcome us and grant the subscription, in milliseconds, counted
    /// from its last message to us and our last time to listen.
    package var welcomeMilliseconds: Int64 = 15_000

    /// Makes a configuration with the usual values.
    package init(host: String, port: Int, name: String) {
        self.host = host
        self.port = port
        self.name = name
    }

    /// Messages the broker may send ahead: two batches, so that one fills while the other commits.
    var receiveMaximum: Int { min(65_535, max(100, 2 * batchRows)) }

    /// `host:port`, for messages.
    var endpoint: String { "\(host):\(port)" }
}

/// A password that does not print.
package struct Secret: Sendable, CustomStringConvertible, CustomReflectable {
    /// The password itself.
    let revealed: String

    /// Hides a password.
    package init(_ secret: String) { revealed = secret }

    /// Dots.
    package var description: String { "••••" }

    /// Nothing to see.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Files for TLS; the broker's name is always checked against its certificate.
///
/// A broker that takes client ids from certificates gives each name one connection, so each worker
/// needs a certificate of its own: `{worker}` in the paths of certificate and key stands for the number
/// of the worker, from 1.
package struct IngestCertificates: Sendable {
    /// What stands for the number of the worker.
    package static let placeholder = "{worker}"

    /// PEM file of the authority that signed the broker's certificate.
    package let authorityFile: String
    /// PEM file of our certificate; nil shows none.
    package let certificateFile: String?
    /// PEM file of the private key that goes with it.
    package let keyFile: String?

    /// Whether all workers show the same certificate.
    package var isShared: Bool {
        certificateFile.map { !$0.contains(Self.placeholder) } ?? false
    }

    /// The files of one worker, from 1.
    package func files(ofWorker number: Int) -> IngestCertificates {
        IngestCertificates(
            authorityFile: authorityFile,
            certificateFile: certificateFile?.replacing(Self.placeholder, with: "\(number)"),
            keyFile: keyFile?.replacing(Self.placeholder, with: "\(number)"))
    }

    /// Names the files; certificate and key belong together.
    package init(authorityFile: String, certificateFile: String? = nil, keyFile: String? = nil) {
        self.authorityFile = authorityFile
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }
}

/// Why a worker had to give up.
package enum IngestError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The client of the broker could not be made.
    case client(String)
    /// The store can never be used as it is.
    case store(String)

    /// The sentence for the person who reads it.
    package var description: String {
        switch self {
        case .client(let words), .store(let words): words
        }
    }
}
