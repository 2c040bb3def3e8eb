import Bank
import GatewaySettings
import Glibc
import Logging
import Modbus
import PackMap
import Quantities
import SerialPort
import Threads

/// Polls the packs of one line on a thread of its own, or reads along while another master polls
/// them, and puts what they say on the board.
///
/// A line that is lost (adapter unplugged, serial server gone) is opened again with growing pauses;
/// the packs on it fall silent meanwhile, and nothing else is touched.
final class LineService: ThreadedService {
    let name: String
    let stop: StopSignal
    private let setup: LineSetup
    private let board: PackBoard
    private let status: Latest<LineStatus>
    private let log: Logger

    init(
        setup: LineSetup, board: PackBoard, status: Latest<LineStatus>, log: Logger
    ) throws(ThreadError) {
        self.setup = setup
        self.board = board
        self.status = status
        self.log = log
        name = String("line \(setup.name)".prefix(15))
        stop = try StopSignal()
    }

    func run() {
        var pause = TimeSpan.seconds(1)
        while !stop.isRaised {
            do {
                let stream = try setup.open()
                pause = .seconds(1)
                log.info("line opened", metadata: ["line": "\(setup.name)"])
                try use(stream)
            } catch {
                log.error(
                    "line not usable",
                    metadata: ["line": "\(setup.name)", "reason": "\(error.description)"])
                status.update {
                    $0.state = .lost
                    $0.trouble = error.description
                }
                waitBeforeReopening(pause)
                pause = min(
                    TimeSpan(nanoseconds: pause.nanoseconds * 2), TimeSpan.seconds(30))
            }
        }
        status.update { $0.state = .stopped }
    }

    /// Works on an open line until it is lost or the gateway stops.
    private func use(_ stream: ByteStream) throws(LineError) {
        if setup.isFollowing {
            var session = ListenSession(
                setup: setup, stream: stream, stop: stop, board: board, status: status, log: log)
            try session.run()
        } else {
            var session = LineSession(
                setup: setup, stream: stream, stop: stop, board: board, status: status, log: log)
            try session.run()
        }
    }

    private func waitBeforeReopening(_ pause: TimeSpan) {
        let deadline = MachineClock.now() + pause
        var polls = [pollfd(reading: stop.descriptor)]
        while !stop.isRaised, MachineClock.now() < deadline { Poll.wait(&polls, until: deadline) }
    }
}

/// Everything fixed about a line: where it is, how it is framed, who is on it.
struct LineSetup: Sendable {
    /// How to reach the line.
    enum Endpoint: Sendable {
        case serial(SerialSettings)
        case tcp(HostAndPort)
    }

    let name: String
    let endpoint: Endpoint
    let framing: LineFraming
    let map: PackMap
    /// The map's plan with its addresses where they are on this line.
    let plan: ReadPlan
    let units: [UnitID]
    /// The position of the first unit in the pack table.
    let firstPosition: Int
    let timing: LineTiming
    let cycle: TimeSpan
    let listen: TimeSpan
    /// Whether another master polls here and nothing is ever sent.
    let isFollowing: Bool

    /// Opens the device or connection.
    func open() throws(LineError) -> ByteStream {
        switch endpoint {
        case .serial(let settings): try SerialPort.open(settings)
        case .tcp(let address): try TCPStream.connect(host: address.host, port: address.port)
        }
    }

    /// The device or address in words.
    var endpointName: String {
        switch endpoint {
        case .serial(let settings): "\(settings.path) @ \(settings.baud)"
        case .tcp(let address): "\(address.host):\(address.port)"
        }
    }
}
