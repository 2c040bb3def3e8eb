import FleetStore

/// A message from its arrival until it is stored.
struct HeldMessage: Sendable {
    /// What it has become.
    enum Content: Sendable {
        case record(FleetRecord)
        case letter(DeadLetter)
    }

    /// Bytes of a dead letter that are kept.
    static let mostLetterBytes = 64 << 10

    let topic: String
    let payload: [UInt8]
    private(set) var content: Content

    /// Judges a message as it came from the broker; `root` is the first part of every topic.
    init(topic: String, payload: [UInt8], root: String, receivedMilliseconds: Int64) {
        self.topic = topic
        self.payload = payload
        guard let gateway = UplinkTopic.gateway(of: topic, root: root) else {
            content = .letter(
                DeadLetter(
                    topic: topic, gateway: nil, epoch: nil, sequence: nil,
                    receivedMilliseconds: receivedMilliseconds,
                    reason: "topic: expected '\(root)/v1/<gateway>/up/…' with a gateway of 1 to 64 "
                        + "characters a…z, 0…9 or '-', found '\(topic.prefix(128))'",
                    payload: Array(payload.prefix(Self.mostLetterBytes))))
            return
        }
        do {
            let record = try RecordDecoder.decode(
                payload, from: gateway, receivedMilliseconds: receivedMilliseconds)
            content = .record(record)
        } catch {
            content = .letter(
                DeadLetter(
                    topic: topic, gateway: gateway, epoch: error.epoch, sequence: error.sequence,
                    receivedMilliseconds: receivedMilliseconds, reason: error.reason,
                    payload: Array(payload.prefix(Self.mostLetterBytes))))
        }
    }

    /// Rows it takes in the store.
    var rows: Int {
        guard case .record(let record) = content, case .telemetry(_, let packs) = record.body
        else { return 1 }
        return 1 + packs.count
    }

    /// The gateway it came from; nil when the topic names none.
    var gateway: String? {
        switch content {
        case .record(let record): record.key.gateway
        case .letter(let letter): letter.gateway
        }
    }

    /// Its name; nil when it cannot be acknowledged.
    var key: RecordKey? {
        switch content {
        case .record(let record): return record.key
        case .letter(let letter):
            guard let gateway = letter.gateway, let epoch = letter.epoch,
                let sequence = letter.sequence
            else { return nil }
            return RecordKey(gateway: gateway, epoch: epoch, sequence: sequence)
        }
    }

    /// Why it is rejected; nil when it is a record.
    var rejection: String? {
        guard case .letter(let letter) = content else { return nil }
        return letter.reason
    }

    /// Makes a dead letter of a record that the store refuses; false when it was one already.
    mutating func reject(_ reason: String) -> Bool {
        guard case .record(let record) = content else { return false }
        content = .letter(
            DeadLetter(
                topic: topic, gateway: record.key.gateway, epoch: record.key.epoch,
                sequence: record.key.sequence, receivedMilliseconds: record.receivedMilliseconds,
                reason: reason, payload: Array(payload.prefix(Self.mostLetterBytes))))
        return true
    }
}

extension IngestBatch {
    /// What one transaction stores of these messages.
    init(_ messages: [HeldMessage]) {
        self.init()
        records.reserveCapacity(messages.count)
        for message in messages {
            switch message.content {
            case .record(let record): records.append(record)
            case .letter(let letter): deadLetters.append(letter)
            }
        }
    }
}

/// Topics that gateways publish records on: `<root>/v1/<gateway>/up/…`.
enum UplinkTopic {
    /// The shared subscription that the workers of a group divide among them.
    static func subscription(root: String, group: String) -> String {
        "$share/\(group)/\(root)/v1/+/up/+"
    }

    /// A topic that the fleet talks to a gateway on.
    static func downlink(_ path: String, to gateway: String, root: String) -> String {
        "\(root)/v1/\(gateway)/down/\(path)"
    }

    /// The gateway a topic names; nil when it is no such topic or its name is none.
    static func gateway(of topic: String, root: String) -> String? {
        let head = "\(root)/v1/"
        guard topic.utf8.starts(with: head.utf8) else { return nil }
        let rest = topic.utf8.dropFirst(head.utf8.count)
        let name = rest.prefix { $0 != UInt8(ascii: "/") }
        guard rest.dropFirst(name.count).starts(with: "/up/".utf8), (1...64).contains(name.count),
            name.allSatisfy({ isNameByte($0) })
        else { return nil }
        return String(Substring(name))
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
