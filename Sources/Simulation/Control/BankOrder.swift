import Bank

/// One command to a simulated bank, as read from its control socket or from `--fault`.
package enum BankOrder: Hashable, Sendable {
    /// Raise a fault; without a duration it stands until it is cleared.
    case raise(Fault, packs: [Int], milliseconds: Int64?)
    /// End all faults of these packs; 0 is the line.
    case clear(packs: [Int])
    /// Exchange the serial numbers of two packs.
    case swap(Int, Int)
    /// Change the wanted current.
    case load(LoadProfile)
    /// Change the temperature around packs, °C.
    case ambient(packs: [Int], celsius: Double)
    /// Tell the true state as JSON.
    case status

    /// The grammar, for the help.
    package static let grammar = """
        PACKS FAULT [DURATION]    raise a fault; it stands until cleared when no DURATION is given
        line LINEFAULT [DURATION] raise a fault of the whole line
        clear [PACKS | line]      end faults, all without PACKS
        swap A B                  exchange the serial numbers of two packs
        load CURRENT              -40 | sine:AMPERES:SECONDS | day:AMPERES; positive charges
        ambient PACKS CELSIUS     change the temperature around packs
        status                    print the true state of every pack as JSON

        PACKS      7 | 2-5 | 1,4,7-9 | all
        DURATION   500ms | 10s | 2m
        FAULT      silent             answers nothing, works on
                   absent             answers nothing and carries no current
                   slow MS            answers MS milliseconds late
                   noise              stray bytes before and after each answer
                   crc                wrong CRC
                   exception CODE     refuses with a Modbus exception, 1 to 255
                   glued              an answer of another unit glued before or after
                   split              the answer comes in two parts, 20 ms apart
                   zero               all data zero, valid CRC
                   wrong-unit ID      answers from unit ID
                   protection KIND    has acted, such as cell_overvoltage
        LINEFAULT  echo               the adapter gives back what is sent
                   foreign [ID]       another master polls unit ID (default 1) every second
                   unplugged          the adapter is gone
        """

    /// Reads one command for a bank of `count` packs.
    package static func parse(_ text: String, count: Int) throws(SimulationError) -> BankOrder {
        var words = CommandWords(text)
        let first = try words.next("a command such as '7 silent 10s', 'clear' or 'status'")
        switch first {
        case "status":
            try words.finish()
            return .status
        case "clear": return .clear(packs: try clearTargets(&words, count))
        case "swap":
            let pair = (try words.pack(count), try words.pack(count))
            try words.finish()
            return .swap(pair.0, pair.1)
        case "load":
            let load = try LoadProfile(try words.next("a current"), option: "load")
            try words.finish()
            return .load(load)
        case "ambient":
            let packs = try PackList.parse(try words.next(PackList.expected), count: count)
            let celsius = try words.number("degrees Celsius", in: -60...100)
            try words.finish()
            return .ambient(packs: packs, celsius: celsius)
        default: return try raise(first, &words, count)
        }
    }

    private static func clearTargets(
        _ words: inout CommandWords, _ count: Int
    ) throws(SimulationError) -> [Int] {
        guard !words.isEmpty else { return Array(0...count) }
        let target = try words.next(PackList.expected)
        try words.finish()
        return target == "line" ? [0] : try PackList.parse(target, count: count)
    }

    private static func raise(
        _ target: String, _ words: inout CommandWords, _ count: Int
    ) throws(SimulationError) -> BankOrder {
        let packs = target == "line" ? [] : try PackList.parse(target, count: count)
        let fault = try Fault.parse(&words)
        if fault.isOfLine, target != "line", target != "all" {
            throw .command(found: "\(target) \(fault.word)", expected: "'line \(fault.word)'")
        }
        if !fault.isOfLine, target == "line" {
            throw .command(
                found: "line \(fault.word)", expected: "packs before '\(fault.word)', such as 7")
        }
        let duration = words.isEmpty ? nil : try words.duration()
        try words.finish()
        return .raise(fault, packs: packs, milliseconds: duration)
    }
}

extension Fault {
    private static let plain: [String: Fault] = [
        "silent": .silent, "absent": .absent, "noise": .noise, "crc": .crc, "glued": .glued,
        "split": .split, "zero": .zero, "echo": .echo, "unplugged": .unplugged,
    ]

    static func parse(_ words: inout CommandWords) throws(SimulationError) -> Fault {
        let expected =
            "a fault such as silent, slow, noise, crc, exception, glued, split, zero, "
            + "wrong-unit, protection, absent, echo, foreign or unplugged"
        let word = try words.next(expected)
        if let fault = plain[word] { return fault }
        switch word {
        case "slow":
            return .slow(milliseconds: Int(try words.number("milliseconds", in: 1...60_000)))
        case "exception":
            return .exception(UInt8(try words.number("an exception code", in: 1...255)))
        case "wrong-unit": return .wrongUnit(UInt8(try words.number("a unit id", in: 0...255)))
        case "foreign":
            guard words.isNumberNext else { return .foreign(1) }
            return .foreign(UInt8(try words.number("a unit id", in: 0...247)))
        case "protection":
            let name = try words.next("a protection such as cell_overvoltage")
            guard let kind = AlarmKind.allCases.first(where: { $0.code == name }) else {
                throw .command(found: name, expected: "a protection such as cell_overvoltage")
            }
            return .protection(kind)
        default: throw .command(found: word, expected: expected)
        }
    }
}
