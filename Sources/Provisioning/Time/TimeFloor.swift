import HTTPSClient
import Synchronization

/// The latest moment that has certainly passed.
///
/// A board without a battery clock starts in 1970. What it knows better: when this program was built, and
/// the last `Date` that the fleet sent over a connection whose certificate was checked. Certificates are
/// judged at the later one of this floor and the system clock.
///
/// 1. The floor never lies below the moment of the build, whatever the file says.
/// 2. A date of the fleet moves the floor forward only, and never beyond 30 years after the build: a
///    server that lies about its clock cannot push it out of every certificate's life for good.
/// 3. The file is written when the floor moves by an hour or more, and at once after an enrolment.
package final class TimeFloor: Sendable {
    /// A moment before this program was built: 2026-11-01, moved forward with each release.
    package static let built: Int64 = 1_793_491_200
    private static let file = "time-floor"
    private static let furthest = built + 30 * 366 * 86_400

    private let folder: IdentityFolder
    private let seconds: Mutex<(now: Int64, written: Int64)>
    private let wallSeconds: @Sendable () -> Int64
    /// One thread writes at a time.
    private let writing = Mutex<Void>(())

    /// Reads what was kept in the folder of the identity; a missing or damaged file is the build's date.
    ///
    /// `wallSeconds` is the system clock in seconds since 1970.
    package init(folder: IdentityFolder, wallSeconds: @escaping @Sendable () -> Int64) {
        let bytes = (try? folder.read(Self.file, limit: 64)) ?? []
        let kept = Int64(String(decoding: bytes, as: UTF8.self).prefix { $0 != "\n" }) ?? 0
        let floor = min(max(kept, Self.built), Self.furthest)
        self.folder = folder
        self.wallSeconds = wallSeconds
        seconds = Mutex((now: floor, written: kept))
    }

    /// The floor, in seconds since 1970.
    package var floor: Int64 { seconds.withLock { $0.now } }

    /// What the system clock says and what follows from it.
    package var reading: ClockReading { ClockReading(wall: wallSeconds(), floor: floor) }

    /// Takes the `Date` of an answer that came over a checked connection; returns whether it counted.
    @discardableResult
    package func note(serverDate text: String?) -> Bool {
        guard let text, let date = HTTPDate.parse(text), date <= Self.furthest else {
            return false
        }
        let isDue = seconds.withLock {
            $0.now = max($0.now, date)
            return $0.now - $0.written >= 3600
        }
        // A full disk must not keep an answer from being used; the floor is kept next time.
        if isDue { try? keep() }
        return true
    }

    /// Writes the floor now.
    package func keep() throws(ProvisioningError) {
        try writing.withLock { _ throws(ProvisioningError) in
            let floor = floor
            guard seconds.withLock({ $0.written != floor }) else { return }
            try folder.write(Self.file, Array("\(floor)\n".utf8), mode: 0o644)
            seconds.withLock { $0.written = floor }
        }
    }
}
