import FleetStore
import NIOCore
import Telemetry

/// What one gateway or one tenant has to tell, and the last that it told.
///
/// Decides what each listener gets; sends nothing.
struct EventTopic {
    /// What is looked at.
    enum Subject: Hashable {
        case gateway(String)
        case tenant(String)
    }

    /// An event as it goes over the wire, with its number.
    struct Frame {
        let number: Int
        let bytes: ByteBuffer
    }

    /// Events that are kept for who comes back, and their bytes in all.
    static let (mostFrames, mostBytes) = (8, 32_768)

    /// Names this topic for as long as it is kept, so that a number of an earlier one is not taken for one of it.
    private let name: String
    private var number = 0
    private(set) var frames: [Frame] = []
    /// The last mark of a gateway, and how fresh its newest value was when it was told.
    var mark: GatewayMark?
    var freshness: Freshness?
    /// The last document of a tenant.
    var document: [UInt8] = []
    /// When somebody listened last, by the clock of the watcher.
    var used: ContinuousClock.Instant

    init(used: ContinuousClock.Instant) {
        name = String(UInt32.random(in: .min ... .max), radix: 36)
        self.used = used
    }

    /// Whether the newest sample was made before somebody came, at a Unix time in milliseconds.
    func isHidden(from time: Int64) -> Bool {
        guard let mark, let newest = mark.newest, mark.quality != .unmended else { return false }
        return newest < time
    }

    /// Keeps an event and gives it as it goes over the wire.
    mutating func tell(_ event: String, _ data: [UInt8]) -> ByteBuffer {
        number += 1
        let bytes = frame(event, data)
        frames.append(Frame(number: number, bytes: bytes))
        while frames.count > Self.mostFrames
            || frames.count > 1
                && frames.reduce(0, { $0 + $1.bytes.readableBytes }) > Self.mostBytes
        {
            frames.removeFirst()
        }
        return bytes
    }

    /// An event with the number of the last one, for who comes later.
    func frame(_ event: String, _ data: [UInt8]) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.writeString("id: \(name).\(number)\nevent: \(event)\ndata: ")
        bytes.writeBytes(data)
        bytes.writeString("\n\n")
        return bytes
    }

    /// What came after the event of this id; nil when that is not known any more.
    func missed(since id: String) -> [ByteBuffer]? {
        let parts = id.split(separator: ".")
        guard parts.count == 2, parts[0] == name, let last = Int(parts[1]),
            (0...number).contains(last)
        else { return nil }
        let first = frames.first?.number ?? number + 1
        guard last >= first - 1 else { return nil }
        return frames.filter { $0.number > last }.map(\.bytes)
    }
}

extension Documents {
    /// How many alarms of a gateway are open.
    static func alarmCount(_ count: AlarmCount) -> [UInt8] {
        one { writer in
            writer.object { writer in
                writer.member("open", count.open)
                writer.member("unacknowledged", count.unacknowledged)
                writer.member("worst_level", level(count.severity))
            }
        }
    }
}
