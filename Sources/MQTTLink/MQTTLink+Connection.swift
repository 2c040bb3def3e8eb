internal import CMosquitto
import Glibc

extension MQTTLink {
    /// Does what the state machine decided.
    func perform(_ actions: [LinkStateMachine<SystemRandomNumberGenerator>.Action]) {
        for action in actions {
            switch action {
            case .connect: connect()
            case .announce: announce()
            case .drop(let awaited):
                if let awaited { trouble(LinkTrouble.late(awaited, configuration)) }
                drop()
            case .retry:
                putBackRefused()
            case .sayGoodbye: publishStatus(document.farewell)
            case .disconnect: client?.disconnect()
            }
        }
    }

    /// Makes a client for this connection and begins to connect.
    private func connect() {
        document = ConnectionDocument(
            gateway: configuration.gateway, session: UInt64.random(in: 0...UInt64.max))
        do {
            let client = try makeClient()
            self.client = client
            let code = client.connect(
                host: configuration.host, port: configuration.port,
                keepAliveSeconds: configuration.keepAliveSeconds, properties: connectProperties)
            settle(code, "connect to")
        } catch {
            trouble(error.description)
            perform(machine.handle(.lost, at: LinkClock.now()))
        }
    }

    /// A client with everything set that must be set before connecting.
    ///
    /// The broker keeps a session for QoS 1, so that it holds what it has for us while we are away.
    /// With QoS 2 it would also keep our half-finished message ids, and a new message under an old
    /// id would be taken for a repeat and thrown away; there we start clean.
    private func makeClient() throws(LinkError) -> Mosquitto {
        let client = try Mosquitto(
            clientID: configuration.gateway, cleanStart: configuration.qos == 2,
            sink: SessionSink())
        let isV5 = configuration.version == .v5
        // two more are for the status document
        client.set(configuration.version, sendMaximum: configuration.window + 2)
        var code = MOSQ_ERR_SUCCESS.rawValue
        if let username = configuration.username {
            code = client.set(username: username, password: configuration.password?.revealed)
            try check(code, "user name")
        }
        certificates = try configuration.certificates()
        if let certificates {
            code = client.set(certificates)
            try check(code, "certificates")
        }
        var properties: MessageProperties?
        if isV5 {
            properties = .document(schema: ConnectionDocument.schema)
            properties?.add(MQTT_PROP_WILL_DELAY_INTERVAL, int32: configuration.willDelaySeconds)
        }
        code = client.setWill(
            topic: configuration.topic("status"), payload: document.will, properties: properties)
        try check(code, "will")
        return client
    }

    private func check(_ code: Int32, _ what: String) throws(LinkError) {
        guard code != MOSQ_ERR_SUCCESS.rawValue else { return }
        throw LinkError("cannot set the \(what) of the MQTT client: \(Mosquitto.words(code))")
    }

    private var connectProperties: MessageProperties? {
        guard configuration.version == .v5 else { return nil }
        return .session(
            expirySeconds: configuration.sessionExpirySeconds, receiveMaximum: 64)
    }

    /// Looks at what a call into the library brought about.
    func settle(_ code: Int32, _ operation: String) {
        let systemError = errno
        guard let sink = client?.sink else { return }
        settleAnswers(sink)
        hear(sink)
        if sink.refusedSubscriptions > 0 {
            trouble("broker refused \(sink.refusedSubscriptions) of our subscriptions")
            sink.refusedSubscriptions = 0
        }
        if case .connecting = machine.phase, let welcome = sink.welcome {
            guard welcome.code == 0 else {
                trouble(LinkTrouble.refused(code: welcome.code, configuration))
                perform(machine.handle(.lost, at: LinkClock.now()))
                return
            }
            window = min(configuration.window, welcome.receiveMaximum ?? configuration.window)
            if !welcome.hasSession { lanes.putBack(unconfirmed.removeAll()) }
            status.connections += 1
            perform(machine.handle(.welcomed, at: LinkClock.now()))
        }
        // the library answers -1 while the connection is being made
        guard code > MOSQ_ERR_SUCCESS.rawValue || sink.ending != nil else { return }
        guard machine.phase != .stopped else { return }
        trouble(
            LinkTrouble.failed(
                operation, code: sink.ending ?? code, configuration, complaints: sink.complaints,
                systemError: systemError))
        perform(machine.handle(.lost, at: LinkClock.now()))
    }

    /// Subscribes and shows that we are there; retained state may have been lost by the broker.
    private func announce() {
        publishStatus(document.birth)
        for path in configuration.subscriptions {
            _ = client?.subscribe(configuration.topic(path), qos: 1)
        }
        mailbox.markStateUnsent()
        backlogWindow = BacklogWindow(most: window - min(window / 2, max(1, window / 32)))
        isCaughtUp = false
        isBeginning = true
    }

    /// Closes without a word; what was in flight goes out again.
    private func drop() {
        client = nil
        putBackRefused()
        for token in inFlight.removeAll() { lanes.putBack(token) }
        window = configuration.window
    }

    private func putBackRefused() {
        for token in refused { lanes.putBack(token) }
        refused = []
    }

    /// Keeps the trouble in the status.
    func trouble(_ words: String) { status.lastTrouble = words }
}
