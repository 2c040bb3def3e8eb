import Glibc

/// Waits for a condition instead of for a time.
package enum Patience {
    /// Asks `condition` every 2 ms until it gives a value; nil when the time is over.
    package static func wait<Value>(
        _ milliseconds: Int64, _ condition: () -> Value?
    ) -> Value? {
        let deadline = Clock.now() + milliseconds * 1_000_000
        while true {
            if let value = condition() { return value }
            guard Clock.now() < deadline else { return nil }
            usleep(2000)
        }
    }
}

/// The monotonic clock, as the gateway's lines use it.
package enum Clock {
    /// Nanoseconds since an arbitrary moment (`CLOCK_MONOTONIC`).
    package static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Sleeps until a moment of `now`.
    package static func sleep(until moment: Int64) {
        var time = timespec(
            tv_sec: Int(moment / 1_000_000_000), tv_nsec: Int(moment % 1_000_000_000))
        while clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nil) == EINTR {}
    }
}

/// Runs work that blocks on a thread of its own, away from the threads that run the tests.
package enum Background {
    private final class Work {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    /// Starts a thread; nobody joins it, so `body` must end by itself.
    package static func run(_ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer { pthread_attr_destroy(&attributes) }
        let work = Unmanaged.passRetained(Work(body))
        let code = pthread_create(
            &thread, &attributes,
            { context in
                guard let context else { return nil }
                Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
                return nil
            }, work.toOpaque())
        if code != 0 { work.takeRetainedValue().body() }
    }
}
