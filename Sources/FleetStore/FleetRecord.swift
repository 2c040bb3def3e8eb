/// What names a record for ever: no two records share it (outbox rule 2).
package struct RecordKey: Hashable, Sendable {
    /// The gateway's id, 1 to 64 characters of `a…z 0…9 -`.
    package var gateway: String
    /// The random number of the gateway's outbox file, 1 to 2⁵³ − 1.
    package var epoch: Int64
    /// The number in that file, from 1.
    package var sequence: Int64

    /// Joins the parts.
    package init(gateway: String, epoch: Int64, sequence: Int64) {
        self.gateway = gateway
        self.epoch = epoch
        self.sequence = sequence
    }
}

/// The clocks of a gateway when it made a record (outbox rule 7).
package struct RecordClock: Hashable, Sendable {
    /// Unix time in milliseconds as the gateway believed.
    package var wallMilliseconds: Int64
    /// Whether a time service had set that clock.
    package var isTrusted: Bool
    /// The kernel's id of the boot, 32 lower-case hexadecimal digits in the form 8-4-4-4-12.
    package var boot: String
    /// Milliseconds since an arbitrary point of that boot.
    package var monotonicMilliseconds: Int64

    /// Joins the parts.
    package init(
        wallMilliseconds: Int64, isTrusted: Bool, boot: String, monotonicMilliseconds: Int64
    ) {
        self.wallMilliseconds = wallMilliseconds
        self.isTrusted = isTrusted
        self.boot = boot
        self.monotonicMilliseconds = monotonicMilliseconds
    }
}

/// A record as the fleet keeps it.
package struct FleetRecord: Hashable, Sendable {
    /// What it is about.
    package enum Body: Hashable, Sendable {
        /// A measurement of the bank and of its packs, in the order of their numbers.
        case telemetry(BankSample, [PackSample])
        /// An alarm or a report.
        case event(EventSample)
    }

    /// Its name.
    package var key: RecordKey
    /// When it was made.
    package var clock: RecordClock
    /// Unix time in milliseconds when the fleet received it.
    package var receivedMilliseconds: Int64
    /// What it says.
    package var body: Body
    /// How the gateway's outbox was when the record was made; nil when the record does not say.
    package var outbox: OutboxReport?

    /// Joins the parts.
    package init(
        key: RecordKey, clock: RecordClock, receivedMilliseconds: Int64, body: Body,
        outbox: OutboxReport? = nil
    ) {
        self.key = key
        self.clock = clock
        self.receivedMilliseconds = receivedMilliseconds
        self.body = body
        self.outbox = outbox
    }
}

/// The bank as a whole at one moment.
///
/// Unknown is nil. Positive current charges.
package struct BankSample: Hashable, Sendable {
    /// `starting`, `running` or `stopped`.
    package var mode = ""
    /// Packs that belong to the bank, and those that answer.
    package var packsConfigured: Int32 = 0, packsOnline: Int32 = 0
    /// Mean voltage, mV.
    package var millivolts: Int32?
    /// Sum of the currents, mA.
    package var milliamperes: Int32?
    /// Power, W.
    package var watts: Int32?
    /// State of charge and of health, 0.01 %.
    package var stateOfCharge: Int32?, stateOfHealth: Int32?
    /// Charge left and when full, mAh.
    package var remaining: Int64?, full: Int64?
    /// Mean, highest and lowest cell temperature, 0.1 °C.
    package var temperatureMean: Int32?, temperatureMaximum: Int32?, temperatureMinimum: Int32?
    /// Highest and lowest cell voltage, mV.
    package var cellMaximum: Int32?, cellMinimum: Int32?
    /// What the inverter is told: voltages mV, currents mA, and the rule that set each current.
    package var chargeVoltage: Int32?, dischargeVoltage: Int32?
    package var chargeCurrent: Int32?, dischargeCurrent: Int32?
    package var chargeRule = "", dischargeRule = ""
    /// The pack that the rule looked at, from 1, and its cell; nil when it was the bank as a whole.
    package var chargePack: Int32?, chargeCell: Int32?
    package var dischargePack: Int32?, dischargeCell: Int32?
    /// Codes of the alarms that are up, each group joined by commas.
    package var warnings = "", protections = "", faults = ""
    /// The CAN profile, `unseen`, `present` or `silent`, and the state of the bus.
    package var profile = "", keepAlive = "", bus = ""
    /// Frames that the bus took and gave since the gateway's program began.
    package var framesSent: Int64?, framesReceived: Int64?

    /// A sample of which nothing is known.
    package init() {}
}

