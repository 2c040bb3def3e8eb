import CertificateAuthority
import ProfileRepository
import StrictJSON

/// A file with one assignment a line.
enum AssignmentList {
    /// Reads it; throws with the line of the first that is none.
    static func read(_ path: String) throws -> [AssignmentChange] {
        let bytes = try DurableFile.read(path, limit: 256 << 20)
        var changes: [AssignmentChange] = []
        for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
            .enumerated()
        where !line.isEmpty {
            let item: JSONItem
            do throws(JSONError) {
                item = try JSONParser.parse(Array(line), wholeNumbers: true)
            } catch {
                throw RepositoryError.request("'\(path)' line \(index + 1): \(error.message)")
            }
            guard case .string(let gateway)? = item.member("gateway")?.value else {
                throw RepositoryError.request("'\(path)' line \(index + 1) names no 'gateway'")
            }
            changes.append(AssignmentChange(gateway: gateway, document: Array(line)))
        }
        return changes
    }
}
