import Bank
import Logging
import Modbus
import PackMap
import TestKit
import Testing

@testable import GatewayRuntime

/// The polling thread on a pseudo-terminal, with a pack of registers behind it.
@Suite struct PollingLineTests {
    /// Answers ordinary reads of unit 1 while there is an image.
    private func answer(_ bytes: inout [UInt8], _ image: RegisterImage?, _ pty: Pty) {
        while bytes.count >= ReadRequest.requestLength {
            guard let request = RTUFrame.decodeRequest(FrameBytes(bytes.prefix(8))) else {
                bytes.removeFirst()
                continue
            }
            bytes.removeFirst(ReadRequest.requestLength)
            guard let image else { continue }
            var frame = RTUFrame.encodeException(
                unit: request.unit, function: request.function.rawValue,
                exception: .illegalDataAddress)
            if case .success(let data) = image.reply(to: request) {
                frame = RTUFrame.encodeReply(
                    unit: request.unit, function: request.function, data: data)
            }
            try? pty.write((0..<frame.count).map { frame[$0] })
        }
    }

    /// Seplos packs tell their serial number in one of two blocks that are read once.
    @Test func `an exchanged pack stays noticed when other blocks are read after its number`()
        throws
    {
        let pty = try Pty()
        let line = try LineFixture(
            map: "seplos-v3", units: [1], device: pty.path, line: "cycle_ms = 50\nlisten_ms = 0")
        let worker = try line.start()
        defer { worker.stopAndJoin() }
        var bytes: [UInt8] = []
        func serve(_ serial: String?, until condition: @escaping () -> Bool) -> Bool? {
            let image = serial.map { line.image(unit: 1, serial: $0) }
            return Patience.wait(30_000) { () -> Bool? in
                bytes += (try? pty.read(within: 5)) ?? []
                answer(&bytes, image, pty)
                return condition() ? true : nil
            }
        }
        func replies() -> UInt64 { line.status.get().units[0].statistics.replies }
        let first = SerialNumber(text: "FIRST")
        #expect(serve("FIRST") { line.slot(0).serialNumber == first } == true)
        #expect(serve(nil) { line.status.get().units[0].state == .backedOff } == true)
        let second = SerialNumber(text: "SECOND")
        #expect(serve("SECOND") { line.slot(0).serialNumber == second } == true)
        let before = replies()
        #expect(serve("SECOND") { replies() > before + 20 } == true)
        #expect(line.slot(0).findings.contains(.packReplaced))
    }
}
