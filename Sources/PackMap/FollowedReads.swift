import Bank
import Modbus
import Quantities

/// What a map makes of another master's requests, whatever blocks that one cuts.
///
/// A distinct request is worked out once and remembered; only that allocates. Of more than
/// ``mostCuts`` distinct ones the one that was asked longest ago is forgotten.
package struct FollowedReads: Sendable {
    /// How many distinct requests are remembered.
    package static var mostCuts: Int { 64 }
    /// How often a request must have been answered before a reply of its shape that nobody asked for
    /// is taken for an answer to it.
    static var provingAnswers: Int { 3 }

    /// What one request brings.
    package struct Cut: Sendable {
        /// The request, of unit 0.
        package let request: LineRequest
        /// A plan whose block ``block`` is what the request asks; flag words have the numbers of the
        /// whole plan.
        let plan: ReadPlan
        let block: Int
        /// The rows of the whole plan that it reads.
        let values: [Int]
        let flagWords: [Int]
        /// The blocks of the map that it touches.
        package let ownBlocks: [Int]
        /// Whether it brings nothing the map knows.
        package let isEmpty: Bool
        /// Whether it brings the serial number.
        package let tellsSerial: Bool
        var answers = 0
        var askedAt = 0
    }

    private let plan: ReadPlan
    /// The requests so far, in no order.
    package private(set) var cuts: [Cut] = []
    private var turn = 0
    /// Whether a request was forgotten, so that nothing is known to be the only one of its shape.
    private var hasForgotten = false

    /// Follows a plan whose addresses are where they are on this line.
    package init(plan: ReadPlan) { self.plan = plan }

    /// What the follower of a line must know of other forms.
    package var forms: [LineRequest] {
        plan.blocks.filter { !$0.isOrdinary }.compactMap { $0.request(to: UnitID(0)) }
    }

    /// The position in ``cuts`` of what a request brings.
    package mutating func cut(for request: LineRequest) -> Int {
        let position = cuts.firstIndex { $0.request.asks(as: request) } ?? add(request)
        turn &+= 1
        cuts[position].askedAt = turn
        return position
    }

    /// Counts an answer, as a proof of the shape of its request's replies.
    package mutating func countAnswer(to position: Int) {
        cuts[position].answers = min(cuts[position].answers + 1, Self.provingAnswers)
    }

    /// The request that a reply answers for which nobody asked; nil unless it is certain.
    ///
    /// Some masters send their own values unasked, in replies to the requests they put to others. A
    /// reply does not tell its addresses. They are certain when the master's requests were answered
    /// with this function and length before, all of them at the same addresses, and no block of the
    /// map has the same function and length elsewhere.
    package func request(
        answeredUnasked unit: UnitID, _ function: FunctionCode, bytes: Int
    ) -> LineRequest? {
        guard !hasForgotten else { return nil }
        var only: Cut?
        for cut in cuts {
            guard case .read(let read) = cut.request, read.function == function,
                read.dataLength == bytes
            else { continue }
            if only != nil { return nil }
            only = cut
        }
        guard let only, only.answers >= Self.provingAnswers, case .read(let read) = only.request
        else { return nil }
        for block in plan.blocks
        where block.form == .registers(function) && block.dataLength == bytes
            && block.address != read.address
        {
            return nil
        }
        return ReadRequest(
            unit: unit, function: function, address: read.address, count: read.count
        ).map(LineRequest.read)
    }

    private mutating func add(_ request: LineRequest) -> Int {
        let cut = makeCut(request)
        guard cuts.count >= Self.mostCuts else {
            cuts.append(cut)
            return cuts.count - 1
        }
        hasForgotten = true
        var oldest = 0
        for index in cuts.indices where cuts[index].askedAt < cuts[oldest].askedAt {
            oldest = index
        }
        cuts[oldest] = cut
        return oldest
    }

    private func makeCut(_ request: LineRequest) -> Cut {
        let asked = request.ofUnitZero
        let own = plan.blocks.firstIndex { $0.request(to: UnitID(0)) == asked }
        if let own {
            let values = plan.values.indices.filter { Int(plan.values[$0].block) == own }
            let flags = plan.flags.indices.filter { Int(plan.flags[$0].block) == own }
            let texts = plan.texts.filter { Int($0.block) == own }
            return Cut(
                request: asked, plan: plan, block: own, values: values, flagWords: flags,
                ownBlocks: [own],
                isEmpty: values.isEmpty && flags.isEmpty && texts.isEmpty,
                tellsSerial: texts.contains { $0.field == .serial })
        }
        let restricted = plan.restricted(to: asked, countsRuns: true)
        var cut = restricted.plan
        // The words keep their numbers, so that those of other requests keep their part.
        cut.flags = plan.flags.map { row in
            var row = row
            row.block = .max
            return row
        }
        for (row, word) in zip(restricted.plan.flags, restricted.flagWords) {
            cut.flags[word] = row
        }
        return Cut(
            request: asked, plan: cut, block: 0, values: restricted.values,
            flagWords: restricted.flagWords, ownBlocks: ownBlocks(of: restricted),
            isEmpty: cut.values.isEmpty && restricted.flagWords.isEmpty && cut.texts.isEmpty,
            tellsSerial: cut.texts.contains { $0.field == .serial })
    }
}

extension FollowedReads {
    private func ownBlocks(of restricted: RestrictedPlan) -> [Int] {
        plan.blocks.indices.filter { block in
            restricted.values.contains { Int(plan.values[$0].block) == block }
                || restricted.flagWords.contains { Int(plan.flags[$0].block) == block }
        }
    }
}

extension LineRequest {
    /// Whether it asks the same of whichever unit.
    fileprivate func asks(as other: LineRequest) -> Bool { ofUnitZero == other.ofUnitZero }

    fileprivate var ofUnitZero: LineRequest {
        let unit = UnitID(0)
        switch self {
        case .read(let read):
            return ReadRequest(
                unit: unit, function: read.function, address: read.address, count: read.count
            ).map(LineRequest.read) ?? self
        case .ranged(let ranged):
            return RangedRequest(
                unit: unit, function: ranged.function, address: ranged.address, end: ranged.end,
                bytes: ranged.bytes
            ).map(LineRequest.ranged) ?? self
        case .trigger(let trigger):
            return .trigger(
                TriggerRequest(unit: unit, address: trigger.address, shape: trigger.shape))
        }
    }
}
