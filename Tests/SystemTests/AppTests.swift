import FleetAPI
import FleetStore
import Foundation
import TestKit
import Testing

/// People use the app in a browser, and the running fleet answers it.
@Suite(.serialized) struct AppTests {
    private let hour: Int64 = 3_600_000

    /// The day that ends now.
    private var lastDay: [Range<Int64>] {
        [ServedFleet.now - 25 * hour..<ServedFleet.now - 120_000]
    }

    /// Where pictures go, when anybody wants some.
    private let pictures = ProcessInfo.processInfo.environment["AMPHORA_PICTURES"]

    @Test func `whoever signs in gets where they wanted, and signing out leaves nothing behind`()
        throws
    {
        let house = try AppHouse()
        try house.walk("sign_in")
        house.fleet.stop()
    }

    @Test func `a new measurement is on the screen within two seconds`() throws {
        let house = try AppHouse()
        try house.walk(
            "live",
            [
                (
                    "measure",
                    { try house.fleet.keep([house.measurement(at: ServedFleet.now, watts: 4321)]) }
                )
            ])
        house.fleet.stop()
    }

    @Test func `what a silent gateway said last is never shown as live`() throws {
        let house = try AppHouse(newest: 290_000)
        try house.walk("silent")
        house.fleet.stop()
    }

    @Test func `without a network the app starts and says how old its picture is`() throws {
        let house = try AppHouse()
        try house.walk("offline")
        house.fleet.stop()
    }

    @Test func `days of 23 and 25 hours are shown by the clock of the house`() throws {
        // 29 March and 25 October 2026 in Berlin
        let (spring, autumn): (Int64, Int64) = (1_774_738_800_000, 1_792_879_200_000)
        let house = try AppHouse(
            history: [spring..<spring + 23 * hour, autumn..<autumn + 25 * hour])
        try house.walk("daylight_saving")
        house.fleet.stop()
    }

    @Test func `an alarm appears in words and can be taken care of`() throws {
        let house = try AppHouse()
        let event = EventSample(
            change: "raised", level: "warning", code: "pack_silent", pack: 2,
            text: "pack 2 does not answer")
        try house.walk(
            "alarm",
            [
                (
                    "raise",
                    {
                        try house.fleet.keep([
                            house.fleet.record(of: "gw-1", at: ServedFleet.now, .event(event)),
                            house.measurement(at: ServedFleet.now, isSilent: true),
                        ])
                    }
                )
            ])
        let alarms = try FleetStores.openViews(house.fleet.store).alarms(AlarmFilter())
        #expect(alarms.map(\.acknowledgedBy) == ["anna"])
        house.fleet.stop()
    }

