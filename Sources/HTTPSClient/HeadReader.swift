/// Reads the heads of an answer line by line and keeps the fields of the last one.
///
/// Several heads come when a server says "100 Continue" or "103 Early Hints" first. Fields after the
/// empty line of a head belong to no head (they are trailers of a chunked body) and are dropped, as are
/// lines without a colon and names that cannot be names. A line that begins with a blank continues the
/// one before. Bytes are counted over all heads and trailers.
package struct HeadReader {
    /// The most bytes taken.
    package let maximumBytes: Int
    /// Bytes taken so far.
    package private(set) var byteCount = 0
    /// The status code of the last head; nil before the first status line that is one.
    package private(set) var status: Int?
    /// Whether anything has come.
    package var hasBegun: Bool { byteCount > 0 }

    private var fields: [(name: [UInt8], value: [UInt8])] = []
    private var isInHead = false
    /// Whether the last line was kept, so that a continuation belongs to something.
    private var isContinuable = false

    /// Expects the first status line.
    package init(maximumBytes: Int) { self.maximumBytes = maximumBytes }

    /// The fields of the last head in the order received, names in small letters.
    package var headers: [(name: String, value: String)] {
        fields.map {
            (String(decoding: $0.name, as: UTF8.self), String(decoding: $0.value, as: UTF8.self))
        }
    }

    /// Takes one line with or without its end; false when that is more than allowed.
    package mutating func take(_ line: some Collection<UInt8>) -> Bool {
        let (sum, overflow) = byteCount.addingReportingOverflow(line.count)
        guard !overflow, sum <= maximumBytes else { return false }
        byteCount = sum
        var text = Array(line)[...]
        if text.last == 0x0A { text.removeLast() }
        if text.last == 0x0D { text.removeLast() }
        if !isInHead {
            begin(text)
        } else if let first = text.first {
            ASCII.isBlank(first) ? continueField(text) : addField(text)
        } else {
            isInHead = false
        }
        return true
    }

    private mutating func begin(_ line: ArraySlice<UInt8>) {
        guard line.starts(with: Array("HTTP/".utf8)) else { return }
        fields = []
        isInHead = true
        isContinuable = false
        let words = line.split(separator: 0x20, maxSplits: 2)
        let code = words.count > 1 && words[1].count == 3 ? ASCII.number(words[1]) : nil
        status = code.flatMap { (100...999).contains($0) ? Int($0) : nil }
    }

    private mutating func addField(_ line: ArraySlice<UInt8>) {
        isContinuable = false
        guard let colon = line.firstIndex(of: 0x3A), ASCII.isToken(line[..<colon]) else { return }
        let value = ASCII.trimmed(line[colon...].dropFirst())
        fields.append((line[..<colon].map(ASCII.lowered), Array(value)))
        isContinuable = true
    }

    private mutating func continueField(_ line: ArraySlice<UInt8>) {
        guard isContinuable, !fields.isEmpty else { return }
        let more = ASCII.trimmed(line)
        guard !more.isEmpty else { return }
        let last = fields.count - 1
        if !fields[last].value.isEmpty { fields[last].value.append(0x20) }
        fields[last].value += more
    }
}
