import Provisioning
import Telemetry

/// What somebody has to know about the identity of this gateway; the codes are stable.
enum IdentityAlarm: String, CaseIterable, Sendable {
    /// There is no pair with which the fleet or the broker would know this gateway.
    case unusable = "identity_unusable"
    /// From 85 % of its life on the certificate has not been renewed.
    case overdue = "identity_renewal_overdue"
    /// This machine's clock is certainly wrong.
    case clock = "clock_suspect"
    /// The fleet refuses the certificate, as it does with a revoked one.
    case refused = "identity_refused"

    /// How bad it is: nothing of it keeps the bank from working.
    var level: EventDocument.Level {
        switch self {
        case .unusable, .refused: .fault
        case .overdue, .clock: .warning
        }
    }
}

/// How the identity of this gateway is: the one place where its alarms are decided.
struct IdentityState: Equatable, Sendable {
    /// How the pair in use was found; empty when there is none.
    var door = ""
    /// When its certificate ends, in seconds since 1970; nil when there is none.
    var validUntil: Int64?
    /// When its renewal begins, in seconds since 1970; nil when there is none.
    var renewAt: Int64?
    /// What is wrong, in words, by alarm.
    private(set) var alarms: [IdentityAlarm: String] = [:]
    /// The folder of the pair in use; empty when there is none.
    private(set) var pair = ""

    /// Nothing is known yet.
    init() {}

    /// Judges what was found in the folder of the identity.
    ///
    /// `refusal` is why the fleet refuses the certificate, `trouble` why its renewal does not go on; both
    /// empty when there is nothing to say.
    init(
        _ selection: Result<IdentitySelection, ProvisioningError>, clock: ClockReading,
        refusal: String = "", trouble: String = "", advice: String = ""
    ) {
        if let warning = clock.warning { alarms[.clock] = warning }
        if !refusal.isEmpty { alarms[.refused] = refusal }
        switch selection {
        case .failure(let error):
            alarms[.unusable] = advice.isEmpty ? "\(error)" : "\(error); \(advice)"
        case .success(let selection): judge(selection, clock, trouble)
        }
        alarms = alarms.mapValues { $0.replacing("\n", with: " ") }
    }

    private mutating func judge(
        _ selection: IdentitySelection, _ clock: ClockReading, _ trouble: String
    ) {
        let life = selection.pair.life
        let plan = RenewalPlan(gateway: selection.pair.gateway, life: life)
        (door, pair) = (selection.door.rawValue, selection.pair.name)
        (validUntil, renewAt) = (life.upperBound, plan.renewAt)
        if selection.door == .factory {
            alarms[.unusable] =
                "there is only the certificate from the factory, which opens the door of enrolment"
        }
        guard selection.fault == nil else {
            alarms[.unusable] = selection.warnings.joined(separator: "; ")
            if case .notYetValid = selection.fault, alarms[.clock] == nil {
                alarms[.clock] = selection.fault?.description
            }
            return
        }
        if selection.door != .factory, plan.isAlarming(now: clock.now) {
            let why = trouble.isEmpty ? "" : ": \(trouble)"
            alarms[.overdue] = "the certificate is not renewed, and most of its life is over\(why)"
        }
    }
}

extension IdentityState {
    /// The alarms in their order, with what is wrong.
    var listed: [(alarm: IdentityAlarm, text: String)] {
        IdentityAlarm.allCases.compactMap { alarm in alarms[alarm].map { (alarm, $0) } }
    }

    /// Writes the part of the status document.
    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.name("door")
            writer.string(door)
            for (name, seconds) in [("valid_until", validUntil), ("renew_at", renewAt)]
                as [(StaticString, Int64?)]
            {
                let milliseconds = seconds.map { IdentityReport.milliseconds($0) }
                writer.moment(name, unixMilliseconds: milliseconds)
            }
            writeAlarms(to: &writer)
        }
    }

    /// Writes the alarms under the name `alarms`.
    func writeAlarms(to writer: inout JSONWriter) {
        writer.name("alarms")
        writer.array { writer in
            for (alarm, text) in listed {
                writer.object { writer in
                    writer.name("code")
                    writer.string(alarm.rawValue)
                    writer.name("level")
                    writer.string(alarm.level.rawValue)
                    writer.name("text")
                    writer.string(text)
                }
            }
        }
    }
}
