/// Why a gateway did not keep a set, in its report.
package enum UpdateReason: String, Sentence {
    // the house was worse with it
    case inverterLost = "inverter_lost"
    case framesStopped = "frames_stopped"
    case alarmRaised = "alarm_raised"
    case packsLost = "packs_lost"
    case noLife = "no_life"
    case answersFaulty = "answers_faulty"
    case notRunning = "not_running"
    case crashed = "crashed"
    // it never came so far
    case ended = "assignment_ended"
    case replaced = "assignment_replaced"
    case disproved = "set_disproved"
    case notAgreed = "owner_not_agreed"
    case unreadable = "set_unreadable"
    case unsaid = "reason_unsaid"

    package var words: String {
        switch self {
        case .inverterLost: "the inverter does not answer any more"
        case .framesStopped: "no frames are sent to the inverter any more"
        case .alarmRaised: "alarm '{alarm}' was not there before"
        case .packsLost: "{count} packs answer, {before} did before"
        case .noLife: "the inverter gave no sign of life with the new set"
        case .answersFaulty:
            "{faulty} of {count} answers of the packs cannot be used, {faulty_before} of "
                + "{before} before"
        case .notRunning: "the gateway does not run on the set"
        case .crashed: "the gateway has ended {count} times while the set was in '{phase}'"
        case .ended: "the assignment has ended"
        case .replaced: "release {release} is assigned instead"
        case .disproved: "the proof failed"
        case .notAgreed: "the owner has not agreed for {hours} h"
        case .unreadable: "set.json cannot be read"
        case .unsaid: "no reason given"
        }
    }
}
