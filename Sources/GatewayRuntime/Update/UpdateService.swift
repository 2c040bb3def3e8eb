import Glibc
import Logging
import Quantities
import Telemetry
import UpdateAgent
import Threads

/// How an update is, for whoever looks.
struct UpdateState: Hashable, Sendable {
    /// The phase.
    var phase = UpdatePhase.idle
    /// What is under way, in words; empty when nothing is.
    var assignment = ""
    /// What is awaited or fails, in words.
    var trouble = ""
    /// Why no word on sets can be believed any more; empty while that is no alarm.
    var alarm = ""
    /// The set that runs: `base 1.4.0, release 7`.
    var running = ""

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.name("set")
            writer.string(running)
            writer.name("phase")
            writer.string(phase.rawValue)
            writer.name("assigned")
            writer.string(assignment)
            writer.name("trouble")
            writer.string(trouble)
            writer.name("alarms")
            writer.array { writer in
                guard !alarm.isEmpty else { return }
                writer.object { writer in
                    writer.name("code")
                    writer.string(OwnEvent.updateStale.rawValue)
                    writer.name("level")
                    writer.string(EventDocument.Level.warning.rawValue)
                    writer.name("text")
                    writer.string(alarm)
                }
            }
        }
    }
}

extension UpdateState {
    /// What a start knows: an alarm of an earlier program holds until the source is heard.
    init(_ control: UpdateControl) {
        let watch = SourceWatch(
            most: control.terms.staleSeconds, seconds: control.start.record.staleSeconds)
        alarm = Self.line(watch.alarm)
    }

    /// One line, whatever a source has said.
    static func line(_ text: String?) -> String {
        (text ?? "").replacing("\n", with: " ")
    }
}

/// Brings assigned sets in, on a thread that may wait for the source and the disk.
///
/// Nothing of the bridge waits for it (rule 6): it looks at copies of what others show, proves sets in
/// another process, and asks the main thread to go over.
final class UpdateService: ThreadedService {
    let name = "update"
    let stop: StopSignal
    private let setup: UpdateSetup
    private let log: Logger

    init(_ setup: UpdateSetup, log: Logger) throws(ThreadError) {
        self.setup = setup
        self.log = log
        stop = try StopSignal()
    }

    func run() {
        let control = setup.control
        for trouble in control.start.troubles {
            log.warning("profile sets", metadata: ["reason": "\(trouble)"])
        }
        var updater = Updater(
            start: control.start, source: control.source,
            house: GatewayHouse(setup, stop: stop), terms: control.terms)
        while !stop.isRaised {
            updater.step()
            show(updater)
            var polls = [pollfd(reading: stop.descriptor)]
            Poll.wait(&polls, until: Instant(nanoseconds: updater.next))
        }
    }

    /// Each phase and each trouble is logged once.
    private func show(_ updater: Updater) {
        let state = UpdateState(
            phase: updater.record.phase,
            assignment: updater.record.assignment?.words ?? "", trouble: updater.trouble,
            alarm: UpdateState.line(updater.watch.alarm))
        let old = setup.state.get()
        guard state != old else { return }
        setup.state.set(state)
        if state.alarm.isEmpty != old.alarm.isEmpty { setup.recorderWake.raise() }
        if state.phase != old.phase {
            log.info(
                "update of the profile set",
                metadata: ["phase": "\(state.phase.rawValue)", "set": "\(state.assignment)"])
        }
        if state.trouble != old.trouble, !state.trouble.isEmpty {
            log.warning("update of the profile set", metadata: ["reason": "\(state.trouble)"])
        }
    }
}
