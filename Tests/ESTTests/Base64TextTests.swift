import EST
import FoundationEssentials
import TestKit
import Testing

@Suite struct Base64TextTests {
    @Test func `what is written is what the platform writes, and is read back`() throws {
        var random = SeededGenerator(announcedAs: "base64")
        for count in 0...200 {
            let bytes = random.bytes(count)
            let text = Base64Text.encode(bytes)
            #expect(String(decoding: text, as: UTF8.self) == Data(bytes).base64EncodedString())
            #expect(try Base64Text.decode(text) == bytes)
        }
    }

    @Test func `lines are as long as asked, and any white space is read over`() throws {
        let bytes = (0..<100).map { UInt8($0) }
        let text = Base64Text.encode(bytes, wrappedAt: 64)
        let lines = text.split(separator: 0x0A, omittingEmptySubsequences: false)
        #expect(lines.map(\.count) == [64, 64, 8, 0])
        #expect(try Base64Text.decode(text) == bytes)
        let white: [UInt8] = [0x20, 0x09, 0x0D, 0x0A]
        let spaced = Array(Base64Text.encode(bytes).map { white + [$0] }.joined())
        #expect(try Base64Text.decode(spaced) == bytes)
        #expect(try Base64Text.decode([]) == [])
    }

    @Test(arguments: [
        ("A", "base64: expected groups of four characters, found 1 characters and 0 '='"),
        ("AA=", "base64: expected groups of four characters, found 2 characters and 1 '='"),
        ("AA", "base64: expected groups of four characters, found 2 characters and 0 '='"),
        ("AAAA====", "base64: expected groups of four characters, found 4 characters and 4 '='"),
        ("AB==", "base64: the last character has bits that stand for nothing"),
        ("AA==AA==", "base64: found 0x41 at byte 4"),
        ("AA*A", "base64: found 0x2a at byte 2"),
        (
            "-----BEGIN CERTIFICATE REQUEST-----",
            "base64: found '-' at byte 0, expected base64 without PEM lines"
        ),
    ])
    func `what is no base64 is refused in words`(text: String, words: String) {
        let error = #expect(throws: ESTError.self) { try Base64Text.decode(Array(text.utf8)) }
        #expect(error?.description == words)
    }
}