    @Test
    func `an owner takes the house of a label, and is told what to do with a code that is none`()
        throws
    {
        let house = try AppHouse(isTaken: false)
        for words in [
            ["tenants", "add", "south"], ["devices", "add", "gw-2"], ["devices", "add", "gw-3"],
        ] { _ = try house.fleet.command(words) }
        _ = try house.fleet.command(["tenants", "assign", "south", "gw-2"])
        let own = try house.fleet.command(["devices", "label", "gw-1"])
        let foreign = try house.fleet.command(["devices", "label", "gw-2"])
        let address = "http://" + house.fleet.address
        let third = try house.fleet.command(["devices", "label", "gw-3", "--address", address])
        let codes = try [own, foreign].map {
            String(try #require($0.firstMatch(of: /code +([0-9a-z-]{19})/)).1)
        }
        let link = String(try #require(third.firstMatch(of: /address +(http\S+)/)).1)
        try house.walk(
            "claim", pictures: pictures, words: codes + [link],
            [("measure", { try house.fleet.keep([house.measurement(at: ServedFleet.now)]) })])
        let users = try FleetStores.openUsers(house.fleet.store)
        #expect(try users.grants(of: "anna") == ["gw-1", "gw-3"])
        #expect(try users.gateways(ofTenant: "south") == ["gw-2"])
        house.fleet.stop()
    }

    @Test func `an owner lets a guest see the house, who changes nothing, and takes that back`()
        throws
    {
        let house = try AppHouse()
        for words in [
            ["users", "add", "fritz", "--tenant", "north", "--role", "owner"],
            ["users", "passwd", "fritz", "--password-file", house.fleet.folder.file("password")],
        ] { _ = try house.fleet.command(words) }
        let event = EventSample(
            change: "raised", level: "warning", code: "pack_silent", pack: 2,
            text: "pack 2 does not answer")
        try house.walk(
            "share",
            [
                (
                    "measure",
                    { try house.fleet.keep([house.measurement(at: ServedFleet.now, watts: 4321)]) }
                ),
                (
                    "raise",
                    {
                        try house.fleet.keep([
                            house.fleet.record(of: "gw-1", at: ServedFleet.now, .event(event))
                        ])
                    }
                ),
            ])
        let users = try FleetStores.openUsers(house.fleet.store)
        #expect(try users.grants(of: "fritz") == [] && users.grants(of: "anna") == ["gw-1"])
        house.fleet.stop()
    }

    @Test func `an owner takes the data, gives the house up and deletes the account`() throws {
        let house = try AppHouse(history: lastDay)
        let users = try FleetStores.openUsers(house.fleet.store)
        let code = "0123-4567-89ab-cdef"
        try house.walk(
            "data", pictures: pictures, words: [code],
            [
                (
                    "label",
                    {
                        #expect(try users.grants(of: "anna").isEmpty)
                        try users.label(
                            "gw-1", hash: LabelCode.hash(code),
                            by: Author("test", at: ServedFleet.now)
                        )
                    }
                ),
                ("measure", { try house.fleet.keep([house.measurement(at: ServedFleet.now)]) }),
            ])
        #expect(try users.user("anna") == nil)
        #expect(try users.gateways(ofTenant: "north") == ["gw-1"])
        house.fleet.stop()
    }

    @Test func `two periods stand beside each other by the clock of the house`() throws {
        // in Berlin: 29 January to 2 February, 28 to 30 March, 12 to 26 October 2026
        let (january, march, october): (Int64, Int64, Int64) = (
            1_769_641_200_000, 1_774_652_400_000, 1_791_756_000_000
        )
        let house = try AppHouse(
            history: [
                january..<january + 5 * 24 * hour, march..<march + 71 * hour,
                october..<october + (15 * 24 + 1) * hour,
            ])
        try house.walk("compare", pictures: pictures)
        house.fleet.stop()
    }

    @Test func `a push is shown with its words and leads to its screen`() throws {
        let house = try AppHouse()
        try house.walk("push")
        house.fleet.stop()
    }

    @Test func `an alarm is pushed in the language of its user, and taken care of from there`()
        throws
    {
        let house = try AppHouse(pushes: true)
        let event = EventSample(
            change: "raised", level: "protection", code: "cell_overvoltage", pack: 3,
            text: "pack 3: a cell is too full")
        try house.walk(
            "push_chain", browser: "chromium",
            [
                (
                    "raise",
                    {
                        try house.fleet.keep([
                            house.fleet.record(of: "gw-1", at: ServedFleet.now, .event(event))
                        ])
                    }
                )
            ])
        let alarms = try FleetStores.openViews(house.fleet.store).alarms(AlarmFilter())
        #expect(alarms.map(\.acknowledgedBy) == ["anna"])
        house.fleet.stop()
    }

    @Test func `everything works by keyboard`() throws {
        let house = try AppHouse(history: lastDay)
        try house.walk("keyboard")
        house.fleet.stop()
    }

    @Test func `axe finds nothing on any screen, light or dark`() throws {
        let house = try AppHouse(history: lastDay)
        try house.walk("accessible")
        house.fleet.stop()
    }

    @Test func `the first load is small, and the app can be installed`() throws {
        let house = try AppHouse()
        try house.walk("first_load")
        house.fleet.stop()
    }

    @Test func `every screen fits phones, tablets and desks in each language`() throws {
        let house = try AppHouse(history: lastDay)
        try house.walk("layout")
        house.fleet.stop()
    }

    /// With `AMPHORA_GOLDEN=record` the pictures are made anew, with `AMPHORA_GOLDEN=house` also what the API says.
    @Test(.timeLimit(.minutes(5)))
    func `every screen looks as its picture, light and dark, on phones, tablets and desks`() throws
    {
        let mode = ProcessInfo.processInfo.environment["AMPHORA_GOLDEN"] ?? "compare"
        let golden = mode == "house" ? try GoldenHouse() : nil
        let fleet = try golden?.house.fleet ?? AppHouse().fleet
        // the browser is a minute ahead, so that nothing there is to see has just happened
        let words = [fleet.folder.path] + (golden.map { ["\($0.clock.now + 60_000)"] } ?? [])
        try fleet.walk("golden_flow.py", mode, words, seconds: 280)
        fleet.stop()
    }
}
