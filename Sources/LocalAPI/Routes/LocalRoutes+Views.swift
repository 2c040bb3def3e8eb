import Alarms
import History
import Telemetry
import Views

extension LocalRoutes {
    @Sendable static func gateways(
        _ request: LocalRequest, _: String, _ core: LocalCore
    ) throws(LocalProblem) -> LocalOutcome {
        var query = request.parameters
        _ = query.word("order", ["id", "alarm"])
        _ = query.number("limit", 1...500)
        try refuse(query)
        let bytes = ListDocument.bytes([document(core)], next: nil) {
            $0.write(now: core.house.wall, to: &$1)
        }
        return .answer(LocalAnswer(bytes: bytes))
    }

    @Sendable static func gateway(
        _ request: LocalRequest, _ id: String, _ core: LocalCore
    ) throws(LocalProblem) -> LocalOutcome {
        try seen(id, core)
        try refuse(request.parameters)
        var writer = JSONWriter(capacity: 512)
        document(core).write(now: core.house.wall, to: &writer)
        return .answer(LocalAnswer(bytes: writer.bytes))
    }

    private static func document(_ core: LocalCore) -> GatewayDocument {
        var document = GatewayDocument(id: core.house.gateway)
        // its clock is the one by which the age is told
        (document.newest, document.quality) = (core.moment.made, .trusted)
        if let bank = core.moment.bank {
            (document.packsConfigured, document.packsOnline) = (
                bank.packsConfigured, bank.packsOnline
            )
            (document.stateOfCharge, document.watts) = (bank.stateOfCharge, bank.watts)
        }
        let tally = core.alarms.tally
        (document.openAlarms, document.unacknowledged) = (Int64(tally.open), Int64(tally.open))
        document.worstLevel = tally.worst
        return document
    }

    @Sendable static func live(
        _ request: LocalRequest, _ id: String, _ core: LocalCore
    ) throws(LocalProblem) -> LocalOutcome {
        try seen(id, core)
        try refuse(request.parameters)
        return .answer(LocalAnswer(bytes: liveDocument(core)))
    }

    /// How things are now, as the fleet shows it.
    static func liveDocument(_ core: LocalCore) -> [UInt8] {
        LiveDocument(
            gateway: core.house.gateway, made: core.moment.made, quality: .trusted,
            bank: core.moment.bank, packs: core.moment.packs, now: core.house.wall
        ).bytes
    }

    @Sendable static func history(
        _ request: LocalRequest, _ id: String, _ core: LocalCore
    ) throws(LocalProblem) -> LocalOutcome {
        try seen(id, core)
        let accepted = request.headers["accept"]
        guard
            let form = Accept.best(accepted.isEmpty ? nil : accepted.joined(separator: ","))
        else {
            let known = SeriesDocument.Form.allCases.map(\.rawValue).joined(separator: ", ")
            throw LocalProblem(.notAcceptable, "expected one of \(known)")
        }
        let wall = core.house.wall
        var query = request.parameters
        query.require("quantity")
        let quantity = query.word("quantity", Quantity.allCases.map(\.rawValue))
            .flatMap { Quantity(rawValue: $0) }
        let pack = query.number("pack", 0...16) ?? 0
        let pixels = query.number("pixels", SeriesBuilder.pixels) ?? 800
        let to = query.moment("to") ?? wall
        let from = query.moment("from") ?? to.addingSaturated(-86_400_000)
        if from >= to { query.refuse("from", "expected a moment before 'to'") }
        try refuse(query)
        guard let quantity else { throw LocalProblem(.queryInvalid, "bug: no quantity, no fault") }
        let now = core.house.uptime
        var series = SeriesBuilder(quantity, from: from, to: to, pixels: pixels)
        let windows = core.ring.windows(
            pack: pack, quantity, now: now, offset: wall.addingSaturated(-now))
        for window in windows where window.start.addingSaturated(59_999) >= from {
            series.add(window)
        }
        let (points, gaps) = series.finish(now: wall)
        let document = SeriesDocument(
            gateway: id, pack: Int32(pack), quantity: quantity, from: from, to: to,
            tier: .minute, isBehind: false, points: points, gaps: gaps)
        var fields: [(String, String)] = []
        if let kept = core.ring.keptFrom(now: now) {
            let since = kept.addingSaturated(wall.addingSaturated(-now))
            fields.append(("amphora-kept-from", RFC3339.text(unixMilliseconds: since)))
        }
        return .answer(
            LocalAnswer(type: form.rawValue, bytes: document.bytes(form), fields: fields))
    }

