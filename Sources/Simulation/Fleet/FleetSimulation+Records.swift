import MQTTLink
import TestKit

extension FleetSimulation {
    /// Sends what may go: new records at once, the backlog at its pace and within the window.
    func pump(_ gateway: SimulatedGateway) {
        guard gateway.isOnline, let client = gateway.client else { return watch(gateway) }
        let now = Clock.now()
        while gateway.inFlight < gateway.window {
            let allowsBacklog =
                !gateway.book.backlog.isEmpty
                && gateway.book.unconfirmed < settings.link.unconfirmedLimit
                && gateway.pace.allowance(at: now) > 0
            guard let next = gateway.book.takeNext(allowsBacklog: allowsBacklog) else { break }
            if !next.isLive { gateway.pace.spend(1, at: now) }
            guard send(next.sequence, gateway, client) else { return }
        }
        if let code = client.sink.ending {
            lose(gateway, "connection ended: \(Mosquitto.words(code))")
        } else {
            watch(gateway)
        }
    }

    /// Sends a record; false when the connection is lost with it.
    private func send(_ sequence: Int64, _ gateway: SimulatedGateway, _ client: Mosquitto) -> Bool {
        guard let record = gateway.book.record(sequence) else { return true }
        let kind = Int(record.kind.rawValue)
        var messageID: Int32 = 0
        let code = document.write(record, sequence, of: gateway.identity, gateway.update) {
            payload in
            client.publish(
                gateway.topics[kind], payload, qos: 1, retain: false, recordProperties[kind],
                id: &messageID)
        }
        guard code == 0 else {
            gateway.book.putBack(sequence)
            lose(gateway, "cannot send a record: \(Mosquitto.words(code))")
            return false
        }
        gateway.inFlight += 1
        counts.sent += 1
        let isRepeated = gateway.book.sent(
            sequence, at: Clock.now(), patience: settings.resend)
        if isRepeated { counts.repeated += 1 }
        return true
    }

    /// Takes the fleet's word, from which alone records are freed.
    func hear(_ message: ReceivedMessage, _ gateway: SimulatedGateway) {
        do throws(FleetWord.Fault) {
            let word =
                message.topic == gateway.acknowledgementTopic
                ? try FleetWord.acknowledgement(message.payload)
                : try FleetWord.command(message.payload)
            obey(word, gateway)
        } catch {
            fault("'\(message.topic)': \(error)")
        }
    }

    private func obey(_ word: FleetWord, _ gateway: SimulatedGateway) {
        let now = Clock.now()
        switch word {
        case .holdBacklog(let seconds):
            let time = Int64(seconds) * 1_000_000_000
            let chance = Int64.random(in: 0...(time / 10), using: &generator)
            gateway.pace.hold(until: now + time + chance)
            counts.holds += 1
        case .live:
            // these keep the pace they were started with
            break
        case .stored(let epoch, let ranges, let rejected):
            // the broker may still have words for an earlier run of the same name
            guard epoch == gateway.identity.epoch else { return }
            let outcome = gateway.book.settle(ranges, rejected: rejected) { madeAt in
                if let madeAt { lag.add(microseconds: (now - madeAt) / 1000) }
            }
            counts.acknowledged += outcome.acknowledged
            counts.rejected += outcome.rejected
            if outcome.namesUnmade {
                fault(
                    "'\(gateway.acknowledgementTopic)': names records after "
                        + "\(gateway.book.next - 1), the last one made")
            }
        }
    }

    /// The fleet has said something that it must not say.
    private func fault(_ words: String) {
        if counts.faults == 0 { Output.note("amphora-sim: fleet's word on \(words)") }
        counts.faults += 1
    }
}
