/// The retained document on `<root>/v1/<gateway>/status`: birth, will and farewell.
///
/// The session id is new for each connection, so that a will that comes late is not taken for the
/// end of a later connection.
struct ConnectionDocument {
    /// The schema it follows: `Schemas/connection-v1.schema.json`.
    static let schema = "amphora/connection/v1"

    let gateway: String
    let session: String

    /// A session of its own number.
    init(gateway: String, session number: UInt64) {
        self.gateway = gateway
        let digits = String(number, radix: 16)
        session = String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Published after the broker's welcome.
    var birth: [UInt8] { document(state: "online", reason: "connected") }
    /// Left with the broker for when we vanish.
    var will: [UInt8] { document(state: "offline", reason: "lost") }
    /// Published before leaving in order.
    var farewell: [UInt8] { document(state: "offline", reason: "stopped") }

    private func document(state: String, reason: String) -> [UInt8] {
        let text =
            #"{"schema":""# + Self.schema + #"","gateway":""# + Self.escaped(gateway)
            + #"","session":""# + session + #"","state":""# + state + #"","reason":""# + reason
            + #""}"#
        return Array(text.utf8)
    }

    /// Escapes what JSON does not allow in a string.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
