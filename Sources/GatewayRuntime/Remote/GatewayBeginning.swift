import GatewaySettings
import HTTPSClient
import RemoteConfiguration
import UpdateAgent

/// What a gateway starts with: the file on site, and the fleet's document where there is one.
struct GatewayBeginning {
    /// What runs.
    let plan: GatewayPlan
    /// How documents become plans; nil without a fleet.
    let control: RemoteControl?
    /// What was found of documents; nil without a fleet.
    let remote: RemoteBeginning?
    /// Where assigned sets come from; nil without `[update]`.
    let updates: UpdateControl?
    /// Held as long as the gateway runs, so that nobody else changes the documents.
    let lock: FolderLock?

    /// Reads the file and chooses the document; throws when the file alone cannot be used.
    init(path: String) throws {
        let file = try Self.read(path)
        let site = try LayeredConfiguration(file: file, path: path)
        let (sets, updates) = try Self.chooseSet(site)
        self.updates = updates
        guard let fleet = site.configuration.fleet else {
            plan = try GatewayPlan(site, profiles: sets.path)
            (control, remote, lock) = (nil, nil, nil)
            return
        }
        let canceller = HTTPSCanceller()
        let identity = GatewayIdentity(fleet, gateway: site.configuration.gateway)
        let control = try RemoteControl(
            identity: identity, file: file, path: path, sets: sets,
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

    /// The set that the gateway starts with: an assigned one with which the file on site can be run, else
    /// the installed one.
    private static func chooseSet(
        _ site: LayeredConfiguration
    ) throws -> (SetChoice, UpdateControl?) {
        let installed = site.configuration.profilesPath
        guard let settings = site.configuration.update else {
            return (SetChoice(installed: installed), nil)
        }
        var start = UpdateStart(InstalledSets(UpdateFolder(settings.folder)))
        while let path = start.path {
            do {
                _ = try GatewayPlan(site, profiles: path)
                break
            } catch {
                _ = start.reject("\(error)")
            }
        }
        let choice = SetChoice(installed: installed, path: start.path)
        return (
            choice,
            try UpdateControl(
                settings, gateway: site.configuration.gateway, start: start, choice: choice)
        )
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
