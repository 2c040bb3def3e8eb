import Bank
import Foundation
import Modbus
import PackMap
import Quantities
import TestKit
import Testing

@testable import Simulation

/// Simulated packs have serial numbers that their map can say.
@Suite struct SerialStyleTests {
    static let maps: [String] = {
        let files = try? FileManager.default.contentsOfDirectory(
            atPath: Repository.profileSet + "/packs")
        return (files ?? []).filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }
            .sorted()
    }()

    private func serials(_ plan: ReadPlan, _ bank: BankModel) throws -> [String] {
        try bank.packs.map { pack in
            let image = plan.encode(pack.reading, identity: pack.identity)
            var reading = PackReading()
            var identity = PackIdentity()
            for (index, block) in plan.blocks.enumerated() {
                let request = try #require(block.request(to: UnitID(1)))
                _ = plan.decode(
                    block: index, try image.reply(to: request).get(),
                    at: Instant(nanoseconds: 1), into: &reading, identity: &identity)
            }
            return identity.serial.text
        }
    }

    @Test(arguments: maps)
    func `sixteen packs seen through a map have sixteen serial numbers`(name: String) throws {
        let map = try BankFixture.map(name)
        guard map.plan.texts.contains(where: { $0.field == .serial }) else { return }
        for seed in [UInt64(1), 7, 328_101, 900_000] {
            var settings = BankSettings(link: .pty(""), map: map).pack
            settings.stateOfCharge = 0.6
            let bank = BankModel(count: 16, settings: settings, load: .constant(0), seed: seed)
            let found = try serials(map.plan, bank)
            #expect(Set(found).count == 16, "seed \(seed): \(found)")
            #expect(found == bank.packs.map(\.serial), "seed \(seed)")
        }
    }

    @Test(arguments: [
        (SerialStyle.characters(32), "SIM100007P03"), (.characters(12), "SIM100007P03"),
        (.characters(8), "SIM10P03"), (.characters(4), "SP03"), (.characters(2), "03"),
        (.characters(1), "3"), (.digits(10), "1999973"), (.digits(3), "13"), (.digits(1), "3"),
    ])
    func `a serial number keeps what tells packs apart`(style: SerialStyle, serial: String) {
        #expect(style.serial(number: 3, seed: 7) == serial)
    }
}
