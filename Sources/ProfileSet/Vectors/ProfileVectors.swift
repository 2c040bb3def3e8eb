import Bank
import CANBus
import CANProfile
import PackMap

/// The proofs of an inverter profile: bank states and the frames they become, frames and the values
/// they carry, and what frames of the inverter mean.
///
/// They travel with the profile. A profile counts only while all of its vectors pass.
package struct ProfileVectors: Sendable {
    /// What a vector shows.
    package enum Case: Sendable {
        /// All that one full cycle sends of this state, in this order, and what must not be sent.
        case encode(State, frames: [CANFrame], withheld: [String])
        /// What a frame, of either side, carries; every named signal has exactly this text.
        case decode(CANFrame, signals: [(name: String, text: String)])
        /// What frames of the inverter mean.
        case receive([CANFrame], hasKeepAlive: Bool?, command: Command?)
    }

    /// A bank state and how it is sent.
    package struct State: Sendable {
        /// The values.
        package var values: BankValues
        /// Whether the bank is stopped: the profile's stop rule is applied before encoding, else the
        /// one of a running bank.
        package var isStopped: Bool
    }

    /// What an inverter asks for.
    package enum Command: Hashable, Sendable {
        /// Nothing.
        case none
        /// `stop` or `report`.
        case action(String)
    }

    /// One proof.
    package struct Vector: Sendable {
        /// What it shows, unique in its document.
        package let name: String
        /// The line it begins on, from 1.
        package let line: Int
        /// Where it comes from.
        package let origin: PackVectors.Origin
        /// The inverter, log or document in words.
        package let source: String
        /// Quirks that are switched on.
        package let quirks: [String]
        /// What is given and what must come of it.
        package let content: Case
    }

    /// The id of the profile they prove.
    package let profile: String
    /// At least one.
    package let vectors: [Vector]
}

extension ProfileVectors.Vector {
    /// Holds this vector against a profile; one sentence for each difference, none when it passes.
    ///
    /// `variant` gives the profile with quirks switched on.
    package func failures(
        variant: ([String]) throws(CANProfileError) -> CANProfile
    ) -> [String] {
        let profile: CANProfile
        do {
            profile = try variant(quirks)
        } catch {
            return error.faults
        }
        switch content {
        case .encode(let state, let frames, let withheld):
            return Self.encode(state, frames, withheld, profile)
        case .decode(let frame, let signals): return Self.decode(frame, signals, profile)
        case .receive(let frames, let hasKeepAlive, let command):
            return Self.receive(frames, hasKeepAlive, command, profile)
        }
    }

    private static func encode(
        _ state: ProfileVectors.State, _ frames: [CANFrame], _ withheld: [String],
        _ profile: CANProfile
    ) -> [String] {
        var values = state.values
        profile.prepare(&values, isStopped: state.isStopped)
        let isSilent = state.isStopped && Engines.isSilentWhenStopped(profile)
        let cycle = isSilent ? [] : Engines.cycle(of: profile, values)
        let sent = cycle.compactMap { message, frame in frame.map { (message, $0) } }
        var failures: [String] = []
        for index in 0..<max(frames.count, sent.count) {
            let wanted = index < frames.count ? frames[index].compactHex : "no frame"
            let found = index < sent.count ? sent[index].1.compactHex : "no frame"
            guard wanted != found else { continue }
            let name = index < sent.count ? " ('\(sent[index].0)')" : ""
            failures.append("frame \(index + 1) is \(found)\(name), expected \(wanted)")
        }
        for message in withheld {
            if sent.contains(where: { $0.0 == message }) {
                failures.append("'\(message)' is sent, expected to be withheld")
            } else if profile.layout.message(named: message) == nil {
                failures.append("'\(message)' is withheld, but the profile has no such message")
            }
        }
        return failures
    }

    private static func decode(
        _ frame: CANFrame, _ signals: [(name: String, text: String)], _ profile: CANProfile
    ) -> [String] {
        guard let found = profile.decode(frame) else {
            return ["\(frame.compactHex) is unknown to the profile"]
        }
        return signals.compactMap { name, text in
            guard let signal = found.first(where: { $0.name == name }) else {
                return "'\(name)' expected, the frame carries no such signal"
            }
            let words = signal.unit.isEmpty ? signal.value : "\(signal.value) \(signal.unit)"
            return words == text ? nil : "'\(name)' is '\(words)', expected '\(text)'"
        }
    }

    private static func receive(
        _ frames: [CANFrame], _ hasKeepAlive: Bool?, _ command: ProfileVectors.Command?,
        _ profile: CANProfile
    ) -> [String] {
        let verdict = Engines.received(frames, profile)
        var failures: [String] = []
        if let hasKeepAlive, hasKeepAlive != verdict.hasKeepAlive {
            failures.append(
                verdict.hasKeepAlive
                    ? "a keep-alive was found, expected none"
                    : "no keep-alive was found, expected one")
        }
        if let command {
            let wanted: String? = if case .action(let action) = command { action } else { nil }
            if wanted != verdict.command {
                failures.append(
                    "the inverter's command is '\(verdict.command ?? "none")', expected '\(wanted ?? "none")'"
                )
            }
        }
        return failures
    }
}
