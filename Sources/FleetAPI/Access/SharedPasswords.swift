import Passwords

/// A password as the store keeps it: what it was hashed with, and the hash.
package typealias PasswordHash = Passwords.PasswordHash
/// Counts attempts to sign in that failed.
typealias SignInGuard = Passwords.SignInGuard
