import HTTPSClient
import TUF

/// Asks a server for metadata and targets, each once and never for more bytes than allowed.
struct RepositoryReader {
    /// A server's words about what it does not have may be longer than the file that was asked for, in
    /// bytes.
    private static var longestRefusal: Int { 16 << 10 }

    private let exchange: any HTTPSExchange
    private let address: String

    /// Asks below an address, with or without a slash at its end.
    init(_ exchange: any HTTPSExchange, address: String) {
        self.exchange = exchange
        self.address = address.hasSuffix("/") ? String(address.dropLast()) : address
    }

    /// The bytes of a file.
    func read(_ location: String, _ name: TUFName, limit: Int) throws(TUFFault) -> [UInt8] {
        let response = try send(location, name, limit)
        guard response.status == 200 else { throw .unavailable(name, status: response.status) }
        return response.body
    }

    /// The bytes of a file; nil where the server says that it has none, or none to give: stores in the
    /// cloud answer 403 for what is not there.
    func readIfThere(_ location: String, _ name: TUFName, limit: Int) throws(TUFFault) -> [UInt8]? {
        let response = try send(location, name, limit)
        switch response.status {
        case 200: return response.body
        case 403, 404: return nil
        default: throw .unavailable(name, status: response.status)
        }
    }

    private func send(
        _ location: String, _ name: TUFName, _ limit: Int
    ) throws(TUFFault) -> HTTPSResponse {
        var request = HTTPSRequest(url: "\(address)/\(Self.escaped(location))")
        request.maximumBytes = max(limit, Self.longestRefusal)
        do throws(HTTPSFailure) {
            let response = try exchange.send(request)
            if response.status != 200 || response.body.count <= limit { return response }
        } catch {
            switch error.detail {
            case .tooLarge: throw .tooLarge(name, limit: limit)
            case .tooSlow, .silent: throw .tooSlow(name)
            default: throw .unreachable(name, error.description)
            }
        }
        throw .tooLarge(name, limit: limit)
    }

    /// The path as an address can have it: what a path of an address may not contain is written `%XX`,
    /// and what is written so already stays.
    static func escaped(_ path: String) -> String {
        let bytes = Array(path.utf8)
        var escaped = ""
        for (index, byte) in bytes.enumerated() {
            let isEscape =
                byte == UInt8(ascii: "%") && index + 2 < bytes.count
                && bytes[(index + 1)...(index + 2)].allSatisfy(Self.isHexDigit)
            if isEscape || Self.isPlain(byte) {
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                escaped += "%" + Hexadecimal.text([byte]).uppercased()
            }
        }
        return escaped
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        Hexadecimal.bytes(String(decoding: [byte, byte], as: UTF8.self)) != nil
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: "-._~!$&'()*+,;=:@/".utf8.contains(byte)
        }
    }
}
