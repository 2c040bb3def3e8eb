import FleetConfiguration
import FleetStore
import HTTPTypes
import StrictJSON
import Telemetry

/// What gateways shall run on, layer by layer, and what one makes of it.
extension UserRoutes {
    static let configuring: [UserRoute] = [
        UserRoute(
            method: .get, path: "/v1/configuration/{layer}", scope: .configure, answer: layer),
        UserRoute(
            method: .patch, path: "/v1/configuration/{layer}", scope: .configure,
            answer: changeLayer),
        UserRoute(
            method: .get, path: "/v1/gateways/{id}/configuration", scope: .configure,
            answer: effective),
    ]

    /// The scope that the address names; throws a ``Problem`` for what is none.
    private static func scope(_ asked: Asked) throws -> ConfigurationScope {
        let text = Query.decoded(Array(asked.parameter.utf8)) ?? ""
        guard let scope = ConfigurationScope(text) else { throw Problem.absent }
        switch scope {
        case .fleet: return scope
        case .group(let name), .gateway(let name):
            guard Names.isID(name) else { throw Problem.absent }
            return scope
        }
    }

    @Sendable static func layer(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        let (scope, user) = (try scope(asked), asked.bearer.user)
        try asked.query.finish()
        return try await desk.ask { store in
            let access = try store.access(of: user, to: scope)
            guard access > .none else { throw Problem.absent }
            let service = ConfigurationService(store: store, check: GatewayCheck.faults)
            let history = try LayerDocument.asking { try service.history(of: scope) }
            return LayerDocument(scope: scope, access: access, history: history).reply
        }
    }

    @Sendable static func changeLayer(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        let (scope, user, now) = (try scope(asked), asked.bearer.user, asked.now)
        var query = asked.query
        let note = query.text("note", "at most 200 characters", LayerDocument.isNote) ?? ""
        try query.finish()
        let precondition = try Precondition(asked.request.headers)
        let content = try await Content.read(
            asked.request, most: UserResponder.mostBytes, seconds: asked.bodySeconds,
            types: Content.patches)
        let patch: JSONItem
        do {
            patch = try JSONParser.parse(content)
        } catch {
            throw LayerDocument.problem(["line \(error.line): \(error.message)"])
        }
        guard case .object = patch.value else {
            throw LayerDocument.problem(["the patch is \(patch.value.kind), expected an object"])
        }
        return try await desk.ask { store in
            switch try store.access(of: user, to: scope) {
            case .none: throw Problem.absent
            case .look: throw LayerDocument.shared(scope)
            case .change: break
            }
            let service = ConfigurationService(
                store: store, user: user.name, check: GatewayCheck.faults)
            return try LayerDocument.asking {
                let version = try service.history(of: scope).first?.version ?? 0
                guard precondition.holds({ $0 == LayerDocument.tag(version) }) else {
                    throw Precondition.failed
                }
                _ = try service.merge(
                    patch, into: scope, over: version, by: user.name, note: note, at: now)
                let history = try service.history(of: scope)
                return LayerDocument(scope: scope, access: .change, history: history).reply
            }
        }
    }

    @Sendable static func effective(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        let id = try await seen(asked, desk).id
        try asked.query.finish()
        return try await desk.ask { store in
            let service = ConfigurationService(store: store, check: GatewayCheck.faults)
            return try LayerDocument.asking {
                let settings = try service.origins(of: id)
                let state = try service.state(of: id)
                return Reply(
                    bytes: Documents.one {
                        LayerDocument.effective(
                            id, settings, state.state, issued: state.issued, to: &$0)
                    })
            }
        }
    }
}

/// A layer of configuration, with who made its versions.
struct LayerDocument {
    /// The newest versions of a layer that are named.
    private static let mostVersions = 50

    let scope: ConfigurationScope
    let access: LayerAccess
    /// The newest first.
    let history: [ConfigurationLayer]

    static func tag(_ version: Int64) -> String { "v\(version)" }

    var reply: Reply {
        let tag = Self.tag(history.first?.version ?? 0)
        // whoever may only look is told less
        return Reply(bytes: bytes, tag: access == .change ? tag : tag + "-look")
    }

    private var bytes: [UInt8] {
        let newest = history.first
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("layer", "\(scope)")
            writer.member("version", newest?.version ?? 0)
            writer.name("may_change")
            writer.bool(access == .change)
            writer.name("settings")
            writer.raw((newest?.patch ?? "{}").utf8)
            writer.name("history")
            writer.array { writer in
                // who did what in a layer that reaches others is nothing for everybody
                let shown = access == .change ? history.prefix(Self.mostVersions) : []
                for layer in shown {
                    writer.object { writer in
                        writer.member("version", layer.version)
                        writer.member("author", layer.author)
                        writer.member("note", layer.note)
                        writer.moment("made", unixMilliseconds: layer.madeMilliseconds)
                    }
                }
            }
        }
        return writer.bytes
    }

    static func effective(
        _ gateway: String, _ settings: [(key: String, value: String, scope: ConfigurationScope)],
        _ state: ConfigurationState, issued: Int64?, to writer: inout JSONWriter
    ) {
        writer.object { writer in
            writer.member("gateway", gateway)
            writer.name("settings")
            writer.array { writer in
                for setting in settings {
                    writer.object { writer in
                        writer.member("key", setting.key)
                        writer.name("value")
                        writer.raw(setting.value.utf8)
                        writer.member("layer", "\(setting.scope)")
                    }
                }
            }
            writer.member("desired_version", state.offered)
            writer.moment("desired_since", unixMilliseconds: issued)
            writer.member("applied_version", state.applied)
            writer.member("result", state.result)
            writer.moment("reported", unixMilliseconds: state.reportedMilliseconds)
            writer.name("faults")
            writer.array { writer in for fault in state.faults { writer.string(fault) } }
            writer.name("held_back")
            writer.array { writer in for held in state.heldBack { writer.string(held) } }
        }
    }

    static func isNote(_ text: String) -> Bool {
        text.unicodeScalars.count <= 200 && !text.unicodeScalars.contains { $0.value < 0x20 }
    }

    /// All that gateways would find wrong.
    static func problem(_ sentences: [String]) -> Problem {
        let faults = sentences.prefix(20).map { sentence in
            let parts = sentence.split(separator: "'", omittingEmptySubsequences: false)
            let path = parts.count > 2 ? parts[1] : ""
            let pointer = path.isEmpty ? "" : "/" + path.replacing(".", with: "/")
            return Problem.Fault(place: String(pointer.prefix(200)), words: sentence)
        }
        return Problem(.bodyInvalid, "see errors for each part", faults: Array(faults))
    }

    static func shared(_ scope: ConfigurationScope) -> Problem {
        Problem(
            .layerShared,
            "'\(scope)' reaches gateways that you do not see, or such as come later; expected a layer "
                + "of a gateway, or of a group whose gateways you see all",
            values: ["scope": "\(scope)"])
    }

    /// Turns what the service throws into problems.
    static func asking<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as ConfigurationServiceError {
            switch error {
            case .faults(let faults): throw problem(faults)
            case .outdated: throw Precondition.failed
            case .refused(let scope): throw shared(scope)
            case .store(let error): throw error
            }
        }
    }
}
