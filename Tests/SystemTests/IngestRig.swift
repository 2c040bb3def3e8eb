import FleetStore
import Foundation
import TestKit

/// A broker, a store on disk and a gateway with an outbox, for runs of `amphora-fleet ingest`.
///
/// The gateway is independent (paho): it numbers events, publishes them, and publishes again every
/// half second what no acknowledgement of the fleet has named.
final class IngestRig {
    private static let script = """
        import sys, json, threading, time, paho.mqtt.client as mqtt
        port, gateway = int(sys.argv[1]), sys.argv[2]
        lock, waiting, acked, number = threading.RLock(), {}, set(), 0
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=gateway,
                             protocol=mqtt.MQTTv5)
        client.max_inflight_messages_set(100)
        def connected(c, u, f, code, p): c.subscribe(f'amphora/v1/{gateway}/down/ack', qos=1)
        def subscribed(c, u, m, codes, p): print('subscribed', flush=True)
        def message(c, u, m):
            answer = json.loads(m.payload)
            assert answer['epoch'] == 7 and 'rejected' not in answer, answer
            with lock:
                for first, last in answer['ranges']:
                    for seq in range(first, last + 1):
                        acked.add(seq)
                        waiting.pop(seq, None)
        client.on_connect, client.on_subscribe, client.on_message = connected, subscribed, message
        client.reconnect_delay_set(1, 1)
        client.connect('127.0.0.1', port)
        client.loop_start()
        def publish(seq):
            client.publish(f'amphora/v1/{gateway}/up/event', waiting[seq], qos=1)
        def record(seq):
            return json.dumps({'schema': 'amphora/event/v1', 'gateway': gateway, 'epoch': 7,
                'seq': seq, 'time': {'wall': '2026-11-24T13:05:00.123Z', 'trusted': True,
                'boot': '71734537-d6d9-472d-8519-7ef8cf99f170', 'monotonic_ms': seq},
                'change': 'noticed', 'level': 'information', 'code': 'counted', 'pack': 0,
                'text': 'a record'})
        more = True
        def produce():
            global number
            turn = 0
            while True:
                with lock:
                    if more:
                        number += 1
                        waiting[number] = record(number)
                        publish(number)
                    if turn % 100 == 99:
                        for seq in list(waiting)[:500]: publish(seq)
                turn += 1
                time.sleep(0.005)
        threading.Thread(target=produce, daemon=True).start()
        for line in sys.stdin:
            if line.strip() == 'finish':
                more = False
                while waiting: time.sleep(0.01)
                print('finished', number, flush=True)
            else:
                with lock: print('acked', *sorted(acked), flush=True)
        """

    let folder: TemporaryDirectory
    let broker: Broker
    private let gateway: ChildProcess

    init() throws {
        folder = try TemporaryDirectory("ingest")
        broker = try Broker("max_queued_messages 0")
        let python = try Peers.python(importing: "paho.mqtt.client")
        gateway = try ChildProcess(python, ["-c", Self.script, "\(broker.port)", "gw-1"])
        _ = try gateway.waitForLine(containing: "subscribed", within: 20_000)
    }

    deinit { gateway.terminate() }

    private var address: String { "sqlite:" + folder.file("fleet.db") }

    /// Starts the program; with a cut it kills itself at that step.
    func startIngest(workers: Int = 2, cut: String? = nil) throws -> ChildProcess {
        try ChildProcess(
            House.programs + "/amphora-fleet",
            [
                "ingest", "--store", address, "--broker", "127.0.0.1:\(broker.port)", "--workers",
                "\(workers)", "--batch-rows", "20", "--batch-milliseconds", "50", "--name", "rig",
            ], environment: cut.map { ["AMPHORA_CUT": $0] } ?? [:])
    }

    /// Numbers the gateway was told are stored.
    func acknowledged() throws -> Set<Int64> {
        let before = gateway.output.split(separator: "\n").count { $0.hasPrefix("acked") }
        gateway.send(line: "acked")
        let line = Patience.wait(10_000) { () -> Substring? in
            let lines = self.gateway.output.split(separator: "\n").filter { $0.hasPrefix("acked") }
            return lines.count > before ? lines.last : nil
        }
        guard let line else {
            throw TestKitError.late(
                awaited: "the gateway's list", milliseconds: 10_000, seen: gateway.errors)
        }
        return Set(line.split(separator: " ").dropFirst().compactMap { Int64($0) })
    }

    /// Lets the gateway make no more records and waits until all are acknowledged; gives how many.
    func finish() throws -> Int64 {
        gateway.send(line: "finish")
        let line = try gateway.waitForLine(containing: "finished", within: 60_000)
        return Int64(line.split(separator: " ").last ?? "") ?? 0
    }

    /// Numbers in the store, and how often it says a record was stored.
    func stored() throws -> (numbers: [Int64], records: Int64) {
        let store = try FleetStores.open(address)
        try store.migrate()
        let records = try store.tallies().first { $0.gateway == "gw-1" }?.records ?? 0
        return (try store.sequences(gateway: "gw-1", epoch: 7), records)
    }
}
