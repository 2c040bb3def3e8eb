/// One thing wrong with a configuration file.
package struct ConfigurationFault: Hashable, Sendable, CustomStringConvertible {
    /// The line in the file from 1, or 0 when the fault has no place (a missing key).
    package let line: Int
    /// What is wrong, in one sentence that names the key, what was found and what is allowed.
    package let message: String

    /// Names a fault and its place.
    package init(line: Int, _ message: String) {
        self.line = line
        self.message = message
    }

    /// `line 12: 'line[0].baud' is 9601, allowed 1200, 2400, …`.
    package var description: String { line > 0 ? "line \(line): \(message)" : message }
}

/// Why a configuration file was refused; all faults at once, never only the first.
package struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file.
    package let path: String
    /// Every fault found, in the order of the file.
    package let faults: [ConfigurationFault]

    /// Sorts the faults into the order of the file.
    package init(path: String, faults: [ConfigurationFault]) {
        self.path = path
        self.faults = faults.sorted { $0.line < $1.line }
    }

    /// One line for each fault, each beginning with the file.
    package var description: String {
        faults.map { "configuration '\(path)': \($0)" }.joined(separator: "\n")
    }
}
