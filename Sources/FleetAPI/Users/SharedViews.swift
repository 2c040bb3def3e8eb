import FleetStore
import Views

// What requests and answers share with the gateway's own server, by the names they have here.

typealias Accept = Views.Accept
typealias Freshness = Views.Freshness
typealias LiveDocument = Views.LiveDocument
typealias MomentText = Views.MomentText
typealias Names = Views.Names
typealias Query = Views.Query
typealias SeriesDocument = Views.SeriesDocument

extension LiveDocument {
    /// That of the newest sample in the store; nil is a gateway that never measured.
    init(gateway: String, newest: NewestSample?, now: Int64) {
        self.init(
            gateway: gateway, made: newest?.bank.timeMilliseconds,
            quality: newest?.bank.quality ?? .unmended, bank: newest?.bank.sample,
            packs: newest?.packs ?? [], now: now)
    }
}

extension Accept {
    /// The form of history that a client likes best; throws a ``Problem`` when it wants none of them.
    static func form(_ field: String?) throws -> SeriesDocument.Form {
        guard let best = best(field) else {
            let known = SeriesDocument.Form.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem(.notAcceptable, "expected one of \(known)")
        }
        return best
    }
}

extension Query {
    /// A cursor, by its form only; nil when it is not given or wrong.
    mutating func cursor() -> String? {
        text("cursor", "hexadecimal digits, at most \(Cursor.longest)", Cursor.isForm)
    }

    /// Throws when something was wrong, or a parameter was given that nobody asked for.
    func finish() throws {
        let faults = faults
        guard faults.isEmpty else {
            throw Problem(.queryInvalid, "see errors for each parameter", faults: faults)
        }
    }
}
