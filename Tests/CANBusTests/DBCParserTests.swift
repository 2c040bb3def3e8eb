import CANBus
import TestKit
import Testing

@Suite struct DBCParserTests {
    private func faults(_ text: String) -> [String] {
        do {
            _ = try DBCParser.parse(Array(text.utf8))
            return []
        } catch {
            return error.faults.map(\.description)
        }
    }

    @Test func `Motorola, signed, multiplexed, 29-bit and Windows line ends are read`() throws {
        let text = """
            VERSION "x"\r
            NS_ :\r
            \tCM_\r
            BS_:\r
            BU_: A B\r
            BO_ 2566844926 Wide: 8 A\r
             SG_ Mode M : 7|8@0+ (1,0) [0|255] "" B\r
             SG_ First m0 : 15|16@0- (0.01,-40) [-40|40] "degC" B\r
             SG_ Second m1 : 15|16@0+ (2e-1,0) [0|0] "V" B\r
             SG_ Third m2 : 15|32@0- (1,0) [0|0] "V" B\r
            CM_ SG_ 2566844926 First "two\r
            lines";\r
            VAL_ 2566844926 Mode 0 "first" 1 "second" ;\r
            SIG_VALTYPE_ 2566844926 Third : 1;\r
            BA_ "GenMsgCycleTime" BO_ 2566844926 250;\r
            EV_ Something: 0 [0|0] "" 0 1 DUMMY_NODE_VECTOR0 Vector__XXX;\r
            """
        let file = try DBCParser.parse(Array(text.utf8))
        let message = try #require(file.message(named: "Wide"))
        #expect(message.identifier == CANIdentifier(0x18FE_F1FE, isExtended: true))
        #expect(message.cycleMilliseconds == 250)
        #expect(message.signals.map(\.name) == ["Mode", "First", "Second", "Third"])
        #expect(message.signals[1].bitNumbers.suffix(1) == [15])
        #expect(message.signals[1].isSigned && !message.signals[1].isLittleEndian)
        #expect(message.signals[1].comment == "two\r\nlines")
        #expect(message.signals[2].selection == DBCSelection(selector: "Mode", ranges: [1...1]))
        #expect(
            message.signals[2].factor.fraction.map { "\($0.numerator)/\($0.denominator)" } == "2/10"
        )
        #expect(message.signals[3].isFloat)
        #expect(message.signals[0].values == [0: "first", 1: "second"])
        #expect(file.notes == ["line 16: section 'EV_' is not used"])
    }

    @Test func `Latin-1 units are read as what they mean`() throws {
        var bytes = Array("BO_ 1 M: 1 A\n SG_ T : 0|8@1+ (1,0) [0|0] \"".utf8)
        bytes += [0xB0, 0x43] + Array("\" B\n".utf8)
        #expect(try DBCParser.parse(bytes).messages.first?.signals.first?.unit == "°C")
    }

    @Test(arguments: [
        ("BO_ 1 M 8 A\n", "line 1, column 9: expected ':' after the message's name, found '8'"),
        (
            "BO_ 9999 M: 8 A\n",
            "line 1, column 16: message 'M' has id 9999, allowed 0…2047, or 29 bits with bit 31 set"
        ),
        (
            "BO_ 1 M: 64 A\n",
            "line 1, column 14: message 'M' has 64 bytes, allowed 0…8 (classic CAN)"
        ),
        (
            " SG_ S : 0|8@1+ (1,0) [0|0] \"\" B\n",
            "line 1, column 5: a signal before the first message"
        ),
        (
            "BO_ 1 M: 8 A\n SG_ S : 0|8@1+ (0,0) [0|0] \"\" B\n",
            "line 2: signal 'M.S' has the factor 0"
        ),
        ("BO_ 1 M: 8 A\nBO_ 1 N: 8 A\n", "line 2: message 'N' has the id 001 of 'M'"),
        (
            "CM_ BO_ 1 \"never closed",
            "line 1, column 12: the text that begins here has no closing quote"
        ),
    ]) func `a broken file is refused with line and column`(text: String, expected: String) {
        #expect(faults(text) == [expected])
    }

    @Test func `two multiplexers in one message are refused`() {
        let text =
            "BO_ 1 M: 8 A\n SG_ X M : 0|8@1+ (1,0) [0|0] \"\" B\n SG_ Y M : 8|8@1+ (1,0) [0|0] \"\" B\n"
        #expect(faults(text) == ["line 1: message 'M' has more than one multiplexer"])
    }

    @Test func `a comment of ten megabytes is refused by size`() {
        let text = "CM_ \"" + String(repeating: "x", count: 10 << 20) + "\";\n"
        #expect(faults(text).first?.hasPrefix("line 1: the file has 104857") == true)
    }

    @Test func `every prefix of a file is read or refused`() {
        let bytes = Array(
            "BO_ 1 M: 8 A\n SG_ S m2 : 0|8@1+ (1.5e-2,-3) [0|1] \"V\" B\nVAL_ 1 S 0 \"a\" ;\nBA_ \"GenMsgCycleTime\" BO_ 1 5;\n"
                .utf8)
        for count in bytes.indices { _ = try? DBCParser.parse(Array(bytes.prefix(count))) }
    }

    @Test func `random bytes and random damage never trap`() {
        var generator = SeededGenerator(seed: 5)
        let seed = Array(
            "BO_ 1 M: 8 A\n SG_ S : 0|8@1+ (1,0) [0|1] \"V\" B\n SG_ T : 15|9@0- (0.1,5) [0|0] \"\" B\nCM_ SG_ 1 S \"c\";\n"
                .utf8)
        for _ in 0..<3000 {
            var bytes = seed
            for _ in 0...Int(generator.next() % 6) {
                bytes[Int(generator.next() % UInt64(bytes.count))] = UInt8(
                    truncatingIfNeeded: generator.next() % 128)
            }
            _ = try? DBCParser.parse(bytes)
        }
    }
}
