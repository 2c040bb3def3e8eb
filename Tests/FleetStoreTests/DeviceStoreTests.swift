import Synchronization
import TestKit
import Testing

@testable import FleetStore

/// The contract of devices, on both stores; numbers are rules of ``DeviceStore``.
@Suite(.folders) struct DeviceStoreTests {
    let start: Int64 = 1_700_000_000_000
    let day: Int64 = 86_400_000

    /// A store with one device `gw-1`, whose token `t1` lasts a day.
    private func store(
        _ kind: StoreKind, needsApproval: Bool = false
    ) throws -> (address: String, store: any DeviceStore) {
        let address = try kind.address()
        let store = try FleetStores.openDevices(address)
        let device = Device(
            id: "gw-1", label: "Köln, cellar", group: "pilots", tags: ["a", "b"],
            needsApproval: needsApproval, createdMilliseconds: start)
        #expect(try store.addDevices([(device, token("t1", "gw-1"))]).isEmpty)
        return (address, store)
    }

    private func token(_ hash: String, _ device: String) -> DeviceToken {
        DeviceToken(
            hash: hash, device: device, createdMilliseconds: start,
            expiresMilliseconds: start + day)
    }

    private func attempt(
        _ request: String, token: String? = "t1", door: EnrolmentDoor = .token,
        gateway: String = "gw-1", after: Int64 = 1
    ) -> EnrolmentAttempt {
        EnrolmentAttempt(
            gateway: gateway, requestHash: request, door: door, tokenHash: token,
            nowMilliseconds: start + after)
    }

    private func certificate(_ serial: String, for attempt: EnrolmentAttempt) -> EnrolledCertificate
    {
        EnrolledCertificate(
            serial: serial, gateway: attempt.gateway,
            notBeforeMilliseconds: attempt.nowMilliseconds - 3_600_000,
            notAfterMilliseconds: attempt.nowMilliseconds + 90 * day, door: attempt.door,
            requestHash: attempt.requestHash, issuedMilliseconds: attempt.nowMilliseconds,
            certificate: "AAAA")
    }

    private func enrol(
        _ store: any DeviceStore, _ attempt: EnrolmentAttempt, serial: String
    ) throws -> EnrolmentVerdict {
        try store.enrol(attempt) { certificate(serial, for: attempt) }
    }

