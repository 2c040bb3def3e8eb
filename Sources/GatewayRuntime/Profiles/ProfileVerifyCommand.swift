import ArgumentParser
import CLinux
import CutPoints
import GatewaySettings
import ProfileSet

/// `profile verify`.
struct ProfileVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Prove a set as a gateway does before it goes over to it; list every fault.",
        discussion: """
            Runs every vector, holds the set against this machine, and looks whether it has the maps and \
            the profile that are named. The running gateway proves assigned sets with this command in a \
            process of its own, with bounds of time and memory.

            Exit status: 0 good, 1 faults, 3 the folder cannot be read.
            """)

    @Argument(help: "The folder of the set.", completion: .directory)
    var folder: String

    @Option(help: "A pack map that the set must have; may be given several times.")
    var map: [String] = []

    @Option(help: "An inverter profile that the set must have.")
    var profile: String?

    @Option(help: "A quirk that the profile must have; may be given several times.")
    var quirk: [String] = []

    @Option(help: "The model of the machine; what this one calls itself by default.")
    var hardware: String?

    @Option(help: "Address space that this process may take.")
    var mostMegabytes: UInt64?

    @Option(help: "Seconds of CPU that this process may take, with --most-megabytes.")
    var mostSeconds: UInt64 = 60

    func run() throws {
        if let mostMegabytes { clinux_confine(mostMegabytes << 20, mostSeconds) }
        CutPoint.pass("profile-proof")
        let store: ProfileStore
        do {
            store = try ProfileStore(path: folder, hardware: hardware ?? Machine.model)
        } catch let error as ProfileSetError {
            for fault in error.faults { print(fault) }
            throw ExitCode(ExitStatus.failure)
        } catch {
            print("\(error)")
            throw ExitCode(ExitStatus.configuration)
        }
        let faults = missing(store)
        for fault in faults { print(fault) }
        if !faults.isEmpty { throw ExitCode(ExitStatus.failure) }
    }

    /// What of the named maps and the profile the set has not.
    private func missing(_ store: ProfileStore) -> [String] {
        var faults: [String] = []
        for name in map {
            do { _ = try store.map(name) } catch { faults.append("\(error)") }
        }
        if let profile {
            do { _ = try store.profile(profile, quirks: quirk) } catch { faults.append("\(error)") }
        }
        return faults
    }
}
