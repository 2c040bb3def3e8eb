import Bank
import CANBus
import CANProfile

/// How a simulated inverter judges what it is told.
package struct InverterRules: Sendable {
    /// How long limits may be missing, nanoseconds.
    package var timeout: Int64 = 5_000_000_000
    /// How long limits must come again before it works again, nanoseconds.
    package var recovery: Int64 = 3_000_000_000
    /// Charge voltages it takes for possible, V.
    package var chargeVoltages = 40.0...60.0
    /// The highest current limit it takes for possible, A.
    package var highestCurrent = 3276.0
    /// What the house wants.
    package var want = LoadProfile.sine(amplitude: 40, period: 300)

    /// Those of an inverter for 48 V.
    package init() {}
}

/// What a simulated inverter makes of the frames it gets: believes, works, trips, recovers.
///
/// Every moment is in nanoseconds of the monotonic clock and is handed in.
package struct InverterModel: Sendable {
    /// What it is doing.
    package enum State: String, Sendable {
        /// Has not had all limits yet.
        case waiting
        /// Works within the limits.
        case running
        /// Has switched off because limits stopped coming.
        case tripped
        /// Limits come again; not yet long enough.
        case recovering
    }

    /// What it is doing.
    package private(set) var state = State.waiting
    /// How often limits stopped coming while it worked.
    package private(set) var trips = 0
    /// Frames of the profile with good content.
    package private(set) var accepted: UInt64 = 0
    /// Frames the profile does not know.
    package private(set) var unknown: UInt64 = 0
    /// What was wrong with known frames, with how often.
    package private(set) var malformed: [String: UInt64] = [:]
    /// Values no bank can mean, with how often.
    package private(set) var impossible: [String: UInt64] = [:]
    /// By identifier.
    package private(set) var statistics: [CANIdentifier: PeriodStatistics] = [:]
    /// The newest value of each kind, in the unit of ``BankValue``.
    package private(set) var values: [BankValue: Int64] = [:]

    private let profile: CANProfile
    private let rules: InverterRules
    private let begun: Int64
    private var limitsAt: [BankValue: Int64] = [:]
    private var recoveringSince: Int64 = 0

    private static let limits: [BankValue] = [
        .chargeVoltageLimit, .chargeCurrentLimit, .dischargeCurrentLimit,
    ]

    /// An inverter switched on at a moment.
    package init(profile: CANProfile, rules: InverterRules, at now: Int64) {
        self.profile = profile
        self.rules = rules
        begun = now
    }

    /// Takes a frame from the bus.
    package mutating func handle(_ frame: CANFrame, at now: Int64) {
        guard let message = profile.message(for: frame), message.identifier != profile.keepAlive
        else { return reject(frame) }
        statistics[
            frame.identifier,
            default: PeriodStatistics(cycleMilliseconds: message.cycleMilliseconds)
        ].record(at: now)
        guard frame.length >= message.length else {
            let note =
                "\(frame.identifier) has \(frame.length) bytes, expected \(message.length)"
            malformed[note, default: 0] += 1
            return
        }
        accepted += 1
        for (value, number) in profile.bankValues(in: frame) {
            judge(value, number, frame.identifier)
            values[value] = number
            if Self.limits.contains(value) { limitsAt[value] = now }
        }
        advance(to: now)
    }

    /// Lets time pass.
    package mutating func advance(to now: Int64) {
        let isFresh = Self.limits.allSatisfy { limit in
            limitsAt[limit].map { now - $0 <= rules.timeout } ?? false
        }
        switch state {
        case .waiting: if isFresh { state = .running }
        case .running:
            guard !isFresh else { return }
            state = .tripped
            trips += 1
            for key in Array(statistics.keys) { statistics[key]?.forgetLast() }
        case .tripped:
            guard isFresh else { return }
            (state, recoveringSince) = (.recovering, now)
        case .recovering:
            if !isFresh { state = .tripped }
            if isFresh, now - recoveringSince >= rules.recovery { state = .running }
        }
    }

    /// An identifier that is right but in the wrong length (11 or 29 bits) is a fault of the sender.
    private mutating func reject(_ frame: CANFrame) {
        let number = frame.identifier.rawValue
        let known = profile.layout.messages.contains { $0.identifier.rawValue == number }
        if known, profile.message(for: frame) == nil {
            let bits = frame.identifier.isExtended ? 29 : 11
            malformed["\(frame.identifier) came with \(bits) bits of identifier", default: 0] += 1
        } else {
            unknown += 1
        }
    }

    private mutating func judge(_ value: BankValue, _ number: Int64, _ identifier: CANIdentifier) {
        let natural = Self.natural(value, number)
        let allowed: ClosedRange<Double>
        switch value {
        case .chargeVoltageLimit: allowed = rules.chargeVoltages
        case .dischargeVoltageLimit: allowed = 30...rules.chargeVoltages.upperBound
        case .chargeCurrentLimit, .dischargeCurrentLimit: allowed = 0...rules.highestCurrent
        case .stateOfCharge, .stateOfHealth: allowed = 0...100
        case .voltage: allowed = 30...65
        case .temperatureMean, .temperatureMaximum, .temperatureMinimum: allowed = -40...100
        default: return
        }
        guard !allowed.contains(natural) else { return }
        let shown = JSONText.number(natural, decimals: value.decimals)
        impossible["\(identifier) \(value.name) \(shown)", default: 0] += 1
    }

    /// A value in V, A, %, Ah or °C.
    package static func natural(_ value: BankValue, _ number: Int64) -> Double {
        var factor = 1.0
        for _ in 0..<value.decimals { factor *= 10 }
        return Double(number) / factor
    }

    /// The newest value in V, A, %, Ah or °C.
    package func natural(_ value: BankValue) -> Double? {
        values[value].map { Self.natural(value, $0) }
    }

    /// Amperes it drives through the bank at a moment; positive charges, zero unless it works.
    package func current(at now: Int64) -> Double {
        guard state == .running else { return 0 }
        let wanted = rules.want.amperes(at: Double(now - begun) / 1e9)
        let voltage = natural(.voltage)
        if wanted > 0 {
            guard values[.chargeEnabled] != 0 else { return 0 }
            let ceiling = natural(.chargeVoltageLimit) ?? 0
            let headroom = voltage.map { min(max((ceiling - $0) / 0.3, 0), 1) } ?? 0
            return min(wanted, natural(.chargeCurrentLimit) ?? 0) * headroom
        }
        guard values[.dischargeEnabled] != 0 else { return 0 }
        if let voltage, let floor = natural(.dischargeVoltageLimit), voltage <= floor { return 0 }
        return max(wanted, -(natural(.dischargeCurrentLimit) ?? 0))
    }
}
