import FleetIngest
import FleetStore
import FoundationEssentials
import Glibc
import Logging
import Synchronization
import TestKit
import Testing

/// Workers on threads of their own against a real broker; they stop with the last reference.
final class IngestFixture: Sendable {
    let contents = MemoryStore()
    let meter: IngestMeter
    let log = LogLines()
    private let stopWrite: Int32
    private let running: Running

    private final class Running: Sendable {
        let count: Atomic<Int>
        let error = Mutex<IngestError?>(nil)
        init(_ count: Int) { self.count = Atomic(count) }
    }

    init(
        _ broker: Broker, workers: Int = 1, batchRows: Int = 1000, keepAliveSeconds: Int = 60,
        proxy: CuttingProxy? = nil, retryMaximumMilliseconds: Int64 = 200,
        welcomeMilliseconds: Int64 = 15_000, storeMilliseconds: UInt32 = 0
    ) throws {
        var configuration = IngestConfiguration(
            host: "127.0.0.1", port: Int(proxy?.port ?? broker.port), name: "ingest-test")
        configuration.retryMilliseconds = 20
        configuration.retryMaximumMilliseconds = retryMaximumMilliseconds
        contents.change { $0.delayMilliseconds = storeMilliseconds }
        configuration.welcomeMilliseconds = welcomeMilliseconds
        configuration.batchRows = batchRows
        configuration.batchMilliseconds = 100
        configuration.keepAliveSeconds = keepAliveSeconds
        if let certificates = broker.certificates {
            configuration.host = "localhost"
            configuration.tls = IngestCertificates(
                authorityFile: certificates.authority, certificateFile: certificates.client,
                keyFile: certificates.clientKey)
        }
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        stopWrite = ends[1]
        let stopRead = ends[0]
        meter = IngestMeter(workers: workers)
        running = Running(workers)
        let (meter, contents, running, log) = (meter, contents, running, log)
        let settings = configuration
        for index in 0..<workers {
            Background.run {
                let worker = IngestWorker(
                    settings, index: index, meter: meter,
                    log: Logger(label: "ingest") { _ in CollectingHandler(lines: log) },
                    openStore: { () throws(FleetStoreError) in try contents.open() })
                worker.news = { contents.takeNews() }
                worker.watched = { contents.get { $0.watched } }
                do throws(IngestError) {
                    try worker.run(stop: stopRead)
                } catch {
                    running.error.withLock { $0 = error }
                }
                running.count.subtract(1, ordering: .sequentiallyConsistent)
            }
        }
    }

    deinit { close(stopWrite) }

    /// Asks all workers to stop and waits until they have; false when it takes longer than 5 s.
    func stop() -> Bool {
        // the read end stays readable for all of them: nobody takes the byte out
        var byte: UInt8 = 1
        _ = write(stopWrite, &byte, 1)
        return Patience.wait(5_000) { isStopped ? true : nil } ?? false
    }

    var isStopped: Bool { running.count.load(ordering: .sequentiallyConsistent) == 0 }

    /// Why a worker gave up.
    var error: IngestError? { running.error.withLock { $0 } }

    /// Waits until all workers are connected and their stores open.
    func waitReady() throws {
        let isReady = Patience.wait(10_000) { meter.troubles.isEmpty ? true : nil }
        if isReady == nil { Issue.record("not ready: \(meter.troubles)") }
        try #require(isReady != nil)
    }

    /// Waits until a condition holds; what the workers say explains a failure.
    func wait(_ milliseconds: Int64 = 15_000, _ condition: () -> Bool) throws {
        let found = Patience.wait(milliseconds) { condition() ? true : nil }
        if found == nil {
            Issue.record("waited in vain: \(String(decoding: meter.document(), as: UTF8.self))")
        }
        try #require(found != nil)
    }

    /// The numbers in the store of one gateway's epoch 7.
    func numbers(_ gateway: String = "gw-1") -> [Int64] {
        contents.sequences(gateway, epoch: 7)
    }
}

/// What workers wrote to their log.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func append(_ line: String) { lines.withLock { $0.append(line) } }
}

