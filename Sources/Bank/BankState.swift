import Quantities

/// Why a limit is what it is (rule 9).
package enum LimitRule: UInt8, CaseIterable, Sendable {
    /// Before the first complete reading of the required packs (rule 1).
    case starting
    /// The pack's own limit, or the sum of the packs' own limits.
    case packLimit
    /// What the pack map says a pack of this kind stands, where the pack itself names no limit.
    case mapCeiling
    /// What the installer set on site.
    case installerCeiling
    /// What remote configuration lowered it to.
    case remoteCeiling
    /// A pack does not answer and is left out.
    case packSilent
    /// A pack answers with impossible values and is left out.
    case packImplausible
    /// A pack has acted on a protection or fault of its own.
    case packProtection
    /// A pack has its charge or discharge switch open.
    case packSwitchOpen
    /// A cell is close to or above its highest voltage.
    case cellVoltageHigh
    /// A cell is close to or below its lowest voltage.
    case cellVoltageLow
    /// A cell is too cold.
    case temperatureLow
    /// A cell is too hot.
    case temperatureHigh
    /// The limit is on its way up (rule 4).
    case rising
    /// Fewer packs answer than the installer requires (rule 8).
    case tooFewPacks
    /// No pack answers (rule 8).
    case allPacksSilent
    /// The inverter's keep-alive is missing and the profile asks to stop.
    case inverterSilent
    /// A needed value is older than its time limit (rule 3).
    case staleValue
    /// The inverter itself asks to stop.
    case inverterRequest
}

/// The rule behind a limit, and the pack and cell it came from.
package struct LimitReason: Hashable, Sendable {
    /// The rule that decided.
    package let rule: LimitRule
    /// The pack number from 1, or 0 when no single pack decided.
    package let pack: UInt8
    /// The cell or probe number from 1, or 0.
    package let cell: UInt8

    /// Names the rule and, where there is one, the pack and the cell.
    package init(_ rule: LimitRule, pack: UInt8 = 0, cell: UInt8 = 0) {
        self.rule = rule
        self.pack = pack
        self.cell = cell
    }
}

/// A value the inverter must keep to, with the reason for it.
package struct Limit<Quantity: FixedPoint>: Hashable, Sendable {
    /// The limit itself; currents are magnitudes.
    package var value: Quantity
    /// Why it is this value.
    package var reason: LimitReason

    /// Joins a value and its reason.
    package init(_ value: Quantity, _ reason: LimitReason) {
        self.value = value
        self.reason = reason
    }
}

/// The highest or lowest of many values and where it was found.
package struct Extreme<Quantity: FixedPoint>: Hashable, Sendable {
    /// The value.
    package let value: Quantity
    /// The pack number from 1.
    package let pack: UInt8
    /// The cell or probe number from 1; 0 when the pack told only its own extreme.
    package let cell: UInt8

    /// Joins a value and its place.
    package init(_ value: Quantity, pack: UInt8, cell: UInt8) {
        self.value = value
        self.pack = pack
        self.cell = cell
    }
}

/// What the bridge may do with the inverter.
package enum BankMode: UInt8, Sendable {
    /// Nothing may be sent yet (rule 1).
    case starting
    /// The bank is in service, with all packs or with fewer.
    case running
    /// Too few packs answer; the profile's stop applies (rule 8).
    case stopped
}

/// What one pack contributes at the moment.
package enum PackStatus: UInt8, CaseIterable, Sendable {
    /// Never answered since start.
    case waiting
    /// Answers and counts.
    case online
    /// Answered before and is silent beyond its time limit.
    case silent
    /// Answers, but its values are impossible.
    case implausible
}

/// What one pack may be charged and discharged with, never more than the whole bank.
package struct PackCurrentLimits: Hashable, Sendable {
    /// Largest charge current, never negative.
    package var charge = Current.zero
    /// Largest discharge current, never negative.
    package var discharge = Current.zero

    /// Neither.
    package init() {}
}

/// The whole bank at one moment: what the inverter is told and what people are shown.
package struct BankState: Sendable {
    /// When it was computed.
    package var takenAt: Instant = .never
    /// Counts up by one for every computation.
    package var sequence: UInt64 = 0
    /// What the bridge may do.
    package var mode: BankMode = .starting

    /// Configured packs, 1...16.
    package var packsConfigured: UInt8 = 0
    /// Packs that answer and count.
    package var packsOnline: UInt8 = 0
    /// Packs that answer but may not be charged now.
    package var packsChargeBlocked: UInt8 = 0
    /// Packs that answer but may not be discharged now.
    package var packsDischargeBlocked: UInt8 = 0
    /// The status of each configured pack, by position.
    package var packStatus: InlineArray<16, PackStatus> = .init(repeating: .waiting)

    /// Mean terminal voltage of the online packs.
    package var voltage: Voltage?
    /// Summed current of the online packs, positive charges.
    package var current: Current?
    /// State of charge weighted by capacity.
    package var stateOfCharge: Percentage?
    /// State of health weighted by capacity.
    package var stateOfHealth: Percentage?
    /// Summed charge left, as told or from capacity and state of charge.
    package var remainingCapacity: Charge?
    /// Summed charge when full, or when new of packs that tell no more.
    package var fullCapacity: Charge?
    /// Most cycles of any online pack.
    package var cycles: Int32?

    /// Mean of the online packs' cell temperatures; of a pack that tells only its extremes their middle.
    package var temperatureMean: Temperature?
    /// Hottest cell probe.
    package var temperatureMaximum: Extreme<Temperature>?
    /// Coldest cell probe.
    package var temperatureMinimum: Extreme<Temperature>?
    /// Highest cell.
    package var cellMaximum: Extreme<Voltage>?
    /// Lowest cell.
    package var cellMinimum: Extreme<Voltage>?

    /// Highest voltage the inverter may charge to.
    package var chargeVoltage = Limit(Voltage.zero, LimitReason(.starting))
    /// Lowest voltage the inverter may discharge to.
    package var dischargeVoltage = Limit(Voltage.zero, LimitReason(.starting))
    /// Largest charge current.
    package var chargeCurrent = Limit(Current.zero, LimitReason(.starting))
    /// Largest discharge current.
    package var dischargeCurrent = Limit(Current.zero, LimitReason(.starting))

    /// The part of each configured pack in the current limits, by position; zero unless it counts.
    package var packLimits: InlineArray<16, PackCurrentLimits> = .init(
        repeating: PackCurrentLimits())
    /// What the maps say a cell stands at most, the lowest of all packs.
    package var cellCeiling: Voltage?
    /// What the maps say a cell must keep, the highest of all packs.
    package var cellFloor: Voltage?

    /// Whether charging is allowed at all.
    package var chargeEnabled = false
    /// Whether discharging is allowed at all.
    package var dischargeEnabled = false
    /// Whether a pack asks to be charged now so that it does not shut down.
    package var forceCharge = false
    /// Whether a pack asks for a full charge.
    package var fullChargeRequest = false

    /// Warnings of any pack and of the gateway.
    package var warnings: AlarmSet = []
    /// Protections of any pack.
    package var protections: AlarmSet = []
    /// Faults of any pack.
    package var faults: AlarmSet = []

    /// A bank of which nothing is known.
    package init() {}
}
