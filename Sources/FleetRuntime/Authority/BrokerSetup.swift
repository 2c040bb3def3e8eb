import CertificateAuthority

/// What a mosquitto is told: two texts, made of options and of what the authority has issued.
struct BrokerSetup {
    /// Absolute path of the folder in which the files lie.
    var folder: String
    /// The TCP port.
    var port = 8883
    /// The address to listen on; nil listens on all.
    var address: String?
    /// First part of every topic.
    var root = "amphora"
    /// The user that a broker started as root becomes; nil leaves it to mosquitto.
    var user: String?
    /// Services with a good certificate.
    var services: [SubjectName] = []
    /// Gateways of a reader, by its name; `+` is all of them.
    var readers: [SubjectName: [String]] = [:]
    /// Names that have no good certificate any more.
    var lockedOut: [SubjectName] = []

    /// `mosquitto.conf`, for mosquitto 2.0.
    var configuration: String {
        """
        # The broker of Amphora. Written by 'amphora-fleet broker config', and anew each time: do not edit.
        # SIGHUP makes mosquitto read rights, certificates and the list of revoked ones again.
        per_listener_settings false
        \(user.map { "user \($0)\n" } ?? "")
        # Who comes in: only holders of a certificate of this authority, under the name in it. The name is
        # user and client id, so nobody can speak for another or push another off.
        listener \(port)\(address.map { " \($0)" } ?? "")
        protocol mqtt
        cafile \(folder)/authorities.pem
        certfile \(folder)/broker.pem
        keyfile \(folder)/broker.key
        crlfile \(folder)/crl.pem
        tls_version tlsv1.2
        require_certificate true
        use_identity_as_username true
        use_username_as_clientid true
        allow_anonymous false
        acl_file \(folder)/acl

        # Acknowledgements are small and somebody waits for them.
        set_tcp_nodelay true

        # Messages on their way to one client at once: two batches of an ingest worker, so that one comes
        # while the other is stored. The default of 20 would make each batch wait for the network.
        max_inflight_messages 2000

        # Messages kept for one client that is slow or away. What goes beyond is dropped, which loses
        # nothing: a gateway keeps each record until the fleet has stored it, and sends it again. The bytes
        # hold the memory of a broker whose worker is away; the count that of one with tiny messages.
        max_queued_messages 100000
        max_queued_bytes 134217728

        # A record of 16 packs has some 16 kB; nothing of ours comes near this.
        max_packet_size 1048576

        # Nothing on the disk: what a restart forgets comes again. Gateways send what the fleet has not
        # acknowledged, show their states anew once connected, and ask for their configuration by
        # themselves. A queue from the disk would only deliver what is old.
        persistence false

        # Clients of MQTT 3.1.1 cannot say how long to wait for them.
        persistent_client_expiration 1d

        """
    }

    /// The rights; a broker reads them again on SIGHUP.
    var rights: String {
        let place = "\(root)/v1"
        var lines = [
            "# Written by 'amphora-fleet broker config', and anew each time: do not edit.",
            "# A gateway speaks and listens below its own name only.",
            "pattern write \(place)/%u/up/#",
            "pattern write \(place)/%u/status",
            "pattern write \(place)/%u/state/#",
            "pattern read \(place)/%u/down/#",
        ]
        for service in services {
            switch service.role {
            case .ingest:
                lines += [
                    "", "# takes what gateways send, and answers them", "user \(service)",
                    "topic read \(place)/+/up/#", "topic write \(place)/+/down/#",
                ]
            case .reader:
                guard let gateways = readers[service] else { continue }
                lines += ["", "# looks at states", "user \(service)"]
                for gateway in gateways {
                    lines += [
                        "topic read \(place)/\(gateway)/state/#",
                        "topic read \(place)/\(gateway)/status",
                    ]
                }
            case .server, nil: continue
            }
        }
        if !lockedOut.isEmpty {
            lines += ["", "# revoked: these may have a connection that still stands"]
            for name in lockedOut { lines += ["user \(name)", "topic deny #"] }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
