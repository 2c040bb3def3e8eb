import CutPoints
import Numbering
import Logging
import Outbox
import Telemetry

/// Keeps the outbox usable whatever happens to its disk, and counts what could not be stored.
///
/// Owned by the recorder's thread. A store that cannot be opened is tried again; the bridge never
/// notices (outbox rule 6, safety rule 6).
struct OutboxKeeper {
    private static var secondsBetweenAttempts: Int64 { 10 }

    private let path: String
    private let budget: Int64
    private let log: Logger
    private(set) var outbox: Outbox?
    /// How the outbox was after the last transaction; nil while it cannot be opened.
    private(set) var status: OutboxStatus?
    private var lastAttempt: Int64 = .min
    private var lostWhileClosed: [(reason: LossReason, count: Int64)] = []
    /// Why records cannot be stored, in words; empty while they can.
    private(set) var problem = ""
    /// Whether the last records could be stored.
    var isStoring: Bool { outbox != nil && problem.isEmpty }
    /// Records stored since the start.
    private(set) var appended: Int64 = 0

    init(path: String, budget: Int64, log: Logger) {
        self.path = path
        self.budget = budget
        self.log = log
    }

    /// Opens the store if it is not open and an attempt is due.
    mutating func openIfNeeded(wallMilliseconds: Int64, monotonicSeconds: Int64) {
        guard outbox == nil,
            lastAttempt == .min || monotonicSeconds - lastAttempt >= Self.secondsBetweenAttempts
        else { return }
        lastAttempt = monotonicSeconds
        do {
            let opened = try Outbox(
                path: path, budgetBytes: budget, wallMilliseconds: wallMilliseconds)
            if let aside = opened.setAside {
                log.error("damaged outbox set aside", metadata: ["file": "\(aside)"])
            }
            if let numbers = opened.passedOver {
                log.info(
                    "outbox was not closed properly, numbers passed over",
                    metadata: ["first": "\(numbers.lowerBound)", "last": "\(numbers.upperBound)"])
            }
            for loss in lostWhileClosed { opened.recordLoss(loss.reason, count: loss.count) }
            lostWhileClosed = []
            outbox = opened
            problem = ""
            look()
        } catch {
            tell(error)
        }
    }

    /// Stores records, frees acknowledged ones and sets rejected ones aside in one transaction.
    ///
    /// Rejections stay in `rejections` until they are stored.
    mutating func append(
        _ records: [OutboxRecord], freeing acknowledged: inout SequenceRanges,
        rejecting rejections: inout [Rejection], wallMilliseconds: Int64
    ) {
        guard let outbox else {
            if !records.isEmpty { lostWhileClosed.append((.storeFailed, Int64(records.count))) }
            return
        }
        do {
            if !records.isEmpty { CutPoint.pass("before-commit") }
            try outbox.append(records, freeing: &acknowledged, rejecting: rejections)
            if !records.isEmpty { CutPoint.pass("after-commit") }
            rejections = []
            appended += Int64(records.count)
            problem = ""
            look()
        } catch {
            tell(error)
            if !records.isEmpty { outbox.recordLoss(error.lossReason, count: Int64(records.count)) }
            if case .damaged = error { startOver(outbox, wallMilliseconds) }
            look()
        }
    }

    /// Sets a file aside in which the reader met damage, and goes on with a new one.
    mutating func setAside(wallMilliseconds: Int64) {
        if let outbox { startOver(outbox, wallMilliseconds) }
        look()
    }

    private mutating func startOver(_ damaged: Outbox, _ wallMilliseconds: Int64) {
        do {
            let aside = try damaged.startOver(wallMilliseconds: wallMilliseconds)
            log.error("damaged outbox set aside", metadata: ["file": "\(aside)"])
        } catch {
            tell(error)
        }
    }

    private mutating func look() { status = try? outbox?.status() }

    /// The same for a record.
    var summary: OutboxSummary? {
        guard let status else { return nil }
        return OutboxSummary(
            depth: status.depth, oldestWallMilliseconds: status.oldestWallMilliseconds,
            bytes: status.usedBytes, budgetBytes: budget,
            losses: status.losses.listed)
    }

    private mutating func tell(_ error: OutboxError) {
        if problem != error.description {
            log.error("outbox not usable", metadata: ["reason": "\(error.description)"])
        }
        problem = error.description
    }
}
