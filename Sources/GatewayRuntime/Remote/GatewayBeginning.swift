import GatewaySettings
import HTTPSClient
import RemoteConfiguration

/// What a gateway starts with: the file on site, and the fleet's document where there is one.
struct GatewayBeginning {
    /// What runs.
    let plan: GatewayPlan
    /// How documents become plans; nil without a fleet.
    let control: RemoteControl?
    /// What was found of documents; nil without a fleet.
    let remote: RemoteBeginning?
    /// Held as long as the gateway runs, so that nobody else changes the documents.
    let lock: FolderLock?

    /// Reads the file and chooses the document; throws when the file alone cannot be used.
    init(path: String) throws {
        let file = try Self.read(path)
        let site = try LayeredConfiguration(file: file, path: path)
        guard let fleet = site.configuration.fleet else {
            plan = try GatewayPlan(site)
            (control, remote, lock) = (nil, nil, nil)
            return
        }
        let canceller = HTTPSCanceller()
        let identity = GatewayIdentity(fleet, gateway: site.configuration.gateway)
        let control = try RemoteControl(
            identity: identity, file: file, path: path,
            connect: RemoteControl.overHTTPS(identity, canceller)
        ) { canceller.cancel() }
        let folder = ConfigurationFolder(path: fleet.configuration)
        // a folder that cannot be written must not keep a house dark
        lock = (try? FolderLock(folder)) ?? nil
        var keeper = ConfigurationKeeper(folder)
        let start = try keeper.start(control.judge)
        plan = start.plan
        self.control = control
        remote = RemoteBeginning(
            keeper: keeper, isTrial: start.isTrial, reverted: start.reverted)
    }

    /// The bytes of the file; why they cannot be read is a fault of it.
    static func read(_ path: String) throws(ConfigurationError) -> [UInt8] {
        do {
            return try FileBytes.read(path, limit: 1 << 20)
        } catch {
            throw ConfigurationError(
                path: path, faults: [ConfigurationFault(line: 0, "\(error)")])
        }
    }
}
