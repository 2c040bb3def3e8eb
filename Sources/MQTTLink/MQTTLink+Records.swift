internal import CMosquitto

extension MQTTLink {
    /// Fills the window: live records first, then the backlog as far as it may go; a short backlog goes
    /// before them.
    ///
    /// The backlog waits until a step of its window is free, so that one look into the store serves
    /// several records.
    func pump(_ now: Int64) {
        guard machine.mayPublish, client != nil else { return }
        publishStates(now)
        guard now >= sourceRetryAt else { return }
        do {
            if isBeginning { try begin(now) }
            onlineAt = now
            lanes.putBack(unconfirmed.overdue(at: now))
            if lanes.isShort { try publishBacklog(limit: backlogRoom(now), now) }
            if !isCaughtUp { try publishLive(limit: window - inFlight.count, now) }
            if !lanes.isShort { try publishBacklog(limit: backlogRoom(now), now) }
        } catch {
            sourceRetryAt = now + 1_000_000_000
            trouble("cannot read waiting records: \(error)")
        }
        if let sink = client?.sink, sink.ending != nil { settle(0, "send to") }
    }

    /// Makes what waits now the past.
    ///
    /// After a long outage a large one starts by chance, so that a fleet does not come at once; a link
    /// that flaps is not held up.
    private func begin(_ now: Int64) throws(Source.Failure) {
        let waiting = try source.waiting()
        lanes.begin(waiting: waiting, isFew: try hasFew(waiting))
        isBeginning = false
        guard !lanes.isShort, lanes.backlog.count > Self.largeBacklog,
            now - onlineAt > Self.longOutage
        else {
            return
        }
        let most = Int64(max(0, configuration.backlogJitterSeconds)) * 1_000_000_000
        pace.hold(atLeastUntil: now + Int64.random(in: 0...most))
    }

    /// Whether so few records wait that they may go before live ones.
    private func hasFew(_ waiting: ClosedRange<Int64>?) throws(Source.Failure) -> Bool {
        guard let waiting else { return true }
        let most = PublishLanes.shortBacklog
        var count = 0
        try source.read(after: waiting.lowerBound - 1, limit: most + 1) { _ in
            count += 1
            return true
        }
        return count <= most
    }

    private static var largeBacklog: Int64 { 100 }
    private static var longOutage: Int64 { 60_000_000_000 }

    /// Records of the backlog that may be sent now; 0 when it is not worth a look into the store.
    private func backlogRoom(_ now: Int64) -> Int {
        guard !lanes.backlog.isEmpty else { return 0 }
        var room = window - inFlight.count
        if !lanes.isShort {
            room = min(room, backlogWindow.limit - inFlight.backlogCount)
            guard room >= backlogWindow.step else { return 0 }
        }
        if configuration.awaitsReceiver {
            let waiting = unconfirmed.count + Int64(inFlight.backlogCount)
            room = min(room, Int(clamping: Int64(configuration.unconfirmedLimit) - waiting))
        }
        return max(0, min(room, pace.allowance(at: now)))
    }

    /// When the backlog may go on by itself; what the broker or the receiver must free first is no
    /// matter of time.
    func backlogDeadline(_ now: Int64) -> Int64 {
        var deadline = unconfirmed.deadline
        if !lanes.backlog.isEmpty, pace.allowance(at: now) == 0 {
            deadline = min(deadline, pace.next)
        }
        return deadline
    }

    private func publishLive(limit: Int, _ now: Int64) throws(Source.Failure) {
        guard limit > 0 else { return }
        var taken = 0
        try source.read(after: lanes.cursor, limit: limit) { message in
            guard publish(message, isBacklog: false, now) else { return false }
            lanes.sentLive(message.token)
            taken += 1
            return inFlight.bytes < configuration.windowBytes
        }
        if taken == 0, client?.sink.ending == nil, inFlight.bytes < configuration.windowBytes {
            isCaughtUp = true
        }
    }

    /// Sends what the backlog lane lists; what is no longer in the store is passed over.
    private func publishBacklog(limit: Int, _ now: Int64) throws(Source.Failure) {
        var left = limit
        var isBlocked = false
        while left > 0, !isBlocked, inFlight.bytes < configuration.windowBytes,
            let first = lanes.backlog.ranges.first
        {
            var isFound = false
            try source.read(after: first.lowerBound - 1, limit: left) { message in
                isFound = true
                lanes.passed(message.token - 1)
                guard lanes.backlog.contains(message.token) else { return false }
                guard publish(message, isBacklog: true, now) else {
                    isBlocked = true
                    return false
                }
                lanes.passed(message.token)
                left -= 1
                return inFlight.bytes < configuration.windowBytes
            }
            if !isFound { lanes.forgetBacklog() }
        }
        pace.spend(limit - left, at: now)
    }

    /// Hands one record to the library; false when the connection does not take it.
    private func publish(_ message: OutgoingMessage, isBacklog: Bool, _ now: Int64) -> Bool {
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
                bytes: message.payload.count, isBacklog: isBacklog, at: now)
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
        let now = LinkClock.now()
        for answer in sink.answers {
            guard let settled = inFlight.settle(answer.messageID) else { continue }
            let token = settled.token
            if answer.reason < 128 {
                taken += 1
                guard token != 0 else { continue }
                status.acknowledged += 1
                source.acknowledged(token)
                if settled.isBacklog {
                    backlogWindow.answered(after: now - settled.sentAt, at: now)
                }
                guard configuration.awaitsReceiver, !settled.isConfirmed else { continue }
                unconfirmed.insert(token, at: now)
            } else if token != 0 {
                let topic = recordTopics[settled.channel]
                trouble(LinkTrouble.record(token, topic: topic, reason: answer.reason))
                refuse(token)
            }
        }
        sink.answers.removeAll(keepingCapacity: true)
        guard taken > 0 else { return }
        perform(machine.handle(.taken(inFlight: inFlight.count), at: now))
    }

    /// Takes what the receiver says; what is for others goes to the mailbox.
    func hear(_ sink: SessionSink) {
        guard !sink.received.isEmpty else { return }
        for message in sink.received {
            guard let words = source.received(message) else {
                mailbox.receive(message)
                continue
            }
            for word in words { take(word) }
        }
        sink.received.removeAll(keepingCapacity: true)
    }

    private func take(_ word: ReceiverWord) {
        switch word {
        case .settled(let tokens):
            inFlight.confirm(tokens)
            lanes.settled(tokens)
            lanes.putBack(unconfirmed.confirm(tokens))
        case .holdBacklog(let seconds):
            let time = Int64(max(0, min(3600, seconds))) * 1_000_000_000
            pace.hold(until: LinkClock.now() + time + Int64.random(in: 0...(time / 10)))
        }
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
