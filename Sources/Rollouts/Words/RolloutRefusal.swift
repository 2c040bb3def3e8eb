import Telemetry

/// Why a rollout is not made, or something is not decided about it.
package enum RolloutRefusal: String, Sentence {
    case ownRollout = "own_rollout"
    case stateAllows = "state_allows"
    case stateOver = "state_over"
    case nameTaken = "rollout_taken"
    case nameWrong = "rollout_name"
    case absent = "rollout_absent"
    case restless = "rollout_restless"
    case gatewaysBusy = "gateways_busy"
    case gatewayAbsent = "gateway_absent"
    case noGateways = "no_gateways"
    case noneTaken = "none_taken"
    case noneLeft = "none_left"
    case zoneUnknown = "zone_unknown"
    case gatewayZone = "gateway_zone"
    case sameSet = "same_set"
    case waveWrong = "wave_wrong"
    case waveOrder = "wave_order"
    // those who are left out
    case leftCurrent = "left_current"
    case leftMisfits = "left_misfits"
    case leftBusy = "left_busy"

    package var words: String {
        switch self {
        case .ownRollout:
            "rollout '{rollout}' was made by '{author}', who cannot approve it: somebody else has to"
        case .stateAllows: "rollout '{rollout}' is {state}, which allows {allowed}"
        case .stateOver: "rollout '{rollout}' is {state}, which allows nothing more"
        case .nameTaken: "there is a rollout '{rollout}' already"
        case .nameWrong: "the name is '{found}', expected up to 64 of a…z 0…9 . _ -"
        case .absent: "there is no rollout '{rollout}'"
        case .restless: "rollout '{rollout}' changes all the time; try again"
        case .gatewaysBusy:
            "{count} gateways are in other rollouts by now, such as '{gateway}' in '{rollout}'"
        case .gatewayAbsent: "there is no gateway '{gateway}'"
        case .noGateways:
            "there are no gateways yet; add some with 'amphora-fleet devices add'"
        case .noneTaken: "the target takes none of {count} gateways"
        case .noneLeft: "of {count} gateways that the target takes none is left: {reason}"
        case .zoneUnknown: "'{found}' is no time zone, expected {expected}"
        case .gatewayZone: "gateway '{gateway}' has the time zone '{found}', which is none"
        case .sameSet: "the set to go back to is the one that is rolled out"
        case .waveWrong:
            "a wave is '{found}', expected a count such as '10', a part such as '5%', or 'all'"
        case .waveOrder:
            "a wave of '{found}' follows one of '{before}', expected each to reach more gateways "
                + "than the one before"
        case .leftCurrent: "{count} run the set already"
        case .leftMisfits: "{count} are of another model"
        case .leftBusy: "{count} are in another rollout"
        }
    }
}

/// What rollouts say, to be found again in what is kept of them.
package enum RolloutWords {
    private static let reasons = SentenceBook(
        RolloutReason.entries + FailureCount.entries + UpdateReason.entries)
    private static let refusals = SentenceBook(RolloutRefusal.entries)

    /// The sentences of a reason.
    package static func reason(_ text: String) -> [Statement] { reasons.statements(in: text) }

    /// The sentences of a refusal.
    package static func refusal(_ text: String) -> [Statement] { refusals.statements(in: text) }
}
