import CANBus
import CANProfile
import Glibc
import TestKit

/// How a simulated inverter is reached.
package enum InverterLink: Hashable, Sendable {
    /// A Lawicel adapter on a pseudo-terminal under this link.
    case slcan(String)
    /// A CAN interface of the kernel.
    case socketCAN(String)
}

/// Everything a simulated inverter is started with.
package struct InverterSettings: Sendable {
    /// How it is reached.
    package var link: InverterLink
    /// What it speaks.
    package var profile: CANProfile
    /// How it judges.
    package var rules = InverterRules()
    /// How often it sends its keep-alive, milliseconds; nil is as the profile says, or each second.
    package var keepAliveMilliseconds: Int?
    /// Where commands are taken, or nil.
    package var control: String?
    /// A file for a candump log of what it saw and sent, or nil.
    package var log: String?

    /// An inverter with the usual rules.
    package init(link: InverterLink, profile: CANProfile) {
        self.link = link
        self.profile = profile
    }
}

/// A simulated inverter at work; lives on the thread that runs its reactor.
package final class InverterSimulation {
    private let settings: InverterSettings
    private let reactor: Reactor
    private var model: InverterModel
    private var bus: (any InverterBus)?
    private var control: ControlSocket?
    private var log: Int32 = -1
    private var sendsKeepAlive = true
    private var keepAlives: UInt64 = 0
    private var resumeTimer: Int?
    private var isSilent = false
    private let begun = Clock.now()

    /// How often time-outs are looked at, nanoseconds.
    private static let tick: Int64 = 100_000_000

    /// Opens the bus, the log and the control socket; all are there when this returns.
    package init(_ settings: InverterSettings, reactor: Reactor) throws(SimulationError) {
        self.settings = settings
        self.reactor = reactor
        model = InverterModel(profile: settings.profile, rules: settings.rules, at: begun)
        try openLog()
        let receive: (CANFrame) -> Void = { [unowned self] in take($0) }
        switch settings.link {
        case .slcan(let link):
            bus = try AdapterBus(
                link: link, bitRate: settings.profile.bitRate, reactor: reactor, receive: receive)
        case .socketCAN(let interface):
            bus = try KernelBus(interface: interface, reactor: reactor, receive: receive)
        }
        if let path = settings.control {
            control = try ControlSocket(path: path, reactor: reactor) {
                [unowned self] (text) throws(SimulationError) -> String in
                try obey(try InverterOrder.parse(text))
            }
        }
        reactor.every(Self.tick) { [unowned self] in model.advance(to: Clock.now()) }
        startSending()
    }

    deinit { if log >= 0 { close(log) } }

    /// Whether nothing speaks against the sender.
    package var isContent: Bool { model.reasons.isEmpty }

    /// The verdict as one line of JSON.
    package var verdict: String {
        let layout = settings.profile.layout
        let members = model.members { identifier in
            layout.messages.first { $0.identifier == identifier }?.name ?? ""
        }
        let own = [
            ("profile", JSONText.string(settings.profile.id)),
            ("seconds", JSONText.number(Double(Clock.now() - begun) / 1e9, decimals: 1)),
            ("keep_alives_sent", "\(keepAlives)"),
            ("commands_refused", "\(bus?.refusals ?? 0)"),
            ("current_a", JSONText.number(model.current(at: Clock.now()), decimals: 2)),
        ]
        return JSONText.object([members[0], members[1]] + own + members.dropFirst(2))
    }

    private func take(_ frame: CANFrame) {
        let now = Clock.now()
        model.handle(frame, at: now)
        record(frame)
        guard model.isListening else { return }
        for sending in settings.profile.inverter.sends where sending.answers == frame.identifier {
            send(sending.frame)
        }
    }

    /// What the profile's inverter sends by itself; without a word on it, a keep-alive of zeros.
    private func startSending() {
        let profile = settings.profile
        guard !profile.inverter.isGiven else {
            for sending in profile.inverter.sends {
                guard var cycle = sending.cycleMilliseconds else { continue }
                let isKeepAlive = profile.keepAliveRule.identifiers.contains(
                    sending.frame.identifier)
                if isKeepAlive, let given = settings.keepAliveMilliseconds { cycle = given }
                let frame = sending.frame
                reactor.every(Int64(cycle) * 1_000_000) { [unowned self] in send(frame) }
            }
            return
        }
        let messages = profile.layout.messages
        guard let identifier = profile.keepAlive,
            let message = messages.first(where: { $0.identifier == identifier }),
            let frame = CANFrame(
                identifier, length: profile.keepAliveRule.length ?? message.length,
                bits: profile.keepAliveRule.bits)
        else { return }
        let cycle = Int64(settings.keepAliveMilliseconds ?? 1000)
        reactor.every(cycle * 1_000_000) { [unowned self] in send(frame) }
    }

    private func send(_ frame: CANFrame) {
        guard sendsKeepAlive, !isSilent else { return }
        model.isListening = true
        bus?.send(frame)
        if settings.profile.keepAliveRule.identifiers.contains(frame.identifier) { keepAlives += 1 }
        record(frame)
    }

    private func obey(_ order: InverterOrder) throws(SimulationError) -> String {
        switch order {
        case .keepAlive(let on): sendsKeepAlive = on
        case .send(let frame):
            bus?.send(frame)
            record(frame)
        case .silence(let milliseconds):
            setSilent(true)
            resume(after: milliseconds)
        case .disconnect(let milliseconds):
            try bus?.setPlugged(false)
            resume(after: milliseconds)
        case .busOff(let milliseconds):
            try bus?.setBusOff(true)
            resume(after: milliseconds)
        case .resume: try resume()
        case .current: return JSONText.number(model.current(at: Clock.now()), decimals: 3)
        case .status: return verdict
        }
        return "ok"
    }

    private func setSilent(_ silent: Bool) {
        isSilent = silent
        bus?.setSilent(silent)
    }

    private func resume(after milliseconds: Int64?) {
        if let resumeTimer { reactor.cancel(resumeTimer) }
        resumeTimer = milliseconds.map { milliseconds in
            reactor.at(Clock.now() + milliseconds * 1_000_000) { [unowned self] in
                do throws(SimulationError) { try resume() } catch { Output.note("\(error)") }
            }
        }
    }

    private func resume() throws(SimulationError) {
        setSilent(false)
        try bus?.setBusOff(false)
        if case .slcan = settings.link { try bus?.setPlugged(true) }
    }

    private func openLog() throws(SimulationError) {
        guard let path = settings.log else { return }
        log = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard log >= 0 else { throw .system("write '\(path)'") }
    }

    private func record(_ frame: CANFrame) {
        guard log >= 0 else { return }
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let microseconds = Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
        let line = Candump.line(frame, interface: "can0", microseconds: microseconds) + "\n"
        Streams.write(log, Array(line.utf8)[...])
    }
}
