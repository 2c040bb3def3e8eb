import CLinux
import Glibc
import TestKit

/// One thread that waits for descriptors and for moments, and calls back.
///
/// A whole simulation lives on the thread that calls `run`: packs, control socket and timers share
/// their state without locks. Only the ``StopSignal`` may be used from elsewhere.
package final class Reactor {
    /// Work that is due at a moment.
    private struct Timer {
        let moment: Int64
        let key: Int
        let body: () -> Void
    }

    private struct Watch {
        let events: Int16
        let body: (Int16) -> Void
    }

    private var watches: [Int32: Watch] = [:]
    private var descriptors: [pollfd] = []
    private var timers: [Int: Timer] = [:]
    private var nextKey = 0
    private let stopSignal: StopSignal
    private var isStopping = false

    /// A loop that ends when `stop` is raised.
    package init(stop: StopSignal) {
        stopSignal = stop
        watch(stop.descriptor, for: POLLIN) { [unowned self] _ in isStopping = true }
    }

    /// Calls `body` with the events poll reports whenever `descriptor` is ready.
    func watch(_ descriptor: Int32, for events: Int32, _ body: @escaping (Int16) -> Void) {
        watches[descriptor] = Watch(events: Int16(events), body: body)
        descriptors.removeAll { $0.fd == descriptor }
        descriptors.append(pollfd(fd: descriptor, events: Int16(events), revents: 0))
    }

    /// Forgets a descriptor; call it before closing.
    func unwatch(_ descriptor: Int32) {
        watches[descriptor] = nil
        descriptors.removeAll { $0.fd == descriptor }
    }

    /// Calls `body` once at a moment of the monotonic clock; returns a key for `cancel`.
    @discardableResult
    func at(_ moment: Int64, _ body: @escaping () -> Void) -> Int {
        nextKey += 1
        timers[nextKey] = Timer(moment: moment, key: nextKey, body: body)
        return nextKey
    }

    /// Calls `body` now and then again every `period` nanoseconds, keeping the phase.
    func every(_ period: Int64, _ body: @escaping () -> Void) {
        repeatCall(at: Clock.now(), period, body)
    }

    private func repeatCall(at moment: Int64, _ period: Int64, _ body: @escaping () -> Void) {
        at(moment) { [unowned self] in
            body()
            let next = max(moment + period, Clock.now() - period)
            repeatCall(at: next, period, body)
        }
    }

    /// Drops a timer.
    func cancel(_ key: Int) { timers[key] = nil }

    /// Ends `run` after the present callback.
    func stop() { isStopping = true }

    /// Works until stopped.
    package func run() {
        clinux_sharpen_timers()
        while !isStopping {
            fireDueTimers()
            if isStopping { return }
            let ready = clinux_poll(&descriptors, UInt(descriptors.count), timeToNextTimer())
            guard ready > 0 else { continue }
            for entry in descriptors where entry.revents != 0 {
                watches[entry.fd]?.body(entry.revents)
            }
        }
    }

    /// Works on after it was stopped, until stopped again.
    func runOn() {
        stopSignal.lower()
        isStopping = false
        run()
    }

    private func fireDueTimers() {
        let now = Clock.now()
        let due = timers.values.filter { $0.moment <= now }.sorted { $0.moment < $1.moment }
        for timer in due where timers.removeValue(forKey: timer.key) != nil { timer.body() }
    }

    private func timeToNextTimer() -> Int64 {
        guard let next = timers.values.map(\.moment).min() else { return -1 }
        return max(0, next - Clock.now())
    }
}

/// Ends a simulation from another thread.
package final class StopSignal: Sendable {
    /// Becomes readable when raised.
    let descriptor: Int32

    /// Not raised.
    package init() throws(SimulationError) {
        descriptor = clinux_eventfd()
        guard descriptor >= 0 else { throw .system("make an event descriptor") }
    }

    deinit { close(descriptor) }

    /// Raises the signal; any thread, any number of times.
    package func raise() {
        var one: UInt64 = 1
        _ = Glibc.write(descriptor, &one, 8)
    }

    /// Takes the signal back; on the thread that waits for it.
    func lower() {
        var count: UInt64 = 0
        _ = Glibc.read(descriptor, &count, 8)
    }

    /// Raises the signal whenever this process gets SIGINT or SIGTERM.
    ///
    /// Call it before any other thread starts, so that all of them leave these signals to the one
    /// thread that waits for them here.
    package func raiseOnTermination() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        signal(SIGPIPE, SIG_IGN)
        Background.run { [self] in
            var signals = sigset_t()
            sigemptyset(&signals)
            sigaddset(&signals, SIGINT)
            sigaddset(&signals, SIGTERM)
            var number: Int32 = 0
            while true {
                if sigwait(&signals, &number) == 0 { raise() }
            }
        }
    }
}
