import Bank
import CANBus
import Quantities

/// How an inverter is spoken to, as loaded from its folder.
package struct CANProfile: Sendable {
    /// The name in configurations: `pylontech-lv-1.2`.
    package let id: String
    /// The name for people.
    package let title: String
    /// `vendor`, `implementations` or `single`.
    package let confidence: String
    /// Where its facts come from.
    package let sources: [String]
    /// Inverters known to accept it.
    package let speaksTo: [String]
    /// Decisions and advice for people.
    package let notes: [String]
    /// Bits per second of the bus.
    package let bitRate: Int
    /// Other bit rates with which the same frames are used.
    package let otherBitRates: [Int]
    /// The layout of all frames, both ways.
    package let layout: DBCFile
    /// The compiled encoder.
    package let plan: FramePlan
    /// The message of each frame of the plan.
    package let messageNames: [String]
    /// Which bank value each signal of a sent frame carries, for reading frames back.
    package let readings: [CANIdentifier: [SentSignal]]
    /// Messages that are sent once for each pack, identifiers counting up.
    package let packMessages: [CANIdentifier: DBCMessage]
    /// When frames are sent.
    package let sending: SendRule
    /// How the inverter shows that it lives.
    package let keepAliveRule: KeepAliveRule
    /// What the inverter may ask for.
    package let commands: [InverterCommand]
    /// What stop means.
    package let stop: StopRule
    /// When the battery's own voltage is sent for the charge voltage limit.
    package let chargeVoltage: ChargeVoltageRule
    /// Deviations an installer may switch on.
    package let quirks: [ProfileQuirk]
    /// Those that are switched on.
    package let activeQuirks: [String]
    /// How the simulated counterpart behaves.
    package let inverter: InverterBehaviour

    /// Changes the values of a bank into what this inverter shall read; nothing else stands between a
    /// bank and its frames.
    ///
    /// `isStopped` says that the bank, or what the inverter is told of it, is stopped (rule 8).
    package func prepare(_ values: inout BankValues, isStopped: Bool) {
        if isStopped { stop.apply(to: &values) } else { chargeVoltage.apply(to: &values) }
    }

    /// The first keep-alive of the inverter, or nil when it sends none.
    package var keepAlive: CANIdentifier? { keepAliveRule.identifiers.first }
    /// How long it may be missing.
    package var keepAliveTimeout: TimeSpan { keepAliveRule.timeout }
    /// What a missing one does unless the installer says otherwise.
    package var keepAliveAction: KeepAliveAction { keepAliveRule.action }
    /// A frame of the plan for people: `'Limits' (351)`.
    package func frameName(_ index: Int) -> String {
        guard plan.frames.indices.contains(index) else { return "\(index + 1)" }
        return "'\(messageNames[index])' (\(plan.frames[index].identifier))"
    }

    /// Whether an inverter that understands one of two profiles goes on when the other is spoken.
    ///
    /// The same bit rate, the same signs of life, and no more than frames added or left out.
    package func isSameFamily(as other: CANProfile) -> Bool {
        let (ours, theirs) = (
            Set(plan.frames.map(\.identifier)), Set(other.plan.frames.map(\.identifier))
        )
        return bitRate == other.bitRate
            && keepAliveRule.identifiers == other.keepAliveRule.identifiers
            && (ours.isSubset(of: theirs) || theirs.isSubset(of: ours))
    }

    /// The longest time between two frames of one kind; a second for one that only answers.
    package var longestCycle: TimeSpan {
        plan.frames.map { TimeSpan(nanoseconds: $0.cycle.nanoseconds) }.max().map {
            min(max($0, .milliseconds(100)), .seconds(10))
        } ?? .seconds(1)
    }

    /// Whether its facts come from one unconfirmed source, so that it needs the installer's consent.
    package var isExperimental: Bool { confidence == "single" }
}

/// When frames are sent.
package struct SendRule: Hashable, Sendable {
    /// Frames that ask for a whole set; empty when frames are sent by themselves.
    package var polls: [CANIdentifier] = []
    /// The pause between two frames of one cycle.
    package var spacing: TimeSpan = .zero
    /// Whether frames are only sent when they are asked for.
    package var isPolled: Bool { !polls.isEmpty }
}

/// A request of the inverter and what it means.
package struct InverterCommand: Sendable {
    /// The name for people: `rapid shutdown`.
    package let title: String
    /// How it is recognised.
    package let row: CommandRow
}

/// A deviation of some inverters that an installer switches on.
package struct ProfileQuirk: Hashable, Sendable {
    /// The word in the configuration.
    package let id: String
    /// The name for people.
    package let title: String
    /// When to switch it on, a sentence.
    package let when: String
}

/// What a signal of a sent frame carries.
package struct SentSignal: Sendable {
    /// The field.
    package let signal: DBCSignal
    /// What is in it.
    package let value: BankValue
    /// Whether its sign is turned round.
    var isNegated = false
    /// The factor with which it is sent.
    var factor: DBCNumber
    /// The raw number for "not known".
    var unknown: Int64?
    /// Raw numbers and what they stand for, where it is a list.
    var table: [Int64: Int32] = [:]
    /// The raw numbers of the multiplexers with which it is sent.
    var page: [String: UInt64] = [:]
}

/// Why a profile was refused; all faults at once.
package struct CANProfileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The profile's id or folder.
    package let name: String
    /// One sentence for each fault, with file and line.
    package let faults: [String]

    /// Joins a name and sentences.
    package init(name: String, faults: [String]) { (self.name, self.faults) = (name, faults) }

    /// One line for each fault.
    package var description: String {
        faults.map { "inverter profile '\(name)': \($0)" }.joined(separator: "\n")
    }
}
