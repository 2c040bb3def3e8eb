import CANProfile
import Foundation
import GatewaySettings
import ProfileSet
import TestKit
import Testing
import UpdateAgent

@testable import GatewayRuntime

/// The running gateway as the agent sees it.
@Suite struct GatewayHouseTests {
    private let folder: TemporaryDirectory
    private let stop: StopSignal

    init() throws {
        folder = try TemporaryDirectory("house")
        stop = try StopSignal()
    }

    private func plan() throws -> GatewayPlan {
        let text = """
            gateway = "gw-1"
            [profiles]
            path = "\(Repository.profileSet)"
            [[line]]
            map = "pace-v1.3"
            units = [1, 2]
            device = "/dev/ttyUSB0"
            [inverter]
            profile = "pylontech-lv-1.2"
            [update]
            folder = "\(folder.path)"
            """
        return try GatewayPlan(try GatewayConfiguration.parse(text, path: "gateway.toml"))
    }

    private func house(_ plan: GatewayPlan, trials: TrialGate) throws -> GatewayHouse {
        let control = try UpdateControl(
            try #require(plan.configuration.update), gateway: "gw-1",
            start: UpdateStart(InstalledSets(UpdateFolder(folder.path))),
            choice: SetChoice(installed: plan.configuration.profilesPath), lock: nil, fleet: nil
        ) { 2_000_000_000 }
        return GatewayHouse(
            UpdateSetup(
                control: control, snapshots: Latest(BridgeSnapshot(count: 2)), lines: Latest([]),
                plan: Latest(plan), reports: UpdateReportBox(), recorderWake: try WakeSignal(),
                trials: trials, remote: nil, state: Latest(UpdateState())),
            stop: stop)
    }

    @Test func `how long an inverter may be silent is known before the bridge has begun`() throws {
        let plan = try plan()
        let view = try house(plan, trials: TrialGate()).look()
        #expect(view.silence == plan.profile.keepAliveTimeout.nanoseconds && view.silence > 0)
        // a start amid the probation: the inverter answered before, and has not been heard since
        var before = view
        (before.inverter, before.packs) = (.present, 0)
        let probation = Probation(before: before, first: view, now: 0, seconds: 5, isRestart: true)
        #expect(probation.judge(view, now: 6_000_000_000) == .watching)
        var answering = view
        (answering.inverter, answering.keepAlives) = (.present, 1)
        #expect(probation.judge(answering, now: 6_000_000_000) == .watching)
        #expect(probation.judge(answering, now: view.silence) == .watching)
        #expect(
            probation.judge(answering, now: view.silence + Probation.settling) == .well)
    }

    @Test func `the agent is told the moment that has certainly passed`() throws {
        let clock = try house(try plan(), trials: TrialGate()).clock()
        #expect(clock.floor == 2_000_000_000 && clock.now >= 2_000_000_000)
    }

    @Test func `a trial of the agent keeps documents from being tried`() throws {
        let trials = try TrialGate()
        let house = try house(try plan(), trials: trials)
        #expect(house.beginTrial() && !trials.take(.configuration))
        house.endTrial()
        #expect(trials.take(.configuration) && !house.beginTrial())
    }
}
