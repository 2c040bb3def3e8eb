/// The clockwork of a serial line: how long characters, silences and answers take.
///
/// All times are in nanoseconds. Serial line guide V1.02, section 2.5.1.1: frames are kept apart by
/// 3.5 characters of silence, by a fixed 1.75 ms above 19200 baud.
package struct LineTiming: Hashable, Sendable {
    /// One character on the wire.
    package let character: Int64
    /// The silence between two frames.
    package let silence: Int64
    /// What the map asks for between the last byte of an answer and the next request, if longer.
    package let gap: Int64
    /// How long a unit of this map may think before it answers, beyond the silence.
    package let turnRound: Int64
    /// A fixed time-out from the last byte of the request, or zero to derive one.
    package let fixedTimeout: Int64

    /// The timing of a line; `bitsPerCharacter` counts start, data, parity and stop bits (10…12).
    package init(
        baud: Int, bitsPerCharacter: Int = 10, gapMilliseconds: Int = 0,
        turnRoundMilliseconds: Int = 0, timeoutMilliseconds: Int = 0
    ) {
        let rate = Int64(max(300, baud))
        character = Int64(bitsPerCharacter) * 1_000_000_000 / rate
        silence = baud > 19_200 ? 1_750_000 : character * 7 / 2
        gap = Int64(gapMilliseconds) * 1_000_000
        turnRound = Int64(turnRoundMilliseconds) * 1_000_000
        fixedTimeout = Int64(timeoutMilliseconds) * 1_000_000
    }

    /// The pause before a request, counted from the last byte seen on the line.
    package var pause: Int64 { max(silence, gap) }

    /// From the first byte of the request to the last byte of the answer of a unit that answers the
    /// moment its silence is over.
    package func earliestReply(to request: LineRequest) -> Int64 {
        Int64(request.requestLength + request.replyLength) * character + silence
    }

    /// The shortest time a whole exchange can take on this wire, silences included.
    package func wireTime(of request: LineRequest) -> Int64 {
        earliestReply(to: request) + pause
    }

    /// From the first byte of the request to giving up.
    ///
    /// Follows baud rate and length: a third more than the earliest answer (the longest one, where
    /// its length is the pack's choice), what the map allows the unit to think, and 20 ms for
    /// adapters that hand bytes over in groups (16 ms is the usual latency timer of USB ones).
    package func timeout(of request: LineRequest) -> Int64 {
        let asking = Int64(request.requestLength) * character
        if fixedTimeout > 0 { return asking + fixedTimeout }
        let answering = Int64(request.longestReplyLength) * character
        return (asking + answering + silence) * 4 / 3 + turnRound + 20_000_000
    }

    /// ``earliestReply(to:)`` of an ordinary read.
    package func earliestReply(to request: ReadRequest) -> Int64 {
        earliestReply(to: .read(request))
    }

    /// ``wireTime(of:)`` of an ordinary read.
    package func wireTime(of request: ReadRequest) -> Int64 { wireTime(of: .read(request)) }

    /// ``timeout(of:)`` of an ordinary read.
    package func timeout(of request: ReadRequest) -> Int64 { timeout(of: .read(request)) }
}
