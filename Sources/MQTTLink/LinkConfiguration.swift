/// Where the broker is and how to talk to it.
package struct LinkConfiguration: Sendable {
    /// The protocol level.
    package enum Version: Sendable {
        /// MQTT 5: properties, reason codes, will delay.
        case v5
        /// MQTT 3.1.1, for brokers that know nothing else: a refused record looks accepted.
        case v311
    }

    /// Name or address of the broker.
    package var host: String
    /// Its TCP port.
    package var port: Int
    /// First segment of every topic.
    package var root = "amphora"
    /// The name of this gateway: client id and third segment of every topic.
    package var gateway: String
    /// The protocol level.
    package var version = Version.v5
    /// Quality of service of records: 1, or 2.
    package var qos: Int32 = 1
    /// Records sent and not yet acknowledged, at most; the broker may ask for fewer.
    package var window = 100
    /// Bytes sent and not yet acknowledged, at most; one record always goes.
    package var windowBytes = 4 << 20
    /// Records of the backlog a second, at most; 0 is without a bound.
    package var backlogRate = 200
    /// Seconds that a backlog of more than a hundred records waits at most before it starts, by
    /// chance, so that a thousand gateways do not start together.
    package var backlogJitterSeconds = 10
    /// Whether a receiver behind the broker confirms records; otherwise the broker's word is enough.
    package var awaitsReceiver = false
    /// Records the broker may have taken and the receiver not confirmed before the backlog waits.
    package var unconfirmedLimit = 500
    /// Seconds after which a record that the broker has taken goes again when nobody confirmed it;
    /// doubles up to sixteen times that while no confirmation comes at all.
    package var confirmSeconds = 900
    /// Seconds by which a record may be overtaken by the confirmation of a later one before it goes
    /// again.
    package var overtakenSeconds = 10
    /// Seconds of silence after which the link asks the broker for a sign of life, at least 5.
    package var keepAliveSeconds = 30
    /// Seconds without any acknowledgement, while some are due, after which the link is cut.
    package var acknowledgementSeconds = 30
    /// Seconds for connecting, from the first packet to the broker's welcome.
    package var connectSeconds = 15
    /// The first wait between attempts, in milliseconds; doubles from one failure to the next.
    package var reconnectMilliseconds: Int64 = 1_000
    /// The longest wait between attempts, in milliseconds.
    package var reconnectMaximumMilliseconds: Int64 = 60_000
    /// Seconds the broker keeps our subscriptions and what it has for us while we are away.
    package var sessionExpirySeconds: UInt32 = 24 * 3600
    /// Seconds the broker waits before it tells others that we are gone.
    package var willDelaySeconds: UInt32 = 10
    /// User name, for brokers without client certificates.
    package var username: String?
    /// Password that goes with the user name.
    package var password: LinkPassword?
    /// Certificates; nil talks without TLS.
    package var tls: LinkCertificates?
    /// Names the certificates anew for each connection, in place of `tls`; nil leaves it to `tls`.
    ///
    /// Called on the link's thread; throws when there are none now, and is asked again later.
    package var findCertificates: (@Sendable () throws(LinkError) -> LinkCertificates)?
    /// What records are published on; `OutgoingMessage.channel` counts into it.
    package var channels: [LinkChannel]
    /// Topics to receive from, below the gateway's own, for instance `down/#`.
    package var subscriptions: [String] = []

    /// Makes a configuration with the usual values.
    package init(host: String, port: Int, gateway: String, channels: [LinkChannel]) {
        self.host = host
        self.port = port
        self.gateway = gateway
        self.channels = channels
    }

    /// A topic of this gateway: `<root>/v1/<gateway>/<path>`.
    package func topic(_ path: String) -> String { "\(root)/v1/\(gateway)/\(path)" }

    /// The certificates for a connection that is made now; nil talks without TLS.
    func certificates() throws(LinkError) -> LinkCertificates? {
        guard let findCertificates else { return tls }
        return try findCertificates()
    }

    /// `host:port`, for messages.
    package var endpoint: String { "\(host):\(port)" }
}

/// A password that does not print.
package struct LinkPassword: Sendable, CustomStringConvertible, CustomReflectable {
    /// The password itself.
    package let revealed: String

    /// Hides a password.
    package init(_ password: String) { revealed = password }

    /// Dots.
    package var description: String { "••••" }

    /// Nothing to see.
    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// A topic that records are published on.
package struct LinkChannel: Sendable {
    /// The topic below the gateway's own: `up/telemetry`.
    package let path: String
    /// Name of the schema the documents follow, sent as user property `schema`.
    package let schema: String

    /// Makes a channel.
    package init(path: String, schema: String) {
        self.path = path
        self.schema = schema
    }
}

/// Files for TLS; the broker's name is always checked against its certificate.
package struct LinkCertificates: Hashable, Sendable {
    /// PEM file of the authority that signed the broker's certificate.
    package let authorityFile: String
    /// PEM file of this gateway's certificate; nil shows none.
    package let certificateFile: String?
    /// PEM file of the private key that goes with it.
    package let keyFile: String?

    /// Names the files; certificate and key belong together.
    package init(authorityFile: String, certificateFile: String? = nil, keyFile: String? = nil) {
        self.authorityFile = authorityFile
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }
}
