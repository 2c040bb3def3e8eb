import Passwords
import TestKit
import Testing

@Suite struct PasswordHashTests {
    @Test func `a password is known again, and no other; equal ones look different`() throws {
        let kept = try PasswordHash.make("correct horse")
        #expect(kept.hasPrefix("scrypt$32768$8$3$"))
        #expect(PasswordHash.matches(kept, "correct horse"))
        #expect(!PasswordHash.matches(kept, "correct horsf"))
        #expect(!PasswordHash.matches(kept, ""))
        #expect(try PasswordHash.make("correct horse") != kept)
    }

    @Test func `the hash is that of Python's scrypt`() throws {
        let program = """
            import hashlib
            print(hashlib.scrypt("grüße aus dem Keller".encode(), salt=bytes(range(16)), n=32768, r=8, \
            p=3, maxmem=2**27, dklen=32).hex())
            """
        let run = try ChildProcess(Peers.python(importing: "hashlib"), ["-c", program])
        #expect(try run.waitForExit(within: 60_000) == .exited(0), "\(run.errors)")
        let hash = run.output.filter { !$0.isWhitespace }
        let kept = "scrypt$32768$8$3$000102030405060708090a0b0c0d0e0f$\(hash)"
        #expect(PasswordHash.matches(kept, "grüße aus dem Keller"))
    }

    @Test func `what is no hash of ours matches nothing and costs nothing`() {
        let salt = String(repeating: "ab", count: 16)
        let hash = String(repeating: "cd", count: 32)
        for kept in [
            "", "$", "scrypt", "plain$1$1$1$\(salt)$\(hash)", "scrypt$0$8$1$\(salt)$\(hash)",
            "scrypt$1048576$8$1$\(salt)$\(hash)", "scrypt$3$8$1$\(salt)$\(hash)",
            "scrypt$2$0$1$\(salt)$\(hash)", "scrypt$2$8$99$\(salt)$\(hash)",
            "scrypt$2$8$1$xyz$\(hash)", "scrypt$2$8$1$\(salt)$cd",
            "scrypt$-2$8$1$\(salt)$\(hash)", "scrypt$2$8$1$\(salt)$",
        ] {
            #expect(!PasswordHash.matches(kept, ""), "\(kept)")
        }
    }
}
