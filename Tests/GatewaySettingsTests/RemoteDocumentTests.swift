import Foundation
import TestKit
import Testing

@testable import GatewaySettings

@Suite struct RemoteDocumentTests {
    private static let folder = "\(Repository.root)/Tests/GatewaySettingsTests/Fixtures"

    private func faults(_ bytes: [UInt8], for device: String? = nil) -> [String] {
        do {
            try RemoteDocument.check(bytes, for: device)
            return []
        } catch {
            return error.faults.map(\.description)
        }
    }

    private func envelope(_ config: String) -> [UInt8] {
        Array(
            #"{"schema":1,"version":7,"device":"house-1","issued":"2026-11-24T13:05:00Z","config":\#(config)}"#
                .utf8)
    }

    private func documents(_ kind: String) throws -> [(name: String, bytes: [UInt8])] {
        let folder = "\(Self.folder)/\(kind)"
        return try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map {
            ($0, try FileBytes.read("\(folder)/\($0)", limit: 1 << 20))
        }
    }

    /// `Tests/schemas` holds the schema to the same folders.
    @Test func `the reader takes what the schema takes, and refuses what it refuses`() throws {
        let (good, bad) = (try documents("good"), try documents("bad"))
        #expect(good.count > 10 && bad.count > 60)
        for document in good { #expect(faults(document.bytes) == [], "\(document.name)") }
        for document in bad { #expect(faults(document.bytes) != [], "\(document.name)") }
        for document in try documents("beyond-schema") {
            #expect(faults(document.bytes) != [], "\(document.name)")
        }
    }

    @Test func `all faults of a document come at once, with their lines`() {
        let text = """
            {"schema":1,"version":0,"device":"house-2",
             "issued":"yesterday",
             "config":{
              "outbox":{"path":"/tmp/x"},
              "bank":{"minimum_pack":2,
               "charge_current_limit_a":-5}}}
            """
        #expect(
            faults(Array(text.utf8), for: "house-1") == [
                "line 1: 'version' is 0, allowed 1…9007199254740991",
                "line 1: 'device' is 'house-2', expected this gateway, 'house-1'",
                "line 2: 'issued' is 'yesterday', expected a moment such as 2026-11-24T13:05:00Z",
                "line 4: 'outbox.path' is set on site only, expected it in no document of the fleet",
                "line 5: 'bank.minimum_pack' is not a known key, did you mean 'bank.minimum_packs'?",
                "line 6: 'bank.charge_current_limit_a' is -5.0, allowed 0…3000 A",
            ])
    }

    @Test func `every key of the file is either the fleet's to set or the site's alone`() throws {
        var configuration = GatewayConfiguration()
        configuration.lines = [LineSettings()]
        configuration.mqtt = MQTTSettings()
        configuration.fleet = FleetSettings()
        configuration.update = UpdateSettings()
        configuration.local = LocalSettings()
        let known = configuration.shown.map { RemoteKeys.general($0.key) }
        #expect(Set(known) == Set(RemoteKeys.settable + RemoteKeys.onSite))
        #expect(known.count == RemoteKeys.settable.count + RemoteKeys.onSite.count)
    }

    @Test func `a file may hold every key that is shown`() throws {
        // What is shown and not known to the reader would be a fault here, and the other way round.
        let file = """
            gateway = "any"
            line = [{}]
            bank = {}
            inverter = {}
            telemetry = {}
            outbox = {}
            mqtt = {}
            fleet = {}
            profiles = {}
            status = {}
            """
        for key in RemoteKeys.settable + RemoteKeys.onSite where key != "gateway" {
            let parts = key.split(separator: ".")
            let text =
                parts.count == 1
                ? "\(key) = 5\n\(file)"
                : file.replacing(
                    parts[0] == "line[]" ? "line = [{}]" : "\(parts[0]) = {}",
                    with: parts[0] == "line[]"
                        ? "line = [{\(parts[1]) = {}}]" : "\(parts[0]) = {\(parts[1]) = {}}")
            do {
                _ = try GatewayConfiguration.parse(text, path: "f")
            } catch {
                let isUnknown = error.faults.contains { $0.message.contains("not a known key") }
                #expect(!isUnknown, "\(key): \(error)")
            }
        }
    }

    @Test func `a document longer than allowed is refused unread`() {
        let bytes = [UInt8](repeating: 0x20, count: RemoteDocument.mostBytes + 1)
        #expect(faults(bytes) == ["the document has 262145 bytes, allowed 262144"])
    }

    @Test func `a null takes nothing away`() {
        #expect(
            faults(envelope(#"{"mqtt":null}"#)) == [
                "line 1: 'mqtt' is null, expected a value; what the fleet does not set is left out"
            ])
    }
}
