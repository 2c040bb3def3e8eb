import Glibc

/// Shows a text as a QR code on the terminal, by Debian's `qrencode`.
enum QRCode {
    /// Whether standard output is a terminal.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Prints the code; says on standard error why not when `qrencode` is not there.
    ///
    /// The text goes through a pipe, since arguments can be read by everybody on the machine.
    static func show(_ text: String) {
        fflush(nil)
        signal(SIGPIPE, SIG_IGN)
        let isShown: Bool = {
            guard let pipe = popen("exec qrencode -t ANSIUTF8 2>/dev/null", "w") else {
                return false
            }
            fputs(text, pipe)
            return pclose(pipe) == 0
        }()
        if !isShown {
            Output.note("for a QR code of the address install the package 'qrencode'")
        }
    }
}

/// A file read whole.
enum WholeFile {
    /// The most bytes that are taken.
    static let most = 16 << 20

    /// Its bytes; throws a sentence when it cannot be read.
    static func read(_ path: String) throws(FileTrouble) -> [UInt8] {
        guard let file = fopen(path, "rb") else {
            throw FileTrouble(
                description: "cannot read '\(path)': \(String(cString: strerror(errno)))")
        }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            bytes += buffer.prefix(count)
            if count == 0 { break }
            guard bytes.count <= most else {
                throw FileTrouble(description: "'\(path)' is larger than \(most) bytes")
            }
        }
        guard ferror(file) == 0 else {
            throw FileTrouble(description: "cannot read '\(path)' to its end")
        }
        return bytes
    }
}

/// Why a file could not be read.
struct FileTrouble: Error, CustomStringConvertible {
    let description: String
}
