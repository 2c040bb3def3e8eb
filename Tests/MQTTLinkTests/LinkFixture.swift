import FoundationEssentials
import Glibc
import MQTTLink
import Numbering
import Synchronization
import TestKit
import Testing

/// Records in memory: appended by the test, read by the link, freed on acknowledgement.
final class ListSource: PublishSource, Sendable {
    struct Unreadable: Error, CustomStringConvertible {
        let description = "the store is away"
    }

    private struct Contents {
        var waiting: [Int64] = []
        var next: Int64 = 1
        var taken: [Int64] = []
        var isAway = false
        var keepsUntilSettled = false
    }

    private let contents = Mutex(Contents())

    /// Adds records with the next numbers.
    func append(_ count: Int) {
        contents.withLock {
            for _ in 0..<count {
                $0.waiting.append($0.next)
                $0.next += 1
            }
        }
    }

    /// Whether reading fails from now on.
    func setAway(_ isAway: Bool) { contents.withLock { $0.isAway = isAway } }

    /// What the link reported as acknowledged, in that order.
    var taken: [Int64] { contents.withLock { $0.taken } }

    func read(
        after token: Int64, limit: Int, _ body: (OutgoingMessage) -> Bool
    ) throws(Unreadable) {
        let (rows, isAway) = contents.withLock {
            (Array($0.waiting.filter { $0 > token }.prefix(limit)), $0.isAway)
        }
        if isAway { throw Unreadable() }
        for row in rows {
            let payload = Array("{\"n\":\(row)}".utf8)
            let goesOn = payload.withUnsafeBytes {
                body(OutgoingMessage(token: row, channel: 0, payload: $0))
            }
            if !goesOn { return }
        }
    }

    func waiting() throws(Unreadable) -> ClosedRange<Int64>? {
        contents.withLock { contents in
            contents.waiting.first.map { $0...(contents.waiting.last ?? $0) }
        }
    }

    func acknowledged(_ token: Int64) {
        contents.withLock {
            if !$0.keepsUntilSettled { $0.waiting.removeAll { $0 == token } }
            $0.taken.append(token)
        }
    }

    /// Rows stay until the receiver's word from now on.
    func keepUntilSettled() { contents.withLock { $0.keepsUntilSettled = true } }

    /// Rows that wait.
    var rows: [Int64] { contents.withLock { $0.waiting } }

    /// Understands `settled FIRST LAST` and `hold SECONDS`.
    func received(_ message: ReceivedMessage) -> [ReceiverWord]? {
        let words = String(decoding: message.payload, as: UTF8.self).split(separator: " ")
        let numbers = words.dropFirst().compactMap { Int64($0) }
        switch (words.first, numbers.count) {
        case ("settled", 2):
            var tokens = SequenceRanges()
            tokens.insert(numbers[0]...numbers[1])
            contents.withLock { $0.waiting.removeAll { tokens.contains($0) } }
            return [.settled(tokens)]
        case ("hold", 1): return [.holdBacklog(seconds: Int(numbers[0]))]
        default: return nil
        }
    }
}

/// A link on a thread of its own against a real broker; stops with the last reference.
final class LinkFixture: Sendable {
    let source = ListSource()
    let mailbox: LinkMailbox
    private let stopWrite: Int32

    init(_ configuration: LinkConfiguration) throws {
        mailbox = try LinkMailbox()
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        stopWrite = ends[1]
        let stopRead = ends[0]
        let (source, mailbox) = (source, mailbox)
        let done = done
        Background.run {
            do {
                let link = try MQTTLink(configuration, source: source, mailbox: mailbox)
                link.run(stop: stopRead)
            } catch {
                done.error.withLock { $0 = "\(error)" }
            }
            close(stopRead)
            done.flag.store(true, ordering: .releasing)
        }
    }

    private final class Done: Sendable {
        let flag = Atomic<Bool>(false)
        let error = Mutex<String?>(nil)
    }

    private let done = Done()

    deinit { close(stopWrite) }

    /// A configuration that is quick to try again.
    static func configuration(_ port: UInt16, host: String = "127.0.0.1") -> LinkConfiguration {
        var configuration = LinkConfiguration(
            host: host, port: Int(port), gateway: "gw-1",
            channels: [LinkChannel(path: "up/telemetry", schema: "telemetry-v1")])
        configuration.reconnectMilliseconds = 10
        configuration.reconnectMaximumMilliseconds = 200
        configuration.willDelaySeconds = 0
        configuration.backlogJitterSeconds = 0
        configuration.backlogRate = 0
        return configuration
    }

    func append(_ count: Int) {
        source.append(count)
        mailbox.wake()
    }

    /// Asks the link to stop and waits until it has; false when it takes longer than 5 s.
    func stop() -> Bool {
        var byte: UInt8 = 1
        _ = write(stopWrite, &byte, 1)
        return Patience.wait(5_000) { done.flag.load(ordering: .acquiring) ? true : nil } ?? false
    }

