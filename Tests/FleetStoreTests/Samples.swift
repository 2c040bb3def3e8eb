@testable import FleetStore

/// Samples with values from all over their ranges.
enum Samples {
    static func record(_ sequence: Int64, using generator: inout some RandomNumberGenerator)
        -> FleetRecord
    {
        var record = Records().telemetry(sequence)
        if sequence % 5 == 0 {
            record.body = .event(
                EventSample(
                    change: "noticed", level: "information", code: text(&generator),
                    pack: .random(in: 0...16, using: &generator), text: text(&generator)))
        } else {
            let packs = Int32.random(in: 0...3, using: &generator)
            record.body = .telemetry(
                bank(&generator), packs < 1 ? [] : (1...packs).map { pack($0, &generator) })
        }
        return record
    }

    private static func bank(_ generator: inout some RandomNumberGenerator) -> BankSample {
        var bank = BankSample()
        bank.mode = text(&generator)
        bank.packsConfigured = .random(in: 0...16, using: &generator)
        bank.packsOnline = .random(in: 0...16, using: &generator)
        let numbers: [WritableKeyPath<BankSample, Int32?>] = [
            \.millivolts, \.milliamperes, \.watts, \.stateOfCharge, \.stateOfHealth,
            \.temperatureMean, \.temperatureMaximum, \.temperatureMinimum, \.cellMaximum,
            \.cellMinimum, \.chargeVoltage, \.dischargeVoltage, \.chargeCurrent,
            \.dischargeCurrent, \.chargePack, \.chargeCell, \.dischargePack, \.dischargeCell,
        ]
        for path in numbers { bank[keyPath: path] = number(&generator) }
        bank.remaining = number(&generator)
        bank.full = number(&generator)
        let texts: [WritableKeyPath<BankSample, String>] = [
            \.chargeRule, \.dischargeRule, \.warnings, \.protections, \.faults, \.profile,
            \.keepAlive, \.bus,
        ]
        for path in texts { bank[keyPath: path] = text(&generator) }
        bank.framesSent = number(&generator)
        bank.framesReceived = number(&generator)
        return bank
    }

    private static func pack(
        _ number: Int32, _ generator: inout some RandomNumberGenerator
    ) -> PackSample {
        var pack = PackSample(pack: number)
        pack.serial = Bool.random(using: &generator) ? nil : text(&generator)
        pack.status = text(&generator)
        pack.ageMilliseconds = self.number(&generator)
        let numbers: [WritableKeyPath<PackSample, Int32?>] = [
            \.millivolts, \.milliamperes, \.stateOfCharge, \.stateOfHealth, \.remaining, \.full,
            \.cycles, \.mosfetTemperature, \.ambientTemperature,
        ]
        for path in numbers { pack[keyPath: path] = self.number(&generator) }
        pack.cells = shorts(&generator)
        pack.probes = shorts(&generator)
        pack.balancing = .random(in: .min ... .max, using: &generator)
        pack.chargeSwitch = [nil, true, false].randomElement(using: &generator) ?? nil
        pack.dischargeSwitch = [nil, true, false].randomElement(using: &generator) ?? nil
        pack.warnings = text(&generator)
        pack.protections = text(&generator)
        pack.faults = text(&generator)
        return pack
    }

    private static func number<Number: FixedWidthInteger>(
        _ generator: inout some RandomNumberGenerator
    ) -> Number? {
        switch Int.random(in: 0...5, using: &generator) {
        case 0: nil
        case 1: .min
        case 2: .max
        default: .random(in: .min ... .max, using: &generator)
        }
    }

    private static func shorts(_ generator: inout some RandomNumberGenerator) -> [Int16?] {
        // −32768 stands for unknown
        (0..<Int.random(in: 0...20, using: &generator)).map { _ in
            Bool.random(using: &generator) ? nil : .random(in: -32_767...32_767, using: &generator)
        }
    }

    private static func text(_ generator: inout some RandomNumberGenerator) -> String {
        let words = ["", "online", "π ≈ 3", "a\"b\\c", "{1,2}", "tab\tnewline\n", "NULL", "🔋"]
        return words.randomElement(using: &generator) ?? ""
    }
}
