import EST
import FleetStore
import Rollouts

/// A file that names devices to add.
///
/// Its first row names the columns: `id`, and any of `label`, `group`, `tags` (words with spaces or
/// semicolons between), `model`, `region`, `zone` (an IANA name) and `approve` (`yes` or `no`).
package struct DeviceList {
    /// All that is wrong with a file, one sentence each.
    package struct Faults: Error, CustomStringConvertible {
        package let sentences: [String]
        package var description: String { sentences.joined(separator: "\n") }
    }

    private static let columns = [
        "id", "label", "group", "tags", "model", "region", "zone", "approve",
    ]
    package private(set) var devices: [Device] = []

    /// Reads it whole; throws with all faults, each with its line.
    ///
    /// `name` is what the sentences call the file; `now` is Unix time in milliseconds.
    package init(_ bytes: [UInt8], name: String, now: Int64) throws(Faults) {
        let rows: [CSVText.Row]
        do {
            rows = try CSVText.rows(bytes)
        } catch {
            throw Faults(sentences: ["\(name): line \(error.line): \(error.words)"])
        }
        let titles = rows.first?.fields ?? []
        guard titles.contains("id"), Set(titles).count == titles.count,
            titles.allSatisfy(Self.columns.contains)
        else {
            let expected = Self.columns.joined(separator: ", ")
            throw Faults(sentences: [
                "\(name): line 1: expected columns 'id' and any of '\(expected)', found "
                    + "'\(titles.joined(separator: ", "))'"
            ])
        }
        var faults: [String] = []
        var lines: [String: Int] = [:]
        for row in rows.dropFirst() {
            guard row.fields.count == titles.count else {
                faults.append(
                    "\(name): line \(row.line): expected \(titles.count) fields, found "
                        + "\(row.fields.count)")
                continue
            }
            let fields = Dictionary(zip(titles, row.fields)) { first, _ in first }
            let (device, words) = Self.device(fields, now: now)
            faults += words.map { "\(name): line \(row.line): \($0)" }
            if let earlier = lines[device.id] {
                faults.append(
                    "\(name): line \(row.line): '\(device.id)' stands in line \(earlier) already")
            }
            lines[device.id] = lines[device.id] ?? row.line
            devices.append(device)
        }
        if rows.count < 2 { faults.append("\(name): expected at least one device, found none") }
        guard faults.isEmpty else { throw Faults(sentences: faults) }
    }

    private static func device(
        _ fields: [String: String], now: Int64
    ) -> (device: Device, faults: [String]) {
        var device = Device(
            id: fields["id"] ?? "", label: fields["label"] ?? "", group: fields["group"] ?? "",
            model: fields["model"] ?? "", region: fields["region"] ?? "",
            zone: fields["zone"] ?? "", createdMilliseconds: now)
        device.tags = (fields["tags"] ?? "").split { " ;".contains($0) }.map(String.init)
        var words = faults(device)
        switch fields["approve"] ?? "no" {
        case "yes": device.needsApproval = true
        case "no", "": device.needsApproval = false
        case let other: words.append("expected 'approve' to be 'yes' or 'no', found '\(other)'")
        }
        return (device, words)
    }

    /// What is wrong with a device.
    static func faults(_ device: Device) -> [String] {
        var faults: [String] = []
        if !GatewayName.isValid(device.id) {
            faults.append(
                "expected an id of 1 to 64 characters 'a…z 0…9 -', found '\(device.id)'")
        }
        if device.label.utf8.count > 200 { faults.append("the label is longer than 200 bytes") }
        if !device.group.isEmpty, !GatewayName.isValid(device.group) {
            faults.append(
                "expected a group of 1 to 64 characters 'a…z 0…9 -', found '\(device.group)'")
        }
        for (name, text) in [("model", device.model), ("region", device.region)]
        where text.utf8.count > 64 {
            faults.append("the \(name) is longer than 64 bytes")
        }
        if !device.zone.isEmpty, !ZoneClock.system.knows(device.zone) {
            faults.append(
                "expected a time zone, \(ZoneClock.expected), found '\(device.zone)'")
        }
        for tag in device.tags where tag.contains(",") || tag.utf8.count > 64 {
            faults.append("expected a tag of at most 64 bytes without comma, found '\(tag)'")
        }
        return faults
    }
}
