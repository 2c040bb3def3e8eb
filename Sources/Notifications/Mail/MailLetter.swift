import FoundationEssentials
import Telemetry

/// A message of plain text as mail (RFC 5322), ready to be handed in.
package struct MailLetter {
    /// The whole message; every line ends with CR LF and is ASCII of at most 998 letters.
    package let bytes: [UInt8]

    /// Writes it; `id` are hex digits, `lines` are the text, `now` is a Unix time in milliseconds.
    ///
    /// The addresses must have been looked at (`MailAddress`); the subject may hold anything.
    package init(
        from sender: String, to recipient: String, subject: String, lines: [String], id: String,
        language: String, now: Int64
    ) {
        let domain = sender.split(separator: "@").last.map(String.init) ?? "localhost"
        let head = [
            "Date: \(Self.date(now))", "From: Amphora <\(sender)>", "To: <\(recipient)>",
            "Message-ID: <\(id)@\(domain)>", "Subject: \(Self.encodedWords(subject))",
            "Auto-Submitted: auto-generated", "X-Auto-Response-Suppress: All", "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8", "Content-Language: \(language)",
            "Content-Transfer-Encoding: quoted-printable", "",
        ]
        let body = lines.map(Self.quotedPrintable)
        bytes = Array((head + body).map { $0 + "\r\n" }.joined().utf8)
    }

    /// A text as RFC 2047 writes it, in words of at most 75 letters on lines of their own.
    ///
    /// Also for plain letters: what is encoded can neither end a line nor be taken for an encoded word.
    static func encodedWords(_ text: String) -> String {
        var words: [String] = []
        var piece: [UInt8] = []
        func flush() {
            guard !piece.isEmpty else { return }
            words.append("=?utf-8?B?\(Data(piece).base64EncodedString())?=")
            piece = []
        }
        for scalar in text.unicodeScalars {
            let visible = scalar.value < 0x20 || scalar.value == 0x7F ? " " : scalar
            let encoded = Array(String(Character(visible)).utf8)
            // 42 bytes are 56 letters, the frame has 12, and the name of the field comes before the first
            if piece.count + encoded.count > 42 { flush() }
            piece += encoded
        }
        flush()
        return words.joined(separator: "\r\n ")
    }

    /// A line as RFC 2045, section 6.7, writes it, broken where it is longer than 76 letters.
    static func quotedPrintable(_ line: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        let bytes = Array(line.utf8)
        var (text, width): ([UInt8], Int) = ([], 0)
        for (index, byte) in bytes.enumerated() {
            let isLast = index == bytes.count - 1
            let isPlain =
                (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "=")
                || byte == 0x20 && !isLast
            let piece =
                isPlain
                ? [byte] : [UInt8(ascii: "="), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            if width + piece.count > 75 {
                text += Array("=\r\n".utf8)
                width = 0
            }
            text += piece
            width += piece.count
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// `Mon, 21 Sep 2026 14:13:20 +0000`.
    static func date(_ milliseconds: Int64) -> String {
        let text = Array(RFC3339.text(unixMilliseconds: milliseconds).utf8)
        let seconds = milliseconds / 1000 - (milliseconds % 1000 < 0 ? 1 : 0)
        let day = seconds / 86_400 - (seconds % 86_400 < 0 ? 1 : 0)
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        func part(_ range: Range<Int>) -> String {
            text.count >= range.upperBound ? String(decoding: text[range], as: UTF8.self) : ""
        }
        let month = months[max(1, min(12, Int(part(5..<7)) ?? 1)) - 1]
        let weekday = weekdays[Int((day % 7 + 7) % 7)]
        return "\(weekday), \(part(8..<10)) \(month) \(part(0..<4)) \(part(11..<19)) +0000"
    }
}
