import StrictJSON
import Testing

@Suite struct MergePatchTests {
    /// Target, patch and result of RFC 7396 appendix A, all of its cases.
    static let cases: [(target: String, patch: String, result: String)] = [
        (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
        (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
        (#"{"a":"b"}"#, #"{"a":null}"#, #"{}"#),
        (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
        (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#),
        (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
        (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
        (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#),
        (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#),
        (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#),
        (#"{"a":"foo"}"#, #"null"#, #"null"#),
        (#"{"a":"foo"}"#, #""bar""#, #""bar""#),
        (#"{"e":null}"#, #"{"a":1}"#, #"{"a":1,"e":null}"#),
        (#"[1,2]"#, #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
        (#"{}"#, #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
    ]

    @Test(arguments: cases)
    func `a patch does what the standard's table says`(
        target: String, patch: String, result: String
    ) throws {
        let merged = try JSONParser.parse(Array(target.utf8))
            .merged(with: try JSONParser.parse(Array(patch.utf8)))
        #expect(merged.canonicalText == result)
    }
}

@Suite struct CanonicalTextTests {
    @Test(arguments: [
        (
            #"{ "b" : [ 1 , 2.50 , -0.05, 1e3, 12.0 ], "a":"x" }"#,
            #"{"a":"x","b":[1,2.5,-0.05,1000,12]}"#
        ),
        (#"{"é":"\u00e9\n\"\\","z":true,"n":null}"#, #"{"n":null,"z":true,"é":"é\u000a\"\\"}"#),
        ("[]", "[]"), ("{}", "{}"), ("0", "0"), ("0.000", "0"),
    ])
    func `equal documents give equal text`(text: String, canonical: String) throws {
        let item = try JSONParser.parse(Array(text.utf8))
        #expect(item.canonicalText == canonical)
        #expect(try JSONParser.parse(Array(canonical.utf8)).canonicalText == canonical)
    }

    @Test func `numbers no digits are written for stay exact`() throws {
        for text in ["1e300", "-7e-300", "123456789e100"] {
            let item = try JSONParser.parse(Array(text.utf8))
            guard case .number(let number) = item.value,
                case .number(let again) = try JSONParser.parse(Array(item.canonicalText.utf8)).value
            else { Issue.record("no number"); return }
            #expect(number == again)
        }
    }
}
