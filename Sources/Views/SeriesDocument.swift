import History
import Telemetry

/// A chart in one of the forms it is asked for.
package struct SeriesDocument {
    /// The forms, the usual one first.
    package enum Form: String, CaseIterable {
        case json = "application/json"
        case csv = "text/csv"
        case ndjson = "application/x-ndjson"
    }

    private let gateway: String
    private let pack: Int32
    private let quantity: Quantity
    private let from: Int64, to: Int64
    private let tier: HistoryTier
    private let isBehind: Bool
    private let points: [SeriesPoint]
    private let gaps: [HistoryGap]

    /// Joins what was asked for, times in Unix milliseconds, and what was found.
    package init(
        gateway: String, pack: Int32, quantity: Quantity, from: Int64, to: Int64,
        tier: HistoryTier, isBehind: Bool, points: [SeriesPoint], gaps: [HistoryGap]
    ) {
        self.gateway = gateway
        self.pack = pack
        self.quantity = quantity
        self.from = from
        self.to = to
        self.tier = tier
        self.isBehind = isBehind
        self.points = points
        self.gaps = gaps
    }

    /// The document in a form.
    package func bytes(_ form: Form) -> [UInt8] {
        switch form {
        case .json: json
        case .csv: csv
        case .ndjson: ndjson
        }
    }

    private var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("gateway", gateway)
            writer.member("pack", pack)
            writer.member("quantity", quantity.rawValue)
            writer.moment("from", unixMilliseconds: from)
            writer.moment("to", unixMilliseconds: to)
            writer.member("tier", "\(tier)")
            writer.name("is_behind")
            writer.bool(isBehind)
            writer.name("points")
            writer.array { writer in for point in points { Self.write(point, to: &writer) } }
            writer.name("gaps")
            writer.array { writer in for gap in gaps { Self.write(gap, to: &writer) } }
        }
        return writer.bytes
    }

    private var ndjson: [UInt8] {
        var writer = JSONWriter()
        for point in points {
            Self.write(point, to: &writer)
            writer.endLine()
        }
        return writer.bytes
    }

    /// By RFC 4180; nothing in it needs quotes.
    private var csv: [UInt8] {
        let unit = quantity.rawValue
        var text = "time,\(unit)_min,\(unit)_mean,\(unit)_max,\(unit)_last,samples\r\n"
        for point in points {
            text += RFC3339.text(unixMilliseconds: point.from)
            let numbers = [point.minimum, point.mean, point.maximum, point.last, point.samples]
            for number in numbers { text += ",\(number)" }
            text += "\r\n"
        }
        return Array(text.utf8)
    }

    private static func write(_ point: SeriesPoint, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.moment("time", unixMilliseconds: point.from)
            writer.member("min", point.minimum)
            writer.member("mean", point.mean)
            writer.member("max", point.maximum)
            writer.member("last", point.last)
            writer.member("samples", point.samples)
        }
    }

    private static func write(_ gap: HistoryGap, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.moment("from", unixMilliseconds: gap.from)
            writer.moment("to", unixMilliseconds: gap.to)
            writer.member("cause", gap.cause.rawValue)
        }
    }
}
