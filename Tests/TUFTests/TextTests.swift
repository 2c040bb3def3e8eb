import StrictJSON
import Testing

@testable import TUF

@Suite struct CanonicalJSONTests {
    private func canonical(_ text: String) throws -> String? {
        let item = try JSONParser.parse(bytes(text), wholeNumbers: true)
        return CanonicalJSON.encode(item).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: [
        (#"{ "b" : 1, "a": [true, false , null] }"#, #"{"a":[true,false,null],"b":1}"#),
        (#""a\nb\t\"\\\/\u0001\u00e9""#, "\"a\nb\t\\\"\\\\/\u{1}é\""),
        ("-0", "0"), ("-12", "-12"), ("9223372036854775807", "9223372036854775807"),
        ("[]", "[]"), ("{}", "{}"), (#"{"":0}"#, #"{"":0}"#),
        // by code point, not as people sort
        (
            #"{"ä":1,"z":2,"Z":3,"a":4,"aa":5,"😀":6,"ﬀ":7}"#,
            #"{"Z":3,"a":4,"aa":5,"z":2,"ä":1,"ﬀ":7,"😀":6}"#
        ),
    ])
    func `a document has one form`(text: String, form: String) throws {
        let found = try canonical(text)
        #expect(found?.utf8.elementsEqual(form.utf8) == true, "\(found ?? "nil")")
    }

    @Test(arguments: ["1.0", "1e2", "1E2", "0.5", "1.", "[1.0]", "9223372036854775808", "01", "+1"])
    func `a number that is not whole, or too large, is refused`(text: String) {
        #expect(throws: JSONError.self) { try canonical(text) }
    }

    @Test(arguments: [
        #"{"a":1,"a":1}"#, #"{"a":1,}"#, "[1,]", "\u{FEFF}{}", #""\ud800""#, "{}x", "", "nul",
        String(repeating: "[", count: 100_000), "{'a':1}", "NaN", "\"\n\"",
    ])
    func `what Foundation lets pass is refused`(text: String) {
        #expect(throws: JSONError.self) { try canonical(text) }
    }

    @Test func `bytes that are no text are refused`() {
        #expect(throws: JSONError.self) {
            try JSONParser.parse([0x22, 0xC0, 0x80, 0x22], wholeNumbers: true)
        }
    }
}

@Suite struct TUFNameTests {
    @Test func `two names are equal only byte for byte`() {
        let (short, long) = (TUFName("\u{E9}"), TUFName("e\u{301}"))
        #expect(short.text == long.text, "to Swift they are the same text")
        #expect(short != long)
        #expect(Set([short, long]).count == 2)
    }

    @Test(arguments: [
        ("role", "role"), ("../delegatedrole", "..%2Fdelegatedrole"), ("?", "%3F"), ("#", "%23"),
        ("/a b", "%2Fa%20b"), ("é~-._", "%C3%A9~-._"), ("a%2Fb", "a%252Fb"), ("\0", "%00"),
    ])
    func `a name becomes one part of a path`(name: String, quoted: String) {
        #expect(TUFName(name).quoted == quoted)
    }
}

@Suite struct TUFTimeTests {
    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2000-02-29T12:34:56Z", 951_827_696),
            ("2030-03-17T17:46:40Z", 1_900_000_000), ("9999-12-31T23:59:59Z", 253_402_300_799),
            ("0001-01-01T00:00:00Z", -62_135_596_800), ("2100-03-01T00:00:00Z", 4_107_542_400),
        ] as [(String, Int64)])
    func `a moment reads and writes`(text: String, seconds: Int64) {
        #expect(TUFTime(text)?.seconds == seconds)
        #expect(TUFTime(text)?.description == text)
    }

    @Test(arguments: [
        "", "2030-03-17T17:46:40", "2030-03-17T17:46:40+00:00", "2030-03-17T17:46:40.5Z",
        "2030-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2030-13-01T00:00:00Z",
        "2030-00-01T00:00:00Z", "2030-04-31T00:00:00Z", "2030-01-01T24:00:00Z",
        "2030-01-01T00:60:00Z", "2030-01-01t00:00:00z", "+030-01-01T00:00:00Z",
        "2030-01-01 00:00:00Z",
    ])
    func `any other form is none`(text: String) { #expect(TUFTime(text) == nil) }
}

@Suite struct PathPatternTests {
    @Test(arguments: [
        ("*", "a", true), ("*", "a/b", false), ("*.tgz", "b.tgz", true),
        ("*.tgz", "a/b.tgz", false),
        ("a/*.tgz", "a/b.tgz", true), ("A/*", "a/b", false), ("foo-?.tgz", "foo-1.tgz", true),
        ("foo-?.tgz", "foo-12.tgz", false), ("foo-?.tgz", "foo-é.tgz", true), ("a?b", "a/b", false),
        ("*/*", "a/b", true), ("*/*", "a/b/c", false), ("", "", true), ("", "a", false),
        ("a*b*c", "aXbXbXc", true), ("a*b*c", "aXbXbX", false), ("**", "", true),
        ("/a", "a", false),
        ("[ab]", "a", false), ("[ab]", "[ab]", true),
    ])
    func `a pattern fits part by part`(pattern: String, path: String, fits: Bool) {
        #expect(PathPattern(pattern).matches(TUFName(path)) == fits)
    }

    @Test func `many stars cost little`() {
        let pattern = PathPattern(String(repeating: "*a", count: 2_000) + "b")
        let elapsed = ContinuousClock().measure {
            #expect(!pattern.matches(TUFName(String(repeating: "a", count: 4_000))))
        }
        #expect(elapsed < .seconds(5), "\(elapsed)")
    }
}
