/// What comes of one answer, taken by libcurl's callbacks up to the limits.
///
/// The body's bytes are counted here because libcurl's own limit holds only for announced lengths: a
/// chunked, a close-delimited and an inflated body go past it.
final class AnswerSink {
    /// What was too large.
    enum Excess { case head, body }

    /// The heads so far.
    private(set) var head: HeadReader
    /// The body so far.
    private(set) var body: [UInt8] = []
    /// What was too large; nothing is taken after that.
    private(set) var excess: Excess?
    private let maximumBytes: Int

    /// Expects an answer.
    init(maximumHeadBytes: Int, maximumBytes: Int) {
        head = HeadReader(maximumBytes: maximumHeadBytes)
        self.maximumBytes = maximumBytes
    }

    /// Takes a line of a head; false ends the transfer.
    func takeHead(_ line: UnsafeRawBufferPointer) -> Bool {
        guard excess == nil else { return false }
        if !head.take(line) { excess = .head }
        return excess == nil
    }

    /// Takes a piece of the body; false ends the transfer.
    func takeBody(_ piece: UnsafeRawBufferPointer) -> Bool {
        guard excess == nil else { return false }
        // the body never holds more than the limit, so the difference is not negative
        guard piece.count <= maximumBytes - body.count else {
            excess = .body
            return false
        }
        body += piece
        return true
    }
}
