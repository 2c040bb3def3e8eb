import TestKit

@testable import Rollouts

/// Gateways that live in virtual time and take what they are assigned, each in its own way.
final class PlayedGateways {
    /// What a gateway makes of the set that is rolled out.
    enum Manner: String, CaseIterable {
        /// Installs it and works.
        case good
        /// Never says a word, and measures nothing.
        case silent
        /// Measures, and never gets the assignment.
        case deaf
        /// Says that it cannot install it.
        case failing
        /// Installs it and goes back by itself.
        case reverting
        /// Says by turns that it is good and that it went back.
        case flapping
        /// Says that it is good while its frames have stopped.
        case lying
        /// Says that it is good and is never heard again.
        case dying
        /// Says that it is good while packs or the inverter are lost, or an alarm is up.
        case packless, deafInverter, alarming
    }

    private struct Gateway {
        var manner: Manner
        var reports: [ReceivedReport] = []
        /// The highest counter it has taken.
        var release: Int64 = 0
        /// When the set stopped its frames, broke its bank, or ended all measuring.
        var stopped: Int64?, broken: Int64?, dead: Int64?
    }

    /// Milliseconds from one measurement to the next.
    static let interval: Int64 = 60_000

    let ids: [String]
    private let begin: Int64
    private var gateways: [String: Gateway] = [:]
    private var generator: SeededGenerator

    init(_ manners: [(Manner, Int)], seed: UInt64, at begin: Int64) {
        generator = SeededGenerator(seed: seed)
        self.begin = begin
        let all = manners.flatMap { manner, count in Array(repeating: manner, count: count) }
            .shuffled(using: &generator)
        ids = all.indices.map { "gw-\($0)" }
        for (id, manner) in zip(ids, all) { gateways[id] = Gateway(manner: manner) }
    }

    func manner(_ gateway: String) -> Manner? { gateways[gateway]?.manner }

    /// What a gateway has said until a time.
    func reports(of gateway: String, until now: Int64) -> [ReceivedReport] {
        gateways[gateway]?.reports.filter { $0.timeMilliseconds <= now } ?? []
    }

    /// The newest measurement of a gateway at a time.
    func bank(of id: String, at time: Int64) -> BankView? {
        guard let gateway = gateways[id], gateway.manner != .silent else { return nil }
        let newest = min(time, gateway.dead ?? .max) / Self.interval * Self.interval
        let frames = (min(newest, gateway.stopped ?? .max) - begin) / 100 + 1_000
        var bank = BankView(
            timeMilliseconds: newest, packsOnline: 4, keepAlive: "present", bus: "active",
            framesSent: frames)
        guard let broken = gateway.broken, newest >= broken else { return bank }
        switch gateway.manner {
        case .packless: bank.packsOnline = 3
        case .deafInverter: bank.keepAlive = "silent"
        case .alarming: bank.alarms = ["cell_overvoltage"]
        default: break
        }
        return bank
    }

    /// A gateway gets an assignment, which is of the new set or of one before, and will act on it; one
    /// that it has taken before changes nothing.
    func take(_ assignment: HandedAssignment, isNew: Bool, of rollout: String, at now: Int64) {
        guard var gateway = gateways[assignment.gateway], assignment.document != nil,
            assignment.release > gateway.release
        else { return }
        gateway.release = assignment.release
        let at = now + Int64.random(in: 10_000...1_800_000, using: &generator)
        func report(_ kind: ReceivedReport.Kind, _ minutes: Int64, _ reason: String = "") {
            gateway.reports.append(
                ReceivedReport(
                    gateway: assignment.gateway, kind: kind, rollout: rollout,
                    release: assignment.release, reason: reason,
                    timeMilliseconds: at + minutes * 60_000))
        }
        defer { gateways[assignment.gateway] = gateway }
        guard gateway.manner != .silent, gateway.manner != .deaf || !isNew else { return }
        report(.delivered, 0)
        guard isNew else {
            (gateway.stopped, gateway.broken, gateway.dead) = (nil, nil, nil)
            report(.applied, 1)
            report(.good, 11)
            return
        }
        switch gateway.manner {
        case .failing: return report(.failed, 1, "vector 'full' does not pass")
        case .reverting:
            report(.applied, 1)
            return report(.reverted, 4, "the inverter fell silent")
        case .flapping:
            for round in 0..<4 {
                report(.good, Int64(11 + round * 20))
                report(.reverted, Int64(21 + round * 20), "two packs fell silent")
            }
            return
        case .lying: gateway.stopped = at + 60_000
        case .dying: gateway.dead = at + 12 * 60_000
        case .packless, .deafInverter, .alarming: gateway.broken = at + 60_000
        case .good, .silent, .deaf: break
        }
        report(.applied, 1)
        report(.good, 11)
    }
}
