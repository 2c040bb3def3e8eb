import ArgumentParser
import FleetStore
import Telemetry

/// `devices list`.
struct ListDevicesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Print the devices, when their certificates end, and what waits for approval.")

    @OptionGroup var store: StoreOptions

    @Flag(help: "Print one line of JSON a device.")
    var json = false

    /// A device, or a gateway that waits and is none yet.
    private struct Line {
        let id: String
        let device: Device?
        let certificate: EnrolledCertificate?
        let pending: PendingEnrolment?

        /// `waiting`, `approved`, `enrolled`, `expired` or `new`.
        func state(_ now: Int64) -> String {
            if let pending { return pending.decidedBy == nil ? "waiting" : "approved" }
            guard let certificate else { return "new" }
            return certificate.notAfterMilliseconds > now ? "enrolled" : "expired"
        }
    }

    func run() throws {
        let now = Moment.now()
        try withDevices(store) { store in
            let lines = try Self.lines(store)
            if lines.isEmpty { Output.note("there are no devices yet; add one with 'devices add'") }
            if !json, !lines.isEmpty {
                print(
                    "DEVICE                GROUP             STATE     UNTIL                     LABEL"
                )
            }
            for line in lines { print(json ? Self.json(line, now) : Self.row(line, now)) }
        }
    }

    private static func lines(_ store: any DeviceStore) throws -> [Line] {
        let devices = try store.devices()
        let pending = Dictionary(
            try store.pendingEnrolments().map { ($0.device, $0) }, uniquingKeysWith: { $1 })
        let known = Set(devices.map(\.id))
        let strangers = pending.keys.filter { !known.contains($0) }
        let ids = (devices.map(\.id) + strangers).sorted()
        let byID = Dictionary(devices.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
        return try ids.map { id in
            Line(
                id: id, device: byID[id], certificate: try store.certificates(of: id).first,
                pending: pending[id])
        }
    }

    private static func row(_ line: Line, _ now: Int64) -> String {
        let until = line.certificate.map {
            RFC3339.text(unixMilliseconds: $0.notAfterMilliseconds)
        }
        return [
            pad(line.id, 20), pad(line.device?.group ?? "–", 16), pad(line.state(now), 8),
            pad(until ?? "–", 24), line.device?.label ?? "(not added)",
        ].joined(separator: "  ")
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func json(_ line: Line, _ now: Int64) -> String {
        var writer = JSONWriter()
        writer.object { writer in
            writer.name("device")
            writer.string(line.id)
            writer.name("state")
            writer.string(line.state(now))
            writer.name("known")
            writer.bool(line.device != nil)
            writer.name("label")
            writer.string(line.device?.label ?? "")
            writer.name("group")
            writer.string(line.device?.group ?? "")
            writer.name("tags")
            writer.array { writer in
                for tag in line.device?.tags ?? [] { writer.string(tag) }
            }
            writer.name("model")
            writer.string(line.device?.model ?? "")
            writer.name("region")
            writer.string(line.device?.region ?? "")
            writer.name("zone")
            writer.string(line.device?.zone ?? "")
            writer.name("needs_approval")
            writer.bool(line.device?.needsApproval ?? true)
            writer.moment("created", unixMilliseconds: line.device?.createdMilliseconds)
            writer.moment(
                "certificate_until", unixMilliseconds: line.certificate?.notAfterMilliseconds)
            writer.moment("waiting_since", unixMilliseconds: line.pending?.firstMilliseconds)
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
