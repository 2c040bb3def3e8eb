import GatewaySettings
import Glibc
import LocalAPI
import Logging
import Quantities
import Threads

/// Keeps the local app served; an address that cannot be listened on is tried again, and stops nothing else.
final class LocalService: ThreadedService {
    /// How long until the address is tried again, s.
    private static var pause: Int64 { 10 }

    let name = "local-starter"
    let stop: StopSignal
    private let settings: LocalSettings
    private let house: LocalHouse
    private let alarms: AlarmBoard
    private let log: Logger

    init(
        settings: LocalSettings, house: LocalHouse, alarms: AlarmBoard, log: Logger
    ) throws(ThreadError) {
        self.settings = settings
        self.house = house
        self.alarms = alarms
        self.log = log
        stop = try StopSignal()
    }

    func run() {
        var server: LocalServer?
        var trouble = ""
        while !stop.isRaised {
            if server == nil {
                do {
                    let started = try start()
                    log.info("local app served", metadata: ["port": "\(started.port)"])
                    server = started
                } catch {
                    // once for each reason, not every ten seconds
                    if trouble != "\(error)" {
                        trouble = "\(error)"
                        log.error("local app not served", metadata: ["reason": "\(error)"])
                    }
                }
            }
            var polls = [pollfd(reading: stop.descriptor)]
            Poll.wait(
                &polls,
                until: server == nil
                    ? MachineClock.now() + .seconds(Self.pause) : Instant(nanoseconds: .max))
        }
        server?.stop()
    }

    private func start() throws -> LocalServer {
        try LocalServer(
            host: settings.listen.host, port: Int(settings.listen.port), house: house, packs: 16,
            alarms: alarms, names: settings.names,
            password: PasswordFile(path: settings.passwordFile), log: log)
    }
}
