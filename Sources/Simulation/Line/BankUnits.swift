import Bank
import Modbus
import PackMap
import TestKit

/// The packs as units of a line: their model or fixed registers, their faults, what was asked.
///
/// Lives on the thread of its ``Reactor``.
final class BankUnits {
    /// What happened to one pack.
    struct Counters: Sendable {
        var requests: UInt64 = 0
        var answers: UInt64 = 0
        var writes: UInt64 = 0
    }

    /// Where registers come from.
    enum Source {
        /// The model, seen through a pack map.
        case model(ReadPlan)
        /// Registers of a file, by unit id.
        case file([UInt8: RegisterImage])
    }

    private(set) var model: BankModel
    private(set) var faults = FaultTable()
    private(set) var counters: [Counters]
    /// Requests to units that are not here.
    private(set) var strangerRequests: UInt64 = 0
    private let firstUnit: Int
    private let replyOffset: Int16
    private let source: Source
    private var images: [RegisterImage?]
    private var maker: AnswerMaker

    init(model: BankModel, source: Source, firstUnit: Int, seed: UInt64) {
        self.model = model
        self.source = source
        self.firstUnit = firstUnit
        if case .model(let plan) = source {
            replyOffset = plan.replyOffset
        } else {
            replyOffset = 0
        }
        images = Array(repeating: nil, count: model.packs.count)
        counters = Array(repeating: Counters(), count: model.packs.count)
        maker = AnswerMaker(seed: seed &+ 1)
    }

    /// How many packs there are.
    var count: Int { model.packs.count }

    /// The unit id of a pack number from 1.
    func unit(of pack: Int) -> UInt8 { UInt8(truncatingIfNeeded: firstUnit + pack - 1) }

    /// Lets the model run on; registers follow when they are next asked for.
    func advance(seconds: Double, at now: Int64) {
        applyFaults(at: now)
        model.advance(seconds: seconds)
        images = Array(repeating: nil, count: count)
    }

    /// Raises a fault from `now` on.
    func raise(_ fault: Fault, packs: [Int], milliseconds: Int64?, at now: Int64) {
        let until = milliseconds.map { now + $0 * 1_000_000 } ?? .max
        faults.raise(fault, packs: packs, until: until)
        refresh(at: now)
    }

    /// Ends faults.
    func clear(packs: [Int], at now: Int64) {
        faults.clear(packs: packs)
        refresh(at: now)
    }

    /// Exchanges two serial numbers.
    func swap(_ first: Int, _ second: Int) {
        let serial = model.packs[first - 1].serial
        model.packs[first - 1].serial = model.packs[second - 1].serial
        model.packs[second - 1].serial = serial
        images = Array(repeating: nil, count: count)
    }

    /// Changes the wanted current.
    func setLoad(_ load: LoadProfile) { model.load = load }

    /// Follows an inverter's current; nil goes back to the load.
    func follow(_ amperes: Double?) { model.followedCurrent = amperes }

    /// Changes the temperature around packs.
    func setAmbient(_ celsius: Double, packs: [Int]) {
        for pack in packs { model.packs[pack - 1].ambient = celsius }
    }

    /// The parts of an answer; empty is silence.
    func answer(_ request: MasterRequest, framing: Framing, at now: Int64) -> [AnswerPiece] {
        let pack = Int(request.unit.rawValue) - firstUnit + 1
        guard pack >= 1, pack <= count else {
            strangerRequests += 1
            return []
        }
        counters[pack - 1].requests += 1
        let image = image(of: pack)
        if request.isWrite, !knows(request, image) { counters[pack - 1].writes += 1 }
        let unit = UnitID(
            UInt8(truncatingIfNeeded: Int(request.unit.rawValue) + Int(replyOffset)))
        let pieces = maker.answer(
            request, from: unit, image: image, faults: faults.active(pack, at: now),
            framing: framing)
        if !pieces.isEmpty { counters[pack - 1].answers += 1 }
        return pieces
    }

    /// Whether a trigger makes this unit send its frame, so that nothing is written.
    private func knows(_ request: MasterRequest, _ image: RegisterImage) -> Bool {
        guard case .trigger(_, let address) = request else { return false }
        return image.payload(TriggerRequest.function, address) != nil
    }

    private func image(of pack: Int) -> RegisterImage {
        if let image = images[pack - 1] { return image }
        let image: RegisterImage
        switch source {
        case .model(let plan):
            let pack = model.packs[pack - 1]
            image = plan.encode(pack.reading, identity: pack.identity)
        case .file(let files): image = files[unit(of: pack)] ?? RegisterImage()
        }
        images[pack - 1] = image
        return image
    }

    /// A new fault shows in the very next answer: current and flags are worked out anew.
    private func refresh(at now: Int64) {
        applyFaults(at: now)
        model.advance(seconds: 0.001)
        images = Array(repeating: nil, count: count)
    }

    private func applyFaults(at now: Int64) {
        for pack in 1...count {
            let active = faults.active(pack, at: now)
            var forced = AlarmSet()
            for case .protection(let kind) in active { forced.insert(kind) }
            model.packs[pack - 1].guardian.forced = forced
            model.packs[pack - 1].isConnected = !active.contains(.absent)
        }
    }
}
