import ArgumentParser
import FleetStore

/// `devices set`.
struct ChangeDeviceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Change what is said of a device; what is not given stays as it is.",
        discussion: "An empty text, as in --region \"\", takes back what was said.")

    @OptionGroup var store: StoreOptions
    @Argument(help: "The gateway's id.") var id: String

    @Option(help: "What people call it.")
    var label: String?

    @Option(help: "The group whose configuration it gets.")
    var group: String?

    @Option(help: "A word to find it by, in place of those it has; may be given several times.")
    var tag: [String] = []

    @Flag(help: "Take all tags away.")
    var noTags = false

    @Option(help: "The model of the machine.")
    var model: String?

    @Option(help: "The region it stands in.")
    var region: String?

    @Option(help: ArgumentHelp("Its time zone, such as Europe/Berlin.", valueName: "zone"))
    var zone: String?

    func validate() throws {
        guard tag.isEmpty || !noTags else {
            throw ValidationError("give one of '--tag' and '--no-tags'")
        }
        guard
            [label, group, model, region, zone].contains(where: { $0 != nil }) || noTags
                || !tag.isEmpty
        else { throw ValidationError("give something to change") }
    }

    func run() throws {
        try withDevices(store) { store in
            guard var device = try store.devices().first(where: { $0.id == id }) else {
                try fail("there is no device '\(id)'")
            }
            device.label = label ?? device.label
            device.group = group ?? device.group
            device.model = model ?? device.model
            device.region = region ?? device.region
            device.zone = zone ?? device.zone
            if noTags || !tag.isEmpty { device.tags = tag }
            let faults = DeviceList.faults(device)
            guard faults.isEmpty else {
                Output.note(faults.joined(separator: "\n"))
                throw ExitCode(ExitStatus.configuration)
            }
            guard try store.changeDevice(device) else { try fail("there is no device '\(id)'") }
        }
        print("changed \(id)")
    }
}
