import StrictJSON
import Views

/// The document with which somebody signs in, or sets the first password.
package struct PasswordRequest {
    /// All that is wrong with one; never with what it says is the password.
    package struct Faults: Error {
        /// The faults, twenty at most.
        package let list: [RequestFault]
    }

    /// What a password that is set must have.
    package struct Bounds {
        /// Characters at least, and bytes at most.
        let shortest: Int, longest: Int

        /// Joins both.
        package init(shortest: Int, longest: Int) {
            (self.shortest, self.longest) = (shortest, longest)
        }
    }

    /// What they say is the password.
    package let password: String

    /// Reads it; without `bounds` somebody signs in, and a name may stand beside it that is not looked at.
    package init(_ bytes: [UInt8], setting bounds: Bounds?) throws(Faults) {
        let faults = FaultList()
        guard var section = JSONSection(parsing: bytes, faults: faults) else {
            throw Self.faults(faults)
        }
        password = section.requiredString("password")
        if let bounds {
            if !password.isEmpty, password.count < bounds.shortest {
                section.fault(
                    "password",
                    "has \(password.count) characters, expected at least \(bounds.shortest)")
            }
            if password.utf8.count > bounds.longest {
                section.fault(
                    "password", "has \(password.utf8.count) bytes, allowed \(bounds.longest)")
            }
        } else {
            _ = section.string("name")
        }
        section.finish()
        guard faults.faults.isEmpty, !password.isEmpty else { throw Self.faults(faults) }
    }

    private static func faults(_ faults: FaultList) -> Faults {
        Faults(
            list: faults.faults.prefix(20).map { fault in
                let parts = fault.message.split(separator: "'", omittingEmptySubsequences: false)
                let isNamed = fault.message.hasPrefix("'") && parts.count > 1
                return RequestFault(
                    place: isNamed ? "/\(parts[1])" : "", words: fault.description)
            })
    }
}
