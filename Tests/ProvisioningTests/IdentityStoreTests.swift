import TestKit
import Testing

@testable import Provisioning

@Suite struct IdentityStoreTests {
    @Test func `a good current pair is chosen without a word`() throws {
        let fixture = try IdentityFixture()
        try fixture.add("pair-1", as: .previous)
        try fixture.add("pair-2", as: .current)
        let selection = try fixture.store.select(clock: fixture.clock)
        #expect(selection.door == .current)
        #expect(selection.pair.name == "pair-2")
        #expect(selection.pair.gateway == "gw-1")
        #expect(selection.warnings == [])
    }

    @Test func `the key is readable for its owner alone`() throws {
        let fixture = try IdentityFixture()
        try fixture.add("pair-1", as: .current)
        #expect(try fixture.mode("pair-1/key.pem") == 0o600)
        #expect(try fixture.mode("pair-1") == 0o700)
    }

    @Test(arguments: ["key", "name", "two-names", "usage", "stranger", "cut-short", "no-key"])
    func `a current pair with a fault gives way to the previous one`(_ fault: String) throws {
        let fixture = try IdentityFixture()
        try fixture.add("pair-1", as: .previous)
        let expected: String
        switch fault {
        case "key":
            try fixture.add("pair-2", as: .current, otherKey: true)
            expected = "the certificate belongs to another key than the one beside it"
        case "name":
            try fixture.add("pair-2", as: .current, names: ["gw-2"])
            expected = "the certificate names 'gw-2', expected only 'gw-1'"
        case "two-names":
            try fixture.add("pair-2", as: .current, names: ["gw-1", "gw-2"])
            expected = "the certificate names 'gw-1' and 'gw-2', expected only 'gw-1'"
        case "usage":
            try fixture.add("pair-2", as: .current, isForClients: false)
            expected = "the certificate is not for TLS clients (extended key usage clientAuth)"
        case "stranger":
            let stranger = try TestAuthority(root: "Somebody")
            try fixture.add("pair-2", as: .current, authority: stranger)
            expected =
                "no chain leads from the certificate, issued by 'CN=Somebody', "
                + "to the authorities of the fleet"
        case "cut-short":
            try fixture.add("pair-2", as: .current)
            let bytes = try fixture.folder.read("pair-2/certificate.pem", limit: 65_536)
            try fixture.folder.write(
                "pair-2/certificate.pem", Array(bytes.prefix(100)), mode: 0o644)
            expected =
                "'\(fixture.folder.file("pair-2/certificate.pem"))' is missing or "
                + "not certificates in PEM"
        default:
            try fixture.add("pair-2", as: .current)
            try fixture.folder.remove("pair-2/key.pem")
            expected =
                "'\(fixture.folder.file("pair-2/key.pem"))' is missing or not a readable file"
        }
        let selection = try fixture.store.select(clock: fixture.clock)
        #expect(selection.door == .previous)
        #expect(selection.pair.name == "pair-1")
        #expect(
            selection.warnings == [
                "the current pair is not used: \(expected)", "the previous pair is used instead",
            ])
    }

    @Test func `an expired pair leaves the door of the factory`() throws {
        let fixture = try IdentityFixture()
        let over = TestAuthority.now - 100 * 86_400...TestAuthority.now - 10
        try fixture.add("pair-1", as: .previous, life: over)
        try fixture.add("pair-2", as: .current, life: over)
        try fixture.add("factory", as: nil, life: TestAuthority.longLife)
        let selection = try fixture.store.select(clock: fixture.clock)
        #expect(selection.door == .factory)
        #expect(
            selection.warnings.first
                == "the current pair is not used: certificate 'gw-1' expired at "
                + "2027-01-15T07:59:50Z, it is 2027-01-15T08:00:00Z")
    }

    @Test func `the pair from the factory may lie on a partition of its own`() throws {
        let fixture = try IdentityFixture()
        try fixture.add("read-only", as: nil)
        try fixture.folder.link("factory", to: fixture.folder.file("read-only"))
        let selection = try fixture.store.select(clock: fixture.clock)
        #expect(selection.door == .factory)
        #expect(selection.pair.name == "factory")
    }

    @Test func `a pair with a fault of time is used when no other is there`() throws {
        let fixture = try IdentityFixture()
        try fixture.add("pair-1", as: .current)
        let clock = ClockReading(wall: 86_400, floor: TimeFloor.built)
        let selection = try fixture.store.select(clock: clock)
        #expect(selection.door == .current)
        guard case .notYetValid = selection.fault else {
            Issue.record("\(String(describing: selection.fault))")
            return
        }
        #expect(
            selection.warnings.first
                == "the current pair is not used: certificate not yet valid: 'gw-1' begins at "
                + "2027-01-15T07:00:00Z, this machine's clock says 1970-01-02T00:00:00Z")
        #expect(
            selection.warnings.last?.hasPrefix("clock suspect: this machine's clock says") == true)
    }

    @Test func `an issuing authority that is over is a fault of time`() throws {
        let fixture = try IdentityFixture()
        let over = TestAuthority.now - 100 * 86_400...TestAuthority.now - 10
        let old = try TestAuthority("Old Issuing", below: fixture.root, life: over)
        try fixture.add("pair-1", as: .current, authority: old)
        let fault = try fixture.store.select(clock: fixture.clock).fault
        #expect(
            fault == .expired(subject: "Old Issuing", at: over.upperBound, now: TestAuthority.now))
    }

    @Test func `a folder without pairs says what was looked for`() throws {
        let fixture = try IdentityFixture()
        let error = #expect(throws: ProvisioningError.self) {
            try fixture.store.select(clock: fixture.clock)
        }
        #expect(error?.kind == .noIdentity)
        let path = fixture.folder.path
        #expect(
            error?.description == """
                no identity in '\(path)':
                  current: there is no '\(path)/current'
                  previous: there is no '\(path)/previous'
                  factory: there is no '\(path)/factory'
                enrol this gateway first
                """)
    }

    @Test func `a link that leads out of the folder is no pair`() throws {
        let fixture = try IdentityFixture()
        try fixture.add("pair-1", as: nil)
        try fixture.folder.link("current", to: "../identity/pair-1")
        #expect(throws: ProvisioningError.self) { try fixture.store.select(clock: fixture.clock) }
    }

    @Test func `a second process is told to wait`() throws {
        let fixture = try IdentityFixture()
        let lock = try IdentityLock(fixture.folder)
        let error = #expect(throws: ProvisioningError.self) { _ = try IdentityLock(fixture.folder) }
        #expect(error?.kind == .busy)
        withExtendedLifetime(lock) {}
    }
}

