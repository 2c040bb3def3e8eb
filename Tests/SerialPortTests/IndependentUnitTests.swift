import Modbus
import SerialPort
import TestKit
import Testing

/// Our master against units that others wrote: pymodbus and libmodbus.
@Suite(.serialized) struct IndependentUnitTests {
    /// How a unit is reached.
    enum Way: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case rtu
        case tcp
        case rtuOverTCP = "rtu-over-tcp"

        var framing: LineFraming {
            switch self {
            case .rtu: .rtu
            case .tcp: .tcp
            case .rtuOverTCP: .rtuOverTCP
            }
        }

        var testDescription: String { rawValue }
    }

    private static func fixture(_ name: String) -> String {
        let folder = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        return folder.joined(separator: "/") + "/Fixtures/" + name
    }

    @Test(arguments: Way.allCases)
    func `registers and bits of pymodbus are read`(way: Way) throws {
        let python = try Peers.python(importing: "pymodbus", "serial")
        try readEverything(way, units: [1, 16]) { place in
            try ChildProcess(python, [Self.fixture("pymodbus_units.py"), way.rawValue, place])
        }
    }

    @Test(arguments: [Way.rtu, .tcp])
    func `registers and bits of libmodbus are read`(way: Way) throws {
        let folder = try TemporaryDirectory("libmodbus")
        let program = try Peers.compile(
            Self.fixture("libmodbus_unit.c"), libraries: ["modbus", "pthread"], into: folder)
        try readEverything(way, units: [3]) { place in
            try ChildProcess(program, [way.rawValue, place])
        }
    }

    @Test func `pymodbus decodes our requests as we meant them`() throws {
        let python = try Peers.python(importing: "pymodbus")
        let decoder = try ChildProcess(python, [Self.fixture("pymodbus_decode.py")])
        var generator = SeededGenerator(announcedAs: "requests for pymodbus")
        var expected = ""
        for number in 0..<100 {
            let request = Self.randomRequest(using: &generator)
            let isTCP = number % 2 == 1
            let frame =
                isTCP
                ? TCPFrame.encode(request, transaction: UInt16(number)) : RTUFrame.encode(request)
            let hex = (0..<frame.count).map {
                String(UInt16(frame[$0]) + 0x100, radix: 16).suffix(2)
            }
            decoder.send(line: "\(isTCP ? "tcp" : "rtu") \(hex.joined())")
            expected += "\(request.unit.rawValue) \(request.function.rawValue) "
            expected += "\(request.address) \(request.count)\n"
        }
        let answered = Patience.wait(20_000) {
            decoder.output.utf8.count >= expected.utf8.count || !decoder.isRunning ? true : nil
        }
        #expect(answered == true)
        #expect(decoder.output == expected, "\(decoder.errors)")
    }

    private static func randomRequest(using generator: inout SeededGenerator) -> ReadRequest {
        while true {
            let function =
                FunctionCode.allCases.randomElement(using: &generator) ?? .readCoils
            let request = ReadRequest(
                unit: UnitID(.random(in: 1...247, using: &generator)), function: function,
                address: .random(in: 0...0xFFFF, using: &generator),
                count: .random(in: 1...(function.readsBits ? 2000 : 125), using: &generator))
            if let request { return request }
        }
    }

    /// Starts the units, and reads everything of each that the standard lets one read.
    private func readEverything(
        _ way: Way, units: [UInt8], start: (String) throws -> ChildProcess
    ) throws {
        let wire = try NullModem()
        let port = try Peers.freePort()
        let process = try start(way == .rtu ? wire.far : "\(port)")
        _ = try process.waitForLine(containing: "ready", within: 30_000)
        let stop = StopSignal()
        let stream =
            way == .rtu
            ? try SerialPort.open(SerialSettings(path: wire.near, baud: 19_200))
            : try TCPStream.connect(host: "localhost", port: port)
        let line = ModbusLine(
            stream: stream, framing: way.framing, stopDescriptor: stop.descriptor)
        for unit in units { try read(line, unit: unit) }
        #expect(line.strayBytes == 0)
        #expect(process.terminate() == .signalled(15))
    }

    private func read(_ line: ModbusLine, unit: UInt8) throws {
        func ask(_ function: FunctionCode, _ address: UInt16, _ count: UInt16) throws
            -> ExchangeOutcome
        {
            let request = try #require(
                ReadRequest(
                    unit: UnitID(unit), function: function, address: address, count: count))
            let timing = LineTiming(baud: 19_200, turnRoundMilliseconds: 1_000)
            return line.exchange(request, replyUnit: request.unit, timing: timing)
        }
        let holding = try ask(.readHoldingRegisters, 0, 125)
        #expect(holding.registers == Array(1000..<1125))
        let inputs = try ask(.readInputRegisters, 190, 10)
        #expect(inputs.registers == Array(2190..<2200))
        for function in [FunctionCode.readCoils, .readDiscreteInputs] {
            guard case .reply(let data) = try ask(function, 0, 20) else {
                Issue.record("no bits from unit \(unit)")
                continue
            }
            // Bits 0, 3, 6 … of twenty, the first in the lowest place.
            #expect([data[0], data[1], data[2]] == [0b0100_1001, 0b1001_0010, 0b0000_0100])
        }
        #expect(try ask(.readHoldingRegisters, 195, 10).kind == "exception 2")
    }
}
