import MQTTLink
import Outbox
import Quantities
import Telemetry

extension Recorder {
    /// Renews the retained documents that local readers (Home Assistant, Node-RED) look at.
    mutating func publishState(_ snapshot: BridgeSnapshot, _ now: Instant) {
        nextStateAt = now + setup.stateInterval
        guard let mailbox = setup.mailbox, snapshot.state.takenAt != .never else { return }
        let expiry = UInt32(clamping: setup.stateInterval.milliseconds * 3 / 1000)
        writer.removeAll()
        TelemetryDocument.writeBank(
            snapshot.state, snapshot.summary(profile: setup.profile), to: &writer)
        mailbox.setState("bank", payload: writer.bytes, expirySeconds: expiry)
        for position in 0..<snapshot.packs.count {
            writer.removeAll()
            TelemetryDocument.writePack(
                position, snapshot.state, snapshot.packs, now: now, to: &writer)
            let number = position + 1
            mailbox.setState(
                number < 10 ? "pack/0\(number)" : "pack/\(number)", payload: writer.bytes,
                expirySeconds: expiry)
        }
    }

    func publishStatus() {
        let status = keeper.status
        let (problem, appended, failures) = (keeper.problem, keeper.appended, file?.failures ?? 0)
        let freeable = acknowledged.count
        setup.uplink.update { uplink in
            uplink.outboxProblem = problem
            uplink.appended = appended
            uplink.fileFailures = failures
            guard let status else { return }
            uplink.depth = max(0, status.depth - freeable)
            uplink.nextSequence = status.nextSequence
            uplink.epoch = status.epoch
            uplink.fileBytes = status.fileBytes
            uplink.usedBytes = status.usedBytes
            uplink.budgetBytes = status.budgetBytes ?? 0
            uplink.oldestWallMilliseconds = status.oldestWallMilliseconds
            uplink.losses = status.losses
            uplink.lost = status.lost
        }
    }
}
