import EST
import FleetRuntime
import FleetStore

extension FuzzTarget {
    /// A file of devices; what gets through has ids that no two share.
    func takeDevices(_ bytes: [UInt8]) {
        guard let list = try? DeviceList(bytes, name: "fuzz", now: 0) else { return }
        precondition(!list.devices.isEmpty)
        precondition(list.devices.allSatisfy { GatewayName.isValid($0.id) })
        precondition(Set(list.devices.map(\.id)).count == list.devices.count)
    }
}
