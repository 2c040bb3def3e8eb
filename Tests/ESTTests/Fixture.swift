import FoundationEssentials
import TestKit

/// Files beside this suite; requests and bags were made by OpenSSL 3.0 and strongSwan 5.9.8.
enum Fixture {
    static func bytes(_ name: String) throws -> [UInt8] {
        let path = "\(Repository.root)/Tests/ESTTests/Fixtures/\(name)"
        return Array(try Data(contentsOf: URL(filePath: path)))
    }
}
