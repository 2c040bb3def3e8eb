/// Reads DBC files: `BO_ SG_ VAL_ VAL_TABLE_ CM_ BA_ BA_DEF_DEF_ SIG_VALTYPE_ SG_MUL_VAL_`; other
/// sections are skipped with a note.
///
/// A fault in a section is noted and reading goes on at the next one, so that all faults come at
/// once. The result is checked: signals must fit their frame and must not overlap.
package struct DBCParser {
    var scanner: DBCScanner
    var file = DBCFile()
    var faults: [DBCFault] = []
    /// What names point to that may stand anywhere in the file.
    var pending = DBCPending()

    private init(_ bytes: [UInt8]) { scanner = DBCScanner(bytes) }

    /// The largest file that is read.
    package static var largestFile: Int { 4 << 20 }

    /// Reads a whole file or throws all its faults.
    package static func parse(_ bytes: [UInt8]) throws(DBCError) -> DBCFile {
        guard bytes.count <= largestFile else {
            let message = "the file has \(bytes.count) bytes, allowed \(largestFile)"
            throw DBCError(faults: [DBCFault(line: 1, column: 0, message: message)])
        }
        var parser = DBCParser(bytes)
        parser.readFile()
        parser.resolve()
        parser.faults += DBCCheck.faults(of: parser.file)
        guard parser.faults.isEmpty else {
            throw DBCError(faults: parser.faults.sorted { $0.line < $1.line })
        }
        return parser.file
    }

    private mutating func readFile() {
        while faults.count < 100 {
            scanner.skipSpaces(acrossLines: true)
            if scanner.isAtEnd { return }
            do {
                try readSection()
            } catch {
                faults.append(error)
                scanner.skipLine()
            }
        }
    }

    private mutating func readSection() throws(DBCFault) {
        let line = scanner.line
        let keyword = try scanner.word("a section such as BO_")
        switch keyword {
        case "VERSION": _ = try scanner.text("a version in quotes")
        case "NS_": skipNewSymbols()
        case "BS_", "BU_": scanner.skipLine()
        case "BO_": try readMessage(line: line)
        case "SG_": try readSignal(line: line)
        case "VAL_": try readValues()
        case "CM_": try readComment()
        case "BA_": try readAttribute()
        case "SIG_VALTYPE_": try readValueType()
        case "SG_MUL_VAL_": try readSelection()
        case "VAL_TABLE_": try readTable()
        case "BA_DEF_DEF_": try readDefault()
        case "BA_DEF_", "BA_DEF_REL_", "BA_DEF_DEF_REL_", "BA_REL_": try endStatement()
        default:
            file.notes.append("line \(line): section '\(keyword)' is not used")
            scanner.skipUnknown(until: Self.keywords)
        }
    }

    private static let keywords: Set<String> = [
        "BO_", "SG_", "VAL_", "CM_", "BA_", "SIG_VALTYPE_", "SG_MUL_VAL_", "VAL_TABLE_",
        "BA_DEF_DEF_", "BA_DEF_",
    ]

    /// Goes behind the semicolon that ends a statement.
    func missingEnd(from line: Int) -> DBCFault {
        scanner.fault("expected ';' at the end of the statement of line \(line)")
    }

    mutating func endStatement() throws(DBCFault) {
        let line = scanner.line
        if !scanner.skipStatement() { throw missingEnd(from: line) }
    }

    /// The list of symbols below NS_ is indented.
    private mutating func skipNewSymbols() {
        scanner.skipLine()
        while scanner.isIndented { scanner.skipLine() }
    }

    private mutating func readMessage(line: Int) throws(DBCFault) {
        let number = try scanner.integer("a message id")
        let name = try scanner.word("a message name")
        try scanner.expect(":", "after the message's name")
        let length = try scanner.integer("a length in bytes")
        let sender = try scanner.word("a sender")
        // Bit 31 marks 29-bit identifiers; VECTOR__INDEPENDENT_SIG_MSG carries loose signals.
        let isExtended = number & 0x8000_0000 != 0
        guard number >= 0, number <= 0xFFFF_FFFF,
            let identifier = CANIdentifier(UInt32(number & 0x1FFF_FFFF), isExtended: isExtended)
        else {
            if name == "VECTOR__INDEPENDENT_SIG_MSG" { return skipSignals() }
            throw scanner.fault(
                "message '\(name)' has id \(number), allowed 0…2047, or 29 bits with bit 31 set")
        }
        if name == "VECTOR__INDEPENDENT_SIG_MSG" { return skipSignals() }
        guard (0...8).contains(length) else {
            throw scanner.fault("message '\(name)' has \(length) bytes, allowed 0…8 (classic CAN)")
        }
        file.messages.append(
            DBCMessage(
                identifier: identifier, name: name, line: line, length: UInt8(length),
                sender: sender))
    }

    private mutating func skipSignals() {
        scanner.skipLine()
        while true {
            var ahead = scanner
            ahead.skipSpaces(acrossLines: false)
            guard ahead.peekWord() == "SG_" else { return }
            scanner.skipLine()
        }
    }

    private mutating func readSignal(line: Int) throws(DBCFault) {
        guard !file.messages.isEmpty else {
            throw scanner.fault("a signal before the first message")
        }
        let name = try scanner.word("a signal name")
        var isMultiplexer = false
        var selection: DBCSelection?
        if !scanner.take(":") {
            (isMultiplexer, selection) = try readMultiplexing()
            try scanner.expect(":", "after the signal's name")
        }
        let start = try scanner.integer("a start bit")
        try scanner.expect("|", "after the start bit")
        let length = try scanner.integer("a length in bits")
        try scanner.expect("@", "after the length")
        let order = try scanner.integer("a byte order, 0 or 1")
        let isSigned = scanner.take("-")
        if !isSigned { try scanner.expect("+", "or '-' after the byte order") }
        try scanner.expect("(", "before the factor")
        let factor = try scanner.number("a factor")
        try scanner.expect(",", "after the factor")
        let offset = try scanner.number("an offset")
        try scanner.expect(")", "after the offset")
        try scanner.expect("[", "before the range")
        let minimum = try scanner.number("a minimum")
        try scanner.expect("|", "after the minimum")
        let maximum = try scanner.number("a maximum")
        try scanner.expect("]", "after the range")
        let unit = try scanner.text("a unit in quotes")
        scanner.skipLine()
        guard (0...63).contains(start), (1...64).contains(length), order == 0 || order == 1 else {
            faults.append(
                DBCFault(
                    line: line, column: 0,
                    message:
                        "signal '\(name)' has start bit \(start), length \(length), byte order \(order); allowed 0…63, 1…64, 0 or 1"
                ))
            return
        }
        file.messages[file.messages.count - 1].signals.append(
            DBCSignal(
                name: name, line: line, startBit: Int(start), bitLength: Int(length),
                isLittleEndian: order == 1, isSigned: isSigned, factor: factor, offset: offset,
                minimum: minimum, maximum: maximum, unit: unit, isMultiplexer: isMultiplexer,
                selection: selection))
    }

    /// `M` chooses, `m3` is chosen by 3, `m3M` is both.
    private mutating func readMultiplexing() throws(DBCFault) -> (Bool, DBCSelection?) {
        let word = try scanner.word("':' after the signal's name, 'M' or 'm' and a number")
        if word == "M" { return (true, nil) }
        var digits = word.dropFirst()
        let isMultiplexer = digits.last == "M"
        if isMultiplexer { digits = digits.dropLast() }
        guard word.hasPrefix("m"), digits.allSatisfy(\.isNumber), let value = UInt64(digits) else {
            throw scanner.fault("expected 'M' or 'm' and a number, found '\(word)'")
        }
        return (isMultiplexer, DBCSelection(selector: "", ranges: [value...value]))
    }

    func index(of id: Int64) -> Int? {
        file.messages.firstIndex { message in
            let flag: Int64 = message.identifier.isExtended ? 0x8000_0000 : 0
            return Int64(message.identifier.rawValue) | flag == id
        }
    }

    mutating func update(_ id: Int64, _ name: String, _ change: (inout DBCSignal) -> Void) {
        guard let message = index(of: id),
            let signal = file.messages[message].signals.firstIndex(where: { $0.name == name })
        else {
            file.notes.append("line \(scanner.line): message \(id) has no signal '\(name)'")
            return
        }
        change(&file.messages[message].signals[signal])
    }
}
