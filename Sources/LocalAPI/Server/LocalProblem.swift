import NIOHTTP1
import Telemetry
import Views

/// What is wrong with a request; the kinds that the fleet has too are called the same.
struct LocalProblem: Error {
    /// The kinds there are.
    ///
    /// The app says each in the language of its reader, by the key `problem.KIND` of its words.
    enum Kind: String, CaseIterable {
        case tokenMissing = "token_missing"
        case firstUseNeeded = "first_use_needed"
        case firstUseOver = "first_use_over"
        case notThisNetwork = "not_this_network"
        case passwordDamaged = "password_damaged"
        case passwordNotKept = "password_not_kept"
        case signInFailed = "sign_in_failed"
        case tooManyFailures = "too_many_failures"
        case crossSite = "cross_site"
        case hostUnknown = "host_unknown"
        case notFound = "not_found"
        case methodNotAllowed = "method_not_allowed"
        case notAcceptable = "not_acceptable"
        case queryInvalid = "query_invalid"
        case cursorInvalid = "cursor_invalid"
        case bodyInvalid = "body_invalid"
        case bodyTooLarge = "body_too_large"
        case mediaTypeUnsupported = "media_type_unsupported"
        case busy

        var status: HTTPResponseStatus {
            switch self {
            case .tokenMissing, .firstUseNeeded, .signInFailed: .unauthorized
            case .notThisNetwork, .crossSite: .forbidden
            case .firstUseOver, .cursorInvalid: .conflict
            case .passwordDamaged, .passwordNotKept, .busy: .serviceUnavailable
            case .tooManyFailures: .tooManyRequests
            case .hostUnknown: .misdirectedRequest
            case .notFound: .notFound
            case .methodNotAllowed: .methodNotAllowed
            case .notAcceptable: .notAcceptable
            case .queryInvalid, .bodyInvalid: .badRequest
            case .bodyTooLarge: .payloadTooLarge
            case .mediaTypeUnsupported: .unsupportedMediaType
            }
        }

        var title: String {
            switch self {
            case .tokenMissing: "Nobody is signed in"
            case .firstUseNeeded: "Nobody has set a password yet"
            case .firstUseOver: "A password is set already"
            case .notThisNetwork: "Only from the gateway's own network"
            case .passwordDamaged: "The file with the password is damaged"
            case .passwordNotKept: "The password could not be kept"
            case .signInFailed: "The password is wrong"
            case .tooManyFailures: "Too many attempts to sign in failed"
            case .crossSite: "A request from another site"
            case .hostUnknown: "Not a name of this gateway"
            case .notFound: "There is no such thing"
            case .methodNotAllowed: "This method is not for this address"
            case .notAcceptable: "None of the media types asked for"
            case .queryInvalid: "The query is wrong"
            case .cursorInvalid: "The cursor is of no use here, or not any more"
            case .bodyInvalid: "The document is wrong"
            case .bodyTooLarge: "The content is too large"
            case .mediaTypeUnsupported: "Content of another type is expected"
            case .busy: "The gateway has too much to do"
            }
        }
    }

    var kind: Kind
    var detail: String
    /// The values in the detail that somebody may want to say in other words.
    var values: KeyValuePairs<String, String> = [:]
    var faults: [RequestFault] = []
    /// Fields of the answer beside its type.
    var fields: [(String, String)] = []

    init(
        _ kind: Kind, _ detail: String, values: KeyValuePairs<String, String> = [:],
        faults: [RequestFault] = [],
        fields: [(String, String)] = []
    ) {
        self.kind = kind
        self.detail = detail
        self.values = values
        self.faults = faults
        self.fields = fields
    }

    /// Nothing is at an address.
    static let absent = LocalProblem(.notFound, "there is nothing at this address")

    var answer: LocalAnswer {
        LocalAnswer(
            status: kind.status, type: "application/problem+json",
            bytes: ProblemDocument.bytes(
                kind: kind.rawValue, title: kind.title, status: Int(kind.status.code),
                detail: detail, values: values.map { .init($0.key, $0.value) }, faults: faults),
            fields: fields)
    }
}
