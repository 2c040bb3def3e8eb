import Modbus

/// Cuts a readable region into the requests that read what is used of it in the least time.
struct ReadPlanner {
    /// Bytes of a region that must be read with one request.
    struct Extent: Hashable {
        var region: Int
        var start: Int
        var end: Int
    }

    /// Bytes that one request reads.
    typealias Piece = Range<Int>

    /// What one more request costs, in bytes of answer that could be read instead.
    let requestCost: Int64
    /// The time of one byte, in the same unit.
    let byteCost: Int64
    /// The most bytes of one answer, and how fine a request can be cut.
    let most: Int
    let grain: Int

    /// A planner for a map's line: a request costs its 8 bytes, 5 bytes around the data, two
    /// silences of 3.5 characters, the gap and the time the unit thinks.
    init(_ line: MapLine, readsBits: Bool) {
        let bits = 9 + (line.parity == .none ? 0 : 1) + line.stopBits
        let timing = LineTiming(
            baud: line.baud, bitsPerCharacter: bits, gapMilliseconds: line.gapMilliseconds,
            turnRoundMilliseconds: line.turnRoundMilliseconds)
        byteCost = timing.character
        requestCost = 13 * timing.character + 7 * timing.character + timing.gap + timing.turnRound
        most = readsBits ? 250 : line.mostRegisters * 2
        grain = readsBits ? 1 : 2
    }

    /// The requests for the used parts of one region, or the part that does not fit into one.
    func pieces(_ extents: [Extent]) -> Result<[Piece], TooLong> {
        let atoms = atoms(extents)
        if let long = atoms.first(where: { $0.count > most }) {
            return .failure(TooLong(piece: long))
        }
        // The cheapest way to read all atoms up to each one.
        var costs: [Int64] = [0]
        var starts: [Int] = [0]
        for last in atoms.indices {
            var best = (cost: Int64.max, start: last)
            for first in stride(from: last, through: 0, by: -1) {
                let length = atoms[last].upperBound - atoms[first].lowerBound
                if length > most { break }
                let cost = costs[first] + requestCost + Int64(length) * byteCost
                if cost <= best.cost { best = (cost, first) }
            }
            costs.append(best.cost)
            starts.append(best.start)
        }
        var pieces: [Piece] = []
        var end = atoms.count
        while end > 0 {
            let start = starts[end]
            pieces.append(atoms[start].lowerBound..<atoms[end - 1].upperBound)
            end = start
        }
        return .success(pieces.reversed())
    }

    /// A part that must be read at once and is longer than a read can be.
    struct TooLong: Error {
        let piece: Piece
    }

    /// The extents in whole registers, those that overlap joined.
    private func atoms(_ extents: [Extent]) -> [Piece] {
        let cut = extents.map { extent in
            extent.start / grain * grain..<(extent.end + grain - 1) / grain * grain
        }
        var atoms: [Piece] = []
        for piece in cut.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = atoms.last, piece.lowerBound < last.upperBound {
                atoms[atoms.count - 1] =
                    last.lowerBound..<max(last.upperBound, piece.upperBound)
            } else {
                atoms.append(piece)
            }
        }
        return atoms
    }
}
