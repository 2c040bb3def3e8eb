import FoundationEssentials

/// The parts of a status document that the live table shows.
struct WatchedStatus: Decodable {
    struct Extreme: Decodable {
        let value: Double
        let pack: Int
        let cell: Int
    }

    struct Bank: Decodable {
        let mode: String
        let packs_configured: Int
        let packs_online: Int
        let voltage_v: Double?
        let current_a: Double?
        let power_w: Double?
        let soc_pct: Double?
        let cell_max_mv: Extreme?
        let cell_min_mv: Extreme?
    }

    struct Limit: Decodable {
        let value: Double
        let rule: String
        let pack: Int
        let cell: Int
    }

    struct Limits: Decodable {
        let charge_voltage_v: Limit
        let discharge_voltage_v: Limit
        let charge_current_a: Limit
        let discharge_current_a: Limit
    }

    struct Alarms: Decodable {
        let warnings: [String]
        let protections: [String]
        let faults: [String]
    }

    struct Inverter: Decodable {
        let profile: String
        let keep_alive: String
        let bus: String
        let frames_sent: UInt64
    }

    struct Ages: Decodable { let values: Int? }

    struct Pack: Decodable {
        let pack: Int
        let serial: String?
        let status: String
        let age_ms: Ages
        let voltage_v: Double?
        let current_a: Double?
        let soc_pct: Double?
        let cells_mv: [Int?]
        let probes_c: [Double?]
        let warnings: [String]
        let protections: [String]
        let faults: [String]
    }

    struct Line: Decodable {
        let name: String
        let endpoint: String
        let state: String
        let trouble: String
        let cycle_ms: Int
        let units: [Unit]
    }

    struct Unit: Decodable {
        let pack: Int
        let unit: Int
        let trouble: String
        let requests: UInt64
        let timeouts: UInt64
        let crc_errors: UInt64
    }

    struct Bridge: Decodable {
        let problem: String
        let quirks: [String]?
        let inverter_requests: String?
        let foreign_traffic: String?
    }

    struct Outbox: Decodable {
        let problem: String
        let depth: Int64
        let acknowledged: Int64
        let stored: Int64?
        let lost: Int64
    }

    struct Link: Decodable {
        let state: String
        let problem: String
    }

    struct GatewayAlarm: Decodable {
        let code: String
        let text: String
    }

    struct Identity: Decodable {
        let alarms: [GatewayAlarm]
    }

    struct Update: Decodable {
        let alarms: [GatewayAlarm]?
    }

    let gateway: String
    let uptime_s: Int64
    let bank: Bank
    let limits: Limits
    let alarms: Alarms
    let inverter: Inverter
    let packs: [Pack]
    let lines: [Line]
    let bridge: Bridge
    let outbox: Outbox
    let link: Link
    let identity: Identity?
    let update: Update?

    /// Reads one document.
    static func decode(_ bytes: [UInt8]) throws -> WatchedStatus {
        try JSONDecoder().decode(WatchedStatus.self, from: Data(bytes))
    }
}
