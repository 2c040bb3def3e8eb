import CANTransport
import Glibc
import Testing

@Suite struct BusErrorTests {
    @Test func `a name no interface can have is refused`() {
        for name in ["", "can/0", "a-name-far-too-long"] {
            let error = #expect(throws: BusError.self) { try SocketCANBus(interface: name) }
            #expect(
                error?.description
                    == "expected a CAN interface name of 1 to 15 characters without '/', "
                    + "found '\(name)'")
        }
    }

    @Test func `a kernel without CAN says so`() {
        #expect(
            BusError.noSocketCAN.description
                == "cannot open a CAN socket: this kernel has no SocketCAN "
                + "(modules 'can' and 'can_raw')")
    }

    @Test func `a bus-off that cannot be ended tells what to give`() {
        #expect(
            BusError.cannotRestart("can0", code: EPERM).description
                == "CAN interface 'can0' is bus-off and cannot be restarted: "
                + "Operation not permitted; give the interface a restart-ms or the process "
                + "CAP_NET_ADMIN")
    }

    @Test func `an adapter that refuses its set-up is named with the command`() {
        #expect(
            BusError.adapterRefused(device: "/dev/ttyACM0", command: "S6").description
                == "CAN adapter '/dev/ttyACM0' refused 'S6'")
    }
}
