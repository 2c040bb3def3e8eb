import Glibc
import Synchronization
import TestKit

/// A simulation at work on a thread of its own, ended when the last reference goes.
///
/// For whoever needs one beside other work in the same process; the commands run theirs on the main
/// thread.
package final class RunningSimulation: Sendable {
    private enum Phase: Sendable {
        case starting
        case running
        case failed(SimulationError)
        case ended
    }

    private final class Shared: Sendable {
        let phase = Mutex(Phase.starting)
    }

    private let stop: StopSignal
    private let shared = Shared()

    /// Starts a simulation; returns when its links and sockets are there.
    ///
    /// Throws why they are not. SIGPIPE is ignored from here on.
    package init<Simulation>(
        _ start: @escaping @Sendable (Reactor) throws(SimulationError) -> Simulation
    ) throws(SimulationError) {
        stop = try StopSignal()
        signal(SIGPIPE, SIG_IGN)
        Background.run { [stop, shared] in
            do throws(SimulationError) {
                let reactor = Reactor(stop: stop)
                let simulation = try start(reactor)
                shared.phase.withLock { $0 = .running }
                reactor.run()
                withExtendedLifetime(simulation) {}
                shared.phase.withLock { $0 = .ended }
            } catch {
                shared.phase.withLock { $0 = .failed(error) }
            }
        }
        let shared = shared
        let failure = Patience.wait(5000) { () -> SimulationError?? in
            shared.phase.withLock { phase in
                switch phase {
                case .starting: nil
                case .failed(let error): .some(error)
                case .running, .ended: .some(nil)
                }
            }
        }
        if let failure = failure ?? nil { throw failure }
    }

    deinit {
        stop.raise()
        _ = Patience.wait(5000) { () -> Bool? in
            shared.phase.withLock {
                if case .running = $0 { return nil }
                return true
            }
        }
    }
}
