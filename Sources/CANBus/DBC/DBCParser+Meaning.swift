/// What refers to messages and signals by names that may stand anywhere in the file.
struct DBCPending {
    /// VAL_TABLE_ by name.
    var tables: [String: [Int64: String]] = [:]
    /// Signals whose VAL_ names a table.
    var tableUses: [(id: Int64, signal: String, table: String, line: Int)] = []
    /// Messages with SG_MUL_VAL_.
    var extendedMessages: Set<Int64> = []
    /// The default of GenMsgCycleTime.
    var cycleMilliseconds: Int?
    /// Long names by message, and by message and signal.
    var messageNames: [(id: Int64, name: String)] = []
    var signalNames: [(id: Int64, signal: String, name: String)] = []
}

extension DBCParser {
    /// VAL_: texts for the values of a signal, or the name of a table that has them.
    mutating func readValues() throws(DBCFault) {
        scanner.skipSpaces(acrossLines: false)
        guard let first = scanner.peekWord().first, first.isNumber else {
            return try endStatement()  // values of an environment variable
        }
        let id = try scanner.integer("a message id")
        let name = try scanner.word("a signal name")
        scanner.skipSpaces(acrossLines: true)
        if let first = scanner.peekWord().first, !first.isNumber {
            let line = scanner.line
            let table = try scanner.word("a table's name")
            pending.tableUses.append((id, name, table, line))
            return try endStatement()
        }
        let values = try readTexts()
        update(id, name) { $0.values = values }
    }

    mutating func readTable() throws(DBCFault) {
        let name = try scanner.word("a table's name")
        pending.tables[name] = try readTexts()
    }

    private mutating func readTexts() throws(DBCFault) -> [Int64: String] {
        var values: [Int64: String] = [:]
        scanner.skipSpaces(acrossLines: true)
        while !scanner.take(";") {
            let value = try scanner.integer("a value or ';'")
            values[value] = try scanner.text("a text in quotes")
            scanner.skipSpaces(acrossLines: true)
        }
        return values
    }

    mutating func readComment() throws(DBCFault) {
        switch scanner.peekWord() {
        case "BO_":
            _ = try scanner.word("BO_")
            let id = try scanner.integer("a message id")
            let text = try scanner.text("a comment in quotes")
            if let index = index(of: id) { file.messages[index].comment = text }
        case "SG_":
            _ = try scanner.word("SG_")
            let id = try scanner.integer("a message id")
            let name = try scanner.word("a signal name")
            let text = try scanner.text("a comment in quotes")
            update(id, name) { $0.comment = text }
        case "BU_", "EV_":
            _ = try scanner.word("a node")
            _ = try scanner.word("a name")
            _ = try scanner.text("a comment in quotes")
        default: _ = try scanner.text("a comment in quotes")
        }
        try endStatement()
    }

    /// BA_: cycle times and the long names that some tools cut to 32 characters.
    mutating func readAttribute() throws(DBCFault) {
        let name = try scanner.text("an attribute name in quotes")
        switch (name, scanner.peekWord()) {
        case ("GenMsgCycleTime", "BO_"):
            _ = try scanner.word("BO_")
            let id = try scanner.integer("a message id")
            let value = try readMilliseconds()
            if let value, let index = index(of: id) {
                file.messages[index].cycleMilliseconds = value
            }
        case ("SystemMessageLongSymbol", "BO_"):
            _ = try scanner.word("BO_")
            let id = try scanner.integer("a message id")
            pending.messageNames.append((id, try scanner.text("a name in quotes")))
        case ("SystemSignalLongSymbol", "SG_"):
            _ = try scanner.word("SG_")
            let id = try scanner.integer("a message id")
            let signal = try scanner.word("a signal name")
            pending.signalNames.append((id, signal, try scanner.text("a name in quotes")))
        default: break
        }
        try endStatement()
    }

    /// BA_DEF_DEF_: only the default of the cycle time matters.
    mutating func readDefault() throws(DBCFault) {
        if try scanner.text("an attribute name in quotes") == "GenMsgCycleTime" {
            pending.cycleMilliseconds = try readMilliseconds()
        }
        try endStatement()
    }

