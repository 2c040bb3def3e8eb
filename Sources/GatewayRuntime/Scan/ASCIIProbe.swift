import Modbus
import PackMap
import SerialPort

/// Asks, in the text protocol that shares the plug with Modbus on many racks, whether somebody would
/// rather speak that.
///
/// One question, "analogue values of pack 1" (CID1 46, CID2 42), which reads and changes nothing. The
/// frame is `~`, hex text with a sum over its characters, and CR.
enum ASCIIProbe {
    /// The questions: version 2.5 (PACE) and 2.0 (Seplos V2, Pylontech).
    static let questions = ["25004642E00201", "20014642E00201"].map(frame)

    /// The whole frame of a text: `~`, text, checksum in four digits, CR.
    static func frame(_ text: String) -> [UInt8] {
        let sum = text.utf8.reduce(UInt16(0)) { $0 &+ UInt16($1) }
        let check = String(~sum &+ 1, radix: 16, uppercase: true)
        let padded = String(repeating: "0", count: 4 - check.count) + check
        return Array("~\(text)\(padded)\r".utf8)
    }

    /// What an answer says about who speaks; nil when it is no answer in this protocol.
    static func speaker(_ bytes: [UInt8]) -> String? {
        guard let start = bytes.firstIndex(of: UInt8(ascii: "~")), bytes.count >= start + 13 else {
            return nil
        }
        let text = bytes[(start + 1)...].prefix { $0 != 0x0D }
        let isHex = text.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x46).contains($0) || (0x61...0x66).contains($0)
        }
        guard isHex, text.count >= 12 else { return nil }
        switch String(decoding: text.prefix(2), as: UTF8.self) {
        case "25": return "PACE ASCII 2.5"
        case "20": return "an ASCII protocol of version 2.0 (Seplos V2, Pylontech)"
        case let version: return "an ASCII protocol of version \(version)"
        }
    }
}
