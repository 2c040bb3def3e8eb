import ArgumentParser
import EST
import FleetAPI
import FleetStore
import Telemetry

/// `makers`.
struct MakersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "makers",
        abstract: "Say whose factory certificates open the door to enrolment.",
        subcommands: [AddMakerCommand.self, ListMakersCommand.self, RemoveMakerCommand.self])
}

/// `makers add`.
struct AddMakerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Register the authority that signs a maker's gateways.",
        discussion: """
            The file holds the certificate of the authority that signs factory certificates itself, \
            in PEM; those above it may follow. It counts from the next request on.
            """)

    @OptionGroup var store: StoreOptions
    @Argument(help: "The authority's certificate, PEM.", completion: .file()) var file: String

    @Option(help: "What to call it, 1 to 64 characters 'a…z 0…9 -'.")
    var name: String

    func run() throws {
        let pem = try readable {
            let pem = String(decoding: try WholeFile.read(file), as: UTF8.self)
            if let fault = MakerFile.fault(pem) {
                throw FileTrouble(description: "'\(file)': \(fault)")
            }
            guard GatewayName.isValid(name) else {
                throw FileTrouble(
                    description:
                        "expected a name of 1 to 64 characters 'a…z 0…9 -', found '\(name)'")
            }
            return pem
        }
        let maker = MakerAuthority(
            name: name, certificate: pem, addedMilliseconds: Moment.now())
        try withDevices(store) { store in
            guard try store.addMaker(maker) else {
                try fail("there is a maker '\(name)' already, or one with this certificate")
            }
        }
        print("added \(name)")
    }
}

/// `makers list`.
struct ListMakersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Print the registered makers.")

    @OptionGroup var store: StoreOptions

    func run() throws {
        try withDevices(store) { store in
            for maker in try store.makers() {
                print(RFC3339.text(unixMilliseconds: maker.addedMilliseconds) + "  " + maker.name)
            }
        }
    }
}

/// `makers remove`.
struct RemoveMakerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Close the door to a maker's factory certificates.")

    @OptionGroup var store: StoreOptions
    @Argument(help: "The name it was added by.") var name: String

    func run() throws {
        try withDevices(store) { store in
            guard try store.removeMaker(name) else { try fail("there is no maker '\(name)'") }
        }
        print("removed \(name)")
    }
}
