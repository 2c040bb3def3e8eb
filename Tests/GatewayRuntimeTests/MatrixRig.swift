import Bank
import CANBus
import CANProfile
import CANTransport
import PackMap
import Quantities
import Simulation

@testable import GatewayRuntime

/// A house in virtual time: simulated packs, the bridge, a wire in memory, the inverter of a profile.
///
/// The clock jumps from one thing that is due to the next, so that the bridge only wakes when it asked to
/// or when something came, as in service. Every frame is held against rule 2 as it passes.
final class MatrixRig {
    /// A frame with its moment.
    struct Heard {
        let at: Instant
        let frame: CANFrame
    }

    let profile: CANProfile
    let core: BridgeCore
    let configuration: BankConfiguration
    var inverter: InverterModel
    var house: MatrixBank
    /// Whether the inverter sends what its profile says.
    var isInverterTalking = true
    /// How often each frame of the inverter comes, as a bus repeats what it takes for lost.
    var repeats = 1
    /// What the inverter sends instead of its own frame of this identifier.
    var instead: CANFrame?
    /// Whether the inverter hears each frame of ours twice.
    var hearsTwice = false
    private(set) var now = Instant(nanoseconds: 1_000_000_000)
    private(set) var heard: [Heard] = []
    /// The newest number of each value on the bus, in the unit of the value.
    private(set) var seen: [BankValue: Int64] = [:]
    private(set) var snapshot: BridgeSnapshot
    /// Breaches of the rules; empty when all was well.
    private(set) var breaches: [String] = []
    private let end: MemoryBus
    private var ceilings = MatrixCeilings()
    private var pollAt: Instant
    private var sendAt: [Instant]
    private var hasMail = false

    init(
        _ profile: CANProfile, packs: Int = 1, map: PackMap? = nil,
        configure: (inout BankConfiguration) -> Void = { _ in }
    ) {
        self.profile = profile
        house = MatrixBank(packs: packs, map: map)
        var configuration = BankConfiguration()
        for position in 0..<16 { configuration.packs[position] = house.limits }
        configuration.riseMilliamperesPerSecond = 20_000
        configure(&configuration)
        self.configuration = configuration
        let wire = MemoryWire(depth: 1024)
        end = MemoryBus(on: wire)
        core = BridgeCore(
            bus: MemoryBus(on: wire), profile: profile, keepAlive: nil, sendOnChange: false,
            controller: BankController(configuration: configuration), packCount: packs, log: nil,
            gateway: "house-by-the-lake")
        inverter = InverterModel(
            profile: profile, rules: InverterRules(profile.inverter), at: now.nanoseconds)
        snapshot = BridgeSnapshot(count: packs)
        pollAt = now
        sendAt = [Instant](repeating: now, count: profile.inverter.sends.count)
        end.attend(at: now.nanoseconds)
        core.receive(now)
    }

    /// Lets time pass.
    func pass(milliseconds: Int64) {
        let until = now + .milliseconds(milliseconds)
        while now < until {
            let wanted = hasMail ? now : min(min(core.nextDeadline, pollAt), nextSending)
            now = min(until, max(wanted, now + .milliseconds(1)))
            advance()
        }
    }

    func pass(seconds: Int64) { pass(milliseconds: seconds * 1000) }

    /// Lets time pass unseen, as long as nobody on the bus does anything.
    func jump(seconds: Int64) {
        now = now + .seconds(seconds)
        pollAt = now
        for index in sendAt.indices { sendAt[index] = now }
        advance()
    }

    /// Lets time pass in leaps, in which frames that were due are left out; packs stay fresh.
    func leap(seconds: Int64) {
        let step = configuration.valueLimit.milliseconds / 1000 - 2
        for _ in 0..<(seconds / step) { jump(seconds: step) }
        pass(seconds: seconds % step)
    }

    private var nextSending: Instant {
        var next = now + .milliseconds(250)
        for (index, sending) in profile.inverter.sends.enumerated()
        where sending.cycleMilliseconds != nil { next = min(next, sendAt[index]) }
        return next
    }

    private func advance() {
        hasMail = false
        for (index, sending) in profile.inverter.sends.enumerated() {
            guard let cycle = sending.cycleMilliseconds, sendAt[index] <= now else { continue }
            sendAt[index] = now + .milliseconds(Int64(cycle))
            send(sending.frame)
        }
        var news: PackTable?
        if pollAt <= now {
            pollAt = now + house.period
            house.current = inverter.current(at: now.nanoseconds)
            house.poll(now)
            news = house.table
        }
        core.receive(now)
        if core.step(news, now: now) { core.write(into: &snapshot) }
        if news != nil { ceilings.note(house, configuration, now: now) }
        inverter.advance(to: now.nanoseconds)
        listen()
    }

    /// The inverter sends a frame, unless it is silent.
    private func send(_ frame: CANFrame) {
        guard isInverterTalking else { return }
        tell(instead?.identifier == frame.identifier ? instead ?? frame : frame)
    }

    /// Puts a frame of the inverter on the bus, whatever it does by itself.
    func tell(_ frame: CANFrame) {
        inverter.isListening = true
        for _ in 0..<repeats { _ = end.send(frame, at: now.nanoseconds) }
        hasMail = true
    }

    func tell(_ text: String) throws { tell(try Candump.parse("can0 \(text)").frame) }

    private func listen() {
        var frames: [CANFrame] = []
        _ = end.receive(at: now.nanoseconds) { frames.append($0) }
        for frame in frames {
            heard.append(Heard(at: now, frame: frame))
            for _ in 0..<(hearsTwice ? 2 : 1) { inverter.handle(frame, at: now.nanoseconds) }
            for (value, number) in profile.bankValues(in: frame) {
                seen[value] = number
                if let breach = ceilings.breach(value, number, profile, snapshot, now: now) {
                    breaches.append(
                        "\((now.nanoseconds - 1_000_000_000) / 1_000_000) ms: \(breach)")
                }
            }
            guard inverter.isListening else { continue }
            for sending in profile.inverter.sends where sending.answers == frame.identifier {
                send(sending.frame)
            }
        }
    }

    /// What was heard since the last call.
    func take() -> [Heard] {
        defer { heard.removeAll() }
        return heard
    }

    /// Forgets what the inverter saw.
    func forget() {
        heard.removeAll()
        seen.removeAll()
    }

    /// How long after a change every frame has told it, at the latest.
    var longestCycle: TimeSpan {
        let cycle = profile.plan.frames.map(\.cycle).max() ?? .zero
        let pauses = Int64(profile.plan.frames.count) * profile.sending.spacing.milliseconds
        return cycle + .milliseconds(min(pauses, 2000) + 100)
    }

    /// Amperes of a limit as the inverter sees it.
    func amperes(_ value: BankValue) -> Double? { seen[value].map { Double($0) / 1000 } }
}
