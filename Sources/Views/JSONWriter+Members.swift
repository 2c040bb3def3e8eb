import Telemetry

extension JSONWriter {
    /// A member that is a whole number or null.
    package mutating func member(_ name: StaticString, _ value: (some BinaryInteger)?) {
        self.name(name)
        if let value { integer(value) } else { null() }
    }

    /// A member that is a number ÷ 10^`decimals`, or null.
    package mutating func member(
        _ name: StaticString, _ value: (some BinaryInteger)?, decimals: Int
    ) {
        self.name(name)
        if let value { decimal(Int64(clamping: value), decimals: decimals) } else { null() }
    }

    /// A member that is a text or null.
    package mutating func member(_ name: StaticString, _ value: String?) {
        self.name(name)
        if let value { string(value) } else { null() }
    }

    /// A member that is a list of codes joined by commas.
    package mutating func codes(_ name: StaticString, _ joined: String) {
        self.name(name)
        array { writer in for code in joined.split(separator: ",") { writer.string(code) } }
    }
}
