import CLinux
import GatewaySettings
import Glibc
import Quantities
import Synchronization

/// The clocks of this machine.
///
/// Ages and time-outs use the monotonic clock. Wall time is only stamped on records, beside the
/// boot id and the monotonic time, so that the fleet can mend it later (outbox rule 7).
package enum MachineClock {
    /// The monotonic clock now.
    package static func now() -> Instant {
        let real = read(CLOCK_MONOTONIC)
        return Instant(nanoseconds: real &+ FastClock.lead(at: real))
    }

    /// How long to wait, in nanoseconds, for so many nanoseconds of `now` to go by.
    static func wait(for nanoseconds: Int64) -> Int64 { nanoseconds / FastClock.rateNow }

    /// Unix time in nanoseconds; wrong until the network or a battery clock has set it.
    package static func wallNanoseconds() -> Int64 {
        read(CLOCK_REALTIME) &+ (WrongClock.now?.offsetNanoseconds ?? 0)
            &+ FastClock.leadNow
    }

    /// Whether the kernel says that a time service has set the clock.
    ///
    /// `adjtimex` reports `STA_UNSYNC` from boot until a time daemon disciplines the clock. A year
    /// before 2024 is never trusted, whatever the kernel says.
    package static func isWallTrusted() -> Bool {
        (WrongClock.now?.isTrusted
            ?? (isVouchedFor.load(ordering: .relaxed) || clinux_is_clock_disciplined() != 0))
            && wallNanoseconds() > 1_704_067_200_000_000_000
    }

    /// Somebody says that the clock is right although the kernel knows of no time service.
    package static func vouch() { isVouchedFor.store(true, ordering: .relaxed) }

    private static let isVouchedFor = Atomic(false)

    /// The kernel's id of this boot, or zeros where there is none.
    package static func bootID() -> String {
        if let text = OtherMachine.bootID { return text }
        let bytes = (try? FileBytes.read("/proc/sys/kernel/random/boot_id", limit: 256)) ?? []
        let text = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        return text.utf8.count == 36 ? text : "00000000-0000-0000-0000-000000000000"
    }

    /// A clock of the kernel, in nanoseconds.
    static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}

/// A clock that a reliability test has set wrong.
///
/// `AMPHORA_CLOCK` names a file with the seconds by which the clock is off, and `trusted` or
/// `untrusted`. Only debug builds look at it.
private struct WrongClock {
    let offsetNanoseconds: Int64
    let isTrusted: Bool

    #if DEBUG
        private static let path = getenv("AMPHORA_CLOCK").map { String(cString: $0) }

        static var now: WrongClock? {
            guard let path, let bytes = try? FileBytes.read(path, limit: 64) else { return nil }
            let words = String(decoding: bytes, as: UTF8.self).split { $0 == " " || $0 == "\n" }
            guard words.count == 2, let seconds = Int64(words[0]) else { return nil }
            return WrongClock(
                offsetNanoseconds: seconds &* 1_000_000_000, isTrusted: words[1] == "trusted")
        }
    #else
        static var now: WrongClock? { nil }
    #endif
}

/// Lets a reliability test run two machines on one: `AMPHORA_BOOT` is the id of the boot, in debug
/// builds.
private enum OtherMachine {
    #if DEBUG
        static let bootID = getenv("AMPHORA_BOOT").map { String(cString: $0) }
    #else
        static var bootID: String? { nil }
    #endif
}
