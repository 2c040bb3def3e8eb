import CertificateAuthority
import Glibc
import Rollouts

/// Assignments as files, one a gateway, for whoever signs and serves them.
final class AssignmentFolder: AssignmentSink {
    private let path: String

    /// Makes the folder unless it is there.
    init(_ path: String) throws(AuthorityError) {
        self.path = path
        try DurableFile.makeFolder(path, mode: 0o755)
    }

    func publish(_ assignments: [HandedAssignment]) throws(RolloutFault) {
        for assignment in assignments {
            let file = "\(path)/\(assignment.gateway).json"
            guard let document = assignment.document else {
                guard unlink(file) == 0 || errno == ENOENT else {
                    throw RolloutFault(
                        "cannot remove '\(file)': \(String(cString: strerror(errno)))")
                }
                continue
            }
            let bytes = Array(document.utf8)
            if (try? DurableFile.read(file)) == bytes { continue }
            do throws(AuthorityError) {
                try DurableFile.write(bytes, to: file)
            } catch {
                throw RolloutFault("\(error)")
            }
        }
    }
}