    @Test(arguments: StoreKind.allCases)
    func `devices are added all or none, listed and removed`(kind: StoreKind) throws {
        let (_, store) = try store(kind)
        let devices = try store.devices()
        #expect(devices.map(\.id) == ["gw-1"] && devices[0].label == "Köln, cellar")
        #expect(devices[0].tags == ["a", "b"] && devices[0].group == "pilots")
        let more = ["gw-0", "gw-1"].map { id in
            (Device(id: id, createdMilliseconds: start), token("x-\(id)", id))
        }
        #expect(try store.addDevices(more) == ["gw-1"])
        #expect(try store.devices().count == 1)
        #expect(try store.addDevices([more[0]]).isEmpty)
        #expect(try store.devices().map(\.id) == ["gw-0", "gw-1"])
        #expect(try store.removeDevice("gw-0"))
        #expect(try !store.removeDevice("gw-0"))
        #expect(
            try enrol(store, attempt("r", token: "x-gw-0", gateway: "gw-0"), serial: "1")
                == .wrongToken)
    }

    @Test(arguments: StoreKind.allCases)
    func `a token opens the door once, in time, for its device (rule 1)`(kind: StoreKind) throws {
        let (_, store) = try store(kind)
        _ = try store.addDevices([
            (Device(id: "gw-2", createdMilliseconds: start), token("t2", "gw-2"))
        ])
        #expect(try enrol(store, attempt("r1", token: "no"), serial: "1") == .wrongToken)
        #expect(try enrol(store, attempt("r1", token: "t2"), serial: "1") == .wrongToken)
        #expect(try enrol(store, attempt("r1", token: nil), serial: "1") == .wrongToken)
        #expect(try enrol(store, attempt("r1", after: day), serial: "1") == .expiredToken)
        let none = try store.enrol(attempt("r1")) { nil }
        #expect(none == .notIssued)
        let first = attempt("r1")
        #expect(try enrol(store, first, serial: "1") == .issued(certificate("1", for: first)))
        #expect(try enrol(store, attempt("r2"), serial: "2") == .usedToken)
        #expect(try store.certificates(of: "gw-1").map(\.serial) == ["1"])
        #expect(try store.replaceToken(token("t3", "gw-1")))
        #expect(try !store.replaceToken(token("t4", "gw-9")))
        #expect(try enrol(store, attempt("r2"), serial: "2") == .wrongToken)
        let third = attempt("r2", token: "t3")
        #expect(try enrol(store, third, serial: "2") == .issued(certificate("2", for: third)))
    }

    @Test(arguments: StoreKind.allCases)
    func `a repeated request gets the same certificate for some days (rule 2)`(
        kind: StoreKind
    ) throws {
        let (_, store) = try store(kind)
        let first = attempt("r1")
        _ = try enrol(store, first, serial: "1")
        let kept = certificate("1", for: first)
        let window = EnrolmentAttempt.repeatWindow
        // the token has expired by then
        #expect(
            try enrol(store, attempt("r1", after: window - 1), serial: "2") == .repeated(kept))
        #expect(
            try enrol(store, attempt("r1", token: "no"), serial: "2") == .wrongToken)
    }

    @Test(arguments: StoreKind.allCases)
    func `two requests at once with one token give one certificate (rule 1)`(
        kind: StoreKind
    ) throws {
        let (address, store) = try store(kind)
        let verdicts = Mutex<[EnrolmentVerdict]>([])
        let calls = Mutex(0)
        try Workers.run(4) { number in
            let attempt = attempt("r\(number)")
            let verdict = try FleetStores.openDevices(address).enrol(attempt) {
                calls.withLock { $0 += 1 }
                return certificate("\(number)", for: attempt)
            }
            verdicts.withLock { $0.append(verdict) }
        }
        #expect(calls.withLock { $0 } == 1)
        #expect(verdicts.withLock { $0.count { $0 == .usedToken } } == 3)
        #expect(try store.certificates(of: "gw-1").count == 1)
    }

    @Test(arguments: StoreKind.allCases)
    func `a device that needs approval waits, and approval is for one request (rule 3)`(
        kind: StoreKind
    ) throws {
        let (_, store) = try store(kind, needsApproval: true)
        #expect(try !store.approve("gw-1", by: "eve", at: start))
        #expect(try enrol(store, attempt("r1"), serial: "1") == .waiting)
        #expect(try enrol(store, attempt("r1", after: 9), serial: "1") == .waiting)
        var pending = try #require(try store.pendingEnrolments().first)
        #expect(pending.requestHash == "r1" && pending.decidedBy == nil && pending.door == .token)
        #expect(pending.firstMilliseconds == start + 1 && pending.lastMilliseconds == start + 9)
        #expect(try store.approve("gw-1", by: "eve", at: start + 10))
        pending = try #require(try store.pendingEnrolments().first)
        #expect(pending.decidedBy == "eve" && pending.decidedMilliseconds == start + 10)
        #expect(try enrol(store, attempt("r2", after: 11), serial: "1") == .waiting)
        #expect(try enrol(store, attempt("r1", after: 12), serial: "1") == .waiting)
        #expect(try store.approve("gw-1", by: "eve", at: start + 13))
        let last = attempt("r1", after: 14)
        #expect(try enrol(store, last, serial: "1") == .issued(certificate("1", for: last)))
        #expect(try store.pendingEnrolments().isEmpty)
        let renewal = attempt("r3", token: nil, door: .renewal, after: 15)
        #expect(try enrol(store, renewal, serial: "2") == .issued(certificate("2", for: renewal)))
    }

    @Test(arguments: StoreKind.allCases)
    func `a gateway that nobody knows waits at the factory door only (rules 3 and 4)`(
        kind: StoreKind
    ) throws {
        let (_, store) = try store(kind)
        let renewal = attempt("r1", token: nil, door: .renewal, gateway: "gw-7")
        #expect(try enrol(store, renewal, serial: "1") == .unknownDevice)
        let factory = attempt("r1", token: nil, door: .factory, gateway: "gw-7")
        #expect(try enrol(store, factory, serial: "1") == .waiting)
        #expect(try store.approve("gw-7", by: "eve", at: start))
        #expect(try store.devices().map(\.id) == ["gw-1", "gw-7"])
        #expect(try enrol(store, factory, serial: "1") == .issued(certificate("1", for: factory)))
        let known = attempt("r2", token: nil, door: .factory)
        #expect(try enrol(store, known, serial: "2") == .issued(certificate("2", for: known)))
    }

    @Test(arguments: StoreKind.allCases)
    func `an authority is registered once`(kind: StoreKind) throws {
        let (_, store) = try store(kind)
        let maker = MakerAuthority(name: "acme", certificate: "pem", addedMilliseconds: start)
        #expect(try store.addMaker(maker))
        #expect(try !store.addMaker(maker))
        let other = MakerAuthority(name: "other", certificate: "pem", addedMilliseconds: start)
        #expect(try !store.addMaker(other))
        #expect(try store.makers() == [maker])
        #expect(try store.removeMaker("acme"))
        #expect(try !store.removeMaker("acme"))
    }
}
