import Glibc
import ProfileRepository
import Rollouts
import TUF

/// Assignments as signed targets of the repository from which gateways fetch them.
final class AssignmentPublisher: AssignmentSink {
    /// Seconds to wait while an operator is at work on the repository.
    private static let patience = 5
    private let path: String

    /// Publishes into the repository at `path`, which may be made later.
    init(_ path: String) { self.path = path }

    func publish(_ assignments: [HandedAssignment]) throws(RolloutFault) {
        guard !assignments.isEmpty else { return }
        let changes = assignments.map {
            AssignmentChange(gateway: $0.gateway, document: $0.document.map { Array($0.utf8) })
        }
        do {
            // drafts of an operator wait until they are published by hand
            let repository = try ProfileRepository(path, patience: Self.patience)
            let news = try repository.news(among: changes)
            guard !news.isEmpty else { return }
            try repository.publish(
                news, drafts: false, now: TUFTime(seconds: Int64(time(nil))))
        } catch {
            throw RolloutFault("assignments are not published: \(error)")
        }
    }
}
