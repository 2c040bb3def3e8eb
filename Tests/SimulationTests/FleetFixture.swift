import FoundationEssentials
import Glibc
import Synchronization
import TestKit

@testable import Simulation

/// A simulated fleet of gateways on a thread of its own; stops with the last reference.
final class FleetRun: Sendable {
    struct Ending {
        let isContent: Bool
        let status: String
    }

    private let stop: StopSignal
    private let shared: Shared
    private let folder: TemporaryDirectory

    private final class Shared: Sendable {
        let ending = Mutex<Ending?>(nil)
    }

    /// Path of the ledger.
    var ledgerPath: String { folder.file("ledger") }

    /// Starts gateways with settings that are quick to try again; `change` adapts them.
    init(
        _ broker: Broker, gateways: Int, _ change: @Sendable (inout FleetSettings) -> Void
    ) throws {
        stop = try StopSignal()
        shared = Shared()
        folder = try TemporaryDirectory("fleet")
        var settings = FleetSettings(host: "127.0.0.1", port: Int(broker.port))
        settings.gateways = gateways
        settings.packs = 2
        settings.interval = 200_000_000
        settings.link.backlogJitterSeconds = 0
        settings.link.reconnectMilliseconds = 50
        settings.link.reconnectMaximumMilliseconds = 300
        settings.ledger = folder.file("ledger")
        settings.control = folder.file("control")
        change(&settings)
        let complete = settings
        Background.run { [stop, shared] in
            let reactor = Reactor(stop: stop)
            do {
                let simulation = try FleetSimulation(complete, reactor: reactor)
                reactor.run()
                let isContent = simulation.finish()
                let status = simulation.status
                shared.ending.withLock { $0 = Ending(isContent: isContent, status: status) }
            } catch {
                shared.ending.withLock { $0 = Ending(isContent: false, status: "\(error)") }
            }
        }
    }

    deinit {
        // once to end the making of records, once to end the wait for the rest
        for _ in 0..<2 where shared.ending.withLock({ $0 == nil }) {
            stop.raise()
            _ = Patience.wait(500) { shared.ending.withLock { $0 } }
        }
    }

    /// Ends the making of records.
    func raise() { stop.raise() }

    /// How it ended; throws when it has not in time.
    func waitForEnd(_ milliseconds: Int64 = 20_000) throws -> Ending {
        if let ending = Patience.wait(milliseconds, { shared.ending.withLock { $0 } }) {
            return ending
        }
        throw TestKitError.late(
            awaited: "the end of the fleet", milliseconds: milliseconds, seen: try status())
    }

    /// Its status while it runs.
    func status() throws -> String {
        try ControlClient.tell("status", path: folder.file("control"))
    }

    /// Waits until a whole number of the status is as wanted.
    func wait(_ key: String, _ milliseconds: Int64 = 10_000, _ isWanted: (Int) -> Bool) -> Bool {
        Patience.wait(milliseconds) {
            (try? status()).flatMap { $0.count(key) }.map(isWanted) == true ? true : nil
        } ?? false
    }

    /// The lines of the ledger, sorted.
    func ledger() throws -> [String] {
        let bytes = try FileBytes.read(ledgerPath)
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
            .sorted()
    }
}

extension String {
    /// A whole number of a status.
    func count(_ key: String) -> Int? {
        guard let place = range(of: "\"\(key)\": ") else { return nil }
        return Int(self[place.upperBound...].prefix { $0.isNumber })
    }
}

/// An independent fleet (paho): prints what it gets as the ledger does, and acknowledges it.
///
/// How it answers is the third argument: `stored`, `silent`, `reject N` (the record of that number)
/// or `hold` (asks each gateway once to hold its backlog for a second).
final class FleetDouble {
    private static let script = """
        import datetime, json, sys, paho.mqtt.client as mqtt
        port, file, mood = int(sys.argv[1]), open(sys.argv[2], 'w'), sys.argv[3].split()
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id='fleet',
                             protocol=mqtt.MQTTv5)
        held = set()
        def tell(gateway, path, document):
            client.publish(f'amphora/v1/{gateway}/down/{path}', json.dumps(document), qos=1)
        def message(c, u, m):
            record = json.loads(m.payload)
            gateway, epoch, seq = record['gateway'], record['epoch'], record['seq']
            root, version, topic, up, kind = m.topic.split('/')
            assert topic == gateway and record['schema'] == f'amphora/{kind}/v1', m.topic
            wall = datetime.datetime.fromisoformat(record['time']['wall'].replace('Z', '+00:00'))
            print('record', gateway, epoch, seq, kind, round(wall.timestamp() * 1000), flush=True)
            file.write(m.payload.decode() + '\\n')
            file.flush()
            if mood[0] == 'silent': return
            if mood[0] == 'hold' and gateway not in held:
                held.add(gateway)
                tell(gateway, 'command', {'schema': 'amphora/command/v1',
                                          'command': 'hold_backlog', 'seconds': 1})
            answer = {'schema': 'amphora/ack/v1', 'epoch': epoch,
                      'ranges': [[seq, seq]], 'rejected': []}
            if mood == ['reject', str(seq)]:
                answer |= {'ranges': [], 'rejected': [{'seq': seq, 'reason': 'not today'}]}
            tell(gateway, 'ack', answer)
        client.on_connect = lambda c, u, f, code, p: c.subscribe('amphora/v1/+/up/#', qos=1)
        client.on_subscribe = lambda *rest: print('subscribed', flush=True)
        client.on_message = message
        client.reconnect_delay_set(1, 1)
        client.connect('127.0.0.1', port)
        client.loop_start()
        sys.stdin.read()
        """

    private let process: ChildProcess
    private let folder: TemporaryDirectory

    init(_ broker: Broker, _ mood: String = "stored") throws {
        let python = try Peers.python(importing: "paho.mqtt.client")
        folder = try TemporaryDirectory("double")
        process = try ChildProcess(
            python, ["-c", Self.script, "\(broker.port)", folder.file("documents"), mood])
        _ = try process.waitForLine(containing: "subscribed", within: 20_000)
    }

    /// Its complaints.
    var errors: String { process.errors }

    /// What it got, as lines of a ledger in the order they came.
    var records: [String] {
        process.output.split(separator: "\n").filter { $0.hasPrefix("record ") }
            .map { String($0.dropFirst(7)) }
    }

    /// The documents it got, in that order.
    func documents() throws -> [String] {
        let bytes = try FileBytes.read(folder.file("documents"))
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
