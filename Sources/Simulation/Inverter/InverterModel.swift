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

    /// Those of the inverter a profile describes.
    package init(_ behaviour: InverterBehaviour) {
        timeout = Int64(behaviour.timeoutSeconds) * 1_000_000_000
        for (value, range) in behaviour.accepts {
            if value == .chargeVoltageLimit { chargeVoltages = range }
            if value == .chargeCurrentLimit { highestCurrent = range.upperBound }
        }
    }
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
    /// Values that were dropped because the inverter does not take them, with how often.
    package private(set) var rejected: [String: UInt64] = [:]
    /// How often it fell back to its own limits.
    package private(set) var fallbacks = 0
    /// How often it began to empty the battery because of the charge voltage it was told.
    package private(set) var emptyings = 0
    /// Whether it takes frames; an inverter that polls takes none before.
    package var isListening: Bool
    /// By identifier.
    package private(set) var statistics: [CANIdentifier: PeriodStatistics] = [:]
    /// The newest value of each kind, in the unit of ``BankValue``.
    package private(set) var values: [BankValue: Int64] = [:]

    private let profile: CANProfile
    private let rules: InverterRules
    private let begun: Int64
    private let behaviour: InverterBehaviour
    private let periods: [CANIdentifier: Int]
    private var limitsAt: [BankValue: Int64] = [:]
    private var framesAt: [CANIdentifier: Int64] = [:]
    private var recoveringSince: Int64 = 0
    private var isEmptying = false
    private var isOnDefaults = false

    private static let limits: [BankValue] = [
        .chargeVoltageLimit, .chargeCurrentLimit, .dischargeCurrentLimit,
    ]

    /// An inverter switched on at a moment.
    package init(profile: CANProfile, rules: InverterRules, at now: Int64) {
        self.profile = profile
        self.rules = rules
        behaviour = profile.inverter
        isListening = !profile.inverter.startsAfterPoll
        begun = now
        var periods: [CANIdentifier: Int] = [:]
        if !profile.sending.isPolled {
            for frame in profile.plan.frames {
                let period = frame.cycle.milliseconds / Int64(max(1, frame.turns))
                periods[frame.identifier] = Int(period)
            }
        }
        self.periods = periods
    }

    /// Takes a frame from the bus.
    package mutating func handle(_ frame: CANFrame, at now: Int64) {
        guard isListening else { return }
        guard let message = profile.message(for: frame),
            !profile.keepAliveRule.identifiers.contains(message.identifier)
        else { return reject(frame) }
        let period = periods[frame.identifier]
        statistics[frame.identifier, default: PeriodStatistics(cycleMilliseconds: period)]
            .record(at: now)
        let expected = behaviour.wantsAllLengths8 ? 8 : message.length
        guard frame.length >= expected else {
            let note = "\(frame.identifier) has \(frame.length) bytes, expected \(expected)"
            malformed[note, default: 0] += 1
            return
        }
        accepted += 1
        framesAt[message.identifier] = now
        for (value, number) in profile.bankValues(in: frame) {
            guard takes(value, number, frame.identifier) else { continue }
            values[value] = number
            if Self.limits.contains(value) { limitsAt[value] = now }
        }
        watchChargeVoltage()
        advance(to: now)
    }

    /// Whether a value counts; one the inverter does not take leaves the last good one in force.
    private mutating func takes(
        _ value: BankValue, _ number: Int64, _ identifier: CANIdentifier
    ) -> Bool {
        let isZeroCurrent =
            number == 0 && (value == .chargeCurrentLimit || value == .dischargeCurrentLimit)
        let isZeroVoltage = number == 0 && value == .chargeVoltageLimit
        if behaviour.isGiven, isZeroCurrent, behaviour.zeroCurrents == .ignored { return false }
        if behaviour.isGiven, isZeroVoltage { return behaviour.zeroChargeVoltage == .dumps }
        guard let range = behaviour.accepts.first(where: { $0.value == value })?.range else {
            judge(value, number, identifier)
            return true
        }
        let natural = Self.natural(value, number)
        if range.contains(natural) { return true }
        let shown = JSONText.number(natural, decimals: value.decimals)
        rejected["\(identifier) \(value.name) \(shown)", default: 0] += 1
        return false
    }

    /// Some inverters empty a battery that is told a charge voltage of zero, or below its own.
    private mutating func watchChargeVoltage() {
        guard behaviour.isGiven, let limit = values[.chargeVoltageLimit] else { return }
        let isBelow = values[.voltage].map { limit > 0 && limit < $0 - 100 } ?? false
        let empties =
            limit == 0 && behaviour.zeroChargeVoltage == .dumps
            || isBelow && behaviour.chargeVoltageBelowActual == .discharges
        if empties, !isEmptying { emptyings += 1 }
        isEmptying = empties
    }

    private func isFresh(at now: Int64) -> Bool {
        func isRecent(_ instant: Int64?) -> Bool {
            instant.map { now - $0 <= rules.timeout } ?? false
        }
        if !behaviour.requires.isEmpty {
            return behaviour.requires.allSatisfy { isRecent(framesAt[$0]) }
        }
        return Self.limits.allSatisfy { isRecent(limitsAt[$0]) }
    }

    /// Lets time pass.
    package mutating func advance(to now: Int64) {
        let isFresh = isFresh(at: now)
        if isFresh { isOnDefaults = false }
        switch state {
        case .waiting: if isFresh { state = .running }
        case .running:
            guard !isFresh, behaviour.timeoutReaction != .none else { return }
            if behaviour.timeoutReaction == .defaults { return fallBack() }
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

    /// Its own limits allow no current.
    private mutating func fallBack() {
        guard !isOnDefaults else { return }
        isOnDefaults = true
        fallbacks += 1
        values[.chargeCurrentLimit] = 0
        values[.dischargeCurrentLimit] = 0
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
        if isEmptying { return -rules.highestCurrent }
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
