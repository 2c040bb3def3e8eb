import FleetStore
import Testing

@testable import FleetRuntime

@Suite struct SilenceWatchTests {
    private let watch = SilenceWatch(limit: 900_000)
    private let now: Int64 = 1_790_000_000_000

    private func words(
        _ newest: [(gateway: String, made: Int64)], silent: Set<String> = [],
        devices: Set<String> = []
    ) -> [String] {
        watch.words(newest: newest, silent: silent, devices: devices, now: now)
            .map { "\($0.subject.gateway) \($0.kind.rawValue) \($0.text)" }
    }

    @Test func `a gateway is silent once its newest measurement is too old, and is told of once`() {
        let newest = [("a", now - 900_000), ("b", now - 900_001), ("c", now + 5)]
        #expect(
            words(newest) == ["b raised nothing measured since 2026-09-21T13:58:19.999Z has come"])
        #expect(words(newest, silent: ["b"]) == [])
        #expect(words(newest, silent: ["b", "a"]).map { $0.prefix(9) } == ["a cleared"])
    }

    @Test func `a gateway that was removed is missed by nobody`() {
        let newest = [("a", now - 1_000_000), ("b", now - 1_000_000)]
        #expect(words(newest, devices: ["a"]).map { $0.prefix(8) } == ["a raised"])
        #expect(
            words(newest, silent: ["a", "b"], devices: ["a"])
                == ["b cleared it belongs to the fleet no more"])
    }

    @Test func `times at the ends of their range do not trap`() {
        #expect(words([("a", .min), ("b", .max)]).count == 1)
    }
}
