import Bank
import StrictJSON

/// A bank state written by hand, for `encode --state FILE`.
///
/// `{"values": {"voltage": 52.1, "charge_enabled": 1}, "warnings": ["cell_overvoltage"],
/// "protections": [], "faults": []}`; values in V, A, %, Ah, °C under the names of ``BankValue``.
package enum BankStateDocument {
    /// Reads the values; what is not given stays unknown.
    package static func load(
        _ bytes: [UInt8], name: String
    ) throws(CANProfileError) -> BankValues {
        let item: JSONItem
        do {
            item = try JSONParser.parse(bytes)
        } catch {
            throw CANProfileError(name: name, faults: [error.description])
        }
        let faults = FaultList()
        var root = JSONSection(item, path: "", faults: faults)
        var values = BankValues()
        if var section = root.section("values") {
            for key in section.names() {
                guard let value = BankValue.named(key) else {
                    let known = BankValue.allCases.map(\.name).joined(separator: ", ")
                    section.fault(key, "is no bank value, allowed \(known)")
                    continue
                }
                guard let number = section.number(key) else { continue }
                guard let units = number.scaled(by: value.decimals), abs(units) < 1 << 31 else {
                    section.fault(key, "is finer than 10^-\(value.decimals) or too large")
                    continue
                }
                values[value] = Int32(units)
            }
        }
        values.warnings = alarms("warnings", &root)
        values.protections = alarms("protections", &root)
        values.faults = alarms("faults", &root)
        root.finish()
        guard faults.faults.isEmpty else {
            throw CANProfileError(name: name, faults: faults.faults.map(\.description))
        }
        return values
    }

    private static func alarms(_ key: String, _ root: inout JSONSection) -> AlarmSet {
        var set = AlarmSet()
        for code in root.strings(key) {
            if let kind = AlarmKind.allCases.first(where: { $0.code == code }) {
                set.insert(kind)
            } else {
                root.fault(key, "contains '\(code)', which is no alarm")
            }
        }
        return set
    }
}
