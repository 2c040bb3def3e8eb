import HTTPTypes
import Hummingbird
import Telemetry
import Views

/// What is wrong with a request, as a document by RFC 9457.
///
/// `type` and the names of values are stable and meant for programs; `title` and `detail` are for whoever writes
/// them.
struct Problem: Error {
    /// The kinds there are.
    ///
    /// The app says each in the language of its reader, by the key `problem.KIND` of its words.
    enum Kind: String, CaseIterable {
        case tokenMissing = "token_missing"
        case tokenInvalid = "token_invalid"
        case signInFailed = "sign_in_failed"
        case scopeMissing = "scope_missing"
        case crossSite = "cross_site"
        case passwordWrong = "password_wrong"
        case lastAdmin = "last_admin"
        case nameTaken = "name_taken"
        case ownAccount = "own_account"
        case notYours = "not_yours"
        case guestsFull = "guests_full"
        case invitationOver = "invitation_over"
        case notFound = "not_found"
        case codeInvalid = "code_invalid"
        case methodNotAllowed = "method_not_allowed"
        case notAcceptable = "not_acceptable"
        case queryInvalid = "query_invalid"
        case cursorInvalid = "cursor_invalid"
        case bodyInvalid = "body_invalid"
        case bodyTooLarge = "body_too_large"
        case bodyLate = "body_late"
        case mediaTypeUnsupported = "media_type_unsupported"
        case preconditionMissing = "precondition_missing"
        case preconditionFailed = "precondition_failed"
        case deviceMissing = "device_missing"
        case layerShared = "layer_shared"
        case rolloutRefused = "rollout_refused"
        case keyMissing = "key_missing"
        case keyReused = "key_reused"
        case tooManyFailures = "too_many_failures"
        case busy = "busy"
        case storeUnavailable = "store_unavailable"
        case failed = "failed"

        var status: HTTPResponse.Status {
            switch self {
            case .tokenMissing, .tokenInvalid, .signInFailed: .unauthorized
            case .scopeMissing, .crossSite, .layerShared, .notYours, .passwordWrong: .forbidden
            case .notFound, .codeInvalid: .notFound
            case .methodNotAllowed: .methodNotAllowed
            case .notAcceptable: .notAcceptable
            case .queryInvalid, .bodyInvalid, .keyMissing: .badRequest
            case .cursorInvalid, .deviceMissing, .rolloutRefused, .nameTaken, .ownAccount,
                .guestsFull, .invitationOver, .lastAdmin:
                .conflict
            case .preconditionMissing: .preconditionRequired
            case .preconditionFailed: .preconditionFailed
            case .bodyTooLarge: .contentTooLarge
            case .bodyLate: .requestTimeout
            case .mediaTypeUnsupported: .unsupportedMediaType
            case .keyReused: .unprocessableContent
            case .tooManyFailures: .tooManyRequests
            case .busy, .storeUnavailable: .serviceUnavailable
            case .failed: .internalServerError
            }
        }

        var title: String {
            switch self {
            case .tokenMissing: "No access token"
            case .tokenInvalid: "No such access token, or not any more"
            case .signInFailed: "The name or the password is wrong"
            case .scopeMissing: "The access token or the role does not allow this"
            case .crossSite: "The request does not come from the app"
            case .notFound: "There is no such thing"
            case .passwordWrong: "The password is another"
            case .lastAdmin: "Nobody else looks after the users"
            case .nameTaken: "Somebody has this name"
            case .ownAccount: "This is your own account"
            case .notYours: "This is for those who have the gateway"
            case .guestsFull: "There are as many guests as there may be"
            case .invitationOver: "The invitation is over"
            case .codeInvalid: "There is no such code, or not any more"
            case .methodNotAllowed: "This method is not for this address"
            case .notAcceptable: "None of the media types asked for"
            case .queryInvalid: "The query is wrong"
            case .cursorInvalid: "The cursor is of no use here, or not any more"
            case .bodyInvalid: "The document is wrong"
            case .bodyTooLarge: "The content is too large"
            case .bodyLate: "The content took too long"
            case .mediaTypeUnsupported: "Content of another type is expected"
            case .preconditionMissing: "A precondition is expected"
            case .preconditionFailed: "It was changed meanwhile"
            case .deviceMissing: "The gateway is not among the devices"
            case .layerShared: "The layer reaches gateways of others"
            case .rolloutRefused: "The rollout does not allow this"
            case .keyMissing: "An idempotency key is expected"
            case .keyReused: "The idempotency key was used for something else"
            case .tooManyFailures: "Too many attempts to sign in failed"
            case .busy: "The fleet has too much to do"
            case .storeUnavailable: "The store is not available"
            case .failed: "The fleet failed to answer"
            }
        }
    }

    typealias Fault = RequestFault

    var kind: Kind
    var detail: String
    /// The values in the detail that somebody may want to say in other words.
    var values: KeyValuePairs<String, String> = [:]
    var faults: [Fault] = []
    /// Fields of the answer beside its type.
    var headers: HTTPFields = [:]

    init(
        _ kind: Kind, _ detail: String, values: KeyValuePairs<String, String> = [:],
        faults: [Fault] = [], headers: HTTPFields = [:]
    ) {
        self.kind = kind
        self.detail = detail
        self.values = values
        self.faults = faults
        self.headers = headers
    }

    /// What is the same for an unknown and for a foreign id.
    static let absent = Problem(.notFound, "there is nothing at this address that you may see")

    var response: Response {
        let bytes = ProblemDocument.bytes(
            kind: kind.rawValue, title: kind.title, status: kind.status.code, detail: detail,
            values: values.map { .init($0.key, $0.value) }, faults: faults)
        var fields = headers
        fields[.contentType] = "application/problem+json"
        fields[.cacheControl] = "no-store"
        return Response(
            status: kind.status, headers: fields,
            body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