    /// Why the link could not be made.
    var error: String? {
        Patience.wait(2_000) { done.error.withLock { $0 } }
    }

    var status: LinkStatus { mailbox.status }

    /// Waits until the status is as wanted; the last status seen otherwise explains a failure.
    func wait(_ milliseconds: Int64 = 10_000, _ condition: (LinkStatus) -> Bool) throws {
        let found = Patience.wait(milliseconds) { condition(status) ? true : nil }
        if found == nil { Issue.record("waited in vain, the link says \(status)") }
        try #require(found != nil)
    }

    /// Waits until the broker has taken so many records.
    func waitTaken(_ count: Int, _ milliseconds: Int64 = 15_000) throws {
        let found = Patience.wait(milliseconds) { Set(source.taken).count >= count ? true : nil }
        if found == nil { Issue.record("\(source.taken.count) taken, the link says \(status)") }
        try #require(found != nil)
    }
}

/// An independent subscriber (paho) that prints what it gets.
final class Subscriber {
    struct Message: Equatable {
        let topic: String
        let isRetained: Bool
        let contentType: String
        let expiry: String
        let schema: String
        let payload: String
    }

    private static let script = """
        import sys, threading, paho.mqtt.client as mqtt
        from paho.mqtt.properties import Properties
        from paho.mqtt.packettypes import PacketTypes
        port, topic, v5 = int(sys.argv[1]), sys.argv[2], sys.argv[3] == 'v5'
        version = mqtt.MQTTv5 if v5 else mqtt.MQTTv311
        options = {} if v5 else {'clean_session': False}
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id='counter',
                             protocol=version, **options)
        def connected(c, u, f, code, p): c.subscribe(topic, qos=1)
        def subscribed(c, u, m, codes, p): print('subscribed', flush=True)
        def message(c, u, m):
            p = m.properties
            user = dict(getattr(p, 'UserProperty', []))
            print('message', m.topic, int(m.retain), getattr(p, 'ContentType', '-'),
                  getattr(p, 'MessageExpiryInterval', '-'), user.get('schema', '-'),
                  m.payload.decode(), sep='\\t', flush=True)
        client.on_connect, client.on_subscribe, client.on_message = connected, subscribed, message
        client.reconnect_delay_set(1, 1)
        if v5:
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = 600
            client.connect('127.0.0.1', port, clean_start=False, properties=properties)
        else:
            client.connect('127.0.0.1', port)
        client.loop_start()
        sys.stdin.read()
        """

    private let process: ChildProcess

    init(port: UInt16, topic: String, v5: Bool = true) throws {
        let python = try Peers.python(importing: "paho.mqtt.client")
        process = try ChildProcess(
            python, ["-c", Self.script, "\(port)", topic, v5 ? "v5" : "v311"])
        _ = try process.waitForLine(containing: "subscribed", within: 20_000)
    }

    var messages: [Message] {
        process.output.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
            guard parts.count == 7, parts[0] == "message" else { return nil }
            return Message(
                topic: String(parts[1]), isRetained: parts[2] == "1",
                contentType: String(parts[3]), expiry: String(parts[4]),
                schema: String(parts[5]), payload: String(parts[6]))
        }
    }

    /// The numbers of the records it got, in the order they came.
    var numbers: [Int64] {
        messages.compactMap { Int64($0.payload.dropFirst(5).dropLast()) }
    }

    /// Waits until every number up to `count` has come.
    func waitForNumbers(_ count: Int64, _ milliseconds: Int64 = 15_000) -> [Int64] {
        let all = Set(1...count)
        _ = Patience.wait(milliseconds) { all.isSubset(of: numbers) ? true : nil }
        return numbers
    }

    /// Waits for a message that fits.
    func wait(
        _ milliseconds: Int64 = 10_000, for condition: (Message) -> Bool
    ) throws -> Message {
        let found = Patience.wait(milliseconds) { messages.first(where: condition) }
        if found == nil { Issue.record("no such message among \(messages)") }
        return try #require(found)
    }
}

/// Checks a counting subscriber's list: nothing lost, and in order apart from repeats.
func expectComplete(
    _ numbers: [Int64], upTo count: Int64, sourceLocation: SourceLocation = #_sourceLocation
) {
    var highest: Int64 = 0
    for number in numbers where number > highest {
        #expect(number == highest + 1, "gap or disorder", sourceLocation: sourceLocation)
        highest = number
    }
    #expect(highest == count, sourceLocation: sourceLocation)
}

/// Checks that the numbers of one range came in order, apart from repeats.
func expectOrder(
    _ numbers: [Int64], in range: ClosedRange<Int64>,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    var highest = range.lowerBound - 1
    for number in numbers where range.contains(number) && number > highest {
        #expect(number == highest + 1, "gap or disorder", sourceLocation: sourceLocation)
        highest = number
    }
}
