import Bank
import Modbus
import PackMap
import Quantities
import TestKit
import Testing

@testable import GatewayRuntime

/// Every shipped map from the wire to the board: what is read, what is lost, what comes back.
///
/// Rule 7: one silent pack costs nobody but itself. Rule 4: a protection of any pack arrives. What
/// is impossible or damaged is never taken.
@Suite struct MapMatrixTests {
    @Test func `the matrix has every map of the set`() {
        #expect(MapRig.maps.count >= 31 && MapRig.maps.contains("pace-v1.3"))
    }

    @Test(arguments: MapRig.maps)
    func `packs of a map are read, lost and found again`(name: String) async throws {
        let trial = try MapTrial(name)
        try await trial.reads()
        try await trial.reportsProtections()
        try await trial.dropsZeros()
        try await trial.standsRefusals()
        try await trial.losesSilentPack()
        try await trial.dropsDamage()
    }
}

/// The steps of one map's trial; each leaves all packs answering.
struct MapTrial {
    private let rig: MapRig
    private let name: String
    /// The pack that gets into trouble, and the one that must not notice.
    private let troubled: Int
    private let other: Int?

    init(_ name: String) throws {
        self.name = name
        rig = try MapRig(name)
        troubled = rig.packs
        other = rig.packs > 1 ? 1 : nil
    }

    /// Waits until the board has of every pack what it is.
    private func agrees(_ when: String) async throws {
        var differences: [String] = []
        let isReached = try await rig.reaches {
            differences = []
            for pack in 1...rig.packs {
                let slot = rig.slot(pack)
                if !slot.isComplete { differences.append("pack \(pack) is not complete") }
                if slot.isImplausible { differences.append("pack \(pack) is implausible") }
                differences += try rig.truth(pack).differences(slot, rig.map).map {
                    "pack \(pack): \($0)"
                }
            }
            return differences.isEmpty
        }
        #expect(isReached, "\(name) \(when): \(differences)")
    }

    func reads() async throws {
        for (amperes, sign) in [(20 * rig.packs, Int32(1)), (-20 * rig.packs, -1)] {
            try rig.tell("load \(amperes)")
            let flows = try await rig.reaches {
                (1...rig.packs).allSatisfy { pack in
                    (rig.slot(pack).reading[.current] ?? 0) * sign > 5_000
                }
            }
            #expect(flows, "\(name): \(amperes) A")
            try await agrees("at \(amperes) A")
        }
        for pack in 1...rig.packs {
            #expect(!rig.slot(pack).findings.contains(.duplicateSerialNumber), "\(name)")
        }
    }

