import Bank
import StrictJSON

/// A bank state written by hand, for `encode --state FILE` and for vectors.
///
/// `{"values": {"voltage": 52.1, "charge_enabled": 1}, "warnings": ["cell_overvoltage"],
/// "protections": [], "faults": [], "serial": "AB12", "gateway": "home", "packs": [{"values":
/// {"pack_voltage": 52.1}, "serial": "AB12"}]}`; values in V, A, %, Ah, °C, W under the names of
/// ``BankValue``. A pack that is listed is online and has its place as its number, and the number of
/// packs is that of the list, unless the values say otherwise.
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
        return try load(item, name: name)
    }

    /// Reads the values of a part of a document.
    package static func load(_ item: JSONItem, name: String) throws(CANProfileError) -> BankValues {
        let faults = FaultList()
        var root = JSONSection(item, path: "", faults: faults)
        let values = read(&root)
        root.finish()
        guard faults.faults.isEmpty else {
            throw CANProfileError(name: name, faults: faults.faults.map(\.description))
        }
        return values
    }

    private static func read(_ root: inout JSONSection) -> BankValues {
        var values = BankValues()
        let packs = root.sections("packs")
        if packs.count > PackTable.maximumPacks {
            root.fault("packs", "has \(packs.count) packs, allowed \(PackTable.maximumPacks)")
        }
        if !packs.isEmpty {
            values[.packsConfigured] = Int32(clamping: packs.count)
        }
        if var section = root.section("values") {
            readValues(&section, ofPacks: false) { values[$0] = $1 }
        }
        values.warnings = alarms("warnings", &root)
        values.protections = alarms("protections", &root)
        values.faults = alarms("faults", &root)
        if let text = text("serial", &root) { values.serial = text }
        if let text = text("gateway", &root) { values.gateway = text }
        for (position, pack) in packs.prefix(PackTable.maximumPacks).enumerated() {
            readPack(pack, position, &values)
        }
        return values
    }

    private static func readPack(
        _ section: JSONSection, _ position: Int, _ values: inout BankValues
    ) {
        var section = section
        values[.packNumber, pack: position] = Int32(position + 1)
        values[.packOnline, pack: position] = 1
        if var numbers = section.section("values") {
            readValues(&numbers, ofPacks: true) { values[$0, pack: position] = $1 }
        }
        let warnings = alarms("warnings", &section)
        let protections = alarms("protections", &section)
        let faults = alarms("faults", &section)
        values.setAlarms(
            pack: position, warnings: warnings, protections: protections, faults: faults)
        if let serial = text("serial", &section) {
            values.setPackSerial(position, to: serial)
            if !values.serial.isKnown { values.serial = serial }
        }
        section.finish()
    }

    private static func readValues(
        _ section: inout JSONSection, ofPacks: Bool, _ set: (BankValue, Int32) -> Void
    ) {
        for key in section.names() {
            guard let value = BankValue.named(key), value.isOfPack == ofPacks else {
                let known = BankValue.allCases.filter { $0.isOfPack == ofPacks }.map(\.name)
                let owner = ofPacks ? "pack" : "bank"
                section.fault(
                    key, "is no \(owner) value, allowed \(known.joined(separator: ", "))")
                continue
            }
            guard let number = section.number(key) else { continue }
            guard let units = number.scaled(by: value.decimals), units.magnitude < 1 << 31 else {
                section.fault(key, "is finer than 10^-\(value.decimals) or too large")
                continue
            }
            set(value, Int32(units))
        }
    }

    private static func text(_ key: String, _ section: inout JSONSection) -> SerialNumber? {
        guard let text = section.string(key) else { return nil }
        let serial = SerialNumber(text: text)
        if text.utf8.count > 32 || !text.utf8.allSatisfy({ (0x20..<0x7F).contains($0) }) {
            section.fault(key, "is '\(text)', allowed up to 32 ASCII characters")
        }
        return serial
    }

    private static func alarms(_ key: String, _ section: inout JSONSection) -> AlarmSet {
        var set = AlarmSet()
        for code in section.strings(key) {
            if let kind = AlarmKind.allCases.first(where: { $0.code == code }) {
                set.insert(kind)
            } else {
                section.fault(key, "contains '\(code)', which is no alarm")
            }
        }
        return set
    }
}
