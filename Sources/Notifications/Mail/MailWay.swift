import FleetStore
import HTTPSClient

/// Sends messages as mail.
package struct MailWay: Sendable {
    private let configuration: SMTPConfiguration
    private let sender: String
    /// Where the app is, `https://…` without a path; empty where nobody said.
    private let app: String

    /// Hands mail in at a server, as from an address.
    package init(_ configuration: SMTPConfiguration, from sender: String, app: String) {
        self.configuration = configuration
        self.sender = sender
        self.app = app
    }

    /// Sends a text to an address; blocks.
    package func send(
        _ text: DeliveryText, to recipient: String, id: String, language: String, now: Int64
    ) -> SendVerdict {
        guard MailAddress.isAddress(recipient) else {
            return .never("'\(recipient)' is no address of mail")
        }
        let words = DeliveryWords.words(language)
        var lines = text.body + [""]
        if !app.isEmpty { lines += ["\(words.more): \(app)\(text.path)", ""] }
        lines += ["-- ", words.why]
        let letter = MailLetter(
            from: sender, to: recipient, subject: text.title, lines: lines, id: id,
            language: language, now: now)
        do throws(SMTPFailure) {
            try SMTPSession(configuration).send(letter.bytes, from: sender, to: recipient)
            return .sent
        } catch {
            return error.isFinal ? .never(error.description) : .later(error.description, after: nil)
        }
    }
}
