/// What the text of an address must be before libcurl sees it.
enum URLText {
    /// Whether it has only visible ASCII characters.
    static func isPlain(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// Whether it begins with a scheme, in letters of any size, and something follows.
    static func has(scheme: String, _ text: String) -> Bool {
        let start = text.utf8.prefix(scheme.utf8.count).map(ASCII.lowered)
        return start == Array(scheme.utf8) && text.utf8.count > scheme.utf8.count
    }
}

extension URLText {
    /// Whether it is an `http` address of this machine itself, without a user's name.
    static func isOwnMachine(_ text: String) -> Bool {
        guard has(scheme: "http://", text) else { return false }
        let authority = text.utf8.dropFirst("http://".utf8.count).prefix {
            !"/?#".utf8.contains($0)
        }
        return ["localhost", "127.0.0.1", "[::1]"].contains { host in
            guard authority.starts(with: host.utf8) else { return false }
            let rest = authority.dropFirst(host.utf8.count)
            return rest.isEmpty
                || rest.first == UInt8(ascii: ":")
                    && rest.dropFirst().allSatisfy { (0x30...0x39).contains($0) }
        }
    }
}

extension HTTPSRequest {
    /// Why the request cannot be sent; nil when it can.
    package var fault: String? { fault(speaksPlainlyToItself: false) }

    /// Why the request cannot be sent where `http` to this machine itself may be allowed; nil when it can.
    package func fault(speaksPlainlyToItself: Bool) -> String? {
        guard URLText.isPlain(url) else {
            return "the address '\(url)' has characters that an address cannot have"
        }
        guard
            URLText.has(scheme: "https://", url)
                || speaksPlainlyToItself && URLText.isOwnMachine(url)
        else {
            return "the address '\(url)' does not begin with 'https://'"
        }
        if maximumBytes < 0 { return "the limit for the answer is \(maximumBytes) bytes" }
        for (name, value) in headers {
            guard ASCII.isToken(name.utf8) else { return "'\(name)' cannot name a header field" }
            // no value in the sentence: it may be a password
            guard value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
                return "the value of header field '\(name)' has control characters"
            }
        }
        return nil
    }

    /// Whether it is a question that holds nothing of the one who asks.
    var tellsNothing: Bool {
        method == .get && body.isEmpty && headers.isEmpty
            && !url.utf8.contains { "?#@".utf8.contains($0) }
    }

    /// The header fields as libcurl takes them.
    ///
    /// A name with a colon alone takes away what libcurl would add; with a semicolon alone it stands
    /// for an empty value.
    var lines: [String] {
        var lines = headers.map { name, value in
            value.utf8.allSatisfy { $0 == 0x20 || $0 == 0x09 } ? "\(name);" : "\(name): \(value)"
        }
        func names(_ wanted: String) -> Bool {
            headers.contains { $0.name.utf8.map(ASCII.lowered) == Array(wanted.utf8) }
        }
        // libcurl would wait for a "100 Continue" before large bodies, and call any body a form
        if !names("expect") { lines.append("Expect:") }
        if !names("content-type") { lines.append("Content-Type:") }
        return lines
    }
}
