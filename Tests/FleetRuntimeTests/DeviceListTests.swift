import TestKit
import Testing

@testable import FleetRuntime
@testable import FleetStore

@Suite struct DeviceListTests {
    private func list(_ text: String) throws -> [Device] {
        try DeviceList(Array(text.utf8), name: "homes.csv", now: 7).devices
    }

    @Test func `a file of a spreadsheet gives its devices`() throws {
        let devices = try list(
            "\u{FEFF}label,id,tags,approve\r\n\"Köln, \"\"cellar\"\"\",gw-1,a b;c,yes\r\n\r\n,gw-2,,\r\n"
        )
        #expect(
            devices == [
                Device(
                    id: "gw-1", label: "Köln, \"cellar\"", tags: ["a", "b", "c"],
                    needsApproval: true, createdMilliseconds: 7),
                Device(id: "gw-2", createdMilliseconds: 7),
            ])
    }

    @Test func `model, region and time zone come from the file, and a zone must be one`() throws {
        let devices = try list("id,model,region,zone\ngw-1,pi4,de-by,Europe/Berlin\ngw-2,,,\n")
        #expect(devices.map(\.model) == ["pi4", ""] && devices.map(\.region) == ["de-by", ""])
        #expect(devices.map(\.zone) == ["Europe/Berlin", ""])
        let faults = #expect(throws: DeviceList.Faults.self) {
            try list("id,zone,region\ngw-1,Berlin,\(String(repeating: "x", count: 65))\n")
        }
        #expect(
            faults?.sentences == [
                "homes.csv: line 2: the region is longer than 64 bytes",
                "homes.csv: line 2: expected a time zone, a name such as 'Europe/Berlin' of those in /usr/share/zoneinfo, found 'Berlin'",
            ])
    }

    @Test func `all faults are listed with their lines`() {
        let text = """
            id,label,group,approve
            GW,x,g,no
            gw-1,"two
            lines",g,maybe
            gw-1,x,G!,no
            gw-2,x

            """
        let faults = #expect(throws: DeviceList.Faults.self) { try list(text) }
        #expect(
            faults?.sentences == [
                "homes.csv: line 2: expected an id of 1 to 64 characters 'a…z 0…9 -', found 'GW'",
                "homes.csv: line 3: expected 'approve' to be 'yes' or 'no', found 'maybe'",
                "homes.csv: line 5: expected a group of 1 to 64 characters 'a…z 0…9 -', found 'G!'",
                "homes.csv: line 5: 'gw-1' stands in line 3 already",
                "homes.csv: line 6: expected 4 fields, found 2",
            ])
        for (text, words) in [
            ("", "found ''"), ("label\nx\n", "found 'label'"), ("id,id\n", "found 'id, id'"),
            ("id,colour\n", "found 'id, colour'"), ("id\n", "expected at least one device"),
            ("id,label\ngw-1,x\ngw-2,\"y\ngw-3,z\n", "line 3: the quote that begins here is never"),
        ] {
            let faults = #expect(throws: DeviceList.Faults.self) { try list(text) }
            #expect(faults?.description.contains(words) == true, "\(text)")
        }
    }

    @Test func `bytes that are no text are refused, not bent`() {
        let faults = #expect(throws: DeviceList.Faults.self) {
            try DeviceList(
                Array("id,label\ngw-1,K".utf8) + [0xF6, 0x6C, 0x6E], name: "a.csv", now: 7)
        }
        #expect(faults?.sentences == ["a.csv: line 2: expected UTF-8 text, found other bytes"])
    }

    @Test func `rows that are written are read back, and no bytes end the process`() throws {
        var random = SeededGenerator(announcedAs: "comma-separated values")
        let letters = Array("ab,\"\n é;".unicodeScalars.map(Character.init))
        for _ in 1...500 {
            let rows = (0..<3).map { _ in
                (0..<3).map { _ in
                    let count = Int.random(in: 0...4, using: &random)
                    return String(
                        (0..<count).map { _ in
                            letters.randomElement(using: &random) ?? "a"
                        })
                }
            }
            let text = rows.map { CSVText.row($0) + "\r\n" }.joined()
            #expect(try CSVText.rows(Array(text.utf8)).map(\.fields) == rows)
            _ = try? CSVText.rows(random.bytes(Int.random(in: 0...60, using: &random)))
        }
    }
}
