import FleetStore
import Logging
import Threads

/// Makes alarms of what comes in, and finds gateways that are silent, on a thread of its own.
///
/// Trouble with the store is logged when it begins and when it ends; the next look tries again.
final class AlarmService: Sendable {
    private static let secondsBetweenLooks: Int64 = 15
    private let thread: RepeatingThread

    /// Begins; throws when the address of the store is none.
    ///
    /// A gateway counts as silent when nothing it measured within so many minutes has come.
    init(store place: String, silentMinutes: Int64, log: Logger) throws {
        _ = try FleetStores.openAlarms(place)
        let watch = SilenceWatch(limit: silentMinutes * 60_000)
        thread = try RepeatingThread("alarms", everyMilliseconds: 1000) {
            var turn = Turn(place: place, watch: watch, log: log)
            return { turn.look() }
        }
    }

    /// Ends the thread, after the look it is at.
    func stop() { thread.stop() }

    /// What the thread has from look to look.
    private struct Turn {
        let place: String, watch: SilenceWatch, log: Logger
        var store: (any AlarmStore)?
        var devices: (any DeviceStore)?
        var looked: Int64 = 0
        var trouble = ""

        mutating func look() {
            var words = ""
            do throws(FleetStoreError) {
                let store = try opened()
                _ = try store.keepAlarms(limit: 500)
                try findSilent(store)
            } catch {
                words = "\(error)"
                (store, devices) = (nil, nil)
            }
            guard words != trouble else { return }
            if words.isEmpty {
                log.info("alarms go on")
            } else {
                log.error("alarms stand still", metadata: ["reason": "\(words)"])
            }
            trouble = words
        }

        private mutating func opened() throws(FleetStoreError) -> any AlarmStore {
            if let store { return store }
            let opened = try FleetStores.openAlarms(place)
            try opened.migrate()
            devices = try FleetStores.openDevices(place)
            store = opened
            return opened
        }

        private mutating func findSilent(_ store: any AlarmStore) throws(FleetStoreError) {
            let now = Moment.now()
            // a clock that was set back must not keep it from looking
            guard !(looked...looked + AlarmService.secondsBetweenLooks * 1000).contains(now)
            else { return }
            var open = AlarmFilter()
            (open.code, open.isOpenOnly, open.limit) = (AlarmWord.silentGateway, true, 1_000_000)
            let silent = Set(try store.alarms(open).map(\.subject.gateway))
            let known = Set(try devices?.devices().map(\.id) ?? [])
            let words = watch.words(
                newest: try store.newestMeasurements(), silent: silent, devices: known, now: now)
            for word in words {
                _ = try store.add(word)
                log.log(
                    level: word.kind == .raised ? .warning : .info,
                    word.kind == .raised ? "gateway is silent" : "gateway is heard again",
                    metadata: [
                        "gateway": "\(word.subject.gateway)", "reason": "\(word.text)",
                    ])
            }
            looked = now
        }
    }
}
