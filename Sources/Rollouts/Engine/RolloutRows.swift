import FleetStore
import StrictJSON
import Telemetry

/// How rollouts are kept: what the store has in words becomes values here, and back.
enum RolloutRows {
    /// The row of a rollout, with the revision that it was read with.
    static func record(_ rollout: Rollout, revision: Int64, made: Int64) -> RolloutRecord {
        RolloutRecord(
            id: rollout.plan.id, revision: revision, plan: rollout.plan.text,
            state: rollout.state.rawValue, isOver: rollout.state.isOver,
            wave: Int32(rollout.wave), reason: rollout.reason, madeMilliseconds: made,
            sinceMilliseconds: rollout.since)
    }

    /// The row of a gateway.
    static func record(_ attempt: Attempt) -> RolloutGatewayRecord {
        RolloutGatewayRecord(
            gateway: attempt.gateway, place: Int32(attempt.place), wave: Int32(attempt.wave),
            zone: attempt.zone, state: attempt.state.rawValue,
            failure: attempt.failure?.rawValue ?? "", words: attempt.words,
            release: attempt.release, returnRelease: attempt.returnRelease,
            previous: attempt.previous?.text ?? "", baseline: attempt.baseline?.text ?? "",
            since: attempt.since, told: attempt.told, deadline: attempt.deadline,
            good: attempt.good)
    }

    /// The rollout that rows tell of; throws when they were not written by this program.
    static func rollout(
        _ record: RolloutRecord, _ gateways: [RolloutGatewayRecord]
    ) throws(RolloutFault) -> Rollout {
        guard let state = RolloutState(rawValue: record.state) else {
            throw RolloutFault(
                "rollout '\(record.id)' in the store has the state '\(record.state)', which is none"
            )
        }
        var attempts: [Attempt] = []
        attempts.reserveCapacity(gateways.count)
        for gateway in gateways { attempts.append(try attempt(gateway, of: record.id)) }
        return Rollout(
            try RolloutPlan(parsing: Array(record.plan.utf8)), state: state,
            since: record.sinceMilliseconds, wave: Int(record.wave), reason: record.reason,
            attempts: attempts)
    }

    private static func attempt(
        _ record: RolloutGatewayRecord, of rollout: String
    ) throws(RolloutFault) -> Attempt {
        var attempt = Attempt(
            gateway: record.gateway, wave: Int(record.wave), place: Int(record.place),
            zone: record.zone)
        guard let state = AttemptState(rawValue: record.state) else {
            throw RolloutFault(
                "gateway '\(record.gateway)' of rollout '\(rollout)' in the store has the state "
                    + "'\(record.state)', which is none")
        }
        attempt.state = state
        attempt.failure = AttemptFailure(rawValue: record.failure)
        attempt.words = record.words
        (attempt.release, attempt.returnRelease) = (record.release, record.returnRelease)
        if !record.previous.isEmpty {
            attempt.previous = try SetRelease(parsing: Array(record.previous.utf8))
        }
        if !record.baseline.isEmpty {
            attempt.baseline = try Baseline(parsing: Array(record.baseline.utf8))
        }
        (attempt.since, attempt.told) = (record.since, record.told)
        (attempt.deadline, attempt.good) = (record.deadline, record.good)
        return attempt
    }
}

extension Baseline {
    /// As JSON.
    var text: String {
        var writer = JSONWriter(capacity: 256)
        writer.object { writer in
            writer.name("packs_online")
            writer.integer(packsOnline)
            writer.name("answered")
            writer.bool(isAnswered)
            writer.name("on_bus")
            writer.bool(isOnBus)
            writer.name("sends_frames")
            writer.bool(sendsFrames)
            writer.name("alarms")
            writer.array { writer in for alarm in alarms.sorted() { writer.string(alarm) } }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// Reads what `text` wrote.
    init(parsing bytes: [UInt8]) throws(RolloutFault) {
        let faults = FaultList()
        guard var root = JSONSection(parsing: bytes, faults: faults) else {
            throw RolloutFault(faults)
        }
        self.init(
            packsOnline: root.requiredInteger("packs_online", in: 0...16) ?? 0,
            isAnswered: root.bool("answered", default: false),
            isOnBus: root.bool("on_bus", default: false),
            sendsFrames: root.bool("sends_frames", default: false),
            alarms: Set(root.strings("alarms")))
        root.finish()
        guard faults.faults.isEmpty else { throw RolloutFault(faults) }
    }
}

extension BankView {
    /// What of a stored measurement tells whether the bank works.
    init(_ sample: StoredSample<BankSample>) {
        let bank = sample.sample
        let codes = [bank.protections, bank.faults].flatMap { $0.split(separator: ",") }
        self.init(
            timeMilliseconds: sample.timeMilliseconds, packsOnline: Int(bank.packsOnline),
            keepAlive: bank.keepAlive, bus: bank.bus, framesSent: bank.framesSent,
            alarms: Set(codes.map(String.init)))
    }
}

extension ReceivedReport {
    /// Reads an event; nil when it is no report of a rollout.
    init?(_ event: StoredSample<EventSample>) {
        guard let kind = Kind(rawValue: event.sample.code), let detail = event.sample.detail,
            var root = JSONSection(parsing: Array(detail.utf8), faults: FaultList()),
            let rollout = root.string("rollout"),
            let release = root.integer("release", in: 1...1 << 53 - 1)
        else { return nil }
        self.init(
            gateway: event.key.gateway, kind: kind, rollout: rollout, release: Int64(release),
            reason: root.string("reason") ?? UpdateReason.unsaid.filled(),
            timeMilliseconds: event.timeMilliseconds)
    }
}
