import HTTPTypes
import Hummingbird

/// The JSON content of a request, within its bounds.
enum Content {
    static let type = "application/json"
    /// The types of a merge patch (RFC 7396).
    static let patches = ["application/merge-patch+json", type]

    /// Reads it; throws a ``Problem`` when it is of another type, too long or too slow.
    static func read(
        _ request: Request, most: Int, seconds: Int, types: [String] = [type]
    ) async throws -> [UInt8] {
        let found = request.headers[.contentType] ?? ""
        let name = found.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased()
        guard types.contains(name) else {
            throw Problem(
                .mediaTypeUnsupported,
                "expected '\(types.joined(separator: "' or '"))', found '\(found.prefix(80))'",
                values: [
                    "expected": types.joined(separator: ", "), "found": String(found.prefix(80)),
                ])
        }
        return try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
            group.addTask { try await collect(request, most: most) }
            group.addTask {
                try await Task.sleep(for: .seconds(seconds))
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let bytes = first else {
                throw Problem(
                    .bodyLate, "expected the whole content within \(seconds) s",
                    values: ["seconds": "\(seconds)"],
                    headers: [.connection: "close"])
            }
            return bytes
        }
    }

    private static func collect(_ request: Request, most: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await buffer in request.body {
            bytes += buffer.readableBytesView
            guard bytes.count <= most else {
                throw Problem(
                    .bodyTooLarge, "expected at most \(most) bytes, found more",
                    values: ["limit": "\(most)"],
                    headers: [.connection: "close"])
            }
        }
        return bytes
    }
}
