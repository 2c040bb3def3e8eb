import CANBus
import CANProfile
import CANTransport
import Glibc
import Quantities

/// Where an inverter is looked for.
enum BusPlace: Sendable, CustomStringConvertible {
    /// A CAN interface of the kernel; its bit rate is set by the system.
    case socketCAN(String)
    /// A serial CAN adapter.
    case slcan(String)

    var description: String {
        switch self {
        case .socketCAN(let interface): interface
        case .slcan(let device): device
        }
    }
}

/// What was found on one bus.
struct BusFinding: Sendable {
    var place: BusPlace
    /// Bits per second; nil where the system sets it, or when nothing was heard.
    var bitRate: Int?
    var traffic = BusTraffic()
    var fits: [ProfileFit] = []
    /// Protocols that are none of ours, with what to do.
    var foreign: [String] = []
    /// What went wrong, in words; empty when there is nothing to say.
    var trouble = ""

    /// Whether a battery or another gateway speaks already.
    var hasBattery: Bool { (fits.first?.fromBattery ?? 0) > 0 }
}

/// Listens on buses and compares what it hears with the profiles; sends nothing.
final class BusScanner {
    private let profiles: [CANProfile]
    private let foreign: ForeignFrames
    private let seconds: Double
    private let progress: (String) -> Void

    init(
        profiles: [CANProfile], foreign: ForeignFrames, seconds: Double,
        progress: @escaping (String) -> Void
    ) {
        self.profiles = profiles
        self.foreign = foreign
        self.seconds = seconds
        self.progress = progress
    }

    /// Listens at the rates of the profiles, the commonest first, until something is heard.
    func scan(_ place: BusPlace) -> BusFinding {
        var finding = BusFinding(place: place)
        switch place {
        case .socketCAN(let interface):
            progress("\(interface): listening")
            do {
                listen(try SocketCANBus(interface: interface), into: &finding)
            } catch { finding.trouble = error.description }
        case .slcan(let device):
            for rate in rates {
                progress("\(device): listening at \(rate / 1000) kbit/s")
                do {
                    let bus = try SLCANBus(device: device, bitRate: rate, listensOnly: true)
                    listen(bus, into: &finding)
                } catch { finding.trouble = error.description }
                guard finding.traffic.frames.isEmpty else {
                    finding.bitRate = rate
                    break
                }
                if !finding.trouble.isEmpty { break }
            }
        }
        judge(&finding)
        return finding
    }

    private var rates: [Int] {
        var rates = [500_000]
        let known = profiles.flatMap { [$0.bitRate] + $0.otherBitRates }
        for rate in known where !rates.contains(rate) { rates.append(rate) }
        return rates
    }

    private func listen(_ bus: any Bus, into finding: inout BusFinding) {
        let deadline = MachineClock.now() + TimeSpan(nanoseconds: Int64(seconds * 1e9))
        bus.attend(at: MachineClock.now().nanoseconds)
        while MachineClock.now() < deadline {
            var polls = [bus.pollRequest]
            let attention = Instant(nanoseconds: bus.nextAttention)
            Poll.wait(&polls, until: min(attention, deadline))
            let now = MachineClock.now()
            _ = bus.receive(at: now.nanoseconds) { finding.traffic.take($0, at: now.nanoseconds) }
            bus.attend(at: now.nanoseconds)
        }
        if finding.traffic.frames.isEmpty {
            finding.trouble = bus.problem?.description ?? ""
            if finding.trouble.isEmpty, bus.state == .removed || bus.state == .down {
                finding.trouble = "'\(bus.name)' is down; switch the interface on"
            }
        }
        bus.close()
    }

    private func judge(_ finding: inout BusFinding) {
        finding.fits = ProfileFit.rank(profiles, finding.traffic)
        // What the best profile knows is not foreign, whatever else uses that identifier.
        let best = finding.fits.first.flatMap { fit in profiles.first { $0.id == fit.profile } }
        for heard in finding.traffic.sorted where best?.message(for: heard.last) == nil {
            guard let index = foreign.match(heard.last) else { continue }
            let sentence = foreign.entries[index].sentence()
            if !finding.foreign.contains(sentence) { finding.foreign.append(sentence) }
        }
        if finding.traffic.frames.isEmpty, finding.trouble.isEmpty {
            finding.trouble =
                "nothing was heard; many inverters speak only after a battery does, so this says "
                + "little: check wiring, termination and bit rate, and choose the profile by hand"
        }
    }
}
