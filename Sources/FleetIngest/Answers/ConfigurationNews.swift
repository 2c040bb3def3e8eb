import FleetStore
import Telemetry

/// Tells a gateway that there is a configuration for it: `Schemas/configuration-news-v1.schema.json`.
package enum ConfigurationNews {
    /// The schema's name inside the document.
    package static let schema = "amphora/configuration-news/v1"

    /// The document as JSON.
    package static func document(_ offer: OfferedConfiguration) -> [UInt8] {
        var writer = JSONWriter(capacity: 128)
        writer.object { writer in
            writer.name("schema")
            writer.string(schema)
            writer.name("version")
            writer.integer(offer.version)
        }
        return writer.bytes
    }
}
