import FleetConfiguration
import FleetStore
import History
import Telemetry

/// Reads what is held of a person, page by page, as lines.
struct ExportReader {
    /// Measurements of a page; each has up to sixteen packs.
    private static let mostMeasurements = 100
    /// Rows of another page, and of what is cleaned often enough to be one page.
    private static let mostRows = 500, mostKept = 10_000

    /// Lines that were read at once, and how long that took.
    struct Page {
        let bytes: [UInt8]
        let took: Duration
    }

    /// A house, and from when on the person may know what was recorded, Unix time in milliseconds.
    struct House {
        let id: String
        let seenFrom: Int64

        /// Before all records that they may know of.
        var beginning: RecordMoment {
            RecordMoment(time: seenFrom, epoch: .min, sequence: .min)
        }
    }

    /// What is known of the person alone.
    struct Person {
        let page: Page
        let houses: [House]
    }

    let asked: Asked
    let desk: ViewDesk
    /// Unix time in milliseconds.
    let clock: @Sendable () -> Int64

    private var user: User { asked.bearer.user }
    /// What was granted to the person alone: who sees a whole tenant owns none of its houses.
    private var sight: GatewaySight { GatewaySight(tenant: user.tenant, viewer: user.name) }

    /// What is known of the person, and the houses that belong to them.
    func person() async throws -> Person {
        let (user, sight, now) = (user, sight, clock())
        let mayConfigure = asked.bearer.scopes.contains(.configure)
        let found = try await page { store, lines in
            let name = user.name
            lines.head(user, now)
            lines.account(user)
            lines.preferences(try store.preferences(of: name))
            for browser in try store.pushSubscriptions(of: name) { lines.browser(browser) }
            for token in try store.tokens(of: name) { lines.token(token) }
            for entry in try store.deliveries(of: name, limit: Self.mostKept) {
                lines.delivery(entry)
            }
            for word in try store.words(of: name, limit: Self.mostKept) {
                lines.acknowledgement(word)
            }
            var seen: [House] = []
            for id in try store.grants(of: name) {
                // what a guest sees is somebody else's
                guard let house = try store.gateway(id, within: sight), house.sharedBy == nil
                else { continue }
                seen.append(House(id: id, seenFrom: house.seenFrom))
                lines.house(house)
                guard mayConfigure else { continue }
                let service = ConfigurationService(store: store, check: GatewayCheck.faults)
                try LayerDocument.asking {
                    let (settings, state) = (try service.origins(of: id), try service.state(of: id))
                    lines.configuration(id, settings, state.state, state.issued)
                }
            }
            return seen
        }
        return Person(page: found.page, houses: found.value)
    }

    /// Hands over all pages, beginning with that of the person.
    func read(_ person: Person, _ take: (Page) async throws -> Void) async throws {
        var count = Self.lines(of: person.page)
        func hand(_ page: Page) async throws {
            guard !page.bytes.isEmpty else { return }
            count += Self.lines(of: page)
            try await take(page)
        }
        try await take(person.page)
        try await audit(hand)
        for house in person.houses {
            try await alarms(of: house, hand)
            try await events(of: house, hand)
            try await measurements(of: house, hand)
            for tier in HistoryTier.allCases {
                for pack in 0...16 as ClosedRange<Int32> {
                    try await windows(tier, of: house, pack, hand)
                }
            }
        }
        var lines = ExportLines(self: user.name)
        lines.end(count + 1)
        try await take(Page(bytes: lines.bytes, took: .zero))
    }

    private static func lines(of page: Page) -> Int { page.bytes.count { $0 == 0x0A } }

    // MARK: - Pages

    private typealias Hand = (Page) async throws -> Void

    private func audit(_ hand: Hand) async throws {
        let user = user
        try await pages(from: nil as AuditPlace?, hand) { store, place, lines in
            let found = try store.audit(about: user, behind: place, limit: Self.mostRows)
            for item in found { lines.audit(item.entry) }
            return found.last?.place
        }
    }

    private func alarms(of house: House, _ hand: Hand) async throws {
        var filter = AlarmFilter()
        (filter.gateway, filter.sight, filter.limit) = (house.id, sight, Self.mostRows)
        let wanted = filter
        try await pages(from: nil as Alarm?, of: house.id, hand) { store, last, lines in
            var filter = wanted
            filter.after = last
            let found = try store.alarms(filter)
            for alarm in found { lines.alarm(alarm) }
            return found.last
        }
    }

    private func events(of house: House, _ hand: Hand) async throws {
        try await pages(from: house.beginning, of: house.id, hand) { store, place, lines in
            let found = try store.events(
                of: house.id, behind: place ?? house.beginning, limit: Self.mostRows)
            for event in found { lines.event(event) }
            return found.last.map {
                RecordMoment(
                    time: $0.timeMilliseconds, epoch: $0.key.epoch, sequence: $0.key.sequence)
            }
        }
    }

    private func measurements(of house: House, _ hand: Hand) async throws {
        try await pages(from: house.beginning, of: house.id, hand) { store, place, lines in
            let found = try store.measurements(
                of: house.id, behind: place ?? house.beginning, limit: Self.mostMeasurements)
            for measured in found { lines.measurement(measured) }
            return found.last?.place
        }
    }

    private func windows(
        _ tier: HistoryTier, of house: House, _ pack: Int32, _ hand: Hand
    ) async throws {
        try await pages(from: nil as Int64?, of: house.id, hand) { store, last, lines in
            let from = last?.addingSaturated(1) ?? house.seenFrom
            let found = try store.windows(
                tier, gateway: house.id, pack: pack, from: from, to: .max, limit: Self.mostRows)
            for window in found { lines.window(window, tier, of: house.id, pack) }
            return found.last?.start
        }
    }

    /// Hands over pages, each from the place where the one before ended, until one is empty.
    private func pages<Place: Sendable>(
        from first: Place?, of house: String? = nil, _ hand: Hand,
        _ read: @escaping @Sendable (any ViewStore, Place?, inout ExportLines) throws -> Place?
    ) async throws {
        var place = first
        repeat {
            let before = place
            let page = try await page(of: house) { store, lines in
                try read(store, before, &lines)
            }
            place = page.value
            try await hand(page.page)
        } while place != nil
    }

    /// Reads lines at once, as long as the person may ask and the house is theirs.
    private func page<Value: Sendable>(
        of house: String? = nil,
        _ read: @escaping @Sendable (any ViewStore, inout ExportLines) throws -> Value
    ) async throws -> (page: Page, value: Value) {
        let (name, hash, now) = (user.name, asked.bearer.token.hash, clock())
        return try await desk.ask { store in
            let began = ContinuousClock.now
            guard try store.bearer(ofTokenHash: hash, now: now) != nil else {
                throw Problem(.tokenInvalid, "the token has just ended")
            }
            if let house, try !store.grants(of: name).contains(house) { throw Problem.absent }
            var lines = ExportLines(self: name)
            let value = try read(store, &lines)
            return (Page(bytes: lines.bytes, took: began.duration(to: .now)), value)
        }
    }
}
