import StrictJSON

/// What the fleet tells one gateway: an envelope and the keys it sets.
///
/// `{"schema":1,"version":41,"device":"house-1","issued":"2026-11-24T13:05:00Z","config":{…}}`, where
/// `config` has the keys and the structure of the file on site. The contract is
/// `Schemas/configuration-v1.schema.json`. Members of the envelope that are not known are skipped, so
/// that a newer fleet can say more; keys below `config` that are not known are faults, because a
/// misspelt key must not be silently ignored.
package struct RemoteDocument: Sendable {
    /// The largest document, in bytes.
    package static var mostBytes: Int { 256 << 10 }
    /// The one schema this program reads.
    package static var schema: Int { 1 }
    /// The highest version; every JSON reader holds it exactly.
    package static var highestVersion: Int { 9_007_199_254_740_991 }

    /// Rises with each document for the gateway, from 1.
    package let version: Int
    /// The id of the gateway it is for.
    package let device: String
    /// When the fleet made it, RFC 3339 in UTC.
    package let issued: String
    let config: JSONItem

    /// Judges a document alone, as the fleet does before it takes it; throws every fault.
    ///
    /// What depends on the file of one gateway, such as how many packs it has, is not judged here.
    @discardableResult
    package static func check(
        _ bytes: [UInt8], for device: String? = nil, path: String = "document"
    ) throws(ConfigurationError) -> RemoteDocument {
        let reader = ConfigurationReader()
        let document = RemoteDocument(bytes, for: device, reader: reader)
        if let document {
            let merged = LayerMerge(reader: reader).merge(document.config, over: anySite)
            var root = ConfigurationSection(merged, path: "", reader: reader)
            GatewayConfiguration(&root).checkRemotePaths(document.config, reader)
        }
        guard let document, reader.faults.isEmpty else {
            throw ConfigurationError(path: path, faults: reader.faults)
        }
        return document
    }

    /// The version a document names, whatever else is wrong with it; nil when it cannot be read.
    package static func version(of bytes: [UInt8]) -> Int? {
        guard bytes.count <= mostBytes, let item = try? JSONParser.parse(bytes),
            case .number(let number)? = item.member("version")?.value,
            let version = number.integer.map(Int.init), (1...highestVersion).contains(version)
        else { return nil }
        return version
    }

    /// Reads the envelope and notes every fault in it; nil when there is nothing to read on.
    init?(_ bytes: [UInt8], for device: String?, reader: ConfigurationReader) {
        guard bytes.count <= Self.mostBytes else {
            reader.fault(
                line: 0, "the document has \(bytes.count) bytes, allowed \(Self.mostBytes)")
            return nil
        }
        let faults = FaultList()
        defer { for fault in faults.faults { reader.fault(line: fault.line, fault.message) } }
        guard var envelope = JSONSection(parsing: bytes, faults: faults) else { return nil }
        _ = envelope.requiredInteger("schema", in: Self.schema...Self.schema)
        version = envelope.requiredInteger("version", in: 1...Self.highestVersion) ?? 0
        self.device = envelope.requiredString("device")
        issued = envelope.requiredString("issued")
        if !issued.isEmpty, !Moment.isValid(issued) {
            envelope.fault(
                "issued", "is '\(issued)', expected a moment such as 2026-11-24T13:05:00Z")
        }
        if !self.device.isEmpty, !GatewayConfiguration.isIdentifier(self.device) {
            envelope.fault("device", "is '\(self.device)', allowed 1 to 64 of a…z, 0…9 and -")
        } else if let device, !self.device.isEmpty, self.device != device {
            envelope.fault("device", "is '\(self.device)', expected this gateway, '\(device)'")
        }
        guard let config = envelope.item("config") else {
            envelope.fault("config", "is missing, expected an object")
            return nil
        }
        self.config = config
    }

    /// A file with which no document that is right by itself can be at odds.
    private static var anySite: TOMLTable {
        let text = """
            gateway = "any"
            line = [{device = "/dev/any", map = "any", units = [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]}]
            inverter = {profile = "any", device = "/dev/any"}
            mqtt = {host = "any"}
            fleet = {url = "https://any"}
            """
        return (try? TOMLReader.read(Array(text.utf8))) ?? TOMLTable(line: 1, origin: .header)
    }
}

extension GatewayConfiguration {
    /// The fleet names devices and nothing else in the file system.
    func checkRemotePaths(_ config: JSONItem, _ reader: ConfigurationReader) {
        func check(_ item: JSONItem?, _ name: String) {
            guard let item, case .string(let path) = item.value else { return }
            if path.hasPrefix("/dev/"), !path.contains("..") { return }
            reader.fault(
                line: item.line,
                "'\(name)' is '\(path)', expected a path below /dev/ without '..'")
        }
        check(config.member("inverter")?.member("device"), "inverter.device")
        guard case .array(let lines)? = config.member("line")?.value else { return }
        for (index, line) in lines.enumerated() {
            check(line.member("device"), "line[\(index)].device")
        }
    }
}

/// A moment as documents write it.
enum Moment {
    /// Whether a text is `YYYY-MM-DDThh:mm:ss` with up to nine decimals and `Z`.
    static func isValid(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        let form = Array("0000-00-00T00:00:00".utf8)
        guard bytes.count > form.count, bytes.last == UInt8(ascii: "Z") else { return false }
        for (found, expected) in zip(bytes, form) {
            let isRight = expected == UInt8(ascii: "0") ? isDigit(found) : found == expected
            guard isRight else { return false }
        }
        func pair(_ start: Int) -> Int { Int(bytes[start] - 48) * 10 + Int(bytes[start + 1] - 48) }
        guard (1...12).contains(pair(5)), (1...31).contains(pair(8)), pair(11) < 24, pair(14) < 60,
            pair(17) < 60
        else { return false }
        let fraction = bytes[form.count..<(bytes.count - 1)]
        if fraction.isEmpty { return true }
        return fraction.first == UInt8(ascii: ".") && (2...10).contains(fraction.count)
            && fraction.dropFirst().allSatisfy(isDigit)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
}
