import Glibc
import Synchronization
import TestKit

@testable import Simulation

/// A simulation at work on a thread of its own, ended when the last reference goes.
final class RunningSimulation: Sendable {
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
    init<Simulation>(
        _ start: @escaping @Sendable (Reactor) throws(SimulationError) -> Simulation
    ) throws {
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

/// What a master or a gateway has open: the far end of a line, as bytes.
final class FarEnd {
    let descriptor: Int32

    init(_ path: String) throws {
        descriptor = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw SimulationError.system("open '\(path)'") }
    }

    deinit { close(descriptor) }

    func write(_ bytes: [UInt8]) { Streams.write(descriptor, bytes[...]) }

    /// Everything that arrives until the line is quiet for so long, or until `most` bytes came.
    func read(quiet milliseconds: Int32, first: Int32 = 1000, most: Int = .max) -> [UInt8] {
        var bytes: [UInt8] = []
        var wait = first
        while bytes.count < most {
            var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&ready, 1, wait) > 0, case .bytes(let more) = Streams.read(descriptor)
            else { return bytes }
            bytes += more
            wait = milliseconds
        }
        return bytes
    }
}
