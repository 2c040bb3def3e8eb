internal import CMosquitto

extension MQTTLink {
    /// Fills the window: first what must go again, then what is new.
    ///
    /// It waits until a sixteenth of the window is free, 16 records at most, so that one look into
    /// the store serves several records. A quarter cost a distant broker (50 ms) 5 to 12 % of
    /// what the window allows.
    func pump(_ now: Int64) {
        guard machine.mayPublish, client != nil else { return }
        publishStates(now)
        let free = window - inFlight.count
        guard free > 0, free >= min(16, window / 16) || inFlight.count == 0 else { return }
        guard now >= sourceRetryAt else { return }
        do {
            if !resend.isEmpty { try publishAgain(limit: free) }
            if resend.isEmpty, !isCaughtUp { try publishNew(limit: window - inFlight.count) }
        } catch {
            sourceRetryAt = now + 1_000_000_000
            trouble("cannot read waiting records: \(error)")
        }
        if let sink = client?.sink, sink.ending != nil { settle(0, "send to") }
    }

    private func publishNew(limit: Int) throws(Source.Failure) {
        guard limit > 0 else { return }
        var taken = 0
        try source.read(after: cursor, limit: limit) { message in
            guard publish(message) else { return false }
            cursor = message.token
            taken += 1
            return inFlight.bytes < configuration.windowBytes
        }
        if taken == 0, client?.sink.ending == nil, inFlight.bytes < configuration.windowBytes {
            isCaughtUp = true
        }
    }

    /// Sends the listed records again; those that are no longer in the store are forgotten.
    private func publishAgain(limit: Int) throws(Source.Failure) {
        var next = 0
        var left = limit
        var isBlocked = false
        while next < resend.count, left > 0, !isBlocked {
            var found = false
            try source.read(after: resend[next] - 1, limit: left) { message in
                found = true
                while next < resend.count, resend[next] < message.token { next += 1 }
                guard next < resend.count, resend[next] == message.token else { return false }
                guard publish(message) else {
                    isBlocked = true
                    return false
                }
                next += 1
                left -= 1
                return next < resend.count
            }
            if !found { next = resend.count }
        }
        resend.removeFirst(next)
    }

    /// Hands one record to the library; false when the connection does not take it.
    private func publish(_ message: OutgoingMessage) -> Bool {
        guard let client, recordTopics.indices.contains(message.channel) else { return false }
        var id: Int32 = 0
        let topic = recordTopics[message.channel]
        let code = client.publish(
            topic, message.payload, qos: configuration.qos, retain: false,
            recordProperties[message.channel], id: &id)
        switch code {
        case MOSQ_ERR_SUCCESS.rawValue:
            inFlight.append(
                messageID: id, token: message.token, channel: message.channel,
                bytes: message.payload.count)
            if inFlight.count == 1 { _ = machine.handle(.sent(inFlight: 1), at: LinkClock.now()) }
            return true
        case MOSQ_ERR_OVERSIZE_PACKET.rawValue, MOSQ_ERR_PAYLOAD_SIZE.rawValue,
            MOSQ_ERR_MALFORMED_UTF8.rawValue, MOSQ_ERR_QOS_NOT_SUPPORTED.rawValue:
            trouble(LinkTrouble.unsendable(message.token, topic: topic, code: code))
            refuse(message.token)
            return true
        default:
            client.sink.ending = client.sink.ending ?? code
            return false
        }
    }

    /// Sorts out the broker's answers: taken, or refused and kept.
    func settleAnswers(_ sink: SessionSink) {
        guard !sink.answers.isEmpty else { return }
        var taken = 0
        for answer in sink.answers {
            guard let settled = inFlight.settle(answer.messageID) else { continue }
            let token = settled.token
            if answer.reason < 128 {
                taken += 1
                guard token != 0 else { continue }
                status.acknowledged += 1
                source.acknowledged(token)
            } else if token != 0 {
                let topic = recordTopics[settled.channel]
                trouble(LinkTrouble.record(token, topic: topic, reason: answer.reason))
                refuse(token)
            }
        }
        sink.answers.removeAll(keepingCapacity: true)
        guard taken > 0 else { return }
        perform(machine.handle(.taken(inFlight: inFlight.count), at: LinkClock.now()))
    }

    /// Keeps a record for later; all new ones wait too, so that a broker that is full gets a rest.
    private func refuse(_ token: Int64) {
        status.refused += 1
        refused.append(token)
        let event = LinkStateMachine<SystemRandomNumberGenerator>.Event.refused(
            inFlight: inFlight.count)
        perform(machine.handle(event, at: LinkClock.now()))
    }

    /// Publishes birth or farewell; its acknowledgement is awaited like that of a record.
    func publishStatus(_ payload: [UInt8]) {
        guard let client else { return }
        let properties =
            configuration.version == .v5
            ? MessageProperties.document(schema: ConnectionDocument.schema) : nil
        var id: Int32 = 0
        let code = payload.withUnsafeBytes {
            client.publish(
                configuration.topic("status"), $0, qos: 1, retain: true, properties, id: &id)
        }
        guard code == MOSQ_ERR_SUCCESS.rawValue else { return }
        inFlight.append(messageID: id, token: 0, channel: 0, bytes: payload.count)
        _ = machine.handle(.sent(inFlight: inFlight.count), at: LinkClock.now())
    }

    /// Publishes the newest state documents, as long as the socket takes them at once.
    ///
    /// With QoS 0: a lost one is followed by a newer one, and after a cut all are sent again.
    private func publishStates(_ now: Int64) {
        while let client, !client.wantsToWrite, let next = mailbox.nextState() {
            guard let seconds = next.document.remainingSeconds(at: now) else { continue }
            let properties =
                configuration.version == .v5
                ? MessageProperties.document(schema: nil, expirySeconds: seconds) : nil
            var id: Int32 = 0
            let code = next.document.payload.withUnsafeBytes {
                client.publish(
                    configuration.topic("state/\(next.path)"), $0, qos: 0, retain: true,
                    properties, id: &id)
            }
            guard code == MOSQ_ERR_SUCCESS.rawValue else { return }
        }
    }
}
