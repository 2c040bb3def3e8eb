import Crypto
import FleetStore
import StrictJSON

/// Decides what each gateway is to run on: fleet, then group, then gateway, laid over each other.
///
/// One thread uses an instance. No layer is kept that would give any gateway a document it has to
/// refuse.
package final class ConfigurationService {
    /// Every fault of a gateway's document, in words; empty when a gateway would take it.
    package typealias Check = (_ gateway: String, _ document: [UInt8]) -> [String]

    private let store: any ConfigurationStore
    private let check: Check
    private let user: String?

    /// Works on a store that was migrated; with the name of a user, only on what they may change.
    package init(
        store: any ConfigurationStore, user: String? = nil, check: @escaping Check
    ) {
        self.store = store
        self.user = user
        self.check = check
    }

    // MARK: - Change

    /// Goes over the newest layer of a scope; a null in `change` stays, and undoes lower layers.
    package func set(
        _ change: JSONItem, in scope: ConfigurationScope, by author: String, note: String = "",
        at milliseconds: Int64
    ) throws(ConfigurationServiceError) -> ConfigurationLayer {
        try keep(in: scope, by: author, note: note, at: milliseconds) { current in
            LayerMerging.composed(current, change)
        }
    }

    /// Changes a version of a scope's layer by a merge patch (RFC 7396); a null takes a key out of it.
    ///
    /// Throws `outdated` when another version is the newest.
    package func merge(
        _ patch: JSONItem, into scope: ConfigurationScope, over version: Int64, by author: String,
        note: String = "", at milliseconds: Int64
    ) throws(ConfigurationServiceError) -> ConfigurationLayer {
        try keep(in: scope, over: version, by: author, note: note, at: milliseconds) { current in
            current.merged(with: patch)
        }
    }

    /// Takes keys out of a scope's layer, so that lower layers count again.
    package func unset(
        _ keys: [String], in scope: ConfigurationScope, by author: String, note: String = "",
        at milliseconds: Int64
    ) throws(ConfigurationServiceError) -> ConfigurationLayer {
        try keep(in: scope, by: author, note: note, at: milliseconds) {
            current throws(ConfigurationServiceError) in
            var left = current
            for key in keys {
                let path: [String]
                do throws(SettingFault) {
                    path = try SettingText.path(key)
                } catch {
                    throw .faults([error.description])
                }
                guard let without = LayerMerging.removing(path, from: left) else {
                    throw .faults(["'\(key)' is not set in '\(scope)'"])
                }
                left = without
            }
            return left
        }
    }

    /// Puts a whole layer in place of the newest one.
    package func replace(
        _ layer: JSONItem, in scope: ConfigurationScope, by author: String, note: String = "",
        at milliseconds: Int64
    ) throws(ConfigurationServiceError) -> ConfigurationLayer {
        try keep(in: scope, by: author, note: note, at: milliseconds) { _ in layer }
    }

    /// Brings an earlier version of a scope back, as a new version.
    package func rollBack(
        _ scope: ConfigurationScope, to version: Int64, by author: String, at milliseconds: Int64
    ) throws(ConfigurationServiceError) -> ConfigurationLayer {
        let history = try asking { () throws(FleetStoreError) in try store.layers(of: scope) }
        guard let wanted = history.first(where: { $0.version == version }) else {
            let found = history.map { "\($0.version)" }.joined(separator: ", ")
            throw .faults([
                "'\(scope)' has no version \(version), there "
                    + (history.isEmpty ? "is none at all" : "are \(found)")
            ])
        }
        return try replace(
            try parsed(wanted), in: scope, by: author, note: "back to version \(version)",
            at: milliseconds)
    }

    private func keep(
        in scope: ConfigurationScope, over version: Int64? = nil, by author: String, note: String,
        at milliseconds: Int64,
        _ change: (JSONItem) throws(ConfigurationServiceError) -> JSONItem
    ) throws(ConfigurationServiceError) -> ConfigurationLayer {
        let newest = try asking { () throws(FleetStoreError) in
            try store.layers(of: scope).first
        }
        if let version, version != newest?.version ?? 0 { throw .outdated(scope) }
        let current = try newest.map { layer throws(ConfigurationServiceError) in
            try parsed(layer)
        }
        let made = try change(current ?? LayerMerging.nothing)
        guard case .object = made.value else {
            throw .faults(["a layer is \(made.value.kind), expected an object of settings"])
        }
        let layer = ConfigurationLayer(
            scope: scope, version: (newest?.version ?? 0) + 1, patch: made.canonicalText,
            author: author, note: note, madeMilliseconds: milliseconds)
        let faults = try faults(with: layer)
        guard faults.isEmpty else { throw .faults(faults) }
        let addition = try asking { () throws(FleetStoreError) -> LayerAddition in
            if let user { return try store.add(layer, for: user) }
            return try store.add(layer) ? .added : .outdated
        }
        switch addition {
        case .added: return layer
        case .outdated: throw .outdated(scope)
        case .refused: throw .refused(scope)
        }
    }

    /// What gateways would find wrong with a layer, were it kept; each fault once.
    private func faults(
        with layer: ConfigurationLayer
    ) throws(ConfigurationServiceError) -> [String] {
        var plan = try plan(with: layer)
        var gateways = plan.groups.keys.filter { layer.scope.covers($0, group: plan.groups[$0]) }
        if case .gateway(let id) = layer.scope, !gateways.contains(id) { gateways.append(id) }
        var faults: [String] = []
        // a layer nobody has yet is checked on its own
        if gateways.isEmpty {
            faults = check("any", document(plan.layers(for: layer.scope), of: "any"))
        }
        var seen: Set<String> = []
        for gateway in gateways.sorted() {
            let config = plan.content(for: gateway).config
            guard seen.insert(config).inserted else { continue }
            for fault in check(gateway, document(config, of: gateway)) {
                let words = gateways.count > 1 ? "\(fault) (gateway '\(gateway)')" : fault
                if !faults.contains(where: { $0.hasPrefix(fault) }) { faults.append(words) }
            }
        }
        return faults
    }

    private func document(_ config: String, of gateway: String) -> [UInt8] {
        ConfigurationDocument.bytes(
            OfferedConfiguration(
                gateway: gateway, version: 1, tag: "", issuedMilliseconds: 0, config: config))
    }

    // MARK: - Ask

    /// What a gateway is to run on by now, offered to it when it was not yet.
    package func offer(
        to gateway: String, at milliseconds: Int64
    ) throws(ConfigurationServiceError) -> OfferedConfiguration {
        var plan = try plan(with: nil)
        let content = plan.content(for: gateway)
        let newest = try asking { () throws(FleetStoreError) in try store.offer(to: gateway) }
        if let newest, newest.tag == content.tag { return newest }
        let offers = try asking { () throws(FleetStoreError) in
            try store.offer([content], at: milliseconds)
        }
        guard let offer = offers.first else { throw .faults(["bug: nothing was offered"]) }
        return offer
    }

    /// Brings the offers of all known gateways up to date and gives those that changed.
    package func offerAll(
        at milliseconds: Int64
    ) throws(ConfigurationServiceError) -> [OfferedConfiguration] {
        var plan = try plan(with: nil)
        let before = try asking { () throws(FleetStoreError) in try store.offers() }
        let tags = Dictionary(before.map { ($0.gateway, $0.tag) }) { $1 }
        let changed = Set(plan.groups.keys).union(tags.keys).sorted()
            .map { plan.content(for: $0) }.filter { tags[$0.gateway] != $0.tag }
        guard !changed.isEmpty else { return [] }
        return try asking { () throws(FleetStoreError) in
            try store.offer(changed, at: milliseconds)
        }
    }

    /// All versions of a scope, the newest first.
    package func history(
        of scope: ConfigurationScope
    ) throws(ConfigurationServiceError) -> [ConfigurationLayer] {
        try asking { () throws(FleetStoreError) in try store.layers(of: scope) }
    }

    /// What each gateway was offered and what it made of it, ordered by gateway.
    package func states() throws(ConfigurationServiceError) -> [ConfigurationState] {
        let (offers, reports) = try asking { () throws(FleetStoreError) in
            (try store.offers(), try store.newestEvents(code: "configuration"))
        }
        var states: [String: ConfigurationState] = [:]
        for offer in offers {
            states[offer.gateway] = ConfigurationState(
                gateway: offer.gateway, offered: offer.version)
        }
        for report in reports {
            let gateway = report.key.gateway
            var state = states[gateway] ?? ConfigurationState(gateway: gateway, offered: nil)
            state.read(report)
            states[gateway] = state
        }
        return states.values.sorted { $0.gateway < $1.gateway }
    }

    /// The same of one gateway, and when it was offered, Unix time in milliseconds.
    package func state(
        of gateway: String
    ) throws(ConfigurationServiceError) -> (state: ConfigurationState, issued: Int64?) {
        let (offer, report) = try asking { () throws(FleetStoreError) in
            (
                try store.offer(to: gateway),
                try store.newestEvent(code: "configuration", of: gateway)
            )
        }
        var state = ConfigurationState(gateway: gateway, offered: offer?.version)
        if let report { state.read(report) }
        return (state, offer?.issuedMilliseconds)
    }

    /// The settings of a gateway and the scope each comes from, in the order of their names.
    package func origins(
        of gateway: String
    ) throws(ConfigurationServiceError) -> [(key: String, value: String, scope: ConfigurationScope)]
    {
        let plan = try plan(with: nil)
        var origin: [String: ConfigurationScope] = [:]
        var below = LayerMerging.nothing
        for (scope, layer) in plan.stack(for: gateway) {
            let merged = below.merged(with: layer)
            for change in LayerMerging.difference(below, merged) { origin[change.key] = scope }
            // a value that is set again to what it was belongs to the last who set it
            for leaf in LayerMerging.leaves(layer) { origin[leaf.key] = scope }
            below = merged
        }
        return LayerMerging.leaves(below).sorted { $0.key < $1.key }
            .map { ($0.key, $0.value, origin[$0.key] ?? .fleet) }
    }

    // MARK: - Layers

    /// All layers as they are, or as they would be with one more.
    private struct Plan {
        var layers: [ConfigurationScope: JSONItem] = [:]
        /// The group of each device; empty when it has none.
        var groups: [String: String] = [:]

        func stack(for gateway: String) -> [(ConfigurationScope, JSONItem)] {
            var scopes: [ConfigurationScope] = [.fleet]
            if let group = groups[gateway], !group.isEmpty { scopes.append(.group(group)) }
            scopes.append(.gateway(gateway))
            return scopes.compactMap { scope in layers[scope].map { (scope, $0) } }
        }

        /// What gateways without a layer of their own get, by their group.
        private var shared: [String: ConfigurationContent] = [:]

        mutating func content(for gateway: String) -> ConfigurationContent {
            let group = groups[gateway] ?? ""
            let isAlone = layers[.gateway(gateway)] != nil
            if !isAlone, var known = shared[group] {
                known.gateway = gateway
                return known
            }
            let config = LayerMerging.effective(stack(for: gateway).map(\.1)).canonicalText
            let content = ConfigurationContent(
                gateway: gateway, config: config, tag: Self.tag(config))
            if !isAlone { shared[group] = content }
            return content
        }

        private static func tag(_ config: String) -> String {
            SHA256.hash(data: Array(config.utf8)).prefix(12).map { byte in
                (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }.joined()
        }

        /// What a member of a scope that has no members would get.
        func layers(for scope: ConfigurationScope) -> String {
            let scopes: [ConfigurationScope] = scope == .fleet ? [.fleet] : [.fleet, scope]
            return LayerMerging.effective(scopes.compactMap { layers[$0] }).canonicalText
        }
    }

    private func plan(
        with more: ConfigurationLayer?
    ) throws(ConfigurationServiceError) -> Plan {
        var plan = Plan()
        let (layers, devices) = try asking { () throws(FleetStoreError) in
            (try store.currentLayers(), try store.devices())
        }
        for layer in layers { plan.layers[layer.scope] = try parsed(layer) }
        if let more { plan.layers[more.scope] = try parsed(more) }
        for device in devices { plan.groups[device.id] = device.group }
        return plan
    }

    /// What a layer of the store sets.
    package func parsed(_ layer: ConfigurationLayer) throws(ConfigurationServiceError) -> JSONItem {
        do {
            return try JSONParser.parse(Array(layer.patch.utf8))
        } catch {
            throw .faults([
                "version \(layer.version) of '\(layer.scope)' in the store is no JSON: \(error)"
            ])
        }
    }

    private func asking<Value>(
        _ question: () throws(FleetStoreError) -> Value
    ) throws(ConfigurationServiceError) -> Value {
        do { return try question() } catch { throw .store(error) }
    }
}

/// Why a configuration was not changed or not told.
package enum ConfigurationServiceError: Error, CustomStringConvertible, Sendable {
    /// Every fault, in words; nothing was changed.
    case faults([String])
    /// Somebody else changed the layer of a scope at the same time.
    case outdated(ConfigurationScope)
    /// A user may not change the layer of a scope.
    case refused(ConfigurationScope)
    /// The store did not take part.
    case store(FleetStoreError)

    /// The sentences for the person who reads them.
    package var description: String {
        switch self {
        case .faults(let faults): faults.joined(separator: "\n")
        case .outdated(let scope):
            "somebody else changed '\(scope)' at the same time; look at it and try again"
        case .refused(let scope): "the user may not change '\(scope)'"
        case .store(let error): "\(error)"
        }
    }
}

extension ConfigurationScope {
    /// Whether a layer of this scope counts for a gateway.
    func covers(_ gateway: String, group: String?) -> Bool {
        switch self {
        case .fleet: true
        case .group(let name): group == name
        case .gateway(let id): id == gateway
        }
    }
}
