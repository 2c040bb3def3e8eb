import Numbering
import Outbox
import TestKit
import Testing

/// Lives a script on a disk that fails, as the gateway does.
///
/// It counts what could not be stored, keeps acknowledgements for later and tries again to open. An
/// array is the model.
final class TroubledLife {
    private let disk: FaultyDisk
    private let place: String
    private var outbox: Outbox?
    private var rows: [OutboxRow] = []
    private var losses: [LossReason: Int64] = [:]
    private var acknowledged = SequenceRanges()
    /// The rows if an append that failed was done after all.
    ///
    /// A commit whose sync was refused may be found when the file is opened again.
    private var doubtful: [[OutboxRow]] = []
    /// What went wrong, in order.
    private(set) var errors: [OutboxError] = []

    init(on disk: FaultyDisk, _ place: String) {
        self.disk = disk
        self.place = place
    }

    func live(_ script: OutboxScript) {
        open()
        for step in script.steps {
            if outbox == nil { open() }
            perform(step)
        }
    }

    /// The disk is mended: everything works and everything that was stored is there, also after a
    /// restart.
    func judge() throws {
        disk.mend()
        if outbox == nil { open() }
        let before = errors.count
        perform(.append(2, size: 60, .event, freeing: []))
        #expect(errors.count == before, "\(place): \(String(describing: errors.last))")
        for _ in 1...2 {
            let found = try OutboxState(path: disk.path, vfs: disk.vfs)
            #expect(found.rows == rows, "\(place): \(found.rows.map(\.sequence))")
            #expect(found.losses == losses, "\(place)")
            #expect(outbox?.depth == Int64(rows.count), "\(place)")
            perform(.reopen)
            #expect(outbox?.setAside == nil, "\(place)")
        }
    }

    func end() { outbox = nil }

    private func open() {
        attempt { () throws(OutboxError) in
            let opened = try disk.open()
            #expect(opened.setAside == nil, "\(place): trouble is no damage")
            // told again, because a loss waits for the next transaction that works
            let stored = try opened.status().losses
            for (reason, count) in losses {
                opened.recordLoss(reason, count: count - (stored[reason] ?? 0))
            }
            outbox = opened
            let found = try OutboxState(path: disk.path, vfs: disk.vfs).rows
            if doubtful.contains(found) { rows = found }
            doubtful = []
        }
    }

    private func perform(_ step: OutboxStep) {
        switch step {
        case .append(let count, let size, let recordClass, let ranges):
            acknowledged.formUnion(OutboxLife.set(ranges))
            append(count, size, recordClass)
        case .free(let ranges):
            acknowledged.formUnion(OutboxLife.set(ranges))
            append(0, 0, .event)
        case .loss(let reason, let count):
            losses[reason, default: 0] += count
            outbox?.recordLoss(reason, count: count)
        case .checkpoint: _ = disk.checkpoint()
        case .reopen:
            outbox = nil
            open()
        case .startOver: startOver()
        }
    }

    private func append(_ count: Int, _ size: Int, _ recordClass: RecordClass) {
        guard let outbox else {
            if count > 0 { losses[.storeFailed, default: 0] += Int64(count) }
            return
        }
        let next = outbox.nextSequence
        let records = (0..<count).map {
            OutboxLife.record(next + Int64($0), size: size, recordClass)
        }
        let asked = acknowledged
        let after =
            rows.filter { !asked.contains($0.sequence) }
            + zip(next..., records).map { sequence, record in
                OutboxRow(
                    sequence: sequence, recordClass: recordClass,
                    wallMilliseconds: record.wallMilliseconds, payload: record.payload)
            }
        let error = attempt { () throws(OutboxError) in
            let given = try outbox.append(records, freeing: &acknowledged)
            #expect(given == (count == 0 ? nil : next...(next + Int64(count) - 1)), "\(place)")
        }
        if let error {
            #expect(outbox.nextSequence == next, "\(place): a number was used")
            #expect(acknowledged == asked, "\(place): an acknowledgement was used")
            if case .failed = error { doubtful.append(after) }
            guard count > 0 else { return }
            losses[error.lossReason, default: 0] += Int64(count)
            outbox.recordLoss(error.lossReason, count: Int64(count))
            return
        }
        rows = after
        doubtful = []
    }

    private func startOver() {
        guard let outbox else { return }
        var moved: SetAsideFile?
        attempt { () throws(OutboxError) in
            moved = try outbox.startOver(wallMilliseconds: 7_000)
        }
        guard let moved, moved.lost > 0 else { return }
        // a disk that is full when the rows are carried over leaves them where they are
        #expect(moved.lost == Int64(rows.count) - moved.recovered, "\(place)")
        #expect(moved.recovered == 0, "\(place)")
        losses[.damaged, default: 0] += moved.lost
        rows = []
    }

    @discardableResult
    private func attempt(_ work: () throws(OutboxError) -> Void) -> OutboxError? {
        do throws(OutboxError) {
            try work()
            return nil
        } catch {
            errors.append(error)
            return error
        }
    }
}