/// One pack at one moment.
///
/// Unknown is nil. Positive current charges.
package struct PackSample: Hashable, Sendable {
    /// The pack's number in its bank, from 1.
    package var pack: Int32
    /// Its serial number; nil while it was not read.
    package var serial: String?
    /// `waiting`, `online`, `silent` or `implausible`.
    package var status = ""
    /// How old the values are, ms; nil when they were never read.
    package var ageMilliseconds: Int64?
    /// Voltage, mV.
    package var millivolts: Int32?
    /// Current, mA.
    package var milliamperes: Int32?
    /// State of charge and of health, 0.01 %.
    package var stateOfCharge: Int32?, stateOfHealth: Int32?
    /// Charge left and when full, mAh.
    package var remaining: Int32?, full: Int32?
    /// Charge cycles.
    package var cycles: Int32?
    /// Cell voltages in order, mV; a cell that was not read is nil.
    package var cells: [Int16?] = []
    /// Cell temperatures in order, 0.1 °C.
    package var probes: [Int16?] = []
    /// Temperatures of the switches and of the surroundings, 0.1 °C.
    package var mosfetTemperature: Int32?, ambientTemperature: Int32?
    /// Bit n is set while cell n + 1 is balanced.
    package var balancing: Int64 = 0
    /// Whether the switches are on; nil when the pack does not tell.
    package var chargeSwitch: Bool?, dischargeSwitch: Bool?
    /// Codes of the alarms that are up, each group joined by commas.
    package var warnings = "", protections = "", faults = ""

    /// A sample of which only the pack's number is known.
    package init(pack: Int32) { self.pack = pack }
}

/// An alarm raised or cleared, or something a gateway noticed.
package struct EventSample: Hashable, Sendable {
    /// `raised`, `cleared` or `noticed`.
    package var change: String
    /// `information`, `warning`, `protection` or `fault`.
    package var level: String
    /// The stable name of what happened.
    package var code: String
    /// The pack's number from 1; 0 is the bank or the gateway.
    package var pack: Int32
    /// The sentence for people.
    package var text: String
    /// What the code says beyond that, JSON; nil when nothing.
    package var detail: String?

    /// Joins the parts.
    package init(
        change: String, level: String, code: String, pack: Int32, text: String,
        detail: String? = nil
    ) {
        self.change = change
        self.level = level
        self.code = code
        self.pack = pack
        self.text = text
        self.detail = detail
    }
}

/// What a gateway says of its own outbox.
package struct OutboxReport: Hashable, Sendable {
    /// Records waiting.
    package var depth: Int64
    /// Unix time in milliseconds, by the gateway's clock, of the oldest record that waits; nil when
    /// none does.
    package var oldestWallMilliseconds: Int64?
    /// Bytes in use and bytes allowed.
    package var bytes: Int64, budgetBytes: Int64
    /// Records lost since the file was begun, by reason.
    package var losses: [String: Int64]

    /// Joins the parts.
    package init(
        depth: Int64, oldestWallMilliseconds: Int64?, bytes: Int64, budgetBytes: Int64,
        losses: [String: Int64]
    ) {
        self.depth = depth
        self.oldestWallMilliseconds = oldestWallMilliseconds
        self.bytes = bytes
        self.budgetBytes = budgetBytes
        self.losses = losses
    }
}

/// A message that is no record, kept with the reason for whoever looks into it.
package struct DeadLetter: Hashable, Sendable {
    /// The topic it came on.
    package var topic: String
    /// The gateway the topic names; nil when it names none.
    package var gateway: String?
    /// Its number, where it could be read.
    package var epoch: Int64?, sequence: Int64?
    /// Unix time in milliseconds when the fleet received it.
    package var receivedMilliseconds: Int64
    /// What was expected and what was found.
    package var reason: String
    /// Its bytes, cut at 64 KiB.
    package var payload: [UInt8]

    /// Joins the parts.
    package init(
        topic: String, gateway: String?, epoch: Int64?, sequence: Int64?,
        receivedMilliseconds: Int64, reason: String, payload: [UInt8]
    ) {
        self.topic = topic
        self.gateway = gateway
        self.epoch = epoch
        self.sequence = sequence
        self.receivedMilliseconds = receivedMilliseconds
        self.reason = reason
        self.payload = payload
    }
}
