import CANBus
import CANTransport
import Foundation
import TestKit
import Testing

@Suite struct CandumpLogTests {
    private let frame = CANBusContract.frames[0]

    private func text(_ path: String) throws -> String {
        try String(contentsOfFile: path, encoding: .utf8)
    }

    @Test func `lines are those of candump with the direction behind them`() throws {
        let folder = try TemporaryDirectory("canlog")
        let log = CandumpLog()
        log.append(frame, .sent, microseconds: 1_700_000_000_000_001)
        log.append(frame, .received, microseconds: 1_700_000_000_500_000)
        let file = CandumpFile(path: folder.file("can.log"), interface: "can0")
        #expect(try log.drain(to: file) == 2)
        #expect(
            try text(folder.file("can.log")) == """
                (1700000000.000001) can0 351#1402D007D007C001 T
                (1700000000.500000) can0 351#1402D007D007C001 R

                """)
        #expect(try log.drain(to: file) == 0)
    }

    @Test func `python-can reads the log`() throws {
        let folder = try TemporaryDirectory("canlog")
        let log = CandumpLog()
        for frame in CANBusContract.frames {
            log.append(frame, .sent, microseconds: 1_700_000_000_000_001)
        }
        try log.drain(
            to: CandumpFile(path: folder.file("can.log"), interface: "/dev/serial/by-id/usb a"))
        let script = """
            import sys, can
            for m in can.LogReader(sys.argv[1]):
                print(f"{m.arbitration_id:0{8 if m.is_extended_id else 3}X}#{m.data.hex().upper()}",
                      m.channel, m.is_rx)
            """
        let python = try Peers.python(importing: "can")
        let reader = try ChildProcess(python, ["-c", script, folder.file("can.log")])
        #expect(try reader.waitForExit() == .exited(0), "\(reader.errors)")
        let expected = CANBusContract.frames.map { "\($0.compactHex) usb_a False" }
        #expect(reader.output.split(separator: "\n").map(String.init) == expected)
    }

    @Test func `a full ring drops and counts the newest`() throws {
        let folder = try TemporaryDirectory("canlog")
        let log = CandumpLog(capacity: 10)
        for number in 0..<25 { log.append(frame, .sent, microseconds: Int64(number)) }
        #expect(log.dropped == 15)
        let file = CandumpFile(path: folder.file("can.log"), interface: "can0")
        #expect(try log.drain(to: file) == 10)
        log.append(frame, .sent, microseconds: 99)
        #expect(try log.drain(to: file) == 1)
        #expect(
            try text(folder.file("can.log")).hasSuffix("(0.000099) can0 \(frame.compactHex) T\n"))
    }

    @Test func `files rotate by size and the oldest go`() throws {
        let folder = try TemporaryDirectory("canlog")
        let path = folder.file("can.log")
        let log = CandumpLog()
        let file = CandumpFile(path: path, interface: "can0", maximumBytes: 4096, kept: 2)
        for round in 0..<40 {
            for _ in 0..<20 { log.append(frame, .sent, microseconds: Int64(round)) }
            try log.drain(to: file)
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(names == ["can.log", "can.log.1", "can.log.2"])
        for name in names { #expect(try text(folder.file(name)).utf8.count <= 4096) }
        #expect(try text(path).contains("(0.000039)"))
        #expect(try text(path + ".1").hasSuffix("T\n"))
    }

    @Test func `a log that another run left is continued`() throws {
        let folder = try TemporaryDirectory("canlog")
        let path = folder.file("can.log")
        for round in 0..<2 {
            let log = CandumpLog()
            log.append(frame, .sent, microseconds: Int64(round))
            try log.drain(to: CandumpFile(path: path, interface: "can0"))
        }
        #expect(try text(path).split(separator: "\n").count == 2)
    }

    @Test func `a folder that is missing is named`() throws {
        let log = CandumpLog()
        log.append(frame, .sent, microseconds: 0)
        let error = #expect(throws: BusError.self) {
            try log.drain(to: CandumpFile(path: "/nowhere/can.log", interface: "can0"))
        }
        #expect(
            error?.description
                == "cannot open CAN log '/nowhere/can.log': No such file or directory")
    }
}
