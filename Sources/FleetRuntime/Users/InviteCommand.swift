import ArgumentParser
import FleetAPI
import FleetStore
import Telemetry

/// `users invite`.
struct InviteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invite",
        abstract: "Print a link with which a user chooses a password, for the first time or anew.",
        discussion: """
            The link is good once, for 24 hours, and shown this once; only a hash of its code is kept. The code \
            stands behind '#', where no log sees it. What the user has now goes on until the link is used.
            """)

    /// How long a link is good, ms: a day.
    private static let life: Int64 = 86_400_000

    @OptionGroup var store: StoreOptions
    @OptionGroup var actor: ActorOptions
    @Argument(help: "The user's name.") var name: String

    @Option(help: ArgumentHelp("Where the user finds the app.", valueName: "https://…"))
    var address: String

    func validate() throws { try AppAddress.check(address) }

    func run() throws {
        let (code, author) = (EnrolmentToken.make(), UsersCommand.author(actor))
        let expires = author.milliseconds + Self.life
        try UsersCommand.run(store) { store in
            guard
                try store.invite(
                    name, hash: EnrolmentToken.hash(code), expires: expires, by: author)
            else { try fail("there is no user '\(name)'") }
        }
        print("user     \(name)")
        print("link     \(AppAddress.plain(address))/#first-use=\(code)")
        print("expires  \(RFC3339.text(unixMilliseconds: expires))")
    }
}

/// `devices label`.
struct LabelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "label",
        abstract:
            "Print a code for the label of a gateway; who has it sees the gateway in the app.",
        discussion: """
            The code is good once, until there is another, and shown this once; only its hash is kept. A gateway of \
            no tenant joins that of the owner; one of another tenant stays where it is.
            """)

    @OptionGroup var store: StoreOptions
    @OptionGroup var actor: ActorOptions
    @Argument(help: "The gateway's id.") var id: String

    @Option(
        help: ArgumentHelp(
            "Where the owner finds the app; goes into the QR code.", valueName: "https://…"))
    var address: String?

    func validate() throws {
        guard AddTenantCommand.isID(id) else {
            throw ValidationError(
                "'\(id)' is no id of a gateway, expected 1 to 64 characters 'a…z 0…9 -'")
        }
        if let address { try AppAddress.check(address) }
    }

    func run() throws {
        let code = LabelCode.make()
        try withDevices(store) { store in
            guard try store.devices().contains(where: { $0.id == id }) else {
                try fail("there is no device '\(id)'; 'devices add' adds one")
            }
        }
        try UsersCommand.run(store) { store in
            try store.label(id, hash: LabelCode.hash(code), by: UsersCommand.author(actor))
        }
        print("gateway  \(id)")
        print("code     \(code)")
        guard let address else { return }
        let link = LabelCode.address(AppAddress.plain(address), code)
        print("address  \(link)")
        if QRCode.isTerminal { QRCode.show(link) }
    }
}

/// Where people find the app.
enum AppAddress {
    /// Throws when an address is none, or would send what it carries over the wire as it is.
    static func check(_ address: String) throws {
        let isHere = ["http://127.0.0.1", "http://localhost"].contains {
            address == $0 || address.hasPrefix($0 + ":") || address.hasPrefix($0 + "/")
        }
        let scheme = "https://"
        guard address.hasPrefix(scheme) || isHere, !address.contains("#") else {
            throw ValidationError(
                "expected '--address' to begin with 'https://', found '\(address)'")
        }
        let host = address.dropFirst(scheme.count).prefix { $0 != "/" && $0 != ":" }
        guard isHere || !host.isEmpty, address.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw ValidationError(
                "expected '--address' to be 'https://' and the name of a machine, found '\(address)'"
            )
        }
    }

    /// The address without a slash at its end.
    static func plain(_ address: String) -> String {
        address.hasSuffix("/") ? String(address.dropLast()) : address
    }
}
