import Telemetry

/// What is wrong with a part of a request: such as people meet in the app, for the app to say again.
///
/// `JSONSection` and the readers of the API write the English; a sentence that changes there is left without its code,
/// which a test shows.
package enum RequestSentence: String, Sentence {
    case absent = "member_missing"
    case empty = "member_empty"
    case outOfRange = "member_range"
    case wrongKind = "member_kind"
    case unknown = "member_unknown"
    case tooLong = "member_long"
    case noteWrong = "note_wrong"
    case windowWrong = "window_wrong"
    case shareWrong = "share_wrong"
    case setAbsent = "set_absent"
    case versionAbsent = "version_absent"
    case targetEmpty = "target_empty"

    package var words: String {
        switch self {
        case .absent: "'{name}' is missing, expected {expected}"
        case .empty: "'{name}' is empty or no text"
        case .outOfRange: "'{name}' is {found}, allowed {allowed}"
        case .wrongKind: "'{name}' is {found}, expected {expected}"
        case .unknown: "'{name}' is not known here, allowed {allowed}"
        case .tooLong: "'{name}' has {found} characters, allowed {allowed}"
        case .noteWrong:
            "'{name}' has more than 500 characters, or one that is none of a text"
        case .windowWrong: "'{name}' is no span such as '01:00-05:00'"
        case .shareWrong: "'{name}' is no count and no part such as '5%'"
        case .setAbsent: "no such set is published"
        case .versionAbsent: "no such version is published"
        case .targetEmpty: "there are no gateways to give it to"
        }
    }

    private static let book = SentenceBook(entries)

    /// The sentences of a fault; the line in front of it is no word of it.
    static func statements(in text: String) -> [Statement] {
        guard text.hasPrefix("line "), let colon = text.firstIndex(of: ":") else {
            return book.statements(in: text)
        }
        return book.statements(in: String(text[colon...].dropFirst(2)))
    }
}
