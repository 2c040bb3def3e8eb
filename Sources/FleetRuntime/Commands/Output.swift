import Glibc

/// Results go to stdout, everything else to stderr.
enum Output {
    /// Prints a line to stderr.
    static func note(_ text: String) { line(Array(text.utf8), to: STDERR_FILENO) }

    /// Prints a line to stdout at once, in one system call.
    static func result(_ bytes: [UInt8]) { line(bytes, to: STDOUT_FILENO) }

    private static func line(_ bytes: [UInt8], to descriptor: Int32) {
        let bytes = bytes + [0x0A]
        _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    }
}

/// The exit codes of the program, documented in the help.
enum ExitStatus {
    /// An option or a file it names is invalid.
    static let configuration: Int32 = 3
    /// The broker or the store cannot be used.
    static let unreachable: Int32 = 4
}
