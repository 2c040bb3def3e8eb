// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .treatAllWarnings(as: .error),
]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func suite(
    _ name: String, _ dependencies: [Target.Dependency], fixtures: Bool = false
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies + ["TestKit"],
        exclude: fixtures ? ["Fixtures"] : [], swiftSettings: strict)
}

func program(_ name: String, _ root: Target.Dependency) -> Target {
    .executableTarget(name: name, dependencies: [root], swiftSettings: strict)
}

let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let lifecycle = Target.Dependency.product(
    name: "ServiceLifecycle", package: "swift-service-lifecycle")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let hummingbirdTLS = Target.Dependency.product(name: "HummingbirdTLS", package: "hummingbird")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")
let asn1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let log = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
    name: "amphora",
    products: [
        .executable(name: "amphora-gateway", targets: ["amphora-gateway"]),
        .executable(name: "amphora-fleet", targets: ["amphora-fleet"]),
        .executable(name: "amphora-sim", targets: ["amphora-sim"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        // without traits it needs no full Foundation
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // C
        .target(name: "CLinux"),
        // Counts allocations; linked into the tests only.
        .target(name: "CAllocations"),
        // The files of the web app, in the program.
        .target(name: "CFleetWeb"),
        // A disk that can be cut, full or broken below SQLite; linked into the tests only.
        .target(name: "CFaultyDisk", dependencies: ["CSQLite"]),
        .systemLibrary(
            name: "CSQLite", path: "Sources/CSQLite", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(
            name: "CMosquitto", path: "Sources/CMosquitto", providers: [.apt(["libmosquitto-dev"])]),
        .systemLibrary(
            name: "CCurl", path: "Sources/CCurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CZlib", path: "Sources/CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(
            name: "CPostgres", path: "Sources/CPostgres", pkgConfig: "libpq",
            providers: [.apt(["libpq-dev"])]),

        // ground
        library("Quantities"),
        library("CutPoints"),
        library("FileLocks"),
        library("Numbering"),
        library("StrictJSON"),
        library("TimeZones"),
        library("Threads", ["CLinux"]),
        library("Logs", [log]),
        library("TestKit", ["CANBus", "CANTransport", "CLinux"]),

        // domain
        library("Modbus"),
        library("Bank", ["Quantities"]),
        library("PackMap", ["Bank", "Modbus", "Quantities", "StrictJSON"]),
        library("CANBus"),
        library("CANProfile", ["Bank", "CANBus", "Quantities", "StrictJSON"]),
        library(
            "ProfileSet",
            ["Bank", "CANBus", "CANProfile", "PackMap", "Quantities", "StrictJSON", crypto]),
        library("Telemetry", ["Bank", "Quantities"]),
        library("History", ["TimeZones"]),
        // what users are shown, by the fleet and by a gateway
        library("Views", ["History", "Telemetry"]),
        // how people prove who they are, at the fleet and at a gateway
        library("Passwords", [crypto, cryptoExtras]),

        // signed metadata: the gateway believes with it, the fleet signs with it
        library("TUF", ["StrictJSON", crypto, cryptoExtras]),

        // edge I/O
        library("SerialPort", ["CLinux", "Modbus"]),
        library("CANTransport", ["CANBus", "CLinux"]),
        library("Outbox", ["CSQLite", "CZlib", "FileLocks", "Numbering"]),
        library("MQTTLink", ["CMosquitto", "Numbering"]),

        library("HTTPSClient", ["CCurl"]),

        // what a gateway is told; the fleet reads it with the same code before it tells it
        library("GatewaySettings", ["StrictJSON"]),

        library(
            "RemoteConfiguration",
            [
                "CutPoints", "FileLocks", "GatewaySettings", "HTTPSClient", "StrictJSON",
                "Telemetry",
            ]),

        library("TUFClient", ["CutPoints", "FileLocks", "HTTPSClient", "TUF"]),

        // identity: both ends of one protocol, and the gateway's side of it
        library("EST", [asn1, x509]),
        library(
            "Provisioning", ["CutPoints", "EST", "FileLocks", "HTTPSClient", asn1, crypto, x509]),

        // what a gateway runs: assigned sets come in, are proved, swapped and watched
        library(
            "UpdateAgent",
            [
                "CutPoints", "FileLocks", "GatewaySettings", "ProfileSet", "StrictJSON",
                "Telemetry",
                "TimeZones",
            ]),

        // fleet
        library(
            "CertificateAuthority",
            ["CutPoints", "EST", "FileLocks", asn1, crypto, cryptoExtras, x509]),
        library(
            "FleetStore",
            ["CPostgres", "CSQLite", "History", "Telemetry", "TimeZones", "Views", grdb]),
        library(
            "ProfileRepository",
            [
                "CertificateAuthority", "CLinux", "CutPoints", "EST", "ProfileSet", "StrictJSON",
                "TUF", asn1,
            ]),
        // The contract of the API lies inside the program.
        .target(name: "CFleetContract"),
        library(
            "FleetAPI",
            [
                "Alarms", "CertificateAuthority", "CFleetContract", "EST", "FleetConfiguration",
                "FleetStore", "FleetWeb", "History", "Passwords", "Rollouts",
                "StrictJSON", "Telemetry", "Views", asn1, crypto, cryptoExtras, hummingbird,
                hummingbirdTLS, lifecycle, log, nioCore, nioSSL, x509,
            ]),
        library(
            "FleetIngest", ["CMosquitto", "CutPoints", "FleetStore", "Numbering", "Telemetry", log]),

        library(
            "FleetConfiguration",
            ["FleetStore", "GatewaySettings", "StrictJSON", "Telemetry", crypto]),
        .target(
            name: "Alarms", dependencies: ["Bank"],
            resources: [.embedInCode("Texts")], swiftSettings: strict),
        // the same app and answers as the fleet's, from a gateway to its own network
        library(
            "LocalAPI",
            [
                "Alarms", "CLinux", "FleetWeb", "History", "Passwords", "StrictJSON", "Telemetry",
                "Views", log, nioCore, nioHTTP1, nioPosix,
            ]),
        library(
            "Notifications",
            ["Alarms", "FleetStore", "HTTPSClient", "Telemetry", "TimeZones", crypto]),
        library("Rollouts", ["CutPoints", "FleetStore", "StrictJSON", "Telemetry", "TimeZones"]),

        // the web app, which both programs serve
        .target(
            name: "FleetWeb", dependencies: ["CFleetWeb", "CZlib"], exclude: ["App"],
            swiftSettings: strict),

        // roots
        library(
            "GatewayRuntime",
            [
                "Bank", "CANBus", "CANProfile", "CANTransport", "CLinux", "CutPoints",
                "GatewaySettings", "LocalAPI", "Logs", "Modbus", "MQTTLink", "Numbering", "Outbox",
                "PackMap", "ProfileSet",
                "HTTPSClient", "Provisioning",
                "Quantities", "RemoteConfiguration", "SerialPort", "StrictJSON", "Telemetry",
                "Threads", "TUF", "TUFClient", "UpdateAgent", "Views", arguments, log,
            ]),
        library(
            "FleetRuntime",
            [
                "Alarms", "CertificateAuthority", "CLinux", "EST", "FleetAPI", "FleetConfiguration",
                "FleetIngest", "FleetStore", "GatewaySettings", "History", "HTTPSClient", "Logs",
                "Notifications", "ProfileRepository",
                "ProfileSet", "Rollouts", "StrictJSON", "Telemetry", "Threads", "TUF", arguments,
                crypto, log, x509,
            ]),
        library(
            "Simulation",
            [
                "Bank", "CANBus", "CANProfile", "CANTransport", "CLinux", "Modbus", "MQTTLink",
                "Numbering", "PackMap", "Quantities", "StrictJSON", "Telemetry", "TestKit",
                arguments,
            ]),

        // programs
        program("amphora-gateway", "GatewayRuntime"),
        program("amphora-fleet", "FleetRuntime"),
        program("amphora-sim", "Simulation"),

        // suites
        suite("ModbusTests", ["Modbus"], fixtures: true),
        suite("BankTests", ["Bank", "Quantities"]),
        suite("PackMapTests", ["Bank", "Modbus", "PackMap", "Quantities"]),
        suite("SerialPortTests", ["Modbus", "SerialPort"], fixtures: true),
        suite("CANBusTests", ["CANBus"]),
        suite(
            "CANProfileTests", ["Bank", "CAllocations", "CANBus", "CANProfile", "Quantities"]),
        suite(
            "ProfileSetTests", ["CANProfile", "PackMap", "ProfileSet", "StrictJSON"]),
        suite("TelemetryTests", ["Bank", "Quantities", "Telemetry"]),
        suite("StrictJSONTests", ["StrictJSON"]),
        suite("TUFTests", ["StrictJSON", "TUF"]),
        // Runs the built gateway as a client against python-tuf.
        suite(
            "TUFClientTests",
            ["amphora-gateway", "HTTPSClient", "StrictJSON", "TUF", "TUFClient"], fixtures: true),
        // Runs the built fleet, and python-tuf on what it publishes.
        suite(
            "ProfileRepositoryTests",
            [
                "amphora-fleet", "CertificateAuthority", "HTTPSClient", "ProfileRepository",
                "ProfileSet", "TUF", "TUFClient",
            ], fixtures: true),
        suite("CANTransportTests", ["CANBus", "CANTransport"]),
        suite("NumberingTests", ["Numbering"]),
        suite("TimeZonesTests", ["TimeZones"]),
        suite(
            "NotificationsTests",
            ["Alarms", "FleetStore", "HTTPSClient", "Notifications", crypto]),
        suite("AlarmsTests", ["Alarms", "Bank", "GatewayRuntime", "Telemetry"]),
        suite("FleetWebTests", ["FleetWeb"]),
        suite("HistoryTests", ["History", "TimeZones"]),
        suite("PasswordsTests", ["Passwords"]),
        suite("LocalAPITests", ["History", "LocalAPI", "Views", log]),
        suite("FileLocksTests", ["FileLocks"]),
        suite("OutboxTests", ["CFaultyDisk", "Numbering", "Outbox"], fixtures: true),
        suite("GatewaySettingsTests", ["GatewaySettings"], fixtures: true),
        suite(
            "RemoteConfigurationTests", ["GatewaySettings", "HTTPSClient", "RemoteConfiguration"]),
        suite("UpdateAgentTests", ["ProfileSet", "Telemetry", "TimeZones", "UpdateAgent"]),
        suite("MQTTLinkTests", ["MQTTLink"]),
        suite("HTTPSClientTests", ["HTTPSClient", crypto, x509], fixtures: true),
        suite("CertificateAuthorityTests", ["CertificateAuthority", crypto, x509]),
        suite("FleetStoreTests", ["FleetStore", "History", "TimeZones"]),
        suite(
            "FleetIngestTests",
            ["Bank", "FleetIngest", "FleetStore", "Numbering", "Quantities", "Telemetry", log]),
        suite(
            "SimulationTests",
            [
                "Bank", "CANBus", "CANProfile", "CLinux", "Modbus", "Numbering", "PackMap",
                "Quantities", "Simulation", "StrictJSON", arguments,
            ]),
        suite(
            "GatewayRuntimeTests",
            [
                "Bank", "CANBus", "CANProfile", "CANTransport", "GatewayRuntime", "GatewaySettings",
                "Modbus",
                "PackMap", "ProfileSet", "Quantities", "SerialPort", "Simulation", "MQTTLink",
                "Numbering", "Outbox", log,
                "CertificateAuthority", "EST", "HTTPSClient", "Provisioning", "Telemetry", "TUF",
                "TUFClient", "UpdateAgent", "FleetIngest", "Views",
            ]),
        suite("ESTTests", ["EST", asn1, crypto, x509], fixtures: true),
        suite(
            "ProvisioningTests", ["EST", "HTTPSClient", "Provisioning", asn1, crypto, x509],
            fixtures: true),
        suite(
            "FleetAPITests",
            [
                "CertificateAuthority", "EST", "FleetAPI", "FleetConfiguration", "FleetStore",
                "FleetWeb", "HTTPSClient",
                "ProfileRepository", "Rollouts", "Telemetry", "TUF", "TUFClient", "Views", asn1,
                crypto, log, x509,
            ]),
        suite("RolloutsTests", ["FleetStore", "Rollouts", "Telemetry"]),
        suite(
            "FleetRuntimeTests",
            [arguments, "FleetIngest", "FleetRuntime", "FleetStore", "History", "Rollouts"]),
        // Runs the built programs; depends on them so that they are built first.
        suite(
            "SystemTests",
            [
                "amphora-fleet", "amphora-gateway", "amphora-sim", "CertificateAuthority",
                "FleetAPI",
                "FleetStore", "History", "Modbus", "ProfileSet",
            ]),
    ],
    swiftLanguageModes: [.v6]
)
