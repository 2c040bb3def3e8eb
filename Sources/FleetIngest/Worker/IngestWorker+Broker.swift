internal import CMosquitto
import CutPoints
import Glibc

extension IngestWorker {
    /// How long a connection must last before attempts are as quick as at first; one that brought
    /// messages keeps them short, so that a link that flaps is used while it is there.
    private static var stableTime: Int64 { 30_000_000_000 }
    /// Documents that wait for the broker at most; a gateway that misses one sends its records again.
    private static var mostWaiting: Int { 20_000 }

    /// Connects when it is time; there is no use in it without a store.
    func keepConnected(_ now: Int64, isStopping: Bool) throws(IngestError) {
        maintain(now)
        if client != nil {
            if onlineSince == nil, now >= welcomeUntil, queue.isEmpty {
                lost("it did not answer within \(configuration.welcomeMilliseconds / 1000) s")
            }
        } else if store != nil, queue.isEmpty, !isStopping, now >= connectAt {
            try connect(now)
        }
    }

    private func connect(_ now: Int64) throws(IngestError) {
        let made = try BrokerClient(
            clientID: "\(configuration.name)-\(index + 1)",
            receiveMaximum: configuration.receiveMaximum)
        try made.secure(configuration, worker: index + 1)
        client = made
        hasCarried = false
        expectWelcome(now)
        settle(made.connect(configuration))
    }

    /// Gives the broker its time anew.
    ///
    /// What it kept for us comes before its word on the subscription, and is stored meanwhile; while
    /// the store works nobody listens.
    func expectWelcome(_ now: Int64) {
        welcomeUntil = now + configuration.welcomeMilliseconds * 1_000_000
    }

    /// Looks at what a call into the library brought about.
    func settle(_ code: Int32) {
        let systemError = errno
        guard let events = client?.events else { return }
        for answer in events.answers {
            guard let document = inFlight.removeValue(forKey: answer.id), answer.reason >= 128
            else { continue }
            log.warning(
                "broker refused a document for a gateway",
                metadata: [
                    "mqtt.topic": "\(document.topic)",
                    "mqtt.reason": "\(BrokerTrouble.reason(answer.reason))",
                ])
        }
        events.answers.removeAll(keepingCapacity: true)
        welcome(events)
        // the library answers -1 while the connection is being made
        guard client != nil, code > MOSQ_ERR_SUCCESS.rawValue || events.ending != nil else {
            return
        }
        lost(
            BrokerTrouble.failed(
                code: events.ending ?? code, systemError: systemError,
                complaints: events.complaints, isWelcome: onlineSince != nil))
    }

    /// Subscribes once we are welcome, each time anew: a broker may have forgotten the session.
    private func welcome(_ events: BrokerEvents) {
        if let answer = events.welcome, answer >= 0, onlineSince == nil {
            guard answer == 0 else { return lost("it refused us: \(BrokerTrouble.reason(answer))") }
            events.welcome = -1
            let topic = UplinkTopic.subscription(
                root: configuration.root, group: configuration.group)
            _ = client?.subscribe(topic)
        }
        if let answer = events.subscription {
            events.subscription = nil
            guard answer < 128 else {
                return lost("it refused the subscription: \(BrokerTrouble.reason(answer))")
            }
            onlineSince = IngestClock.now()
            meter.setBroker(nil, worker: index)
            brokerTrouble = nil
            log.info(
                "connected to the broker", metadata: ["mqtt.broker": "\(configuration.endpoint)"])
        }
    }

    /// Forgets the connection; what was not answered goes out again on the next one.
    func lost(_ words: String) {
        let now = IngestClock.now()
        if let since = onlineSince, now - since > Self.stableTime {
            brokerBackoff.succeeded()
        } else if hasCarried {
            brokerBackoff.worked()
        }
        forgetConnection()
        connectAt = now + brokerBackoff.failed()
        let trouble = "broker '\(configuration.endpoint)': \(words)"
        meter.setBroker(trouble, worker: index)
        // told once, not at each attempt
        log.log(
            level: trouble == brokerTrouble ? .debug : .warning, "no connection to the broker",
            metadata: ["mqtt.broker": "\(configuration.endpoint)", "reason": "\(words)"])
        brokerTrouble = trouble
    }

    private func forgetConnection() {
        client = nil
        onlineSince = nil
        waiting.insert(contentsOf: inFlight.values, at: 0)
        inFlight = [:]
        if waiting.count > Self.mostWaiting {
            waiting.removeFirst(waiting.count - Self.mostWaiting)
        }
    }

    /// Hands documents to the network.
    func publishWaiting() {
        guard onlineSince != nil, !waiting.isEmpty else { return }
        var sent = 0
        while sent < waiting.count, inFlight.count < 5000, let client {
            var id: Int32 = 0
            let code = client.publish(waiting[sent], id: &id)
            if code == MOSQ_ERR_SUCCESS.rawValue {
                inFlight[id] = waiting[sent]
            } else if code == MOSQ_ERR_NO_CONN.rawValue || code == MOSQ_ERR_CONN_LOST.rawValue {
                break
            } else {
                log.warning(
                    "cannot send a document to a gateway",
                    metadata: [
                        "mqtt.topic": "\(waiting[sent].topic)",
                        "reason": "\(BrokerClient.words(code))",
                    ])
            }
            sent += 1
        }
        waiting.removeFirst(sent)
        if sent > 0 { CutPoint.pass("after-ack") }
        settle(MOSQ_ERR_SUCCESS.rawValue)
    }

    /// Leaves in order, after what is written has gone out; the broker keeps the session.
    func leaveBroker() {
        guard let client else { return }
        client.disconnect()
        let deadline = IngestClock.now() + 500_000_000
        while client.wantsToWrite, client.descriptor >= 0, IngestClock.now() < deadline {
            var descriptor = pollfd(fd: client.descriptor, events: Int16(POLLOUT), revents: 0)
            guard poll(&descriptor, 1, 100) >= 0 else { break }
            guard client.process(canRead: false, canWrite: true) == MOSQ_ERR_SUCCESS.rawValue
            else { break }
        }
        forgetConnection()
    }
}
