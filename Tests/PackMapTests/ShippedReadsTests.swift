import PackMap
import TestKit
import Testing

/// What shipped maps put on the wire, so that a change of the planner is seen.
@Suite struct ShippedReadsTests {
    /// Address and count of every request, in the order of the map.
    static let asked: [String: [[Int]]] = [
        "pace-v1.3": [[0, 13], [15, 22], [150, 30], [69, 39]],
        "pace-voltronic-1.1": [[0, 13], [15, 22], [40, 2], [150, 30], [69, 39]],
        "gobel": [[0, 59], [0xAA, 35]], "gobel-4s": [[0, 59], [0xAA, 35]],
        "seplos-v3": [
            [0x1000, 17], [0x1200, 144], [0x1100, 26], [0x1700, 51], [0x1335, 53],
        ],
        "jk-pb": [
            [0x128A, 36], [0x1200, 35], [0x12FA, 2], [0x1020, 40], [0x1004, 2], [0x107C, 2],
            [0x1400, 16], [0x1450, 6],
        ],
        "jk-pb-trigger": [[0x1620, 300], [0x161E, 300], [0x161C, 300]],
        "eg4-ll": [[0, 39], [105, 15], [120, 8], [65, 1]],
        "eg4-ll-12v": [[0, 39], [105, 15], [120, 8], [65, 1]],
        "hngce": [[0, 39], [105, 15], [120, 8], [65, 1]],
        "growatt-1xsxxp": [[0x13, 20], [0x71, 16], [0x102, 8], [9, 4], [1, 1]],
        "daly-d2": [[0, 62], [0x3E, 6], [0x80, 1], [0xA9, 16]],
        "daly-p81": [[0x38, 60], [0, 56], [0x100, 1]],
        "jbd-up16s": [[0x1000, 156]],
        "felicity": [[0x1302, 30], [0x132A, 20], [0xF804, 8]],
    ]

    @Test(arguments: asked.keys.sorted())
    func `a shipped map asks what is known to be answered`(id: String) throws {
        let blocks = try ShippedSet.map(id).plan.blocks
        #expect(blocks.map { [Int($0.address), Int($0.count)] } == Self.asked[id])
    }
}
