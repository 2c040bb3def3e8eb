import FleetStore
import StrictJSON
import TestKit
import Testing

@testable import FleetConfiguration

@Suite(.folders) struct ConfigurationServiceTests {
    /// A service that refuses `bad`, over two devices in a group and one without.
    private func service() throws -> (ConfigurationService, any ConfigurationStore) {
        let address = "sqlite:" + (try TestFolders.folder().file("fleet.db"))
        let devices = try FleetStores.openDevices(address)
        try devices.migrate()
        _ = try devices.addDevices(
            [("gw-1", "pilots"), ("gw-2", "pilots"), ("gw-3", "")].map { id, group in
                (
                    Device(id: id, group: group, createdMilliseconds: 1),
                    DeviceToken(
                        hash: id, device: id, createdMilliseconds: 1, expiresMilliseconds: 2)
                )
            })
        let store = try FleetStores.openConfiguration(address)
        let service = ConfigurationService(store: store) { gateway, document in
            String(decoding: document, as: UTF8.self).contains(#""bad""#)
                ? ["'bad' is not a known key"] : []
        }
        return (service, store)
    }

    private func set(
        _ service: ConfigurationService, _ text: String, _ scope: ConfigurationScope
    ) throws {
        _ = try service.set(try SettingText.parse(text), in: scope, by: "anna", at: 10)
    }

    @Test func `the gateway's word goes over the group's, and that over the fleet's`() throws {
        let (service, _) = try service()
        try set(service, "telemetry.interval_s=10", .fleet)
        try set(service, "mqtt.window=50", .fleet)
        try set(service, "telemetry.interval_s=20", .group("pilots"))
        try set(service, "telemetry.interval_s=30", .gateway("gw-2"))
        func config(_ gateway: String) throws -> String {
            try service.offer(to: gateway, at: 20).config
        }
        #expect(try config("gw-1") == #"{"mqtt":{"window":50},"telemetry":{"interval_s":20}}"#)
        #expect(try config("gw-2") == #"{"mqtt":{"window":50},"telemetry":{"interval_s":30}}"#)
        #expect(try config("gw-3") == #"{"mqtt":{"window":50},"telemetry":{"interval_s":10}}"#)
        #expect(try config("unknown") == #"{"mqtt":{"window":50},"telemetry":{"interval_s":10}}"#)
        let origins = try service.origins(of: "gw-2").map { "\($0.key) \($0.value) \($0.scope)" }
        #expect(origins == ["mqtt.window 50 fleet", "telemetry.interval_s 30 gateway:gw-2"])
    }

    @Test func `versions rise with each change, and only then`() throws {
        let (service, store) = try service()
        try set(service, "a=1", .fleet)
        #expect(try service.offer(to: "gw-1", at: 1).version == 1)
        #expect(try service.offer(to: "gw-1", at: 2).version == 1)
        try set(service, "a=2", .fleet)
        let changed = try service.offerAll(at: 3)
        #expect(changed.map(\.gateway) == ["gw-1", "gw-2", "gw-3"])
        #expect(changed.map(\.version) == [2, 1, 1])
        #expect(try service.offerAll(at: 4).isEmpty)
        try set(service, "a=3", .gateway("gw-3"))
        #expect(try service.offerAll(at: 5).map(\.gateway) == ["gw-3"])
        _ = try service.rollBack(.fleet, to: 1, by: "ben", at: 6)
        #expect(try service.offer(to: "gw-1", at: 7).version == 3)
        let newest = try #require(try store.layers(of: .fleet).first)
        #expect(newest.version == 3 && newest.author == "ben" && newest.note == "back to version 1")
    }

    @Test func `gateways of a group share what it has, except those with their own`() throws {
        let (service, _) = try service()
        try set(service, "a=1", .fleet)
        try set(service, "a=2", .group("pilots"))
        try set(service, "b=3", .gateway("gw-1"))
        _ = try service.offer(to: "stranger", at: 1)
        let offers = try service.offerAll(at: 2).map { "\($0.gateway) \($0.config)" }
        #expect(
            offers == [#"gw-1 {"a":2,"b":3}"#, #"gw-2 {"a":2}"#, #"gw-3 {"a":1}"#])
        try set(service, "a=4", .fleet)
        let again = try service.offerAll(at: 3).map { "\($0.gateway) \($0.config)" }
        #expect(again == [#"gw-3 {"a":4}"#, #"stranger {"a":4}"#])
    }

    @Test func `a layer that a gateway would refuse is not kept`() throws {
        let (service, store) = try service()
        let error = #expect(throws: ConfigurationServiceError.self) {
            try set(service, "bad=1", .group("pilots"))
        }
        #expect(error?.description == "'bad' is not a known key (gateway 'gw-1')")
        #expect(throws: ConfigurationServiceError.self) {
            try set(service, "bad=1", .group("nobody"))
        }
        #expect(throws: ConfigurationServiceError.self) {
            _ = try service.replace(
                JSONItem(value: .bool(true), line: 1), in: .fleet, by: "a", at: 1)
        }
        #expect(throws: ConfigurationServiceError.self) {
            _ = try service.unset(["nothing"], in: .fleet, by: "a", at: 1)
        }
        #expect(throws: ConfigurationServiceError.self) {
            _ = try service.rollBack(.fleet, to: 7, by: "a", at: 1)
        }
        #expect(try store.currentLayers().isEmpty)
    }
}
