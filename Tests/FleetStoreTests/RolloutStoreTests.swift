import TestKit
import Testing

@testable import FleetStore

/// The contract of rollouts, on both stores, by the numbers of its rules.
@Suite(.folders) struct RolloutStoreTests {
    private func store(_ kind: StoreKind) throws -> (String, any RolloutStore) {
        let address = try kind.address()
        return (address, try FleetStores.openRollouts(address))
    }

    private func rollout(_ id: String, made: Int64 = 1) -> RolloutRecord {
        RolloutRecord(
            id: id, revision: 1, plan: #"{"id":"ü"}"#, state: "running", isOver: false, wave: 0,
            reason: "", madeMilliseconds: made, sinceMilliseconds: made)
    }

    private func gateways(_ names: String...) -> [RolloutGatewayRecord] {
        names.enumerated().map { place, name in
            RolloutGatewayRecord(
                gateway: name, place: Int32(place), wave: Int32(place / 2), zone: "Europe/Berlin",
                state: "waiting")
        }
    }

    private let note = RolloutNote(
        madeMilliseconds: 5, author: "anna", what: "create", detail: "why")

    private func assignment(_ gateway: String, _ release: Int64, of rollout: String = "a")
        -> AssignmentRecord
    {
        AssignmentRecord(
            gateway: gateway, release: release, rollout: rollout, document: "{\(release)}",
            set: "{}", madeMilliseconds: 7)
    }

    private func unpublished(_ store: any RolloutStore) throws -> [AssignmentRecord] {
        try store.assignments().filter { !$0.isPublished }
    }

