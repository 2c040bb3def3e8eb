import ArgumentParser
import FleetAPI
import FleetStore
import Glibc
import Telemetry

/// `devices`.
struct DevicesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devices", abstract: "Say which gateways may enrol.",
        subcommands: [
            AddDevicesCommand.self, ListDevicesCommand.self, ChangeDeviceCommand.self,
            ApproveDeviceCommand.self, RemoveDeviceCommand.self, DeviceTokenCommand.self,
            LabelCommand.self,
        ])
}

/// How tokens are made and shown.
struct TokenOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The address that gateways enrol at; goes into the QR code.", valueName: "https://…"))
    var fleet: String?

    @Option(
        help: ArgumentHelp("The token expires after so many days, 1 to 365.", valueName: "days"))
    var days = 14

    func validate() throws {
        guard (1...365).contains(days) else {
            throw ValidationError("expected '--days' from 1 to 365, found \(days)")
        }
        if let fleet, !fleet.hasPrefix("https://") {
            throw ValidationError("expected '--fleet' to begin with 'https://', found '\(fleet)'")
        }
    }

    /// A new token for a device, and what the store keeps of it.
    func token(for id: String, now: Int64) -> (text: String, kept: DeviceToken) {
        let text = EnrolmentToken.make()
        let kept = DeviceToken(
            hash: EnrolmentToken.hash(text), device: id, createdMilliseconds: now,
            expiresMilliseconds: now + Int64(days) * 86_400_000)
        return (text, kept)
    }

    /// Prints a token; it is shown this once.
    func show(_ token: (text: String, kept: DeviceToken)) {
        let until = RFC3339.text(unixMilliseconds: token.kept.expiresMilliseconds)
        print("device   \(token.kept.device)")
        print("token    \(token.text)")
        print("expires  \(until)")
        guard let fleet else { return }
        let address = EnrolmentToken.address(
            fleet: fleet, id: token.kept.device, token: token.text)
        print("address  \(address)")
        if QRCode.isTerminal { QRCode.show(address) }
    }
}

/// `devices add`.
struct AddDevicesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a device, or those of a file, and make their tokens.",
        discussion: """
            Tokens are printed this once; only their hashes are kept. With --csv, the first row of \
            the file names its columns (id, label, group, tags, model, region, zone, approve), and what is printed is CSV \
            with a token for each device. A file with a fault adds nothing; all faults are listed.
            """)

    @OptionGroup var store: StoreOptions
    @OptionGroup var tokens: TokenOptions

    @Argument(help: "The gateway's id, 1 to 64 characters 'a…z 0…9 -'.")
    var id: String?

    @Option(help: "What people call it.")
    var label = ""

    @Option(help: "The group whose configuration it gets.")
    var group = ""

    @Option(help: "A word to find it by; may be given several times.")
    var tag: [String] = []

    @Option(help: "The model of the machine.")
    var model = ""

    @Option(help: "The region it stands in.")
    var region = ""

    @Option(help: ArgumentHelp("Its time zone, such as Europe/Berlin.", valueName: "zone"))
    var zone = ""

    @Flag(help: "An operator has to approve its enrolment.")
    var approve = false

    @Option(help: "Add the devices of a CSV file.", completion: .file())
    var csv: String?

    func validate() throws {
        guard (id == nil) != (csv == nil) else {
            throw ValidationError("give either an id or '--csv FILE'")
        }
    }

    func run() throws {
        let now = Moment.now()
        let devices = try readable {
            if let csv { return try DeviceList(WholeFile.read(csv), name: csv, now: now).devices }
            let device = Device(
                id: id ?? "", label: label, group: group, tags: tag, model: model, region: region,
                zone: zone, needsApproval: approve,
                createdMilliseconds: now)
            let faults = DeviceList.faults(device)
            guard faults.isEmpty else { throw DeviceList.Faults(sentences: faults) }
            return [device]
        }
        let made = devices.map { ($0, tokens.token(for: $0.id, now: now)) }
        try withDevices(store) { store in
            let known = try store.addDevices(made.map { ($0.0, $0.1.kept) })
            guard known.isEmpty else {
                for id in known { Output.note("device '\(id)' was added before; nothing is added") }
                throw ExitCode.failure
            }
        }
        guard csv != nil else { return made.forEach { tokens.show($0.1) } }
        print(CSVText.row(["id", "token", "expires", "address"]))
        for (device, token) in made {
            let address = tokens.fleet.map {
                EnrolmentToken.address(fleet: $0, id: device.id, token: token.text)
            }
            let until = RFC3339.text(unixMilliseconds: token.kept.expiresMilliseconds)
            print(CSVText.row([device.id, token.text, until, address ?? ""]))
        }
    }
}

/// `devices token`.
struct DeviceTokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Make a new token for a device; older ones end.")

    @OptionGroup var store: StoreOptions
    @OptionGroup var tokens: TokenOptions
    @Argument(help: "The gateway's id.") var id: String

    func run() throws {
        let token = tokens.token(for: id, now: Moment.now())
        try withDevices(store) { store in
            guard try store.replaceToken(token.kept) else { try fail("there is no device '\(id)'") }
        }
        tokens.show(token)
    }
}

/// `devices approve`.
struct ApproveDeviceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Let a gateway in whose enrolment waits.")

    @OptionGroup var store: StoreOptions
    @Argument(help: "The gateway's id.") var id: String

    @Option(help: "Who decides. (default: the user of this machine)")
    var by: String?

    func run() throws {
        let user = getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) }
        try withDevices(store) { store in
            guard try store.approve(id, by: by ?? user ?? "\(getuid())", at: Moment.now()) else {
                try fail("nothing waits for '\(id)'; 'devices list' shows what does")
            }
        }
        print("approved \(id)")
    }
}

/// `devices remove`.
struct RemoveDeviceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Forget a device: it can neither enrol nor renew.",
        discussion: "Its certificate stays valid until it expires, unless the authority revokes it."
    )

    @OptionGroup var store: StoreOptions
    @Argument(help: "The gateway's id.") var id: String

    func run() throws {
        try withDevices(store) { store in
            guard try store.removeDevice(id) else { try fail("there is no device '\(id)'") }
        }
        print("removed \(id)")
    }
}

/// Unix time in milliseconds by this machine's clock.
enum Moment {
    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

/// Opens the store for a command, with its tables of today; trouble ends it with a sentence.
func withDevices(
    _ options: StoreOptions, _ body: (any DeviceStore) throws -> Void
) throws {
    do {
        let store = try FleetStores.openDevices(options.store)
        try store.migrate()
        try body(store)
    } catch let error as FleetStoreError {
        Output.note("\(error)")
        throw ExitCode(ExitStatus.unreachable)
    }
}

/// Reads what an option names; a fault ends the command with status 3.
func readable<Value>(_ body: () throws -> Value) throws -> Value {
    do {
        return try body()
    } catch {
        Output.note("\(error)")
        throw ExitCode(ExitStatus.configuration)
    }
}

/// Ends a command that did nothing, with a sentence.
func fail(_ words: String) throws -> Never {
    Output.note(words)
    throw ExitCode.failure
}
