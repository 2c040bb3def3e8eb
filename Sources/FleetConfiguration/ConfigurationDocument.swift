import FleetStore
import Telemetry

/// What a gateway is given: `Schemas/configuration-v1.schema.json`.
package enum ConfigurationDocument {
    /// The document of an offer, JSON.
    package static func bytes(_ offer: OfferedConfiguration) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.name("schema")
            writer.integer(1)
            writer.name("version")
            writer.integer(offer.version)
            writer.name("device")
            writer.string(offer.gateway)
            writer.moment("issued", unixMilliseconds: offer.issuedMilliseconds)
            writer.name("config")
            writer.raw(offer.config.utf8)
        }
        return writer.bytes
    }

    /// Names the document for `If-None-Match` (RFC 9110 section 8.8.3), with its quotes.
    package static func entityTag(_ offer: OfferedConfiguration) -> String {
        "\"\(offer.version)-\(offer.tag)\""
    }
}
