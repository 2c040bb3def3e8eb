import FleetAPI
import FleetIngest
import FleetStore
import Glibc
import Logging
import Synchronization
import ProfileSet
import Threads

/// Runs the workers of `ingest` on threads of their own until the process is asked to stop.
final class IngestService {
    private let plan: IngestPlan
    private let log: Logger
    private let meter: IngestMeter
    private let failure = Failure()

    /// The first reason for which a worker gave up.
    private final class Failure: Sendable {
        let error = Mutex<IngestError?>(nil)
    }

    init(_ plan: IngestPlan, log: Logger) {
        self.plan = plan
        self.log = log
        meter = IngestMeter(workers: plan.workers)
    }

    /// Works until SIGTERM or SIGINT; throws when a worker had to give up, after all have stopped.
    func run() throws {
        let signals = try ProcessSignals()
        let health = try plan.healthPort.map(serveHealth)
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw ThreadError(operation: "make a pipe", code: errno) }
        // readable for all workers once it is closed at our end
        let (stop, ask) = (ends[0], ends[1])
        log.info(
            "ingest started",
            metadata: [
                "mqtt.broker": "\(plan.configuration.host):\(plan.configuration.port)",
                "workers": "\(plan.workers)", "version": "\(Version.number)",
            ])
        if plan.workers > 1, plan.configuration.tls?.isShared == true {
            // such a broker ends the older connection without a reason that reaches us
            log.warning(
                """
                all workers show one certificate: a broker that takes names from certificates lets only \
                one of them stay; give each its own with '{worker}' in --cert and --key
                """)
        }
        let history = try plan.rollUpSeconds.map {
            try HistoryService(store: plan.store, everySeconds: $0, log: log)
        }
        let threads = try (0..<plan.workers).map { try start($0, stop: stop) }
        while signals.next() == .report { Output.result(meter.document()) }
        close(ask)
        for thread in threads { thread.join() }
        close(stop)
        history?.stop()
        health?.stop()
        Output.result(meter.document())
        log.info("ingest stopped")
        if let error = failure.error.withLock({ $0 }) { throw error }
    }

    private func serveHealth(_ port: Int) throws -> HealthServer {
        let meter = meter
        return try HealthServer(host: "127.0.0.1", port: port, log: log) {
            HealthReport(isGood: meter.troubles.isEmpty, document: meter.document())
        }
    }

    private func start(_ index: Int, stop: Int32) throws(ThreadError) -> RunningThread {
        let (plan, meter, log, failure) = (plan, meter, log, failure)
        return try RunningThread("ingest-\(index + 1)") {
            let opener: IngestWorker.StoreOpener = { () throws(FleetStoreError) in
                let store = try openStore(plan.store)
                try store.migrate()
                return { batch throws(FleetStoreError) in try store.store(batch) }
            }
            let worker = IngestWorker(
                plan.configuration, index: index, meter: meter, log: log, openStore: opener)
            if index == 0 {
                worker.news = configurationNews(plan.store)
                worker.watched = watchedGateways(plan.store)
            }
            do throws(IngestError) {
                try worker.run(stop: stop)
            } catch {
                failure.error.withLock { $0 = $0 ?? error }
                ProcessSignals.send(.stop)
            }
        }
    }
}
