import Bank
import Quantities

/// A bank of healthy packs for the suites of the safety rules, with a clock of its own.
struct BankFixture {
    var packs: PackTable
    var controller: BankController
    var now = Instant(nanoseconds: 1_000_000_000)

    init(count: Int = 4, configure: (inout BankConfiguration) -> Void = { _ in }) {
        packs = PackTable(count: count)
        var configuration = BankConfiguration()
        for position in 0..<16 {
            configuration.packs[position].chargeCurrent = .milliamperes(50_000)
            configuration.packs[position].dischargeCurrent = .milliamperes(100_000)
        }
        configuration.startWait = .seconds(30)
        configure(&configuration)
        controller = BankController(configuration: configuration)
        for position in 0..<count { answer(position) }
    }

    /// The pack answers now with healthy values.
    mutating func answer(_ position: Int, change: (inout PackReading) -> Void = { _ in }) {
        var reading = PackReading()
        reading.set(.voltage, to: 52_000 + Int32(position) * 10, at: now)
        reading.set(.current, to: 1000, at: now)
        reading.set(.stateOfCharge, to: 5000, at: now)
        reading.set(.stateOfHealth, to: 9900, at: now)
        reading.set(.fullCapacity, to: 100_000, at: now)
        reading.set(.remainingCapacity, to: 50_000, at: now)
        for cell in 0..<16 { reading.setCell(cell, millivolts: 3300) }
        for probe in 0..<4 { reading.setProbe(probe, decidegrees: 250) }
        reading.cellsStamp = now
        reading.probesStamp = now
        reading.flagsStamp = now
        change(&reading)
        packs[position].reading = reading
        packs[position].answeredAt = now
        packs[position].isComplete = true
    }

    /// Lets time pass; every pack but those named answers at the end of each second.
    mutating func pass(_ seconds: Int64, silent: Set<Int> = []) -> BankState {
        var state = evaluate()
        for _ in 0..<seconds {
            now = now + .seconds(1)
            for position in 0..<packs.count where !silent.contains(position) {
                let before = packs[position].reading
                answer(position)
                packs[position].reading.protections = before.protections
                packs[position].reading.warnings = before.warnings
                packs[position].reading.faults = before.faults
            }
            state = evaluate()
        }
        return state
    }

    mutating func evaluate(inverterSilent: Bool = false) -> BankState {
        controller.evaluate(packs, now: now, inverterSilent: inverterSilent)
    }
}
