import Bank
import Modbus
import Quantities
import TestKit
import Testing

@testable import PackMap

/// Values out of requests that another master cuts as it likes.
@Suite struct FollowedTests {
    /// Voltage, current, charge; eight cells; two words of flags; all required, in every cycle.
    private func map(_ more: String = "") throws -> PackMap {
        try SmallMap.load(
            SmallMap.text(
                blocks: """
                    { "name": "live", "function": 3, "address": 100, "count": 8, "required": true },
                    { "name": "cells", "function": 3, "address": 200, "count": 8, "required": true }
                    """,
                more: """
                    "cells": { "at": 200, "count": 8, "scale": 0.001 },
                    "flags": [
                      { "name": "first", "at": 104, "bits": { "0": "warning.cell_overvoltage" } },
                      { "name": "second", "at": 105, "bits": { "0": "protection.cell_undervoltage" } }
                    ]
                    """ + more))
    }

    private func read(
        _ address: UInt16, _ count: UInt16, unit: UInt8 = 1,
        _ function: FunctionCode = .readHoldingRegisters
    ) throws -> LineRequest {
        .read(
            try #require(
                ReadRequest(
                    unit: UnitID(unit), function: function, address: address, count: count)))
    }

    private func words(_ words: [UInt16]) -> FrameBytes {
        var bytes = FrameBytes()
        for word in words { bytes.append(bigEndian: word) }
        return bytes
    }

    private struct Follower {
        var reads: FollowedReads
        var rows: FollowedRows
        var reading = PackReading()
        var identity = PackIdentity()

        init(_ plan: ReadPlan) {
            reads = FollowedReads(plan: plan)
            rows = FollowedRows(plan: plan)
        }

        mutating func take(
            _ request: LineRequest, _ data: FrameBytes, _ second: Int64
        ) -> BlockVerdict {
            let number = reads.cut(for: request)
            let cut = reads.cuts[number]
            return rows.take(
                data, of: cut, at: Instant(nanoseconds: second * 1_000_000_000), into: &reading,
                identity: &identity)
        }
    }

    private func at(_ second: Int64) -> Instant { Instant(nanoseconds: second * 1_000_000_000) }

    @Test func `registers are taken whatever block they come in`() throws {
        var follower = Follower(try map().plan)
        // From 98 to 103: two unknown registers, then voltage, current, charge, and one unknown.
        #expect(
            follower.take(try read(98, 6), words([9, 9, 5320, 0xFF9C, 80, 9]), 1) == .accepted)
        #expect(follower.reading.voltage == .millivolts(53_200))
        #expect(follower.reading.current == .milliamperes(-1000))
        #expect(follower.reading.flagsStamp == .never)
        #expect(!follower.rows.isComplete)
    }

    @Test func `rule 1: complete is what was read whole, in however many pieces`() throws {
        var follower = Follower(try map().plan)
        _ = follower.take(try read(100, 3), words([5320, 10, 80]), 1)
        _ = follower.take(try read(200, 4), words([3300, 3300, 3300, 3300]), 2)
        #expect(follower.rows.missingBlocks == [0, 1])
        #expect(follower.rows.answeredAt == .never)
        _ = follower.take(try read(104, 2), words([0, 0]), 3)
        #expect(follower.rows.missingBlocks == [1])
        #expect(follower.rows.answeredAt == at(1))
        _ = follower.take(try read(204, 4), words([3300, 3300, 3300, 3300]), 4)
        #expect(follower.rows.isComplete)
        follower.rows.forget()
        #expect(follower.rows.missingBlocks == [0, 1])
    }

    @Test func `rule 3: a stamp that many values share is that of the oldest`() throws {
        var follower = Follower(try map().plan)
        _ = follower.take(try read(200, 8), words([UInt16](repeating: 3300, count: 8)), 1)
        #expect(follower.reading.cellsStamp == at(1))
        _ = follower.take(try read(204, 4), words([3400, 3400, 3400, 3400]), 9)
        #expect(follower.reading.cell(7) == .millivolts(3400))
        #expect(follower.reading.cellsStamp == at(1))
        _ = follower.take(try read(200, 4), words([3400, 3400, 3400, 3400]), 10)
        #expect(follower.reading.cellsStamp == at(9))
        _ = follower.take(try read(104, 1), words([1]), 11)
        _ = follower.take(try read(105, 1), words([1]), 14)
        #expect(follower.reading.flagsStamp == at(11))
    }

    @Test func `words of flags in pieces keep one another`() throws {
        var follower = Follower(try map().plan)
        _ = follower.take(try read(105, 1), words([1]), 1)
        #expect(follower.reading.protections.contains(.cellUndervoltage))
        _ = follower.take(try read(104, 1), words([1]), 2)
        #expect(follower.reading.protections.contains(.cellUndervoltage))
        #expect(follower.reading.warnings.contains(.cellOvervoltage))
        _ = follower.take(try read(105, 1), words([0]), 3)
        #expect(follower.reading.protections.isEmpty)
        #expect(follower.reading.warnings.contains(.cellOvervoltage))
    }

    @Test func `a piece with an impossible value is dropped whole`() throws {
        var follower = Follower(try map().plan)
        #expect(follower.take(try read(100, 2), words([0, 0]), 1) == .allZero)
        #expect(follower.rows.stamp(ofBlock: 0) == .never)
        #expect(follower.take(try read(100, 1), words([60_000]), 1) != .accepted)
        #expect(follower.reading.voltage == nil)
    }

    @Test func `requests that the map does not know bring nothing`() throws {
        var follower = Follower(try map().plan)
        for request in [
            try read(300, 8), try read(100, 8, .readInputRegisters), try read(96, 4),
        ] {
            let number = follower.reads.cut(for: request)
            #expect(follower.reads.cuts[number].isEmpty)
        }
    }

    @Test func `cells whose count was not asked are not taken`() throws {
        let counted = try SmallMap.load(
            SmallMap.text(
                more: """
                    "cells": { "at": 104, "count": 4, "scale": 0.001, "counted_by": { "at": 103 } }
                    """))
        var follower = Follower(counted.plan)
        _ = follower.take(try read(104, 4), words([3300, 3300, 3300, 3300]), 1)
        #expect(follower.reading.cellCount == 0)
        _ = follower.take(try read(103, 5), words([2, 3300, 3300, 9, 9]), 2)
        #expect(follower.reading.cellCount == 2)
    }

    // MARK: replies nobody asked for

    @Test func `a reply nobody asked for is certain once its shape was proved`() throws {
        var reads = FollowedReads(plan: try map().plan)
        func unasked(_ bytes: Int) -> LineRequest? {
            reads.request(answeredUnasked: UnitID(0), .readHoldingRegisters, bytes: bytes)
        }
        let other = try read(100, 7)
        for answers in 0..<3 {
            #expect(unasked(14) == nil, "after \(answers)")
            reads.countAnswer(to: reads.cut(for: other))
        }
        #expect(unasked(14) == (try read(100, 7, unit: 0)))
        #expect(unasked(12) == nil)
        _ = reads.cut(for: try read(4000, 7))
        #expect(unasked(14) == nil, "two requests bring replies of this shape")
    }

    @Test func `a shape that the map has elsewhere is never certain`() throws {
        var reads = FollowedReads(plan: try map().plan)
        for _ in 0..<9 { reads.countAnswer(to: reads.cut(for: try read(100, 8))) }
        #expect(
            reads.request(answeredUnasked: UnitID(0), .readHoldingRegisters, bytes: 16) == nil)
    }

    @Test func `many distinct requests cost no more room, and end what was certain`() throws {
        var reads = FollowedReads(plan: try map().plan)
        for _ in 0..<9 { reads.countAnswer(to: reads.cut(for: try read(100, 7))) }
        for address in UInt16(0)..<500 {
            _ = reads.cut(for: try read(1000 + address, 9))
            _ = reads.cut(for: try read(100, 7))
        }
        #expect(reads.cuts.count == FollowedReads.mostCuts)
        #expect(reads.cuts.contains { $0.request.address == 100 })
        #expect(
            reads.request(answeredUnasked: UnitID(0), .readHoldingRegisters, bytes: 14) == nil)
    }
}
