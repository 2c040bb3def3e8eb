import CANProfile
import Foundation
import GatewaySettings
import TestKit
import Testing

@testable import GatewayRuntime

/// What a configuration and the maps it names must agree on before a device is opened.
@Suite struct GatewayPlanTests {
    private let folder: TemporaryDirectory

    /// A set with one map, whose document is changed, and the shipped profile.
    init() throws {
        folder = try TemporaryDirectory("set")
        let manager = FileManager.default
        try manager.createDirectory(atPath: folder.file("packs"), withIntermediateDirectories: true)
        try manager.createSymbolicLink(
            atPath: folder.file("inverters"),
            withDestinationPath: "\(Repository.profileSet)/inverters")
    }

    private func plan(
        confidence: String = "vendor", head: String = "", form: String = "",
        line: String = "", units: String = "[1, 2]", profiles: String = ""
    ) throws -> GatewayPlan {
        let block =
            form.isEmpty
            ? #"{ "name": "b", "function": 3, "address": 0, "count": 9, "required": true }"# : form
        let at = { (byte: Int) in
            form.isEmpty ? "\(byte)" : #"{ "block": "b", "byte": \#(byte * 2) }"#
        }
        let map = """
            { "schema": "amphora/pack-map/v1", "id": "m", "title": "M", "confidence": "\(confidence)",
              "sources": ["a test"], \(head) "blocks": [ \(block) ],
              "signals": { "voltage": { "at": \(at(0)) }, "current": { "at": \(at(1)) },
                "state_of_charge": { "at": \(at(2)) } } }
            """
        try map.write(toFile: folder.file("packs/m.json"), atomically: false, encoding: .utf8)
        let text = """
            gateway = "gw-1"
            [profiles]
            path = "\(folder.file("."))"
            \(profiles)
            [[line]]
            map = "m"
            units = \(units)
            \(line.isEmpty ? "device = \"/dev/ttyUSB0\"" : line)
            [inverter]
            profile = "pylontech-lv-1.2"
            """
        let set = ProfileFolder(path: folder.file("."))
        return try GatewayPlan(
            try GatewayConfiguration.parse(text, path: "gateway.toml"),
            profile: try set.profile("pylontech-lv-1.2"), foreign: ForeignFrames(),
            profileSet: "of this test"
        ) { try set.map($0) }
    }

    private func faults(_ body: () throws -> GatewayPlan) -> [String] {
        do {
            _ = try body()
            return []
        } catch let error as GatewayPlanError {
            return error.faults
        } catch { return ["\(error)"] }
    }

    @Test func `a map of one implementation needs the switch`() throws {
        #expect(
            faults { try plan(confidence: "single") } == [
                "line 'line-1': map 'm' is known from one implementation only; set 'profiles.experimental' to true to use it"
            ])
        #expect(
            faults { try plan(confidence: "single", profiles: "experimental = true") }.isEmpty)
        #expect(faults { try plan(confidence: "implementations") }.isEmpty)
    }

    @Test func `units that are no packs are refused, each with its reason`() throws {
        let rules = #""units": { "first": 1, "last": 15, "reserved": [2], "bank": [1] },"#
        #expect(
            faults { try plan(head: rules, units: "[1, 2, 3, 16]") } == [
                "line 'line-1': map 'm': unit 1 answers for the whole bank and would be counted twice",
                "line 'line-1': map 'm': unit 2 must never be asked",
                "line 'line-1': map 'm': unit 16 is none of a pack, allowed 1…15",
            ])
    }

    @Test func `a relative map needs a base address and others refuse one`() throws {
        let relative = #""addressing": { "relative": true },"#
        #expect(
            faults { try plan(head: relative) } == [
                "line 'line-1': map 'm' has relative addresses; 'base_address' is missing, expected where they begin"
            ])
        let based = "device = \"/dev/ttyUSB0\"\nbase_address = 40000"
        #expect(
            faults { try plan(line: based) } == [
                "line 'line-1': map 'm' has its own addresses; 'base_address' is not for it"
            ])
        #expect(try plan(head: relative, line: based).lines[0].plan.blocks[0].address == 40_000)
    }

    @Test func `Modbus TCP is refused where a map has other forms`() throws {
        let form = """
            { "name": "b", "form": "ranged", "function": 120, "address": 0, "end": 9, "bytes": 20,
              "required": true }
            """
        let line = "address = \"192.168.1.2:502\"\nframing = "
        #expect(
            faults { try plan(form: form, line: line + "\"tcp\"") } == [
                "line 'line-1': map 'm' has requests that Modbus TCP does not carry; a serial server with framing = \"rtu-over-tcp\" does"
            ])
        #expect(faults { try plan(form: form, line: line + "\"rtu-over-tcp\"") }.isEmpty)
    }
}