    /// Rule 4: what a pack has acted on is on the board.
    func reportsProtections() async throws {
        let known = rig.map.plan.rules.compactMap { rule -> AlarmKind? in
            if case .protection(let kind) = rule.meaning { kind } else { nil }
        }
        for kind in Set(known).sorted(by: { $0.rawValue < $1.rawValue }).prefix(3) {
            try rig.tell("\(troubled) protection \(kind.code)")
            let isSeen = try await rig.reaches {
                rig.slot(troubled).reading.protections.contains(kind)
            }
            #expect(isSeen, "\(name): \(kind)")
            if let other { #expect(!rig.slot(other).reading.protections.contains(kind)) }
            try rig.tell("clear \(troubled)")
            let isGone = try await rig.reaches {
                !rig.slot(troubled).reading.protections.contains(kind)
            }
            #expect(isGone, "\(name): \(kind) stays")
        }
    }

    /// What an inverter is told; a temperature or a counter of zero harms nobody.
    private static let needed: [PackSignal] = [
        .voltage, .current, .stateOfCharge, .remainingCapacity, .fullCapacity, .designCapacity,
        .chargeVoltageLimit, .dischargeVoltageLimit, .chargeCurrentLimit, .dischargeCurrentLimit,
        .cellVoltageMean, .cellVoltageMaximum, .cellVoltageMinimum,
    ]

    /// What is all zero is no battery: nothing of it is taken.
    func dropsZeros() async throws {
        let before = rig.slot(troubled)
        try rig.tell("\(troubled) zero")
        let isNoticed = try await rig.reaches { rig.slot(troubled).isImplausible }
        #expect(isNoticed, "\(name): zeros")
        try await growsOld("zeros")
        let during = rig.slot(troubled)
        for signal in Self.needed where (before.reading[signal] ?? 0) != 0 {
            #expect((during.reading[signal] ?? 0) != 0, "\(name): \(signal) of zeros")
        }
        #expect(during.reading.cellCount == before.reading.cellCount, "\(name)")
        #expect(during.serialNumber == before.serialNumber, "\(name)")
        try rig.tell("clear \(troubled)")
        try await agrees("after zeros")
    }

    /// A pack that refuses is there, but its values grow old.
    func standsRefusals() async throws {
        try rig.tell("\(troubled) exception 2")
        let refused = rig.unit(troubled).statistics.exceptions
        let isNoticed = try await rig.reaches {
            rig.unit(troubled).statistics.exceptions >= refused + 3
        }
        #expect(isNoticed && rig.unit(troubled).state == .answering, "\(name): refusals")
        #expect(rig.unit(troubled).trouble.contains("illegal data address"), "\(name)")
        try await growsOld("refusals")
        try rig.tell("clear \(troubled)")
        try await agrees("after refusals")
        try await answersAgain("refusals")
    }

    /// Rule 7: one silent pack is asked rarely, and is known anew when it is back.
    func losesSilentPack() async throws {
        try rig.tell("\(troubled) silent")
        let isLost = try await rig.reaches { rig.unit(troubled).state == .backedOff }
        #expect(isLost, "\(name): silence")
        let timeouts = rig.unit(troubled).statistics.timeouts
        let began = ContinuousClock.now
        try await growsOld("silence")
        // it is asked at most each 2 s, and a busy machine takes its time
        let asked = 2 + (ContinuousClock.now - began).components.seconds / 2
        let most = timeouts + UInt64(asked) * (1 + UInt64(rig.map.plan.wakePauses.count))
        #expect(rig.unit(troubled).statistics.timeouts <= most, "\(name): asked too often")
        // Another pack in its place; where the serial number comes with the fast values it is told
        // when it is news, else the board has forgotten it and must be told again.
        if rig.tellsSerialInEveryCycle {
            if let other { try rig.tell("swap \(other) \(troubled)") }
        } else {
            rig.board.update(troubled - 1) { $0.serialNumber = SerialNumber() }
        }
        try rig.tell("clear \(troubled)")
        try await answersAgain("silence")
        try await agrees("after silence")
        #expect(rig.unit(troubled).state == .answering, "\(name)")
    }

    /// Damaged answers and those of a stranger are not taken.
    func dropsDamage() async throws {
        try rig.tell("\(troubled) crc")
        let isDamaged = try await rig.reaches {
            rig.unit(troubled).statistics.checkFailures > 1
        }
        #expect(isDamaged, "\(name): damage")
        try await growsOld("damage")
        try rig.tell("clear \(troubled)")
        try rig.tell("\(troubled) wrong-unit 250")
        let isStrange = try await rig.reaches { rig.unit(troubled).statistics.wrongUnits > 0 }
        #expect(isStrange, "\(name): a stranger")
        try await growsOld("a stranger")
        try rig.tell("clear \(troubled)")
        try await answersAgain("damage")
        try await agrees("after damage")
    }

    /// The troubled pack's values stay what and when they were, while the other's are read on.
    private func growsOld(_ when: String) async throws {
        let stamp = rig.slot(troubled).answeredAt
        try await othersGoOn(when)
        #expect(rig.slot(troubled).answeredAt == stamp, "\(name): taken during \(when)")
    }

    private func othersGoOn(_ when: String) async throws {
        guard let other else { return try await Task.sleep(for: .milliseconds(400)) }
        var seen = Set<Int64>()
        let goesOn = try await rig.reaches {
            seen.insert(rig.slot(other).answeredAt.nanoseconds)
            return seen.count > 5
        }
        #expect(goesOn && !rig.slot(other).isImplausible, "\(name): the other during \(when)")
    }

    private func answersAgain(_ when: String) async throws {
        let stamp = rig.slot(troubled).answeredAt
        let isBack = try await rig.reaches { rig.slot(troubled).answeredAt > stamp }
        #expect(isBack, "\(name): not back after \(when)")
    }
}
