import FleetAPI
import Testing

@Suite(.ownThreads) struct EnrolmentTokenTests {
    @Test func `tokens differ and are easy to read out`() {
        let tokens = Set((0..<500).map { _ in EnrolmentToken.make() })
        #expect(tokens.count == 500)
        for token in tokens {
            #expect(token.utf8.count == 26)
            #expect(token.allSatisfy { "0123456789abcdefghjkmnpqrstvwxyz".contains($0) })
        }
        #expect(
            EnrolmentToken.hash("abc")
                == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    }

    @Test func `the address says fleet, gateway and token`() {
        #expect(
            EnrolmentToken.address(fleet: "https://a.b:8443", id: "gw-1", token: "t&=ä")
                == "amphora://enrol?fleet=https://a.b:8443&id=gw-1&token=t%26%3D%C3%A4")
    }
}
