import Bank
import CANBus
import CANProfile
import Testing

@testable import Simulation

@Suite struct InverterModelTests {
    private static let second: Int64 = 1_000_000_000
    private let profile: CANProfile

    init() throws { profile = try BankFixture.profile() }

    private func model() -> InverterModel {
        var rules = InverterRules()
        rules.want = .constant(100)
        return InverterModel(profile: profile, rules: rules, at: 0)
    }

    private func frame(_ text: String) throws -> CANFrame {
        try Candump.parse("can0 \(text)").frame
    }

    /// 56.0 V, 30 A, 100 A, 44.8 V.
    private func limits() throws -> CANFrame { try frame("351#30022C01E803C001") }

    @Test func `it waits, works, trips without limits and recovers`() throws {
        var model = model()
        #expect(model.state == .waiting)
        model.advance(to: 60 * Self.second)
        #expect(model.state == .waiting && model.trips == 0)
        model.handle(try limits(), at: 60 * Self.second)
        #expect(model.state == .running)
        model.advance(to: 65 * Self.second)
        #expect(model.state == .running)
        model.advance(to: 65 * Self.second + 1)
        #expect(model.state == .tripped && model.trips == 1)
        model.handle(try limits(), at: 70 * Self.second)
        #expect(model.state == .recovering)
        model.handle(try limits(), at: 72 * Self.second)
        #expect(model.state == .recovering)
        model.handle(try limits(), at: 73 * Self.second)
        #expect(model.state == .running)
        #expect(model.reasons == ["tripped 1 times because limits were missing"])
    }

    @Test func `it charges no more than it is allowed`() throws {
        var model = model()
        #expect(model.current(at: 0) == 0)
        model.handle(try limits(), at: 0)
        model.handle(try frame("356#50140000FA00"), at: 0)
        model.handle(try frame("35C#C000"), at: 0)
        #expect(model.current(at: 0) == 30)
        model.handle(try frame("35C#4000"), at: 0)
        #expect(model.current(at: 0) == 0)
    }

    @Test func `it tapers towards the charge voltage`() throws {
        var model = model()
        model.handle(try limits(), at: 0)
        model.handle(try frame("35C#C000"), at: 0)
        model.handle(try frame("356#D1150000FA00"), at: 0)  // 55.85 V
        #expect(abs(model.current(at: 0) - 15) < 0.01)
    }

    @Test(arguments: [
        ("351#010001000100C001", "impossible, 1 times: 351 charge_voltage_limit 0.100"),
        ("351#30022C01FFFFC001", "impossible, 1 times: 351 discharge_current_limit -0.100"),
        ("355#6E006400", "impossible, 1 times: 355 state_of_charge 110.00"),
        ("355#5000", "malformed, 1 times: 355 has 2 bytes, expected 4"),
        (
            "00000351#30022C01E803C001",
            "malformed, 1 times: 00000351 came with 29 bits of identifier"
        ),
    ])
    func `what cannot be meant speaks against the sender`(text: String, reason: String) throws {
        var model = model()
        model.handle(try limits(), at: 0)
        #expect(model.reasons == [])
        model.handle(try frame(text), at: 1)
        #expect(model.reasons == [reason])
    }

    @Test func `periods are counted by identifier and late frames noticed`() throws {
        var model = model()
        for second in [0, 1, 2, 4] as [Int64] {
            model.handle(try limits(), at: second * Self.second)
        }
        let identifier = try limits().identifier
        let statistics = model.statistics[identifier]
        #expect(statistics?.count == 4 && statistics?.late == 1)
        #expect(statistics?.summary?.minimum == 1000)
        #expect(statistics?.summary?.maximum == 2000)
    }

    @Test func `an unknown frame is counted and nothing more`() throws {
        var model = model()
        model.handle(try frame("7FF#00"), at: 0)
        #expect(model.unknown == 1 && model.accepted == 0)
        #expect(model.reasons == ["no frame was accepted"])
    }
}

@Suite struct LawicelChannelTests {
    private func talk(_ text: String, _ channel: inout LawicelChannel) -> (String, [CANFrame]) {
        var answer = ""
        var frames: [CANFrame] = []
        for byte in text.utf8 {
            for action in channel.receive(byte) {
                switch action {
                case .reply(let bytes): answer += String(decoding: bytes, as: UTF8.self)
                case .frame(let frame): frames.append(frame)
                }
            }
        }
        return (answer, frames)
    }

    @Test func `a channel opens, carries frames and closes`() throws {
        var channel = LawicelChannel()
        #expect(talk("C\rS6\rO\r", &channel).0 == "\r\r\r")
        #expect(channel.isOpen && channel.bitRate == 500_000)
        let (answer, frames) = talk("t35120102\rT0000035110A\r", &channel)
        #expect(answer == "z\rZ\r")
        #expect(frames.map(\.compactHex) == ["351#0102", "00000351#0A"])
        let frame = try Candump.parse("can0 305#0000000000000000").frame
        #expect(channel.deliver(frame) == Array("t30580000000000000000\r".utf8))
        _ = talk("C\r", &channel)
        #expect(channel.deliver(frame) == nil)
    }

    @Test(arguments: [
        "t3512010\r", "t35190102\r", "tXYZ0\r", "t8000\r", "S6\r", "O\r", "?\r", "t351\r",
    ])
    func `nonsense is answered with BELL`(text: String) {
        var channel = LawicelChannel()
        _ = talk("S6\rO\r", &channel)
        #expect(talk(text, &channel).0 == "\u{07}")
        #expect(channel.refusals == 1)
    }

    @Test func `frames before opening and during bus-off are refused`() {
        var channel = LawicelChannel()
        #expect(talk("t35100\r", &channel).0 == "\u{07}")
        _ = talk("S6\rO\r", &channel)
        channel.isBusOff = true
        #expect(talk("t3510\rF\r", &channel).0 == "\u{07}FA0\r")
    }
}
