import GatewaySettings
import Glibc
import Modbus
import PackMap
import Quantities
import SerialPort

/// What was found at one place.
struct LineFinding: Sendable {
    var place: LinePlace
    /// The rate at which packs answered; nil on the network or when none did.
    var rate: LineRate?
    /// How frames are wrapped where packs answered.
    var framing = LineFraming.rtu
    /// What was heard or went wrong, in words; empty when there is nothing to say.
    var trouble = ""
    /// One for each unit that answered, its best map first.
    var packs: [FoundPack] = []

    /// Whether a unit answers as one of the maps says.
    var isSure: Bool { packs.contains { $0.best.certainty > .answers } }

    /// Takes the packs found at a rate; of a unit that was heard before the better finding stays.
    mutating func take(_ found: [FoundPack], at rate: LineRate) {
        if !isSure { (self.rate, trouble) = (rate, "") }
        for pack in found {
            guard let index = packs.firstIndex(where: { $0.best.unit == pack.best.unit }) else {
                packs.append(pack)
                continue
            }
            if PackProbe.isWorse(packs[index].best, pack.best) { packs[index] = pack }
        }
    }
}

/// One unit that answered.
struct FoundPack: Sendable {
    /// The probe of the best map.
    var best: PackProbe
    /// Other maps that fit as surely.
    var others: [String] = []
}

/// Looks for packs on one place after another; performs the exchanges and reports on the way.
///
/// Nothing is sent to a line on which another master or a text protocol is heard.
final class LineScanner {
    /// Serial servers add the time of two networks and their own buffers.
    private static let serverMilliseconds = 200

    private let request: LineScanRequest
    private let progress: (String) -> Void
    private let stopDescriptor: Int32

    /// `progress` gets one sentence whenever the scan moves on; `stopDescriptor` ends it.
    init(
        _ request: LineScanRequest, stopDescriptor: Int32 = -1, progress: @escaping (String) -> Void
    ) {
        self.request = request
        self.stopDescriptor = stopDescriptor
        self.progress = progress
    }

    /// Scans every place in turn.
    func run() -> [LineFinding] { request.places.map(scan) }

    private func scan(_ place: LinePlace) -> LineFinding {
        switch place {
        case .serial(let device): scan(device, place)
        case .network(let address): scan(address, place)
        }
    }

    // MARK: serial

    private func scan(_ device: String, _ place: LinePlace) -> LineFinding {
        var finding = LineFinding(place: place)
        var rates: [LineRate] = []
        var heardNoise = ""
        for rate in request.rates {
            progress("\(device): listening at \(rate)")
            switch listen(device, rate) {
            case .failure(let error):
                finding.trouble = error.description
                guard error.kind == .unsupported else { return finding }
                continue
            case .success(let heard):
                finding.trouble = Self.words(heard, at: rate)
                if case .noise = heard { heardNoise = finding.trouble }
                if Self.forbidsSending(heard) { return finding }
                rates.append(rate)
            }
        }
        if !rates.isEmpty { finding.trouble = heardNoise }
        for rate in rates {
            let packs = probe(at: rate, place, framing: .rtu) { () throws(LineError) in
                try SerialPort.open(rate.settings(device))
            }
            guard !packs.isEmpty else { continue }
            finding.take(packs, at: rate)
            if !request.isThorough, finding.isSure { return finding }
        }
        if finding.packs.isEmpty { finding.trouble = askInText(device, rates) ?? finding.trouble }
        return finding
    }

    private func listen(_ device: String, _ rate: LineRate) -> Result<ForeignTraffic, LineError> {
        do throws(LineError) {
            let stream = try SerialPort.open(rate.settings(device))
            let line = ModbusLine(stream: stream, framing: .rtu, stopDescriptor: stopDescriptor)
            return .success(try line.listen(nanoseconds: request.listen.nanoseconds))
        } catch { return .failure(error) }
    }

    private static func forbidsSending(_ heard: ForeignTraffic) -> Bool {
        switch heard {
        case .master, .asciiProtocol: true
        case .silence, .noise: false
        }
    }

    private static func words(_ heard: ForeignTraffic, at rate: LineRate) -> String {
        switch heard {
        case .silence: ""
        case .master(let unit):
            "foreign master at \(rate): somebody asks unit \(unit.rawValue); nothing was sent. Use "
                + "the packs' inverter-side port, take the other master off, or read along with "
                + "mode = \"listen\""
        case .asciiProtocol:
            "ASCII protocol at \(rate): somebody speaks in text frames; nothing was sent. Set the "
                + "packs to Modbus, or use another port"
        case .noise(let count):
            "\(count) bytes of noise at \(rate): check wiring and termination"
        }
    }

