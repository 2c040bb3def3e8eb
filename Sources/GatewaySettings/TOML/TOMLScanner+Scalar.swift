extension TOMLScanner {
    /// Reads true, false or a number.
    mutating func readScalar() throws(TOMLError) -> TOMLValue {
        let start = self
        let word = takeWhile { byte in
            Self.isBareKeyByte(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: ".")
                || byte == UInt8(ascii: ":")
        }
        if word.isEmpty { throw unexpected(expected: "a value") }
        if word == "true" { return .flag(true) }
        if word == "false" { return .flag(false) }
        if let number = Self.number(word) { return number }
        throw start.error(
            "expected a value, found '\(word)'; a text needs quotes, dates are not used here")
    }

    private static func number(_ word: String) -> TOMLValue? {
        var digits = Substring(word)
        let sign = digits.first
        if sign == "+" || sign == "-" { digits = digits.dropFirst() }
        switch digits {
        case "inf": return .decimal(sign == "-" ? -.infinity : .infinity)
        case "nan": return .decimal(.nan)
        default: break
        }
        guard let plain = withoutUnderscores(digits) else { return nil }
        if let radix = radix(of: plain) {
            guard sign != "+", sign != "-" else { return nil }
            let body = plain.dropFirst(2)
            guard body.first != "+", body.first != "-" else { return nil }
            return Int(body, radix: radix).map(TOMLValue.integer)
        }
        let text = sign == "-" ? "-\(plain)" : plain
        if plain.allSatisfy(\.isASCIIDigit) {
            guard plain == "0" || !plain.hasPrefix("0") else { return nil }
            return Int(text).map(TOMLValue.integer)
        }
        return isDecimal(plain) ? Double(text).map(TOMLValue.decimal) : nil
    }

    /// Underscores may stand between digits only.
    private static func withoutUnderscores(_ digits: Substring) -> String? {
        let parts = digits.split(separator: "_", omittingEmptySubsequences: false)
        for (left, right) in zip(parts, parts.dropFirst()) {
            guard left.last?.isHexDigit == true, right.first?.isHexDigit == true else { return nil }
        }
        return parts.joined()
    }

    private static func radix(of digits: String) -> Int? {
        switch digits.prefix(2) {
        case "0x": 16
        case "0o": 8
        case "0b": 2
        default: nil
        }
    }

    /// Digits, then a fraction or an exponent or both, each with digits of its own.
    private static func isDecimal(_ text: String) -> Bool {
        var rest = Substring(text)
        let whole = rest.prefix(while: \.isASCIIDigit)
        guard !whole.isEmpty, whole == "0" || !whole.hasPrefix("0") else { return false }
        rest = rest.dropFirst(whole.count)
        if rest.first == "." {
            let fraction = rest.dropFirst().prefix(while: \.isASCIIDigit)
            guard !fraction.isEmpty else { return false }
            rest = rest.dropFirst(fraction.count + 1)
        }
        guard !rest.isEmpty else { return true }
        guard rest.first == "e" || rest.first == "E" else { return false }
        rest = rest.dropFirst()
        if rest.first == "+" || rest.first == "-" { rest = rest.dropFirst() }
        return !rest.isEmpty && rest.allSatisfy(\.isASCIIDigit)
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) && isASCII }
}
