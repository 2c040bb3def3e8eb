import GatewaySettings
import HTTPSClient
import Provisioning
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
        let identity = site.configuration.fleet.map {
            GatewayIdentity($0, gateway: site.configuration.gateway)
        }
        let (sets, updates) = try Self.chooseSet(site, identity)
        self.updates = updates
        guard let identity else {
            plan = try GatewayPlan(site, profiles: sets.path)
            (control, remote, lock) = (nil, nil, nil)
            return
        }
        let canceller = HTTPSCanceller()
        let control = try RemoteControl(
            identity: identity, file: file, path: path, sets: sets,
            connect: RemoteControl.overHTTPS(identity, canceller)
        ) { canceller.cancel() }
        let folder = ConfigurationFolder(path: identity.fleet.configuration)
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
        _ site: LayeredConfiguration, _ identity: GatewayIdentity?
    ) throws -> (SetChoice, UpdateControl?) {
        let installed = site.configuration.profilesPath
        guard let settings = site.configuration.update else {
            return (SetChoice(installed: installed), nil)
        }
        let folder = UpdateFolder(settings.folder)
        let lock = try lock(folder)
        var start = UpdateStart(InstalledSets(folder))
        while let path = start.path {
            do {
                _ = try GatewayPlan(site, profiles: path)
                break
            } catch {
                _ = start.reject("\(error)")
            }
        }
        let choice = SetChoice(installed: installed, path: start.path)
        let floor: @Sendable () -> Int64 = { identity?.floor.floor ?? TimeFloor.built }
        return (
            choice,
            try UpdateControl(
                settings, gateway: site.configuration.gateway, start: start, choice: choice,
                lock: lock,
                fleet: identity.map { repository(settings, $0, site.configuration.gateway) },
                floor: floor)
        )
    }

    /// Keeps other programs out of the folder of sets; nil where it cannot be written, which must not keep a
    /// house dark.
    private static func lock(_ folder: UpdateFolder) throws(UpdateError) -> UpdateLock? {
        do throws(UpdateError) {
            return try UpdateLock(folder, .sets, as: "amphora-gateway run")
        } catch {
            if case .held = error { throw error }
            return nil
        }
    }

    /// The fleet's signed sets, asked for under this gateway's certificate.
    private static func repository(
        _ settings: UpdateSettings, _ identity: GatewayIdentity, _ gateway: String
    ) -> RepositorySource {
        let canceller = HTTPSCanceller()
        return RepositorySource(
            folder: settings.folder + "/metadata", root: settings.root, gateway: gateway,
            fleet: identity.fleet, canceller: canceller,
            connect: RemoteControl.overHTTPS(identity, canceller)
        ) { identity.floor.reading.now }
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