@Suite struct TimeFloorTests {
    private func floor(
        _ fixture: IdentityFixture, wall: Int64 = TestAuthority.now
    ) -> TimeFloor { TimeFloor(folder: fixture.sound, wallSeconds: { wall }) }

    @Test func `a date of the fleet outlives a restart with a clock of 1970`() throws {
        let fixture = try IdentityFixture()
        #expect(floor(fixture, wall: 0).floor == TimeFloor.built)
        #expect(floor(fixture).note(serverDate: "Fri, 15 Jan 2027 08:00:00 GMT"))
        let reading = floor(fixture, wall: 12).reading
        #expect(reading.floor == TestAuthority.now)
        #expect(reading.now == TestAuthority.now)
        #expect(
            reading.warning
                == "clock suspect: this machine's clock says 1970-01-01T00:00:12Z, but it is at least "
                + "2027-01-15T08:00:00Z; set the clock or let a time service do it")
    }

    @Test(arguments: ["Sun, 06 Nov 1994 08:49:37 GMT", "Mon, 01 Jan 2096 00:00:00 GMT", "noon", ""])
    func `a date before the build or far after it moves nothing`(_ text: String) throws {
        let fixture = try IdentityFixture()
        let floor = floor(fixture)
        floor.note(serverDate: text)
        #expect(floor.floor == TimeFloor.built)
    }

    @Test(arguments: ["", "abc", "-5", "99999999999999999999", "9999999999999\n"])
    func `a damaged file is the date of the build or at most its bound`(_ text: String) throws {
        let fixture = try IdentityFixture()
        try fixture.folder.write("time-floor", Array(text.utf8), mode: 0o644)
        let floor = floor(fixture).floor
        #expect((TimeFloor.built...TimeFloor.built + 30 * 366 * 86_400).contains(floor))
    }

    @Test func `a clock that is right is not suspect`() throws {
        #expect(try floor(IdentityFixture()).reading.warning == nil)
    }
}