    /// Nil for a time that means nothing, such as zero for "not cyclic".
    private mutating func readMilliseconds() throws(DBCFault) -> Int? {
        let number = try scanner.number("a time in milliseconds")
        guard let fraction = number.fraction, fraction.denominator == 1,
            (1...3_600_000).contains(fraction.numerator)
        else { return nil }
        return Int(fraction.numerator)
    }

    mutating func readValueType() throws(DBCFault) {
        let id = try scanner.integer("a message id")
        let name = try scanner.word("a signal name")
        _ = scanner.take(":")
        let type = try scanner.integer("a value type")
        guard let valueType = DBCValueType(rawValue: type) else {
            throw scanner.fault("signal '\(name)' has value type \(type), allowed 0, 1 or 2")
        }
        update(id, name) { $0.valueType = valueType }
        try endStatement()
    }

    /// Reads `SG_MUL_VAL_ id signal multiplexer 0-3, 7-7;`.
    mutating func readSelection() throws(DBCFault) {
        let id = try scanner.integer("a message id")
        let name = try scanner.word("a signal name")
        let selector = try scanner.word("a multiplexer's name")
        var ranges: [ClosedRange<UInt64>] = []
        repeat {
            let low = try scanner.digits("a number such as 0-3")
            try scanner.expect("-", "between two numbers")
            let high = try scanner.digits("a number behind '-'")
            guard low <= high else {
                throw scanner.fault("signal '\(name)' has the range \(low)-\(high)")
            }
            ranges.append(low...high)
        } while scanner.take(",")
        update(id, name) { $0.selection = DBCSelection(selector: selector, ranges: ranges) }
        pending.extendedMessages.insert(id)
        try endStatement()
    }
}

extension DBCParser {
    /// Joins what stood in different places of the file.
    mutating func resolve() {
        for use in pending.tableUses {
            guard let table = pending.tables[use.table] else {
                file.notes.append("line \(use.line): there is no value table '\(use.table)'")
                continue
            }
            update(use.id, use.signal) { $0.values = table }
        }
        if let cycle = pending.cycleMilliseconds {
            for index in file.messages.indices
            where file.messages[index].cycleMilliseconds == nil {
                file.messages[index].cycleMilliseconds = cycle
            }
        }
        for index in file.messages.indices { resolveMultiplexer(index) }
        rename()
    }

    /// Plain multiplexing does not name the multiplexer: there is only one.
    private mutating func resolveMultiplexer(_ index: Int) {
        let message = file.messages[index]
        let roots = message.signals.filter { $0.isMultiplexer && $0.selection == nil }
        let isExtended = pending.extendedMessages.contains {
            self.index(of: $0) == index
        }
        if roots.count > 1, !isExtended {
            faults.append(
                DBCFault(
                    line: message.line, column: 0,
                    message: "message '\(message.name)' has more than one multiplexer"))
            return
        }
        for (place, signal) in message.signals.enumerated()
        where signal.selection?.selector.isEmpty == true {
            if roots.count == 1 {
                file.messages[index].signals[place].selection?.selector = roots[0].name
            } else {
                let found = roots.isEmpty ? "no multiplexer" : "several and no SG_MUL_VAL_ for it"
                faults.append(
                    DBCFault(
                        line: signal.line, column: 0,
                        message:
                            "signal '\(message.name).\(signal.name)' is multiplexed, the message has \(found)"
                    ))
            }
        }
    }

    /// Long names replace the short ones at the very end; a multiplexer's in its signals too.
    private mutating func rename() {
        for long in pending.signalNames {
            guard let index = index(of: long.id), Self.isName(long.name) else { continue }
            for place in file.messages[index].signals.indices {
                if file.messages[index].signals[place].name == long.signal {
                    file.messages[index].signals[place].name = long.name
                }
                if file.messages[index].signals[place].selection?.selector == long.signal {
                    file.messages[index].signals[place].selection?.selector = long.name
                }
            }
        }
        for long in pending.messageNames {
            guard let index = index(of: long.id), Self.isName(long.name) else { continue }
            file.messages[index].name = long.name
        }
    }

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { DBCScanner.isWordByte($0) }
    }
}
