import Glibc
import Synchronization
import Testing

@testable import GatewayRuntime

@Suite struct WakeSignalTests {
    private final class Counter: Sendable { let value = Atomic<Int>(0) }

    @Test("several raises are one, and after a look the next raise wakes again")
    func raisesAreOne() throws {
        let signal = try WakeSignal()
        #expect(!isReadable(signal))
        signal.raise()
        signal.raise()
        #expect(isReadable(signal))
        #expect(signal.clear())
        #expect(!isReadable(signal))
        #expect(!signal.clear())
        signal.raise()
        #expect(isReadable(signal))
    }

    @Test("no raise is lost between two threads")
    func noneIsLost() async throws {
        let signal = try WakeSignal()
        let made = Counter()
        let count = 200_000
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for _ in 0..<count {
                    made.value.add(1, ordering: .releasing)
                    signal.raise()
                }
            }
            group.addTask {
                var seen = 0
                while seen < count {
                    var poll = pollfd(fd: signal.descriptor, events: Int16(POLLIN), revents: 0)
                    try #require(Glibc.poll(&poll, 1, 10_000) == 1, "slept through the last raise")
                    signal.clear()
                    seen = made.value.load(ordering: .acquiring)
                }
            }
            try await group.waitForAll()
        }
    }

    private func isReadable(_ signal: WakeSignal) -> Bool {
        var poll = pollfd(fd: signal.descriptor, events: Int16(POLLIN), revents: 0)
        return Glibc.poll(&poll, 1, 0) == 1
    }
}
