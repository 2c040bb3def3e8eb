import FleetStore
import History
import Telemetry

/// A chart in one of the forms it is asked for.
struct SeriesDocument {
    /// The forms, the usual one first.
    enum Form: String, CaseIterable {
        case json = "application/json"
        case csv = "text/csv"
        case ndjson = "application/x-ndjson"
    }

    let request: SeriesRequest
    let series: HistorySeries

    func bytes(_ form: Form) -> [UInt8] {
        switch form {
        case .json: json
        case .csv: csv
        case .ndjson: ndjson
        }
    }

    private var json: [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("gateway", request.gateway)
            writer.member("pack", request.pack)
            writer.member("quantity", request.quantity.rawValue)
            writer.moment("from", unixMilliseconds: request.from)
            writer.moment("to", unixMilliseconds: request.to)
            writer.member("tier", "\(series.tier)")
            writer.name("is_behind")
            writer.bool(series.isBehind)
            writer.name("points")
            writer.array { writer in for point in series.points { Self.write(point, to: &writer) } }
            writer.name("gaps")
            writer.array { writer in for gap in series.gaps { Self.write(gap, to: &writer) } }
        }
        return writer.bytes
    }

    private var ndjson: [UInt8] {
        var writer = JSONWriter()
        for point in series.points {
            Self.write(point, to: &writer)
            writer.endLine()
        }
        return writer.bytes
    }

    /// By RFC 4180; nothing in it needs quotes.
    private var csv: [UInt8] {
        let unit = request.quantity.rawValue
        var text = "time,\(unit)_min,\(unit)_mean,\(unit)_max,\(unit)_last,samples\r\n"
        for point in series.points {
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
