internal import CSQLite

/// The function by which SQLite finds words; its own know the letters of ASCII alone.
///
/// It is called for each gateway of a fleet, so it goes over the bytes of the columns where they lie.
enum SQLiteWords {
    /// `hold_words(words, column, …)` is 1 when each of the words, with line ends between them and in small
    /// letters, stands in one of the columns.
    static let name = "hold_words"

    /// Gives the function to a connection; the code of SQLite when that cannot be.
    static func add(to connection: OpaquePointer?) -> Int32 {
        sqlite3_create_function_v2(
            connection, name, -1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nil,
            { context, count, values in
                guard let values, count > 0 else { return }
                var text: [UInt8] = []
                text.reserveCapacity(256)
                for place in 1..<max(1, Int(count)) {
                    SQLiteWords.bytes(values[place]) { SmallLetters.append($0, to: &text) }
                    // no word begins in one column and ends in the next
                    text.append(0x0A)
                }
                let isHeld = SQLiteWords.bytes(values[0]) { words in
                    text.withUnsafeBytes { text in
                        words.split(separator: 0x0A).allSatisfy { word in
                            SmallLetters.stands(UnsafeRawBufferPointer(rebasing: word), in: text)
                        }
                    }
                }
                sqlite3_result_int(context, isHeld ? 1 : 0)
            }, nil, nil, nil)
    }

    /// Hands over a text, as long as nobody asks for another form of it; NULL is an empty one.
    private static func bytes<Result>(
        _ value: OpaquePointer?, _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        let start = sqlite3_value_text(value)
        return body(
            UnsafeRawBufferPointer(
                start: start, count: start == nil ? 0 : Int(sqlite3_value_bytes(value))))
    }
}

/// Texts in small letters, by those of all scripts.
enum SmallLetters {
    /// Whether the bytes of a word follow each other in a text.
    static func stands(_ word: UnsafeRawBufferPointer, in text: UnsafeRawBufferPointer) -> Bool {
        guard let first = word.first else { return true }
        guard word.count <= text.count else { return false }
        return (0...(text.count - word.count)).contains { place in
            text[place] == first && text[place..<(place + word.count)].elementsEqual(word)
        }
    }

    /// Adds a text in small letters; what is no UTF-8 becomes U+FFFD.
    static func append(_ text: UnsafeRawBufferPointer, to small: inout [UInt8]) {
        var rest = text[...]
        while let byte = rest.first {
            if byte < 0x80 {
                small.append((0x41...0x5A).contains(byte) ? byte | 0x20 : byte)
                rest = rest.dropFirst()
            } else {
                let run = rest.prefix { $0 >= 0x80 }
                small += String(decoding: run, as: UTF8.self).lowercased().utf8
                rest = rest.dropFirst(run.count)
            }
        }
    }
}
