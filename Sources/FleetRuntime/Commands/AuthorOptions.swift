import ArgumentParser
import Glibc

/// Who does something, and why; kept in the history.
///
/// A name is what somebody types: whoever may change the store may give any. At the API it is that of the
/// user who signed in.
struct AuthorOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A word on why, kept in the history.", valueName: "text"))
    var note = ""

    @Option(help: ArgumentHelp("Who it is. (default: the login name)", valueName: "name"))
    var author: String?

    var name: String { author ?? Self.loginName }

    func validate() throws {
        if let author, author.allSatisfy(\.isWhitespace) {
            throw ValidationError("'--author' is empty, expected a name")
        }
    }

    /// The name of who logged in, also under sudo; else that of the user.
    static var loginName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        if getlogin_r(&buffer, buffer.count - 1) == 0, buffer[0] != 0 {
            return String(
                decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
        if let user = getpwuid(getuid()), let name = user.pointee.pw_name {
            return String(cString: name)
        }
        return "uid \(getuid())"
    }
}