struct CollectingHandler: LogHandler {
    let lines: LogLines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.debug

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let values = (event.metadata ?? [:]).sorted { $0.key < $1.key }
        lines.append(
            ([event.level.rawValue, "\(event.message)"] + values.map { "\($0.key)=\($0.value)" })
                .joined(separator: " "))
    }
}

/// An independent gateway (paho): publishes lines of `topic<tab>payload`, prints what comes down.
final class GatewayPeer {
    private static let script = """
        import sys, json, paho.mqtt.client as mqtt
        port = int(sys.argv[1])
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id='gateways',
                             protocol=mqtt.MQTTv5)
        client.max_inflight_messages_set(200)
        def connected(c, u, f, code, p): c.subscribe('+/v1/+/down/#', qos=1)
        def subscribed(c, u, m, codes, p): print('subscribed', flush=True)
        def message(c, u, m):
            user = dict(getattr(m.properties, 'UserProperty', []))
            print('down', m.topic, m.qos, user.get('schema', '-'),
                  getattr(m.properties, 'MessageExpiryInterval', '-'), m.payload.decode(),
                  sep='\\t', flush=True)
        def published(c, u, mid, code, p): print('taken', flush=True)
        client.on_publish = published
        client.on_connect, client.on_subscribe, client.on_message = connected, subscribed, message
        client.reconnect_delay_set(1, 1)
        if len(sys.argv) > 2:
            client.tls_set(*sys.argv[2:])
            client.connect('localhost', port)
        else:
            client.connect('127.0.0.1', port)
        client.loop_start()
        for line in sys.stdin.buffer:
            topic, payload = line.rstrip(b'\\n').split(b'\\t', 1)
            client.publish(topic.decode(), payload, qos=1)
        """

    private let process: ChildProcess

    init(_ broker: Broker) throws {
        let python = try Peers.python(importing: "paho.mqtt.client")
        let files = broker.certificates.map { [$0.authority, $0.client, $0.clientKey] } ?? []
        process = try ChildProcess(python, ["-c", Self.script, "\(broker.port)"] + files)
        _ = try process.waitForLine(containing: "subscribed", within: 20_000)
    }

    /// Publishes a record as a gateway.
    func publish(_ payload: [UInt8], gateway: String = "gw-1", path: String = "up/telemetry") {
        publish(payload, topic: "amphora/v1/\(gateway)/\(path)")
    }

    func publish(_ payload: [UInt8], topic: String) {
        process.send(line: "\(topic)\t\(String(decoding: payload, as: UTF8.self))")
    }

    /// How many of our messages the broker has taken.
    var taken: Int { process.output.split(separator: "\n").count { $0 == "taken" } }

    struct Down: Equatable {
        let topic: String
        let qos: String
        let schema: String
        let expiry: String
        let payload: String
    }

    /// What came down so far.
    var downs: [Down] {
        process.output.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(
                String.init)
            guard parts.count == 6, parts[0] == "down" else { return nil }
            return Down(
                topic: parts[1], qos: parts[2], schema: parts[3], expiry: parts[4],
                payload: parts[5])
        }
    }

    /// Numbers acknowledged as stored, by gateway.
    func acknowledged(_ gateway: String = "gw-1") -> Set<Int64> {
        var numbers: Set<Int64> = []
        for answer in answers(gateway) {
            for range in answer.ranges { numbers.formUnion(range[0]...range[1]) }
        }
        return numbers
    }

    /// Reasons of rejection by number.
    func rejected(_ gateway: String = "gw-1") -> [Int64: String] {
        var reasons: [Int64: String] = [:]
        for answer in answers(gateway) {
            for record in answer.rejected ?? [] { reasons[record.seq] = record.reason }
        }
        return reasons
    }

    private struct Answer: Decodable {
        struct Rejected: Decodable {
            let seq: Int64
            let reason: String
        }
        let ranges: [[Int64]]
        let rejected: [Rejected]?
    }

    private func answers(_ gateway: String) -> [Answer] {
        downs.filter { $0.topic == "amphora/v1/\(gateway)/down/ack" }.compactMap {
            try? JSONDecoder().decode(Answer.self, from: Data($0.payload.utf8))
        }
    }
}
