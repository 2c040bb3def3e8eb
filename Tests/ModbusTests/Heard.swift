import Modbus

/// An event of `LineFollower` with its data as an array, for comparing.
enum Heard: Equatable {
    case request(LineRequest)
    case reply(LineRequest, [UInt8])
    case refusal(LineRequest, UInt8)
    case unanswered(LineRequest)
    case damaged(LineRequest)
    case unasked(UnitID, FunctionCode, [UInt8])
    case other

    init(_ event: HeardEvent) {
        switch event {
        case .request(let request): self = .request(request)
        case .reply(let request, let data): self = .reply(request, data.array)
        case .refusal(let request, let exception): self = .refusal(request, exception.code)
        case .unanswered(let request): self = .unanswered(request)
        case .damaged(let request): self = .damaged(request)
        case .unasked(let unit, let function, let data):
            self = .unasked(unit, function, data.array)
        case .other: self = .other
        }
    }
}

extension LineFollower {
    /// Takes bytes as a line brings them.
    mutating func hear(_ bytes: some Sequence<UInt8>) -> [Heard] {
        var heard: [Heard] = []
        for byte in bytes {
            feed(byte)
            while let event = next() { heard.append(Heard(event)) }
        }
        return heard
    }

    /// What comes out when the line falls silent.
    mutating func silence() -> [Heard] {
        var heard: [Heard] = []
        while let event = nextAfterSilence() { heard.append(Heard(event)) }
        return heard
    }
}

extension ReadRequest {
    /// The request on the wire.
    var bytes: [UInt8] { RTUFrame.encode(self).array }
}
