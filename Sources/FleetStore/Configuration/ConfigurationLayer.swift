/// Whom a layer of configuration is for.
package enum ConfigurationScope: Hashable, Sendable, CustomStringConvertible {
    /// Every gateway.
    case fleet
    /// The gateways of a group.
    case group(String)
    /// One gateway, by its id.
    case gateway(String)

    /// `fleet`, `group:pilots`, `gateway:house-1`; what the store keeps it under.
    package var description: String {
        switch self {
        case .fleet: "fleet"
        case .group(let name): "group:\(name)"
        case .gateway(let id): "gateway:\(id)"
        }
    }

    /// Reads what `description` wrote; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        switch (parts.first, parts.count) {
        case ("fleet", 1): self = .fleet
        case ("group", 2): self = .group(String(parts[1]))
        case ("gateway", 2): self = .gateway(String(parts[1]))
        default: return nil
        }
    }
}

/// One version of what is set for a scope; kept for ever, so that each can be seen and brought back.
package struct ConfigurationLayer: Hashable, Sendable {
    /// Whom it is for.
    package var scope: ConfigurationScope
    /// Counts up from 1 within the scope.
    package var version: Int64
    /// A merge patch (RFC 7396), JSON: goes over what the scopes before it set.
    package var patch: String
    /// Who made it, and what they said about it.
    package var author: String, note: String
    /// Unix time in milliseconds when it was made.
    package var madeMilliseconds: Int64

    /// Joins the parts.
    package init(
        scope: ConfigurationScope, version: Int64, patch: String, author: String,
        note: String = "", madeMilliseconds: Int64
    ) {
        self.scope = scope
        self.version = version
        self.patch = patch
        self.author = author
        self.note = note
        self.madeMilliseconds = madeMilliseconds
    }
}

/// All layers of a gateway merged.
package struct ConfigurationContent: Hashable, Sendable {
    /// The gateway's id.
    package var gateway: String
    /// JSON.
    package var config: String
    /// Names the content: equal content has an equal name.
    package var tag: String

    /// Joins the parts.
    package init(gateway: String, config: String, tag: String) {
        self.gateway = gateway
        self.config = config
        self.tag = tag
    }
}

/// What a gateway is to run on, as it was offered to it.
package struct OfferedConfiguration: Hashable, Sendable {
    /// The gateway's id.
    package var gateway: String
    /// Counts up from 1; the gateway refuses a lower one than it has.
    package var version: Int64
    /// Names the content: equal content has an equal name.
    package var tag: String
    /// Unix time in milliseconds when it came to be.
    package var issuedMilliseconds: Int64
    /// All layers merged, JSON.
    package var config: String

    /// Joins the parts.
    package init(
        gateway: String, version: Int64, tag: String, issuedMilliseconds: Int64, config: String
    ) {
        self.gateway = gateway
        self.version = version
        self.tag = tag
        self.issuedMilliseconds = issuedMilliseconds
        self.config = config
    }
}

extension ConfigurationLayer: RowReadable {
    static let columns = "scope, version, patch, author, note, made_ms"

    init(from row: inout some RowSource) {
        self.init(
            scope: ConfigurationScope(row.word()) ?? .fleet, version: row.wide(),
            patch: row.word(), author: row.word(), note: row.word(), madeMilliseconds: row.wide())
    }

    var parameters: [SQLValue] {
        [
            .text("\(scope)"), .number(version), .text(patch), .text(author), .text(note),
            .number(madeMilliseconds),
        ]
    }
}

extension OfferedConfiguration: RowReadable {
    static let columns = "gateway, version, tag, issued_ms, config"

    init(from row: inout some RowSource) {
        self.init(
            gateway: row.word(), version: row.wide(), tag: row.word(),
            issuedMilliseconds: row.wide(), config: row.word())
    }

    var parameters: [SQLValue] {
        [
            .text(gateway), .number(version), .text(tag), .number(issuedMilliseconds),
            .text(config),
        ]
    }
}
