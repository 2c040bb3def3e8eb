import Dispatch
import FleetAPI
import Glibc
import Logging
import Synchronization
import TestKit
import Testing

@Suite(.ownThreads) struct HealthServerTests {
    private let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// The status line, the headers and the body that curl gets, as curl prints them.
    ///
    /// Waits on a thread of its own, for curl blocks, and long, for the machine may be busy.
    private func get(_ path: String, port: Int, method: String = "GET") async throws -> String {
        let curl = try Peers.tool("curl")
        let words = ["-s", "-i", "-m", "600", "-X", method, "http://127.0.0.1:\(port)\(path)"]
        return try await withCheckedThrowingContinuation { continuation in
            Background.run {
                continuation.resume(
                    with: Result {
                        let run = try ChildProcess(curl, words)
                        let status = try run.waitForExit(within: 620_000)
                        return status == .exited(0) ? run.output : "\(status): \(run.errors)"
                    })
            }
        }
    }

    @Test func `health is 200 while all is well and 503 with the reasons otherwise`() async throws {
        let isGood = Switch()
        let server = try await HealthFixture(log) {
            let isGood = isGood.value.withLock { $0 }
            return HealthReport(
                isGood: isGood, document: Array("{\"status\":\"\(isGood ? "ok" : "no")\"}".utf8))
        }
        let good = try await get("/health", port: server.port)
        #expect(good.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(good.lowercased().contains("content-type: application/json\r\n"))
        #expect(good.lowercased().contains("cache-control: no-store\r\n"))
        #expect(good.hasSuffix("\r\n\r\n{\"status\":\"ok\"}"))
        isGood.value.withLock { $0 = false }
        let bad = try await get("/health", port: server.port)
        #expect(bad.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
        #expect(bad.hasSuffix("{\"status\":\"no\"}"))
        let other = try await get("/other", port: server.port)
        #expect(other.hasPrefix("HTTP/1.1 404 "))
        let post = try await get("/health", port: server.port, method: "POST")
        #expect(post.hasPrefix("HTTP/1.1 40"))
        await server.stop()
    }

    @Test func `it answers while every thread that tasks share is held`() async throws {
        let server = try await HealthFixture(log) { HealthReport(isGood: true, document: []) }
        let (held, go) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let threads = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let curl = try Peers.tool("curl")
        let words = ["-s", "-i", "-m", "60", "http://127.0.0.1:\(server.port)/health"]
        for _ in 0..<threads {
            Task.detached {
                held.signal()
                Self.block(until: go)
            }
        }
        let answer = try await withCheckedThrowingContinuation { continuation in
            Background.run {
                for _ in 0..<threads { held.wait() }
                let result = Result {
                    let run = try ChildProcess(curl, words)
                    let status = try run.waitForExit(within: 70_000)
                    return "\(status) \(run.output)"
                }
                for _ in 0..<threads { go.signal() }
                continuation.resume(with: result)
            }
        }
        #expect(answer.contains("HTTP/1.1 200 OK"), "\(answer)")
        await server.stop()
    }

    private static func block(until semaphore: DispatchSemaphore) { semaphore.wait() }

    @Test func `an address that is taken is told in words`() async throws {
        let report: @Sendable () -> HealthReport = { HealthReport(isGood: true, document: []) }
        let first = try await HealthFixture(log, report: report)
        let port = first.port
        let error = await #expect(throws: ListenError.self) {
            _ = try await HealthFixture(log, port: port, report: report)
        }
        #expect(
            error?.description.hasPrefix("cannot listen on '127.0.0.1:\(port)': ") == true,
            "\(error?.description ?? "")")
        await first.stop()
    }

    @Test func `what its packages say beside warnings is left out, what the program says stays`()
        async throws
    {
        let heard = Heard()
        let log = Logger(label: "test") { _ in WholeProgramHandler(heard: heard) }
        let report: @Sendable () -> HealthReport = { HealthReport(isGood: true, document: []) }
        let server = try await HealthFixture(log, report: report)
        #expect(log.logLevel == .info)
        log.info("serving")
        await server.stop()
        #expect(heard.lines.withLock { $0 } == ["serving"])
    }

    private final class Switch: Sendable {
        let value = Mutex(true)
    }
}

private final class Heard: Sendable {
    let lines = Mutex<[String]>([])
    let level = Mutex(Logger.Level.info)
}

/// Has one level for all loggers, as the programs' own handler has.
private struct WholeProgramHandler: LogHandler {
    let heard: Heard
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level {
        get { heard.level.withLock { $0 } }
        set { heard.level.withLock { $0 = newValue } }
    }

    init(heard: Heard) { self.heard = heard }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        guard event.level < .warning else { return }
        heard.lines.withLock { $0.append("\(event.message)") }
    }
}

/// Makes and ends a server on threads of their own, since both block.
private struct HealthFixture: Sendable {
    let server: HealthServer
    var port: Int { server.port }

    init(
        _ log: Logger, port: Int = 0, report: @escaping @Sendable () -> HealthReport
    ) async throws {
        server = try await withCheckedThrowingContinuation { continuation in
            Background.run {
                continuation.resume(
                    with: Result {
                        try HealthServer(host: "127.0.0.1", port: port, log: log, report: report)
                    })
            }
        }
    }

    func stop() async {
        let server = server
        await withCheckedContinuation { continuation in
            Background.run {
                server.stop()
                continuation.resume()
            }
        }
    }
}