    /// Asks in the text protocol after nobody answered in Modbus.
    private func askInText(_ device: String, _ rates: [LineRate]) -> String? {
        for rate in rates {
            progress("\(device): asking in ASCII at \(rate)")
            guard let stream = try? SerialPort.open(rate.settings(device)) else { return nil }
            for question in ASCIIProbe.questions {
                guard (try? stream.write({ question[$0] }, count: question.count)) != nil else {
                    return nil
                }
                if let speaker = ASCIIProbe.speaker(Self.answer(stream, milliseconds: 400)) {
                    return "a pack speaks \(speaker) at \(rate); set its protocol to Modbus"
                }
            }
        }
        return nil
    }

    private static func answer(_ stream: ByteStream, milliseconds: Int64) -> [UInt8] {
        var bytes: [UInt8] = []
        let deadline = MachineClock.now() + .milliseconds(milliseconds)
        var polls = [pollfd(reading: stream.descriptor)]
        while MachineClock.now() < deadline, bytes.last != 0x0D {
            Poll.wait(&polls, until: deadline)
            let read = try? stream.read { byte in
                bytes.append(byte)
                return bytes.count < 512
            }
            if read == nil || bytes.count >= 512 { break }
        }
        return bytes
    }

    // MARK: network

    private func scan(_ address: HostAndPort, _ place: LinePlace) -> LineFinding {
        var finding = LineFinding(place: place)
        for framing in [LineFraming.tcp, .rtuOverTCP] {
            let packs = probe(at: nil, place, framing: framing) { () throws(LineError) in
                try TCPStream.connect(host: address.host, port: address.port)
            }
            guard !packs.isEmpty else { continue }
            (finding.framing, finding.packs, finding.trouble) = (framing, packs, "")
            return finding
        }
        finding.trouble = lastTrouble
        return finding
    }

    // MARK: both

    private var lastTrouble = ""

    /// Asks unit after unit; a line that is lost is opened again once for each map.
    private func probe(
        at rate: LineRate?, _ place: LinePlace, framing: LineFraming,
        open: () throws(LineError) -> ByteStream
    ) -> [FoundPack] {
        var candidates = request.candidates(at: rate)[...]
        var probes: [UInt8: [PackProbe]] = [:]
        let total = candidates.count
        var prober: PackProber?
        var isSettled = false
        while let (map, unit) = candidates.popFirst() {
            let number = total - candidates.count
            let at = rate?.description ?? framing.words
            progress("\(place), \(at): \(number) of \(total), \(map.id), unit \(unit)")
            do throws(LineError) {
                if prober == nil { prober = try makeProber(open(), framing) }
            } catch {
                lastTrouble = error.description
                return []
            }
            switch prober?.probe(map, unit: unit, at: rate) {
            case .heard(let probe):
                probes[unit, default: []].append(probe)
                // The packs of a line share a map; the first unit is tried as all of them.
                if !request.isThorough, !isSettled, probe.certainty == .certain {
                    isSettled = true
                    candidates = candidates.filter { $0.map.id == map.id || $0.unit == unit }[...]
                }
            case .lost(let error):
                (lastTrouble, prober) = (error.description, nil)
                if framing == .tcp { return [] }  // it does not speak Modbus TCP
            case .stopped: return []
            case .silent, nil: break
            }
        }
        return probes.sorted { $0.key < $1.key }.compactMap { Self.judge($0.value) }
    }

    private func makeProber(_ stream: ByteStream, _ framing: LineFraming) -> PackProber {
        let line = ModbusLine(stream: stream, framing: framing, stopDescriptor: stopDescriptor)
        return PackProber(
            line: line, extraMilliseconds: framing == .rtu ? 0 : Self.serverMilliseconds)
    }

    /// The best map of a unit and those that fit as surely.
    static func judge(_ probes: [PackProbe]) -> FoundPack? {
        // Of equal probes the first stays: maps are tried in order of their confidence.
        guard let best = probes.reversed().max(by: PackProbe.isWorse) else { return nil }
        guard best.certainty > .answers else { return FoundPack(best: best) }
        let others = probes.filter {
            $0.map.id != best.map.id && $0.certainty == best.certainty
        }
        return FoundPack(best: best, others: others.map(\.map.id))
    }
}
