import CutPoints
import FleetStore

extension IngestWorker {
    /// Seconds for which gateways keep their backlog: when the store is away, and when we leave the
    /// broker because it stays away.
    private static var firstHold: Int { 60 }
    private static var longHold: Int { 600 }

    /// Opens the store, and stores what is due.
    func work(_ now: Int64, isStopping: Bool) throws(IngestError) {
        if store == nil, now >= storeRetryAt, !isStopping { try open(now) }
        if queue.isEmpty, let due = batcher.deadline, isStopping || due <= now {
            queue.append(batcher.take())
        }
        while let part = queue.next, now >= storeRetryAt, let store {
            try save(part, store)
        }
    }

    private func open(_ now: Int64) throws(IngestError) {
        do {
            store = try openStore()
            storeIsBack(now)
        } catch {
            try storeFailed(error, now)
        }
    }

    private func save(_ part: [HeldMessage], _ store: BatchStore) throws(IngestError) {
        CutPoint.pass("before-store")
        let outcome: IngestOutcome
        do {
            outcome = try store(IngestBatch(part))
        } catch .refused(_, _, let detail) {
            refused(detail)
            return
        } catch {
            try storeFailed(error, IngestClock.now())
            return
        }
        expectWelcome(IngestClock.now())
        CutPoint.pass("after-store")
        storeIsBack(IngestClock.now())
        acknowledge(queue.stored(), outcome)
    }

    /// The store cannot take the part: it is halved, or its only record becomes a dead letter.
    private func refused(_ detail: String) {
        guard let abandoned = queue.refused("the store refused it: \(detail)") else { return }
        meter.count { $0.abandoned += 1 }
        log.error(
            "store took a message not even as a dead letter",
            metadata: ["mqtt.topic": "\(abandoned.topic)", "reason": "\(detail)"])
        if let key = abandoned.key, let reason = abandoned.rejection {
            table.rejected(key, reason: reason)
            answerGateways()
        }
    }

    /// Tells the gateways what is committed (rules 1 and 4).
    private func acknowledge(_ part: [HeldMessage], _ outcome: IngestOutcome) {
        var rejected: Int64 = 0
        for message in part {
            if let reason = message.rejection {
                rejected += 1
                if let key = message.key { table.rejected(key, reason: reason) }
            } else if let key = message.key {
                table.stored(key)
            }
        }
        answerGateways()
        let lag = Self.lag(part)
        meter.count {
            $0.stored += Int64(outcome.stored)
            $0.repeated += Int64(outcome.repeated)
            $0.rejected += rejected
            $0.batches += 1
            $0.sharedIdentities += Int64(outcome.sharedIdentities.count)
            if let lag { $0.lagMilliseconds = lag }
        }
        for gateway in outcome.sharedIdentities {
            log.warning(
                "two machines use the identity of one gateway", metadata: ["gateway": "\(gateway)"])
        }
    }

    private func answerGateways() {
        for answer in table.take() {
            let topic = UplinkTopic.downlink("ack", to: answer.gateway, root: configuration.root)
            for document in answer.documents() {
                waiting.append(
                    OutgoingDocument(
                        topic: topic, schema: "\(Acknowledgement.schema)", payload: document))
            }
        }
    }

    /// How old the newest record is whose clock can be trusted.
    ///
    /// Of the newest alone, because a batch may hold backlog, which is old by its nature.
    private static func lag(_ part: [HeldMessage]) -> Int64? {
        var newest: Int64?
        for message in part {
            if case .record(let record) = message.content, record.clock.isTrusted {
                newest = max(newest ?? .min, record.clock.wallMilliseconds)
            }
        }
        return newest.map { IngestClock.wallMilliseconds().subtractingReportingOverflow($0).0 }
    }

    /// Keeps the batch and waits; after a while the gateways are asked to wait too (rule 3).
    ///
    /// A store that stays away longer than the broker waits for a sign of life makes us leave: nothing
    /// is read, so none could be seen. Our session stays, and brokers that can give our share of the
    /// messages to other members meanwhile.
    private func storeFailed(_ error: FleetStoreError, _ now: Int64) throws(IngestError) {
        guard case .unavailable = error else { throw .store("\(error)") }
        storeRetryAt = now + storeBackoff.failed()
        meter.setStore("\(error)", worker: index)
        let since = storeAwaySince ?? now
        storeAwaySince = since
        if storeBackoff.count == 1 {
            log.warning("store is away", metadata: ["reason": "\(error)"])
        }
        if storeBackoff.count == 2 { hold(seconds: Self.firstHold, now) }
        guard onlineSince != nil,
            now - since > Int64(configuration.keepAliveSeconds) * 1_000_000_000
        else { return }
        hold(seconds: Self.longHold, now)
        publishWaiting()
        leaveBroker()
        meter.setBroker("left while the store is away", worker: index)
        log.warning("left the broker because the store stays away")
    }

    /// Forgets that the store was away; gateways go on with their backlog.
    private func storeIsBack(_ now: Int64) {
        meter.setStore(nil, worker: index)
        guard storeAwaySince != nil else { return }
        storeAwaySince = nil
        storeBackoff.succeeded()
        storeRetryAt = 0
        connectAt = min(connectAt, now)
        log.info("store is back")
        // those the broker has not answered would be sent again
        waiting.removeAll { $0.schema == "\(GatewayCommand.schema)" }
        command(.holdBacklog(seconds: 1), holds.release(at: now))
    }

    private func hold(seconds: Int, _ now: Int64) {
        command(.holdBacklog(seconds: seconds), holds.hold(seconds: seconds, at: now))
    }

    func command(_ command: GatewayCommand, _ gateways: [String]) {
        let payload = command.document()
        for gateway in gateways {
            waiting.append(
                OutgoingDocument(
                    topic: UplinkTopic.downlink("command", to: gateway, root: configuration.root),
                    schema: "\(GatewayCommand.schema)", payload: payload,
                    expirySeconds: command.expirySeconds))
        }
    }
}