    @Sendable static func diagnose(
        _ request: LocalRequest, _ id: String, _ core: LocalCore
    ) throws(LocalProblem) -> LocalOutcome {
        try seen(id, core)
        try refuse(request.parameters)
        return .answer(LocalAnswer(bytes: core.diagnose()))
    }

    @Sendable static func events(
        _ request: LocalRequest, _: String, _ core: LocalCore
    ) throws(LocalProblem) -> LocalOutcome {
        var query = request.parameters
        let gateway = query.text("gateway", "the id of a gateway", Names.isID)
        try refuse(query)
        try seen(gateway ?? core.house.gateway, core)
        guard core.hasRoomForStream, let token = request.token else {
            throw LocalProblem(
                .busy, "\(LocalCore.mostStreams) others watch already",
                fields: [("retry-after", "5")])
        }
        return .stream(token: token)
    }

    @Sendable static func alarms(
        _ request: LocalRequest, _: String, _ core: LocalCore
    ) throws(LocalProblem) -> LocalOutcome {
        var query = request.parameters
        let gateway = query.text("gateway", "the id of a gateway", Names.isID)
        let code = query.text("code", "the code of an alarm", Names.isCode)
        let isOpenOnly = query.word("state", ["open", "all"]) != "all"
        let limit = query.number("limit", 1...500) ?? 100
        let cursor = query.text("cursor", "the 'next_cursor' of a page") {
            $0.utf8.count == 16 && UInt64($0, radix: 16) != nil
        }
        try refuse(query)
        let before = cursor.flatMap { UInt64($0, radix: 16) }
        let now = core.house.uptime
        let offset = core.house.wall.addingSaturated(-now)
        var found = core.alarms.entries(isOpenOnly: isOpenOnly).filter {
            (code == nil || $0.code == code)
                && before.map { [number = $0.number] in number < $0 } != false
        }
        if let gateway, gateway != core.house.gateway { found = [] }
        let items = found.prefix(limit)
        let next = found.count > limit ? items.last.map { hex($0.number) } : nil
        let bytes = ListDocument.bytes(items, next: next) { entry, writer in
            AlarmDocument(
                gateway: core.house.gateway, code: entry.code, level: entry.level,
                pack: entry.pack, raised: entry.raised.addingSaturated(offset),
                last: entry.last.addingSaturated(offset),
                cleared: entry.cleared?.addingSaturated(offset),
                ending: entry.cleared == nil ? "open" : "cleared", times: entry.times,
                text: entry.text,
                consequence: AlarmConsequence(code: entry.code, level: entry.level).rawValue,
                who: AlarmTexts.actor(code: entry.code)
            ).write(to: &writer)
        }
        return .answer(LocalAnswer(bytes: bytes))
    }

    private static func hex(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    @Sendable static func texts(
        _ request: LocalRequest, _ language: String, _: LocalCore
    ) throws(LocalProblem) -> LocalOutcome {
        guard let file = AlarmTexts.document(language) else { throw LocalProblem.absent }
        try refuse(request.parameters)
        return .answer(LocalAnswer(bytes: file))
    }

    /// Nothing but this gateway is here.
    static func seen(_ id: String, _ core: LocalCore) throws(LocalProblem) {
        guard id == core.house.gateway else { throw LocalProblem.absent }
    }

    static func refuse(_ query: Query) throws(LocalProblem) {
        let faults = query.faults
        guard faults.isEmpty else {
            throw LocalProblem(.queryInvalid, "see errors for each parameter", faults: faults)
        }
    }
}
