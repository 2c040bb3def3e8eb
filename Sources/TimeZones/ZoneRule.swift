/// The rule for all years after the last change that a zone file lists: `CET-1CEST,M3.5.0,M10.5.0/3`.
struct ZoneRule: Sendable {
    private struct Change: Sendable {
        var month: Int64
        var week: Int64
        var weekday: Int64
        /// Seconds after midnight of the day, by the clock before the change.
        var time: Int64
    }

    private let standard: Int32
    private let summer: (offset: Int32, begins: Change, ends: Change)?

    /// Reads a rule; nil for forms that no zone of today uses.
    init?(_ text: [UInt8]) {
        var scanner = Scanner(rest: text[...])
        guard scanner.name(), let standard = scanner.time() else { return nil }
        self.standard = Int32(clamping: -standard)
        guard scanner.name() else {
            guard scanner.rest.isEmpty else { return nil }
            summer = nil
            return
        }
        var offset = Int32(clamping: 3600 - standard)
        if scanner.rest.first != UInt8(ascii: ","), let time = scanner.time() {
            offset = Int32(clamping: -time)
        }
        guard let begins = scanner.change(), let ends = scanner.change(), scanner.rest.isEmpty
        else {
            return nil
        }
        summer = (offset, begins, ends)
    }

    /// Seconds to add to UTC at a moment in seconds since 1970.
    func offset(at seconds: Int64) -> Int32 {
        guard let summer else { return standard }
        let local = seconds &+ Int64(standard)
        let year = Self.year(ofDay: local / 86_400)
        let begins = Self.moment(summer.begins, year) - Int64(standard)
        let ends = Self.moment(summer.ends, year) - Int64(summer.offset)
        let isSummer =
            begins < ends
            ? seconds >= begins && seconds < ends : seconds >= begins || seconds < ends
        return isSummer ? summer.offset : standard
    }

    private static func year(ofDay day: Int64) -> Int64 {
        let guess = min(max(1970, 1970 + day / 366), 100_000)
        var year = guess
        while year < 100_000, Self.day(year + 1, 1, 1) <= day { year += 1 }
        return year
    }

    /// A change in seconds since 1970 of a clock without zone; week 5 is the last one.
    private static func moment(_ change: Change, _ year: Int64) -> Int64 {
        let first = Self.day(year, change.month, 1)
        let weekday = (first + 4) % 7
        var day = first + (change.weekday - weekday + 7) % 7 + (change.week - 1) * 7
        let next =
            change.month == 12
            ? Self.day(year + 1, 1, 1) : Self.day(year, change.month + 1, 1)
        while day >= next { day -= 7 }
        return day * 86_400 + change.time
    }

    /// Days since 1970-01-01 in the Gregorian calendar, counted in years that begin on 1 March.
    private static func day(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month > 2 ? year : year - 1
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private struct Scanner {
        var rest: ArraySlice<UInt8>

        /// Letters, or anything in angle brackets.
        mutating func name() -> Bool {
            if rest.first == UInt8(ascii: "<") {
                guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return false }
                rest = rest[(end + 1)...]
                return true
            }
            let letters = rest.prefix { (0x41...0x5A).contains($0 & 0xDF) }
            rest = rest.dropFirst(letters.count)
            return letters.count >= 3
        }

        mutating func take(_ mark: Unicode.Scalar) -> Bool {
            guard let byte = rest.first, UInt32(byte) == mark.value else { return false }
            rest = rest.dropFirst()
            return true
        }

        mutating func number() -> Int64? {
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            guard (1...4).contains(digits.count) else { return nil }
            rest = rest.dropFirst(digits.count)
            return digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
        }

        /// `[+-]hh[:mm[:ss]]` in seconds.
        mutating func time() -> Int64? {
            let isMinus = take("-")
            if !isMinus { _ = take("+") }
            guard let hours = number() else { return nil }
            var seconds = hours * 3600
            for unit in [60, 1] as [Int64] where take(":") {
                guard let part = number() else { return nil }
                seconds += part * unit
            }
            return isMinus ? -seconds : seconds
        }

        /// `,Mm.w.d[/time]`.
        mutating func change() -> Change? {
            guard take(","), take("M"), let month = number(), take("."), let week = number(),
                take("."), let weekday = number(), (1...12).contains(month),
                (1...5).contains(week), (0...6).contains(weekday)
            else { return nil }
            var change = Change(month: month, week: week, weekday: weekday, time: 7200)
            if take("/") {
                guard let time = time() else { return nil }
                change.time = time
            }
            return change
        }
    }
}
