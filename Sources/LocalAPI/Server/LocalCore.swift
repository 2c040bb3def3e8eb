import FleetWeb
import Logging
import NIOCore
import NIOPosix
import Passwords
import Views

/// What the server knows and decides; everything of it happens on the one event loop.
///
/// Unchecked, because the compiler cannot see that: each method begins with a check of the loop in debug builds.
final class LocalCore: @unchecked Sendable {
    /// Streams at once.
    static let mostStreams = 16
    /// Passwords that may wait to be looked at.
    static let mostPasswords = 8

    let loop: any EventLoop
    let house: any House
    let alarms: AlarmBoard
    let hosts: HostGuard
    let file: PasswordFile
    let app: WebApp
    let log: Logger
    private let pool: NIOThreadPool
    private(set) var password = PasswordFile.Contents.none
    var sessions = Sessions()
    let failures: SignInGuard
    private var waitingPasswords = 0
    /// How things were when that was looked at last, and when, ms of the monotonic clock.
    private(set) var moment = HouseMoment(made: nil, bank: nil, packs: [])
    private var diagnosis: (at: Int64, bytes: [UInt8])?
    private(set) var ring: MinuteRing
    private var streams: [ObjectIdentifier: EventStream] = [:]
    private var connections: [ObjectIdentifier: LocalConnection] = [:]

    init(
        loop: any EventLoop, pool: NIOThreadPool, house: any House, packs: Int,
        alarms: AlarmBoard, hosts: HostGuard, file: PasswordFile, app: WebApp, log: Logger
    ) {
        (self.loop, self.pool, self.house) = (loop, pool, house)
        (self.alarms, self.hosts, self.file, self.app) = (alarms, hosts, file, app)
        self.log = log
        failures = SignInGuard(most: SignInGuard.mostPasswords)
        ring = MinuteRing(packs: packs)
    }

    /// What a second brings: how things are now, a password that somebody took away, news for who watches.
    func tick() {
        loop.assertInEventLoop()
        lookAtPassword()
        let now = house.uptime
        moment = house.moment()
        ring.add(moment, at: now)
        sessions.drop(now: now)
        for stream in streams.values { stream.tell(self) }
    }

    /// Reads the file of the password; another one ends all sessions.
    func lookAtPassword() {
        loop.assertInEventLoop()
        let found = file.read()
        guard found != password else { return }
        password = found
        sessions.endAll()
        if case .damaged(let reason) = found {
            log.error("password of the local app not usable", metadata: ["reason": "\(reason)"])
        }
    }

    /// How lines, bus and link are doing, not older than a second.
    func diagnose() -> [UInt8] {
        loop.assertInEventLoop()
        let now = house.uptime
        if let diagnosis, now - diagnosis.at < 1000 { return diagnosis.bytes }
        let bytes = house.diagnosis()
        diagnosis = (now, bytes)
        return bytes
    }

    /// Whether a token speaks for somebody.
    func isSignedIn(_ token: String?) -> Bool {
        loop.assertInEventLoop()
        guard case .hash = password else { return false }
        return sessions.find(token, now: house.uptime) != nil
    }

    /// Does slow work with a password on a thread of its own; nil when too many wait.
    func withPassword<Value: Sendable>(
        _ work: @escaping @Sendable () throws -> Value
    ) -> EventLoopFuture<Value>? {
        loop.assertInEventLoop()
        guard waitingPasswords < Self.mostPasswords else { return nil }
        waitingPasswords += 1
        let future = pool.runIfActive(eventLoop: loop, work)
        future.whenComplete { _ in self.waitingPasswords -= 1 }
        return future
    }

    // MARK: connections

    /// Takes a connection in; false when there is no room, and none that does nothing to make some.
    func enter(_ connection: LocalConnection, most: Int) -> Bool {
        loop.assertInEventLoop()
        if connections.count >= most {
            let idle = connections.values.filter(\.isIdle).min { $0.idleSince < $1.idleSince }
            guard let idle else { return false }
            connections[ObjectIdentifier(idle)] = nil
            idle.close()
        }
        connections[ObjectIdentifier(connection)] = connection
        return true
    }

    /// A connection is gone.
    func leave(_ connection: LocalConnection) {
        loop.assertInEventLoop()
        connections[ObjectIdentifier(connection)] = nil
        streams[ObjectIdentifier(connection)] = nil
    }

    /// Tells a connection how things go from now on.
    func watch(_ stream: EventStream) {
        loop.assertInEventLoop()
        streams[ObjectIdentifier(stream.connection)] = stream
        stream.tell(self)
    }

    var hasRoomForStream: Bool { streams.count < Self.mostStreams }

    /// Closes everything.
    func closeAll() {
        loop.assertInEventLoop()
        for connection in connections.values { connection.close() }
        connections = [:]
        streams = [:]
    }
}
