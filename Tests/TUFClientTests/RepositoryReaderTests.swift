import Testing

@testable import TUFClient

@Suite struct RepositoryReaderTests {
    @Test(arguments: [
        ("a/b.c", "a/b.c"), ("a b", "a%20b"), ("a%2Fb", "a%2Fb"), ("100%", "100%25"),
        ("%zz", "%25zz"), ("é", "%C3%A9"), ("a?b#c", "a%3Fb%23c"), ("\u{7F}\n", "%7F%0A"),
        ("..%2Fx", "..%2Fx"),
    ])
    func `a path is written as an address can have it`(path: String, escaped: String) {
        #expect(RepositoryReader.escaped(path) == escaped)
    }
}
