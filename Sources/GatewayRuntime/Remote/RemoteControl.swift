import GatewaySettings
import HTTPSClient
import Provisioning
import RemoteConfiguration
import Synchronization
import Threads

/// Hands a plan from the configuration's thread to the main thread, which applies it.
final class PlanHandover: Sendable {
    private struct Contents {
        var plan: GatewayPlan?
        var outcome: Outcome?
    }

    /// How applying went.
    struct Outcome: Sendable {
        /// Why not everything could be started, in words; nil when all was.
        let trouble: String?
    }

    private let contents = Mutex(Contents())
    private let offered: WakeSignal
    /// Raised when a plan was applied.
    let finished: WakeSignal

    init() throws(ThreadError) {
        offered = try WakeSignal()
        finished = try WakeSignal()
    }

    /// Readable while a plan waits; for `poll`.
    var descriptor: Int32 { offered.descriptor }

    /// Asks the main thread to go over to a plan.
    func offer(_ plan: GatewayPlan) {
        contents.withLock {
            $0.plan = plan
            $0.outcome = nil
        }
        offered.raise()
    }

    /// The plan that waits.
    func take() -> GatewayPlan? {
        offered.clear()
        return contents.withLock { contents in
            defer { contents.plan = nil }
            return contents.plan
        }
    }

    /// The plan is applied.
    func finish(trouble: String?) {
        contents.withLock { $0.outcome = Outcome(trouble: trouble) }
        finished.raise()
    }

    /// How the last plan fared; nil while it is not applied.
    var outcome: Outcome? { contents.withLock { $0.outcome } }
}

/// What makes plans out of the fleet's documents, and where they go.
final class RemoteControl: Sendable {
    /// Makes a connection to the fleet; a new one for each question, so that a renewed certificate
    /// counts at once.
    typealias Connect = @Sendable (FleetSettings) throws(HTTPSFailure) -> any HTTPSExchange

    let fleet: FleetSettings
    /// Who this gateway is for the fleet.
    let identity: GatewayIdentity
    let handover: PlanHandover
    /// Raised when the fleet says that it has another document.
    let news: WakeSignal
    let connect: Connect
    /// Whether a document is being applied, tried or given up.
    let isBusy = Atomic<Bool>(false)
    private let sets: SetChoice
    private let file: [UInt8]
    private let path: String
    private let whenCancelled: @Sendable () -> Void

    /// `file` is the file on site, `path` names it; `cancel` ends a question under way.
    init(
        identity: GatewayIdentity, file: [UInt8], path: String, sets: SetChoice,
        connect: @escaping Connect,
        cancel: @escaping @Sendable () -> Void = {}
    ) throws(ThreadError) {
        self.identity = identity
        fleet = identity.fleet
        self.sets = sets
        self.file = file
        self.path = path
        self.connect = connect
        whenCancelled = cancel
        handover = try PlanHandover()
        news = try WakeSignal()
    }

    /// Makes the plan of a document over the file, or of the file alone; throws every fault.
    func judge(_ document: [UInt8]?) throws(DocumentRefused) -> GatewayPlan {
        do {
            guard let document else {
                return try GatewayPlan(
                    try LayeredConfiguration(file: file, path: path), profiles: sets.path)
            }
            return try GatewayPlan(
                try LayeredConfiguration(file: file, path: path, document: document),
                profiles: sets.path)
        } catch let error as ConfigurationError {
            throw DocumentRefused(error.faults.map(\.description))
        } catch let error as GatewayPlanError {
            throw DocumentRefused(error.faults)
        } catch {
            throw DocumentRefused(["\(error)"])
        }
    }

    /// Ends a question that is under way.
    func cancel() { whenCancelled() }

    /// Real connections, with the pair that this gateway has at the moment.
    static func overHTTPS(_ identity: GatewayIdentity, _ canceller: HTTPSCanceller) -> Connect {
        { fleet throws(HTTPSFailure) in
            let pair: IdentityPair
            do throws(ProvisioningError) {
                pair = try identity.pair()
            } catch {
                throw HTTPSFailure(.request, error.description)
            }
            var configuration = HTTPSConfiguration(
                authorities: .file(fleet.authorityFile ?? pair.authoritiesPath))
            configuration.identity = .init(
                certificateFile: pair.certificatePath, keyFile: pair.key.location)
            return IdentityExchange(
                try HTTPSSession(configuration, canceller: canceller), identity)
        }
    }
}
