import StrictJSON
import Testing

@Suite struct WholeNumberTests {
    @Test(arguments: ["0", "-0", "12", "-9223372036854775807"])
    func `whole numbers pass either way`(text: String) throws {
        _ = try JSONParser.parse(Array(text.utf8))
        _ = try JSONParser.parse(Array(text.utf8), wholeNumbers: true)
    }

    @Test(arguments: ["1.0", "1e0", "1E2", "0.5", "-1.5", "[1,2.0]"])
    func `a point or an exponent passes only where it may`(text: String) throws {
        _ = try JSONParser.parse(Array(text.utf8))
        let error = #expect(throws: JSONError.self) {
            try JSONParser.parse(Array(text.utf8), wholeNumbers: true)
        }
        #expect(error?.message.hasPrefix("expected a whole number, found") == true)
    }
}