    @Test(arguments: StoreKind.allCases)
    func `what is kept is there for the next one who opens it (rule 1)`(kind: StoreKind) throws {
        let (address, store) = try store(kind)
        #expect(
            try store.addRollout(rollout("a"), gateways: gateways("x", "b", "c"), note: note)
                == .added)
        var change = RolloutChange(try #require(try store.rollout("a")))
        change.rollout.state = "returning"
        (change.rollout.wave, change.rollout.reason) = (1, "too many")
        change.rollout.sinceMilliseconds = 9
        var gateway = RolloutGatewayRecord(
            gateway: "b", place: 1, wave: 0, zone: "UTC", state: "failed", failure: "silent",
            words: "it said nothing")
        (gateway.release, gateway.returnRelease) = (3, 4)
        (gateway.previous, gateway.baseline) = ("{1}", "{2}")
        (gateway.since, gateway.told, gateway.deadline, gateway.good) = (1, 2, 3, 4)
        change.gateways = [gateway]
        change.assignments = [assignment("b", 4), assignment("x", 2)]
        change.notes = [
            RolloutNote(madeMilliseconds: 9, author: "fleet", what: "takeBack", detail: "too many")
        ]
        #expect(try store.keep(change))
        let again = try FleetStores.openRollouts(address)
        var expected = change.rollout
        expected.revision = 2
        #expect(try again.rollout("a") == expected)
        #expect(try again.rollout("b") == nil)
        let all = gateways("x", "b", "c")
        #expect(try again.gateways(of: "a") == [all[0], gateway, all[2]])
        #expect(
            Set(
                try again.gatewayCounts().map {
                    "\($0.wave) \($0.state) \($0.failure) \($0.gateways)"
                })
                == ["0 waiting  1", "0 failed silent 1", "1 waiting  1"])
        #expect(try again.notes(of: "a") == [note] + change.notes)
        #expect(try again.attempts(of: "b").map(\.rollout) == ["a"])
        #expect(try again.attempts(of: "b").map(\.attempt) == [gateway])
        #expect(try again.assignments() == [assignment("b", 4), assignment("x", 2)])
    }

    @Test(arguments: StoreKind.allCases)
    func `of two that change a rollout the slower one is told, and leaves nothing (rule 2)`(
        kind: StoreKind
    ) throws {
        let (address, store) = try store(kind)
        _ = try store.addRollout(rollout("a"), gateways: gateways("x"), note: note)
        let other = try FleetStores.openRollouts(address)
        let seen = try #require(try other.rollout("a"))
        var first = RolloutChange(seen)
        first.rollout.state = "paused"
        #expect(try store.keep(first))
        var second = RolloutChange(seen)
        second.rollout.state = "complete"
        second.assignments = [assignment("x", 1)]
        second.notes = [note]
        #expect(try !other.keep(second))
        #expect(try store.rollout("a")?.state == "paused")
        #expect(try store.assignments().isEmpty && store.notes(of: "a").count == 1)
        second.rollout.revision = 2
        #expect(try other.keep(second))
    }

    @Test(arguments: StoreKind.allCases)
    func `many that change a rollout at once take turns`(kind: StoreKind) throws {
        let (address, store) = try store(kind)
        _ = try store.addRollout(rollout("a"), gateways: gateways("x"), note: note)
        let note = self.note
        try Workers.run(4) { _ in
            let store = try FleetStores.openRollouts(address)
            var left = 10
            while left > 0 {
                guard let seen = try store.rollout("a") else { return }
                var change = RolloutChange(seen)
                change.notes = [note]
                if try store.keep(change) { left -= 1 }
            }
        }
        #expect(try store.rollout("a")?.revision == 41)
        #expect(try store.notes(of: "a").count == 41)
    }

    @Test(arguments: StoreKind.allCases)
    func `a gateway is in one rollout at a time (rule 3)`(kind: StoreKind) throws {
        let (_, store) = try store(kind)
        #expect(
            try store.addRollout(rollout("a"), gateways: gateways("x", "y"), note: note) == .added)
        #expect(try store.addRollout(rollout("a"), gateways: gateways("z"), note: note) == .taken)
        let busy = try store.addRollout(rollout("b"), gateways: gateways("z", "y"), note: note)
        guard case .busy(let found) = busy else {
            Issue.record("expected busy, found \(busy)")
            return
        }
        #expect(found.map { "\($0.gateway) \($0.rollout)" } == ["y a"])
        #expect(try store.rollout("b") == nil && store.gateways(of: "b").isEmpty)
        var change = RolloutChange(try #require(try store.rollout("a")))
        (change.rollout.state, change.rollout.isOver) = ("complete", true)
        #expect(try store.keep(change))
        #expect(
            try store.addRollout(rollout("b", made: 2), gateways: gateways("z", "y"), note: note)
                == .added)
        #expect(try store.rollouts().map(\.id) == ["b", "a"])
    }

    @Test(arguments: StoreKind.allCases)
    func `the counter of a gateway never goes down, and what is published is known (rule 4)`(
        kind: StoreKind
    ) throws {
        let (_, store) = try store(kind)
        _ = try store.addRollout(rollout("a"), gateways: gateways("x", "y"), note: note)
        func keep(_ assignments: [AssignmentRecord], _ published: [AssignmentRecord] = []) throws {
            var change = RolloutChange(try #require(try store.rollout("a")))
            change.assignments = assignments
            change.published = published
            #expect(try store.keep(change))
        }
        try keep([assignment("x", 5), assignment("y", 1)])
        #expect(try unpublished(store).map(\.gateway) == ["x", "y"])
        try keep([assignment("x", 4)])
        #expect(try store.assignments().first?.release == 5)
        // a word on an earlier one says nothing of this one
        try keep([], [assignment("x", 4), assignment("y", 1)])
        #expect(try unpublished(store).map(\.gateway) == ["x"])
        var other = assignment("x", 5)
        other.madeMilliseconds = 8
        try keep([], [other])
        #expect(try unpublished(store).map(\.gateway) == ["x"])
        let turn = try store.assignmentTurn()
        try keep([], [assignment("x", 5)])
        #expect(try store.assignmentTurn() != turn)
        #expect(try unpublished(store).isEmpty)
        try keep([assignment("x", 6)])
        #expect(try store.assignments().map(\.isPublished) == [false, true])
    }

    @Test(arguments: StoreKind.allCases)
    func
        `an assignment that changed since it was read is not replaced, and nothing is noted (rule 4)`(
            kind: StoreKind
        ) throws
    {
        let (_, store) = try store(kind)
        _ = try store.addRollout(rollout("a"), gateways: gateways("x", "y"), note: note)
        var change = RolloutChange(try #require(try store.rollout("a")))
        change.assignments = [assignment("x", 5), assignment("y", 1)]
        change.published = change.assignments
        #expect(try store.keep(change))
        let (x, y) = (assignment("x", 5), assignment("y", 1))
        var renewed = y
        (renewed.document, renewed.madeMilliseconds) = ("{y}", 9)
        var lower = x
        (lower.release, lower.madeMilliseconds) = (4, 9)
        var other = y
        other.madeMilliseconds = 8
        let note = RolloutNote(madeMilliseconds: 9, author: "fleet", what: "renew", detail: "")
        #expect(
            try store.replace(
                [
                    AssignmentReplacement(x, with: lower),
                    AssignmentReplacement(other, with: renewed),
                ],
                notes: [("a", note)]
            ).isEmpty)
        #expect(try store.notes(of: "a") == [self.note] && unpublished(store).isEmpty)
        #expect(
            try store.replace([AssignmentReplacement(y, with: renewed)], notes: [("a", note)])
                == ["y"])
        #expect(try unpublished(store) == [renewed])
        #expect(try store.notes(of: "a") == [self.note, note])
    }

    @Test(arguments: StoreKind.allCases)
    func `reports of updates are found by time, and nothing else is`(kind: StoreKind) throws {
        let (address, store) = try store(kind)
        let records = Records()
        func event(_ sequence: Int64, _ code: String) -> FleetRecord {
            var record = records.event(sequence)
            guard case .event(var sample) = record.body else { return record }
            (sample.code, sample.detail) = (code, #"{"rollout":"a"}"#)
            record.body = .event(sample)
            return record
        }
        try FleetStores.open(address).store(
            event(1, "update_good"), event(2, "update_reverted"), event(3, "started"),
            event(4, "update_failed"))
        let all = try store.updateEvents(since: 0)
        #expect(all.map(\.sample.code) == ["update_good", "update_reverted", "update_failed"])
        #expect(all.map(\.sample.detail) == Array(repeating: #"{"rollout":"a"}"#, count: 3))
        #expect(try store.updateEventCount(since: 0) == 3)
        #expect(try store.updateEventCount(since: all[2].timeMilliseconds + 1) == 0)
        let later = try store.updateEvents(since: all[1].timeMilliseconds)
        #expect(later.map(\.key.sequence) == [2, 4])
    }

    @Test(arguments: StoreKind.allCases)
    func `what is said of a device can be changed`(kind: StoreKind) throws {
        let (address, _) = try store(kind)
        let devices = try FleetStores.openDevices(address)
        var device = Device(id: "gw-1", tags: ["a"], createdMilliseconds: 3)
        let token = DeviceToken(
            hash: "t", device: "gw-1", createdMilliseconds: 1, expiresMilliseconds: 2)
        _ = try devices.addDevices([(device, token)])
        device.tags = ["pilot", "south"]
        (device.model, device.region, device.zone) = ("pi4", "de-by", "Europe/Berlin")
        (device.label, device.group) = ("Cellar", "homes")
        #expect(try devices.changeDevice(device))
        #expect(try devices.devices() == [device])
        #expect(try !devices.changeDevice(Device(id: "gw-2", createdMilliseconds: 1)))
    }

    @Test(arguments: StoreKind.allCases)
    func `the count of frames is kept with each measurement`(kind: StoreKind) throws {
        let address = try kind.address()
        let store = try FleetStores.open(address)
        var record = Records().telemetry(1)
        guard case .telemetry(var bank, let packs) = record.body else { return }
        (bank.framesSent, bank.framesReceived) = (9_007_199_254_740_991, 0)
        record.body = .telemetry(bank, packs)
        try store.store(record)
        let stored = try #require(try store.currentBanks().first)
        #expect(stored.sample == bank)
        #expect(
            try store.bankSamples(gateway: stored.key.gateway, from: 0, to: .max, limit: 9)
                .map(\.sample.framesSent) == [9_007_199_254_740_991])
    }
}
