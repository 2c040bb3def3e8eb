import Modbus
import Testing

@testable import Simulation

@Suite struct RegisterFileTests {
    private func load(_ text: String) throws(SimulationError) -> [UInt8: [UInt16]] {
        let images = try RegisterFile.load(Array(text.utf8), name: "registers.json")
        return images.mapValues { image in
            (0..<4).compactMap { image.words[.readHoldingRegisters]?[$0] }
        }
    }

    @Test func `registers come from a file`() throws {
        let words = try load(
            """
            {"units": [{"unit": 3, "blocks": [
              {"function": 3, "address": 0, "words": [1, 2]},
              {"function": 3, "address": 2, "words": [65535]}]}]}
            """)
        #expect(words == [3: [1, 2, 65535]])
    }

    @Test(arguments: [
        ("{\"units\": []}", "'registers.json': 'units' is empty, expected at least one unit"),
        ("[", "'registers.json': line 1, column 2: "),
        (
            "{\"units\": [{\"unit\": 1, \"blocks\": [{\"function\": 3, \"address\": 0, \"words\": [70000]}]}]}",
            "contains 70000 at 1, allowed 0…65535"
        ),
    ])
    func `a bad file is refused with its fault`(text: String, sentence: String) {
        do {
            _ = try load(text)
            Issue.record("was accepted")
        } catch { #expect(error.description.contains(sentence), "\(error.description)") }
    }
}
