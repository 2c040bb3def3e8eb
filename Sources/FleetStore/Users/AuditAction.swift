import Telemetry

/// What is told in the audit; the raw value stands there and in the answers of the API.
///
/// The app says each in the language of its reader, by the key `audit.action.ACTION` of its words.
package enum AuditAction: String, CaseIterable, Hashable, Sendable {
    case accountDeleted = "account_deleted"
    case alarmAcknowledged = "alarm_acknowledged"
    case configurationChanged = "configuration_changed"
    case gatewayAssigned = "gateway_assigned"
    case gatewayChanged = "gateway_changed"
    case gatewayClaimed = "gateway_claimed"
    case gatewayGivenAway = "gateway_given_away"
    case gatewayGranted = "gateway_granted"
    case gatewayLabelled = "gateway_labelled"
    case gatewayReleased = "gateway_released"
    case grantWithdrawn = "grant_withdrawn"
    case guestCame = "guest_came"
    case guestEnded = "guest_ended"
    case guestInvited = "guest_invited"
    case guestLeft = "guest_left"
    case guestSentAway = "guest_sent_away"
    case invitationTakenBack = "invitation_taken_back"
    case passwordChosen = "password_chosen"
    case passwordSet = "password_set"
    case preferencesChanged = "preferences_changed"
    case pushAdded = "push_added"
    case pushRemoved = "push_removed"
    case roleGiven = "role_given"
    case rolloutAbort = "rollout_abort"
    case rolloutApprove = "rollout_approve"
    case rolloutMade = "rollout_made"
    case rolloutPause = "rollout_pause"
    case rolloutResume = "rollout_resume"
    case sessionBegun = "session_begun"
    case sessionEnded = "session_ended"
    case tenantAdded = "tenant_added"
    case tokenMade = "token_made"
    case tokenTakenBack = "token_taken_back"
    case userAdded = "user_added"
    case userInvited = "user_invited"
    case userRemoved = "user_removed"
}

/// What the audit says beside an action.
package enum AuditDetail: String, Sentence {
    case version = "audit_version"
    case alarm = "audit_alarm"
    case label = "audit_label"
    case zone = "audit_zone"
    case labelAndZone = "audit_label_zone"

    package var words: String {
        switch self {
        case .version: "version {version}"
        case .alarm: "{alarm} of pack {pack}"
        case .label: "label '{label}'"
        case .zone: "zone '{zone}'"
        case .labelAndZone: "label '{label}', zone '{zone}'"
        }
    }

    private static let book = SentenceBook(entries)

    /// The sentences of a detail; names, roles and ids are none and stay as they are.
    package static func statements(in text: String) -> [Statement] {
        book.statements(in: text).filter { $0.code != nil }
    }
}
