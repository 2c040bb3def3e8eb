import Modbus
import TestKit
import Testing

@Suite struct TrafficClassifierTests {
    private func verdict(_ bytes: [UInt8]) -> ForeignTraffic {
        var classifier = TrafficClassifier()
        for byte in bytes { classifier.feed(byte) }
        return classifier.verdict
    }

    @Test func `nothing heard is silence`() {
        #expect(verdict([]) == .silence)
    }

    @Test func `a pack that scans the line is a master`() throws {
        let heard = try Transcript.load("jk-pb_bus-master-scan").exchanges[0].answerLines
        for line in heard.dropLast(2) {
            #expect(verdict(line) == .master(UnitID(line[0])))
        }
        #expect(verdict(heard.dropLast(2).flatMap(\.self)) == .master(UnitID(0x0F)))
    }

    @Test func `a pack that only acknowledges is no master`() throws {
        let heard = try Transcript.load("jk-pb_bus-master-scan").exchanges[0].answerLines
        #expect(verdict(heard.suffix(2).flatMap(\.self)) == .noise(16))
    }

    @Test func `read requests and answers on the line are a master`() throws {
        let exchanges = try Transcript.load("seplos-v3_pack-blocks").exchanges
        let heard: [UInt8] = [0xFF] + exchanges.flatMap { $0.request + $0.answer }
        #expect(verdict(heard) == .master(UnitID(0)))
    }

    @Test func `answers alone are no master`() throws {
        let exchanges = try Transcript.load("seplos-v3_pack-blocks").exchanges
        let heard = exchanges.flatMap(\.answer)
        #expect(verdict(heard) == .noise(heard.count))
    }

    @Test func `a pack that speaks text is named`() throws {
        let heard = try Transcript.load("pace-pc200_ascii").exchanges[0].answer
        #expect(verdict(heard) == .asciiProtocol)
        #expect(verdict(Array(heard.prefix(20))) == .asciiProtocol)
    }

    @Test func `stray bytes are noise`() {
        #expect(verdict([0xFF, 0x00, 0xFF]) == .noise(3))
        #expect(verdict([0x7E, 0xFF, 0x00]) == .noise(3))
    }
}
