import CANBus
import Testing

/// What real files have beyond messages and signals.
@Suite struct DBCDialectTests {
    private func parse(_ text: String) throws(DBCError) -> DBCFile {
        try DBCParser.parse(Array(text.utf8))
    }

    private func faults(_ text: String) -> [String] {
        do {
            _ = try parse(text)
            return []
        } catch {
            return error.faults.map(\.description)
        }
    }

    private static let nested = """
        BO_ 1 M: 8 A
         SG_ Mode M : 0|8@1+ (1,0) [0|0] "" B
         SG_ Sub m2M : 8|8@1+ (1,0) [0|0] "" B
         SG_ Low m0 : 8|16@1+ (1,0) [0|0] "" B
         SG_ Deep m1 : 16|16@1+ (1,0) [0|0] "" B
         SG_ Other m5 : 16|16@1+ (1,0) [0|0] "" B
        SG_MUL_VAL_ 1 Sub Mode 2-2;
        SG_MUL_VAL_ 1 Low Mode 0-1, 7-7;
        SG_MUL_VAL_ 1 Deep Sub 1-3;
        SG_MUL_VAL_ 1 Other Sub 5-9;

        """

    @Test func `multiplexers in multiplexers choose signals by ranges`() throws {
        let message = try #require(try parse(Self.nested).messages.first)
        let deep = try #require(message.signal(named: "Deep"))
        #expect(
            message.conditions(of: deep) == [
                DBCSelection(selector: "Sub", ranges: [1...3]),
                DBCSelection(selector: "Mode", ranges: [2...2]),
            ])
        let low = try #require(message.signal(named: "Low"))
        #expect(low.selection?.holds(7) == true && low.selection?.holds(2) == false)
        #expect(message.excludes(deep, low))
        #expect(message.signal(named: "Sub")?.isMultiplexer == true)
    }

    @Test(arguments: [
        (
            "SG_MUL_VAL_ 1 Other Sub 5-9;", "SG_MUL_VAL_ 1 Other Sub 3-9;",
            "line 6: signal 'M.Other' overlaps 'Deep' (line 5)"
        ),
        (
            "SG_MUL_VAL_ 1 Sub Mode 2-2;", "SG_MUL_VAL_ 1 Sub Sub 2-2;",
            "line 3: signal 'M.Sub' hangs on itself, through 'Sub'"
        ),
        (
            "SG_MUL_VAL_ 1 Sub Mode 2-2;", "SG_MUL_VAL_ 1 Sub Nowhere 2-2;",
            "line 3: signal 'M.Sub' hangs on 'Nowhere', which the message does not have"
        ),
        (
            "SG_MUL_VAL_ 1 Deep Sub 1-3;", "SG_MUL_VAL_ 1 Deep Other 1-3;",
            "line 5: signal 'M.Deep' hangs on 'Other', which is no multiplexer"
        ),
        (
            "Low Mode 0-1, 7-7;", "Low Mode 1-0;",
            "line 8, column 27: signal 'Low' has the range 1-0"
        ),
        (
            "Low Mode 0-1, 7-7;", "Low Mode 0+1;",
            "line 8, column 25: expected '-' between two numbers, found '+'"
        ),
    ]) func `a multiplexer that cannot be is refused`(old: String, new: String, expected: String) {
        #expect(faults(Self.nested.replacing(old, with: new)).contains(expected))
    }

    @Test func `two multiplexers that hang on each other are refused`() {
        let text = """
            BO_ 1 M: 8 A
             SG_ X m1M : 0|8@1+ (1,0) [0|0] "" B
             SG_ Y m1M : 8|8@1+ (1,0) [0|0] "" B
            SG_MUL_VAL_ 1 X Y 1-1;
            SG_MUL_VAL_ 1 Y X 1-1;

            """
        #expect(
            faults(text) == [
                "line 2: signal 'M.X' hangs on itself, through 'Y'",
                "line 3: signal 'M.Y' hangs on itself, through 'X'",
            ])
    }

    @Test func `a multiplexed signal needs a multiplexer`() {
        #expect(
            faults("BO_ 1 M: 8 A\n SG_ S m1 : 0|8@1+ (1,0) [0|0] \"\" B\n") == [
                "line 2: signal 'M.S' is multiplexed, the message has no multiplexer"
            ])
    }

    @Test func `value tables, default cycle times and long names are understood`() throws {
        let file = try parse(
            """
            VAL_TABLE_ Switch 1 "on" 0 "off" ;
            BO_ 1 Msg_1: 8 A
             SG_ Sig_1 M : 0|8@1+ (1,0) [0|0] "" B
             SG_ Sig_2 m1 : 8|8@1+ (1,0) [0|0] "" B
            BO_ 2 N: 8 A
             SG_ S : 0|8@1+ (1,0) [0|0] "" B
            BA_DEF_ BO_ "GenMsgCycleTime" INT 0 65535;
            BA_DEF_DEF_ "GenMsgCycleTime" 500.0;
            BA_ "GenMsgCycleTime" BO_ 2 100;
            BA_ "SystemMessageLongSymbol" BO_ 1 "Message_with_a_very_long_name_indeed";
            BA_ "SystemSignalLongSymbol" SG_ 1 Sig_1 "Signal_with_a_very_long_name_indeed";
            VAL_ 1 Sig_2 Switch;
            VAL_ 2 S Missing;

            """)
        let message = try #require(file.message(named: "Message_with_a_very_long_name_indeed"))
        #expect(message.signals.map(\.name) == ["Signal_with_a_very_long_name_indeed", "Sig_2"])
        #expect(message.signals[1].selection?.selector == "Signal_with_a_very_long_name_indeed")
        #expect(message.signals[1].values == [0: "off", 1: "on"])
        #expect(file.messages.map(\.cycleMilliseconds) == [500, 100])
        #expect(file.notes == ["line 13: there is no value table 'Missing'"])
    }

    @Test(arguments: [
        ("16|32", 1, []), ("0|64", 2, []),
        ("16|16", 1, ["line 2: signal 'M.S' is a floating point number of 16 bits, expected 32"]),
        ("16|32", 2, ["line 2: signal 'M.S' is a floating point number of 32 bits, expected 64"]),
        ("16|32", 3, ["line 3, column 21: signal 'S' has value type 3, allowed 0, 1 or 2"]),
    ]) func `floating point numbers have their width`(place: String, type: Int, expected: [String])
    {
        let text = "BO_ 1 M: 8 A\n SG_ S : \(place)@1- (1,0) [0|0] \"\" B\n"
        #expect(faults(text + "SIG_VALTYPE_ 1 S : \(type);\n") == expected)
    }

    @Test func `a section nobody knows ends at its semicolon or at the next known one`() throws {
        let file = try parse(
            """
            FILTER something
             more of it
            BO_ 1 M: 1 A
             SG_ S : 0|8@1+ (1,0) [0|0] "" B
            SGTYPE_ a : 1 "BO_ 2 N: 1 A";
            BO_TX_BU_ 1 : A,B;

            """)
        #expect(file.messages.map(\.name) == ["M"])
        #expect(file.messages.first?.signals.count == 1)
        #expect(
            file.notes == [
                "line 1: section 'FILTER' is not used", "line 5: section 'SGTYPE_' is not used",
                "line 6: section 'BO_TX_BU_' is not used",
            ])
    }

    @Test(arguments: [
        (
            "BA_ \"GenMsgCycleTime\" BO_ 1 100",
            "line 1, column 32: expected ';' at the end of the statement of line 1"
        ),
        (
            "VAL_ 1 S 0 \"a\"",
            "line 1, column 15: expected a value or ';', found the end of the file"
        ),
        (
            "SIG_VALTYPE_ 1 S : 1",
            "line 1, column 21: expected ';' at the end of the statement of line 1"
        ),
        (
            "SG_MUL_VAL_ 1 S X 1-",
            "line 1, column 21: expected a number behind '-', found the end of the file"
        ),
        (
            "VAL_TABLE_ T 1",
            "line 1, column 15: expected a text in quotes, found the end of the file"
        ),
    ]) func `a file that ends too early is refused`(text: String, expected: String) {
        #expect(faults(text) == [expected])
    }
}
