import StrictJSON

/// The configuration a gateway runs on, and which layer each value comes from.
package struct LayeredConfiguration: Sendable {
    /// What counts.
    package let configuration: GatewayConfiguration
    /// The version of the fleet's document in it; nil when there is none.
    package let version: Int?
    /// What the fleet asked for and the site holds back (rule 2).
    package let held: [HeldSetting]
    private let layers: [String: SettingLayer]

    /// The file alone; throws every fault in it.
    package init(file bytes: [UInt8], path: String) throws(ConfigurationError) {
        let reader = ConfigurationReader()
        let table = try Self.table(bytes, path: path)
        configuration = try Self.read(table, reader, path: path)
        layers = table.layers()
        version = nil
        held = []
    }

    /// The file and the fleet's document over it; throws every fault in the document.
    ///
    /// The document must be for the gateway of the file.
    package init(
        file bytes: [UInt8], path: String, document: [UInt8], name: String = "document"
    ) throws(ConfigurationError) {
        let site = try LayeredConfiguration(file: bytes, path: path)
        let reader = ConfigurationReader()
        let remote = RemoteDocument(document, for: site.configuration.gateway, reader: reader)
        guard let remote else { throw ConfigurationError(path: name, faults: reader.faults) }
        let table = LayerMerge(reader: reader).merge(
            remote.config, over: try Self.table(bytes, path: path))
        var root = ConfigurationSection(table, path: "", reader: reader)
        let asked = GatewayConfiguration(&root)
        asked.checkRemotePaths(remote.config, reader)
        let careful = CarefulSettings(
            asked, site: site.configuration, siteLayers: site.layers)
        Self.checkPacks(careful.result, asked: asked, remote, reader)
        guard reader.faults.isEmpty else {
            throw ConfigurationError(path: name, faults: reader.faults)
        }
        configuration = careful.result
        version = remote.version
        held = careful.held
        layers = table.layers().merging(careful.held.map { ($0.key, $0.layer) }) { $1 }
    }

    /// The layer a key's value comes from.
    package func layer(of key: String) -> SettingLayer { layers[key] ?? .builtIn }

    /// What asks for more packs than the fleet's lines have, when it is the site.
    private static func checkPacks(
        _ kept: GatewayConfiguration, asked: GatewayConfiguration, _ remote: RemoteDocument,
        _ reader: ConfigurationReader
    ) {
        let count = kept.lines.reduce(0) { $0 + $1.units.count }
        let needed = kept.bank.minimumPacks
        guard count > 0, needed > count, asked.bank.minimumPacks <= count else { return }
        reader.fault(
            line: remote.config.member("line")?.line ?? 0,
            "'bank.minimum_packs' stays \(needed) by the site, but only \(count) packs are configured"
        )
    }

    private static func table(
        _ bytes: [UInt8], path: String
    ) throws(ConfigurationError) -> TOMLTable {
        do {
            return try TOMLReader.read(bytes)
        } catch {
            let message = "column \(error.column): \(error.message)"
            throw ConfigurationError(
                path: path, faults: [ConfigurationFault(line: error.line, message)])
        }
    }

    private static func read(
        _ table: TOMLTable, _ reader: ConfigurationReader, path: String
    ) throws(ConfigurationError) -> GatewayConfiguration {
        var root = ConfigurationSection(table, path: "", reader: reader)
        let configuration = GatewayConfiguration(&root)
        guard reader.faults.isEmpty else {
            throw ConfigurationError(path: path, faults: reader.faults)
        }
        return configuration
    }
}
