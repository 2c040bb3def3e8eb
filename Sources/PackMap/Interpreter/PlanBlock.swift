import Modbus
import Quantities

/// When a block is read.
package enum PollRule: Hashable, Sendable {
    /// Every n-th cycle; 1 is every cycle.
    case every(UInt8)
    /// At the start, after a pack came back, and rarely otherwise.
    case once
}

/// How a block is asked for.
package enum BlockForm: Hashable, Sendable {
    /// Registers or bits with a function of the standard.
    case registers(FunctionCode)
    /// A range of addresses with a maker's function; the last address.
    case ranged(function: UInt8, end: UInt16)
    /// A word of zero that makes the pack send its own frame.
    case trigger(TriggerShape)
}

/// One block of registers, bits or bytes, read with one request.
package struct PlanBlock: Sendable {
    /// How it is asked for.
    package var form: BlockForm
    /// The first address on the wire.
    package var address: UInt16
    /// How many registers or bits; of the other forms, the data bytes of a usual pack.
    package var count: UInt16
    package var poll: PollRule
    /// Whether the first frame to the inverter waits for it (rule 1).
    package var isRequired: Bool
    /// Whether a refusal of this block leaves the pack usable.
    package var mayFail: Bool
    /// Whether data bytes that are all zero are impossible.
    package var rejectsZero: Bool

    /// A block of any form.
    package init(
        form: BlockForm, address: UInt16, count: UInt16, poll: PollRule, isRequired: Bool,
        mayFail: Bool, rejectsZero: Bool
    ) {
        self.form = form
        self.address = address
        self.count = count
        self.poll = poll
        self.isRequired = isRequired
        self.mayFail = mayFail
        self.rejectsZero = rejectsZero
    }

    /// A block of registers or bits.
    package init(
        function: FunctionCode, address: UInt16, count: UInt16, poll: PollRule, isRequired: Bool,
        mayFail: Bool, rejectsZero: Bool
    ) {
        self.init(
            form: .registers(function), address: address, count: count, poll: poll,
            isRequired: isRequired, mayFail: mayFail, rejectsZero: rejectsZero)
    }

    /// Whether it consists of single bits, packed eight to a byte.
    package var readsBits: Bool {
        if case .registers(let function) = form { return function.readsBits }
        return false
    }

    /// Whether it is read as the standard has it.
    package var isOrdinary: Bool {
        if case .registers = form { return true }
        return false
    }

    /// Whether its data bytes are as many as the pack likes.
    package var hasOwnLength: Bool {
        if case .ranged = form { return true }
        return false
    }

    /// How many data bytes a usual pack answers with.
    package var dataLength: Int {
        guard case .registers(let function) = form else { return Int(count) }
        return function.readsBits ? (Int(count) + 7) / 8 : Int(count) * 2
    }

    /// The request for this block of one unit; nil where its numbers make none.
    package func request(to unit: UnitID) -> LineRequest? {
        switch form {
        case .registers(let function):
            guard
                let request = ReadRequest(
                    unit: unit, function: function, address: address, count: count)
            else { return nil }
            return .read(request)
        case .ranged(let function, let end):
            guard
                let request = RangedRequest(
                    unit: unit, function: function, address: address, end: end, bytes: count)
            else { return nil }
            return .ranged(request)
        case .trigger(let shape):
            return .trigger(TriggerRequest(unit: unit, address: address, shape: shape))
        }
    }
}
