import Foundation
import PackMap
import TestKit
import Testing

@Suite struct PackMapLoaderTests {
    private let good: String

    init() throws {
        good = try String(
            contentsOfFile: Repository.profileSet + "/packs/pace-v1.3.json", encoding: .utf8)
    }

    private func faults(_ text: String) -> [String] {
        do {
            _ = try PackMap.load(Array(text.utf8), name: "m")
            return []
        } catch {
            return error.faults
        }
    }

    @Test func `a register that no block reads is named with its address`() {
        let text = good.replacing("\"voltage\": { \"at\": 1,", with: "\"voltage\": { \"at\": 14,")
        #expect(
            faults(text) == ["line 19: 'signals.voltage.at' needs register 0xE, no block reads it"])
    }

    @Test func `an unknown member is named with what is allowed`() {
        let text = good.replacing("\"gap_ms\": 100", with: "\"gap\": 100")
        #expect(faults(text).first?.contains("'line.gap' is not known here, allowed baud,") == true)
    }

    @Test func `an unknown alarm says how one is written`() {
        let text = good.replacing("protection.short_circuit", with: "protection.shortcut")
        #expect(
            faults(text).first?.contains("is 'protection.shortcut', expected warning, protection")
                == true
        )
    }

    @Test func `all faults come at once`() {
        let text = good.replacing("\"count\": 13", with: "\"count\": 5000").replacing(
            "\"at\": 0, \"type\": \"i16\"", with: "\"at\": 0, \"type\": \"int\"")
        #expect(faults(text).count >= 2)
    }

    /// The plan counts in small integers; a document must not overrun them.
    @Test func `more blocks, flag words, bits or codes than a plan counts are refused`() {
        let block = #"{ "name": "b", "function": 3, "address": 0, "count": 1 },"#
        let blocks = (0..<300).map { block.replacing("\"b\"", with: "\"b\($0)\"") }.joined()
        let first = #"{ "name": "live", "function": 3, "#
        #expect(
            faults(good.replacing(first, with: blocks + first)).contains {
                $0.hasSuffix("'blocks' has 304 blocks, allowed 1…32")
            })
        let words = String(repeating: #"{ "name": "w", "at": 9 },"#, count: 70_000)
        let balancing = #"{ "name": "balancing", "at": 12"#
        #expect(
            faults(good.replacing(balancing, with: words + balancing)).contains {
                $0.hasSuffix("'flags' has 70004 words, allowed 1…24")
            })
        let bits = (2..<300).map {
            #""\#(String(repeating: "0", count: $0))": "warning.memory","#
        }.joined()
        let zeroth = #""0": "warning.cell_overvoltage","#
        #expect(
            faults(good.replacing(zeroth, with: bits + zeroth)).contains {
                $0.hasSuffix("'flags[0].bits.00' is no bit, allowed \"0\"…\"15\"")
            })
        let codes = (0..<70_000).map { "\($0)" }.joined(separator: ",")
        let cells = #""cells": { "at": 15,"#
        #expect(
            faults(good.replacing(cells, with: cells + #""not_available": ["# + codes + "],"))
                == ["line 32: 'cells.not_available' has 70000 codes, allowed 1…8"])
    }

    @Test func `random damage is refused or read, never worse`() {
        var generator = SeededGenerator(seed: 3)
        let bytes = Array(good.utf8)
        for _ in 0..<400 {
            var damaged = bytes
            for _ in 0...Int(generator.next() % 4) {
                damaged[Int(generator.next() % UInt64(bytes.count))] = UInt8(
                    truncatingIfNeeded: generator.next())
            }
            _ = try? PackMap.load(damaged, name: "m")
        }
    }

    @Test func `a digit changed anywhere never traps`() {
        var generator = SeededGenerator(seed: 4)
        let bytes = Array(good.utf8)
        let digits = bytes.indices.filter { (0x30...0x39).contains(bytes[$0]) }
        for _ in 0..<400 {
            var damaged = bytes
            for _ in 0..<3 {
                damaged[digits[Int(generator.next() % UInt64(digits.count))]] =
                    0x30 + UInt8(generator.next() % 10)
            }
            _ = try? PackMap.load(damaged, name: "m")
        }
    }
}
