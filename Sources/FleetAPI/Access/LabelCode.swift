/// The code on the label of a gateway: four groups of four characters, 80 random bits.
package enum LabelCode {
    private static let length = 16

    /// Makes a new one, such as `7k2m-0xq9-abcd-efgh`.
    package static func make() -> String {
        grouped(String(EnrolmentToken.make().prefix(length)))
    }

    /// What the store keeps of it.
    package static func hash(_ code: String) -> String { Digest.hex(Array(plain(code).utf8)) }

    /// The code without what people add or mistake: spaces, hyphens, capitals and look-alikes.
    static func plain(_ code: String) -> String {
        String(
            code.lowercased().compactMap { character -> Character? in
                switch character {
                case " ", "-": nil
                case "o": "0"
                case "i", "l": "1"
                default: character
                }
            })
    }

    /// What a QR code on the label says; the code stands where no server and no log sees it.
    package static func address(_ host: String, _ code: String) -> String {
        "\(host)/claim#code=\(plain(code))"
    }

    private static func grouped(_ code: String) -> String {
        var groups: [Substring] = []
        var rest = code[...]
        while !rest.isEmpty {
            groups.append(rest.prefix(4))
            rest = rest.dropFirst(4)
        }
        return groups.joined(separator: "-")
    }
}
