import FleetStore
import Foundation
import TestKit
import Testing

/// Installers and operators use their screens in a browser, and the running fleet answers them.
@Suite(.serialized) struct DeskTests {
    @Test func `the fleet stands with its worst house first, and can be filtered by keyboard`()
        throws
    {
        try walk("fleet")
    }

    @Test func `groups and tags are offered where gateways are chosen by them`() throws {
        try walk("groups")
    }

    @Test func `a damaged set is named where rollouts are made, and another one can be`() throws {
        let desk = try DeskFleet()
        try desk.sets.add(release: 7)
        try desk.sets.publish()
        let place = URL(filePath: desk.sets.repository + "/published/targets/sets")
        let archive = try #require(
            try FileManager.default.contentsOfDirectory(atPath: place.path)
                .first { $0.hasSuffix(".base-1.7.0.tar") })
        let whole = try Data(contentsOf: place.appending(path: archive))
        try whole.prefix(whole.count / 2).write(to: place.appending(path: archive))
        try desk.fleet.walk("desk_flows.py", "damaged")
        desk.fleet.stop()
    }

    @Test func `a cause across houses is looked after at once`() throws {
        let desk = try DeskFleet()
        let fleet = desk.fleet
        try fleet.walk("desk_flows.py", "causes")
        let alarms = try FleetStores.openViews(fleet.store).alarms(AlarmFilter())
        let silent = alarms.filter { $0.subject.code == "pack_silent" }
        #expect(silent.map(\.acknowledgedBy) == ["otto", "otto"])
        let full = alarms.filter { $0.subject.code == "cell_overvoltage" }
        #expect(full.map(\.acknowledgedBy) == [""])
        fleet.stop()
    }

    @Test func `an installer reads cells, is told what is wrong, and takes a report home`() throws {
        try walk("heat", "installer")
    }

    @Test func `nobody sees the screens of another role, and what a server lacks is said`() throws {
        try walk("walls")
    }

    /// In light and dark by axe, and from a phone to a desk in each language.
    @Test func `everybody can read the screens of professionals everywhere`() throws {
        try walk("accessible", "layout")
    }

    private func walk(_ flows: String...) throws {
        let desk = try DeskFleet()
        let fleet = desk.fleet
        for flow in flows { try fleet.walk("desk_flows.py", flow) }
        fleet.stop()
    }
}
