import TestKit
import Testing

@testable import Provisioning

/// Store rules 1 to 3: each change of the folder is the last one once, and once it finds a full disk.
@Suite struct CutTests {
    /// A gateway's folder on a disk that may fail.
    private struct Gateway {
        let fleet: MemoryFleet
        let store: IdentityStore
        let enrolment: Enrolment

        init(_ fleet: MemoryFleet, _ path: String, step: @escaping IdentityFolder.Step = { 0 }) {
            self.fleet = fleet
            let folder = IdentityFolder(path, step: step)
            store = IdentityStore(folder: folder, gateway: "gw-1")
            let floor = TimeFloor(folder: folder, wallSeconds: { TestAuthority.now })
            enrolment = Enrolment(store: store, floor: floor, connect: fleet.connect)
        }

        func enrol() throws -> Enrolment.Outcome {
            try store.folder.make()
            let note = try EnrolmentNote(fleet: "https://memory", gateway: "gw-1", token: "once")
            return try enrolment.advance(try enrolment.begin(note, trust: try fleet.trust))
        }

        func renew() throws -> Enrolment.Outcome {
            let pending = try enrolment.pending() ?? enrolment.beginRenewal(fleet: "https://memory")
            return try enrolment.advance(pending)
        }

        var pairs: [String] { store.folder.names().filter { $0.hasPrefix("pair-") } }
    }

    /// Lets change after change fail until one run meets no failure; returns how many there were.
    private func failEach(
        _ failure: FailingDisk.Failure, from start: (Gateway) throws -> Void,
        deed: (Gateway) throws -> Enrolment.Outcome, after: (Gateway, Int) throws -> Void
    ) throws -> Int {
        let fleet = try MemoryFleet()
        for number in 1...200 {
            let directory = try TemporaryDirectory("cut")
            let path = directory.file("identity")
            fleet.forget()
            try start(Gateway(fleet, path))
            let disk = FailingDisk(at: number, failure)
            let outcome = Result { try deed(Gateway(fleet, path, step: { disk.step() })) }
            guard disk.hasFailed else {
                _ = try outcome.get()
                return number - 1
            }
            try after(Gateway(fleet, path), number)
        }
        throw ProvisioningError(.storage, "more than 200 changes")
    }

    @Test(arguments: [FailingDisk.Failure.cut, .full])
    func `an enrolment that ends at any change goes on with its token`(
        _ failure: FailingDisk.Failure
    ) throws {
        let count = try failEach(failure) { _ in
        } deed: {
            try $0.enrol()
        } after: { gateway, number in
            let selection = try? gateway.store.select(clock: IdentityFixture.clock)
            if selection == nil { _ = try gateway.enrol() }
            let now = try gateway.store.select(clock: IdentityFixture.clock)
            #expect(now.door == .current, "change \(number)")
            #expect(now.warnings == [], "change \(number)")
            _ = try gateway.renew()
            #expect(gateway.pairs.count == 2, "change \(number): \(gateway.pairs)")
        }
        #expect(count > 30)
    }

    @Test(arguments: [FailingDisk.Failure.cut, .full])
    func `a renewal that ends at any change leaves a working pair`(
        _ failure: FailingDisk.Failure
    ) throws {
        let count = try failEach(failure) {
            _ = try $0.enrol()
        } deed: {
            try $0.renew()
        } after: { gateway, number in
            let selection = try gateway.store.select(clock: IdentityFixture.clock)
            #expect(selection.door == .current, "change \(number)")
            #expect(selection.warnings == [], "change \(number)")
            _ = try gateway.renew()
            let now = try gateway.store.select(clock: IdentityFixture.clock)
            #expect(now.warnings == [], "change \(number)")
            #expect(gateway.pairs.count == 2, "change \(number): \(gateway.pairs)")
            #expect(gateway.store.folder.goal(of: "pending") == nil)
        }
        #expect(count > 30)
    }
}
