import GatewaySettings
import HTTPSClient
import Provisioning
import Synchronization

/// Who this gateway is, for all threads that show it to the fleet or the broker.
///
/// Each question reads the folder anew, so that a renewed or a first pair counts at once, whoever put it
/// there.
final class GatewayIdentity: Sendable {
    let store: IdentityStore
    let floor: TimeFloor
    let fleet: FleetSettings
    private let refusedBecause = Mutex("")

    /// Looks after the identity of `gateway` in the folder that `fleet` names; opens nothing yet.
    init(_ fleet: FleetSettings, gateway: String) {
        let folder = IdentityFolder(fleet.identity)
        self.fleet = fleet
        store = IdentityStore(folder: folder, gateway: gateway)
        floor = TimeFloor(folder: folder) { MachineClock.wallNanoseconds() / 1_000_000_000 }
    }

    /// The pair to show to the fleet's services and the broker, which the one from the factory is not for.
    func pair() throws(ProvisioningError) -> IdentityPair {
        let selection: IdentitySelection
        do throws(ProvisioningError) {
            selection = try store.select(clock: floor.reading)
        } catch {
            guard error.kind == .noIdentity else { throw error }
            throw ProvisioningError(.noIdentity, "\(error)\n\(advice)")
        }
        guard selection.door != .factory else {
            throw ProvisioningError(
                .noIdentity,
                "the certificate from the factory only opens the door of enrolment, which is under way"
            )
        }
        return selection.pair
    }

    /// What to do when there is no pair.
    var advice: String {
        "run: amphora-gateway enroll --fleet \(fleet.url) --gateway \(store.gateway ?? "ID") "
            + "--identity \(store.folder.path) --token TOKEN --ca FILE"
    }

    /// Why the fleet refused this gateway's certificate when it was last asked; empty when it did not.
    var refusal: String { refusedBecause.withLock { $0 } }

    /// Learns from how an exchange went: what time it is there, and whether the certificate is taken.
    func note(_ response: HTTPSResponse) {
        floor.note(serverDate: response.header("date"))
        let isRefused = response.status == 401 || response.status == 403
        note(refusal: isRefused ? "the fleet answers \(response.status)" : "")
    }

    /// Learns why the fleet takes the certificate no longer; empty when it does.
    func note(refusal words: String) { refusedBecause.withLock { $0 = words } }
}

/// An exchange with the fleet under this gateway's certificate, from which the identity learns.
final class IdentityExchange: HTTPSExchange {
    private let exchange: any HTTPSExchange
    private let identity: GatewayIdentity

    /// Wraps an exchange.
    init(_ exchange: any HTTPSExchange, _ identity: GatewayIdentity) {
        self.exchange = exchange
        self.identity = identity
    }

    func send(_ request: HTTPSRequest) throws(HTTPSFailure) -> HTTPSResponse {
        do throws(HTTPSFailure) {
            let response = try exchange.send(request)
            identity.note(response)
            return response
        } catch {
            if error.kind == .refusedIdentity { identity.note(refusal: error.description) }
            throw error
        }
    }
}
